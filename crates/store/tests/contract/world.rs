//! An open store with a seeded mint, a clock that only the test moves, and ears.
use std::{
    any::Any,
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bellwire_domain::{
    Ctx, Effect, Mint, Origin,
    delivery::{
        self, Claim, Claimed, Delivery, DeliveryStatus, Endpoint, EndpointConfig, EndpointKind, EndpointRef,
        EndpointStatus, EventPattern, Preset, Rows as _, Settlement, Signing, Slot,
    },
    event::{self, NewEvent, Rows as _, StoredEvent},
    workspace::{Rows as _, Workspace},
};
use bellwire_store::{MasterKey, Observer, Store, Vault};
use bellwire_wire::{DeliveryId, Dialect, Namespace, Timestamp, WorkspaceId};
use rand::{Rng, SeedableRng, rngs::StdRng};
use ulid::Ulid;

/// The time at which every world begins.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Hears what commits, and lends places in memory when told to.
#[derive(Default)]
pub(crate) struct Recorder {
    batches: Mutex<Vec<Vec<Effect>>>,
    pub(crate) lends: AtomicBool,
    pub(crate) lent: Arc<AtomicUsize>,
}

impl Recorder {
    /// What was heard since the last time, commit by commit.
    pub(crate) fn take(&self) -> Vec<Vec<Effect>> {
        std::mem::take(&mut *self.batches.lock().expect("not poisoned"))
    }

    /// How many places are taken.
    pub(crate) fn places(&self) -> usize {
        self.lent.load(Ordering::Acquire)
    }
}

impl Observer for Recorder {
    fn reserve(&self, _: &Endpoint, _: usize) -> Option<Slot> {
        self.lends.load(Ordering::Acquire).then(|| Slot::take(&[(&self.lent, 1, 1_000_000)]))?
    }

    fn committed(&self, effects: Vec<Effect>) {
        self.batches.lock().expect("not poisoned").push(effects);
    }
}

/// Ids and secrets that repeat from run to run.
struct Steady(Mutex<(StdRng, u64)>);

impl Mint for Steady {
    fn ulid(&self) -> Ulid {
        let mut state = self.0.lock().expect("not poisoned");
        state.1 += 1;
        Ulid::from_parts(state.1, u128::from(state.0.next_u64()))
    }

    fn random(&self, bytes: &mut [u8]) {
        self.0.lock().expect("not poisoned").0.fill_bytes(bytes);
    }

    fn roll(&self) -> u32 {
        500_000
    }
}

/// An open store and everything a test drives it with.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) heard: Arc<Recorder>,
    pub(crate) mint: Arc<dyn Mint>,
    now: Mutex<Timestamp>,
    /// What the engine needs kept while the store is open.
    _keep: Box<dyn Any + Send + Sync>,
}

impl World {
    pub(crate) fn new(store: Store, heard: Arc<Recorder>, keep: impl Any + Send + Sync) -> Self {
        let mint = Arc::new(Steady(Mutex::new((StdRng::seed_from_u64(7), 0))));
        Self { store, heard, mint, now: Mutex::new(START), _keep: Box::new(keep) }
    }

