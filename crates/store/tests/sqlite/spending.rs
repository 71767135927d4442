//! Spending on the embedded engine: the view that people and their tools read, and the model with crashes.
use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use bellwire_domain::spend::{Purchase, PurchaseStatus};
use bellwire_store::{Fault, InlineStore, Nobody, Observer, SqliteOptions, Store};
use bellwire_wire::Timestamp;

use crate::contract::{
    Recorder, START, World,
    spend_model::{Blow, Left, Trouble, spending_is_as_a_model_says_whatever_happens},
    spend_sums::{BEFORE as BEFORE_MARKS, a_database_of_before_goes_on},
    till::Till,
};
use crate::opening::{of_migrations, raw};

#[tokio::test]
async fn spending_is_seen_by_others_through_a_view() {
    let dir = tempfile::tempdir().expect("a directory");
    let heard = Arc::new(Recorder::default());
    let observer = Arc::clone(&heard) as Arc<dyn Observer>;
    let options = SqliteOptions { dir: dir.path().into(), vault: World::vault(), observer, readers: 1, now: START };
    let till = Till::open(World::new(Store::open_sqlite(options).expect("it opens"), heard, ())).await;
    let root = till.wallet("10").await;
    let wallet = till.below(&root, "10").await;
    let bought = till.bought(&wallet, "1.25").await;
    till.world.pass(61);
    till.refund(&bought, Some("0.5")).await;
    till.world.store.close().await;
    let raw = rusqlite::Connection::open(dir.path().join("bellwire.db")).expect("a database");
    let mut query = raw
        .prepare(
            "SELECT s.wallet_id, s.amount_usd, s.vendor, s.description, s.created_at, e.type FROM spending_events s
                  JOIN events e ON e.id = s.event_id ORDER BY s.created_at",
        )
        .expect("a view");
    let rows = query.query_map([], |row| {
        let texts: (String, String, String, String) = (row.get(0)?, row.get(2)?, row.get(3)?, row.get(4)?);
        Ok((texts, row.get::<_, f64>(1)?, row.get::<_, String>(5)?))
    });
    let rows: Vec<_> = rows.expect("rows").collect::<Result<_, _>>().expect("rows");
    let told = |amount: f64, at: &str, kind: &str| {
        ((wallet.to_string(), "acme".to_owned(), "tokens".to_owned(), at.to_owned()), amount, kind.to_owned())
    };
    assert_eq!(
        rows,
        [
            told(1.25, "2027-01-15T08:00:00.000Z", "purchase.succeeded"),
            told(-0.5, "2027-01-15T08:01:01.000Z", "purchase.refunded")
        ]
    );
}

/// All migrations before purchases had numbers in their ids.
const BEFORE: [&str; 6] = [
    include_str!("../../migrations/0001_core.sqlite.sql"),
    include_str!("../../migrations/0002_endpoint_versions.sqlite.sql"),
    include_str!("../../migrations/0003_commits.sqlite.sql"),
    include_str!("../../migrations/0004_publishers.sqlite.sql"),
    include_str!("../../migrations/0005_audit.sqlite.sql"),
    include_str!("../../migrations/0006_spend.sqlite.sql"),
];

#[tokio::test]
async fn purchases_of_before_their_ids_said_a_number_go_on() {
    let (rows, dir) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let open = |dir: &Path| {
        let heard = Arc::new(Recorder::default());
        let observer = Arc::clone(&heard) as Arc<dyn Observer>;
        let options = SqliteOptions { dir: dir.into(), vault: World::vault(), observer, readers: 1, now: START };
        World::new(Store::open_sqlite(options).expect("it opens"), heard, ())
    };
    let mut till = Till::open(open(rows.path())).await;
    let wallet = till.wallet("100").await;
    let mut bought = till.bought(&wallet, "3").await;
    let mut held = till.held(&wallet, "4", 60).await;
    till.world.store.close().await;
    of_migrations(&BEFORE, dir.path(), rows.path());
    for purchase in [&mut bought, &mut held] {
        let body = if purchase.hold_id.is_some() { "1" } else { "2" };
        purchase.id = format!("pur_{body:0>26}").parse().expect("an id");
        let renamed = raw(dir.path())
            .execute("UPDATE purchases SET id = ?1 WHERE seq = ?2", (purchase.id.as_str(), purchase.seq))
            .expect("renamed");
        assert_eq!(renamed, 1);
    }

    let mint = Arc::clone(&till.world.mint);
    till.world = open(dir.path());
    till.world.mint = mint;
    assert_eq!(till.found(&bought).await.seq, bought.seq);
    till.capture(&held, None).await;
    assert_eq!(till.found(&held).await.status, PurchaseStatus::Succeeded);
    till.refund(&bought, Some("1")).await;
    let fresh = till.bought(&wallet, "5").await;
    assert_eq!(Purchase::number_in(&fresh.id), Some(fresh.seq));
    assert_eq!(till.found(&fresh).await.seq, fresh.seq);
    till.stands(&wallet, "11", "0").await;
    till.world.store.close().await;
    // Only those of before are in the index.
    let ids: Vec<String> = raw(dir.path())
        .prepare("SELECT id FROM purchases INDEXED BY purchases_id WHERE numbered = 0 ORDER BY id")
        .expect("an index")
        .query_map([], |row| row.get(0))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("texts");
    assert_eq!(ids, [held.id.to_string(), bought.id.to_string()]);
}

