//! A seeded simulation of the delivery engine: one seed, one thread, a paused clock, receivers that
//! misbehave, and a crash between any two steps. At the end everything that was accepted has arrived
//! everywhere, in order where order was promised, or sits in the dead letters.
//!
//! A seed that failed is printed; `BELLWIRE_SEED=n` runs it alone, `BELLWIRE_SEEDS=n` runs that many.
mod support;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bellwire_domain::{
    Ctx, Mint, Origin, PageQuery,
    delivery::{
        self, DeliveryFilter, DeliveryStatus, EndpointConfig, EndpointStatus, EventPattern, PARKED, Preset,
        RetryPolicy, Rows,
    },
    event::{self, Ingested, NewEvent},
    workspace,
};
use bellwire_server::{
    clock::Clock,
    egress::{AddressPolicy, Exchange, OutboundRequest, Response, SendError, Timing},
    engine::{Engine, Inbox, Parts, Transport},
    mint::Dice,
};
use bellwire_store::{BoxFuture, Fault, InlineStore, MasterKey, Store, Vault};
use bellwire_wire::{EndpointId, SigningKey, WorkspaceId};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use support::{Commits, START};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const EVENTS: usize = 60;

/// Event ids in the order of their first success, by endpoint URL.
type Firsts = BTreeMap<String, Vec<String>>;

/// Receivers that answer well, badly, late or not at all.
struct Receivers {
    random: Mutex<StdRng>,
    firsts: Mutex<Firsts>,
    receipts: Mutex<HashMap<(String, String), usize>>,
    /// Once set, everything is answered with 200 at once.
    healed: AtomicBool,
    policy: AddressPolicy,
}

impl Transport for Receivers {
    fn send(&self, request: OutboundRequest) -> BoxFuture<'_, Exchange> {
        Box::pin(async move {
            let url = request.target.as_str().to_owned();
            let id = request.headers["webhook-id"].to_str().expect("an id").to_owned();
            let (late, luck) = {
                let mut random = self.random.lock().expect("not poisoned");
                (random.random_range(1..3_000_u32), random.random_range(0..100_u32))
            };
            let healed = self.healed.load(Ordering::Acquire);
            let late = if healed { 1 } else { late };
            tokio::time::sleep(Duration::from_millis(late.into()).min(request.timeout)).await;
            let status = match luck {
                _ if healed => Ok(200),
                0..55 => Ok(200),
                55..70 => Ok(500),
                70..80 => Ok(503),
                80..90 => Err(SendError::Timeout(request.timeout)),
                _ => Err(SendError::Connect("connection refused")),
            };
            if let Ok(status) = &status {
                *self.receipts.lock().expect("not poisoned").entry((url.clone(), id.clone())).or_default() += 1;
                let mut firsts = self.firsts.lock().expect("not poisoned");
                let firsts = firsts.entry(url).or_default();
                if *status == 200 && !firsts.contains(&id) {
                    firsts.push(id);
                }
            }
            let answered = status.map(|status| Response {
                status,
                headers: http::HeaderMap::new(),
                body_prefix: bytes::Bytes::new(),
                body_truncated: false,
            });
            Exchange {
                outcome: answered,
                timing: Timing { total_us: Some(late * 1_000), ..Timing::default() },
                remote: None,
            }
        })
    }

    fn policy(&self) -> &AddressPolicy {
        &self.policy
    }
}

/// When crashes strike: seeded, and only while armed.
struct Crashes {
    random: StdRng,
    armed: bool,
    left: u32,
}

struct World {
    inline: Arc<InlineStore>,
    receivers: Arc<Receivers>,
    crashes: Arc<Mutex<Crashes>>,
    died: Arc<Notify>,
    clock: Clock,
    mint: Arc<dyn Mint>,
    vault: Arc<Vault>,
}

/// One life of the process.
struct Process {
    store: Store,
    stop: CancellationToken,
}

