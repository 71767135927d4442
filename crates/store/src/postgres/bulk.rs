//! Rows that are inserted many at a time: a row costs a fraction of what a statement of its own costs.
use std::fmt;

use bytes::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::args::Arg;

/// One insertion in two forms: of one row at once, and of many whose columns come as arrays.
pub(crate) struct Bulk {
    /// The place among [`Pending`]; lower places are inserted first.
    pub(crate) place: usize,
    /// A row.
    pub(crate) one: &'static str,
    /// Arrays, for PostgreSQL.
    pub(crate) many: &'static str,
}

/// How many kinds of [`Bulk`] there are.
pub(crate) const KINDS: usize = 5;

/// A column of many rows.
pub(crate) enum Column {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Blob(Vec<Option<Vec<u8>>>),
}

/// What is in it may be secret, and drivers log what they are given.
impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column")
    }
}

impl Column {
    fn of(arg: &Arg<'_>) -> Self {
        match arg {
            Arg::Int(_) => Self::Int(Vec::new()),
            Arg::Text(_) => Self::Text(Vec::new()),
            Arg::Blob(_) => Self::Blob(Vec::new()),
        }
    }

    fn push(&mut self, arg: &Arg<'_>) {
        match (self, arg) {
            (Self::Int(column), Arg::Int(value)) => column.push(*value),
            (Self::Text(column), Arg::Text(value)) => column.push(value.map(clean)),
            (Self::Blob(column), Arg::Blob(value)) => column.push(value.map(<[u8]>::to_vec)),
            _ => unreachable!("an argument of a statement is always of the same kind"),
        }
    }

    pub(crate) fn kind(&self) -> Type {
        match self {
            Self::Int(_) => Type::INT8_ARRAY,
            Self::Text(_) => Type::TEXT_ARRAY,
            Self::Blob(_) => Type::BYTEA_ARRAY,
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Int(column) => column.clear(),
            Self::Text(column) => column.clear(),
            Self::Blob(column) => column.clear(),
        }
    }
}

/// PostgreSQL keeps no NUL in a text. Only what receivers answered can hold one: ids cannot, and JSON
/// escapes it.
pub(crate) fn clean(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}

impl ToSql for Column {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Int(column) => column.to_sql(kind, out),
            Self::Text(column) => column.to_sql(kind, out),
            Self::Blob(column) => column.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8_ARRAY | Type::TEXT_ARRAY | Type::BYTEA_ARRAY)
    }

    to_sql_checked!();
}

/// Rows of one [`Bulk`] that wait, by column.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    columns: Vec<Column>,
    rows: usize,
}

impl Columns {
    /// Columns of rows of arguments.
    pub(crate) fn of<'a, const N: usize>(rows: impl Iterator<Item = [Arg<'a>; N]>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.push(&row);
        }
        columns
    }

    pub(crate) fn push(&mut self, row: &[Arg<'_>]) {
        if self.columns.is_empty() {
            self.columns = row.iter().map(Column::of).collect();
        }
        for (column, arg) in self.columns.iter_mut().zip(row) {
            column.push(arg);
        }
        self.rows += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether a row has this text in a column.
    pub(crate) fn has(&self, column: usize, text: &str) -> bool {
        let has = |column: &Column| matches!(column, Column::Text(values) if values.iter().any(|value| value.as_deref() == Some(text)));
        self.rows > 0 && self.columns.get(column).is_some_and(has)
    }

    /// A number of the row that is `offset` back among those with this number in a column; or how many of
    /// those there are.
    pub(crate) fn back(&self, (column, number): (usize, i64), offset: u32, wanted: usize) -> Result<i64, u32> {
        let (Some(Column::Int(column)), Some(Column::Int(wanted))) =
            (self.columns.get(column), self.columns.get(wanted))
        else {
            return Err(0);
        };
        let mut seen = 0;
        for (found, wanted) in column.iter().zip(wanted).rev() {
            if *found == Some(number) {
                if seen == offset {
                    return wanted.ok_or(seen);
                }
                seen += 1;
            }
        }
        Err(seen)
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn clear(&mut self) {
        self.rows = 0;
        for column in &mut self.columns {
            column.clear();
        }
    }
}
