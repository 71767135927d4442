//! A transaction: statements with arguments, the caches that live beside the writer, and what is to
//! be told once it has committed.
use std::{
    collections::{HashMap, HashSet},
    pin::Pin,
    sync::Arc,
};

use bellwire_domain::{
    Ctx, Effect, StoreError, Stored, Topic, Topics,
    approval::policy::InForce,
    delivery::{Endpoint, Subscriptions},
    event::CustomType,
};
use bellwire_wire::{EndpointId, EventType, Namespace, WorkspaceId};

use crate::{
    Observer, Vault,
    args::{Arg, Row},
    desk::Desk,
    postgres::{Bulk, Link},
    sqlite,
};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Rows read often and changed rarely, kept beside a connection that writes. Dropped whole whenever a
/// command that may have changed them is undone, or another connection changed them.
#[derive(Default)]
pub(crate) struct Cache {
    pub(crate) subscriptions: HashMap<WorkspaceId, Arc<Subscriptions>>,
    pub(crate) policies: HashMap<WorkspaceId, Arc<InForce>>,
    pub(crate) endpoints: HashMap<EndpointId, Arc<Endpoint>>,
    pub(crate) custom_types: HashMap<(WorkspaceId, EventType), Option<Arc<CustomType>>>,
    pub(crate) namespaces: HashSet<(WorkspaceId, Namespace)>,
    pub(crate) desk: Desk,
}

/// Entries of a cache before it is emptied. Keeps I12.
const CACHE_MAX: usize = 50_000;

/// Workspaces in one notice to other nodes: PostgreSQL allows 8000 bytes.
const TOLD_TOGETHER: usize = 100;

/// Where the rows are.
pub(crate) enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Link>),
}

/// A transaction, as commands see it: it implements the `Rows` traits of every slice.
pub struct Tx {
    pub(crate) connection: Connection,
    pub(crate) vault: Arc<Vault>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) cache: Cache,
    pub(crate) effects: Vec<Effect>,
    /// Tells the leases of this start of the process from those of an earlier one, or of another node.
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
        if let Connection::Postgres(link) = &mut self.connection {
            link.numbered(self.last_seq);
        }
        self.last_seq
    }

    /// The connection to PostgreSQL, where that is the engine: for what has to be said differently.
    pub(crate) fn postgres(&mut self) -> Option<&mut Link> {
        match &mut self.connection {
            Connection::Sqlite(_) => None,
            Connection::Postgres(link) => Some(link),
        }
    }

    /// Forgets cached rows that this command changes; with PostgreSQL, others are told to as well.
    pub(crate) fn cached_rows_change(&mut self) {
        if let Connection::Postgres(link) = &mut self.connection {
            link.cached_rows_change();
        }
    }

    /// What this command read was changed by another: it is run again, where that can happen.
    pub(crate) fn conflict(&mut self) -> StoreError {
        match &mut self.connection {
            Connection::Sqlite(_) => StoreError::Broken("what was to be changed is not what was read".into()),
            Connection::Postgres(link) => link.conflict(),
        }
    }

    pub(crate) fn execute(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Stored<usize> {
        match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::execute(connection, sql, args),
            Connection::Postgres(link) => link.execute(sql, args),
        }
    }

    /// Inserts a row: at once, or with many others before anything looks for it.
    pub(crate) fn insert(&mut self, bulk: &'static Bulk, args: &[Arg<'_>]) -> Stored<()> {
        match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::execute(connection, bulk.one, args).map(drop),
            Connection::Postgres(link) => link.insert(bulk, args),
        }
    }

    pub(crate) fn query<T>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        mut read: impl FnMut(&Row<'_>) -> Stored<T>,
    ) -> Stored<Vec<T>> {
        match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::query(connection, sql, args, read),
            Connection::Postgres(link) => link.query(sql, args)?.iter().map(|row| read(&Row::Postgres(row))).collect(),
        }
    }

    pub(crate) fn query_one<T>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        read: impl FnOnce(&Row<'_>) -> Stored<T>,
    ) -> Stored<Option<T>> {
        match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::query_one(connection, sql, args, read),
            Connection::Postgres(link) => {
                link.query(sql, args)?.first().map(|row| read(&Row::Postgres(row))).transpose()
            }
        }
    }

    /// Notes that rows of a kind changed: one word per workspace and commit is enough, or a few.
    pub(crate) fn touch(&mut self, workspace: &WorkspaceId, topic: Topic) {
        for effect in self.effects.iter_mut().rev().take(16) {
            if let Effect::Touched(known, topics) = effect
                && known == workspace
            {
                topics.add(topic.into());
                return;
            }
        }
        self.effects.push(Effect::Touched(workspace.clone(), topic.into()));
    }

    /// Tells other nodes what changed here. Nothing where there are none.
    pub fn tell_touched(&mut self, touched: &[(WorkspaceId, Topics)]) -> Stored<()> {
        let node = self.node;
        if self.postgres().is_none() {
            return Ok(());
        }
        for some in touched.chunks(TOLD_TOGETHER) {
            let lines: Vec<String> =
                some.iter().map(|(workspace, topics)| format!("\ntouched {workspace} {}", topics.bits())).collect();
            let notice = format!("{node}{}", lines.concat());
            self.query_one("SELECT pg_notify('bellwire', $1)::text", &[Arg::from(&notice)], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Keeps the caches within their bound.
    pub(crate) fn trim(&mut self) {
        let cache = &mut self.cache;
        if cache.endpoints.len() > CACHE_MAX
            || cache.custom_types.len() > CACHE_MAX
            || cache.namespaces.len() > CACHE_MAX
            || cache.policies.len() > CACHE_MAX
            || cache.desk.wallets() > CACHE_MAX
            || cache.desk.caps.len() > CACHE_MAX
            || cache.desk.marks() > CACHE_MAX
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

    /// Keeps a setting of the deployment, sealed, unless it is there already.
    pub fn sealed_setting_put(&mut self, name: &str, plain: &[u8]) -> Stored<()> {
        let sealed = self.vault.seal(name, plain).map_err(|error| StoreError::Broken(error.to_string()))?;
        self.execute(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            &[name.into(), sealed.as_slice().into()],
        )
        .map(drop)
    }
}
