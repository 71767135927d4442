//! What was spent, added up: whole days, hours and minutes from their sums, the rest entry by entry. Days and hours that
//! are not added up yet are read as minutes.
use std::collections::{BTreeMap, HashMap};

use bellwire_domain::{
    Stored,
    spend::{Bucket, Point, Share, SpendFilter, Split},
};
use bellwire_wire::{Namespace, Timestamp, WalletId, WorkspaceId};

use super::{entry::NUMBER_AHEAD_MAX, sums::Marks, wallet::exact};
use crate::{
    Tx,
    args::{Arg, Row},
};

/// A part of a span of time, and where its sums are.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    /// Whole minutes, hours or days; entry by entry if absent.
    sums: Option<Bucket>,
    from: i64,
    until: i64,
}

/// What there are sums of, from the longest on; entry by entry at last.
const LEVELS: [Option<Bucket>; 4] = [Some(Bucket::Day), Some(Bucket::Hour), Some(Bucket::Minute), None];

/// A span of time in as few parts as it takes: whole days (or what is the largest asked for) in the middle,
/// whole hours at its ends, whole minutes at the ends of those, and then entries. Days and hours as far as they are
/// complete, minutes after that.
fn pieces(filter: &SpendFilter, largest: Bucket, marks: Marks) -> Vec<Piece> {
    let from = filter.since.map_or(0, |since| since.micros() + 1);
    let until = filter.until.map_or(i64::MAX, |until| until.micros() + 1);
    let mut pieces = Vec::new();
    if from >= until {
        return pieces;
    }
    let first = LEVELS.iter().position(|level| *level == Some(largest)).unwrap_or(0);
    split(from, until, &LEVELS[first..], marks, &mut pieces);
    pieces
}

/// `until` may be the end of time, which is the end of whatever it lies in.
fn split(from: i64, until: i64, levels: &[Option<Bucket>], marks: Marks, pieces: &mut Vec<Piece>) {
    let Some((level, finer)) = levels.split_first() else { return };
    if from >= until {
        return;
    }
    let Some(bucket) = level else {
        pieces.push(Piece { sums: None, from, until });
        return;
    };
    let length = bucket.micros();
    let first = from.div_euclid(length).saturating_add(i64::from(from.rem_euclid(length) != 0)).saturating_mul(length);
    let last = if until == i64::MAX { until } else { until - until.rem_euclid(length) };
    let last = last.min(marks.complete(*bucket));
    if first >= last {
        return split(from, until, finer, marks, pieces);
    }
    split(from, first, finer, marks, pieces);
    pieces.push(Piece { sums: Some(*bucket), from: first, until: last });
    split(last, until, finer, marks, pieces);
}

/// What of a span passes a filter.
macro_rules! span_sql {
    ($what:expr, $from:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM ",
            $from,
            " AND at >= $2 AND at < $3 AND ($4 IS NULL OR namespace = $4) AND ($5 IS NULL OR wallet_id = $5)"
        )
    };
}

/// What is added up, in dollars and the rest, so that no sum is more than an integer of the engine holds.
macro_rules! sum_sql {
    ($name:literal, $dollars:literal, $rest:literal, $from:literal) => {
        concat!(
            span_sql!(
                concat!(
                    $name,
                    ", CAST(SUM(",
                    $dollars,
                    ") AS BIGINT), CAST(SUM(",
                    $rest,
                    ") AS BIGINT), CAST(SUM(count) AS BIGINT)"
                ),
                $from
            ),
            " GROUP BY ",
            $name
        )
    };
}

/// The same, added up here: the embedded engine would sort what it groups by a name.
macro_rules! each_sql {
    ($name:literal, $dollars:literal, $rest:literal, $from:literal) => {
        span_sql!(concat!($name, ", ", $dollars, ", ", $rest, ", count"), $from)
    };
}

/// Of entries, which are single amounts.
macro_rules! of_entries {
    ($sql:ident, $name:literal) => {
        $sql!($name, "nanos / 1000000000", "nanos % 1000000000", "spend_entries WHERE workspace_id = $1")
    };
}

/// Of sums.
macro_rules! of_sums {
    ($sql:ident, $name:literal, $from:literal) => {
        $sql!($name, "dollars", "nanos", $from)
    };
}

macro_rules! by_sql {
    ($sql:ident, $sums:expr, $name:literal) => {
        match $sums {
            None => of_entries!($sql, $name),
            Some(Bucket::Minute) => of_sums!($sql, $name, "spend_sums WHERE workspace_id = $1 AND level = 0"),
            Some(Bucket::Hour) => of_sums!($sql, $name, "spend_sums WHERE workspace_id = $1 AND level = 1"),
            Some(Bucket::Day) => of_sums!($sql, $name, "spend_sums WHERE workspace_id = $1 AND level = 2"),
        }
    };
}