#[tokio::test]
async fn sums_of_before_they_were_added_up_by_and_by_go_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = World::new(open(dir.path(), START), Arc::new(Recorder::default()), ());
    let older = async |mut world: World| {
        let nowhere = InlineStore::in_memory(World::vault(), Arc::new(Nobody), Box::new(|_| Fault::None));
        let nowhere = Store::inline(Arc::new(nowhere.expect("it opens")));
        let store = std::mem::replace(&mut world.store, nowhere);
        store.close().await;
        drop(store);
        raw(dir.path()).execute_batch(BEFORE_MARKS).expect("made");
        world.store = open(dir.path(), world.now());
        world
    };
    a_database_of_before_goes_on(Till::open(world).await, older).await;
}

#[tokio::test]
async fn inline_spending_is_as_a_model_says_whenever_the_process_dies() {
    let next = Arc::new(Mutex::new(Fault::None));
    let plan = Arc::clone(&next);
    // Only the command that is to be struck, not what looks at the rows.
    let strike = move |name: &str| {
        let mut next = plan.lock().expect("not poisoned");
        if name == "step" { std::mem::replace(&mut *next, Fault::None) } else { Fault::None }
    };
    let heard = Arc::new(Recorder::default());
    let observer = Arc::clone(&heard) as Arc<dyn Observer>;
    let inline = Arc::new(InlineStore::in_memory(World::vault(), observer, Box::new(strike)).expect("it opens"));
    let world = World::new(Store::inline(Arc::clone(&inline)), heard, ());
    let trouble = Trouble {
        strike: Box::new(move |dice| {
            let (fault, left) =
                [(Fault::BeforeCommit, Left::Nothing), (Fault::AfterCommit, Left::Everything)][dice as usize % 2];
            *next.lock().expect("not poisoned") = fault;
            Blow { left, dies: true, deed: Box::pin(async {}) }
        }),
        recover: Box::new(move |_, now| {
            inline.restart(Arc::new(Nobody), now).expect("it starts");
            let store = Store::inline(Arc::clone(&inline));
            Box::pin(async move { store })
        }),
    };
    spending_is_as_a_model_says_whatever_happens(world, trouble, (60, 80)).await;
}

fn open(dir: &Path, now: Timestamp) -> Store {
    let options = SqliteOptions { dir: dir.into(), vault: World::vault(), observer: Arc::new(Nobody), readers: 1, now };
    Store::open_sqlite(options).expect("it opens")
}

#[tokio::test]
async fn spending_on_files_is_as_a_model_says_whenever_they_are_opened_anew() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = World::new(open(dir.path(), START), Arc::new(Recorder::default()), ());
    let trouble = Trouble {
        // Nobody waits for the answer; what was asked is done or not when it is closed.
        strike: Box::new(|dice| Blow { left: Left::Either, dies: dice % 2 == 0, deed: Box::pin(async {}) }),
        recover: Box::new(move |store, now| {
            let dir = dir.path().to_owned();
            Box::pin(async move {
                store.close().await;
                drop(store);
                open(&dir, now)
            })
        }),
    };
    spending_is_as_a_model_says_whatever_happens(world, trouble, (8, 80)).await;
}
