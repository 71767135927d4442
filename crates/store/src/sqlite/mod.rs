//! The embedded engine: SQLite in the data directory, WAL, `synchronous=FULL`.
//!
//! Who takes part: one writer thread with the only connection that writes ([`writer`]), a few reader
//! threads with snapshots ([`reader`]), and a thread that moves the log into the database so that no
//! commit has to ([`checkpoint`]). A [`reserve`] is kept on the disk for when it is full. A lock file
//! keeps a second process out, and a [`mark`] everybody once the deployment was moved elsewhere: then
//! a [`source`] reads it, table by table.
mod checkpoint;
mod inline;
mod lock;
mod mark;
mod migrate;
mod reader;
mod reserve;
mod source;
mod statement;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bellwire_domain::Stored;
use bellwire_wire::Timestamp;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

pub use inline::{Fault, InlineStore};
pub use lock::LockError;
pub(crate) use mark::Mark;
pub use mark::MovedError;
pub(crate) use source::{Source, Table, quoted};
#[cfg(test)]
pub(crate) use statement::SAID;
pub(crate) use statement::{execute, query, query_one};

use statement::raw;

use crate::{
    Health, OpenError, SqliteOptions, Tx, job,
    tx::{self, BoxFuture},
};

/// The embedded engine.
pub(crate) struct Sqlite {
    writer: writer::Writer,
    readers: reader::Readers,
    checkpoint: checkpoint::Checkpoint,
    reserve: Arc<reserve::Reserve>,
    dir: PathBuf,
    _lock: lock::Lock,
}

/// Less than this is a full disk soon; of a small disk, less than a sixteenth part.
const DISK_LOW_BYTES: u64 = 64 * 1024 * 1024;

/// No lease is longer than this.
const LEASE_MAX_MICROS: i64 = 15 * 60 * 1_000_000;

impl Sqlite {
    pub(crate) fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { dir: options.dir.clone(), source };
        std::fs::create_dir_all(&options.dir).map_err(io)?;
        let lock = lock::Lock::take(&options.dir)?;
        mark::Mark::refuse(&options.dir)?;
        let file = options.dir.join("bellwire.db");
        let database = |error: rusqlite::Error| OpenError::Database(error.to_string());
        let connection = connect(&file, false).map_err(database)?;
        let mut tx = Tx::new(
            tx::Connection::Sqlite(connection),
            Arc::clone(&options.vault),
            Arc::clone(&options.observer),
            options.now.micros(),
        );
        prepare(&mut tx, options.now)?;
        let reserve = reserve::Reserve::open(&options.dir);
        let readers = (0..options.readers.max(1))
            .map(|_| {
                let connection = connect(&file, true).map_err(database)?;
                Ok(Tx::new(tx::Connection::Sqlite(connection), Arc::clone(&options.vault), Arc::new(crate::Nobody), 0))
            })
            .collect::<Result<Vec<_>, OpenError>>()?;
        let checkpoint = checkpoint::Checkpoint::start(connect(&file, false).map_err(database)?, &file).map_err(io)?;
        Ok(Self {
            writer: writer::Writer::start(tx, checkpoint.pressure(), Arc::clone(&reserve)).map_err(io)?,
            readers: reader::Readers::start(readers).map_err(io)?,
            checkpoint,
            reserve,
            dir: options.dir,
            _lock: lock,
        })
    }

    pub(crate) async fn transact<T, F>(&self, name: &'static str, command: F) -> Stored<T>
    where
        T: Send + 'static,
        F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>> + Send + 'static,
    {
        let (job, answer) = job::Task::new(name, command);
        self.writer.send(Box::new(job))?;
        answer.wait().await
    }

    pub(crate) async fn read<T, F>(&self, name: &'static str, query: F) -> Stored<T>
    where
        T: Send + 'static,
        F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>> + Send + 'static,
    {
        let (job, answer) = job::Task::new(name, query);
        self.readers.send(Box::new(job))?;
        answer.wait().await
    }

    pub(crate) async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
        self.checkpoint.close();
    }

    pub(crate) fn health(&self) -> Health {
        let disk = reserve::Disk::of(&self.dir);
        let low = disk.is_some_and(|disk| disk.free < DISK_LOW_BYTES.min(disk.total / 16));
        Health {
            writer_waiting_ms: self.writer.busy_ms(),
            disk_free_bytes: disk.map(|disk| disk.free),
            disk_low: low || self.reserve.is_spent(),
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        !self.reserve.is_spent()
    }
}

/// Tries the master key, migrates, finds the last sequence number, and ends the leases of the process before.
fn prepare(tx: &mut Tx, now: Timestamp) -> Result<(), OpenError> {
    let failed = |error: bellwire_domain::StoreError| OpenError::Database(error.to_string());
    // The master key is tried before anything is changed: with a wrong one nothing is.
    let begun = tx
        .query_one("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'settings'", &[], |_| Ok(()))
        .map_err(failed)?;
    let fits = begun.is_some() && tx.sealed_setting("vault check").map_err(|_| crate::VaultError::Sealed)?.is_some();
    migrate::migrate(raw(tx))?;
    for sql in [
        "SELECT COALESCE(MAX(seq), 0) FROM events",
        "SELECT COALESCE(MAX(seq), 0) FROM deliveries",
        "SELECT COALESCE(MAX(seq), 0) FROM wallets",
        "SELECT COALESCE(MAX(seq), 0) FROM purchases",
        "SELECT COALESCE(MAX(seq), 0) FROM refunds",
    ] {
        let last = tx.query_one(sql, &[], |row| row.int(0)).map_err(failed)?.unwrap_or(0);
        tx.last_seq = tx.last_seq.max(last);
    }
    // A lease ends within LEASE_MAX of when it was given, so only the head of each queue is read.
    // Pull leases are promises to receivers and outlive us.
    tx.execute(
        "UPDATE deliveries INDEXED BY deliveries_due SET due_at = $1, leased_by = NULL
         WHERE endpoint_id IN (SELECT id FROM endpoints WHERE kind = 'push' AND deleted_at IS NULL)
           AND status = 0 AND due_at <= $2 AND leased_by IS NOT NULL",
        crate::args::args![now, now.micros() + LEASE_MAX_MICROS],
    )
    .map_err(failed)?;
    tx.execute("UPDATE publishers SET leased_by = NULL, leased_until = NULL", &[]).map_err(failed)?;
    if fits { Ok(()) } else { tx.sealed_setting_put("vault check", b"bellwire").map_err(failed) }
}

/// A connection with everything set.
fn connect(file: &Path, read_only: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    settle(&connection, read_only)?;
    Ok(connection)
}

fn settle(connection: &Connection, read_only: bool) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(256);
    // Plans do not depend on arguments: without this some statements are planned anew at every run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Checkpoints have their own thread.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", if read_only { -2_000 } else { -16_000 })?;
    if read_only {
        connection.pragma_update(None, "query_only", "ON")?;
    }
    Ok(())
}