impl World {
    fn new(seed: u64) -> (Self, Inbox, Engine) {
        let mut random = StdRng::seed_from_u64(seed);
        let clock = Clock::starting_at(START);
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32])));
        let crashes = Arc::new(Mutex::new(Crashes {
            random: StdRng::seed_from_u64(random.next_u64()),
            armed: false,
            left: random.random_range(0..6),
        }));
        let died = Arc::new(Notify::new());
        let (engine, inbox) = Engine::new();
        let (schedule, bell) = (Arc::clone(&crashes), Arc::clone(&died));
        let strike = move |_: &'static str| {
            let mut crashes = schedule.lock().expect("not poisoned");
            if !crashes.armed || crashes.left == 0 || crashes.random.random_range(0..40) != 0 {
                return Fault::None;
            }
            crashes.left -= 1;
            bell.notify_one();
            if crashes.random.random_bool(0.5) { Fault::BeforeCommit } else { Fault::AfterCommit }
        };
        let inline = InlineStore::in_memory(Arc::clone(&vault), Arc::new(Commits(engine.clone())), Box::new(strike))
            .expect("a store");
        let mut dice = [0; 32];
        random.fill_bytes(&mut dice);
        let receivers = Receivers {
            random: Mutex::new(StdRng::seed_from_u64(random.next_u64())),
            firsts: Mutex::default(),
            receipts: Mutex::default(),
            healed: false.into(),
            policy: AddressPolicy::default(),
        };
        let world = Self {
            inline: Arc::new(inline),
            receivers: Arc::new(receivers),
            crashes,
            died,
            clock: clock.clone(),
            mint: Arc::new(Dice::seeded(clock, dice)),
            vault,
        };
        (world, inbox, engine)
    }

    fn ctx(&self) -> Ctx {
        Ctx { now: self.clock.now(), mint: Arc::clone(&self.mint), origin: Origin::default() }
    }

    fn run(&self, engine: &Engine, inbox: Inbox) -> Process {
        let store = Store::inline(Arc::clone(&self.inline));
        let parts = Parts {
            store: store.clone(),
            clock: self.clock.clone(),
            mint: Arc::clone(&self.mint),
            transport: Arc::clone(&self.receivers) as Arc<dyn Transport>,
            signing_key: Arc::new(SigningKey::from_seed(&[9; 32])),
            max_in_flight: 64,
            sweep_every: Duration::from_secs(2),
        };
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        engine.start(inbox, Arc::new(parts), &tasks, stop.clone());
        Process { store, stop }
    }

    /// What a start after a crash does.
    fn restart(&self, dead: &Process) -> Process {
        let (engine, inbox) = Engine::new();
        self.inline.restart(Arc::new(Commits(engine.clone())), self.clock.now()).expect("it opens");
        dead.stop.cancel();
        self.run(&engine, inbox)
    }

    fn arm(&self, armed: bool) {
        self.crashes.lock().expect("not poisoned").armed = armed;
    }
}

/// An endpoint that takes orders, and tries so often that bad luck alone never ends it.
fn endpoint(name: &str, change: impl FnOnce(&mut EndpointConfig)) -> EndpointConfig {
    support::endpoint(name, |config| {
        config.events = vec![EventPattern::Family("order".into())];
        config.retry = RetryPolicy { preset: None, schedule: vec![7; 20], jitter: true };
        change(config);
    })
}

/// The workspace and its endpoints, by URL.
async fn prepare(world: &World, store: &Store) -> (WorkspaceId, BTreeMap<String, EndpointId>) {
    let ctx = world.ctx();
    let configs = vec![
        endpoint("plain", |_| {}),
        endpoint("ordered", |config| config.ordered = true),
        endpoint("slow", |config| config.rate_limit = Some(1)),
        endpoint("short", |config| config.retry = Preset::Keystore.into()),
        endpoint("one", |config| config.max_in_flight = 1),
    ];
    let hash = world.vault.hash("owner");
    store
        .transact("prepare", move |tx| {
            let (ctx, configs) = (ctx.clone(), configs.clone());
            Box::pin(async move {
                let key = workspace::bootstrap(tx, &ctx, hash, "p".into()).await?.expect("the first start");
                let mut endpoints = BTreeMap::new();
                for config in configs {
                    let url = config.url.clone().expect("a push endpoint");
                    let made =
                        delivery::create_endpoint(tx, &ctx, &key.workspace_id, config, EndpointStatus::Active).await?;
                    endpoints.insert(url, made.at.endpoint_id);
                }
                Ok((key.workspace_id, endpoints))
            })
        })
        .await
        .expect("prepared")
}

/// Posts one event; its id if it was accepted. A crash while it waits means nobody knows.
async fn post(world: &World, process: &Process, workspace: &WorkspaceId, number: usize) -> Option<String> {
    let ctx = world.ctx();
    let new = NewEvent {
        id: Some(format!("e{number}").parse().expect("an id")),
        kind: "order.placed".parse().expect("a type"),
        workspace_id: workspace.clone(),
        namespace: Some(["a", "b", "c"][number % 3].parse().expect("a namespace")),
        timestamp: None,
        source: None,
        data: serde_json::value::to_raw_value(&serde_json::json!({"number": number})).expect("JSON"),
    };
    let posted = process.store.transact("event", move |tx| {
        let (ctx, new) = (ctx.clone(), new.clone());
        Box::pin(async move { event::ingest(tx, &ctx, new).await })
    });
    tokio::select! {
        biased;
        answer = posted => match answer.expect("the store works") {
            Ingested::Accepted(appended) | Ingested::Repeated(appended) => Some(appended.event.id.to_string()),
            other => panic!("{other:?}"),
        },
        () = world.died.notified() => {
            // Whoever restarts the process waits for the same bell.
            world.died.notify_one();
            None
        }
    }
}

