//! What was spent, added up: whole days, hours and minutes from their sums, the rest entry by entry.
use std::collections::{BTreeMap, HashMap};

use bellwire_domain::{
    Stored,
    spend::{Bucket, Point, Share, SpendFilter, Split},
};
use bellwire_wire::{Namespace, Timestamp, WalletId, WorkspaceId};

use super::wallet::exact;
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

/// A span of time in as few parts as it takes: whole days (or hours) in the middle, whole minutes at its
/// ends, entries at the ends of those.
fn pieces(filter: &SpendFilter, largest: Bucket) -> Vec<Piece> {
    let from = filter.since.map_or(0, |since| since.micros() + 1);
    let until = filter.until.map_or(i64::MAX, |until| until.micros() + 1);
    let mut pieces = Vec::new();
    if from >= until {
        return pieces;
    }
    let mut levels = vec![Some(Bucket::Minute), None];
    if largest != Bucket::Minute {
        levels.insert(0, Some(largest));
    }
    split(from, until, &levels, &mut pieces);
    pieces
}

/// `until` may be the end of time, which is the end of whatever it lies in.
fn split(from: i64, until: i64, levels: &[Option<Bucket>], pieces: &mut Vec<Piece>) {
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
    if first >= last {
        return split(from, until, finer, pieces);
    }
    split(from, first, finer, pieces);
    pieces.push(Piece { sums: Some(*bucket), from: first, until: last });
    split(last, until, finer, pieces);
}

/// What is added up, so that no sum is more than an integer of the engine holds.
macro_rules! sum_sql {
    ($name:literal, $dollars:literal, $nanos:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $name,
            ", CAST(SUM(",
            $dollars,
            ") AS BIGINT), CAST(SUM(",
            $nanos,
            ") AS BIGINT), CAST(SUM(count) AS BIGINT) FROM ",
            $rest,
            " AND at >= $2 AND at < $3 AND ($4 IS NULL OR namespace = $4) AND ($5 IS NULL OR wallet_id = $5) GROUP BY ",
            $name
        )
    };
}

/// The same of entries, which are single amounts.
macro_rules! entries_sql {
    ($name:literal) => {
        sum_sql!($name, "nanos / 1000000000", "nanos % 1000000000", "spend_entries WHERE workspace_id = $1")
    };
}

/// The same of sums.
macro_rules! sums_sql {
    ($name:literal, $rest:literal) => {
        sum_sql!($name, "dollars", "nanos", $rest)
    };
}

macro_rules! by_sql {
    ($sums:expr, $name:literal) => {
        match $sums {
            None => entries_sql!($name),
            Some(Bucket::Minute) => sums_sql!($name, "spend_sums WHERE workspace_id = $1 AND level = 0"),
            Some(Bucket::Hour | Bucket::Day) => sums_sql!($name, "spend_sums WHERE workspace_id = $1 AND level = 1"),
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

fn sum<T>(row: &Row<'_>, name: T) -> Stored<(T, i128, u64)> {
    Ok((name, exact(row, 1)?, row.small(3)?))
}

impl Tx {
    pub(super) fn shares(&mut self, workspace: &WorkspaceId, split: Split, filter: &SpendFilter) -> Stored<Vec<Share>> {
        self.put_down()?;
        let mut shares: HashMap<String, (i128, u64)> = HashMap::new();
        for piece in pieces(filter, Bucket::Day) {
            for (name, nanos, count) in self.piece_by(workspace, split, filter, &piece)? {
                let share = shares.entry(name).or_default();
                *share = (share.0 + nanos, share.1 + count);
            }
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
        for piece in pieces(filter, largest) {
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
    ) -> Stored<Vec<(String, i128, u64)>> {
        let sql = match split {
            Split::Vendor => by_sql!(piece.sums, "vendor"),
            Split::Wallet => by_sql!(piece.sums, "wallet_id"),
            Split::Agent => by_sql!(piece.sums, "agent_id"),
            Split::Category => by_sql!(piece.sums, "category"),
        };
        self.query(sql, &piece_args(workspace, filter, piece), |row| sum(row, row.text(0)?))
    }

    fn piece_over_time(
        &mut self,
        workspace: &WorkspaceId,
        filter: &SpendFilter,
        piece: &Piece,
    ) -> Stored<Vec<(i64, i128, u64)>> {
        let sql = match piece.sums {
            None => entries_sql!("at"),
            Some(Bucket::Minute) => sums_sql!("at", "spend_sums WHERE workspace_id = $1 AND level = 0"),
            Some(Bucket::Hour | Bucket::Day) => sums_sql!("at", "spend_hours WHERE workspace_id = $1"),
        };
        self.query(sql, &piece_args(workspace, filter, piece), |row| sum(row, row.int(0)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;
    const DAY: i64 = 86_400_000_000;

    fn of(since: Option<i64>, until: Option<i64>) -> Vec<(Option<Bucket>, i64, i64)> {
        let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
        let filter = SpendFilter { since: at(since), until: at(until), ..SpendFilter::default() };
        pieces(&filter, Bucket::Day).into_iter().map(|piece| (piece.sums, piece.from, piece.until)).collect()
    }

    #[test]
    fn a_span_is_cut_into_days_minutes_and_entries_without_gap() {
        assert_eq!(of(None, None), [(Some(Bucket::Day), 0, i64::MAX)]);
        assert_eq!(of(Some(DAY - 1), None), [(Some(Bucket::Day), DAY, i64::MAX)]);
        assert_eq!(of(Some(10), Some(20)), [(None, 11, 21)]);
        assert_eq!(of(Some(20), Some(10)), []);
        assert_eq!(
            of(Some(DAY + MINUTE + 4), Some(3 * DAY + 2 * MINUTE + 4)),
            [
                (None, DAY + MINUTE + 5, DAY + 2 * MINUTE),
                (Some(Bucket::Minute), DAY + 2 * MINUTE, 2 * DAY),
                (Some(Bucket::Day), 2 * DAY, 3 * DAY),
                (Some(Bucket::Minute), 3 * DAY, 3 * DAY + 2 * MINUTE),
                (None, 3 * DAY + 2 * MINUTE, 3 * DAY + 2 * MINUTE + 5),
            ]
        );
        for (since, until) in [(1, 5 * DAY), (MINUTE, DAY + 7), (DAY - 1, 2 * DAY - 1), (17, 3 * MINUTE)] {
            let pieces = of(Some(since), Some(until));
            assert_eq!(pieces.first().map(|piece| piece.1), Some(since + 1));
            assert_eq!(pieces.last().map(|piece| piece.2), Some(until + 1));
            assert!(pieces.windows(2).all(|pair| pair[0].2 == pair[1].1), "{pieces:?}");
        }
    }
}
