//! What the rows of spending should say, from what is written about spending and not from how it is done.
use std::collections::BTreeMap;

use bellwire_domain::spend::PurchaseStatus;
use bellwire_wire::Timestamp;

/// A wallet as the model has it. Amounts are few nano-dollars, so that every edge is met.
#[derive(Debug, Clone, Default)]
pub(super) struct Pot {
    pub(super) parent: Option<usize>,
    pub(super) budget: i64,
    /// How many characters of a time name the period it lies in.
    pub(super) digits: usize,
    /// The period it is in, by that name.
    pub(super) period: String,
    pub(super) frozen: bool,
    /// Refusals since the last success, budget change or reset; the highest threshold told.
    pub(super) denied: u32,
    pub(super) told: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Bought {
    pub(super) wallet: usize,
    pub(super) amount: i64,
    pub(super) expires: Option<i64>,
    pub(super) state: PurchaseStatus,
    pub(super) paid: i64,
    pub(super) back: i64,
    /// The periods it counted in, from its wallet up.
    pub(super) counted: Vec<(usize, String)>,
}

/// What the rows should say, from what is written about spending and not from how it is done.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) now: i64,
    pub(super) pots: Vec<Pot>,
    pub(super) bought: Vec<Bought>,
    pub(super) spent: BTreeMap<(usize, String), i64>,
    /// Events: exhausted, thresholds.
    pub(super) told: (usize, usize),
}

pub(super) const THRESHOLDS: [i64; 3] = [50, 80, 100];

impl Model {
    pub(super) fn chain(&self, wallet: usize) -> Vec<usize> {
        std::iter::successors(Some(wallet), |pot| self.pots[*pot].parent).collect()
    }

    /// A wallet and those above it, in the periods that the latest time any of them knows lies in.
    fn present(&self, wallet: usize) -> Vec<(usize, String)> {
        let chain = self.chain(wallet);
        let seen = |pot: &usize| match &self.pots[*pot].period {
            month if month.len() == 7 => format!("{month}-01"),
            period => period.clone(),
        };
        let latest = chain.iter().map(seen).chain([Timestamp::from_micros(self.now).to_string()]).max();
        let latest = latest.expect("now");
        chain.into_iter().map(|pot| (pot, latest[..self.pots[pot].digits].to_owned())).collect()
    }

    fn enter(&mut self, periods: &[(usize, String)]) {
        for (pot, period) in periods {
            let pot = &mut self.pots[*pot];
            if pot.period != *period {
                (pot.period, pot.denied, pot.told) = (period.clone(), 0, 0);
            }
        }
    }

    pub(super) fn held(&self, pot: usize) -> i64 {
        let holds = self.bought.iter().filter(|one| one.state == PurchaseStatus::Held);
        holds.filter(|one| self.chain(one.wallet).contains(&pot)).map(|one| one.amount).sum()
    }

    pub(super) fn spent(&self, at: &(usize, String)) -> i64 {
        self.spent.get(at).copied().unwrap_or(0)
    }

    fn short(&self, present: &[(usize, String)], amount: i64) -> Option<usize> {
        let fits = |at: &&(usize, String)| self.spent(at) + self.held(at.0) + amount <= self.pots[at.0].budget;
        present.iter().find(|at| !fits(at)).map(|(pot, _)| *pot)
    }

    fn is_overdue(&self, which: usize) -> bool {
        let one = &self.bought[which];
        one.state == PurchaseStatus::Held && one.expires.is_some_and(|expires| expires <= self.now)
    }

    fn release(&mut self, which: usize, state: PurchaseStatus) {
        let present = self.present(self.bought[which].wallet);
        self.enter(&present);
        self.bought[which].state = state;
    }

    fn sweep(&mut self) {
        (0..self.bought.len()).for_each(|which| {
            if self.is_overdue(which) {
                self.release(which, PurchaseStatus::Expired);
            }
        });
    }

    fn succeed(&mut self, which: usize, amount: i64) {
        self.release(which, PurchaseStatus::Succeeded);
        let present = self.present(self.bought[which].wallet);
        for at in &present {
            let spent = self.spent.entry(at.clone()).or_default();
            *spent += amount;
            let (spent, pot) = (*spent, &mut self.pots[at.0]);
            pot.denied = 0;
            for percent in THRESHOLDS {
                if percent > pot.told && spent * 100 >= pot.budget * percent {
                    pot.told = percent;
                    self.told.1 += 1;
                }
            }
        }
        (self.bought[which].paid, self.bought[which].counted) = (amount, present);
    }

