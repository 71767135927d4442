//! A data directory that is read row by row, table by table, by who knows nothing but its schema.
use std::{path::Path, sync::Arc};

use bellwire_domain::StoreError;
use bellwire_wire::Timestamp;
use rusqlite::{
    params_from_iter,
    types::{Value, ValueRef},
};

use super::{connect, lock::Lock, prepare, raw};
use crate::{Nobody, OpenError, Tx, Vault, tx};

/// A table as the schema describes it.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The columns of its primary key, in their order.
    pub(crate) key: Vec<usize>,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// `INTEGER`, `TEXT` or `BLOB`.
    pub(crate) kind: String,
}

impl Table {
    /// Its columns, as a statement lists them.
    pub(crate) fn list(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| quoted(&column.name)).collect();
        names.join(", ")
    }

    fn key_list(&self) -> String {
        let names: Vec<String> = self.key.iter().map(|at| quoted(&self.columns[*at].name)).collect();
        names.join(", ")
    }
}

/// A name as both engines take it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The data directory, which nobody else may open meanwhile.
pub(crate) struct Source {
    tx: Tx,
    _lock: Lock,
}

impl Source {
    /// Takes the directory's lock, brings its schema up to date, tries the master key, ends the
    /// leases of the process before, and writes what the other engine has as rows of their own.
    pub(crate) fn open(dir: &Path, vault: &Arc<Vault>, now: Timestamp) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { dir: dir.to_owned(), source };
        let file = dir.join("bellwire.db");
        // Nothing is made where nothing is.
        std::fs::metadata(&file).map_err(io)?;
        let lock = Lock::take(dir)?;
        let connection = connect(&file, false).map_err(failed)?;
        let connection = tx::Connection::Sqlite(connection);
        let mut tx = Tx::new(connection, Arc::clone(vault), Arc::new(Nobody), now.micros());
        prepare(&mut tx, now)?;
        set_entries_apart(&mut tx)?;
        Ok(Self { tx, _lock: lock })
    }

    /// The number of its schema.
    pub(crate) fn schema(&self) -> Result<i64, OpenError> {
        raw(&self.tx).pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)
    }

    /// The last sequence number that was given.
    pub(crate) fn last_seq(&self) -> i64 {
        self.tx.last_seq
    }

    /// Every table there is, in the order in which they were made.
    pub(crate) fn tables(&self) -> Result<Vec<Table>, OpenError> {
        let connection = raw(&self.tx);
        let mut statement = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
            .map_err(failed)?;
        let names = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
        names.map(|name| self.table(name.map_err(failed)?)).collect()
    }

    fn table(&self, name: String) -> Result<Table, OpenError> {
        let mut statement =
            raw(&self.tx).prepare("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid").map_err(failed)?;
        let found = statement
            .query_map([&name], |row| Ok((Column { name: row.get(0)?, kind: row.get(1)? }, row.get::<_, i64>(2)?)))
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(failed)?;
        let mut key: Vec<(i64, usize)> =
            found.iter().enumerate().map(|(at, (_, place))| (*place, at)).filter(|(place, _)| *place > 0).collect();
        key.sort_unstable();
        if key.is_empty() {
            return Err(OpenError::Database(format!("table {name} has no primary key, so its rows have no order")));
        }
        let columns = found.into_iter().map(|(column, _)| column).collect();
        Ok(Table { name, columns, key: key.into_iter().map(|(_, at)| at).collect() })
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &Table) -> Result<i64, OpenError> {
        let sql = format!("SELECT COUNT(*) FROM {}", quoted(&table.name));
        raw(&self.tx).query_row(&sql, [], |row| row.get(0)).map_err(failed)
    }

    /// How many deliveries there are of each status.
    pub(crate) fn statuses(&self) -> Result<Vec<(i64, i64)>, OpenError> {
        let mut statement = raw(&self.tx)
            .prepare("SELECT status, COUNT(*) FROM deliveries GROUP BY status ORDER BY status")
            .map_err(failed)?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect).map_err(failed)
    }

    /// Shows the rows of a table after a key, in the order of keys, until `take` has enough.
    pub(crate) fn rows(
        &self,
        table: &Table,
        after: &[Value],
        mut take: impl FnMut(&[ValueRef<'_>]) -> Result<bool, OpenError>,
    ) -> Result<(), OpenError> {
        let (name, key) = (quoted(&table.name), table.key_list());
        let from = if after.is_empty() {
            String::new()
        } else {
            format!("WHERE ({key}) > ({})", vec!["?"; after.len()].join(", "))
        };
        let sql = format!("SELECT {} FROM {name} {from} ORDER BY {key}", table.list());
        let mut statement = raw(&self.tx).prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query(params_from_iter(after)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let values: Result<Vec<_>, _> = (0..table.columns.len()).map(|at| row.get_ref(at)).collect();
            let values = values.map_err(failed)?;
            if !take(&values)? {
                break;
            }
        }
        Ok(())
    }
}

/// Gives an entry to every purchase that is its own. What of it is done stays so: both are read alike here.
fn set_entries_apart(tx: &mut Tx) -> Result<(), OpenError> {
    let mut next = Some(0);
    while let Some(after) = next {
        raw(tx).execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        // What is not committed ends with the connection.
        next = tx.set_entries_apart(after).map_err(|error| OpenError::Database(error.to_string()))?;
        raw(tx).execute_batch("COMMIT; PRAGMA wal_checkpoint").map_err(failed)?;
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "its shape is that of `map_err`")]
fn failed(error: rusqlite::Error) -> OpenError {
    match crate::error::from_sqlite(&error) {
        StoreError::Full => OpenError::Database("the disk of the data directory is full".into()),
        other => OpenError::Database(other.to_string()),
    }
}
