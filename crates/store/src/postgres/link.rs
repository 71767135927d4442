//! A connection of one thread: statements by their text, rows that wait to be inserted together, and
//! what the transaction under way needs besides.
use std::{collections::HashMap, sync::Arc};

use bellwire_domain::{StoreError, Stored};
use postgres::{
    Client, Row, SimpleQueryMessage, Statement,
    error::SqlState,
    types::{ToSql, Type},
};

use super::{
    address::Address,
    bulk::{Bulk, Column, Columns, KINDS},
    partition::Partitions,
    proof::{Doubtful, Proofs},
    statement::{classify, kind, params, unavailable, without_hints},
};
use crate::args::Arg;

/// Whoever numbers rows holds this until its commit: numbers rise in the order of commits, so whoever
/// reads on from a number misses nothing.
pub(super) const ORDER_LOCK: i64 = 0x6265_6c6c_0001;

/// Why the transaction under way has to be undone and run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It numbers rows, or needs what others number to stand still, without holding the order.
    InOrder,
    /// There is no partition for this number yet.
    WithPartition(i64),
}

/// How a statement failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It would fail again.
    Statement,
    /// Another transaction was in the way; by now it has ended.
    Conflict,
    /// Another transaction is in the way of this one as a whole.
    Deadlock,
    /// The connection is gone.
    Lost,
}

/// How a commit ended.
#[derive(Debug)]
pub(crate) enum Committed {
    /// It is durable.
    Yes,
    /// It is undone.
    No(Failed, StoreError),
    /// The connection went while it was under way.
    Unknown(Doubtful),
}

/// What stands at the beginning of a transaction that runs in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    /// The last number given.
    pub(crate) last: i64,
    /// Counts changes of rows that connections cache, over all nodes.
    pub(crate) cached: i64,
}

struct Prepared {
    statement: Statement,
    /// Whether it reads or changes tables that rows may be waiting for.
    looks: bool,
}

pub(crate) struct Link {
    address: Arc<Address>,
    partitions: Arc<Partitions>,
    client: Option<Client>,
    statements: HashMap<(usize, usize), Prepared>,
    pending: [Columns; KINDS],
    ordered: bool,
    transaction: String,
    again: Option<Again>,
    failed: Option<(Failed, StoreError)>,
    changes: u64,
    /// [`Self::changes`] when the transaction began.
    changes_before: u64,
    proofs: Proofs,
    highest: i64,
    cached_rows_changed: bool,
    needed_order: bool,
    /// [`Begun::cached`] of the transaction under way.
    cached: i64,
}

impl Link {
    pub(crate) fn new(address: Arc<Address>, partitions: Arc<Partitions>, proofs: Proofs) -> Self {
        Self {
            address,
            partitions,
            client: None,
            statements: HashMap::new(),
            pending: Default::default(),
            ordered: false,
            transaction: String::new(),
            again: None,
            failed: None,
            changes: 0,
            changes_before: 0,
            proofs,
            highest: 0,
            cached_rows_changed: false,
            needed_order: false,
            cached: 0,
        }
    }

    /// Makes sure there is a connection; whether it is a new one.
    pub(crate) fn connect(&mut self) -> Result<bool, postgres::Error> {
        if self.client.as_ref().is_some_and(|client| !client.is_closed()) {
            return Ok(false);
        }
        self.statements.clear();
        self.client = None;
        self.client = Some(self.address.connect()?);
        Ok(true)
    }

    /// Ends the session: its locks go with it.
    pub(crate) fn disconnect(&mut self) {
        self.client = None;
    }

    /// The bare connection, for what is done outside of commands.
    pub(crate) fn client(&mut self) -> Option<&mut Client> {
        self.client.as_mut()
    }

