//! Sandboxes: counted, and removed with every row of their workspace, a few at a time.
use bellwire_domain::{Stored, workspace::Sandbox};
use bellwire_wire::{Timestamp, WorkspaceId};

use crate::{
    Tx,
    args::{Row, args},
};

/// The statement that removes the first rows that a table has of a workspace.
macro_rules! own {
    ($table:literal, $key:literal) => {
        (
            $table,
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE (",
                $key,
                ") IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE workspace_id = $1 ORDER BY ",
                $key,
                " LIMIT $2)"
            ),
        )
    };
}

/// The statement that removes some rows of those that are found by others. Only the first of these are looked at, which
/// are the next to go: however much a workspace holds, a step costs the same.
macro_rules! below {
    ($table:literal, $key:literal, $by:literal, $others:literal) => {
        (
            $table,
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE (",
                $key,
                ") IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE ",
                $by,
                " IN (SELECT id FROM ",
                $others,
                " WHERE workspace_id = $1 ORDER BY seq LIMIT $2) LIMIT $2)"
            ),
        )
    };
}

/// The next deliveries of a workspace: those of its first endpoints.
pub(super) const NEXT_DELIVERIES: &str = "SELECT seq FROM deliveries INDEXED BY deliveries_endpoint
     WHERE endpoint_id IN (SELECT id FROM endpoints INDEXED BY endpoints_workspace WHERE workspace_id = $1
         ORDER BY seq LIMIT $2) LIMIT $2";

/// What is removed of a workspace after the deliveries of its first endpoints, in this order: first what something in the
/// background may still end or add up, so that nothing comes after it; each table before those it is found by.
pub(super) const REMOVED: [(&str, &str); 30] = [
    below!("jobs", "seq", "endpoint_id", "endpoints"),
    below!("endpoint_health", "endpoint_id", "endpoint_id", "endpoints"),
    below!("endpoint_hours", "endpoint_id, at", "endpoint_id", "endpoints"),
    below!("endpoint_minutes", "endpoint_id, at", "endpoint_id", "endpoints"),
    below!("endpoint_versions", "endpoint_id, version", "endpoint_id", "endpoints"),
    own!("endpoints", "seq"),
    below!("approval_posts", "seq", "approval_id", "approvals"),
    below!("approval_votes", "approval_id, approver", "approval_id", "approvals"),
    own!("approvals", "seq"),
    below!("refunds", "seq", "purchase_id", "purchases"),
    own!("purchases", "seq"),
    own!("spend_entries", "workspace_id, at, seq"),
    own!("spend_sums", "workspace_id, level, at, wallet_id, vendor, category, agent_id"),
    own!("spend_hours", "workspace_id, at, wallet_id"),
    own!("spend_marks", "workspace_id"),
    own!("policy_sums", "workspace_id, kind, name, within, sandbox, span, start"),
    own!("policy_denials", "seq"),
    below!("policy_versions", "policy_id, version", "policy_id", "policies"),
    own!("policies", "seq"),
    below!("spend_moments", "wallet_id, at, seq", "wallet_id", "wallets"),
    below!("wallet_minutes", "wallet_id, minute", "wallet_id", "wallets"),
    own!("wallets", "seq"),
    own!("events", "seq"),
    own!("event_types", "workspace_id, name"),
    own!("saved_answers", "workspace_id, route, key"),
    own!("namespaces", "workspace_id, name"),
    own!("audit", "workspace_id, seq"),
    own!("session_links", "hash"),
    own!("sessions", "hash"),
    own!("api_keys", "seq"),
];

fn sandbox(row: &Row<'_>) -> Stored<Sandbox> {
    Ok(Sandbox {
        workspace_id: row.with_text(0, WorkspaceId::from_stored)?,
        created_at: row.time(1)?,
        expires_at: row.time(2)?,
    })
}

