//! What a transaction has in hand of spending, and writes once for all its commands: how wallets stand, and
//! sums. A hot wallet costs one row a commit, not one a purchase.
//!
//! It is part of the cache, so it is dropped whole whenever a command is undone; what commands before that
//! one had in hand was written by then, or they are run again too.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use bellwire_domain::{
    StoreError, Stored,
    spend::{Cap, Rate, Wallet},
};
use bellwire_wire::{WalletId, WorkspaceId};

use crate::{Tx, args::Arg, caps::Caps, postgres::Columns, recent::Recent, rows::sums::Marks};

/// What sums by minute, hour and day are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) level: i64,
    pub(crate) at: i64,
    pub(crate) workspace: WorkspaceId,
    pub(crate) wallet: WalletId,
    pub(crate) vendor: String,
    pub(crate) category: String,
    pub(crate) agent: String,
}

/// What sums by hour and wallet alone are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hour {
    pub(crate) at: i64,
    pub(crate) workspace: WorkspaceId,
    pub(crate) wallet: WalletId,
}

/// A sum to be added, and the namespace it is of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sum {
    pub(crate) nanos: i128,
    pub(crate) count: i64,
    pub(crate) namespace: Option<String>,
}

#[derive(Default)]
pub(crate) struct Desk {
    wallets: HashMap<WalletId, Wallet>,
    /// Those that stand otherwise than their rows say. In order, as are the sums: nodes never wait for
    /// each other crosswise.
    changed: BTreeSet<WalletId>,
    lines: BTreeMap<Line, Sum>,
    hours: BTreeMap<Hour, Sum>,
    pub(crate) caps: Caps,
    pub(crate) recent: Recent,
    /// How far sums are added up, as rows say.
    marks: HashMap<WorkspaceId, Marks>,
    /// Counts what was put in hand: it is not undone by undoing statements.
    version: u64,
}

impl Desk {
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn wallets(&self) -> usize {
        self.wallets.len()
    }

    pub(crate) fn marks(&self) -> usize {
        self.marks.len()
    }

    pub(crate) fn marks_of(&self, workspace: &WorkspaceId) -> Option<Marks> {
        self.marks.get(workspace).copied()
    }

    pub(crate) fn learn_marks(&mut self, workspace: &WorkspaceId, marks: Marks) {
        self.marks.insert(workspace.clone(), marks);
    }

    pub(crate) fn wallet(&self, id: &WalletId) -> Option<&Wallet> {
        self.wallets.get(id)
    }

    /// Remembers a wallet as its row says.
    pub(crate) fn learn(&mut self, wallet: Wallet) {
        self.wallets.insert(wallet.id().clone(), wallet);
    }

    /// Remembers a wallet that stands otherwise than its row says.
    pub(crate) fn change(&mut self, wallet: Wallet) {
        self.version += 1;
        self.changed.insert(wallet.id().clone());
        self.learn(wallet);
    }

    /// Remembers what policies count otherwise than its row says.
    pub(crate) fn change_cap(&mut self, cap: &Cap, nanos: i128) {
        self.version += 1;
        self.caps.change(cap, nanos);
    }

    pub(crate) fn add(&mut self, line: Line, sum: &Sum) {
        self.version += 1;
        self.lines.entry(line).or_default().add(sum);
    }

    /// What a wallet paid to whom in minutes since one, as far as it is in hand.
    pub(crate) fn paid<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        wallet: &'a WalletId,
        since: i64,
    ) -> impl Iterator<Item = (String, i128)> + 'a {
        self.lines
            .iter()
            .take_while(|(line, _)| line.level == 0)
            .filter(move |(line, _)| line.at >= since && line.wallet == *wallet && line.workspace == *workspace)
            .map(|(line, sum)| (line.vendor.clone(), sum.nanos))
    }

    pub(crate) fn add_hour(&mut self, hour: Hour, sum: &Sum) {
        self.version += 1;
        self.hours.entry(hour).or_default().add(sum);
    }
}

impl Sum {
    pub(crate) fn add(&mut self, sum: &Self) {
        self.nanos += sum.nanos;
        self.count += sum.count;
        self.namespace.clone_from(&sum.namespace);
    }

