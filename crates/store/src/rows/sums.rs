//! Hours and days, added up when they are over: a purchase writes the sum of its minute alone.
//!
//! Marks say how far a workspace is. Whoever reads takes hours and days before `until`, and minutes after it. Whoever
//! pays in an hour or a day before `closing` adds to its sums himself: that is so when a clock was set back, or while
//! the hour is being added up. A step makes a few sums anew from what they are of and puts them in the place of those
//! that are there, so that it does not matter which payments of that hour came before it.
use std::collections::BTreeMap;

use bellwire_domain::{Stored, spend::Bucket};
use bellwire_wire::{Timestamp, WalletId, WorkspaceId};

use super::wallet::exact;
use crate::{
    Tx,
    args::{Arg, Row, args},
    desk::{Hour, Line, Sum},
};

/// Levels of sums.
pub(super) const MINUTES: i64 = 0;
pub(super) const HOURS: i64 = 1;
pub(super) const DAYS: i64 = 2;

const HOUR: i64 = Bucket::Hour.micros();
const DAY: i64 = Bucket::Day.micros();

/// An hour is over so long after its end: what is on its way then costs more, but is not lost.
const SETTLES: i64 = 10_000_000;
/// So many sums of each minute (or hour) are added up in one step: no purchase waits long behind it.
const STEP_SUMS: u32 = 32;
/// So many sums of an hour are looked at in one step, to add up wallets.
const STEP_WALLETS: u32 = 500;

/// How far sums of one length are complete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// All that begin before this are.
    until: i64,
    /// Those that begin before this are being added up.
    pub(super) closing: i64,
}

/// How far a workspace is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(super) hours: Mark,
    pub(super) days: Mark,
}

impl Marks {
    #[cfg(test)]
    pub(super) const fn up_to(hours: i64, days: i64) -> Self {
        Self { hours: Mark { until: hours, closing: hours }, days: Mark { until: days, closing: days } }
    }

    /// Up to when all sums of a length are there.
    pub(super) fn complete(self, bucket: Bucket) -> i64 {
        match bucket {
            Bucket::Minute => i64::MAX,
            Bucket::Hour => self.hours.until,
            Bucket::Day => self.days.until,
        }
    }
}

/// What sums of one hour or day are of.
type Key = [String; 4];

/// What is added up, and after which of its sums that goes on.
enum Part {
    /// The hour, sum by sum.
    Hour(Key),
    /// The hour by wallets alone.
    Wallets(String),
    /// The day.
    Day(Key),
}

const READ: &str =
    "SELECT hours_until, hours_closing, days_until, days_closing FROM spend_marks WHERE workspace_id = $1";
const READ_PART: &str = "SELECT part, wallet_id, vendor, category, agent_id FROM spend_marks WHERE workspace_id = $1";
const MARK: &str = "INSERT INTO spend_marks (workspace_id, hours_until, hours_closing, days_until, days_closing, part,
        wallet_id, vendor, category, agent_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (workspace_id) DO UPDATE SET
    hours_until = excluded.hours_until, hours_closing = excluded.hours_closing, days_until = excluded.days_until,
    days_closing = excluded.days_closing, part = excluded.part, wallet_id = excluded.wallet_id,
    vendor = excluded.vendor, category = excluded.category, agent_id = excluded.agent_id";
const FIRST: &str = "SELECT at FROM spend_sums WHERE workspace_id = $1 AND level = $2 AND at >= $3 ORDER BY at LIMIT 1";
/// Workspaces with an hour that is over, or a day all of whose hours are added up.
const BEHIND: &str = "SELECT w.id FROM workspaces w LEFT JOIN spend_marks m ON m.workspace_id = w.id
    WHERE w.id > $1 AND (
        (SELECT s.at FROM spend_sums s WHERE s.workspace_id = w.id AND s.level = 0
            AND s.at >= COALESCE(m.hours_until, 0) ORDER BY s.at LIMIT 1) < $2
        OR (SELECT s.at FROM spend_sums s WHERE s.workspace_id = w.id AND s.level = 1
            AND s.at >= m.days_until ORDER BY s.at LIMIT 1) < m.hours_until / 86400000000 * 86400000000)
    ORDER BY w.id LIMIT $3";

macro_rules! next_sums_sql {
    ($at:literal) => {
        concat!(
            "SELECT at, namespace, dollars, nanos, count, wallet_id, vendor, category, agent_id FROM spend_sums
             WHERE workspace_id = $1 AND level = $2 AND at = ",
            $at,
            " AND (wallet_id, vendor, category, agent_id) > ($4, $5, $6, $7)
             ORDER BY wallet_id, vendor, category, agent_id LIMIT $8"
        )
    };
}
/// The next sums of one minute or hour.
const NEXT_OF_ONE: &str = next_sums_sql!("$3");
/// The same of each of a few, at once.
const NEXT_OF_EACH: &str = concat!(
    "SELECT s.* FROM generate_series($3::bigint, $9::bigint, $10::bigint) AS up (at) CROSS JOIN LATERAL (",
    next_sums_sql!("up.at"),
    ") s"
);

