//! A PostgreSQL for the tests: the server they share ([`shared`]), one of a test's own that it may
//! restart ([`Private`]), and a database for each test ([`Database`]).
mod database;
mod process;
mod shared;

pub use database::Database;
pub use process::{Private, Restart};
pub use shared::shared;

/// A server: its URL without a database, and what follows the database's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    base: String,
    query: String,
}

impl Address {
    /// From a URL with or without a database.
    pub fn parse(url: &str) -> Self {
        let (rest, query) =
            url.split_once('?').map_or((url, String::new()), |(rest, query)| (rest, format!("?{query}")));
        let start = rest.find("://").map_or(0, |at| at + 3);
        let end = rest[start..].find('/').map_or(rest.len(), |at| start + at);
        Self { base: rest[..end].to_owned(), query }
    }

    /// The URL of one of its databases.
    pub fn database(&self, name: &str) -> String {
        format!("{}/{name}{}", self.base, self.query)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn a_url_keeps_its_query_whatever_database_it_names() {
        for (url, wanted) in [
            ("postgres://u:p@h:1", "postgres://u:p@h:1/mine"),
            ("postgres://u@h/", "postgres://u@h/mine"),
            ("postgres://u@h/other?sslmode=require", "postgres://u@h/mine?sslmode=require"),
            ("postgres://u@h?sslmode=require", "postgres://u@h/mine?sslmode=require"),
        ] {
            assert_eq!(Address::parse(url).database("mine"), wanted, "{url}");
        }
    }
}
