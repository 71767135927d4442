//! The playground: sandboxes that anybody may make, where only people on this machine can ask for them or whoever runs
//! it is trying things out anyway. How many there are is bounded by the command that makes them; how fast each writes is
//! bounded here; what they hold is swept when their day is over.
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use bellwire_domain::{
    Origin, Stored,
    workspace::{self, Rows, SANDBOXES_MAX},
};
use bellwire_store::Store;
use bellwire_wire::{Timestamp, WorkspaceId};
use tokio::sync::Semaphore;
use url::{Host, Url};

use crate::{app::App, config::Config, egress::OwnPart};

/// What the paths of the catcher begin with.
pub const CATCHER: &str = "/v1/try/catch/";
/// Writes that a sandbox may make in a second, and at once.
const RATE: i64 = 50;
const BURST: i64 = 100;
const SECOND: i64 = 1_000_000;
/// Endpoints of a sandbox.
const ENDPOINTS_MAX: u32 = 10;
/// Requests that the catcher keeps waiting at once. Keeps I12.
const SLOW_MAX: usize = 256;
/// Rows of a sandbox that are removed in one transaction, and the pause after it: no write waits long behind it.
const SWEEP_CHUNK: u32 = 100;
const SWEEP_PAUSE: Duration = Duration::from_millis(5);
/// A key that was good a moment ago may be at work still.
const GRACE: Duration = Duration::from_mins(1);

/// Whether there is a playground, and the sandboxes that are alive.
pub struct Playground {
    /// Where the catcher is reached from here; nothing if there is no playground.
    at: Option<SocketAddr>,
    sandboxes: RwLock<HashMap<WorkspaceId, Mutex<Allowance>>>,
    /// For requests that are kept waiting.
    pub slow: Semaphore,
}

/// How much more a sandbox may write now, in microseconds of its rate.
struct Allowance {
    saved: i64,
    at: Timestamp,
}

impl Allowance {
    fn full(now: Timestamp) -> Self {
        Self { saved: BURST * SECOND, at: now }
    }

    /// Takes so many writes, if they are left.
    fn take(&mut self, now: Timestamp, writes: u32) -> bool {
        let passed = i64::try_from(now.since(self.at).as_micros()).unwrap_or(i64::MAX).min(BURST * SECOND);
        self.saved = (self.saved + passed * RATE).min(BURST * SECOND);
        self.at = now;
        let cost = i64::from(writes) * SECOND;
        let left = self.saved >= cost;
        self.saved -= if left { cost } else { 0 };
        left
    }
}

impl Playground {
    /// The playground of a server that listens there, if it has one: with `dev`, or where only this machine reaches it. A
    /// public URL elsewhere tells of a proxy that brings others here: then it has one only if it was told to.
    pub fn new(config: &Config, address: SocketAddr) -> Self {
        let behind_proxy =
            config.public_url.as_deref().is_some_and(|url| !Url::parse(url).is_ok_and(|url| is_near(&url)));
        let wanted = config.playground.unwrap_or(config.dev || !behind_proxy);
        let on = wanted && (config.dev || address.ip().is_loopback());
        let here = match address.ip() {
            // Every address of this machine: its own among them.
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self {
            at: on.then(|| SocketAddr::new(here, address.port())),
            sandboxes: RwLock::default(),
            slow: Semaphore::new(SLOW_MAX),
        }
    }

    /// Whether there is one.
    pub fn is_on(&self) -> bool {
        self.at.is_some()
    }

    /// What begins the URLs of the catcher, if there is a playground.
    pub fn catcher_url(&self) -> Option<String> {
        self.at.map(|at| format!("http://{at}{CATCHER}"))
    }

    /// What requests may reach of this server: the catcher and nothing else.
    pub fn own_part(&self) -> Option<OwnPart> {
        self.at.map(|address| OwnPart { address, prefix: CATCHER })
    }

    /// Whether a workspace may write so much now. Only sandboxes are ever told to wait.
    pub fn admits(&self, workspace: &WorkspaceId, now: Timestamp, writes: u32) -> bool {
        let sandboxes = self.sandboxes.read().unwrap_or_else(PoisonError::into_inner);
        sandboxes
            .get(workspace)
            .is_none_or(|allowance| allowance.lock().unwrap_or_else(PoisonError::into_inner).take(now, writes))
    }

    /// How many endpoints a workspace may have, if that is bounded: what a sandbox posts is owed to each of them.
    pub fn endpoints_max(&self, workspace: &WorkspaceId) -> Option<u32> {
        let sandboxes = self.sandboxes.read().unwrap_or_else(PoisonError::into_inner);
        sandboxes.contains_key(workspace).then_some(ENDPOINTS_MAX)
    }

    /// Notes a sandbox that was just made.
    pub fn add(&self, workspace: &WorkspaceId, now: Timestamp) {
        let mut sandboxes = self.sandboxes.write().unwrap_or_else(PoisonError::into_inner);
        sandboxes.entry(workspace.clone()).or_insert_with(|| Mutex::new(Allowance::full(now)));
    }

    /// Learns which sandboxes there are; those that are.
    pub async fn know(&self, store: &Store) -> Stored<Vec<workspace::Sandbox>> {
        let known = store.read("sandboxes", |tx| Box::pin(tx.sandboxes(SANDBOXES_MAX))).await?;
        let mut sandboxes = self.sandboxes.write().unwrap_or_else(PoisonError::into_inner);
        sandboxes.retain(|id, _| known.iter().any(|sandbox| sandbox.workspace_id == *id));
        for sandbox in &known {
            let allowance = || Mutex::new(Allowance::full(sandbox.created_at));
            sandboxes.entry(sandbox.workspace_id.clone()).or_insert_with(allowance);
        }
        Ok(known)
    }
}

/// Whether a URL is of this machine: a loopback address, or the name of one.
pub(crate) fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Sweeps sandboxes whose day is over.
pub(crate) async fn turn(app: Arc<App>) {
    let known = match app.playground.know(&app.store).await {
        Ok(known) => known,
        Err(error) => {
            tracing::debug!(%error, "sandboxes could not be looked for yet");
            return;
        }
    };
    let over = app.clock.now().before(GRACE);
    for sandbox in known.into_iter().filter(|sandbox| sandbox.expires_at <= over) {
        match sweep(&app, &sandbox.workspace_id).await {
            Ok(true) => tracing::debug!(workspace = %sandbox.workspace_id, "a sandbox is gone"),
            // Another node is at it, or the server stops.
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "a sandbox could not be removed yet");
                return;
            }
        }
    }
}