const NEXT_WALLETS: &str = "SELECT wallet_id, namespace, dollars, nanos, count FROM spend_sums
    WHERE workspace_id = $1 AND level = 1 AND at = $2 AND wallet_id > $3 ORDER BY wallet_id LIMIT $4";
const ONE_WALLET: &str = "SELECT wallet_id, namespace, dollars, nanos, count FROM spend_sums
    WHERE workspace_id = $1 AND level = 1 AND at = $2 AND wallet_id = $3";

fn sum(row: &Row<'_>, first: usize) -> Stored<Sum> {
    Ok(Sum { namespace: row.opt_text(first)?, nanos: exact(row, first + 1)?, count: row.int(first + 3)? })
}

impl Tx {
    /// How far a workspace is, as its row says.
    pub(super) fn marks(&mut self, workspace: &WorkspaceId) -> Stored<Marks> {
        let marks = self.query_one(READ, args![workspace.as_str()], |row| {
            Ok(Marks {
                hours: Mark { until: row.int(0)?, closing: row.int(1)? },
                days: Mark { until: row.int(2)?, closing: row.int(3)? },
            })
        })?;
        Ok(marks.unwrap_or_default())
    }

    /// How far a workspace is, for somebody who moves its money: nobody else moves the marks meanwhile.
    pub(super) fn marks_in_hand(&mut self, workspace: &WorkspaceId) -> Stored<Marks> {
        self.stand_still();
        if let Some(marks) = self.cache.desk.marks_of(workspace) {
            return Ok(marks);
        }
        let marks = self.marks(workspace)?;
        self.cache.desk.learn_marks(workspace, marks);
        Ok(marks)
    }

    fn mark(&mut self, workspace: &WorkspaceId, marks: Marks, part: Option<Part>) -> Stored<()> {
        let (number, [wallet, vendor, category, agent]) = match part {
            None => (0_i64, Key::default()),
            Some(Part::Hour(after)) => (1, after),
            Some(Part::Wallets(after)) => (2, [after, String::new(), String::new(), String::new()]),
            Some(Part::Day(after)) => (3, after),
        };
        let Marks { hours, days } = marks;
        self.execute(
            MARK,
            args![
                workspace.as_str(),
                hours.until,
                hours.closing,
                days.until,
                days.closing,
                number,
                &wallet,
                &vendor,
                &category,
                &agent
            ],
        )?;
        self.cache.desk.learn_marks(workspace, marks);
        Ok(())
    }

    /// What is being added up of a workspace.
    fn part(&mut self, workspace: &WorkspaceId) -> Stored<Option<Part>> {
        let part = self.query_one(READ_PART, args![workspace.as_str()], |row| {
            let after: Key = [row.text(1)?, row.text(2)?, row.text(3)?, row.text(4)?];
            Ok(match row.int(0)? {
                1 => Some(Part::Hour(after)),
                2 => Some(Part::Wallets(after.into_iter().next().unwrap_or_default())),
                3 => Some(Part::Day(after)),
                _ => None,
            })
        })?;
        Ok(part.flatten())
    }

    /// The hours before this one can be added up.
    pub fn sums_over(now: Timestamp) -> Timestamp {
        Bucket::Hour.start(Timestamp::from_micros(now.micros() - SETTLES))
    }

    /// At most `limit` workspaces after one, by their ids, in which hours or days are over and not added up.
    pub fn sums_behind(&mut self, now: Timestamp, after: &str, limit: u32) -> Stored<Vec<WorkspaceId>> {
        self.query(BEHIND, args![after, Self::sums_over(now), limit], |row| row.with_text(0, WorkspaceId::from_stored))
    }

    /// A step of adding up hours and days of a workspace that are over; whether there may be more to do.
    pub fn add_up(&mut self, workspace: &WorkspaceId, now: Timestamp) -> Stored<bool> {
        let mut marks = self.marks_in_hand(workspace)?;
        // What sums are made of has to be there.
        self.put_down()?;
        let part = match self.part(workspace)? {
            Some(part) => part,
            None => match self.begin_to_add(workspace, now, &mut marks)? {
                Some(part) => part,
                None => return Ok(false),
            },
        };
        let next = match part {
            Part::Hour(after) => {
                let next = self.add_sums(workspace, (MINUTES, Bucket::Minute), marks.hours.closing - HOUR, &after)?;
                Some(next.map_or(Part::Wallets(String::new()), Part::Hour))
            }
            Part::Wallets(after) => self.add_wallets(workspace, marks.hours.closing - HOUR, &after)?.map(Part::Wallets),
            Part::Day(after) => {
                self.add_sums(workspace, (HOURS, Bucket::Hour), marks.days.closing - DAY, &after)?.map(Part::Day)
            }
        };
        if next.is_none() {
            // Only one of them was begun.
            (marks.hours.until, marks.days.until) = (marks.hours.closing, marks.days.closing);
        }
        self.mark(workspace, marks, next)?;
        Ok(true)
    }

