//! Migrations: numbered, forward only, embedded, applied at start in one transaction each.
use rusqlite::Connection;

use crate::OpenError;

/// Every migration, in order; its number is its place, from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_core.sqlite.sql"),
    include_str!("../../migrations/0002_endpoint_versions.sqlite.sql"),
    include_str!("../../migrations/0003_commits.sqlite.sql"),
    include_str!("../../migrations/0004_publishers.sqlite.sql"),
    include_str!("../../migrations/0005_audit.sqlite.sql"),
    include_str!("../../migrations/0006_spend.sqlite.sql"),
    include_str!("../../migrations/0007_approval.sqlite.sql"),
    include_str!("../../migrations/0008_policy.sqlite.sql"),
    include_str!("../../migrations/0009_spend_indexes.sqlite.sql"),
    include_str!("../../migrations/0010_spend_marks.sqlite.sql"),
    include_str!("../../migrations/0011_approvals_open.sqlite.sql"),
    include_str!("../../migrations/0012_session.sqlite.sql"),
    include_str!("../../migrations/0013_own_entries.sqlite.sql"),
    include_str!("../../migrations/0014_overview.sqlite.sql"),
    include_str!("../../migrations/0015_sandboxes.sqlite.sql"),
];

pub(crate) fn migrate(connection: &Connection) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::Database(error.to_string());
    let current: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let current = current as usize;
    if current > MIGRATIONS.len() {
        return Err(OpenError::Database(format!(
            "it was last opened by a newer bellwire (schema {current}, this one knows {})",
            MIGRATIONS.len()
        )));
    }
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(current) {
        let number = index + 1;
        connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {sql}; PRAGMA user_version = {number}; COMMIT;"))
            .map_err(|error| OpenError::Database(format!("migration {number}: {error}")))?;
    }
    Ok(())
}
