//! Starts everything in order and stops it in the reverse one.
//!
//! Nothing opens before the configuration is whole. At the first signal no new requests are taken,
//! what is in flight finishes and is written, then the store closes; a second signal ends at once.
//! Both are safe: what was accepted is in the rows.
use std::{sync::Arc, time::Duration};

use anyhow::Context;
use bellwire_domain::{
    Origin, PageQuery,
    approval::{Addressee, Office},
    workspace,
};
use bellwire_store::{Store, Vault};
use bellwire_wire::SigningKey;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api,
    app::{App, Commits, STOP_GRACE},
    auth::Authenticator,
    chains::Chains,
    channels::{self, pagerduty::PagerDuty},
    clock::Clock,
    config::Config,
    connection,
    egress::{AddressPolicy, Egress, EgressConfig},
    engine::{Engine, Parts},
    hub::Hub,
    mint::Dice,
    playground::Playground,
    publish::{self, Place, Publisher, nats::Nats},
    quota::Quotas,
    session,
    slack::{self, Slack},
    storage, upkeep,
};

/// A running server.
pub struct Server {
    /// What it shares with its handlers.
    pub app: Arc<App>,
    /// Where it listens.
    pub address: std::net::SocketAddr,
    /// The owner key, if this start made one.
    pub owner_key: Option<String>,
    listener: TcpListener,
    tasks: TaskTracker,
    engine_stop: CancellationToken,
}

/// What is given to a start besides its configuration, and shown nowhere.
#[derive(Default)]
pub struct Secrets {
    /// The owner key to make instead of a random one, if there is none yet.
    pub owner_key: Option<String>,
    /// The master key, instead of one from a file.
    pub master_key: Option<String>,
}

/// How often everything due is looked for, however quiet it is.
const SWEEP_EVERY: Duration = Duration::from_secs(2);
/// Trials of integrations at once. Keeps I12.
const TRIALS_MAX: usize = 4;
/// Connections at once. Keeps I12.
const CONNECTIONS_MAX: usize = 16_384;

impl Server {
    /// Opens the store, makes the owner key if there is none, and starts sending. It does not take
    /// requests yet.
    pub async fn start(
        config: Config,
        secrets: Secrets,
        metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    ) -> anyhow::Result<Self> {
        let vault = Arc::new(Vault::new(&storage::master_key(&config, secrets.master_key).await?));
        let (engine, inbox) = Engine::new();
        let hub = Arc::new(Hub::default());
        let (keys_changed, job_queued, appended) =
            (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let told = watch::Sender::new(());
        let commits = Commits {
            engine: engine.clone(),
            hub: Arc::clone(&hub),
            keys_changed: Arc::clone(&keys_changed),
            job_queued: Arc::clone(&job_queued),
            appended: Arc::clone(&appended),
            told: told.clone(),
        };
        let store = storage::open(&config, &vault, Arc::new(commits)).await?;
        if let Some(nats) = &config.nats {
            Place::prepare(&store, Nats::NAME, nats.from).await?;
        }
        if config.slack.is_some() {
            slack::prepare(&store).await?;
        }
        let clock = Clock::of(&store);
        let mint = Arc::new(Dice::random(clock.clone()));
        let listener =
            TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        let playground = Playground::new(&config, address);
        let egress = Egress::new(EgressConfig {
            policy: AddressPolicy { own: playground.own_part(), ..config.address_policy() },
            ca_files: config.delivery.ca_files.clone(),
            ..EgressConfig::default()
        })?;
        let signing_key = Arc::new(signing_key(&store, &*mint).await?);
        let parts = Arc::new(Parts {
            store: store.clone(),
            clock: clock.clone(),
            mint: Arc::clone(&mint) as Arc<dyn bellwire_domain::Mint>,
            transport: Arc::new(egress.clone()),
            signing_key: Arc::clone(&signing_key),
            max_in_flight: config.delivery.max_in_flight,
            sweep_every: SWEEP_EVERY,
        });
        let public_url = session::public_url(&config, address);
        let office = Office {
            signing_key: Arc::clone(&signing_key),
            public_url: public_url.as_str().into(),
            integrations: Arc::new([]),
        };
        let mut app = App {
            public_url,
            auth: Authenticator::new(store.clone(), Arc::clone(&vault)),
            quotas: Quotas::new(config.key_requests_per_second),
            config,
            clock,
            mint,
            store,
            vault,
            egress,
            engine,
            parts: Arc::clone(&parts),
            hub,
            signing_key,
            office,
            slack: None,
            pagerduty: None,
            chains: Chains::default(),
            trials: Semaphore::new(TRIALS_MAX),
            playground,
            stopping: CancellationToken::new(),
            metrics,
        };
        app.playground.know(&app.store).await?;
        let owner_key = bootstrap(&app, secrets.owner_key).await?;
        let (tasks, engine_stop) = (TaskTracker::new(), CancellationToken::new());
        integrations(&mut app, &tasks).await?;
        let app = Arc::new(app);
        app.engine.start(inbox, parts, &tasks, engine_stop.clone());
        upkeep::start(&app, keys_changed, job_queued, &tasks);
        if let Some(nats) = app.config.nats.clone() {
            let nats = Nats::new(nats, app.config.delivery.ca_files.clone(), app.config.retention);
            publish::start(&app, nats, appended, &tasks);
        }
        if let Some(slack) = &app.slack {
            slack::start(&app, slack);
        }
        channels::start(&app, &told, &tasks);
        Ok(Self { app, address, owner_key, listener, tasks, engine_stop })
    }

    /// A link that logs in once as the owner, for whoever sees what a start prints. Nothing if it could not be made:
    /// a full disk keeps nobody from starting.
    pub async fn console_link(&self) -> Option<String> {
        let token = session::new_token(&*self.app.mint);
        let (ctx, hash) = (self.app.ctx(Origin::default()), session::link_hash(&self.app.vault, &token));
        let made = self.app.store.transact("console_link", move |tx| {
            let ctx = ctx.clone();
            Box::pin(async move { workspace::session::console_link(tx, &ctx, hash).await })
        });
        match made.await {
            Ok(made) => made.map(|_| session::link_url(&self.app.public_url, false, &token)),
            Err(error) => {
                tracing::warn!(%error, "no link to the console could be made; `bellwire console-link` makes one later");
                None
            }
        }
    }

    /// A key for commands of the user who runs this, without which they would have to be given the owner key. It
    /// stands for that key as long as this process runs.
    pub fn local_key(&self) -> zeroize::Zeroizing<String> {
        let key = zeroize::Zeroizing::new(format!("bw_local_{}", *session::new_token(&*self.app.mint)));
        self.app.auth.admit_local(&key);
        key
    }

    /// Takes requests until `stop`, then finishes what is in flight.
    pub async fn run(self, stop: CancellationToken) {
        let connections = TaskTracker::new();
        let router = api::router(Arc::clone(&self.app));
        let service = hyper_util::service::TowerToHyperService::new(router);
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((socket, _)) = accepted else {
                // Out of descriptors, most likely: those that end make room.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            if connections.len() >= CONNECTIONS_MAX {
                continue;
            }
            connections.spawn(connection::serve(socket, service.clone(), self.app.stopping.clone()));
        }
        drop(self.listener);
        tracing::info!("stopping: what is in flight finishes");
        self.app.stopping.cancel();
        connections.close();
        drop(tokio::time::timeout(STOP_GRACE, connections.wait()).await);
        self.engine_stop.cancel();
        self.tasks.close();
        drop(tokio::time::timeout(STOP_GRACE, self.tasks.wait()).await);
        drop(self.app.auth.flush().await);
        self.app.store.close().await;
    }
}

