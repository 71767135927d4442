//! A transaction: statements with arguments, the caches that live beside the writer, and what is to
//! be told once it has committed.
use std::{
    collections::{HashMap, HashSet},
    pin::Pin,
    sync::Arc,
};

use bellwire_domain::{
    Ctx, Effect, StoreError, Stored,
    delivery::{Endpoint, Subscriptions},
    event::CustomType,
};
use bellwire_wire::{EndpointId, EventType, Namespace, WorkspaceId};
use rusqlite::{CachedStatement, Connection};

use crate::{
    Observer, Vault,
    args::{Arg, Row},
    error::from_sqlite,
};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Rows read often and changed rarely, kept beside the one connection that changes them. Dropped
/// whole whenever a command that may have changed them is undone.
#[derive(Default)]
pub(crate) struct Cache {
    pub(crate) subscriptions: HashMap<WorkspaceId, Arc<Subscriptions>>,
    pub(crate) endpoints: HashMap<EndpointId, Arc<Endpoint>>,
    pub(crate) custom_types: HashMap<(WorkspaceId, EventType), Option<Arc<CustomType>>>,
    pub(crate) namespaces: HashSet<(WorkspaceId, Namespace)>,
}

/// Entries of a cache before it is emptied. Keeps I12.
const CACHE_MAX: usize = 50_000;

/// A transaction, as commands see it: it implements the `Rows` traits of every slice.
pub struct Tx {
    pub(crate) connection: Connection,
    pub(crate) vault: Arc<Vault>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) cache: Cache,
    pub(crate) effects: Vec<Effect>,
    /// Tells the leases of this start of the process from those of an earlier one.
    pub(crate) node: i64,
    pub(crate) last_seq: i64,
}

impl Tx {
    pub(crate) fn new(connection: Connection, vault: Arc<Vault>, observer: Arc<dyn Observer>, node: i64) -> Self {
        Self { connection, vault, observer, cache: Cache::default(), effects: Vec::new(), node, last_seq: 0 }
    }

    /// A sequence number: about the time in microseconds, and more than every one before.
    pub(crate) fn next_seq(&mut self, ctx: &Ctx) -> i64 {
        self.last_seq = ctx.now.micros().max(self.last_seq.saturating_add(1));
        self.last_seq
    }

    pub(crate) fn execute(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Stored<usize> {
        let mut statement = self.prepare(sql, args)?;
        statement.raw_execute().map_err(|error| from_sqlite(&error))
    }

    pub(crate) fn query<T>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        mut read: impl FnMut(&Row<'_>) -> Stored<T>,
    ) -> Stored<Vec<T>> {
        let mut statement = self.prepare(sql, args)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? {
            found.push(read(&Row(row))?);
        }
        Ok(found)
    }

    pub(crate) fn query_one<T>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        read: impl FnOnce(&Row<'_>) -> Stored<T>,
    ) -> Stored<Option<T>> {
        let mut statement = self.prepare(sql, args)?;
        let mut rows = statement.raw_query();
        rows.next().map_err(|error| from_sqlite(&error))?.map(|row| read(&Row(row))).transpose()
    }

    /// A statement with its arguments. SQLite numbers `$n` by first appearance, other engines by `n`:
    /// binding by name makes one text mean the same on both.
    fn prepare(&self, sql: &'static str, args: &[Arg<'_>]) -> Stored<CachedStatement<'_>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| from_sqlite(&error))?;
        let wanted = statement.parameter_count();
        for index in 1..=wanted {
            let name = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
            let arg = name.and_then(|number| args.get(number.checked_sub(1)?));
            let arg = arg.ok_or_else(|| StoreError::Broken(format!("argument {index} is missing for: {sql}")))?;
            statement.raw_bind_parameter(index, arg).map_err(|error| from_sqlite(&error))?;
        }
        Ok(statement)
    }

    /// Keeps the caches within their bound.
    pub(crate) fn trim(&mut self) {
        let cache = &mut self.cache;
        if cache.endpoints.len() > CACHE_MAX
            || cache.custom_types.len() > CACHE_MAX
            || cache.namespaces.len() > CACHE_MAX
        {
            *cache = Cache::default();
        }
    }

    /// A setting of the deployment that only the server reads, sealed at rest.
    pub fn sealed_setting(&mut self, name: &str) -> Stored<Option<Vec<u8>>> {
        let sealed = self.query_one("SELECT value FROM settings WHERE name = $1", &[name.into()], |row| row.blob(0))?;
        sealed
            .map(|sealed| self.vault.open(name, &sealed).map(|plain| plain.to_vec()))
            .transpose()
            .map_err(|error| StoreError::Broken(error.to_string()))
    }

    /// Keeps a setting of the deployment, sealed.
    pub fn sealed_setting_put(&mut self, name: &str, plain: &[u8]) -> Stored<()> {
        let sealed = self.vault.seal(name, plain).map_err(|error| StoreError::Broken(error.to_string()))?;
        self.execute(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            &[name.into(), sealed.as_slice().into()],
        )
        .map(drop)
    }
}