    /// Whole dollars, and the nano-dollars that are left, of the same sign: what rows add up.
    fn parts(&self) -> [i64; 2] {
        let part = |part: i128| i64::try_from(part).expect("a commit moves less than all the money there is");
        [part(self.nanos / NANOS), part(self.nanos % NANOS)]
    }
}

/// Nano-dollars in a dollar.
const NANOS: i128 = 1_000_000_000;

/// A statement that writes sums: of one row or of many, which are added to what is there, or put in its place.
macro_rules! write_sums {
    ($table:literal, $columns:literal, $key:literal, $rows:literal, add) => {
        write_sums!(@ $table, $columns, $key, $rows, concat!(
            "dollars = ", $table, ".dollars + excluded.dollars, nanos = ", $table, ".nanos + excluded.nanos, \
             count = ", $table, ".count + excluded.count"
        ))
    };
    ($table:literal, $columns:literal, $key:literal, $rows:literal, replace) => {
        write_sums!(@ $table, $columns, $key, $rows,
            "dollars = excluded.dollars, nanos = excluded.nanos, count = excluded.count")
    };
    (@ $table:literal, $columns:literal, $key:literal, $rows:literal, $set:expr) => {
        concat!("INSERT INTO ", $table, " (", $columns, ", namespace, dollars, nanos, count) ", $rows,
            " ON CONFLICT (", $key, ") DO UPDATE SET ", $set)
    };
}

macro_rules! write_lines {
    ($rows:literal, $how:ident) => {
        write_sums!(
            "spend_sums",
            "level, at, workspace_id, wallet_id, vendor, category, agent_id",
            "workspace_id, level, at, wallet_id, vendor, category, agent_id",
            $rows,
            $how
        )
    };
}

macro_rules! write_hours {
    ($rows:literal, $how:ident) => {
        write_sums!("spend_hours", "at, workspace_id, wallet_id", "workspace_id, at, wallet_id", $rows, $how)
    };
}

/// The same statement for one row, and for many at once.
type OneOrMany = (&'static str, &'static str);

const ADD_LINES: OneOrMany = (
    write_lines!("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", add),
    write_lines!("SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", add),
);
const REPLACE_LINES: OneOrMany = (
    write_lines!("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", replace),
    write_lines!("SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", replace),
);
const ADD_HOURS: OneOrMany = (
    write_hours!("VALUES ($1, $2, $3, $4, $5, $6, $7)", add),
    write_hours!("SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7)", add),
);
const REPLACE_HOURS: OneOrMany = (
    write_hours!("VALUES ($1, $2, $3, $4, $5, $6, $7)", replace),
    write_hours!("SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7)", replace),
);
const ACCOUNT_ONE: &str = "UPDATE wallets SET period_start = $3, period_end = $4, spent = $5, held = $6, \
    told_percent = $7, denied_count = $8, last_purchase_id = $9, pulse = $10 \
    WHERE seq = $11 AND id = $1 AND workspace_id IS NOT DISTINCT FROM $2";
const ACCOUNT_MANY: &str = "UPDATE wallets w SET period_start = n.start, period_end = n.until, spent = n.spent, \
    held = n.held, told_percent = n.told, denied_count = n.denied, last_purchase_id = n.last, pulse = n.pulse \
    FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS \
        n (id, workspace, start, until, spent, held, told, denied, last, pulse, seq) \
    WHERE w.seq = n.seq AND w.id IS NOT DISTINCT FROM n.id AND w.workspace_id IS NOT DISTINCT FROM n.workspace";