/// Gets ready to ask people for approvals where they are.
async fn integrations(app: &mut App, tasks: &TaskTracker) -> anyhow::Result<()> {
    let mut all = Vec::new();
    if let Some(config) = &app.config.slack {
        let slack = Slack::new(config, &app.store, app.egress.clone(), tasks, app.stopping.clone()).await?;
        all.push((slack.workspace().clone(), Addressee::Slack));
        app.slack = Some(Arc::new(slack));
    }
    if let Some(config) = &app.config.pagerduty {
        let pagerduty = PagerDuty::new(config, &app.store, app.egress.clone(), app.office.clone()).await?;
        all.push((pagerduty.workspace().clone(), Addressee::PagerDuty));
        app.pagerduty = Some(pagerduty);
    }
    app.office.integrations = all.into();
    Ok(())
}

/// The deployment's signing key, made at the first start.
async fn signing_key(store: &Store, mint: &dyn bellwire_domain::Mint) -> anyhow::Result<SigningKey> {
    let mut fresh = zeroize::Zeroizing::new([0_u8; 32]);
    mint.random(fresh.as_mut());
    let seed = store
        .transact("signing_key", move |tx| {
            let fresh = fresh.clone();
            Box::pin(async move {
                if let Some(seed) = tx.sealed_setting("signing key")? {
                    return Ok(seed);
                }
                tx.sealed_setting_put("signing key", fresh.as_slice())?;
                // Another node may have been first.
                Ok(tx.sealed_setting("signing key")?.unwrap_or_else(|| fresh.to_vec()))
            })
        })
        .await?;
    let seed: [u8; 32] = seed.try_into().map_err(|_| anyhow::anyhow!("the stored signing key is not 32 bytes"))?;
    Ok(SigningKey::from_seed(&seed))
}

/// Makes the workspace `default` and its owner key, if nothing is there yet; the key, if it was made
/// up here.
async fn bootstrap(app: &App, given: Option<String>) -> anyhow::Result<Option<String>> {
    let known = app.store.read("workspaces", |tx| Box::pin(workspace::Rows::workspaces(tx, PageQuery::ONE))).await?;
    if !known.items.is_empty() {
        return Ok(None);
    }
    if let Some(key) = &given {
        let printable = key.bytes().all(|c| (0x21..0x7f).contains(&c));
        anyhow::ensure!(
            (32..=128).contains(&key.len()) && printable,
            "BELLWIRE_OWNER_KEY must be 32 to 128 printable characters without spaces"
        );
    }
    let made_up = given.is_none();
    let key = given.unwrap_or_else(|| api::workspace::new_secret(app, workspace::KeyKind::Owner));
    let (hash, prefix, ctx) = (app.vault.hash(&key), api::workspace::prefix_of(&key), app.ctx(Origin::default()));
    let made = app
        .store
        .transact("bootstrap", move |tx| {
            let (ctx, prefix) = (ctx.clone(), prefix.clone());
            Box::pin(async move { workspace::bootstrap(tx, &ctx, hash, prefix).await })
        })
        .await?;
    Ok(made.filter(|_| made_up).map(|_| key))
}