impl Tx {
    pub(super) fn insert_sandbox(&mut self, sandbox: &Sandbox) -> Stored<()> {
        self.execute(
            "INSERT INTO sandboxes (workspace_id, created_at, expires_at) VALUES ($1, $2, $3)",
            args![sandbox.workspace_id.as_str(), sandbox.created_at, sandbox.expires_at],
        )
        .map(drop)
    }

    pub(super) fn count_sandboxes(&mut self, since: Timestamp) -> Stored<(u32, u32)> {
        let counted = self.query_one(
            "SELECT COUNT(*), COUNT(CASE WHEN created_at > $1 THEN 1 END) FROM sandboxes",
            args![since],
            |row| Ok((row.small(0)?, row.small(1)?)),
        )?;
        Ok(counted.unwrap_or_default())
    }

    pub(super) fn find_sandboxes(&mut self, limit: u32) -> Stored<Vec<Sandbox>> {
        self.query(
            "SELECT workspace_id, created_at, expires_at FROM sandboxes INDEXED BY sandboxes_created
             ORDER BY created_at LIMIT $1",
            args![limit],
            sandbox,
        )
    }

    /// Removes some rows of a workspace, and once there are none the workspace: but only one that is a sandbox.
    pub(super) fn remove_sandbox(&mut self, workspace: &WorkspaceId, limit: u32) -> Stored<usize> {
        let of = args![workspace.as_str(), limit];
        let known = self.query_one("SELECT 1 FROM sandboxes WHERE workspace_id = $1", &of[..1], |_| Ok(()))?;
        if known.is_none() {
            return Ok(0);
        }
        let deliveries = self.query(NEXT_DELIVERIES, of, |row| row.int(0))?;
        if !deliveries.is_empty() {
            return self.remove_deliveries(&deliveries);
        }
        for (_, sql) in REMOVED {
            let removed = self.execute(sql, of)?;
            if removed > 0 {
                return Ok(removed);
            }
        }
        self.execute("DELETE FROM workspaces WHERE id = $1", &of[..1])?;
        self.execute("DELETE FROM sandboxes WHERE workspace_id = $1", &of[..1])
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use super::*;
    use crate::{Fault, InlineStore, MasterKey, Nobody, Store, Vault, tx::Connection};

    /// What belongs to no workspace.
    const KEPT: [&str; 2] = ["settings", "publishers"];

    /// Of what a workspace has one row.
    const ONE_ROW: [&str; 3] = ["workspaces", "sandboxes", "spend_marks"];
    /// Rows that [`fill`] makes in each other table.
    const ROWS: usize = 3;

    /// A column of the schema.
    struct Column {
        name: String,
        kind: String,
    }

    /// Every table of the schema with its columns.
    fn tables(connection: &rusqlite::Connection) -> Vec<(String, Vec<Column>)> {
        let mut names = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
            .expect("SQL");
        let names: Vec<String> =
            names.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("it can be read");
        let columns = |name: &String| {
            let mut columns = connection.prepare("SELECT name, type FROM pragma_table_info(?1)").expect("SQL");
            columns
                .query_map([name], |row| Ok(Column { name: row.get(0)?, kind: row.get(1)? }))
                .and_then(Iterator::collect)
                .expect("read")
        };
        names.iter().map(|name| (name.clone(), columns(name))).collect()
    }

    /// Which table a column names a row of.
    fn named(column: &str) -> Option<&'static str> {
        Some(match column {
            "approval_id" => "approvals",
            "endpoint_id" => "endpoints",
            "event_id" | "event_seq" => "events",
            "delivery_seq" => "deliveries",
            "key_id" => "api_keys",
            "policy_id" => "policies",
            "purchase_id" => "purchases",
            "wallet_id" | "parent_id" => "wallets",
            _ => return None,
        })
    }

