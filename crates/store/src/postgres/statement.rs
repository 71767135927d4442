//! Statements and errors of PostgreSQL, in the terms of the store.
use bellwire_domain::StoreError;
use bytes::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::{bulk::clean, link::Failed};
use crate::args::Arg;

pub(super) fn unavailable(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unavailable(why.to_string())
}

/// An error by its code (PostgreSQL, appendix A).
pub(super) fn classify(error: &postgres::Error, lost: bool) -> (Failed, StoreError) {
    let Some(code) = error.code() else {
        return if lost {
            (Failed::Lost, unavailable(&"the connection to the database was lost"))
        } else {
            (Failed::Statement, StoreError::Broken(error.to_string()))
        };
    };
    let words = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    match code.code() {
        // Unique violation, a partition that went, a plan that went.
        "23505" | "23514" | "0A000" => (Failed::Conflict, StoreError::Broken(words)),
        // Serialization failure, deadlock, lock timeout.
        "40001" | "40P01" | "55P03" => (Failed::Deadlock, unavailable(&words)),
        // Disk full.
        "53100" => (Failed::Statement, StoreError::Full),
        // Shutdown, crash recovery, still starting, read-only after a fail-over, idle for too long.
        "57P01" | "57P02" | "57P03" | "25006" | "25P03" | "57P05" | "53300" => (Failed::Lost, unavailable(&words)),
        _ if lost => (Failed::Lost, unavailable(&words)),
        _ => (Failed::Statement, StoreError::Broken(words)),
    }
}

/// SQLite is told which index to use; PostgreSQL has no words for it.
pub(crate) fn without_hints(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("INDEXED BY ") {
        out.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    }
    out.push_str(rest);
    out.replace("NOT INDEXED", "")
}

pub(super) fn kind(arg: &Arg<'_>) -> Type {
    match arg {
        Arg::Int(_) => Type::INT8,
        Arg::Text(_) => Type::TEXT,
        Arg::Blob(_) => Type::BYTEA,
    }
}

pub(super) fn params<'a>(args: &'a [Arg<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    args.iter().map(|arg| arg as _).collect()
}

impl ToSql for Arg<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Int(value) => value.to_sql(kind, out),
            Self::Text(Some(text)) if text.contains('\0') => clean(text).to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Blob(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_for_the_other_engine_are_left_out() {
        assert_eq!(
            without_hints("FROM deliveries d INDEXED BY deliveries_due JOIN events v NOT INDEXED WHERE 1 = 1"),
            "FROM deliveries d  JOIN events v  WHERE 1 = 1"
        );
    }
}