impl Tx {
    /// Writes what is in hand. Part of the commit, of every savepoint that is kept, and of whatever looks
    /// at these tables in between.
    pub(crate) fn put_down(&mut self) -> Stored<()> {
        let desk = &mut self.cache.desk;
        if desk.changed.is_empty() && desk.lines.is_empty() && desk.hours.is_empty() && !desk.caps.has_changed() {
            return Ok(());
        }
        // Whoever has it written answers for it: if that fails, all of it is undone.
        desk.version += 1;
        let (changed, lines, hours) =
            (std::mem::take(&mut desk.changed), std::mem::take(&mut desk.lines), std::mem::take(&mut desk.hours));
        let pulses: Vec<(Wallet, String)> = changed
            .iter()
            .filter_map(|id| desk.wallets.get(id))
            .map(|wallet| Ok((wallet.clone(), pulse(&wallet.account.pulse)?)))
            .collect::<Stored<_>>()?;
        let count = pulses.len();
        let accounts = pulses.iter().map(|(wallet, pulse)| account_args(wallet, pulse));
        if self.write_all((ACCOUNT_ONE, ACCOUNT_MANY), accounts)? != count {
            return Err(StoreError::Broken("a wallet that was changed is not there".into()));
        }
        self.put_caps_down()?;
        self.write_all(ADD_LINES, lines.iter().map(line_args))?;
        self.write_all(ADD_HOURS, hours.iter().map(hour_args))?;
        Ok(())
    }

    /// Writes sums in the place of those that are there.
    pub(crate) fn replace_lines(&mut self, lines: &BTreeMap<Line, Sum>) -> Stored<()> {
        self.write_all(REPLACE_LINES, lines.iter().map(line_args)).map(drop)
    }

    /// The same of sums by hour and wallet alone.
    pub(crate) fn replace_hours(&mut self, hours: &BTreeMap<Hour, Sum>) -> Stored<()> {
        self.write_all(REPLACE_HOURS, hours.iter().map(hour_args)).map(drop)
    }

    /// Runs a statement for each row of arguments, or once for all of them where the engine gains by it; how
    /// many rows it changed.
    fn write_all<'a, const N: usize>(
        &mut self,
        (one, many): OneOrMany,
        rows: impl Iterator<Item = [Arg<'a>; N]>,
    ) -> Stored<usize> {
        if let Some(link) = self.postgres() {
            let columns = Columns::of(rows);
            return if columns.is_empty() { Ok(0) } else { link.execute_many(many, columns.columns()) };
        }
        let mut changed = 0;
        for row in rows {
            changed += self.execute(one, &row)?;
        }
        Ok(changed)
    }
}

pub(crate) fn pulse(pulse: &bellwire_domain::spend::Pulse) -> Stored<String> {
    serde_json::to_string(pulse).map_err(|error| StoreError::Broken(error.to_string()))
}

fn account_args<'a>(wallet: &'a Wallet, pulse: &'a String) -> [Arg<'a>; 11] {
    let account = &wallet.account;
    [
        wallet.id().as_str().into(),
        wallet.card.workspace_id.as_str().into(),
        account.period_start.into(),
        account.period_end.into(),
        account.spent.nanos().into(),
        account.held.nanos().into(),
        u32::from(account.told_percent).into(),
        account.denied_count.into(),
        account.last_purchase.as_ref().map(bellwire_wire::PurchaseId::as_str).into(),
        pulse.into(),
        wallet.card.seq.into(),
    ]
}

fn line_args<'a>((line, sum): (&'a Line, &'a Sum)) -> [Arg<'a>; 11] {
    let [dollars, nanos] = sum.parts();
    [
        line.level.into(),
        line.at.into(),
        line.workspace.as_str().into(),
        line.wallet.as_str().into(),
        (&line.vendor).into(),
        (&line.category).into(),
        (&line.agent).into(),
        sum.namespace.as_ref().into(),
        dollars.into(),
        nanos.into(),
        sum.count.into(),
    ]
}

fn hour_args<'a>((hour, sum): (&'a Hour, &'a Sum)) -> [Arg<'a>; 7] {
    let [dollars, nanos] = sum.parts();
    [
        hour.at.into(),
        hour.workspace.as_str().into(),
        hour.wallet.as_str().into(),
        sum.namespace.as_ref().into(),
        dollars.into(),
        nanos.into(),
        sum.count.into(),
    ]
}

/// What a wallet's minute came to is kept in small numbers.
pub(crate) fn rate(nanos: i128, count: i64) -> Rate {
    Rate { nanos: i64::try_from(nanos).unwrap_or(i64::MAX), count: u32::try_from(count).unwrap_or(u32::MAX) }
}
