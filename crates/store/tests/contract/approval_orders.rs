//! An approval in every order of what can happen to it: money moves only after `approved`, at most once. Keeps I3,
//! I4.
//!
//! All orders of up to three steps are played, and many longer ones that are drawn; each purchase and each hold
//! against a model of six lines. `BELLWIRE_SEEDS=n` draws that many.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    StoreError, Stored,
    approval::{
        self, Approval, ApprovalStatus, Approver, Decision, Rows as _, Verdict,
        policy::{self, Content, CreatedPolicy, Otherwise, Rules},
    },
    delivery::{Answer, DeliveryStatus, Endpoint, EventPattern, Outcome, Rows as _, settle},
    event::Rows as _,
    spend::{self, Buyer, EndHold, Ended, PurchaseStatus},
};
use bellwire_store::{BoxFuture, Tx};
use bellwire_wire::{ApprovalId, UsdNanos, WalletId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::value::RawValue;

use super::{
    World,
    till::{Till, asking, order, usd},
};

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A receiver takes the question.
    Delivered,
    /// One attempt to ask it fails.
    Failed,
    /// All that are left do.
    GivenUp,
    /// Somebody approves, all of it.
    Approve,
    /// Somebody approves half of it.
    Lower,
    Deny,
    /// Somebody sends what nobody understands.
    Unclear,
    Cancel,
    /// Its time is up, and nobody notices yet.
    Late,
    /// The background looks.
    Turn,
    /// The next command is undone as it ends, and is asked for again.
    Crash,
    /// The asker wants the money.
    Capture,
}

const STEPS: [Step; 12] = [
    Step::Delivered,
    Step::Failed,
    Step::GivenUp,
    Step::Approve,
    Step::Lower,
    Step::Deny,
    Step::Unclear,
    Step::Cancel,
    Step::Late,
    Step::Turn,
    Step::Crash,
    Step::Capture,
];

/// What was asked for, and half of it.
const ASKED: &str = "8";
const HALF: &str = "4";

/// What is to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Model {
    status: ApprovalStatus,
    late: bool,
    failures: u32,
    delivered: bool,
    allowed: i64,
    captured: bool,
}

impl Model {
    fn decided(&mut self, status: ApprovalStatus) {
        if self.status == ApprovalStatus::Pending {
            self.status = if self.late { ApprovalStatus::Expired } else { status };
        }
    }

    fn step(&mut self, step: Step, holds: bool) {
        match step {
            Step::Delivered if self.failures < 6 => self.delivered = true,
            Step::Failed if !self.delivered => self.failures = (self.failures + 1).min(6),
            Step::GivenUp if !self.delivered => self.failures = 6,
            Step::Approve | Step::Lower => {
                let before = self.status;
                self.decided(ApprovalStatus::Approved);
                if before != self.status && self.status == ApprovalStatus::Approved {
                    self.allowed = usd(if step == Step::Lower { HALF } else { ASKED }).nanos();
                }
            }
            Step::Deny | Step::Unclear => self.decided(ApprovalStatus::Denied),
            Step::Cancel => self.decided(ApprovalStatus::Cancelled),
            Step::Late => self.late = true,
            Step::Turn if self.late => self.decided(ApprovalStatus::Expired),
            Step::Turn if self.failures == 6 => self.decided(ApprovalStatus::Undeliverable),
            Step::Capture if holds => self.captured |= self.status == ApprovalStatus::Approved,
            _ => {}
        }
    }

    /// What of the budget is spent and held.
    fn money(&self, holds: bool) -> (i64, i64) {
        match self.status {
            ApprovalStatus::Pending => (0, usd(ASKED).nanos()),
            ApprovalStatus::Approved if holds && !self.captured => (0, self.allowed),
            ApprovalStatus::Approved => (self.allowed, 0),
            _ => (0, 0),
        }
    }
}

/// One approval on its way.
struct Play<'a> {
    till: &'a Till,
    endpoint: &'a Arc<Endpoint>,
    wallet: &'a WalletId,
    purchase: spend::Purchase,
    approval: Approval,
    holds: bool,
    crash: bool,
}

