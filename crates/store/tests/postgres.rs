//! PostgreSQL keeps the same contract as the embedded engine, each test on a database of its own.
#[macro_use]
mod contract;
#[path = "postgres/database.rs"]
mod database;
#[path = "postgres/moving.rs"]
mod moving;
#[path = "postgres/nodes.rs"]
mod nodes;
#[path = "postgres/spending.rs"]
mod spending;

use std::{sync::Arc, time::Duration};

use bellwire_store::{Observer, POSTGRES_MIGRATIONS, PostgresOptions, Store};
use contract::{Recorder, World};
use database::Database;

/// Opens a node on a database.
async fn node(database: &Arc<Database>, number: i64) -> World {
    let heard = Arc::new(Recorder::default());
    let store = Store::open_postgres(PostgresOptions {
        url: database.url(),
        vault: World::vault(),
        observer: Arc::clone(&heard) as Arc<dyn Observer>,
        readers: 2,
        partition: Duration::from_hours(24),
        node: number,
        migrations: POSTGRES_MIGRATIONS,
    });
    let world = World::new(store.await.expect("it opens"), heard, Arc::clone(database));
    // It says so when it begins to hear other nodes: no test is about that.
    while world.heard.take().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world
}

async fn open() -> World {
    node(&Arc::new(Database::create().await), 1).await
}

mod postgres {
    contract!(open);
}
