//! What an endpoint is made or changed with, and everything that can be wrong with it.
use std::collections::BTreeMap;

use bellwire_domain::{
    Faults,
    delivery::{EndpointConfig, EndpointKind, EndpointStatus, EventPattern, Filter, Preset, RetryPolicy, Signing},
};
use bellwire_wire::{Dialect, Namespace, is_reserved_header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    api::{change::Change, page::Span},
    egress::AddressPolicy,
};

/// A subscription to be made, or what is to change of one. Absent fields keep what is there.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EndpointForm)]
pub(super) struct EndpointForm {
    /// `https://…`; needed for `push`.
    #[schema(value_type = Option<String>, max_length = 2048, example = "https://example.com/hook")]
    url: Change<String>,
    /// Exact types, `family.*`, or `*`.
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 100, example = json!(["purchase.*"]))]
    events: Change<Vec<String>>,
    /// `push` or `pull`; cannot be changed.
    #[schema(value_type = Option<String>)]
    kind: Change<String>,
    /// `hmac` or `ed25519`.
    #[schema(value_type = Option<String>)]
    signing: Change<String>,
    /// Only this namespace's events.
    #[schema(value_type = Option<String>)]
    namespace: Change<String>,
    /// A CEL expression over `event`.
    #[schema(value_type = Option<String>, max_length = 2048, example = "event.data.amount_usd > 100.0")]
    filter: Change<String>,
    /// How an event looks on the wire.
    #[schema(value_type = Option<String>, example = "standard")]
    dialect: Change<String>,
    /// When to try again.
    #[schema(value_type = Option<RetryForm>)]
    retry: Change<RetryForm>,
    /// One deadline over the whole exchange.
    #[schema(value_type = Option<u32>, minimum = 500, maximum = 30000)]
    timeout_ms: Change<u32>,
    /// Deliveries per second.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    rate_limit: Change<u32>,
    /// Concurrent requests.
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 256)]
    max_in_flight: Change<u16>,
    /// One at a time per ordering key.
    #[schema(value_type = Option<bool>)]
    ordered: Change<bool>,
    /// Extra request headers.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    headers: Change<BTreeMap<String, String>>,
    /// `active` or `paused`.
    #[schema(value_type = Option<String>)]
    status: Change<String>,
    /// For people.
    #[schema(value_type = Option<String>, max_length = 1024)]
    description: Change<String>,
    /// For programs.
    #[schema(value_type = Option<Object>)]
    metadata: Change<Map<String, Value>>,
}

/// `{"preset": name}` or `{"schedule": ["15s", "60s", "5m", "1h"]}`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RetryForm {
    /// `default`, `trove`, `paygraph`, `keystore` or `none`.
    preset: Option<String>,
    /// 1 to 20 delays of 1 s to 24 h, one before each retry.
    #[schema(min_items = 1, max_items = 20)]
    schedule: Option<Vec<String>>,
    /// Whether each delay varies by ±20 %.
    jitter: Option<bool>,
}

/// What an endpoint is made from.
pub(super) fn blank() -> EndpointConfig {
    EndpointConfig {
        kind: EndpointKind::Push,
        url: None,
        events: Vec::new(),
        namespace: None,
        filter: None,
        dialect: Dialect::Standard,
        signing: Signing::Hmac,
        retry: Preset::Default.into(),
        timeout_ms: 5_000,
        rate_limit: None,
        max_in_flight: 16,
        ordered: false,
        headers: BTreeMap::new(),
        description: None,
        metadata: Map::new(),
    }
}

impl EndpointForm {
    /// The namespace the form names, if it names a good one.
    pub(super) fn namespace(&self) -> Option<Namespace> {
        match &self.namespace {
            Change::To(text) => text.parse().ok(),
            Change::Absent | Change::Null => None,
        }
    }

    /// Whether the form says that the endpoint is for all namespaces.
    pub(super) fn frees_namespace(&self) -> bool {
        matches!(self.namespace, Change::Null)
    }

