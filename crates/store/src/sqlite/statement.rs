//! Statements on a connection to SQLite.
use std::{cell::RefCell, collections::HashMap, rc::Rc};

use bellwire_domain::{StoreError, Stored};
use rusqlite::{CachedStatement, Connection};

use crate::{
    Tx,
    args::{Arg, Row},
    error::from_sqlite,
    tx,
};

#[cfg(test)]
thread_local! {
    /// What was said to the engine on this thread: a test looks at the plans of it.
    pub(crate) static SAID: std::cell::Cell<std::collections::BTreeSet<&'static str>> = const { std::cell::Cell::new(std::collections::BTreeSet::new()) };
}

/// The connection of a transaction of this engine.
pub(super) fn raw(tx: &Tx) -> &Connection {
    match &tx.connection {
        tx::Connection::Sqlite(connection) => connection,
        tx::Connection::Postgres(_) => unreachable!("the embedded engine has connections of its own"),
    }
}

pub(crate) fn execute(connection: &Connection, sql: &'static str, args: &[Arg<'_>]) -> Stored<usize> {
    let mut statement = prepare(connection, sql, args)?;
    statement.raw_execute().map_err(|error| from_sqlite(&error))
}

pub(crate) fn query<T>(
    connection: &Connection,
    sql: &'static str,
    args: &[Arg<'_>],
    mut read: impl FnMut(&Row<'_>) -> Stored<T>,
) -> Stored<Vec<T>> {
    let mut statement = prepare(connection, sql, args)?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? {
        found.push(read(&Row::Sqlite(row))?);
    }
    Ok(found)
}

pub(crate) fn query_one<T>(
    connection: &Connection,
    sql: &'static str,
    args: &[Arg<'_>],
    read: impl FnOnce(&Row<'_>) -> Stored<T>,
) -> Stored<Option<T>> {
    let mut statement = prepare(connection, sql, args)?;
    let mut rows = statement.raw_query();
    rows.next().map_err(|error| from_sqlite(&error))?.map(|row| read(&Row::Sqlite(row))).transpose()
}

/// A statement with its arguments. SQLite numbers `$n` by first appearance, PostgreSQL by `n`:
/// binding by name makes one text mean the same on both.
fn prepare<'c>(connection: &'c Connection, sql: &'static str, args: &[Arg<'_>]) -> Stored<CachedStatement<'c>> {
    #[cfg(test)]
    {
        let mut said = SAID.take();
        said.insert(sql);
        SAID.set(said);
    }
    let mut statement = connection.prepare_cached(sql).map_err(|error| from_sqlite(&error))?;
    let places = places(&statement, sql)?;
    for (index, place) in (1..).zip(places.iter()) {
        let arg = args.get(*place).ok_or_else(|| missing(index, sql))?;
        statement.raw_bind_parameter(index, arg).map_err(|error| from_sqlite(&error))?;
    }
    Ok(statement)
}

/// The place among the arguments of each parameter of a statement.
type Places = Rc<[usize]>;

thread_local! {
    /// Where each statement finds its arguments, by where its text is: to ask for the names each time costs more than
    /// to bind.
    static PLACES: RefCell<HashMap<(usize, usize), Places>> = RefCell::default();
}

fn places(statement: &CachedStatement<'_>, sql: &'static str) -> Stored<Places> {
    let text = (sql.as_ptr() as usize, sql.len());
    if let Some(known) = PLACES.with_borrow(|places| places.get(&text).cloned()) {
        return Ok(known);
    }
    let place = |index: usize| {
        let name = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        name.and_then(|number| number.checked_sub(1)).ok_or_else(|| missing(index, sql))
    };
    let found = (1..=statement.parameter_count()).map(place).collect::<Stored<Places>>()?;
    PLACES.with_borrow_mut(|places| places.insert(text, Rc::clone(&found)));
    Ok(found)
}

fn missing(index: usize, sql: &str) -> StoreError {
    StoreError::Broken(format!("argument {index} is missing for: {sql}"))
}
