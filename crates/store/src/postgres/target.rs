//! A database into which another engine's rows are copied, chunk by chunk. How far it got is kept in
//! the database itself and commits with each chunk: whoever is interrupted goes on from there.
use std::{collections::BTreeSet, io::Write, time::Duration};

use postgres::Client;
use rusqlite::types::{Value, ValueRef};

use super::{address::Address, bulk::clean, migrate, partition::Partitions, words};
use crate::{
    OpenError,
    sqlite::{Table, quoted},
};

/// One copy into a database at a time.
const MOVE_LOCK: i64 = 0x6265_6c6c_0004;
/// The row that tells of the whole, not of a table.
const WHOLE: &str = "";
/// What begins a binary copy (PostgreSQL, COPY, "Binary Format"): the signature, no flags, no more header.
const COPY_HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// A chunk is not more than this: what is lost by an interruption, and what is held in memory. Keeps I12.
const CHUNK_ROWS: i64 = 10_000;
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

/// Rows on their way, as COPY reads them.
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    pub(crate) rows: i64,
    /// The key of the last row.
    pub(crate) last: Vec<Value>,
    /// The numbers that decide the partitions of its rows.
    numbers: BTreeSet<i64>,
    numbered: Option<usize>,
}

impl Chunk {
    fn new(numbered: Option<usize>) -> Self {
        let bytes = COPY_HEAD.to_vec();
        Self { bytes, rows: 0, last: Vec::new(), numbers: BTreeSet::new(), numbered }
    }

    /// Adds a row; whether there is room for another.
    pub(crate) fn push(&mut self, table: &Table, row: &[ValueRef<'_>], width: i64) -> Result<bool, OpenError> {
        let columns = i16::try_from(row.len()).map_err(|_| wrong("too many columns"))?;
        self.bytes.extend(columns.to_be_bytes());
        for value in row {
            match value {
                ValueRef::Null => self.bytes.extend((-1_i32).to_be_bytes()),
                ValueRef::Integer(number) => self.field(&number.to_be_bytes())?,
                ValueRef::Blob(bytes) => self.field(bytes)?,
                ValueRef::Text(text) => {
                    let text = str::from_utf8(text).map_err(|_| wrong(&format!("{}: not UTF-8", table.name)))?;
                    if text.contains('\0') {
                        self.field(clean(text).as_bytes())?;
                    } else {
                        self.field(text.as_bytes())?;
                    }
                }
                ValueRef::Real(_) => return Err(wrong(&format!("{}: a number with a fraction", table.name))),
            }
        }
        if let Some(ValueRef::Integer(number)) = self.numbered.and_then(|at| row.get(at)) {
            self.numbers.insert(number.div_euclid(width) * width);
        }
        self.rows += 1;
        let full = self.rows >= CHUNK_ROWS || self.bytes.len() >= CHUNK_BYTES;
        self.last.clear();
        for at in &table.key {
            self.last.push(row[*at].try_into().map_err(|_| wrong(&format!("{}: a key is no text", table.name)))?);
        }
        Ok(!full)
    }

    fn field(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        let length = i32::try_from(bytes.len()).map_err(|_| wrong("a value of more than 2 GiB"))?;
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(bytes);
        Ok(())
    }
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It begins, or goes on.
    Open,
    /// Everything is there since an earlier run.
    Done,
}

/// The database.
pub(crate) struct Target {
    client: Client,
    partition: Duration,
    /// Once it is known that rows may be copied here.
    partitions: Option<Partitions>,
}

impl Target {
    /// Connects, brings the schema up to date, and keeps others from copying into it meanwhile.
    pub(crate) fn open(url: &str, partition: Duration) -> Result<Self, OpenError> {
        let mut client = Address::parse(url)?.connect().map_err(|error| failed(&error))?;
        // Counting looks at everything, and a chunk may be long on its way.
        client
            .batch_execute(
                "SET enable_seqscan = on; SET enable_hashjoin = on; SET idle_in_transaction_session_timeout = '60s';
                 SET statement_timeout = 0",
            )
            .map_err(|error| failed(&error))?;
        migrate::migrate(&mut client, migrate::MIGRATIONS)?;
        // One that was killed is gone as soon as the server notices.
        client
            .execute("SELECT pg_advisory_lock($1)", &[&MOVE_LOCK])
            .map_err(|_| wrong("another migration into it is under way"))?;
        client
            .batch_execute(
                "CREATE TABLE IF NOT EXISTS migration_progress (
                     table_name TEXT COLLATE \"C\" PRIMARY KEY,
                     source TEXT COLLATE \"C\" NOT NULL,
                     schema_number BIGINT NOT NULL,
                     last_key TEXT COLLATE \"C\",
                     rows_moved BIGINT NOT NULL,
                     done BOOLEAN NOT NULL
                 )",
            )
            .map_err(|error| failed(&error))?;
        Ok(Self { client, partition, partitions: None })
    }

