//! What the embedded engine writes less of: entries of purchases that say it themselves, and what it remembers of loops.
use std::{path::Path, sync::Arc};

use bellwire_domain::spend::{Bucket, Rows as _, SpendFilter, Split};
use bellwire_store::{Nobody, SqliteOptions, Store};
use bellwire_wire::Timestamp;

use crate::{
    contract::{Recorder, START, World, till::Till},
    opening::raw,
};

fn open(dir: &Path, now: Timestamp) -> Store {
    let options = SqliteOptions { dir: dir.into(), vault: World::vault(), observer: Arc::new(Nobody), readers: 1, now };
    Store::open_sqlite(options).expect("it opens")
}

fn count(dir: &Path, of: &str) -> i64 {
    raw(dir).query_row(&format!("SELECT COUNT(*) FROM {of}"), [], |row| row.get(0)).expect("a number")
}

/// What was spent in a span, by vendor and over time, in nano-dollars and purchases.
async fn spent(till: &Till, filter: &SpendFilter) -> (Vec<(i128, u64)>, Vec<(i128, u64)>) {
    let (world, one) = (&till.world, &till.one);
    let shares = see!(world, tx, one, filter => tx.spend_by(&one, Split::Vendor, &filter).await);
    let points = see!(world, tx, one, filter => tx.spend_over_time(&one, Bucket::Minute, &filter).await);
    (
        shares.iter().map(|share| (share.nanos, share.count)).collect(),
        points.iter().map(|point| (point.nanos, point.count)).collect(),
    )
}

#[tokio::test]
async fn a_purchase_is_its_own_entry_if_its_number_is_near_its_time_and_is_read_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let till = Till::open(World::new(open(dir.path(), START), Arc::new(Recorder::default()), ())).await;
    let wallet = till.wallet("100").await;
    let play = till.make("100", |new| new.sandbox = true).await;
    let minute = till.world.now().after(std::time::Duration::from_mins(10));
    till.world.set(minute);
    till.bought(&wallet, "1").await;
    till.bought(&play, "64").await;
    // The clock is set back: numbers go on from where they were.
    till.world.set(minute.before(std::time::Duration::from_secs(20)));
    till.bought(&wallet, "2").await;
    till.world.set(minute.after(std::time::Duration::from_secs(5)));
    let held = till.held(&wallet, "4", 60).await;
    till.capture(&held, None).await;
    let (own, entries) = ("purchases WHERE event_id IS NOT NULL", "spend_entries");
    assert_eq!((count(dir.path(), own), count(dir.path(), entries)), (1, 2));
    assert_eq!(count(dir.path(), "spending_events s JOIN events e ON e.id = s.event_id"), 3, "each once");

    let of = |from: i64, until: i64| SpendFilter {
        since: Some(Timestamp::from_micros(minute.micros() + from - 1)),
        until: Some(Timestamp::from_micros(minute.micros() + until)),
        ..SpendFilter::default()
    };
    let dollars = |dollars: i128, count: u64| vec![(dollars * 1_000_000_000, count)];
    for (span, sum) in [
        (of(-30_000_000, -10_000_000), dollars(2, 1)),
        (of(0, 0), dollars(1, 1)),
        (of(0, 5_000_000), dollars(5, 2)),
        (of(1, 4_999_999), Vec::new()),
    ] {
        assert_eq!(spent(&till, &span).await, (sum.clone(), sum), "{span:?}");
    }
    assert_eq!(spent(&till, &SpendFilter::default()).await.0, dollars(7, 3), "as sums say");
}

#[tokio::test]
async fn a_loop_that_began_before_a_start_is_told_after_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let till = Till::open(World::new(open(dir.path(), START), Arc::new(Recorder::default()), ())).await;
    let wallet = till.wallet("100").await;
    for _ in 0..19 {
        till.bought(&wallet, "1").await;
        till.world.pass(1);
    }
    assert_eq!(till.times("spend.spike", &wallet).await, 0);
    till.world.store.close().await;
    let Till { world, one, by } = till;
    let (mint, now) = (Arc::clone(&world.mint), world.now());
    drop(world);
    let mut world = World::new(open(dir.path(), now), Arc::new(Recorder::default()), ());
    world.mint = mint;
    world.set(now);
    let till = Till { world, one, by };
    till.bought(&wallet, "1").await;
    assert_eq!(till.times("spend.spike", &wallet).await, 1);
}
