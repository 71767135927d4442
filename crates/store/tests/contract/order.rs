//! Order by key, whatever happens: the rows against a model of thirty lines.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bellwire_domain::delivery::{
    self, Answer, AttemptRecord, Claimed, Delivery, DeliveryStatus, Directive, EndpointRef, Outcome, PARKED, Timing,
};
use bellwire_wire::{AttemptId, WorkspaceId};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::World;

#[derive(Debug, Clone)]
enum Step {
    Post(usize),
    Claim(u32),
    /// Ends one of those held: true for success, false for another try, nothing for a dead letter.
    End(prop::sample::Index, Option<bool>),
    /// Asks for one that exists to be told again.
    Retry(prop::sample::Index),
    /// Forgets one of those held, as a process that dies does.
    Lose(prop::sample::Index),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_usize).prop_map(Step::Post),
        4 => (1..4_u32).prop_map(Step::Claim),
        5 => (any::<prop::sample::Index>(), prop::option::weighted(0.8, any::<bool>()))
            .prop_map(|(which, how)| Step::End(which, how)),
        1 => any::<prop::sample::Index>().prop_map(Step::Retry),
        1 => any::<prop::sample::Index>().prop_map(Step::Lose),
        3 => (0..90_u64).prop_map(Step::Pass),
    ]
}

/// What is owed of each key: the sequence numbers that are pending, and of those the one let go.
#[derive(Debug, Default)]
struct Model {
    pending: BTreeMap<String, Vec<i64>>,
    first: BTreeMap<String, i64>,
}

impl Model {
    fn owe(&mut self, key: &str, seq: i64) {
        let pending = self.pending.entry(key.into()).or_default();
        if !pending.contains(&seq) {
            pending.push(seq);
            pending.sort_unstable();
        }
        self.first.entry(key.into()).or_insert(seq);
    }

    fn end(&mut self, key: &str, seq: i64) {
        assert_eq!(self.first.remove(key), Some(seq), "only the one that was let go ends");
        let pending = self.pending.entry(key.into()).or_default();
        pending.retain(|pending| *pending != seq);
        if let Some(next) = pending.first() {
            self.first.insert(key.into(), *next);
        }
    }

    fn check(&self, rows: &[Delivery]) {
        for delivery in rows {
            let key = delivery.ordering_key.as_deref().expect("an ordered endpoint");
            let owed = self.pending.get(key).is_some_and(|pending| pending.contains(&delivery.seq));
            assert_eq!(delivery.status == DeliveryStatus::Pending, owed, "{delivery:?}");
            let parked = owed && self.first.get(key) != Some(&delivery.seq);
            assert_eq!(delivery.due == Some(PARKED), parked, "{delivery:?} in {self:?}");
            assert_eq!(delivery.due.is_some(), owed, "owed is due at a known time: {delivery:?}");
        }
    }
}

fn outcome(world: &World, claimed: Claimed, how: Option<bool>) -> Outcome {
    let answer = match how {
        Some(true) => Answer { status: Some(200), ..Answer::default() },
        Some(false) => Answer { status: Some(500), ..Answer::default() },
        None => Answer { status: Some(500), directive: Some(Directive::Abort), ..Answer::default() },
    };
    let attempt = attempt(world, answer.status);
    Outcome { claimed, attempt, answer }
}

/// An attempt that was answered so.
pub(crate) fn attempt(world: &World, status_code: Option<u16>) -> AttemptRecord {
    AttemptRecord {
        id: AttemptId::from_ulid(world.mint.ulid()),
        number: 1,
        at: world.now(),
        timing: Timing::default(),
        remote: None,
        status_code,
        response_headers: Vec::new(),
        response_body: None,
        error: None,
        request_headers: Vec::new(),
        endpoint_version: None,
    }
}

async fn play(world: &World, one: &WorkspaceId, at: &EndpointRef, steps: Vec<Step>) {
    let mut model = Model::default();
    let mut held: Vec<Claimed> = Vec::new();
    for step in steps {
        let rows = world.all(at).await;
        match step {
            Step::Post(key) => {
                let key = ["a", "b", "c"][key];
                world.post(one, "order.placed", Some(key)).await;
                model.owe(key, world.all(at).await.last().expect("posted").seq);
            }
            Step::Claim(limit) => {
                for claimed in world.claim(at, limit).await {
                    let key = claimed.ordering_key.as_deref().expect("an ordered endpoint");
                    assert_eq!(model.first.get(key), Some(&claimed.seq), "only the first of its key goes");
                    held.push(claimed);
                }
            }
            Step::End(which, how) if !held.is_empty() => {
                let claimed = held.swap_remove(which.index(held.len()));
                let (seq, key) = (claimed.seq, claimed.ordering_key.clone().expect("an ordered endpoint"));
                let (ctx, outcome) = (world.ctx(), Arc::new([outcome(world, claimed, how)]));
                let settled = run!(world, tx, ctx, outcome => delivery::settle(tx, &ctx, &outcome[..]).await);
                if settled[0].ours && !matches!(settled[0].ending, delivery::Ending::Retry(_)) {
                    model.end(&key, seq);
                }
            }
            Step::Retry(which) if !rows.is_empty() => {
                let row = &rows[which.index(rows.len())];
                let (ctx, id) = (world.ctx(), row.id.clone());
                run!(world, tx, ctx, one, id => delivery::retry(tx, &ctx, &one, &id).await);
                model.owe(row.ordering_key.as_deref().expect("an ordered endpoint"), row.seq);
            }
            Step::Lose(which) if !held.is_empty() => drop(held.swap_remove(which.index(held.len()))),
            Step::Pass(seconds) => {
                world.pass(seconds);
            }
            _ => {}
        }
        model.check(&world.all(at).await);
    }
}

pub(crate) async fn keys_stay_in_order_whatever_happens(world: World) {
    let one = world.workspace("one").await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let games = prop::collection::vec(step(), 1..60);
    for _ in 0..40 {
        let steps = games.new_tree(&mut runner).expect("steps").current();
        // A clean slate: one endpoint a game, and the others collect nothing.
        let endpoint = world.endpoint(&one, |config| config.ordered = true).await;
        play(&world, &one, &endpoint.at, steps).await;
        let (ctx, at) = (world.ctx(), endpoint.at.clone());
        run!(world, tx, ctx, at => delivery::delete_endpoint(tx, &ctx, &at).await);
        world.set(world.now().after(Duration::from_hours(1)));
    }
}