    /// Whether this source may be copied here: why not, if it may not.
    pub(crate) fn begin(
        &mut self,
        source: &str,
        schema: i64,
        tables: &[Table],
    ) -> Result<Result<Begun, String>, OpenError> {
        let known = self
            .client
            .query_opt("SELECT source, schema_number, done FROM migration_progress WHERE table_name = $1", &[&WHOLE])
            .map_err(|error| failed(&error))?;
        if let Some(known) = known {
            let (other, number, done): (&str, i64, bool) = (known.get(0), known.get(1), known.get(2));
            let verdict = match (other == source, done) {
                (true, true) => Ok(Begun::Done),
                (true, false) if number == schema => Ok(Begun::Open),
                (true, false) => Err("a migration into it was begun by another version of bellwire: \
                                      empty it, or finish with that version"
                    .into()),
                (false, _) => Err("another data directory was migrated into it, or this one before it was changed: \
                                   give an empty database"
                    .into()),
            };
            if verdict == Ok(Begun::Open) {
                self.lay_out()?;
            }
            return Ok(verdict);
        }
        for table in tables {
            let sql = format!("SELECT 1 FROM {} LIMIT 1", rows_of(table));
            if self.client.query_opt(&sql, &[]).map_err(|error| failed(&error))?.is_some() {
                return Ok(Err(format!(
                    "it holds data that did not come from this data directory (table {}): give an empty database",
                    table.name
                )));
            }
        }
        self.client
            .execute(
                "INSERT INTO migration_progress (table_name, source, schema_number, rows_moved, done)
                 VALUES ($1, $2, $3, 0, FALSE)",
                &[&WHOLE, &source, &schema],
            )
            .map_err(|error| failed(&error))?;
        self.lay_out()?;
        Ok(Ok(Begun::Open))
    }

    fn lay_out(&mut self) -> Result<(), OpenError> {
        let partitions = Partitions::of(&mut self.client, self.partition).map_err(|error| failed(&error))?;
        self.partitions = Some(partitions);
        Ok(())
    }

    /// Checks that a table is here with every column, and makes a chunk for its rows.
    pub(crate) fn fits(&mut self, table: &Table) -> Result<Chunk, OpenError> {
        let here = self
            .client
            .query(
                "SELECT column_name::text, data_type::text FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name = $1",
                &[&table.name],
            )
            .map_err(|error| failed(&error))?;
        for column in &table.columns {
            let kind = match column.kind.as_str() {
                "INTEGER" => "bigint",
                "TEXT" => "text",
                "BLOB" => "bytea",
                other => return Err(wrong(&format!("{}.{} is {other}", table.name, column.name))),
            };
            let found = here.iter().find(|row| row.get::<_, &str>(0) == column.name).map(|row| row.get::<_, &str>(1));
            if found != Some(kind) {
                let found = found.unwrap_or("missing");
                return Err(wrong(&format!("{}.{} should be {kind} and is {found}", table.name, column.name)));
            }
        }
        let by = self
            .client
            .query_opt(
                "SELECT a.attname::text FROM pg_partitioned_table p
                 JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
                 WHERE p.partrelid = to_regclass($1::text)",
                &[&quoted(&table.name)],
            )
            .map_err(|error| failed(&error))?;
        let by = by.map(|row| row.get::<_, String>(0));
        Ok(Chunk::new(by.and_then(|by| table.columns.iter().position(|column| column.name == by))))
    }

    /// The microseconds that a partition holds.
    pub(crate) fn width(&self) -> i64 {
        self.partitions.as_ref().map_or(i64::MAX, Partitions::width)
    }

    /// The key after which a table goes on, and how many rows of it are here.
    pub(crate) fn reached(&mut self, table: &Table) -> Result<(Vec<Value>, i64), OpenError> {
        let row = self
            .client
            .query_opt("SELECT last_key, rows_moved FROM migration_progress WHERE table_name = $1", &[&table.name])
            .map_err(|error| failed(&error))?;
        let Some(row) = row else { return Ok((Vec::new(), 0)) };
        let key: Vec<serde_json::Value> = serde_json::from_str(row.get::<_, Option<&str>>(0).unwrap_or("[]"))
            .map_err(|error| wrong(&format!("migration_progress: {error}")))?;
        let key = key.into_iter().map(|value| match value {
            serde_json::Value::String(text) => Value::Text(text),
            other => Value::Integer(other.as_i64().unwrap_or_default()),
        });
        Ok((key.collect(), row.get(1)))
    }

