//! Arguments and rows as both engines understand them: integers, texts, bytes, null.
use bellwire_domain::{StoreError, Stored};
use bellwire_wire::Timestamp;

/// An argument of a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arg<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Arg<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u16> for Arg<'_> {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Arg<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<Timestamp> for Arg<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.micros())
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(value)
    }
}

impl<'a, T: Into<Arg<'a>>> From<Option<T>> for Arg<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Makes a slice of [`Arg`]s.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::args::Arg::from($value)),*] };
}
pub(crate) use args;

/// A row of an answer, read by position.
pub(crate) struct Row<'a>(pub(crate) &'a rusqlite::Row<'a>);

impl Row<'_> {
    fn get<T: rusqlite::types::FromSql>(&self, index: usize) -> Stored<T> {
        self.0.get(index).map_err(|error| StoreError::Broken(format!("column {index}: {error}")))
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
        let value = self.0.get_ref(index).map_err(|error| StoreError::Broken(error.to_string()))?;
        value.as_str().map(read).map_err(|error| StoreError::Broken(format!("column {index}: {error}")))
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
