//! An empty database that goes with the test.
use std::sync::atomic::{AtomicU32, Ordering};

/// A database of one test, dropped with it.
pub(crate) struct Database {
    server: String,
    name: String,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// Makes one on the server that the tests were given (see scripts/test).
    pub(crate) async fn create() -> Self {
        let server = option_env!("BELLWIRE_TEST_POSTGRES").unwrap_or("postgres://postgres@127.0.0.1:5432").to_owned();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let database = Self { server, name: format!("bellwire_store_{}_{number}", std::process::id()) };
        database.run(format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    /// Runs a statement in the server's own database.
    async fn run(&self, sql: String) {
        let server = format!("{}/postgres", self.server);
        tokio::task::spawn_blocking(move || execute(&server, &sql)).await.expect("it does not panic");
    }

    /// Runs statements in this database.
    pub(crate) async fn execute(&self, sql: &str) {
        let (url, sql) = (self.url(), sql.to_owned());
        tokio::task::spawn_blocking(move || execute(&url, &sql)).await.expect("it does not panic");
    }

    /// One number out of this database.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let (url, sql) = (self.url(), sql.to_owned());
        let found = tokio::task::spawn_blocking(move || {
            let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("PostgreSQL answers");
            client.query_one(&sql, &[]).expect(&sql).get(0)
        });
        found.await.expect("it does not panic")
    }
}

fn execute(url: &str, sql: &str) {
    let mut client = postgres::Client::connect(url, postgres::NoTls).expect("PostgreSQL answers");
    client.batch_execute(sql).expect(sql);
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (format!("{}/postgres", self.server), self.name.clone());
        let gone = std::thread::spawn(move || execute(&server, &format!("DROP DATABASE {name} WITH (FORCE)")));
        drop(gone.join());
    }
}