    /// Copies a chunk and notes how far the table is, in one transaction; the chunk is empty again.
    pub(crate) fn copy(
        &mut self,
        (source, schema): (&str, i64),
        table: &Table,
        chunk: &mut Chunk,
    ) -> Result<(), OpenError> {
        let key: Result<Vec<serde_json::Value>, OpenError> = chunk
            .last
            .iter()
            .map(|value| match value {
                Value::Integer(number) => Ok((*number).into()),
                Value::Text(text) => Ok(text.as_str().into()),
                _ => Err(wrong(&format!("{}: a key is a number or a text", table.name))),
            })
            .collect();
        let key = serde_json::Value::from(key?).to_string();
        let partitions = self.partitions.as_ref().ok_or_else(|| wrong("nothing may be copied before it begins"))?;
        for number in std::mem::take(&mut chunk.numbers) {
            if !partitions.cover(number) {
                partitions.make(&mut self.client, number, number).map_err(|error| failed(&error))?;
            }
        }
        // The end of a binary copy.
        chunk.bytes.extend((-1_i16).to_be_bytes());
        let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", quoted(&table.name), table.list());
        let copied = self.client.transaction().and_then(|mut transaction| {
            let mut copy = transaction.copy_in(&sql)?;
            // What went wrong is told when it ends.
            drop(copy.write_all(&chunk.bytes));
            copy.finish()?;
            transaction.execute(
                "INSERT INTO migration_progress (table_name, source, schema_number, last_key, rows_moved, done)
                 VALUES ($1, $2, $3, $4, $5, FALSE)
                 ON CONFLICT (table_name) DO UPDATE SET last_key = excluded.last_key,
                     rows_moved = migration_progress.rows_moved + excluded.rows_moved",
                &[&table.name, &source, &schema, &key, &chunk.rows],
            )?;
            transaction.commit()
        });
        copied.map_err(|error| wrong(&format!("table {}: {}", table.name, words(&error))))?;
        chunk.bytes.truncate(COPY_HEAD.len());
        chunk.rows = 0;
        Ok(())
    }

    /// How many rows a table has.
    pub(crate) fn count(&mut self, table: &Table) -> Result<i64, OpenError> {
        let sql = format!("SELECT COUNT(*) FROM {}", rows_of(table));
        self.client.query_one(&sql, &[]).map(|row| row.get(0)).map_err(|error| failed(&error))
    }

    /// How many deliveries there are of each status.
    pub(crate) fn statuses(&mut self) -> Result<Vec<(i64, i64)>, OpenError> {
        let rows = self
            .client
            .query("SELECT status, COUNT(*) FROM deliveries GROUP BY status ORDER BY status", &[])
            .map_err(|error| failed(&error))?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Sets what gives out numbers after the highest that was given, and lets nodes in.
    pub(crate) fn finish(&mut self, last_seq: i64) -> Result<(), OpenError> {
        self.numbers(last_seq).map_err(|error| failed(&error))
    }

    fn numbers(&mut self, last_seq: i64) -> Result<(), postgres::Error> {
        let mut transaction = self.client.transaction()?;
        transaction
            .execute("SELECT setval('bellwire_seq', GREATEST(last_value, $1)) FROM bellwire_seq", &[&last_seq])?;
        let identities = transaction.query(
            "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = current_schema() AND is_identity = 'YES'",
            &[],
        )?;
        for row in &identities {
            let (table, column): (&str, &str) = (row.get(0), row.get(1));
            let (table, name) = (quoted(table), quoted(column));
            transaction.execute(
                &format!(
                    "SELECT setval(pg_get_serial_sequence($1, $2), COALESCE(MAX({name}), 0) + 1, FALSE) FROM {table}"
                ),
                &[&table, &column],
            )?;
        }
        transaction.execute("UPDATE migration_progress SET done = TRUE", &[])?;
        transaction.commit()?;
        self.client.batch_execute("ANALYZE")
    }
}

/// A table without what only this engine keeps in it.
fn rows_of(table: &Table) -> String {
    let name = quoted(&table.name);
    if table.name == "settings" { format!("{name} WHERE name <> 'partition width'") } else { name }
}

/// Nobody serves from what is only half there.
pub(super) fn refuse_half(client: &mut Client) -> Result<(), OpenError> {
    let begun: bool = client
        .query_one("SELECT to_regclass('migration_progress') IS NOT NULL", &[])
        .map_err(|error| failed(&error))?
        .get(0);
    if !begun {
        return Ok(());
    }
    let half = client
        .query_opt("SELECT 1 FROM migration_progress WHERE table_name = $1 AND NOT done", &[&WHOLE])
        .map_err(|error| failed(&error))?;
    match half {
        None => Ok(()),
        Some(_) => Err(wrong(
            "a migration into it is not finished: run `bellwire migrate sqlite-to-postgres` again, \
             or drop the database to give it up",
        )),
    }
}

fn failed(error: &postgres::Error) -> OpenError {
    OpenError::Database(words(error))
}

fn wrong(why: &str) -> OpenError {
    OpenError::Database(why.to_owned())
}