    /// Waits until an engine that hears other nodes does, and forgets that it said so.
    #[allow(dead_code, reason = "the embedded engine has no others to hear")]
    pub(crate) async fn heard_from_the_start(&self) {
        while self.heard.take().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The vault of every world.
    pub(crate) fn vault() -> Arc<Vault> {
        Arc::new(Vault::new(&MasterKey::from_bytes([7; 32])))
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.now.lock().expect("not poisoned")
    }

    /// Sets the clock, forward or back.
    pub(crate) fn set(&self, now: Timestamp) {
        *self.now.lock().expect("not poisoned") = now;
    }

    pub(crate) fn pass(&self, seconds: u64) -> Timestamp {
        let later = self.now().after(Duration::from_secs(seconds));
        self.set(later);
        later
    }

    pub(crate) fn ctx(&self) -> Ctx {
        Ctx { now: self.now(), mint: Arc::clone(&self.mint), origin: Origin::default() }
    }

    pub(crate) async fn workspace(&self, name: &str) -> WorkspaceId {
        let id = WorkspaceId::from_ulid(self.mint.ulid());
        let workspace = Workspace { id: id.clone(), name: name.into(), created_at: self.now() };
        run!(self, tx, workspace => tx.workspace_insert(&workspace).await);
        id
    }

    /// An endpoint that takes everything, changed as wanted.
    pub(crate) async fn endpoint(
        &self,
        workspace: &WorkspaceId,
        change: impl FnOnce(&mut EndpointConfig),
    ) -> Arc<Endpoint> {
        let (ctx, mut config) = (self.ctx(), config());
        change(&mut config);
        let made = run!(self, tx, ctx, workspace, config => {
            delivery::create_endpoint(tx, &ctx, &workspace, config, EndpointStatus::Active).await
        });
        Arc::new(made)
    }

    pub(crate) async fn post(&self, workspace: &WorkspaceId, kind: &str, namespace: Option<&str>) -> StoredEvent {
        let (ctx, new) = (self.ctx(), new_event(workspace, kind, namespace));
        run!(self, tx, ctx, new => {
            let appended = event::append(tx, &ctx, new).await?;
            Ok(tx.event(&appended.event.workspace_id, &appended.event.id).await?.expect("just appended"))
        })
    }

    /// Claims what is due now for a minute.
    pub(crate) async fn claim(&self, at: &EndpointRef, limit: u32) -> Vec<Claimed> {
        let now = self.now();
        let lease_until = now.after(Duration::from_mins(1));
        let claim = Claim { at: at.clone(), now, lease_until, limit, exempt_only: false };
        run!(self, tx, claim => tx.claim(&claim).await)
    }

    /// Leaves a held delivery; whether it was still held.
    pub(crate) async fn settle(&self, at: &EndpointRef, settlement: Settlement) -> bool {
        run!(self, tx, at, settlement => Ok(tx.settle_all(&[(&at, settlement)]).await? == [true]))
    }

    pub(crate) async fn delivery(&self, workspace: &WorkspaceId, id: &DeliveryId) -> Delivery {
        see!(self, tx, workspace, id => tx.delivery(&workspace, &id).await).expect("a delivery")
    }

    /// All deliveries of an endpoint, oldest first.
    pub(crate) async fn all(&self, at: &EndpointRef) -> Vec<Delivery> {
        see!(self, tx, at => tx.deliveries_after(&at, 0, i64::MAX, 100_000).await)
    }
}

/// How a held delivery is left in a state.
pub(crate) fn left(claimed: &Claimed, status: DeliveryStatus, due: Option<Timestamp>, at: Timestamp) -> Settlement {
    Settlement {
        seq: claimed.seq,
        lease_until: claimed.lease_until,
        status,
        due,
        attempts: claimed.attempts + 1,
        attempts_total: claimed.attempts_total + 1,
        status_code: Some(if status == DeliveryStatus::Success { 200 } else { 500 }),
        error: (status != DeliveryStatus::Success).then(|| "status 500".into()),
        at,
    }
}

pub(crate) fn namespace(name: &str) -> Namespace {
    name.parse().expect("a namespace")
}

pub(crate) fn new_event(workspace: &WorkspaceId, kind: &str, within: Option<&str>) -> NewEvent {
    let within = within.map(namespace);
    NewEvent::built_in(workspace, kind, within.as_ref(), &serde_json::json!({"n": 1}))
}

fn config() -> EndpointConfig {
    EndpointConfig {
        kind: EndpointKind::Push,
        url: Some("https://example.com/hook".into()),
        events: vec![EventPattern::All],
        namespace: None,
        filter: None,
        dialect: Dialect::Standard,
        signing: Signing::Hmac,
        retry: Preset::Keystore.into(),
        timeout_ms: 5_000,
        rate_limit: None,
        max_in_flight: 16,
        ordered: false,
        headers: BTreeMap::new(),
        description: None,
        metadata: serde_json::Map::new(),
    }
}
