//! The command line of the load generator; the orchestrator fills the same struct.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Sends requests to a Bellwire server, or to any URL, and prints a JSON result.
///
/// Closed loop unless --rate is given. Stops after --seconds, or after --count requests.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub struct Options {
    /// Server base URL (single, batch) or the whole URL (raw), plain http.
    #[arg(long)]
    pub url: String,
    /// What a request is.
    #[arg(long, value_enum, default_value_t = Mode::Single)]
    pub mode: Mode,
    /// Keep-alive connections, each with one request at a time.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// How long to send.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Stop after this many requests instead.
    #[arg(long)]
    pub count: Option<u64>,
    /// Requests per second, sent on time whatever the other side does.
    #[arg(long)]
    pub rate: Option<u64>,
    /// The HTTP client.
    #[arg(long, value_enum, default_value_t = Client::Conn)]
    pub client: Client,
    /// Key for the Authorization header.
    #[arg(long, env = "BELLWIRE_OWNER_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Event type.
    #[arg(long, default_value = "bench.event")]
    pub event_type: String,
    /// Number of types, or vendors, to take turns among: with 10, `bench.event` becomes `bench.g0` to `bench.g9`.
    #[arg(long)]
    pub spread: Option<usize>,
    /// A file with the ids of the wallets to take turns among, one on each line.
    #[arg(long)]
    pub wallets: Option<PathBuf>,
    /// Events in a batch.
    #[arg(long, default_value_t = 100)]
    pub batch: usize,
    /// Bytes of an event's `data`, or of a raw body.
    #[arg(long, default_value_t = 230)]
    pub bytes: usize,
    /// Worker threads of the closed loop.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// End when the starting process ends.
    #[arg(long)]
    pub with_parent: bool,
}

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// One event to `/v1/events`.
    Single,
    /// Many events to `/v1/events/batch`.
    Batch,
    /// One purchase from a wallet of --wallets.
    Purchase,
    /// The body alone to the URL as given: what the machine can do with nothing between.
    Raw,
}

/// The HTTP client that sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Client {
    /// `hyper::client::conn`: one connection per worker, no pool.
    Conn,
    /// `hyper_util`'s pooled client, as a server that delivers webhooks would use.
    Pooled,
}