type Command<T> = Arc<dyn for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Stored<T>> + Send + Sync>;

impl<'a> Play<'a> {
    async fn begin(till: &'a Till, endpoint: &'a Arc<Endpoint>, wallet: &'a WalletId, holds: bool) -> Self {
        let granted = till.grant(&till.by, wallet, order(ASKED, "acme"), holds.then_some(600_000)).await;
        let receipt = granted.expect("it is asked");
        let approval = *receipt.approval.expect("a question");
        Self { till, endpoint, wallet, purchase: receipt.purchase, approval, holds, crash: false }
    }

    /// Runs a command; first in vain, if the process is struck.
    async fn command<T: Send + 'static>(&mut self, command: Command<T>) -> T {
        let store = &self.till.world.store;
        if std::mem::take(&mut self.crash) {
            let undone = Arc::clone(&command);
            let struck: Stored<()> = store
                .transact("struck", move |tx| {
                    let undone = Arc::clone(&undone);
                    Box::pin(async move {
                        undone(tx).await?;
                        Err(StoreError::Broken("struck".into()))
                    })
                })
                .await;
            assert!(struck.is_err());
        }
        let run = store.transact("step", move |tx| {
            let command = Arc::clone(&command);
            Box::pin(async move { command(tx).await })
        });
        run.await.expect("it commits")
    }

    async fn decide(&mut self, verdict: Option<Verdict>) {
        let (world, one, id) = (&self.till.world, self.till.one.clone(), self.approval.id.clone());
        let (ctx, office) = (world.ctx(), asking().office);
        let by = Approver { workspace_id: one, bound: None, name: "person:ana".into(), agent_id: None };
        let run: Command<()> = Arc::new(move |tx| {
            let (ctx, office, by, id, verdict) = (ctx.clone(), office.clone(), by.clone(), id.clone(), verdict.clone());
            Box::pin(async move {
                match verdict {
                    Some(verdict) => {
                        let decision = Decision { verdict, reason: "because".into(), note: None };
                        approval::decide::<Buyer, _>(tx, &ctx, &office, &by, &id, decision).await.map(drop)
                    }
                    None => approval::deny_ambiguous::<Buyer, _>(tx, &ctx, &by, &id, "?", "odd").await.map(drop),
                }
            })
        });
        self.command(run).await;
    }

    /// An attempt that ends so, if one is still owed; whether it was.
    async fn attempt(&mut self, status: u16) -> bool {
        let world = &self.till.world;
        let (one, event) = (self.till.one.clone(), self.approval.event_id.clone());
        let of = see!(world, tx, one, event => tx.deliveries_of(&one, &event).await);
        let [delivery] = of.as_slice() else { panic!("one delivery: {of:?}") };
        let Some(due) = delivery.due.filter(|_| delivery.status == DeliveryStatus::Pending) else { return false };
        world.set(world.now().max(due));
        let (now, at, seq) = (world.now(), self.endpoint.at.clone(), delivery.seq);
        let until = now.after(Duration::from_mins(1));
        let claimed = run!(world, tx, at => tx.claim_one(&at, seq, now, until).await).expect("nobody holds it");
        let attempt = super::order::attempt(world, Some(status));
        let answer = Answer { status: Some(status), ..Answer::default() };
        let (ctx, outcome) = (world.ctx(), Arc::new([Outcome { claimed, attempt, answer }]));
        let run: Command<()> = Arc::new(move |tx| {
            let (ctx, outcome) = (ctx.clone(), Arc::clone(&outcome));
            Box::pin(async move { settle(tx, &ctx, &outcome[..]).await.map(drop) })
        });
        self.command(run).await;
        true
    }

    async fn step(&mut self, step: Step) {
        let approve = |amount: Option<UsdNanos>| Some(Verdict::Approve { amount, parameters: None });
        let ctx = self.till.world.ctx();
        match step {
            Step::Delivered => drop(self.attempt(200).await),
            Step::Failed => drop(self.attempt(500).await),
            Step::GivenUp => while self.attempt(500).await {},
            Step::Approve => self.decide(approve(None)).await,
            Step::Lower => self.decide(approve(Some(usd(HALF)))).await,
            Step::Deny => self.decide(Some(Verdict::Deny)).await,
            Step::Unclear => self.decide(None).await,
            Step::Late => self.till.world.set(self.till.world.now().max(self.approval.expires_at)),
            Step::Crash => self.crash = true,
            Step::Cancel => {
                let (by, id): (_, ApprovalId) = (self.till.by.clone(), self.approval.id.clone());
                let run: Command<()> = Arc::new(move |tx| {
                    let (ctx, by, id) = (ctx.clone(), by.clone(), id.clone());
                    Box::pin(async move { approval::cancel::<Buyer, _>(tx, &ctx, &by, &id, None).await.map(drop) })
                });
                self.command(run).await;
            }
            Step::Turn => {
                let run: Command<()> = Arc::new(move |tx| {
                    let ctx = ctx.clone();
                    Box::pin(async move {
                        let mut due = tx.approvals_overdue(ctx.now, 100).await?;
                        due.extend(tx.approvals_undeliverable(100).await?);
                        for (workspace, id) in due {
                            approval::end_due::<Buyer, _>(tx, &ctx, &workspace, &id).await?;
                        }
                        Ok(())
                    })
                });
                self.command(run).await;
            }
            Step::Capture => drop(self.till.end(&self.purchase, EndHold::Capture(None)).await),
        }
    }

    /// What the rows say is what the model says, but for what was there before.
    async fn check(&self, model: &Model, before: (i64, i64), played: &[Step]) {
        let world = &self.till.world;
        let (one, id) = (self.till.one.clone(), self.approval.id.clone());
        let found = see!(world, tx, one, id => tx.approval(&one, &id).await).expect("an approval");
        assert_eq!(found.status, model.status, "{played:?}");
        assert_eq!(found.outcome.is_some(), found.status != ApprovalStatus::Pending);
        assert_eq!(found.granted().is_some(), found.status == ApprovalStatus::Approved);
        let account = self.till.stand(self.wallet).await.account;
        let (spent, held) = model.money(self.holds);
        let stands = (account.spent.nanos() - before.0, account.held.nanos() - before.1);
        assert_eq!(stands, (spent, held), "{played:?}");
        let purchase = self.till.found(&self.purchase).await;
        let status = match model.status {
            ApprovalStatus::Pending => PurchaseStatus::Pending,
            ApprovalStatus::Approved if self.holds && !model.captured => PurchaseStatus::Held,
            ApprovalStatus::Approved => PurchaseStatus::Succeeded,
            ApprovalStatus::Denied => PurchaseStatus::Denied,
            ApprovalStatus::Expired => PurchaseStatus::Expired,
            ApprovalStatus::Undeliverable => PurchaseStatus::Undeliverable,
            ApprovalStatus::Cancelled => PurchaseStatus::Cancelled,
        };
        assert_eq!((purchase.status, purchase.captured.nanos()), (status, spent), "{played:?}");
    }

    /// Leaves nothing owed behind.
    async fn end(mut self, model: &mut Model) {
        self.crash = false;
        self.attempt(200).await;
        if model.status == ApprovalStatus::Pending {
            self.step(Step::Deny).await;
            model.step(Step::Deny, self.holds);
        }
        if self.till.found(&self.purchase).await.status == PurchaseStatus::Held {
            assert!(matches!(self.till.end(&self.purchase, EndHold::Void).await, Ended::Done(_)));
        }
    }
}