    /// The configuration after the change; or everything that is wrong with it, beside the `faults` of its
    /// form. `made` says that the endpoint exists already.
    pub(super) fn apply(
        self,
        mut config: EndpointConfig,
        status: EndpointStatus,
        made: bool,
        policy: &AddressPolicy,
        mut faults: Faults,
    ) -> Result<(EndpointConfig, EndpointStatus), Faults> {
        if let Some(kind) = self.kind.value() {
            let kind = match kind.as_str() {
                "push" => Some(EndpointKind::Push),
                "pull" => Some(EndpointKind::Pull),
                _ => {
                    faults.add("kind", "must be push or pull");
                    None
                }
            };
            faults.check(
                !made || kind.is_none_or(|kind| kind == config.kind),
                "kind",
                "cannot be changed: make another endpoint",
            );
            config.kind = kind.unwrap_or(config.kind);
        }
        self.url.set(&mut config.url);
        check_url(&config, policy, &mut faults);
        if let Some(events) = self.events.value() {
            config.events = patterns(&events, &mut faults);
        }
        faults.check(!config.events.is_empty(), "events", "must have 1 to 100 items: exact types, `family.*` or `*`");
        let signing = self.signing.value();
        match signing.as_deref() {
            None => {}
            Some("hmac") => config.signing = Signing::Hmac,
            Some("ed25519") => config.signing = Signing::Ed25519,
            Some(_) => faults.add("signing", "must be hmac or ed25519"),
        }
        self.namespace.try_map(|text| faults.take("namespace", text.parse())).set(&mut config.namespace);
        self.filter.try_map(|text| faults.take("filter", text.parse::<Filter>())).set(&mut config.filter);
        change_retry(self.dialect, self.retry, &mut config, &mut faults);
        if let Some(timeout) = self.timeout_ms.value() {
            faults.check((500..=30_000).contains(&timeout), "timeout_ms", "must be 500 to 30000");
            config.timeout_ms = timeout;
        }
        if let Change::To(rate) = &self.rate_limit {
            faults.check((1..=10_000).contains(rate), "rate_limit", "must be 1 to 10000 deliveries per second");
        }
        self.rate_limit.set(&mut config.rate_limit);
        if let Some(limit) = self.max_in_flight.value() {
            faults.check((1..=256).contains(&limit), "max_in_flight", "must be 1 to 256");
            config.max_in_flight = limit;
        }
        config.ordered = self.ordered.value().unwrap_or(config.ordered);
        match self.headers {
            Change::Absent => {}
            Change::Null => config.headers.clear(),
            Change::To(headers) => config.headers = check_headers(headers, &mut faults),
        }
        let status = check_status(self.status.value().as_deref(), status, &mut faults);
        if let Change::To(text) = &self.description {
            faults.check(text.len() <= 1_024, "description", "must be at most 1024 bytes");
        }
        self.description.set(&mut config.description);
        match self.metadata {
            Change::Absent => {}
            Change::Null => config.metadata.clear(),
            Change::To(metadata) => {
                let size = serde_json::to_string(&metadata).map_or(usize::MAX, |text| text.len());
                faults.check(size <= 16_384, "metadata", "must be at most 16384 bytes");
                config.metadata = metadata;
            }
        }
        faults.or((config, status))
    }
}

fn check_url(config: &EndpointConfig, policy: &AddressPolicy, faults: &mut Faults) {
    match (config.kind, config.url.as_deref()) {
        (EndpointKind::Push, None) => faults.add("url", "is required"),
        (EndpointKind::Pull, Some(_)) => {
            faults.add("url", "must be absent for kind pull: its deliveries are taken, not sent");
        }
        (EndpointKind::Push, Some(url)) => {
            faults.take("url", policy.check_url(url));
        }
        (EndpointKind::Pull, None) => {}
    }
}

