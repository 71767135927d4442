//! A fresh PostgreSQL database for the nodes of a scenario, and what its server uses.

use std::time::Duration;

use anyhow::Context as _;
use postgres::{Client, NoTls};

use super::usage;
use crate::clock;

/// Rows in one batch of the raw limit, as many as connections wait for it.
const BATCH: i64 = 64;

/// A database that goes with this value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes an empty one.
    pub fn create(server: &str) -> anyhow::Result<Self> {
        let name = format!("bellwire_bench_{}", std::process::id());
        let database = Self { server: server.to_owned(), name };
        database.drop_it();
        database.execute("postgres", &format!("CREATE DATABASE {}", database.name))?;
        Ok(database)
    }

    /// Where nodes find it.
    pub fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    /// Bytes that it takes on the disk.
    pub fn bytes(&self) -> anyhow::Result<i64> {
        let row = self.connect(&self.name)?.query_one("SELECT pg_database_size(current_database())", &[])?;
        Ok(row.get(0))
    }

    /// Rows per second that one session inserts in synced batches: two tables, two indexes, nothing
    /// else.
    pub fn raw_inserts(&self, seconds: f64) -> anyhow::Result<f64> {
        let mut client = self.connect(&self.name)?;
        client.batch_execute(
            "CREATE TABLE raw_events (seq BIGINT PRIMARY KEY, data TEXT NOT NULL);
             CREATE TABLE raw_deliveries (seq BIGINT PRIMARY KEY, event BIGINT NOT NULL);
             CREATE INDEX ON raw_deliveries (event)",
        )?;
        let insert = client.prepare(
            "WITH e AS (INSERT INTO raw_events SELECT n, repeat('x', 230) FROM generate_series($1::bigint, $2) n
                        RETURNING seq)
             INSERT INTO raw_deliveries SELECT seq, seq FROM e",
        )?;
        let (started, duration, mut rows) = (clock::now(), Duration::try_from_secs_f64(seconds)?, 0);
        while started.elapsed() < duration {
            client.execute(&insert, &[&rows, &(rows + BATCH - 1)])?;
            rows += BATCH;
        }
        let rate = rows as f64 / started.elapsed().as_secs_f64();
        client.batch_execute("DROP TABLE raw_events, raw_deliveries")?;
        Ok(rate)
    }

    fn connect(&self, name: &str) -> anyhow::Result<Client> {
        Client::connect(&format!("{}/{name}", self.server), NoTls).context("PostgreSQL does not answer; see --postgres")
    }

    fn execute(&self, name: &str, sql: &str) -> anyhow::Result<()> {
        Ok(self.connect(name)?.batch_execute(sql)?)
    }

    fn drop_it(&self) {
        // Nothing to drop, or nobody to ask.
        let _ = self.execute("postgres", &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.drop_it();
    }
}

/// Seconds of CPU of every PostgreSQL process of this machine; those that ended are not counted.
pub fn cpu_seconds() -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == "postgres") {
            // One that ended since is not counted either.
            sum += usage::cpu_seconds(pid).unwrap_or(0.0);
        }
    }
    Ok(sum)
}