/// A wallet whose policy has people asked about everything, and an endpoint that hears of it.
async fn scene(till: &Till) -> (WalletId, Arc<Endpoint>) {
    let endpoint = till
        .world
        .endpoint(&till.one, |config| {
            config.events = vec![EventPattern::Exact("approval.requested".parse().expect("a type"))];
        })
        .await;
    let json = RawValue::from_string(r#"[{"require_approval_above_usd": 0, "approval": {"timeout": "2h"}}]"#.into());
    let mut faults = bellwire_domain::Faults::default();
    let rules = Rules::read(&json.expect("JSON"), "rules", &mut faults).expect("rules");
    let content =
        Content { name: "ask".into(), rules, otherwise: Otherwise::Allow, agents: Vec::new(), namespaces: Vec::new() };
    let (world, ctx, by) = (&till.world, till.world.ctx(), till.by.clone());
    let made = run!(world, tx, ctx, by, content => policy::create_policy(tx, &ctx, &by, None, content).await);
    let CreatedPolicy::Made(made) = made else { panic!("it is made") };
    let wallet = till.make("1000000", |new| new.terms.policy_id = Some(made.id.clone())).await;
    (wallet, endpoint)
}

async fn play(till: &Till, scene: &(WalletId, Arc<Endpoint>), holds: bool, steps: &[Step]) -> Model {
    let (wallet, endpoint) = scene;
    let account = till.stand(wallet).await.account;
    let before = (account.spent.nanos(), account.held.nanos());
    let mut play = Play::begin(till, endpoint, wallet, holds).await;
    let mut model = Model {
        status: ApprovalStatus::Pending,
        late: false,
        failures: 0,
        delivered: false,
        allowed: 0,
        captured: false,
    };
    for (index, step) in steps.iter().enumerate() {
        play.step(*step).await;
        model.step(*step, holds);
        play.check(&model, before, &steps[..=index]).await;
    }
    play.end(&mut model).await;
    model
}

/// Counts what was told, of all approvals.
async fn told(till: &Till, kind: &str) -> usize {
    let filter = bellwire_domain::event::EventFilter { types: vec![kind.into()], ..Default::default() };
    let (world, one) = (&till.world, &till.one);
    let (found, _) = see!(world, tx, one, filter => tx.events_after(&one, &filter, 0, 1_000_000).await);
    found.len()
}

/// Plays `orders`; every approval ends once, and is told once.
async fn play_all(world: World, orders: impl IntoIterator<Item = (bool, Vec<Step>)>) {
    let till = Till::open(world).await;
    let scene = scene(&till).await;
    let (mut ends, mut paid) = (0, 0);
    for (holds, steps) in orders {
        let model = play(&till, &scene, holds, &steps).await;
        assert_ne!(model.status, ApprovalStatus::Pending);
        ends += 1;
        paid += usize::from(model.status == ApprovalStatus::Approved && (!holds || model.captured));
    }
    assert_eq!(told(&till, "approval.requested").await, ends);
    assert_eq!(told(&till, "approval.decided").await, ends);
    assert_eq!(told(&till, "purchase.succeeded").await, paid);
}

/// Every order of `length` steps.
fn all(length: u32) -> impl Iterator<Item = Vec<Step>> {
    let count = STEPS.len();
    (0..count.pow(length))
        .map(move |number| (0..length).map(|place| STEPS[number / count.pow(place) % count]).collect())
}

fn drawn(count: u64) -> impl Iterator<Item = (bool, Vec<Step>)> {
    let mut random = StdRng::seed_from_u64(11);
    (0..count).map(move |_| {
        let length = random.random_range(4..10_usize);
        (random.random_ratio(1, 2), (0..length).map(|_| STEPS[random.random_range(0..STEPS.len())]).collect())
    })
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration of its own")]
fn seeds(usual: u64) -> u64 {
    std::env::var("BELLWIRE_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

pub(crate) async fn money_moves_only_after_approved_and_once_in_orders_that_are_drawn(world: World) {
    play_all(world, drawn(seeds(40))).await;
}

/// For an engine that is fast enough.
#[allow(dead_code, reason = "each engine uses what it can afford")]
pub(crate) async fn money_moves_only_after_approved_and_once_in_every_short_order(world: World) {
    let short = (1..=2).flat_map(all).flat_map(|steps| [(false, steps.clone()), (true, steps)]);
    let longer = all(3).enumerate().map(|(number, steps)| (number % 2 == 0, steps));
    play_all(world, short.chain(longer)).await;
}
