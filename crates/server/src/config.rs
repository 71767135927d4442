//! The configuration: flags over environment over `bellwire.toml` over defaults; unknown keys are
//! refused (spec operations, "Configuration").
use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use anyhow::Context;
use serde::Deserialize;
use zeroize::Zeroizing;

use bellwire_domain::event::Begin;

use crate::{
    channels::pagerduty::{FilePagerDuty, PagerDutyConfig},
    egress::{AddressPolicy, Cidr},
    publish::nats::NatsConfig,
    slack::{FileSlack, SlackConfig},
};

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the embedded database and the master key are.
    pub data_dir: PathBuf,
    /// A PostgreSQL database to use instead of the embedded one.
    pub database_url: Option<SecretUrl>,
    /// The migrations of that database: those built in, for all but a test of upgrades.
    pub migrations: &'static [&'static str],
    /// A file with the master key, instead of `master.key` in the data directory.
    pub master_key_file: Option<PathBuf>,
    /// The listening address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where callbacks and links start; the listening address if absent.
    pub public_url: Option<String>,
    /// Whether loopback and plain http are allowed outwards.
    pub dev: bool,
    /// Whether there may be a playground, if it was said; [`crate::playground::Playground::new`] says where there is one.
    pub playground: Option<bool>,
    /// Requests that one key may make in a second, and at once, of each node.
    pub key_requests_per_second: NonZeroU32,
    /// Delivery settings.
    pub delivery: DeliveryConfig,
    /// Keep events, deliveries and attempts so long.
    pub retention: Duration,
    /// A NATS JetStream that is told every event.
    pub nats: Option<NatsConfig>,
    /// A Slack app that tells of exhausted budgets and asks for approvals.
    pub slack: Option<SlackConfig>,
    /// A PagerDuty service that is told of approvals.
    pub pagerduty: Option<PagerDutyConfig>,
}

/// A secret that is never shown, and wiped from memory when dropped.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// What the configuration holds.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A secret that is set as `name`, or in the file that is set as `name` with `_file` behind it; nothing if it
    /// is set in neither place. No error repeats it.
    pub(crate) fn given(name: &str, value: Option<Self>, file: Option<PathBuf>) -> anyhow::Result<Option<Self>> {
        let secret = match (value, file) {
            (Some(_), Some(_)) => anyhow::bail!("{name} and {name}_file are both set"),
            (Some(value), None) => value,
            (None, Some(file)) => {
                let text = std::fs::read_to_string(&file)
                    .with_context(|| format!("{name}_file: cannot read {}", file.display()))?;
                Self::new(text.trim())
            }
            (None, None) => return Ok(None),
        };
        let good = (1..=512).contains(&secret.expose().len()) && secret.expose().bytes().all(|c| c.is_ascii_graphic());
        anyhow::ensure!(good, "{name} must be printable characters without spaces");
        Ok(Some(secret))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A URL that may hold a password, and so is never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// What `bellwire serve` was given.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with its password.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretUrl(…)")
    }
}

/// `[delivery]`.
#[derive(Debug, Clone)]
pub struct DeliveryConfig {
    /// Networks that may be sent to although they are not public.
    pub allow_networks: Vec<Cidr>,
    /// Whether plain http is allowed.
    pub allow_http: bool,
    /// Extra certificate authorities, PEM files.
    pub ca_files: Vec<PathBuf>,
    /// Requests in flight at once, over all endpoints.
    pub max_in_flight: usize,
}

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// See [`Config::data_dir`].
    pub data_dir: Option<PathBuf>,
    /// See [`Config::database_url`].
    pub database_url: Option<SecretUrl>,
    /// See [`Config::master_key_file`].
    pub master_key_file: Option<PathBuf>,
    /// See [`Config::listen`].
    pub listen: Option<String>,
    /// See [`Config::public_url`].
    pub public_url: Option<String>,
    /// See [`Config::dev`].
    pub dev: Option<bool>,
    /// See [`Config::playground`].
    pub playground: Option<bool>,
    /// See [`Config::key_requests_per_second`].
    pub key_requests_per_second: Option<u32>,
    /// See [`DeliveryConfig`].
    pub delivery: FileDelivery,
    /// Days; see [`Config::retention`].
    pub retention_days: Option<u32>,
    /// See [`NatsConfig::url`].
    pub nats_url: Option<SecretUrl>,
    /// See [`NatsConfig::subject`].
    pub nats_subject: Option<String>,
    /// See [`NatsConfig::stream`].
    pub nats_stream: Option<String>,
    /// `newest` or `start`; see [`NatsConfig::from`].
    pub nats_from: Option<String>,
    /// See [`SlackConfig`].
    pub slack: FileSlack,
    /// See [`PagerDutyConfig`].
    pub pagerduty: FilePagerDuty,
}

