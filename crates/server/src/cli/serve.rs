//! `bellwire serve`.
use std::io::Write;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{pagerduty::PagerDutyArgs, place::Place, same_user, settings::Global, slack::SlackArgs};
use crate::{
    channels::pagerduty::FilePagerDuty,
    config::{Config, SecretUrl},
    serve::{Secrets, Server},
    slack::FileSlack,
};

/// How logs look.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Start the server.
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    /// The listening address; port 0 takes a free one [default: 127.0.0.1:4800]
    #[arg(long, env = "BELLWIRE_LISTEN")]
    listen: Option<String>,
    /// Allow loopback and plain-http endpoint URLs
    #[arg(long, env = "BELLWIRE_DEV")]
    dev: bool,
    /// No playground at `/try`, also where there would be one: with --dev, and on a loopback address without a
    /// public URL elsewhere
    #[arg(long, env = "BELLWIRE_NO_PLAYGROUND")]
    no_playground: bool,
    /// Where callbacks and links start [default: the listening address]
    #[arg(long, env = "BELLWIRE_PUBLIC_URL")]
    public_url: Option<String>,
    /// Requests that one key may make in a second, and at once, of each node [default: 100000]
    #[arg(long, env = "BELLWIRE_KEY_REQUESTS_PER_SECOND", value_name = "NUMBER")]
    key_requests_per_second: Option<u32>,
    /// A network that may be sent to although it is not public, such as 10.1.0.0/16; may be repeated
    #[arg(long = "allow-network", env = "BELLWIRE_ALLOW_NETWORKS", value_delimiter = ',')]
    allow_networks: Vec<String>,
    /// NATS servers with `JetStream` that are told every event, such as `nats://user:password@nats.internal`
    #[arg(long, env = "BELLWIRE_NATS_URL", hide_env_values = true, value_name = "URL")]
    nats_url: Option<String>,
    /// What the subjects of events begin with [default: bellwire]
    #[arg(long, env = "BELLWIRE_NATS_SUBJECT", value_name = "PREFIX")]
    nats_subject: Option<String>,
    /// The stream, made if it is absent [default: BELLWIRE]
    #[arg(long, env = "BELLWIRE_NATS_STREAM", value_name = "NAME")]
    nats_stream: Option<String>,
    /// Where to begin the first time: with the `newest` event, or at the `start` [default: newest]
    #[arg(long, env = "BELLWIRE_NATS_FROM", value_name = "PLACE")]
    nats_from: Option<String>,
    #[command(flatten)]
    slack: SlackArgs,
    #[command(flatten)]
    pagerduty: PagerDutyArgs,
    /// How logs (and the ready line) look
    #[arg(long, env = "BELLWIRE_LOG_FORMAT", value_enum, default_value = "human")]
    log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace, or module=level,…
    #[arg(long, env = "BELLWIRE_LOG", default_value = "info")]
    log: String,
    /// The owner key of the first start
    #[arg(long = "owner-key", env = "BELLWIRE_OWNER_KEY", hide = true, hide_env_values = true)]
    owner_key: Option<String>,
}

impl Serve {
    pub(super) fn run(self, global: &Global, migrations: &'static [&'static str]) -> anyhow::Result<()> {
        let filter = tracing_subscriber::EnvFilter::try_new(&self.log).context("--log")?;
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Human => logs.init(),
            LogFormat::Json => logs.json().init(),
        }
        let mut file = self.place.over_file()?;
        file.public_url = self.public_url.or(file.public_url);
        file.playground = if self.no_playground { Some(false) } else { file.playground };
        file.key_requests_per_second = self.key_requests_per_second.or(file.key_requests_per_second);
        file.nats_url = self.nats_url.map(SecretUrl::new).or(file.nats_url);
        file.nats_subject = self.nats_subject.or(file.nats_subject);
        file.nats_stream = self.nats_stream.or(file.nats_stream);
        file.nats_from = self.nats_from.or(file.nats_from);
        file.delivery.allow_networks.extend(self.allow_networks);
        let slack = FileSlack::from(self.slack).over(std::mem::take(&mut file.slack));
        let pagerduty = FilePagerDuty::from(self.pagerduty).over(std::mem::take(&mut file.pagerduty));
        let mut config = Config::resolve(file, self.place.data_dir, self.listen, self.dev)?;
        config.slack = slack.resolve(&config.address_policy())?;
        config.pagerduty = pagerduty.resolve(&config.address_policy())?;
        config.migrations = migrations;
        let metrics = recorder().context("metrics")?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(16).build()?;
        let served = runtime.block_on(serve(
            config,
            Secrets { owner_key: self.owner_key, master_key: self.place.master_key },
            self.log_format,
            metrics,
            global,
        ));
        // What did not stop in its time is left behind: it is in the rows.
        runtime.shutdown_background();
        served
    }
}

/// Histograms with fixed bounds, which add up over nodes: seconds, and for batches a count.
fn recorder() -> Result<metrics_exporter_prometheus::PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
    const SECONDS: &[f64] =
        &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];
    const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".into()), COUNTS)?
        .install_recorder()
}

async fn serve(
    config: Config,
    secrets: Secrets,
    format: LogFormat,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    global: &Global,
) -> anyhow::Result<()> {
    let dev = config.dev;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::start(config, secrets, Some(metrics)).await?;
    let console = server.console_link().await;
    let left = if dev { leave_key(&server, global) } else { None };
    announce(&server, console.as_deref(), left.is_some(), format)?;
    let stop = CancellationToken::new();
    let running = server.run(stop.clone());
    tokio::pin!(running);
    tokio::select! {
        () = &mut running => return Ok(()),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.cancel();
    tokio::select! {
        () = running => tracing::info!("stopped"),
        _ = terminate.recv() => tracing::warn!("stopped at once"),
        _ = interrupt.recv() => tracing::warn!("stopped at once"),
    }
    Ok(())
}

/// A key for the commands of this user, where nobody else can read it.
fn leave_key(server: &Server, global: &Global) -> Option<same_user::Left> {
    let left = same_user::leave(global, server.address, &server.local_key());
    left.unwrap_or_else(|failure| {
        tracing::warn!(error = failure.sentence(), "no key could be left for commands: give them one");
        None
    })
}

/// Tells that it is ready, for people or programs: the line that says so is the last, and flushed.
fn announce(server: &Server, console: Option<&str>, near: bool, format: LogFormat) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let url = format!("http://{}", server.address);
    match format {
        LogFormat::Json => {
            let mut line = serde_json::json!({"message": format!("listening on {url}"), "url": url, "address": server.address.to_string()});
            for (name, value) in [("owner_key", server.owner_key.as_deref()), ("console_url", console)] {
                if let (Some(value), Some(line)) = (value, line.as_object_mut()) {
                    line.insert(name.into(), value.into());
                }
            }
            writeln!(out, "{line}")?;
        }
        LogFormat::Human => {
            if let Some(key) = &server.owner_key {
                writeln!(out, "owner key (shown once): {key}")?;
            }
            if let Some(console) = console {
                writeln!(out, "console: {console}")?;
            }
            if near {
                writeln!(out, "key: your commands on this machine need none while this runs")?;
            }
            writeln!(out, "listening on {url}")?;
        }
    }
    out.flush()?;
    Ok(())
}
