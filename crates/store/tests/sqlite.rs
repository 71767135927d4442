//! The embedded engine keeps the contract: on real files with its threads, and inline as simulations
//! use it.
#[macro_use]
mod contract;
#[path = "sqlite/entries.rs"]
mod entries;
#[path = "sqlite/opening.rs"]
mod opening;
#[path = "sqlite/spending.rs"]
mod spending;

use std::sync::Arc;

use bellwire_store::{Fault, InlineStore, Observer, SqliteOptions, Store};
use contract::{Recorder, START, World};

async fn files() -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let heard = Arc::new(Recorder::default());
    let store = Store::open_sqlite(SqliteOptions {
        dir: dir.path().join("data"),
        vault: World::vault(),
        observer: Arc::clone(&heard) as Arc<dyn Observer>,
        readers: 2,
        now: START,
    });
    World::new(store.expect("it opens"), heard, dir)
}

async fn in_memory() -> World {
    let heard = Arc::new(Recorder::default());
    let observer = Arc::clone(&heard) as Arc<dyn Observer>;
    let inline = InlineStore::in_memory(World::vault(), observer, Box::new(|_| Fault::None)).expect("it opens");
    World::new(Store::inline(Arc::new(inline)), heard, ())
}

mod on_files {
    contract!(files);
}

mod inline {
    contract_of_rows!(in_memory);
}

#[tokio::test]
async fn money_moves_only_after_approved_and_once_in_every_short_order() {
    contract::approval_orders::money_moves_only_after_approved_and_once_in_every_short_order(in_memory().await).await;
}