impl File {
    /// Reads the text of a file; what is wrong with it, in words that repeat nothing of a secret.
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            format!("line {}: {}", before.matches('\n').count() + 1, error.message())
        })
    }
}

/// `[delivery]` in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileDelivery {
    /// See [`DeliveryConfig::allow_networks`].
    pub allow_networks: Vec<String>,
    /// See [`DeliveryConfig::allow_http`].
    pub allow_http: Option<bool>,
    /// See [`DeliveryConfig::ca_files`].
    pub ca_files: Vec<PathBuf>,
    /// See [`DeliveryConfig::max_in_flight`].
    pub max_in_flight: Option<usize>,
}

/// The default listening address.
pub const LISTEN: &str = "127.0.0.1:4800";
/// The default data directory.
pub const DATA_DIR: &str = "./bellwire-data";

/// Requests of a key in a second, if nothing else is set: more than a node of a few cores answers.
pub const KEY_REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(100_000).expect("more than none");

/// What `key_requests_per_second` comes to.
fn key_requests(per_second: Option<u32>) -> anyhow::Result<NonZeroU32> {
    NonZeroU32::new(per_second.unwrap_or(KEY_REQUESTS_PER_SECOND.get()))
        .filter(|per_second| per_second.get() <= 1_000_000)
        .context("key_requests_per_second must be 1 to 1000000")
}

/// What `retention_days` comes to.
pub(crate) fn retention(days: Option<u32>) -> anyhow::Result<Duration> {
    let days = days.unwrap_or(30);
    anyhow::ensure!((1..=3_650).contains(&days), "retention_days must be 1 to 3650");
    Ok(Duration::from_hours(u64::from(days) * 24))
}

impl Config {
    /// Puts flags (and environment, which clap has read) over the file over the defaults. Slack and PagerDuty are
    /// left to [`FileSlack::resolve`] and [`FilePagerDuty::resolve`]: only serving needs their secrets.
    pub fn resolve(file: File, data_dir: Option<PathBuf>, listen: Option<String>, dev: bool) -> anyhow::Result<Self> {
        let nats = nats(&file)?;
        let listen = listen.or(file.listen).unwrap_or_else(|| LISTEN.to_owned());
        let allow_networks = file
            .delivery
            .allow_networks
            .iter()
            .map(|text| text.parse().map_err(|error| anyhow::anyhow!("delivery.allow_networks: `{text}` {error}")))
            .collect::<anyhow::Result<Vec<Cidr>>>()?;
        let max_in_flight = file.delivery.max_in_flight.unwrap_or(4_096);
        anyhow::ensure!((1..=65_536).contains(&max_in_flight), "delivery.max_in_flight must be 1 to 65536");
        let dev = dev || file.dev.unwrap_or(false);
        Ok(Self {
            data_dir: data_dir.or(file.data_dir).unwrap_or_else(|| DATA_DIR.into()),
            database_url: file.database_url,
            migrations: bellwire_store::POSTGRES_MIGRATIONS,
            master_key_file: file.master_key_file,
            listen: listen.parse().map_err(|_| {
                anyhow::anyhow!("listen must be an address and a port such as {LISTEN}, not `{listen}`")
            })?,
            public_url: file.public_url.map(|url| url.trim_end_matches('/').to_owned()),
            dev,
            playground: file.playground,
            key_requests_per_second: key_requests(file.key_requests_per_second)?,
            delivery: DeliveryConfig {
                allow_networks,
                allow_http: dev || file.delivery.allow_http.unwrap_or(false),
                ca_files: file.delivery.ca_files,
                max_in_flight,
            },
            retention: retention(file.retention_days)?,
            nats,
            slack: None,
            pagerduty: None,
        })
    }

    /// The one address rule for everything outward.
    pub fn address_policy(&self) -> AddressPolicy {
        AddressPolicy {
            allow: self.delivery.allow_networks.clone(),
            allow_loopback: self.dev,
            allow_http: self.delivery.allow_http,
            ..AddressPolicy::default()
        }
    }
}

/// What is set of NATS; none without a URL.
fn nats(file: &File) -> anyhow::Result<Option<NatsConfig>> {
    let Some(url) = file.nats_url.clone() else { return Ok(None) };
    let from = match file.nats_from.as_deref() {
        None | Some("newest") => Begin::Newest,
        Some("start") => Begin::Start,
        Some(other) => anyhow::bail!("nats_from must be newest or start, not `{other}`"),
    };
    let config = NatsConfig {
        url,
        subject: file.nats_subject.clone().unwrap_or_else(|| "bellwire".to_owned()),
        stream: file.nats_stream.clone().unwrap_or_else(|| "BELLWIRE".to_owned()),
        from,
    };
    config.check().map(Some)
}
