//! An empty database that goes with the test, from asynchronous code.
use std::sync::Arc;

use bellwire_e2e::postgres;

/// A database of one test, dropped with it.
pub(crate) struct Database(Option<Arc<postgres::Database>>);

impl Database {
    /// Makes one on the server that the tests share.
    pub(crate) async fn create() -> Self {
        Self(Some(Arc::new(blocking(postgres::Database::create).await)))
    }

    fn inner(&self) -> Arc<postgres::Database> {
        Arc::clone(self.0.as_ref().expect("until it is dropped"))
    }

    pub(crate) fn url(&self) -> String {
        self.inner().url().to_owned()
    }

    /// Runs statements.
    pub(crate) async fn execute(&self, sql: &str) {
        let (database, sql) = (self.inner(), sql.to_owned());
        blocking(move || database.execute(&sql)).await;
    }

    /// The one number a query finds.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let (database, sql) = (self.inner(), sql.to_owned());
        blocking(move || database.number(&sql)).await
    }

    /// What a query finds, as texts.
    pub(crate) async fn table(&self, sql: &str) -> Vec<Vec<String>> {
        let (database, sql) = (self.inner(), sql.to_owned());
        let texts = |message: ::postgres::SimpleQueryMessage| match message {
            ::postgres::SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).unwrap_or("null").to_owned()).collect())
            }
            _ => None,
        };
        let found = blocking(move || database.connect().simple_query(&sql).expect("it runs")).await;
        found.into_iter().filter_map(texts).collect()
    }

    /// Ends every session.
    pub(crate) async fn cut_connections(&self) {
        let database = self.inner();
        blocking(move || database.cut_connections()).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let database = self.0.take();
        // No thread of a runtime may wait as this does.
        let gone = std::thread::spawn(move || drop(database));
        drop(gone.join());
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("it does not panic")
}
