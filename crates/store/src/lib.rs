//! The only SQL. A [`Store`] runs commands: [`Store::transact`] is the only way to write,
//! [`Store::read`] sees one snapshot. What a command may ask is the `Rows` traits of
//! `bellwire-domain`, which [`Tx`] implements; no domain code knows the engine.
//!
//! The embedded engine is SQLite with one writer thread: it takes all commands that wait, commits
//! once, and answers all (group commit); one that fails is undone alone. Commands are futures that
//! never wait there. A command may be run again, so it owns its input.
mod args;
mod error;
mod rows;
mod sqlite;
mod tx;
mod vault;

use std::{path::PathBuf, sync::Arc};

use bellwire_domain::{
    Effect, Stored,
    delivery::{Endpoint, Slot},
};
use bellwire_wire::Timestamp;

pub use sqlite::{Fault, InlineStore, LockError};
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
    Inline(Arc<InlineStore>, u64),
}

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data directory open.
    #[error(transparent)]
    Locked(#[from] LockError),
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
            Engine::Inline(inline, start) => inline.transact(*start, name, query).await,
        }
    }

    /// Takes no more commands, finishes those that wait, and closes the database.
    pub async fn close(&self) {
        if let Engine::Sqlite(sqlite) = &self.engine {
            sqlite.close().await;
        }
    }

    /// Whether something new may be written. While the disk is full, what room there is is kept for
    /// what is owed: attempts and what follows them.
    pub fn has_room(&self) -> bool {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.has_room(),
            Engine::Inline(..) => true,
        }
    }

    /// Whether the writer answers and the disk has room (spec operations, "Observability").
    pub fn health(&self) -> Health {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.health(),
            Engine::Inline(..) => Health { writer_waiting_ms: 0, disk_free_bytes: None, disk_low: false },
        }
    }
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