macro_rules! split_sql {
    ($sql:ident, $sums:expr, $split:expr) => {
        match $split {
            Split::Vendor => by_sql!($sql, $sums, "vendor"),
            Split::Wallet => by_sql!($sql, $sums, "wallet_id"),
            Split::Agent => by_sql!($sql, $sums, "agent_id"),
            Split::Category => by_sql!($sql, $sums, "category"),
        }
    };
}

fn piece_args<'a>(workspace: &'a WorkspaceId, filter: &'a SpendFilter, piece: &Piece) -> [Arg<'a>; 5] {
    [
        workspace.as_str().into(),
        piece.from.into(),
        piece.until.into(),
        filter.namespace.as_ref().map(Namespace::as_str).into(),
        filter.wallet_id.as_ref().map(WalletId::as_str).into(),
    ]
}

/// Purchases of a span that are their own entries, by name.
macro_rules! own_sql {
    ($name:literal) => {
        concat!(
            "SELECT ",
            $name,
            ", captured / 1000000000, captured % 1000000000, 1 FROM purchases
             WHERE workspace_id = $1 AND seq >= $2 AND seq < $6 AND event_id IS NOT NULL AND created_at >= $2
                 AND created_at < $3 AND ($4 IS NULL OR namespace = $4) AND ($5 IS NULL OR wallet_id = $5)"
        )
    };
}

impl Tx {
    pub(super) fn shares(&mut self, workspace: &WorkspaceId, split: Split, filter: &SpendFilter) -> Stored<Vec<Share>> {
        self.put_down()?;
        let mut shares: HashMap<String, (i128, u64)> = HashMap::new();
        let marks = self.marks(workspace)?;
        for piece in pieces(filter, Bucket::Day, marks) {
            self.piece_by(workspace, split, filter, &piece, &mut shares)?;
        }
        let share = |(name, (nanos, count)): (String, _)| Share {
            name: Some(name).filter(|name| !name.is_empty()),
            nanos,
            count,
        };
        Ok(shares.into_iter().map(share).collect())
    }

    pub(super) fn points(
        &mut self,
        workspace: &WorkspaceId,
        bucket: Bucket,
        filter: &SpendFilter,
    ) -> Stored<Vec<Point>> {
        self.put_down()?;
        let mut points: BTreeMap<i64, (i128, u64)> = BTreeMap::new();
        let largest = if bucket == Bucket::Minute { Bucket::Minute } else { Bucket::Hour };
        let marks = self.marks(workspace)?;
        for piece in pieces(filter, largest, marks) {
            for (at, nanos, count) in self.piece_over_time(workspace, filter, &piece)? {
                let start = bucket.start(Timestamp::from_micros(at)).micros();
                let point = points.entry(start).or_default();
                *point = (point.0 + nanos, point.1 + count);
            }
        }
        let point = |(at, (nanos, count))| Point { at: Timestamp::from_micros(at), nanos, count };
        Ok(points.into_iter().map(point).collect())
    }

    fn piece_by(
        &mut self,
        workspace: &WorkspaceId,
        split: Split,
        filter: &SpendFilter,
        piece: &Piece,
        shares: &mut HashMap<String, (i128, u64)>,
    ) -> Stored<()> {
        let mut add = |name: &str, nanos: i128, count: u64| match shares.get_mut(name) {
            Some(share) => *share = (share.0 + nanos, share.1 + count),
            None => drop(shares.insert(name.to_owned(), (nanos, count))),
        };
        let args = piece_args(workspace, filter, piece);
        let sql = if self.postgres().is_some() {
            split_sql!(sum_sql, piece.sums, split)
        } else {
            split_sql!(each_sql, piece.sums, split)
        };
        let added = self.query(sql, &args, |row| {
            let (nanos, count) = (exact(row, 1)?, row.small(3)?);
            row.with_text(0, |name| add(name, nanos, count))
        });
        added?;
        let sql = match split {
            Split::Vendor => own_sql!("vendor"),
            Split::Wallet => own_sql!("wallet_id"),
            Split::Agent => own_sql!("COALESCE(agent_id, '')"),
            Split::Category => own_sql!("COALESCE(category, '')"),
        };
        self.own_entries(sql, &piece_args(workspace, filter, piece), piece, |row| {
            let (nanos, count) = (exact(row, 1)?, row.small(3)?);
            row.with_text(0, |name| add(name, nanos, count))
        })
        .map(drop)
    }

