//! A sink and a server over a fresh data directory.

use std::cell::Cell;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::bench::{Bench, Load};
use super::http::Http;
use super::process::Process;
use crate::clock;
use crate::sink::control::Stats;

/// The owner key of every server here; nothing but loopback ever sees it.
const KEY: &str = "bellwire-bench-owner-key-0123456789";

/// How often the sink is asked whether all has arrived.
const POLL: Duration = Duration::from_millis(25);

/// How long nothing may arrive before waiting is given up: longer than a delivery's lease (30 s),
/// after which another attempt is due.
const STALL: Duration = Duration::from_secs(40);

/// How long nothing may arrive before all is taken to have arrived.
const SETTLED: Duration = Duration::from_secs(1);

/// Bytes of an event's `data`, so that a delivered body is about [`RAW_BYTES`].
pub const DATA_BYTES: usize = 230;

/// Bytes of a body of the raw limit.
pub const RAW_BYTES: usize = 400;

/// Starts a sink.
pub fn start_sink(bench: &Bench) -> anyhow::Result<Process> {
    let mut command = Command::new(&bench.binaries.sink);
    command.arg("--with-parent");
    Process::start(command)
}

/// A running sink and server.
#[derive(Debug)]
pub struct Stack {
    /// The server.
    pub server: Process,
    /// The server's API.
    pub api: Http,
    /// Base URL of the sink.
    pub sink_url: String,
    controls: Http,
    sink: Process,
    /// Further nodes on the same database.
    others: Vec<Process>,
    /// Deliveries that all runs made together.
    pub delivered: Cell<u64>,
    // Dropped last: the server writes into it.
    dir: TempDir,
}

impl Stack {
    /// Starts both.
    pub fn start(bench: &Bench) -> anyhow::Result<Self> {
        let dir = TempDir::new_in(&bench.data_dir)?;
        let sink = start_sink(bench)?;
        let server = start_server(bench, dir.path(), &[])?;
        Self::of(server, Vec::new(), sink, dir)
    }

    /// Starts nodes on a PostgreSQL database.
    pub fn start_on(bench: &Bench, database_url: &str, nodes: usize) -> anyhow::Result<Self> {
        let dir = TempDir::new_in(&bench.data_dir)?;
        let sink = start_sink(bench)?;
        let node = || start_server(bench, dir.path(), &["--database-url", database_url]);
        let server = node()?;
        let others = (1..nodes).map(|_| node()).collect::<anyhow::Result<Vec<_>>>()?;
        Self::of(server, others, sink, dir)
    }

    fn of(server: Process, others: Vec<Process>, sink: Process, dir: TempDir) -> anyhow::Result<Self> {
        Ok(Self {
            api: Http::new(&server.url, Some(KEY))?,
            controls: Http::new(&sink.url, None)?,
            sink_url: sink.url.clone(),
            server,
            sink,
            others,
            delivered: Cell::new(0),
            dir,
        })
    }

    /// The process ids of all nodes.
    pub fn node_ids(&self) -> impl Iterator<Item = u32> {
        std::iter::once(&self.server).chain(&self.others).map(Process::id)
    }

    /// The base URLs of all nodes.
    pub fn node_urls(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.server).chain(&self.others).map(|node| node.url.as_str())
    }

    /// Ends the server as a power cut would.
    pub fn kill_server(self) -> Down {
        self.server.kill();
        Down { controls: self.controls, sink: self.sink, dir: self.dir }
    }

    /// Stops the server in order.
    pub fn stop_server(mut self) -> anyhow::Result<Down> {
        self.server.stop()?;
        Ok(self.kill_server())
    }

    /// Adds an endpoint at a path of the sink; its id. `more` overrides the usual fields.
    pub fn add_endpoint(&self, path: &str, events: &str, more: Value) -> anyhow::Result<String> {
        let url = format!("{}{path}", self.sink_url);
        let answer = self.api.post("/v1/webhooks", &endpoint(&url, events, more))?;
        let id = answer["endpoint"]["id"].as_str();
        Ok(id.context("the answer has no endpoint.id")?.to_owned())
    }

    /// A load for this server with the usual settings.
    pub fn load(&self, bench: &Bench, mode: &'static str) -> Load {
        Load {
            url: self.server.url.clone(),
            key: Some(KEY.to_owned()),
            mode,
            client: "conn",
            connections: bench.options.connections,
            seconds: bench.options.seconds(),
            family: "bench",
            bytes: DATA_BYTES,
            ..Load::default()
        }
    }

    /// The sink's counters.
    pub fn stats(&self) -> anyhow::Result<Stats> {
        Ok(serde_json::from_value(self.controls.get("/stats")?)?)
    }

    /// Calls a control of the sink.
    pub fn control(&self, path: &str) -> anyhow::Result<()> {
        self.controls.get(path).map(drop)
    }

    /// Waits until `expected` requests have arrived under `prefix`; an error if no more come.
    pub fn wait_for(&self, prefix: &str, expected: u64) -> anyhow::Result<Stats> {
        self.wait(expected, |stats| stats.requests(prefix))
    }

    /// Waits until `expected` different messages have arrived under `prefix`.
    pub fn wait_for_distinct(&self, prefix: &str, expected: u64) -> anyhow::Result<Stats> {
        self.wait(expected, |stats| stats.distinct(prefix))
    }

    /// Waits until nothing more arrives under `prefix`, when the number is not known before.
    pub fn settle(&self, prefix: &str) -> anyhow::Result<Stats> {
        let (mut best, mut since) = (0, clock::now());
        loop {
            let stats = self.stats()?;
            let arrived = stats.requests(prefix);
            if arrived == best && since.elapsed() > SETTLED {
                return Ok(stats);
            }
            if arrived > best {
                (best, since) = (arrived, clock::now());
            }
            clock::pause(POLL);
        }
    }

    fn wait(&self, expected: u64, count: impl Fn(&Stats) -> u64) -> anyhow::Result<Stats> {
        let (mut best, mut since) = (0, clock::now());
        loop {
            let stats = self.stats()?;
            let arrived = count(&stats);
            if arrived >= expected {
                return Ok(stats);
            }
            if arrived > best {
                (best, since) = (arrived, clock::now());
            }
            ensure!(since.elapsed() < STALL, "{arrived} of {expected} deliveries arrived, then none for {STALL:?}");
            clock::pause(POLL);
        }
    }
}

/// A sink whose server is down, its data kept.
#[derive(Debug)]
pub struct Down {
    controls: Http,
    sink: Process,
    dir: TempDir,
}

impl Down {
    /// Calls a control of the sink.
    pub fn control(&self, path: &str) -> anyhow::Result<()> {
        self.controls.get(path).map(drop)
    }

    /// Starts a server on the same data.
    pub fn start_again(self, bench: &Bench) -> anyhow::Result<Stack> {
        let server = start_server(bench, self.dir.path(), &[])?;
        Stack::of(server, Vec::new(), self.sink, self.dir)
    }
}

/// The body that creates an endpoint: no retries, 64 at once, `more` on top.
pub fn endpoint(url: &str, events: &str, more: Value) -> Value {
    let mut body = json!({
        "url": url, "events": [events], "max_in_flight": 64, "retry": {"preset": "none"},
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

fn start_server(bench: &Bench, dir: &Path, more: &[&str]) -> anyhow::Result<Process> {
    let mut command = Command::new(&bench.binaries.server);
    command
        .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(dir)
        .args(more)
        .args(&bench.options.server_arg)
        .env("BELLWIRE_OWNER_KEY", KEY);
    if !bench.options.server_log {
        command.stderr(Stdio::null());
    }
    Process::start(command)
}
