//! A policy over what was asked for before: what would have come of it, and what that would change.
use std::collections::{BTreeMap, HashMap};

use bellwire_wire::{Namespace, PolicyId, PurchaseId, Timestamp, UsdNanos, WalletId};

use super::{Cap, Order, Wallet, caps::applying};
use crate::approval::policy::{Effect, InForce, Policy, Target, Totals, Verdict};

/// Examples that a report has. Keeps I12.
const EXAMPLES_MAX: usize = 100;

/// What came of a request, or would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Was {
    /// It was let through.
    Allowed,
    /// It was not.
    Denied,
    /// A person was asked.
    Approval,
}

impl Was {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Approval => "approval",
        }
    }
}

/// A request as it was kept.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place among all that was asked for.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The wallet that paid, or was to pay.
    pub wallet_id: WalletId,
    /// Whose.
    pub namespace: Option<Namespace>,
    /// What was asked for.
    pub order: Order,
    /// Whether it is play money.
    pub sandbox: bool,
    /// The purchase, if it was let through.
    pub purchase_id: Option<PurchaseId>,
    /// What came of it.
    pub was: Was,
    /// The policy that denied it.
    pub denied_by: Option<PolicyId>,
    /// What it counts for; all of it, if it was denied.
    pub counts: UsdNanos,
}

/// So many requests, and what they come to in nano-dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// How much.
    pub nanos: i128,
}

impl Tally {
    fn add(&mut self, amount: UsdNanos) {
        self.count = self.count.saturating_add(1);
        self.nanos = self.nanos.saturating_add(amount.nanos().into());
    }
}

/// A request of which something else would have come.
#[derive(Debug, Clone)]
pub struct Flip {
    /// The request.
    pub recorded: Recorded,
    /// What would have come of it,
    pub to: Was,
    /// by which rule.
    pub rule: &'static str,
}

/// A replay under way, and what it has found.
#[derive(Debug)]
pub struct Replay {
    policy: Policy,
    attached: InForce,
    /// As if it were attached to this wallet alone.
    only: Option<WalletId>,
    since: Timestamp,
    sums: HashMap<Cap, i128>,
    /// All requests that it is about.
    pub requests: Tally,
    /// Those of which the same would have come.
    pub unchanged: u64,
    /// The others.
    pub flips: BTreeMap<(Was, Was), Tally>,
    /// The first of the others.
    pub examples: Vec<Flip>,
}

impl Replay {
    /// A policy over what was asked for after `since`: of what it is attached to, or of one wallet and all below it.
    pub fn new(policy: Policy, only: Option<WalletId>, since: Timestamp) -> Self {
        Self {
            attached: InForce::new([policy.clone()]),
            policy,
            only,
            since,
            sums: HashMap::new(),
            requests: Tally::default(),
            unchanged: 0,
            flips: BTreeMap::new(),
            examples: Vec::new(),
        }
    }

    /// Sums that have to be [learnt](Self::learn) before a request, each up to when the replay begins.
    pub fn missing(&self, recorded: &Recorded, chain: &[Wallet]) -> Vec<Cap> {
        let targets = self.targets(recorded, chain);
        let caps = targets.iter().flat_map(|target| self.caps(target, recorded));
        let unknown = caps.filter(|cap| !self.sums.contains_key(cap) && cap.start <= self.since);
        unknown.map(|cap| Cap { end: Timestamp::from_micros(self.since.micros().saturating_add(1)), ..cap }).collect()
    }

    /// Notes what was granted before the replay begins, in a period that it begins in.
    pub fn learn(&mut self, cap: &Cap, nanos: i128) {
        let counted = self.policy.content.rules.counted();
        let whole = Cap::of(&cap.workspace_id, &cap.target, cap.sandbox, counted, cap.start);
        let whole = whole.filter(|whole| whole.month == cap.month);
        self.sums.extend(whole.map(|whole| (whole, nanos)));
    }

    /// The next request, in the order of time.
    pub fn step(&mut self, recorded: &Recorded, chain: &[Wallet]) {
        let Some(payer) = chain.first() else { return };
        let targets = self.targets(recorded, chain);
        if targets.is_empty() {
            return;
        }
        let verdict = self.judge(recorded, payer, &targets);
        self.requests.add(recorded.order.amount);
        // What another policy denied, it denies still.
        let elsewhere = recorded.denied_by.as_ref().is_some_and(|by| *by != self.policy.id);
        let to = match verdict.effect() {
            _ if elsewhere => Was::Denied,
            Effect::Deny => Was::Denied,
            Effect::Ask => Was::Approval,
            Effect::Allow | Effect::Nothing => Was::Allowed,
        };
        if to != Was::Denied {
            for cap in targets.iter().flat_map(|target| self.caps(target, recorded)).collect::<Vec<_>>() {
                *self.sums.entry(cap).or_default() += i128::from(recorded.counts.nanos());
            }
        }
        if to == recorded.was {
            self.unchanged = self.unchanged.saturating_add(1);
            return;
        }
        self.flips.entry((recorded.was, to)).or_default().add(recorded.order.amount);
        if self.examples.len() < EXAMPLES_MAX {
            let rule = verdict.finding().map_or("", |finding| finding.rule);
            self.examples.push(Flip { recorded: recorded.clone(), to, rule });
        }
    }

    fn judge(&self, recorded: &Recorded, payer: &Wallet, targets: &[Target]) -> Verdict {
        let request = recorded.order.request(payer.purse(), recorded.at);
        let judged = targets.iter().map(|target| {
            let mut totals = Totals::default();
            for cap in self.caps(target, recorded) {
                let sum = self.sums.get(&cap).copied().unwrap_or_default();
                *(if cap.month { &mut totals.month } else { &mut totals.day }) = sum;
            }
            self.policy.judge(&request, totals)
        });
        judged.fold(Verdict::Allow(None), Verdict::and)
    }

    /// By way of what it applies to a request.
    fn targets(&self, recorded: &Recorded, chain: &[Wallet]) -> Vec<Target> {
        if let Some(only) = &self.only {
            let inside = chain.iter().any(|wallet| wallet.id() == only);
            return inside.then(|| Target::Purse(only.to_string())).into_iter().collect();
        }
        let applied = applying(&self.attached, chain, recorded.order.agent_id.as_deref(), recorded.namespace.as_ref());
        applied.into_iter().map(|applied| applied.target).collect()
    }

    fn caps(&self, target: &Target, recorded: &Recorded) -> impl Iterator<Item = Cap> + use<> {
        let counted = self.policy.content.rules.counted();
        Cap::of(&self.policy.workspace_id, target, recorded.sandbox, counted, recorded.at)
            .collect::<Vec<_>>()
            .into_iter()
    }
}