/// Removes a sandbox, some rows after others; whether it is gone.
async fn sweep(app: &App, workspace: &WorkspaceId) -> Stored<bool> {
    while !app.stopping.is_cancelled() {
        let (ctx, workspace) = (app.ctx(Origin::default()), workspace.clone());
        let step = app
            .store
            .transact("sandbox_sweep", move |tx| {
                let (ctx, workspace) = (ctx.clone(), workspace.clone());
                Box::pin(async move {
                    if !tx.turn("sandboxes").await? {
                        return Ok(None);
                    }
                    workspace::sweep_sandbox(tx, &ctx, &workspace, SWEEP_CHUNK).await.map(Some)
                })
            })
            .await?;
        match step {
            Some(false) => tokio::time::sleep(SWEEP_PAUSE).await,
            Some(true) => return Ok(true),
            None => return Ok(false),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::File;

    #[test]
    fn there_is_a_playground_where_only_this_machine_comes_or_somebody_wants_one() {
        let on = |listen: &str, file: &str| {
            let file = File::read(file).expect("a file");
            let config = Config::resolve(file, None, Some(listen.into()), false).expect("a configuration");
            Playground::new(&config, config.listen).is_on()
        };
        let (public, here) = ("public_url = 'https://b.example.com'\n", "127.0.0.1:4800");
        assert!(on(here, ""));
        for near in ["http://127.0.0.1:4800", "http://localhost:4800", "http://LOCALHOST/", "http://[::1]:4800"] {
            assert!(on(here, &format!("public_url = '{near}'")), "{near}");
        }
        for far in ["https://b.example.com", "http://10.0.0.1", "https://localhost.example.com", "b.example.com"] {
            assert!(!on(here, &format!("public_url = '{far}'")), "{far}");
        }
        assert!(on(here, &format!("{public}playground = true")));
        assert!(on(here, &format!("{public}dev = true")));
        assert!(!on(here, "playground = false") && !on(here, "playground = false\ndev = true"));
        assert!(!on("0.0.0.0:4800", "") && !on("0.0.0.0:4800", "playground = true"));
        assert!(on("0.0.0.0:4800", "dev = true"));
    }

    #[test]
    fn a_sandbox_writes_a_burst_and_then_at_its_rate() {
        let start = Timestamp::from_seconds(1_800_000_000);
        let mut allowance = Allowance::full(start);
        let taken = |allowance: &mut Allowance, now| (0..1_000).filter(|_| allowance.take(now, 1)).count();
        assert_eq!(taken(&mut allowance, start), 100);
        assert_eq!(taken(&mut allowance, start.after(Duration::from_millis(100))), 5);
        assert_eq!(taken(&mut allowance, start.after(Duration::from_hours(9))), 100);
        assert_eq!(taken(&mut allowance, start), 0, "a clock that was set back gives nothing");
        let later = start.after(Duration::from_hours(10));
        assert!(!allowance.take(later, 101) && allowance.take(later, 60) && !allowance.take(later, 41));
    }
}