    /// Fills every table with `rows` rows of a workspace, in which each names the row of its number in the others. No two
    /// tables know the same ids and numbers: whoever looks for one in the wrong table finds nothing.
    pub(in crate::rows) fn fill(connection: &rusqlite::Connection, workspace: &str, rows: usize) {
        let tables = tables(connection);
        let offset = if workspace == "one" { 1_000_000 } else { 2_000_000 };
        let place = |table: &str| tables.iter().position(|(name, _)| name == table).expect("a table");
        for (table, columns) in &tables {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let places: Vec<String> = (1..=names.len()).map(|place| format!("?{place}")).collect();
            let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
            let mut insert = connection.prepare(&sql).expect("SQL");
            for row in 0..if ONE_ROW.contains(&table.as_str()) { 1 } else { rows } {
                let number = |table: &str| i64::try_from(offset + place(table) * 10_000 + row).expect("small");
                let value = |column: &Column| -> rusqlite::types::Value {
                    let name = column.name.as_str();
                    let of = named(name).unwrap_or(table);
                    match column.kind.as_str() {
                        "INTEGER" if name == "status" => 1.into(),
                        "INTEGER" => number(of).into(),
                        "BLOB" => format!("{workspace} {table} {row}").into_bytes().into(),
                        _ if name == "workspace_id" || (name == "id" && table == "workspaces") => {
                            workspace.to_owned().into()
                        }
                        _ if name == "id" || named(name).is_some() => format!("{workspace} {of} {row:05}").into(),
                        _ => format!("{workspace} {table} {name} {row:05}").into(),
                    }
                };
                let values = rusqlite::params_from_iter(columns.iter().map(value));
                insert.execute(values).unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
        }
    }

    fn rows_of(table: &str) -> i64 {
        if ONE_ROW.contains(&table) { 1 } else { i64::try_from(ROWS).expect("small") }
    }

    fn counts(connection: &rusqlite::Connection) -> BTreeMap<String, i64> {
        let count = |(table, _): (String, _)| {
            let count = connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0));
            (table, count.expect("it can be counted"))
        };
        tables(connection).into_iter().map(count).collect()
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_sandbox_in_any_table_there_is_and_nothing_of_others_goes() {
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32])));
        let inline = InlineStore::in_memory(vault, Arc::new(Nobody), Box::new(|_| Fault::None)).expect("it opens");
        let store = Store::inline(Arc::new(inline));
        let left = store.transact("everything", |tx| {
            Box::pin(async move {
                let Connection::Sqlite(connection) = &tx.connection else { panic!("the embedded engine") };
                fill(connection, "one", ROWS);
                fill(connection, "two", ROWS);
                let one = WorkspaceId::from_stored("one");
                let mut steps = 0;
                while tx.remove_sandbox(&one, 1)? > 0 {
                    steps += 1;
                }
                assert!(steps >= REMOVED.len(), "{steps}");
                let Connection::Sqlite(connection) = &tx.connection else { panic!("the embedded engine") };
                Ok(counts(connection))
            })
        });
        for (table, left) in left.await.expect("it runs") {
            let times = if KEPT.contains(&table.as_str()) { 2 } else { 1 };
            assert_eq!(left, times * rows_of(&table), "{table}: a table that is not removed is named in REMOVED");
        }
    }

    #[tokio::test]
    async fn a_workspace_that_is_no_sandbox_is_never_removed() {
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32])));
        let inline = InlineStore::in_memory(vault, Arc::new(Nobody), Box::new(|_| Fault::None)).expect("it opens");
        let store = Store::inline(Arc::new(inline));
        let left = store.transact("everything", |tx| {
            Box::pin(async move {
                let Connection::Sqlite(connection) = &tx.connection else { panic!("the embedded engine") };
                fill(connection, "one", ROWS);
                connection.execute("DELETE FROM sandboxes", []).expect("SQL");
                assert_eq!(tx.remove_sandbox(&WorkspaceId::from_stored("one"), 100)?, 0);
                let Connection::Sqlite(connection) = &tx.connection else { panic!("the embedded engine") };
                Ok(counts(connection))
            })
        });
        for (table, left) in left.await.expect("it runs") {
            assert_eq!(left, if table == "sandboxes" { 0 } else { rows_of(&table) }, "{table}");
        }
    }
}
