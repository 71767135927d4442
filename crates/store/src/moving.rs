//! Moves a deployment from the embedded engine to PostgreSQL.
//!
//! Who takes part: a [`Source`] shows rows in the order of their keys, table by table; a [`Target`]
//! takes them in chunks and commits with each how far it is. Both read the tables and columns from the
//! schema: what a later migration adds is moved without anybody remembering. The directory is marked
//! before the first row goes, so that nobody serves from it meanwhile; an interrupted move goes on where
//! it was.
use std::{path::PathBuf, sync::Arc, time::Duration};

use bellwire_wire::Timestamp;
use serde::Serialize;

use crate::{
    OpenError, Vault,
    postgres::{Begun, Target},
    sqlite::{Mark, Source, Table},
};

/// What is moved where. [`Move::run`] blocks, and must not be called from a thread of a runtime.
pub struct Move {
    /// The data directory of the embedded engine, which no process may have open.
    pub dir: PathBuf,
    /// The target: `postgres://…`.
    pub url: String,
    /// The deployment's keys, before and after.
    pub vault: Arc<Vault>,
    /// What was held by the process before is due from now on.
    pub now: Timestamp,
    /// The time that one partition of the target holds.
    pub partition: Duration,
}

/// What a move is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// So many rows of a table are in the target: of how many.
    Copied {
        /// Which.
        table: &'a str,
        /// So many.
        rows: i64,
        /// Of so many.
        total: i64,
    },
    /// Everything is there; both sides are counted.
    Counting,
}

/// Rows on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The table, or the status of deliveries.
    pub name: String,
    /// In the data directory.
    pub source: i64,
    /// In PostgreSQL.
    pub target: i64,
}

/// What became of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Every table.
    pub tables: Vec<Count>,
    /// Deliveries by status.
    pub deliveries: Vec<Count>,
    /// Rows that this run copied.
    pub copied: i64,
}

impl Moved {
    /// Whether both sides have the same.
    pub fn agrees(&self) -> bool {
        self.tables.iter().chain(&self.deliveries).all(|count| count.source == count.target)
    }
}

/// Why nothing, or not everything, was moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The data directory cannot be read.
    #[error(transparent)]
    Source(OpenError),
    /// The database cannot be written.
    #[error("the target: {0}")]
    Target(OpenError),
    /// It was moved before.
    #[error(transparent)]
    Already(OpenError),
    /// The database is not one to move this data directory into.
    #[error("the target is refused: {0}")]
    Refused(String),
}

impl Move {
    /// Moves everything, or what an earlier run left; counts both sides. Unless they agree nobody may
    /// serve from either.
    pub fn run(&self, mut tell: impl FnMut(Step<'_>)) -> Result<Moved, MoveError> {
        let source = Source::open(&self.dir, &self.vault, self.now).map_err(MoveError::Source)?;
        let (mut mark, fresh) = self.mark()?;
        let (schema, tables) =
            (source.schema().map_err(MoveError::Source)?, source.tables().map_err(MoveError::Source)?);
        let mut target = Target::open(&self.url, self.partition).map_err(MoveError::Target)?;
        // Before the target knows of it: what is there is always told by what is here.
        mark.write(&self.dir).map_err(|error| self.io(error))?;
        let begun = match target.begin(&mark.source, schema, &tables).map_err(MoveError::Target)? {
            Ok(begun) => begun,
            Err(why) => {
                if fresh {
                    Mark::remove(&self.dir).map_err(|error| self.io(error))?;
                }
                return Err(MoveError::Refused(why));
            }
        };
        let mut moved = Moved { tables: Vec::new(), deliveries: Vec::new(), copied: 0 };
        if begun == Begun::Open {
            for table in &tables {
                moved.copied += copy(&source, &mut target, (&mark.source, schema), table, &mut tell)?;
            }
            tell(Step::Counting);
            for table in &tables {
                moved.tables.push(Count {
                    name: table.name.clone(),
                    source: source.count(table).map_err(MoveError::Source)?,
                    target: target.count(table).map_err(MoveError::Target)?,
                });
            }
            moved.deliveries = by_status(
                &source.statuses().map_err(MoveError::Source)?,
                &target.statuses().map_err(MoveError::Target)?,
            );
            if !moved.agrees() {
                return Ok(moved);
            }
            target.finish(source.last_seq()).map_err(MoveError::Target)?;
        }
        mark.done = true;
        mark.write(&self.dir).map_err(|error| self.io(error))?;
        Ok(moved)
    }

    /// The mark of an interrupted move, or a new one; whether it is new.
    fn mark(&self) -> Result<(Mark, bool), MoveError> {
        match Mark::read(&self.dir).map_err(|error| self.io(error))? {
            Some(mark) if mark.done => {
                Mark::refuse(&self.dir).map_err(MoveError::Already)?;
                Ok((mark, false))
            }
            Some(mark) => Ok((mark, false)),
            None => Ok((Mark::fresh(), true)),
        }
    }

    fn io(&self, source: std::io::Error) -> MoveError {
        MoveError::Source(OpenError::Io { dir: self.dir.clone(), source })
    }
}

/// Copies what is left of a table; how many rows that were.
fn copy(
    source: &Source,
    target: &mut Target,
    of: (&str, i64),
    table: &Table,
    tell: &mut impl FnMut(Step<'_>),
) -> Result<i64, MoveError> {
    let mut chunk = target.fits(table).map_err(MoveError::Target)?;
    let total = source.count(table).map_err(MoveError::Source)?;
    let (mut after, before) = target.reached(table).map_err(MoveError::Target)?;
    let mut rows = before;
    tell(Step::Copied { table: &table.name, rows, total });
    loop {
        let width = target.width();
        source.rows(table, &after, |row| chunk.push(table, row, width)).map_err(MoveError::Source)?;
        if chunk.rows == 0 {
            return Ok(rows - before);
        }
        rows += chunk.rows;
        target.copy(of, table, &mut chunk).map_err(MoveError::Target)?;
        after.clone_from(&chunk.last);
        tell(Step::Copied { table: &table.name, rows, total });
    }
}

fn by_status(source: &[(i64, i64)], target: &[(i64, i64)]) -> Vec<Count> {
    let of = |counts: &[(i64, i64)], status: i64| {
        counts.iter().find(|(known, _)| *known == status).map_or(0, |(_, count)| *count)
    };
    let mut counts: Vec<Count> = ["pending", "success", "failed"]
        .into_iter()
        .zip(0..)
        .map(|(name, status)| Count { name: name.into(), source: of(source, status), target: of(target, status) })
        .collect();
    counts.retain(|count| count.source != 0 || count.target != 0);
    counts
}
