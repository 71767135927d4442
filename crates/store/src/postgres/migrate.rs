//! Migrations: the same numbers as the embedded engine's, applied by whichever node comes first. Each
//! leaves the node version before it working, so that nodes are upgraded one after the other.
use postgres::Client;

use crate::OpenError;

/// Every migration, in order; its number is its place, from 1.
pub const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_core.postgres.sql"),
    include_str!("../../migrations/0002_endpoint_versions.postgres.sql"),
    include_str!("../../migrations/0003_commits.postgres.sql"),
    include_str!("../../migrations/0004_publishers.postgres.sql"),
    include_str!("../../migrations/0005_audit.postgres.sql"),
    include_str!("../../migrations/0006_spend.postgres.sql"),
    include_str!("../../migrations/0007_approval.postgres.sql"),
    include_str!("../../migrations/0008_policy.postgres.sql"),
    include_str!("../../migrations/0009_spend_indexes.postgres.sql"),
    include_str!("../../migrations/0010_spend_marks.postgres.sql"),
    include_str!("../../migrations/0011_approvals_open.postgres.sql"),
    include_str!("../../migrations/0012_session.postgres.sql"),
    include_str!("../../migrations/0013_own_entries.postgres.sql"),
    include_str!("../../migrations/0014_overview.postgres.sql"),
    include_str!("../../migrations/0015_sandboxes.postgres.sql"),
];

const MIGRATION_LOCK: i64 = 0x6265_6c6c_0003;

pub(crate) fn migrate(client: &mut Client, migrations: &[&str]) -> Result<(), OpenError> {
    let failed = |error: postgres::Error| OpenError::Database(super::words(&error));
    let version: i32 =
        client.query_one("SELECT current_setting('server_version_num')::int", &[]).map_err(failed)?.get(0);
    if version < 140_000 {
        return Err(OpenError::Database("PostgreSQL 14 or later is needed".into()));
    }
    let encoding: String = client.query_one("SHOW server_encoding", &[]).map_err(failed)?.get(0);
    if encoding != "UTF8" {
        return Err(OpenError::Database(format!("its encoding is {encoding}; make it with ENCODING 'UTF8'")));
    }
    // Whoever comes second waits for the first, however long that takes.
    client.batch_execute("SET lock_timeout = 0; SET statement_timeout = 0").map_err(failed)?;
    client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK]).map_err(failed)?;
    let migrated = migrate_locked(client, migrations);
    client.execute("SELECT pg_advisory_unlock($1)", &[&MIGRATION_LOCK]).map_err(failed)?;
    client.batch_execute("SET lock_timeout = '10s'; SET statement_timeout = '60s'").map_err(failed)?;
    migrated
}

fn migrate_locked(client: &mut Client, migrations: &[&str]) -> Result<(), OpenError> {
    let failed = |error: postgres::Error| OpenError::Database(super::words(&error));
    client
        .batch_execute("CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())")
        .map_err(failed)?;
    let current: i64 =
        client.query_one("SELECT COALESCE(MAX(number), 0) FROM schema_migrations", &[]).map_err(failed)?.get(0);
    let current = usize::try_from(current).unwrap_or(usize::MAX);
    if current > migrations.len() {
        return Err(OpenError::Database(format!(
            "it was last opened by a newer bellwire (schema {current}, this one knows {})",
            migrations.len()
        )));
    }
    for (index, sql) in migrations.iter().enumerate().skip(current) {
        let number = index + 1;
        let applied = client
            .batch_execute(&format!("BEGIN; {sql}; INSERT INTO schema_migrations (number) VALUES ({number}); COMMIT;"));
        if let Err(error) = applied {
            drop(client.batch_execute("ROLLBACK"));
            return Err(OpenError::Database(format!("migration {number}: {}", super::words(&error))));
        }
    }
    Ok(())
}
