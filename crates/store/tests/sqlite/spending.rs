//! Spending on the embedded engine: the view that people and their tools read, and the model with crashes.
use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use bellwire_store::{Fault, InlineStore, Nobody, Observer, SqliteOptions, Store};
use bellwire_wire::Timestamp;

use crate::contract::{
    Recorder, START, World,
    spend_model::{Blow, Left, Trouble, spending_is_as_a_model_says_whatever_happens},
    till::Till,
};

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
