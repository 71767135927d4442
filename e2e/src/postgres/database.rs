//! A database of one test.
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls, Row};

use super::{Address, shared};

/// An empty database that is dropped with this value. Everything here blocks.
#[derive(Debug)]
pub struct Database {
    server: Address,
    name: String,
    url: String,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// Makes one on the server that the tests share.
    pub fn create() -> Self {
        Self::create_on(shared())
    }

    /// Makes one on this server.
    pub fn create_on(server: &Address) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("bellwire_test_{}_{number}", std::process::id());
        let database = Self { url: server.database(&name), server: server.clone(), name };
        // One that is left over from a process with this number, if it was killed.
        database.drop_it();
        database.on_server(&format!("CREATE DATABASE {}", database.name)).expect("a database can be made");
        database
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A session of one's own.
    #[track_caller]
    pub fn connect(&self) -> Client {
        Client::connect(&self.url, NoTls).unwrap_or_else(|error| panic!("PostgreSQL does not answer: {error}"))
    }

    /// Runs statements.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The rows a query finds.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Vec<Row> {
        self.connect().query(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// The one number a query finds.
    #[track_caller]
    pub fn number(&self, sql: &str) -> i64 {
        self.rows(sql).first().unwrap_or_else(|| panic!("{sql}: no row")).get(0)
    }

    /// Ends every session but the one that asks; how many there were.
    #[track_caller]
    pub fn cut_connections(&self) -> i64 {
        self.number(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
    }

    fn on_server(&self, sql: &str) -> Result<(), postgres::Error> {
        Client::connect(&self.server.database("postgres"), NoTls)?.batch_execute(sql)
    }

    fn drop_it(&self) {
        // The server may be gone, and it with it.
        drop(self.on_server(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.drop_it();
    }
}