    /// Purchases of a piece that are their own entries, where it is read entry by entry.
    fn own_entries<T>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>; 5],
        piece: &Piece,
        read: impl FnMut(&Row<'_>) -> Stored<T>,
    ) -> Stored<Vec<T>> {
        if piece.sums.is_some() || self.postgres().is_some() {
            return Ok(Vec::new());
        }
        let [workspace, from, until, namespace, wallet] = *args;
        let last = piece.until.saturating_add(NUMBER_AHEAD_MAX);
        self.query(sql, &[workspace, from, until, namespace, wallet, last.into()], read)
    }

    fn piece_over_time(
        &mut self,
        workspace: &WorkspaceId,
        filter: &SpendFilter,
        piece: &Piece,
    ) -> Stored<Vec<(i64, i128, u64)>> {
        let sql = match piece.sums {
            None => of_entries!(sum_sql, "at"),
            Some(Bucket::Minute) => of_sums!(sum_sql, "at", "spend_sums WHERE workspace_id = $1 AND level = 0"),
            Some(Bucket::Hour | Bucket::Day) => of_sums!(sum_sql, "at", "spend_hours WHERE workspace_id = $1"),
        };
        let args = piece_args(workspace, filter, piece);
        let read = |row: &Row<'_>| Ok((row.int(0)?, exact(row, 1)?, row.small(3)?));
        let mut found = self.query(sql, &args, read)?;
        found.extend(self.own_entries(own_sql!("created_at"), &args, piece, read)?);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;

    /// Everything is added up.
    const ALL: Marks = Marks::up_to(i64::MAX, i64::MAX);

    fn of(since: Option<i64>, until: Option<i64>, marks: Marks) -> Vec<(Option<Bucket>, i64, i64)> {
        let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
        let filter = SpendFilter { since: at(since), until: at(until), ..SpendFilter::default() };
        pieces(&filter, Bucket::Day, marks).into_iter().map(|piece| (piece.sums, piece.from, piece.until)).collect()
    }

    #[test]
    fn a_span_is_cut_into_days_hours_minutes_and_entries_without_gap() {
        assert_eq!(of(None, None, ALL), [(Some(Bucket::Day), 0, i64::MAX)]);
        assert_eq!(of(Some(DAY - 1), None, ALL), [(Some(Bucket::Day), DAY, i64::MAX)]);
        assert_eq!(of(Some(10), Some(20), ALL), [(None, 11, 21)]);
        assert_eq!(of(Some(20), Some(10), ALL), []);
        assert_eq!(
            of(Some(DAY + MINUTE + 4), Some(3 * DAY + 2 * MINUTE + 4), ALL),
            [
                (None, DAY + MINUTE + 5, DAY + 2 * MINUTE),
                (Some(Bucket::Minute), DAY + 2 * MINUTE, DAY + HOUR),
                (Some(Bucket::Hour), DAY + HOUR, 2 * DAY),
                (Some(Bucket::Day), 2 * DAY, 3 * DAY),
                (Some(Bucket::Minute), 3 * DAY, 3 * DAY + 2 * MINUTE),
                (None, 3 * DAY + 2 * MINUTE, 3 * DAY + 2 * MINUTE + 5),
            ]
        );
        for (since, until) in [(1, 5 * DAY), (MINUTE, DAY + 7), (DAY - 1, 2 * DAY - 1), (17, 3 * MINUTE)] {
            let pieces = of(Some(since), Some(until), ALL);
            assert_eq!(pieces.first().map(|piece| piece.1), Some(since + 1));
            assert_eq!(pieces.last().map(|piece| piece.2), Some(until + 1));
            assert!(pieces.windows(2).all(|pair| pair[0].2 == pair[1].1), "{pieces:?}");
        }
    }

    #[test]
    fn what_is_not_added_up_is_read_as_minutes() {
        let marks = Marks::up_to(3 * DAY + 2 * HOUR, 3 * DAY);
        assert_eq!(of(None, None, Marks::default()), [(Some(Bucket::Minute), 0, i64::MAX)]);
        assert_eq!(
            of(Some(DAY + HOUR - 1), None, marks),
            [
                (Some(Bucket::Hour), DAY + HOUR, 2 * DAY),
                (Some(Bucket::Day), 2 * DAY, 3 * DAY),
                (Some(Bucket::Hour), 3 * DAY, 3 * DAY + 2 * HOUR),
                (Some(Bucket::Minute), 3 * DAY + 2 * HOUR, i64::MAX),
            ]
        );
        assert_eq!(
            of(Some(3 * DAY + 5), Some(3 * DAY + 4 * HOUR + 4), marks),
            [
                (None, 3 * DAY + 6, 3 * DAY + MINUTE),
                (Some(Bucket::Minute), 3 * DAY + MINUTE, 3 * DAY + HOUR),
                (Some(Bucket::Hour), 3 * DAY + HOUR, 3 * DAY + 2 * HOUR),
                (Some(Bucket::Minute), 3 * DAY + 2 * HOUR, 3 * DAY + 4 * HOUR),
                (None, 3 * DAY + 4 * HOUR, 3 * DAY + 4 * HOUR + 5),
            ]
        );
    }
}