    /// What is to be added up next: a day whose hours are all there, or an hour that is over.
    fn begin_to_add(&mut self, workspace: &WorkspaceId, now: Timestamp, marks: &mut Marks) -> Stored<Option<Part>> {
        // Where nothing was paid there is nothing to add up: it is passed over.
        let mut end_of_next = |level: i64, since: i64, bucket: Bucket| -> Stored<Option<i64>> {
            let first = self.query_one(FIRST, args![workspace.as_str(), level, since], |row| row.time(0))?;
            Ok(first.map(|at| bucket.start(at).micros() + bucket.micros()))
        };
        let day = end_of_next(HOURS, marks.days.until, Bucket::Day)?;
        if let Some(end) = day.filter(|end| *end <= marks.hours.until) {
            marks.days.closing = end;
            return Ok(Some(Part::Day(Key::default())));
        }
        let hour = end_of_next(MINUTES, marks.hours.until, Bucket::Hour)?;
        Ok(hour.filter(|end| *end <= Self::sums_over(now).micros()).map(|end| {
            marks.hours.closing = end;
            Part::Hour(Key::default())
        }))
    }

    /// Adds up a few sums of an hour (a day) from its minutes (hours), in order; after which to go on.
    fn add_sums(
        &mut self,
        workspace: &WorkspaceId,
        (level, of): (i64, Bucket),
        start: i64,
        after: &Key,
    ) -> Stored<Option<Key>> {
        let (whole, step) = if of == Bucket::Minute { (HOUR, of.micros()) } else { (DAY, of.micros()) };
        let last = start + whole - step;
        let [wallet, vendor, category, agent] = after;
        let each = self.postgres().is_some();
        let mut found = Vec::new();
        let mut at = start;
        while at <= last {
            let args: &[Arg<'_>] =
                args![workspace.as_str(), level, at, wallet, vendor, category, agent, STEP_SUMS, last, step];
            let (sql, args) = if each { (NEXT_OF_EACH, args) } else { (NEXT_OF_ONE, &args[..8]) };
            found.extend(self.query(sql, args, |row| {
                let key: Key = [row.text(5)?, row.text(6)?, row.text(7)?, row.text(8)?];
                Ok((row.int(0)?, key, sum(row, 1)?))
            })?);
            at = if each { i64::MAX } else { at + step };
        }
        // As far as all of them were seen: where the limit was reached there may be more.
        let mut counts: BTreeMap<i64, (u32, &Key)> = BTreeMap::new();
        for (at, key, _) in &found {
            let seen = counts.entry(*at).or_insert((0, key));
            *seen = (seen.0 + 1, seen.1.max(key));
        }
        let full = counts.values().filter(|(count, _)| *count >= STEP_SUMS);
        let until: Option<Key> = full.map(|(_, key)| *key).min().cloned();
        let mut lines: BTreeMap<Line, Sum> = BTreeMap::new();
        for (_, key, sum) in found {
            if until.as_ref().is_some_and(|until| key > *until) {
                continue;
            }
            let [wallet, vendor, category, agent] = key;
            let wallet = WalletId::from_stored(&wallet);
            let line =
                Line { level: level + 1, at: start, workspace: workspace.clone(), wallet, vendor, category, agent };
            lines.entry(line).or_default().add(&sum);
        }
        self.replace_lines(&lines)?;
        Ok(until)
    }

    /// Adds up a few wallets of an hour from its sums; after which to go on.
    fn add_wallets(&mut self, workspace: &WorkspaceId, start: i64, after: &str) -> Stored<Option<String>> {
        let read = |row: &Row<'_>| Ok((row.text(0)?, sum(row, 1)?));
        let mut found = self.query(NEXT_WALLETS, args![workspace.as_str(), start, after, STEP_WALLETS], read)?;
        let mut next = None;
        if found.len() >= STEP_WALLETS as usize {
            // Of the last one there may be more.
            let last = found.last().map(|(wallet, _)| wallet.clone()).unwrap_or_default();
            let whole = found.partition_point(|(wallet, _)| *wallet < last);
            if whole > 0 {
                found.truncate(whole);
            } else {
                found = self.query(ONE_WALLET, args![workspace.as_str(), start, &last], read)?;
            }
            next = found.last().map(|(wallet, _)| wallet.clone());
        }
        let mut hours: BTreeMap<Hour, Sum> = BTreeMap::new();
        for (wallet, sum) in found {
            let hour = Hour { at: start, workspace: workspace.clone(), wallet: WalletId::from_stored(&wallet) };
            hours.entry(hour).or_default().add(&sum);
        }
        self.replace_hours(&hours)?;
        Ok(next)
    }
}
