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

use crate::{Tx, args::Arg, caps::Caps, postgres::Columns};

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
        add(self.lines.entry(line).or_default(), sum);
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
        add(self.hours.entry(hour).or_default(), sum);
    }
}

fn add(to: &mut Sum, sum: &Sum) {
    to.nanos += sum.nanos;
    to.count += sum.count;
    to.namespace.clone_from(&sum.namespace);
}

impl Sum {
    /// Whole dollars, and the nano-dollars that are left, of the same sign: what rows add up.
    fn parts(&self) -> [i64; 2] {
        let part = |part: i128| i64::try_from(part).expect("a commit moves less than all the money there is");
        [part(self.nanos / NANOS), part(self.nanos % NANOS)]
    }
}

/// Nano-dollars in a dollar.
const NANOS: i128 = 1_000_000_000;

const LINE_ONE: &str = "INSERT INTO spend_sums (level, at, workspace_id, wallet_id, vendor, category, agent_id, \
    namespace, dollars, nanos, count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
    ON CONFLICT (workspace_id, level, at, wallet_id, vendor, category, agent_id) DO UPDATE SET \
    dollars = spend_sums.dollars + excluded.dollars, nanos = spend_sums.nanos + excluded.nanos, count = spend_sums.count + excluded.count";
const LINE_MANY: &str = "INSERT INTO spend_sums (level, at, workspace_id, wallet_id, vendor, category, agent_id, \
    namespace, dollars, nanos, count) SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
    ON CONFLICT (workspace_id, level, at, wallet_id, vendor, category, agent_id) DO UPDATE SET \
    dollars = spend_sums.dollars + excluded.dollars, nanos = spend_sums.nanos + excluded.nanos, count = spend_sums.count + excluded.count";
const HOUR_ONE: &str = "INSERT INTO spend_hours (at, workspace_id, wallet_id, namespace, dollars, nanos, \
    count) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace_id, at, wallet_id) DO UPDATE SET \
    dollars = spend_hours.dollars + excluded.dollars, nanos = spend_hours.nanos + excluded.nanos, count = spend_hours.count + excluded.count";
const HOUR_MANY: &str = "INSERT INTO spend_hours (at, workspace_id, wallet_id, namespace, dollars, nanos, \
    count) SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace_id, at, wallet_id) DO UPDATE SET \
    dollars = spend_hours.dollars + excluded.dollars, nanos = spend_hours.nanos + excluded.nanos, count = spend_hours.count + excluded.count";
const ACCOUNT_ONE: &str = "UPDATE wallets SET period_start = $3, period_end = $4, spent = $5, held = $6, \
    told_percent = $7, denied_count = $8, last_purchase_id = $9, pulse = $10 \
    WHERE id = $1 AND workspace_id IS NOT DISTINCT FROM $2";
const ACCOUNT_MANY: &str = "UPDATE wallets w SET period_start = n.start, period_end = n.until, spent = n.spent, \
    held = n.held, told_percent = n.told, denied_count = n.denied, last_purchase_id = n.last, pulse = n.pulse \
    FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS \
        n (id, workspace, start, until, spent, held, told, denied, last, pulse) \
    WHERE w.id = n.id AND w.workspace_id IS NOT DISTINCT FROM n.workspace";

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
        if self.write_all(ACCOUNT_ONE, ACCOUNT_MANY, accounts)? != count {
            return Err(StoreError::Broken("a wallet that was changed is not there".into()));
        }
        self.put_caps_down()?;
        self.write_all(LINE_ONE, LINE_MANY, lines.iter().map(line_args))?;
        self.write_all(HOUR_ONE, HOUR_MANY, hours.iter().map(hour_args))?;
        Ok(())
    }

    /// Runs a statement for each row of arguments, or once for all of them where the engine gains by it; how
    /// many rows it changed.
    fn write_all<'a, const N: usize>(
        &mut self,
        one: &'static str,
        many: &'static str,
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

fn account_args<'a>(wallet: &'a Wallet, pulse: &'a String) -> [Arg<'a>; 10] {
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
