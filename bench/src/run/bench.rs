//! The settings of a run, and the load started with them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::Serialize;
use tempfile::TempDir;

use super::binaries::Binaries;
use super::options::Options;
use super::process;
use super::progress::Progress;
use crate::load::tally::Outcome;

/// Everything the scenarios share.
#[derive(Debug)]
pub struct Bench {
    /// The command line.
    pub options: Options,
    /// The programs to start.
    pub binaries: Binaries,
    /// Where data directories are made; goes with this value.
    pub data_dir: TempDir,
    /// What is told while it runs.
    pub progress: Progress,
}

/// Settings printed with the result.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// Runs of each scenario.
    pub runs: usize,
    /// Seconds of each run.
    pub seconds: f64,
    /// Connections of the saturating load.
    pub connections: usize,
    /// Whether this is a quick run, whose figures mean little.
    pub quick: bool,
    /// Further arguments of the server.
    pub server_args: Vec<String>,
}

impl Bench {
    /// Finds the programs and makes the data directory.
    pub fn prepare(options: Options) -> anyhow::Result<Self> {
        let progress = Progress::default();
        let binaries = Binaries::find(&options, &progress)?;
        let parent = match &options.data_dir {
            Some(dir) => dir.clone(),
            None => binaries.dir.join("bench-data"),
        };
        std::fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let data_dir = TempDir::with_prefix_in("bellwire-bench-", parent)?;
        Ok(Self { options, binaries, data_dir, progress })
    }

    /// The settings to print.
    pub fn settings(&self) -> Settings {
        Settings {
            runs: self.options.runs(),
            seconds: self.options.seconds(),
            connections: self.options.connections,
            quick: self.options.quick,
            server_args: self.options.server_arg.clone(),
        }
    }

    /// Runs the load generator to its end. Requests refused are an error: a figure made of
    /// refusals means nothing.
    pub fn load(&self, load: &Load) -> anyhow::Result<Outcome> {
        let mut command = Command::new(&self.binaries.load);
        command
            .args(load.arguments())
            .envs(load.key.as_ref().map(|key| ("BELLWIRE_OWNER_KEY", key)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let output = process::output_of(&mut command)?;
        ensure!(output.status.success(), "bellwire-load: {}", output.status);
        let outcome: Outcome = serde_json::from_slice(&output.stdout)?;
        ensure!(
            outcome.accepted > 0 && outcome.accepted == outcome.requests,
            "{} of {} requests were accepted (answers {:?}, {} without; {}{})",
            outcome.accepted,
            outcome.requests,
            outcome.statuses,
            outcome.errors,
            outcome.first_error.as_deref().unwrap_or(""),
            outcome.first_refusal.as_deref().unwrap_or(""),
        );
        Ok(outcome)
    }
}

/// What to send; see `bellwire-load --help` for the meaning.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// Server, or the whole URL for raw.
    pub url: String,
    /// The server's owner key.
    pub key: Option<String>,
    /// `single`, `batch`, `purchase` or `raw`.
    pub mode: &'static str,
    /// `conn` or `pooled`.
    pub client: &'static str,
    /// Keep-alive connections.
    pub connections: usize,
    /// Seconds to send, unless a count is given.
    pub seconds: f64,
    /// Requests to send.
    pub count: Option<u64>,
    /// Requests per second of the open loop.
    pub rate: Option<u64>,
    /// File with the wallets of `purchase`.
    pub wallets: Option<PathBuf>,
    /// Types, or vendors, to take turns among.
    pub spread: Option<u64>,
    /// Family of the event types.
    pub family: &'static str,
    /// Bytes of `data` or of the raw body.
    pub bytes: usize,
}

impl Load {
    fn arguments(&self) -> Vec<String> {
        let mut all = vec!["--with-parent".to_owned()];
        let mut push = |name: &str, value: String| all.extend([name.to_owned(), value]);
        push("--url", self.url.clone());
        push("--mode", self.mode.to_owned());
        push("--client", self.client.to_owned());
        push("--connections", self.connections.to_string());
        push("--seconds", self.seconds.to_string());
        push("--bytes", self.bytes.to_string());
        push("--event-type", format!("{}.event", self.family));
        if let Some(count) = self.count {
            push("--count", count.to_string());
        }
        if let Some(rate) = self.rate {
            push("--rate", rate.to_string());
        }
        if let Some(wallets) = &self.wallets {
            push("--wallets", wallets.display().to_string());
        }
        if let Some(spread) = self.spread {
            push("--spread", spread.to_string());
        }
        all
    }
}
