//! Endpoints: who wants to be told of what, where and how.
use std::{collections::BTreeMap, fmt, str::FromStr};

use bellwire_wire::{Dialect, EndpointId, EndpointSecret, EventType, Namespace, Timestamp, WorkspaceId, catalog};
use serde::{Deserialize, Serialize};

use super::{Filter, RetryPolicy};

/// An endpoint, named with its workspace as every query must (keeps I11).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointRef {
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which.
    pub endpoint_id: EndpointId,
}

/// Which events an endpoint subscribes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventPattern {
    /// `*`.
    All,
    /// `family.*`.
    Family(String),
    /// One type.
    Exact(EventType),
}

impl FromStr for EventPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::All);
        }
        if let Some(family) = text.strip_suffix(".*") {
            return format!("{family}.any")
                .parse::<EventType>()
                .ok()
                .filter(|kind| kind.family() == family)
                .map(|_| Self::Family(family.to_owned()))
                .ok_or_else(|| format!("`{text}` must be a type, `family.*` or `*`"));
        }
        let kind: EventType = text.parse().map_err(|error| format!("`{text}` {error}"))?;
        if catalog::is_reserved_family(kind.family()) && catalog::find(text).is_none() {
            let known: Vec<&str> = catalog::types()
                .iter()
                .map(|spec| spec.name)
                .filter(|name| name.split('.').next() == Some(kind.family()))
                .collect();
            let family = kind.family();
            return Err(format!(
                "`{text}` is not an event type: the built-in family `{family}` has {}",
                known.join(", ")
            ));
        }
        Ok(Self::Exact(kind))
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Family(family) => write!(f, "{family}.*"),
            Self::Exact(kind) => write!(f, "{kind}"),
        }
    }
}

macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_serde!(EventPattern);
text_serde!(Filter);

/// Whether deliveries are sent, or taken by the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointKind {
    /// Sent to a URL.
    Push,
    /// Taken with the pull call, under a lease.
    Pull,
}

/// How the Standard Webhooks headers are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// `v1`: HMAC-SHA256 with the endpoint's secret.
    Hmac,
    /// `v1a`: Ed25519 with the deployment's key.
    Ed25519,
}

/// Whether deliveries go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointStatus {
    /// They do.
    Active,
    /// They are collected, not sent.
    Paused,
    /// The server gave up: none are sent, and none are collected. A replay with `missing` recovers.
    Disabled,
}

impl EndpointStatus {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }
}

/// A secret and until when it signs.
#[derive(Debug, Clone)]
pub struct LiveSecret {
    /// The secret.
    pub secret: EndpointSecret,
    /// Until when it signs beside the newer one; for ever if absent.
    pub expires_at: Option<Timestamp>,
}

/// Everything about an endpoint that its owner chooses.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndpointConfig {
    /// Push or pull.
    pub kind: EndpointKind,
    /// Where to send; absent for pull.
    pub url: Option<String>,
    /// What to send.
    pub events: Vec<EventPattern>,
    /// Only this namespace's events.
    pub namespace: Option<Namespace>,
    /// Only events this expression is true for.
    pub filter: Option<Filter>,
    /// How an event looks on the wire.
    pub dialect: Dialect,
    /// How the standard headers are signed.
    pub signing: Signing,
    /// When to try again.
    pub retry: RetryPolicy,
    /// The deadline of a whole exchange, in milliseconds, 500 to 30000.
    pub timeout_ms: u32,
    /// Deliveries per second, 1 to 10000.
    pub rate_limit: Option<u32>,
    /// Concurrent requests, 1 to 256.
    pub max_in_flight: u16,
    /// One at a time per ordering key.
    pub ordered: bool,
    /// Extra request headers, lower-case names.
    pub headers: BTreeMap<String, String>,
    /// For people.
    pub description: Option<String>,
    /// For programs.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

/// A subscription.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Which.
    pub at: EndpointRef,
    /// What its owner chose.
    pub config: EndpointConfig,
    /// Whether deliveries go out.
    pub status: EndpointStatus,
    /// Why the server disabled it.
    pub status_reason: Option<String>,
    /// Its secrets, newest first; never empty.
    pub secrets: Vec<LiveSecret>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: u32,
}

/// What of an endpoint shapes the requests to it, as of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointVersion {
    /// Where to send; absent for pull.
    pub url: Option<String>,
    /// How an event looks on the wire.
    pub dialect: Dialect,
    /// How the standard headers are signed.
    pub signing: Signing,
    /// Its own request headers.
    pub headers: BTreeMap<String, String>,
}

impl From<&Endpoint> for EndpointVersion {
    fn from(endpoint: &Endpoint) -> Self {
        let config = &endpoint.config;
        let (url, headers) = (config.url.clone(), config.headers.clone());
        Self { url, dialect: config.dialect, signing: config.signing, headers }
    }
}

impl Endpoint {
    /// The secrets that sign at `now`, newest first.
    pub fn live_secrets(&self, now: Timestamp) -> Vec<EndpointSecret> {
        let live = |secret: &&LiveSecret| secret.expires_at.is_none_or(|until| until > now);
        self.secrets.iter().filter(live).map(|live| live.secret.clone()).collect()
    }

    /// When the older secret stops signing, during a rotation.
    pub fn rotation_ends(&self, now: Timestamp) -> Option<Timestamp> {
        self.secrets.iter().skip(1).filter_map(|live| live.expires_at).filter(|until| *until > now).max()
    }

    /// Whether new events make deliveries.
    pub fn collects(&self) -> bool {
        self.status != EndpointStatus::Disabled
    }

    /// Whether deliveries may be sent by us.
    pub fn sends(&self) -> bool {
        self.status == EndpointStatus::Active && self.config.kind == EndpointKind::Push
    }
}