fn patterns(events: &[String], faults: &mut Faults) -> Vec<EventPattern> {
    if events.is_empty() || events.len() > 100 {
        faults.add("events", "must have 1 to 100 items");
        return vec![EventPattern::All];
    }
    let mut patterns = Vec::new();
    for (index, text) in events.iter().enumerate() {
        match text.parse::<EventPattern>() {
            Ok(pattern) if patterns.contains(&pattern) => {}
            Ok(pattern) => patterns.push(pattern),
            Err(detail) => faults.add(format!("events[{index}]"), detail),
        }
    }
    // A fault is noted already: the list is not empty as well.
    if patterns.is_empty() {
        patterns.push(EventPattern::All);
    }
    patterns
}

/// A dialect brings its preset, unless a schedule is given or was chosen before.
fn change_retry(dialect: Change<String>, retry: Change<RetryForm>, config: &mut EndpointConfig, faults: &mut Faults) {
    let usual = config.retry == Preset::of(config.dialect).into();
    if let Some(text) = dialect.value() {
        let names: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect();
        let parsed = text.parse::<Dialect>().map_err(|_| format!("must be one of {}", names.join(", ")));
        if let Some(dialect) = faults.take("dialect", parsed) {
            config.dialect = dialect;
            if usual {
                config.retry = Preset::of(dialect).into();
            }
        }
    }
    match retry {
        Change::Absent => {}
        Change::Null => config.retry = Preset::of(config.dialect).into(),
        Change::To(form) => {
            if let Some(policy) = policy_of(form, faults) {
                config.retry = policy;
            }
        }
    }
}

fn policy_of(form: RetryForm, faults: &mut Faults) -> Option<RetryPolicy> {
    match (form.preset, form.schedule) {
        (Some(_), Some(_)) => {
            faults.add("retry", "must have either preset or schedule, not both");
            None
        }
        (None, None) => {
            faults.add("retry", "must have preset or schedule");
            None
        }
        (Some(name), None) => {
            let preset = faults.take("retry.preset", name.parse::<Preset>())?;
            let mut policy = RetryPolicy::from(preset);
            policy.jitter = form.jitter.unwrap_or(policy.jitter);
            Some(policy)
        }
        (None, Some(steps)) => {
            faults.check((1..=20).contains(&steps.len()), "retry.schedule", "must have 1 to 20 items");
            let mut schedule = Vec::new();
            for (index, step) in steps.iter().enumerate() {
                let field = format!("retry.schedule[{index}]");
                let Some(Span(span)) = faults.take(&field, step.parse::<Span>()) else { continue };
                let whole = u32::try_from(span.as_secs())
                    .ok()
                    .filter(|seconds| (1..=86_400).contains(seconds) && span.subsec_millis() == 0);
                match whole {
                    Some(seconds) => schedule.push(seconds),
                    None => faults.add(field, "must be 1s to 24h in whole seconds"),
                }
            }
            Some(RetryPolicy { preset: None, schedule, jitter: form.jitter.unwrap_or(false) })
        }
    }
}

fn check_headers(headers: BTreeMap<String, String>, faults: &mut Faults) -> BTreeMap<String, String> {
    faults.check(headers.len() <= 32, "headers", "must have at most 32 entries");
    let mut checked = BTreeMap::new();
    for (name, value) in headers {
        let field = format!("headers.{name}");
        let lower = name.to_ascii_lowercase();
        if http::HeaderName::try_from(&lower).is_err() {
            faults.add(field, "is not a header name");
        } else if is_reserved_header(&lower) {
            faults.add(field, "is set by Bellwire or by HTTP itself and cannot be given");
        } else if value.len() > 4_096 || !value.bytes().all(|c| (0x20..0x7f).contains(&c)) {
            faults.add(field, "must be at most 4096 printable ASCII characters");
        } else if checked.insert(lower, value).is_some() {
            faults.add(field, "is given twice");
        }
    }
    checked
}

fn check_status(text: Option<&str>, status: EndpointStatus, faults: &mut Faults) -> EndpointStatus {
    match text {
        None => status,
        Some("active") => EndpointStatus::Active,
        Some("paused") => EndpointStatus::Paused,
        Some(_) => {
            faults.add("status", "must be active or paused");
            status
        }
    }
}