/// Every delivery, and the invariant that holds at every instant. Keeps I5.
async fn deliveries(store: &Store, workspace: &WorkspaceId) -> Vec<delivery::Delivery> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let workspace = workspace.clone();
        let page = store
            .read("all", move |tx| {
                let workspace = workspace.clone();
                let query = PageQuery { before, limit: 200 };
                Box::pin(async move { tx.deliveries(&workspace, &DeliveryFilter::default(), query).await })
            })
            .await
            .expect("readable");
        for delivery in &page.items {
            let owed = delivery.status == DeliveryStatus::Pending;
            assert_eq!(owed, delivery.due.is_some(), "a delivery is ended, or due at a known time: {delivery:?}");
        }
        all.extend(page.items);
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

async fn simulate(seed: u64) {
    let (world, inbox, engine) = World::new(seed);
    let mut random = StdRng::seed_from_u64(seed ^ 0x5eed);
    let mut process = world.run(&engine, inbox);
    let (workspace, endpoints) = prepare(&world, &process.store).await;
    let mut accepted = Vec::new();
    world.arm(true);
    for number in 0..EVENTS {
        // A caller that got no answer posts again, under the same id.
        let id = loop {
            if let Some(id) = post(&world, &process, &workspace, number).await {
                break id;
            }
            world.died.notified().await;
            process = world.restart(&process);
        };
        accepted.push(id);
        let pause = Duration::from_millis(random.random_range(0..1_500));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = world.died.notified() => process = world.restart(&process),
        }
    }
    // Crashes may still strike while retries go on; then peace.
    for _ in 0..30 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(10)) => {}
            () = world.died.notified() => process = world.restart(&process),
        }
    }
    world.arm(false);
    process = world.restart(&process);
    world.receivers.healed.store(true, Ordering::Release);
    for _ in 0..500 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        let all = deliveries(&process.store, &workspace).await;
        if !all.iter().any(|delivery| delivery.status == DeliveryStatus::Pending) {
            break;
        }
    }
    judge(&world, &process, &workspace, &endpoints, &accepted).await;
    process.stop.cancel();
}

/// Nothing accepted is lost; what was promised in order came in order.
async fn judge(
    world: &World,
    process: &Process,
    workspace: &WorkspaceId,
    endpoints: &BTreeMap<String, EndpointId>,
    accepted: &[String],
) {
    let all = deliveries(&process.store, workspace).await;
    let owed: Vec<_> = all.iter().filter(|delivery| delivery.status == DeliveryStatus::Pending).collect();
    assert!(owed.is_empty(), "{} still owed, such as {:?}", owed.len(), owed[0]);
    assert!(!all.iter().any(|delivery| delivery.due == Some(PARKED)));
    let firsts = world.receivers.firsts.lock().expect("not poisoned");
    for (url, endpoint) in endpoints {
        let firsts = firsts.get(url).cloned().unwrap_or_default();
        for id in accepted {
            let found: Vec<_> =
                all.iter().filter(|d| d.at.endpoint_id == *endpoint && d.event_id.as_str() == id).collect();
            assert_eq!(found.len(), 1, "{id} has one delivery to {url}");
            match found[0].status {
                DeliveryStatus::Success => assert!(firsts.contains(id), "{id} never arrived at {url}"),
                DeliveryStatus::Failed => assert!(url.ends_with("short"), "{id} is a dead letter of {url}"),
                DeliveryStatus::Pending => unreachable!("nothing is owed"),
            }
        }
        if url.ends_with("ordered") {
            for namespace in 0..3 {
                let numbers: Vec<usize> = firsts
                    .iter()
                    .filter_map(|id| id.strip_prefix('e')?.parse().ok())
                    .filter(|number| number % 3 == namespace)
                    .collect();
                assert!(numbers.is_sorted(), "out of order at {url}: {numbers:?}");
            }
        }
    }
    let receipts: usize = world.receivers.receipts.lock().expect("not poisoned").values().sum();
    println!("  {} deliveries, {receipts} answers", all.len());
}

#[test]
fn nothing_accepted_is_lost_whenever_the_process_dies() {
    #[expect(clippy::disallowed_methods, reason = "a test is steered from outside")]
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match (given("BELLWIRE_SEED"), given("BELLWIRE_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, count) => (1..=count.unwrap_or(25)).collect(),
    };
    for seed in seeds {
        println!("seed {seed}");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(simulate(seed));
    }
}
