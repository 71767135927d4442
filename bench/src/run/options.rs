//! The command line of `bellwire-bench`.

use std::path::PathBuf;

use clap::Parser;

/// Measures Bellwire on this machine: limits first, then scenarios, each beside its target.
///
/// Starts a sink and a server as child processes on free loopback ports, with data below
/// --data-dir, and ends them when done, on a signal and at the time limit. Absolute figures depend
/// on the machine; read the ratios to the limits, which are measured in the same run.
///
/// Scenarios for --only: limits, single, fan-out, batch, latency, hanging, recovery, pending, idle, spend,
/// analytics, postgres, postgres-2.
#[derive(Debug, Clone, Parser)]
#[command(version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line, independent of the others")]
pub struct Options {
    /// One short run of everything: shows that it works, not how fast it is.
    #[arg(long)]
    pub quick: bool,
    /// 1,000,000 pending retries on 10,000 endpoints instead of a tenth of it.
    #[arg(long)]
    pub full: bool,
    /// Scenarios to run, separated by commas; all if absent.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Runs of each scenario; 5 if absent, 1 with --quick.
    #[arg(long)]
    pub runs: Option<usize>,
    /// Seconds of each run; 5 if absent, 2 with --quick.
    #[arg(long)]
    pub seconds: Option<f64>,
    /// Connections of the saturating load.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Deliveries owed in the recovery scenario; 100000 if absent, 10000 with --quick.
    #[arg(long)]
    pub owed: Option<u64>,
    /// Pending retries; 100000 if absent, 1000000 with --full, 10000 with --quick.
    #[arg(long)]
    pub pending: Option<u64>,
    /// Endpoints they belong to; 1000 if absent, 10000 with --full, 100 with --quick.
    #[arg(long)]
    pub endpoints: Option<u64>,
    /// Purchases that analytics are asked about; 100000 if absent, 1000000 with --full, 10000 with --quick.
    #[arg(long)]
    pub purchases: Option<u64>,
    /// Write all figures to this file.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// The server binary; the one beside this program if absent.
    #[arg(long)]
    pub server: Option<PathBuf>,
    /// A further argument for `bellwire serve`; may be repeated.
    #[arg(long, allow_hyphen_values = true)]
    pub server_arg: Vec<String>,
    /// The PostgreSQL server of the scenarios postgres and postgres-2, on this machine.
    #[arg(long, default_value = "postgres://postgres@127.0.0.1:5432")]
    pub postgres: String,
    /// Where servers keep their data; must be a disk. `bench-data` beside the build if absent.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Stop everything after this many seconds.
    #[arg(long, default_value_t = 3_600)]
    pub time_limit: u64,
    /// Let the server write its log to the terminal.
    #[arg(long)]
    pub server_log: bool,
    /// Do not ask cargo whether the binaries are up to date.
    #[arg(long)]
    pub no_build: bool,
    /// Set by cargo when it runs this program.
    #[arg(long, env = "CARGO", hide = true)]
    pub cargo: Option<PathBuf>,
}

impl Options {
    /// Picks the value given, else that of the size of the run.
    fn sized<T>(&self, given: Option<T>, usual: T, quick: T) -> T {
        given.unwrap_or(if self.quick { quick } else { usual })
    }

    /// Runs of each scenario.
    pub fn runs(&self) -> usize {
        self.sized(self.runs, 5, 1).max(1)
    }

    /// Seconds of each run.
    pub fn seconds(&self) -> f64 {
        self.sized(self.seconds, 5.0, 2.0)
    }

    /// Seconds of load before the first run counts.
    pub fn warm_up_seconds(&self) -> f64 {
        self.sized(None, 2.0, 0.5)
    }

    /// Deliveries owed at the crash.
    pub fn owed(&self) -> u64 {
        self.sized(self.owed, 100_000, 10_000)
    }

    /// Pending retries.
    pub fn pending(&self) -> u64 {
        let usual = if self.full { 1_000_000 } else { 100_000 };
        self.sized(self.pending, usual, 10_000)
    }

    /// Purchases that analytics are asked about.
    pub fn purchases(&self) -> u64 {
        let usual = if self.full { 1_000_000 } else { 100_000 };
        self.sized(self.purchases, usual, 10_000)
    }

    /// Endpoints of the pending retries.
    pub fn endpoints(&self) -> u64 {
        let usual = if self.full { 10_000 } else { 1_000 };
        self.sized(self.endpoints, usual, 100).max(1)
    }
}
