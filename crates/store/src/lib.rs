//! The only SQL. A [`Store`] runs commands: [`Store::transact`] is the only way to write,
//! [`Store::read`] sees one snapshot. What a command may ask is the `Rows` traits of
//! `bellwire-domain`, which [`Tx`] implements; no domain code knows the engine.
//!
//! Two engines keep one contract. The embedded one is SQLite with one writer thread; the other is
//! PostgreSQL, shared by any number of nodes. Both take all commands that wait, commit once, and answer
//! all (group commit); one that fails is undone alone. Commands are futures that never wait: they run on
//! threads on which a statement has its answer when it returns. A command may be run again, so it owns
//! its input.
mod args;
mod caps;
mod desk;
mod error;
mod job;
mod moving;
mod postgres;
mod recent;
mod rows;
mod sqlite;
mod stopwatch;
mod tx;
mod vault;

use std::{path::PathBuf, sync::Arc};

use bellwire_domain::{
    Effect, Stored,
    delivery::{Endpoint, Slot},
};
use bellwire_wire::Timestamp;

pub use moving::{Count, Move, MoveError, Moved, Step};
pub use postgres::{DatabaseClock, MIGRATIONS as POSTGRES_MIGRATIONS, PostgresOptions, Survey};
pub use sqlite::{Fault, InlineStore, LockError, MovedError};
pub use tx::{BoxFuture, Tx};
pub use vault::{MasterKey, Vault, VaultError};

/// Who is told what committed, and who knows how much memory is left. The engine of the server.
pub trait Observer: Send + Sync {
    /// A place in memory for a delivery of this endpoint and size, if there is one.
    fn reserve(&self, endpoint: &Endpoint, bytes: usize) -> Option<Slot>;
    /// What committed, in commit order.
    fn committed(&self, effects: Vec<Effect>);
}

/// An observer that keeps nothing in memory and hears nothing: every delivery waits on disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Observer for Nobody {
    fn reserve(&self, _: &Endpoint, _: usize) -> Option<Slot> {
        None
    }

    fn committed(&self, _: Vec<Effect>) {}
}

/// How to open the embedded store.
pub struct SqliteOptions {
    /// The data directory; made if absent. One process at a time may have it open.
    pub dir: PathBuf,
    /// How secrets are sealed and keys hashed.
    pub vault: Arc<Vault>,
    /// Who is told what committed.
    pub observer: Arc<dyn Observer>,
    /// Read-only connections.
    pub readers: usize,
    /// The time at the start: leases of the process before are over.
    pub now: Timestamp,
}