    /// Begins a transaction; in order, if it is to number rows.
    pub(crate) fn begin(&mut self, ordered: bool) -> Result<Begun, (Failed, StoreError)> {
        self.forget();
        self.ordered = ordered;
        self.changes_before = self.changes;
        let sql = if ordered {
            // Each statement sees what committed before it began: the last number is read after the
            // order is held.
            format!(
                "BEGIN; SELECT pg_advisory_xact_lock({ORDER_LOCK});
                 SELECT pg_current_xact_id()::text, s.last_value, c.last_value FROM bellwire_seq s, bellwire_cached c"
            )
        } else {
            "BEGIN; SELECT pg_current_xact_id()::text, 0, 0".to_owned()
        };
        let found = match self.client.as_mut() {
            Some(client) => client.simple_query(&sql),
            None => return Err((Failed::Lost, unavailable(&"not connected"))),
        };
        let found = found.map_err(|error| self.note(&error))?;
        let begun = found.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((
                row.get(0)?.to_owned(),
                Begun { last: row.get(1)?.parse().ok()?, cached: row.get(2)?.parse().ok()? },
            )),
            _ => None,
        });
        let (transaction, begun) = begun.ok_or((Failed::Lost, unavailable(&"the database answered nothing")))?;
        self.transaction = transaction;
        self.cached = begun.cached;
        Ok(begun)
    }

    /// Begins a snapshot that cannot write.
    pub(crate) fn begin_reading(&mut self) -> Stored<()> {
        self.forget();
        self.ordered = false;
        self.simple("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    /// Makes what was written durable and tells others. What waits must have been flushed.
    pub(crate) fn commit(&mut self, notices: &[String]) -> Committed {
        let numbered =
            if self.highest > 0 { format!("SELECT setval('bellwire_seq', {});", self.highest) } else { String::new() };
        let notify = |notice: &String| format!("SELECT pg_notify('bellwire', '{}');", notice.replace('\'', "''"));
        let told: Vec<String> = notices.iter().map(notify).collect();
        // Those who cached while this was under way read the count in their turn, after this commit.
        let counted = if self.cached_rows_changed {
            format!("SELECT setval('bellwire_cached', {});", self.cached + 1)
        } else {
            String::new()
        };
        let mut sql = format!("{numbered}{counted}{}", told.concat());
        let mut doubtful = Doubtful::new(std::mem::take(&mut self.transaction));
        if self.changes != self.changes_before {
            doubtful.number = Some(self.proofs.next(&mut sql));
        }
        sql.push_str("COMMIT");
        let Some(client) = self.client.as_mut() else {
            return Committed::No(Failed::Lost, unavailable(&"the connection is gone"));
        };
        match client.simple_query(&sql) {
            Ok(_) => Committed::Yes,
            Err(error) => match self.note(&error) {
                (Failed::Lost, _) => Committed::Unknown(doubtful),
                (failed, error) => Committed::No(failed, error),
            },
        }
    }

    /// What became of a transaction whose commit was not answered.
    pub(crate) fn ended(&mut self, doubtful: &Doubtful) -> Result<super::proof::Ended, postgres::Error> {
        match self.client.as_mut() {
            Some(client) => self.proofs.ended(client, doubtful),
            None => Ok(super::proof::Ended::NotYet),
        }
    }

    /// Undoes the transaction.
    pub(crate) fn rollback(&mut self) {
        self.forget();
        drop(self.simple("ROLLBACK"));
        self.forget();
    }

    fn forget(&mut self) {
        self.pending.iter_mut().for_each(Columns::clear);
        self.again = None;
        self.failed = None;
        self.highest = 0;
        self.cached_rows_changed = false;
    }

    /// Where one command begins inside of the transaction, so that it alone can be undone.
    pub(crate) fn savepoint(&mut self) -> Stored<()> {
        self.simple("SAVEPOINT command")
    }

    /// Undoes one command; what came before it was flushed.
    pub(crate) fn undo(&mut self) -> Stored<()> {
        self.pending.iter_mut().for_each(Columns::clear);
        self.failed = None;
        self.simple("ROLLBACK TO SAVEPOINT command")
    }

    /// A text of statements without arguments or answers.
    pub(crate) fn simple(&mut self, sql: &str) -> Stored<()> {
        let Some(client) = self.client.as_mut() else { return Err(unavailable(&"not connected")) };
        client.batch_execute(sql).map_err(|error| self.note(&error).1)
    }

    /// A row was numbered.
    pub(crate) fn numbered(&mut self, seq: i64) {
        self.stand_still();
        if self.ordered && !self.partitions.cover(seq) {
            self.again = Some(Again::WithPartition(seq));
        }
        self.highest = seq;
    }

    /// No other node may number rows from here on: what is looked for must not appear meanwhile.
    pub(crate) fn stand_still(&mut self) {
        self.needed_order = true;
        if !self.ordered {
            self.again = Some(Again::InOrder);
        }
    }

    /// What was read was changed by another: the transaction has to be run again.
    pub(crate) fn conflict(&mut self) -> StoreError {
        let error = StoreError::Broken("what was to be changed is not what was read".into());
        self.failed.get_or_insert((Failed::Conflict, error.clone()));
        error
    }

    /// A row that connections cache changes. In order, so that whoever numbers rows afterwards, on
    /// whichever node, knows it.
    pub(crate) fn cached_rows_change(&mut self) {
        self.stand_still();
        self.cached_rows_changed = true;
    }

    pub(crate) fn has_changed_cached_rows(&self) -> bool {
        self.cached_rows_changed
    }

    /// Rows written since the connection began.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether a command needed the order since [`Self::forget_order`].
    pub(crate) fn needed_order(&self) -> bool {
        self.needed_order
    }

    pub(crate) fn forget_order(&mut self) {
        self.needed_order = false;
    }

    pub(crate) fn again(&self) -> Option<Again> {
        self.again
    }

    /// The error of the first statement that failed.
    pub(crate) fn error(&self) -> Option<StoreError> {
        self.failed.as_ref().map(|(_, error)| error.clone())
    }

    pub(crate) fn failed(&self) -> Option<Failed> {
        self.failed.as_ref().map(|(failed, _)| *failed)
    }

    pub(crate) fn execute(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Stored<usize> {
        let statement = self.prepare(sql, args.iter().map(kind))?;
        let params = params(args);
        let client = self.client.as_mut().ok_or_else(|| unavailable(&"not connected"))?;
        let changed = client.execute(&statement, &params).map_err(|error| self.note(&error).1)?;
        self.changes += changed;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(crate) fn query(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Stored<Vec<Row>> {
        let statement = self.prepare(sql, args.iter().map(kind))?;
        let params = params(args);
        let client = self.client.as_mut().ok_or_else(|| unavailable(&"not connected"))?;
        client.query(&statement, &params).map_err(|error| self.note(&error).1)
    }

    /// Whether a row with this text in a column waits to be inserted.
    pub(crate) fn waits(&self, bulk: &Bulk, column: usize, text: &str) -> bool {
        self.pending[bulk.place].has(column, text)
    }

    /// A number of the row that is `offset` back among those that wait with this number in a column; or how
    /// many of those there are.
    pub(crate) fn waiting_back(
        &self,
        bulk: &Bulk,
        (column, number): (usize, i64),
        offset: u32,
        wanted: usize,
    ) -> Result<i64, u32> {
        self.pending[bulk.place].back((column, number), offset, wanted)
    }

    /// [`Self::query`] for what no row that waits could be an answer to.
    pub(crate) fn query_beside(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Stored<Vec<Row>> {
        let pending = std::mem::take(&mut self.pending);
        let found = self.query(sql, args);
        self.pending = pending;
        found
    }

    /// A statement that changes rows and tells which.
    pub(crate) fn change(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Stored<Vec<Row>> {
        let rows = self.query(sql, args)?;
        self.changes += rows.len() as u64;
        Ok(rows)
    }

    /// The same for many rows at once, by column.
    pub(crate) fn change_many(&mut self, sql: &'static str, columns: &[Column]) -> Stored<Vec<Row>> {
        let statement = self.prepare(sql, columns.iter().map(Column::kind))?;
        let params: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as _).collect();
        let client = self.client.as_mut().ok_or_else(|| unavailable(&"not connected"))?;
        let rows = client.query(&statement, &params).map_err(|error| self.note(&error).1)?;
        self.changes += rows.len() as u64;
        Ok(rows)
    }

    /// [`Self::change_many`] for a statement that tells nothing; how many rows it changed.
    pub(crate) fn execute_many(&mut self, sql: &'static str, columns: &[Column]) -> Stored<usize> {
        let statement = self.prepare(sql, columns.iter().map(Column::kind))?;
        let params: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as _).collect();
        let client = self.client.as_mut().ok_or_else(|| unavailable(&"not connected"))?;
        let changed = client.execute(&statement, &params).map_err(|error| self.note(&error).1)?;
        self.changes += changed;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// Has a row inserted before anything looks at its table, at the latest with the commit.
    pub(crate) fn insert(&mut self, bulk: &Bulk, args: &[Arg<'_>]) -> Stored<()> {
        self.may_go_on()?;
        self.pending[bulk.place].push(args);
        self.changes += 1;
        Ok(())
    }

    /// Inserts all rows that wait.
    pub(crate) fn flush(&mut self, bulks: [&'static Bulk; KINDS]) -> Stored<()> {
        for bulk in bulks {
            if self.pending[bulk.place].is_empty() {
                continue;
            }
            let mut columns = std::mem::take(&mut self.pending[bulk.place]);
            let done = self.change_many(bulk.many, columns.columns());
            columns.clear();
            self.pending[bulk.place] = columns;
            done?;
        }
        Ok(())
    }

    /// What is to be run again anyway, or can only fail, costs nothing more.
    fn may_go_on(&self) -> Stored<()> {
        match (&self.failed, self.again) {
            (Some((_, error)), _) => Err(error.clone()),
            (None, Some(_)) => Err(unavailable(&"it is to be run again")),
            (None, None) => Ok(()),
        }
    }

    fn prepare(&mut self, sql: &'static str, kinds: impl Iterator<Item = Type>) -> Stored<Statement> {
        self.may_go_on()?;
        let key = (sql.as_ptr() as usize, sql.len());
        if !self.statements.contains_key(&key) {
            let kinds: Vec<Type> = kinds.collect();
            let client = self.client.as_mut().ok_or_else(|| unavailable(&"not connected"))?;
            let statement = client.prepare_typed(&without_hints(sql), &kinds).map_err(|error| self.note(&error).1)?;
            let looks = ["events", "deliveries", "attempts", "purchases", "spend_entries"]
                .iter()
                .any(|table| sql.contains(table));
            self.statements.insert(key, Prepared { statement, looks });
        }
        let prepared = &self.statements[&key];
        let statement = prepared.statement.clone();
        if prepared.looks && self.pending.iter().any(|columns| !columns.is_empty()) && !is_insertion(sql) {
            self.flush(crate::rows::BULKS)?;
        }
        Ok(statement)
    }

    /// What an error means for the transaction. The first one counts: those after it are its echoes.
    fn note(&mut self, error: &postgres::Error) -> (Failed, StoreError) {
        let lost = error.is_closed() || self.client.as_ref().is_none_or(Client::is_closed);
        let found = classify(error, lost);
        if found.0 == Failed::Lost {
            self.client = None;
        }
        if error.code() == Some(&SqlState::CHECK_VIOLATION) {
            // A partition that was known is gone.
            self.partitions.forget();
        }
        if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) {
            // A migration changed what a statement answers with: it is prepared anew.
            self.statements.clear();
        }
        self.failed.get_or_insert_with(|| found.clone());
        found
    }
}

/// Only what [`Bulk::many`] holds begins so: it must not flush itself.
fn is_insertion(sql: &str) -> bool {
    crate::rows::BULKS.iter().any(|bulk| std::ptr::eq(bulk.many, sql))
}
