//! What `bellwire doctor` wants to know of a database, without changing anything in it.
use super::{address::Address, migrate, words};
use crate::OpenError;

/// A look at a database.
#[derive(Debug, Clone)]
pub struct Survey {
    /// As the server says it.
    pub version: String,
    /// `server_version_num`.
    pub version_number: i32,
    /// Of this database; it has to be `UTF8`.
    pub encoding: String,
    /// The newest migration that was applied; 0 if none was.
    pub schema: i64,
    /// The newest that this program knows.
    pub schema_known: usize,
    /// Nodes that are there.
    pub nodes: i64,
    /// Sessions that the server allows, and how many there are.
    pub sessions: (i64, i64),
    /// `max_locks_per_transaction`.
    pub locks: i64,
}

impl Survey {
    pub(crate) fn take(url: &str) -> Result<Self, OpenError> {
        let failed = |error: postgres::Error| OpenError::Database(words(&error));
        let mut client = Address::parse(url)?.connect().map_err(failed)?;
        let row = client
            .query_one(
                "SELECT current_setting('server_version'), current_setting('server_version_num')::int,
                     current_setting('server_encoding'), current_setting('max_connections')::bigint,
                     (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
                     current_setting('max_locks_per_transaction')::bigint,
                     to_regclass('schema_migrations') IS NOT NULL",
                &[],
            )
            .map_err(failed)?;
        let (schema, nodes) = if row.get(6) {
            let counts = "SELECT (SELECT COALESCE(MAX(number), 0) FROM schema_migrations),
                 (SELECT count(*) FROM nodes WHERE seen_at > now() - interval '5 seconds')";
            let counts = client.query_one(counts, &[]).map_err(failed)?;
            (counts.get(0), counts.get(1))
        } else {
            (0, 0)
        };
        Ok(Self {
            version: row.get(0),
            version_number: row.get(1),
            encoding: row.get(2),
            schema,
            schema_known: migrate::MIGRATIONS.len(),
            nodes,
            sessions: (row.get(3), row.get(4)),
            locks: row.get(5),
        })
    }
}
