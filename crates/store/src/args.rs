//! Arguments and rows as both engines understand them: integers, texts, bytes, null.
use std::fmt;

use bellwire_domain::{StoreError, Stored};
use bellwire_wire::Timestamp;

/// An argument of a statement, or null of its kind: PostgreSQL wants to know which.
#[derive(Clone, Copy)]
pub(crate) enum Arg<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Blob(Option<&'a [u8]>),
}

/// Some are secret, and drivers log what they are given: only numbers are shown.
impl fmt::Debug for Arg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(Some(value)) => write!(f, "{value}"),
            Self::Text(Some(text)) => write!(f, "a text of {}", text.len()),
            Self::Blob(Some(bytes)) => write!(f, "bytes, {} of them", bytes.len()),
            Self::Int(None) | Self::Text(None) | Self::Blob(None) => f.write_str("null"),
        }
    }
}

/// What can be an argument, and what its null is.
pub(crate) trait Argument<'a> {
    fn argument(value: Option<Self>) -> Arg<'a>
    where
        Self: Sized;
}

macro_rules! argument {
    ($($kind:ty => |$value:ident| $arg:ident($made:expr)),* $(,)?) => {
        $(impl<'a> Argument<'a> for $kind {
            fn argument(value: Option<Self>) -> Arg<'a> {
                Arg::$arg(value.map(|$value| $made))
            }
        })*
    };
}

argument! {
    i64 => |value| Int(value),
    u32 => |value| Int(value.into()),
    u16 => |value| Int(value.into()),
    bool => |value| Int(value.into()),
    Timestamp => |value| Int(value.micros()),
    &'a str => |value| Text(value),
    &'a String => |value| Text(value.as_str()),
    &'a [u8] => |value| Blob(value),
}

impl<'a, T: Argument<'a>> From<T> for Arg<'a> {
    fn from(value: T) -> Self {
        T::argument(Some(value))
    }
}

impl<'a, T: Argument<'a>> From<Option<T>> for Arg<'a> {
    fn from(value: Option<T>) -> Self {
        T::argument(value)
    }
}

impl rusqlite::ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(Some(value)) => ValueRef::Integer(*value),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Blob(Some(bytes)) => ValueRef::Blob(bytes),
            Self::Int(None) | Self::Text(None) | Self::Blob(None) => ValueRef::Null,
        }))
    }
}

/// Makes a slice of [`Arg`]s.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::args::Arg::from($value)),*] };
}
pub(crate) use args;

/// A row of an answer, read by position.
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    fn get<T>(&self, index: usize) -> Stored<T>
    where
        T: rusqlite::types::FromSql + for<'p> postgres::types::FromSql<'p>,
    {
        let broken = |error: &dyn std::fmt::Display| StoreError::Broken(format!("column {index}: {error}"));
        match self {
            Self::Sqlite(row) => row.get(index).map_err(|error| broken(&error)),
            Self::Postgres(row) => row.try_get(index).map_err(|error| broken(&error)),
        }
    }

    pub(crate) fn int(&self, index: usize) -> Stored<i64> {
        self.get(index)
    }

    pub(crate) fn opt_int(&self, index: usize) -> Stored<Option<i64>> {
        self.get(index)
    }

    /// A number that was a small one when it was stored.
    pub(crate) fn small<T: TryFrom<i64>>(&self, index: usize) -> Stored<T> {
        T::try_from(self.int(index)?).map_err(|_| StoreError::Broken(format!("column {index} is out of range")))
    }

    pub(crate) fn opt_small<T: TryFrom<i64>>(&self, index: usize) -> Stored<Option<T>> {
        self.opt_int(index)?
            .map(|value| T::try_from(value).map_err(|_| StoreError::Broken(format!("column {index} is out of range"))))
            .transpose()
    }

    pub(crate) fn flag(&self, index: usize) -> Stored<bool> {
        self.int(index).map(|value| value != 0)
    }

    pub(crate) fn time(&self, index: usize) -> Stored<Timestamp> {
        self.int(index).map(Timestamp::from_micros)
    }

    pub(crate) fn opt_time(&self, index: usize) -> Stored<Option<Timestamp>> {
        Ok(self.opt_int(index)?.map(Timestamp::from_micros))
    }

    /// A text, borrowed for the time of `read`.
    pub(crate) fn with_text<T>(&self, index: usize, read: impl FnOnce(&str) -> T) -> Stored<T> {
        let broken = |error: &dyn std::fmt::Display| StoreError::Broken(format!("column {index}: {error}"));
        match self {
            Self::Sqlite(row) => {
                let value = row.get_ref(index).map_err(|error| broken(&error))?;
                value.as_str().map(read).map_err(|error| broken(&error))
            }
            Self::Postgres(row) => row.try_get::<_, &str>(index).map(read).map_err(|error| broken(&error)),
        }
    }

    pub(crate) fn text(&self, index: usize) -> Stored<String> {
        self.get(index)
    }

    pub(crate) fn opt_text(&self, index: usize) -> Stored<Option<String>> {
        self.get(index)
    }

    pub(crate) fn blob(&self, index: usize) -> Stored<Vec<u8>> {
        self.get(index)
    }

    pub(crate) fn opt_blob(&self, index: usize) -> Stored<Option<Vec<u8>>> {
        self.get(index)
    }

    /// A value kept as JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, index: usize) -> Stored<T> {
        self.with_text(index, |text| serde_json::from_str(text))?
            .map_err(|error| StoreError::Broken(format!("column {index}: {error}")))
    }

    /// A value kept as its own text.
    pub(crate) fn parse<T: std::str::FromStr>(&self, index: usize) -> Stored<T> {
        self.with_text(index, str::parse)?
            .map_err(|_| StoreError::Broken(format!("column {index} is not what was stored")))
    }
}
