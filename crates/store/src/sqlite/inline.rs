//! A store without threads: every command runs at once where it is called. For simulations, which
//! choose when it fails.
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use bellwire_domain::{StoreError, Stored};
use bellwire_wire::Timestamp;
use rusqlite::Connection;

use super::{migrate, raw, settle};
use crate::{
    Observer, OpenError, Tx, Vault,
    error::from_sqlite,
    job::run_now,
    tx::{self, BoxFuture, Cache},
};

/// Where a simulated crash strikes around a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nowhere.
    None,
    /// Before the commit: nothing was written, nobody is answered.
    BeforeCommit,
    /// After the commit: it was written, but nobody is answered or told.
    AfterCommit,
}

/// Decides, command by command, whether a crash strikes.
type Plan = Box<dyn FnMut(&'static str) -> Fault + Send>;

/// A store without threads, in memory.
pub struct InlineStore {
    /// Counts the starts: a process of an earlier one is dead, and nothing it does is heard.
    starts: AtomicU64,
    tx: Mutex<Option<Tx>>,
    plan: Mutex<Plan>,
}

impl InlineStore {
    /// A new, empty store in memory.
    pub fn in_memory(vault: Arc<Vault>, observer: Arc<dyn Observer>, plan: Plan) -> Result<Self, OpenError> {
        let open = || {
            let connection = Connection::open_in_memory()?;
            settle(&connection, false)?;
            Ok(connection)
        };
        let connection = open().map_err(|error: rusqlite::Error| OpenError::Database(error.to_string()))?;
        migrate::migrate(&connection)?;
        let tx = Tx::new(tx::Connection::Sqlite(connection), vault, observer, 1);
        Ok(Self { starts: AtomicU64::new(0), tx: Mutex::new(Some(tx)), plan: Mutex::new(plan) })
    }

    /// What a start of the process does: caches are empty, leases of before are over, and `observer`
    /// is told what commits from here on.
    pub fn restart(&self, observer: Arc<dyn Observer>, now: Timestamp) -> Result<(), OpenError> {
        let mut guard = self.tx.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = guard.as_mut().ok_or_else(|| OpenError::Database("it is closed".into()))?;
        self.starts.fetch_add(1, Ordering::AcqRel);
        tx.observer = observer;
        tx.node += 1;
        tx.cache = Cache::default();
        tx.effects.clear();
        super::prepare(tx, now)
    }

    /// Which start this is.
    pub(crate) fn start(&self) -> u64 {
        self.starts.load(Ordering::Acquire)
    }

    pub(crate) async fn transact<T, F>(&self, start: u64, name: &'static str, mut command: F) -> Stored<T>
    where
        F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>>,
    {
        if start != self.start() {
            // The process that asks is dead.
            std::future::pending::<()>().await;
        }
        let fault = (self.plan.lock().unwrap_or_else(PoisonError::into_inner))(name);
        let result = self.run(name, &mut command, fault);
        if fault != Fault::None {
            // The process is dead to its callers: no answer ever comes.
            std::future::pending::<()>().await;
        }
        result
    }

    fn run<T, F>(&self, name: &'static str, command: &mut F, fault: Fault) -> Stored<T>
    where
        F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>>,
    {
        let mut guard = self.tx.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = guard.as_mut().ok_or_else(|| StoreError::Unavailable("it is closed".into()))?;
        let sql = |tx: &Tx, sql: &str| raw(tx).execute_batch(sql).map_err(|error| from_sqlite(&error));
        sql(tx, "BEGIN IMMEDIATE")?;
        let result = run_now(name, command, tx).and_then(|answer| tx.put_down().map(|()| answer));
        let effects = std::mem::take(&mut tx.effects);
        if result.is_err() || fault == Fault::BeforeCommit {
            sql(tx, "ROLLBACK")?;
            tx.cache = Cache::default();
            return result;
        }
        sql(tx, "COMMIT")?;
        let observer = Arc::clone(&tx.observer);
        drop(guard);
        if fault == Fault::None && !effects.is_empty() {
            observer.committed(effects);
        }
        result
    }
}
