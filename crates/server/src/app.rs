//! What every request handler and background turn shares.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{Ctx, Effect, Mint, Origin, approval::Office, delivery, spend::Asking};
use bellwire_store::{Observer, Store, Vault};
use bellwire_wire::SigningKey;
use tokio::sync::Semaphore;

use crate::{
    auth::Authenticator,
    chains::Chains,
    channels::pagerduty::PagerDuty,
    clock::Clock,
    config::Config,
    egress::Egress,
    engine::{Engine, Parts},
    hub::Hub,
    playground::Playground,
    quota::Quotas,
    slack::Slack,
};

/// The parts of a running server.
pub struct App {
    /// The configuration it was started with.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// The dice.
    pub mint: Arc<dyn Mint>,
    /// The rows.
    pub store: Store,
    /// How keys are recognised and secrets sealed.
    pub vault: Arc<Vault>,
    /// Who is asking.
    pub auth: Authenticator,
    /// How much each key may ask.
    pub quotas: Quotas,
    /// The way out.
    pub egress: Egress,
    /// What sends.
    pub engine: Engine,
    /// What the engine works with.
    pub parts: Arc<Parts>,
    /// What wakes streams.
    pub hub: Arc<Hub>,
    /// What endpoints with `signing: ed25519` are signed with.
    pub signing_key: Arc<SigningKey>,
    /// What people are asked with.
    pub office: Office,
    /// What speaks to Slack, if it is set up.
    pub slack: Option<Arc<Slack>>,
    /// What speaks to PagerDuty, if it is set up.
    pub pagerduty: Option<PagerDuty>,
    /// What was checked of audit logs.
    pub chains: Chains,
    /// Trials of integrations that may be under way. Keeps I12.
    pub trials: Semaphore,
    /// What anybody may try.
    pub playground: Playground,
    /// Where callbacks and links start.
    pub public_url: String,
    /// Told when the server stops: streams end then.
    pub stopping: tokio_util::sync::CancellationToken,
    /// Renders the metrics.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
}

impl App {
    /// What a grant needs in case people have to be asked: the request, and where their decision is sent to.
    pub fn asking(&self, request_body: Arc<str>, callback_url: Option<String>) -> Asking {
        Asking { office: self.office.clone(), request_body, callback_url }
    }

    /// The circumstances of a command that a request of this origin causes.
    pub fn ctx(&self, origin: Origin) -> Ctx {
        Ctx { now: self.clock.now(), mint: Arc::clone(&self.mint), origin }
    }
}

/// Hears what commits, on the writer's thread, and passes it on: nothing here may wait.
pub struct Commits {
    /// Sends deliveries.
    pub engine: Engine,
    /// Wakes streams.
    pub hub: Arc<Hub>,
    /// Hears of keys.
    pub keys_changed: Arc<tokio::sync::Notify>,
    /// Hears of jobs.
    pub job_queued: Arc<tokio::sync::Notify>,
    /// Hears of every event.
    pub appended: Arc<tokio::sync::Notify>,
    /// Hears of every event too, and has many listeners.
    pub told: tokio::sync::watch::Sender<()>,
}

impl Observer for Commits {
    fn reserve(&self, endpoint: &delivery::Endpoint, bytes: usize) -> Option<delivery::Slot> {
        self.engine.reserve(endpoint, bytes)
    }

    fn committed(&self, effects: Vec<Effect>) {
        let mut for_engine = Vec::with_capacity(effects.len());
        for effect in effects {
            match effect {
                Effect::Appended(workspace) => {
                    self.hub.ring(&workspace);
                    self.appended.notify_one();
                    self.told.send_replace(());
                }
                Effect::KeysChanged(_) => self.keys_changed.notify_one(),
                Effect::JobQueued => self.job_queued.notify_one(),
                Effect::Touched(workspace, topics) => {
                    self.hub.touched(&workspace, topics);
                    self.hub.note(&workspace, topics);
                }
                Effect::TouchedElsewhere(workspace, topics) => self.hub.touched(&workspace, topics),
                Effect::Missed => {
                    self.keys_changed.notify_one();
                    self.appended.notify_one();
                    self.told.send_replace(());
                    self.hub.ring_all();
                    for_engine.push(effect);
                }
                Effect::Leased(_) | Effect::Due(_) | Effect::EndpointChanged(_) => for_engine.push(effect),
            }
        }
        if !for_engine.is_empty() {
            self.engine.committed(for_engine);
        }
    }
}

/// How long a graceful stop waits for what is in flight, beyond the longest timeout.
pub const STOP_GRACE: Duration = Duration::from_secs(31);