/// A store, cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<sqlite::Sqlite>),
    Postgres(Arc<postgres::Postgres>),
    Inline(Arc<InlineStore>, u64),
}

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data directory open.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The deployment in the data directory is being moved to PostgreSQL, or was.
    #[error(transparent)]
    Moved(#[from] MovedError),
    /// The directory or file could not be made or opened.
    #[error("cannot open the data directory {dir}: {source}")]
    Io {
        /// Which.
        dir: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database is newer than this program, damaged, or could not be migrated.
    #[error("cannot open the database: {0}")]
    Database(String),
    /// A sealed value does not open: another master key was used before.
    #[error("the master key does not fit this database: {0}")]
    Vault(#[from] VaultError),
}

impl Store {
    /// Opens the embedded store, migrating it if needed.
    pub fn open_sqlite(options: SqliteOptions) -> Result<Self, OpenError> {
        sqlite::Sqlite::open(options).map(|sqlite| Self { engine: Engine::Sqlite(Arc::new(sqlite)) })
    }

    /// Connects to PostgreSQL as one of its nodes, migrating it if needed.
    pub async fn open_postgres(options: PostgresOptions) -> Result<Self, OpenError> {
        let postgres = on_a_thread(move || postgres::Postgres::open(options)).await?;
        Ok(Self { engine: Engine::Postgres(Arc::new(postgres)) })
    }

    /// The master key that a deployment on PostgreSQL keeps in its own database because no node was
    /// given one; `fresh` becomes it if nothing was sealed yet. None if a key was given before.
    pub async fn kept_master_key(
        url: String,
        fresh: MasterKey,
        migrations: &'static [&'static str],
    ) -> Result<Option<MasterKey>, OpenError> {
        on_a_thread(move || postgres::kept_master_key(&url, &fresh, migrations)).await
    }

    /// Looks at a PostgreSQL database without changing anything.
    pub async fn survey(url: String) -> Result<Survey, OpenError> {
        on_a_thread(move || Survey::take(&url)).await
    }

    /// The clock that all nodes share, if the engine has one.
    pub fn clock(&self) -> Option<Arc<DatabaseClock>> {
        match &self.engine {
            Engine::Postgres(postgres) => Some(postgres.clock()),
            Engine::Sqlite(_) | Engine::Inline(..) => None,
        }
    }

    /// How many nodes share the store, this one included.
    pub fn nodes(&self) -> u32 {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.nodes(),
            Engine::Sqlite(_) | Engine::Inline(..) => 1,
        }
    }

    /// Drops what is older than `before` where that can be done without looking at each row; how many
    /// parts went, and before when rows are to be removed one by one ([`Rows::sweep`]).
    ///
    /// [`Rows::sweep`]: bellwire_domain::delivery::Rows::sweep
    pub async fn drop_older(&self, before: Timestamp) -> Stored<(usize, Timestamp)> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.drop_older(before).await,
            Engine::Sqlite(_) | Engine::Inline(..) => Ok((0, before)),
        }
    }

    /// A store that runs every command at once on the calling thread: for simulations, where one seed
    /// decides the order of everything.
    pub fn inline(inline: Arc<InlineStore>) -> Self {
        let start = inline.start();
        Self { engine: Engine::Inline(inline, start) }
    }

    /// Runs a command and makes what it wrote durable before answering. An `Err` of the command
    /// undoes what it wrote. `name` is for metrics.
    pub async fn transact<T, F>(&self, name: &'static str, command: F) -> Stored<T>
    where
        T: Send + 'static,
        F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.transact(name, command).await,
            Engine::Postgres(postgres) => postgres.transact(name, command).await,
            Engine::Inline(inline, start) => inline.transact(*start, name, command).await,
        }
    }

    /// Runs a query on one snapshot. It cannot write.
    pub async fn read<T, F>(&self, name: &'static str, query: F) -> Stored<T>
    where
        T: Send + 'static,
        F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(name, query).await,
            Engine::Postgres(postgres) => postgres.read(name, query).await,
            Engine::Inline(inline, start) => inline.transact(*start, name, query).await,
        }
    }

    /// Takes no more commands, finishes those that wait, and closes the database.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
            Engine::Inline(..) => {}
        }
    }

    /// Whether something new may be written. While the disk is full, what room there is is kept for
    /// what is owed: attempts and what follows them.
    pub fn has_room(&self) -> bool {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.has_room(),
            // How the disk of another machine fares is told by its own errors.
            Engine::Postgres(_) | Engine::Inline(..) => true,
        }
    }

    /// Whether the writer answers and the disk has room (spec operations, "Observability").
    pub fn health(&self) -> Health {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.health(),
            Engine::Postgres(postgres) => postgres.health(),
            Engine::Inline(..) => Health { writer_waiting_ms: 0, disk_free_bytes: None, disk_low: false },
        }
    }
}

/// Runs what blocks on a thread of its own.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    let (done, wait) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("bellwire-open".into())
        .spawn(move || drop(done.send(work())))
        .map_err(|error| OpenError::Database(error.to_string()))?;
    wait.await.unwrap_or_else(|_| Err(OpenError::Database("opening it panicked".into())))
}

/// How the store fares.
#[derive(Debug, Clone, Copy)]
pub struct Health {
    /// How long the oldest command being run has been running, in milliseconds.
    pub writer_waiting_ms: u64,
    /// Free bytes on the disk of the data directory, where known.
    pub disk_free_bytes: Option<u64>,
    /// Whether that is so little that it will soon be full, or is.
    pub disk_low: bool,
}