    fn buy(&mut self, wallet: usize, amount: i64, hold: Option<i64>) -> String {
        let chain = self.chain(wallet);
        if self.short(&self.present(wallet), amount).is_some() && chain.iter().any(|pot| self.held(*pot) > 0) {
            self.sweep();
        }
        if let Some(frozen) = chain.iter().find(|pot| self.pots[**pot].frozen) {
            return format!("frozen {frozen}");
        }
        let present = self.present(wallet);
        if let Some(blocks) = self.short(&present, amount) {
            let at = present.iter().find(|(pot, _)| *pot == blocks).expect("in the chain").clone();
            self.enter(&[at]);
            self.pots[blocks].denied += 1;
            self.told.0 += usize::from(self.pots[blocks].denied == 1);
            return format!("short {blocks}");
        }
        let expires = hold.map(|seconds| self.now + seconds * 1_000_000);
        let state = PurchaseStatus::Held;
        self.bought.push(Bought { wallet, amount, expires, state, paid: 0, back: 0, counted: Vec::new() });
        let which = self.bought.len() - 1;
        self.release(which, PurchaseStatus::Held);
        if hold.is_none() {
            self.succeed(which, amount);
        }
        "granted".into()
    }

    fn end(&mut self, which: usize, how: PurchaseStatus, amount: Option<i64>) -> String {
        if self.bought[which].expires.is_none() {
            return "unknown".into();
        }
        if self.is_overdue(which) {
            self.release(which, PurchaseStatus::Expired);
        }
        let one = &self.bought[which];
        let amount = amount.unwrap_or(one.amount);
        match one.state {
            PurchaseStatus::Held if how == PurchaseStatus::Succeeded && amount > one.amount => "exceeds".into(),
            PurchaseStatus::Held if how == PurchaseStatus::Succeeded => {
                self.succeed(which, amount);
                "done".into()
            }
            PurchaseStatus::Held => {
                self.release(which, how);
                "done".into()
            }
            before => format!("before {}", before.as_str()),
        }
    }

    fn refund(&mut self, which: usize, amount: Option<i64>) -> String {
        let left = self.bought[which].paid - self.bought[which].back;
        let amount = amount.unwrap_or(left);
        if left == 0 || amount > left {
            return if left == 0 { "nothing" } else { "exceeds" }.into();
        }
        let present = self.present(self.bought[which].wallet);
        self.enter(&present);
        for at in present.into_iter().filter(|at| self.bought[which].counted.contains(at)) {
            *self.spent.entry(at).or_default() -= amount;
        }
        self.bought[which].back += amount;
        "done".into()
    }

    fn change(&mut self, wallet: usize, budget: Option<i64>, frozen: Option<bool>) -> String {
        let before = (self.pots[wallet].budget, self.pots[wallet].frozen);
        let after = (budget.unwrap_or(before.0), frozen.unwrap_or(before.1));
        if before != after {
            let present = self.present(wallet);
            self.enter(&present[..1]);
        }
        let spent = self.spent(&(wallet, String::new()));
        let pot = &mut self.pots[wallet];
        (pot.budget, pot.frozen) = after;
        if after.0 > before.0 && pot.digits == 0 {
            // Topped up: what is no longer passed may be told again.
            let passed = |percent: &i64| *percent <= pot.told && spent * 100 >= pot.budget * percent;
            pot.told = THRESHOLDS.into_iter().filter(passed).max().unwrap_or(0);
        }
        pot.denied = if before.0 == after.0 { pot.denied } else { 0 };
        "done".into()
    }

    pub(super) fn apply(&mut self, step: &Step) -> String {
        match *step {
            Step::Buy(wallet, amount, hold) => self.buy(wallet, amount, hold),
            Step::End(which, how, amount) => self.end(which, how, amount),
            Step::Refund(which, amount) => self.refund(which, amount),
            Step::Change(wallet, budget, frozen) => self.change(wallet, budget, frozen),
            Step::Sweep => {
                self.sweep();
                "done".into()
            }
            Step::AddUp(..) => "done".into(),
        }
    }
}

/// What is asked for; wallets and purchases by their place in the model.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Buy(usize, i64, Option<i64>),
    End(usize, PurchaseStatus, Option<i64>),
    Refund(usize, Option<i64>),
    Change(usize, Option<i64>, Option<bool>),
    Sweep,
    /// So many steps of adding up hours and days, by a clock that is so many seconds ahead.
    AddUp(usize, u64),
}
