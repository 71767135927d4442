//! Schedules on a paused clock, to the millisecond: retries, breaker, rate, pause, restart.
mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bellwire_domain::{
    Ctx, Mint, Origin,
    delivery::{
        self, Delivery, DeliveryStatus, EndpointConfig, EndpointRef, EndpointStatus, Preset, RetryPolicy, Rows as _,
    },
    event::{self, NewEvent},
    workspace,
};
use bellwire_server::{
    clock::Clock,
    egress::{AddressPolicy, Exchange, OutboundRequest, Response, Timing},
    engine::{Engine, Inbox, Parts, Transport},
    mint::Dice,
};
use bellwire_store::{BoxFuture, Fault, InlineStore, MasterKey, Store, Vault};
use bellwire_wire::{SigningKey, WorkspaceId};
use support::{Commits, START, endpoint};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A request that arrived: when, in milliseconds since the start, and of which event.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    at: u64,
    event: String,
    attempt: String,
}

/// What the receiver answers.
type Answer = (u16, Option<&'static str>);

/// A receiver that answers at once, as told, and remembers.
struct Receiver {
    clock: Clock,
    policy: AddressPolicy,
    answer: Mutex<Answer>,
    seen: Mutex<Vec<Seen>>,
}

impl Transport for Receiver {
    fn send(&self, request: OutboundRequest) -> BoxFuture<'_, Exchange> {
        let micros = self.clock.now().since(START).as_micros();
        assert_eq!(micros % 1_000, 0, "a paused clock goes by milliseconds");
        let header = |name: &str| request.headers[name].to_str().expect("text").to_owned();
        let seen = Seen {
            at: u64::try_from(micros / 1_000).expect("a short test"),
            event: header("webhook-id"),
            attempt: header("bellwire-attempt"),
        };
        self.seen.lock().expect("not poisoned").push(seen);
        let (status, retry_after) = *self.answer.lock().expect("not poisoned");
        let mut headers = http::HeaderMap::new();
        if let Some(after) = retry_after {
            headers.insert(http::header::RETRY_AFTER, http::HeaderValue::from_static(after));
        }
        let response = Response { status, headers, body_prefix: bytes::Bytes::new(), body_truncated: false };
        Box::pin(async move { Exchange { outcome: Ok(response), timing: Timing::default(), remote: None } })
    }

    fn policy(&self) -> &AddressPolicy {
        &self.policy
    }
}

/// A workspace with one endpoint, and the process that serves it.
struct World {
    inline: Arc<InlineStore>,
    receiver: Arc<Receiver>,
    clock: Clock,
    mint: Arc<dyn Mint>,
    store: Store,
    stop: CancellationToken,
    workspace: WorkspaceId,
    at: EndpointRef,
}

impl World {
    async fn new(answer: Answer, change: impl FnOnce(&mut EndpointConfig)) -> Self {
        let clock = Clock::starting_at(START);
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32])));
        let (engine, inbox) = Engine::new();
        let observer = Arc::new(Commits(engine.clone()));
        let inline = InlineStore::in_memory(Arc::clone(&vault), observer, Box::new(|_| Fault::None)).expect("a store");
        let inline = Arc::new(inline);
        let receiver = Arc::new(Receiver {
            clock: clock.clone(),
            policy: AddressPolicy::default(),
            answer: Mutex::new(answer),
            seen: Mutex::default(),
        });
        let mint: Arc<dyn Mint> = Arc::new(Dice::seeded(clock.clone(), [3; 32]));
        let (store, stop) = run(&inline, &receiver, clock.clone(), &mint, &engine, inbox);
        let ctx = Ctx { now: clock.now(), mint: Arc::clone(&mint), origin: Origin::default() };
        let (config, hash) = (endpoint("hook", change), vault.hash("owner"));
        let (workspace, at) = store
            .transact("prepare", move |tx| {
                let (ctx, config) = (ctx.clone(), config.clone());
                Box::pin(async move {
                    let key = workspace::bootstrap(tx, &ctx, hash, "p".into()).await?.expect("the first start");
                    let status = EndpointStatus::Active;
                    let made = delivery::create_endpoint(tx, &ctx, &key.workspace_id, config, status).await?;
                    Ok((key.workspace_id, made.at))
                })
            })
            .await
            .expect("prepared");
        Self { inline, receiver, clock, mint, store, stop, workspace, at }
    }

    fn ctx(&self) -> Ctx {
        Ctx { now: self.clock.now(), mint: Arc::clone(&self.mint), origin: Origin::default() }
    }

    async fn post(&self, kind: &str) -> String {
        let (ctx, new) = (self.ctx(), NewEvent::built_in(&self.workspace, kind, None, &serde_json::json!({})));
        let posted = self.store.transact("event", move |tx| {
            let (ctx, new) = (ctx.clone(), new.clone());
            Box::pin(async move { event::append(tx, &ctx, new).await })
        });
        posted.await.expect("posted").event.id.to_string()
    }

    /// The process dies and another starts.
    fn restart(&mut self) {
        let (engine, inbox) = Engine::new();
        self.inline.restart(Arc::new(Commits(engine.clone())), self.clock.now()).expect("it opens");
        self.stop.cancel();
        (self.store, self.stop) = run(&self.inline, &self.receiver, self.clock.clone(), &self.mint, &engine, inbox);
    }

    /// Changes whether the endpoint sends.
    async fn status(&self, status: EndpointStatus) {
        let (ctx, at) = (self.ctx(), self.at.clone());
        let changed = self.store.transact("status", move |tx| {
            let (ctx, at) = (ctx.clone(), at.clone());
            Box::pin(async move {
                let before = tx.endpoint(&at).await?.expect("an endpoint");
                delivery::update_endpoint(tx, &ctx, &before, before.config.clone(), status).await
            })
        });
        changed.await.expect("changed");
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let at = self.at.clone();
        let all = self.store.read("all", move |tx| {
            let at = at.clone();
            Box::pin(async move { tx.deliveries_after(&at, 0, i64::MAX, 1_000).await })
        });
        all.await.expect("readable")
    }

    fn answer(&self, answer: Answer) {
        *self.receiver.answer.lock().expect("not poisoned") = answer;
    }

    fn seen(&self) -> Vec<Seen> {
        self.receiver.seen.lock().expect("not poisoned").clone()
    }

    /// When requests arrived, in milliseconds since the start.
    fn times(&self) -> Vec<u64> {
        self.seen().iter().map(|seen| seen.at).collect()
    }
}

