//! The view of spending that people and their tools read.
use std::sync::Arc;

use bellwire_store::{Observer, SqliteOptions, Store};

use crate::contract::{Recorder, START, World, till::Till};

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