fn run(
    inline: &Arc<InlineStore>,
    receiver: &Arc<Receiver>,
    clock: Clock,
    mint: &Arc<dyn Mint>,
    engine: &Engine,
    inbox: Inbox,
) -> (Store, CancellationToken) {
    let store = Store::inline(Arc::clone(inline));
    let parts = Parts {
        store: store.clone(),
        clock,
        mint: Arc::clone(mint),
        transport: Arc::clone(receiver) as Arc<dyn Transport>,
        signing_key: Arc::new(SigningKey::from_seed(&[9; 32])),
        max_in_flight: 64,
        sweep_every: Duration::from_secs(30),
    };
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    engine.start(inbox, Arc::new(parts), &tasks, stop.clone());
    (store, stop)
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// The instants of a schedule, in milliseconds since `start`: the first attempt, then each retry.
fn instants(start: u64, schedule: &[u32]) -> Vec<u64> {
    let mut at = start;
    let retries = schedule.iter().map(|delay| {
        at += u64::from(*delay) * 1_000;
        at
    });
    std::iter::once(start).chain(retries).collect()
}

/// One delivery that always fails is attempted exactly by its schedule, and ends as a dead letter.
async fn fails_by(retry: RetryPolicy) {
    let world = World::new((500, None), |config| config.retry = retry.clone()).await;
    pass(7).await;
    world.post("order.placed").await;
    pass(retry.schedule.iter().map(|delay| u64::from(*delay)).sum::<u64>() + 90_000).await;
    assert_eq!(world.times(), instants(7_000, &retry.schedule), "{retry:?}");
    let numbers: Vec<usize> = world.seen().iter().map(|seen| seen.attempt.parse().expect("a number")).collect();
    assert_eq!(numbers, (1..=retry.schedule.len() + 1).collect::<Vec<_>>());
    let delivery = world.deliveries().await.remove(0);
    assert_eq!((delivery.status, delivery.due), (DeliveryStatus::Failed, None));
    assert_eq!(delivery.attempts as usize, retry.schedule.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn every_exact_preset_and_own_schedule_is_kept_to_the_millisecond() {
    for preset in [Preset::Trove, Preset::Paygraph, Preset::Keystore, Preset::None] {
        fails_by(preset.into()).await;
    }
    for schedule in [vec![1, 1, 1], vec![86_400, 1, 3_599], vec![17]] {
        fails_by(RetryPolicy { preset: None, schedule, jitter: false }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_preset_keeps_within_twenty_per_cent() {
    let world = World::new((500, None), |_| {}).await;
    world.post("order.placed").await;
    pass(48 * 3_600).await;
    let times = world.times();
    let schedule = Preset::Default.schedule();
    assert_eq!(times.len(), schedule.len() + 1);
    let mut varied = false;
    for (pair, delay) in times.windows(2).zip(schedule) {
        let (waited, exact) = (pair[1] - pair[0], u64::from(*delay) * 1_000);
        assert!((exact * 8 / 10..=exact * 12 / 10 + 1).contains(&waited), "{waited} for {exact}");
        varied |= waited != exact;
    }
    assert!(varied, "a crowd does not come back together");
    assert_eq!(world.deliveries().await[0].status, DeliveryStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_a_floor() {
    for (asked, wanted) in [("40", [0, 40_000, 100_000, 400_000]), ("3", [0, 10_000, 70_000, 370_000])] {
        let world = World::new((503, Some(asked)), |config| config.retry = Preset::Keystore.into()).await;
        world.post("order.placed").await;
        pass(3_600).await;
        assert_eq!(world.times(), wanted, "asked for {asked}");
    }
}

/// Twenty deliveries to an endpoint that fails them one by one: its breaker opens at the tenth.
async fn broken() -> World {
    let world = World::new((500, None), |config| {
        config.retry = RetryPolicy { preset: None, schedule: vec![1; 20], jitter: false };
        config.max_in_flight = 1;
    })
    .await;
    for _ in 0..20 {
        world.post("order.placed").await;
    }
    world
}

#[tokio::test(start_paused = true)]
async fn ten_failures_open_the_breaker_and_probes_double_to_ten_minutes() {
    let world = broken().await;
    pass(2_200).await;
    let mut wanted = vec![0; 10];
    wanted.extend([30, 90, 210, 450, 930, 1_530, 2_130].map(|second| second * 1_000));
    assert_eq!(world.times(), wanted);
    let deliveries = world.deliveries().await;
    let made: usize = deliveries.iter().map(|delivery| delivery.attempts as usize).sum();
    assert_eq!(made, wanted.len(), "nothing was used up while it was open");
    assert!(deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Pending));
    world.answer((200, None));
    pass(529).await;
    assert_eq!(world.times().len(), 17, "not before the next probe");
    pass(2).await;
    assert!(world.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Success));
    assert!(world.times()[17..].iter().all(|at| *at == 2_730_000), "the probe closed it: {:?}", &world.times()[17..]);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_stays_open_over_a_restart() {
    let mut world = broken().await;
    pass(20).await;
    world.restart();
    pass(60).await;
    let mut wanted = vec![0; 10];
    wanted.push(30_000);
    assert_eq!(world.times(), wanted);
}

#[tokio::test(start_paused = true)]
async fn a_question_keeps_its_own_schedule_whatever_its_endpoint_is_set_to_and_asks_for() {
    for preset in [Preset::Default, Preset::None, Preset::Keystore] {
        let world = World::new((503, Some("3600")), |config| {
            config.retry = preset.into();
            config.rate_limit = Some(1);
        })
        .await;
        world.post("approval.requested").await;
        pass(2 * 3_600).await;
        assert_eq!(world.times(), [0, 1_000, 6_000, 36_000, 156_000, 756_000], "{preset:?}");
        assert_eq!(world.deliveries().await[0].status, DeliveryStatus::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn approvals_keep_their_schedule_while_the_breaker_is_open() {
    let world = World::new((500, None), |config| {
        config.retry = Preset::Paygraph.into();
        config.max_in_flight = 1;
    })
    .await;
    for _ in 0..20 {
        world.post("order.placed").await;
    }
    pass(3).await;
    assert_eq!(world.times(), vec![0; 10], "the breaker is open");
    let approval = world.post("approval.requested").await;
    pass(3_600).await;
    let of_approval: Vec<u64> = world.seen().iter().filter(|seen| seen.event == approval).map(|seen| seen.at).collect();
    assert_eq!(of_approval, instants(3_000, Preset::Paygraph.schedule()));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_spaces_deliveries_evenly() {
    let world = World::new((200, None), |config| config.rate_limit = Some(2)).await;
    let mut posted = Vec::new();
    for _ in 0..9 {
        posted.push(world.post("order.placed").await);
    }
    pass(10).await;
    let seen = world.seen();
    assert_eq!(seen.iter().map(|seen| seen.at).collect::<Vec<_>>(), (0..9).map(|n| n * 500).collect::<Vec<u64>>());
    assert_eq!(seen.iter().map(|seen| seen.event.clone()).collect::<Vec<_>>(), posted);
}

#[tokio::test(start_paused = true)]
async fn a_paused_endpoint_collects_and_then_sends_the_oldest_first() {
    let world = World::new((200, None), |config| config.rate_limit = Some(1)).await;
    pass(1).await;
    world.status(EndpointStatus::Paused).await;
    let mut posted = Vec::new();
    for _ in 0..6 {
        pass(10).await;
        posted.push(world.post("order.placed").await);
    }
    pass(3_600).await;
    assert!(world.seen().is_empty(), "nothing while it is paused");
    assert!(world.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Pending));
    world.status(EndpointStatus::Active).await;
    pass(60).await;
    let seen = world.seen();
    assert_eq!(seen.iter().map(|seen| seen.event.clone()).collect::<Vec<_>>(), posted, "oldest first");
    assert_eq!(
        seen.iter().map(|seen| seen.at).collect::<Vec<_>>(),
        (0..6).map(|n| 3_661_000 + n * 1_000).collect::<Vec<u64>>(),
        "at its rate"
    );
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_of_a_schedule_keeps_the_times() {
    let mut world = World::new((500, None), |config| config.retry = Preset::Trove.into()).await;
    world.post("order.placed").await;
    for seconds in [1, 39, 10, 100, 1_000, 2_000, 5_000] {
        pass(seconds).await;
        world.restart();
    }
    pass(60).await;
    assert_eq!(world.times(), instants(0, Preset::Trove.schedule()));
    let delivery = world.deliveries().await.remove(0);
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Failed, 5));
}
