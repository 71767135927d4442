//! How things stand, in one answer: what the first page of a console shows.
use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::extract::State;
use bellwire_domain::{
    Stored,
    approval::{OPEN_MAX, Rows as _},
    delivery::{Hour, Rows as _, Standing},
    event::Rows as _,
    spend::{Bucket, Rows as _, SpendFilter, Split},
    workspace::{Permission, Principal},
};
use bellwire_store::Tx;
use bellwire_wire::{Event, Namespace, Timestamp, UsdSum};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    delivery::percentile,
    extract::{AnyKey, ApprovalsRead, By, EventsRead, Nothing, Query, Right, WalletsRead, WebhooksManage},
    problem::ProblemBody,
    reply::{Answer, Reply},
};
use crate::app::App;

/// Deliveries are counted up to here: more are told as this many. Keeps I12.
const COUNT_MAX: u32 = 100_000;
/// Open circuits, vendors and alerts that are shown. Keeps I12.
const CIRCUITS_MAX: u32 = 50;
const VENDORS_MAX: usize = 8;
const ALERTS_MAX: u32 = 10;
/// Minutes that are shown.
const MINUTES: i64 = 60;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(overview))
}

/// How things stand. What a key may not see is null.
#[derive(Serialize, ToSchema)]
struct Overview {
    deliveries: Option<DeliveriesPart>,
    /// Questions that wait for people: at most 1,000 do.
    approvals_pending: Option<u32>,
    /// Endpoints whose circuit breaker is open, those that are probed first, first; at most 50.
    open_circuits: Option<Vec<Circuit>>,
    spend_today: Option<SpendPart>,
    /// The last 10 events that people should look at, newest first.
    alerts: Option<Vec<Alert>>,
}

/// How deliveries fare.
#[derive(Serialize, ToSchema)]
struct DeliveriesPart {
    /// Delivered in the last minute, per second.
    per_second: f64,
    /// Of the attempts of the last hour, 0 to 1; null without any.
    success_rate: Option<f64>,
    /// Half of the attempts of the last hour took less; null without any.
    latency_p50_ms: Option<u64>,
    latency_p95_ms: Option<u64>,
    /// Deliveries that are owed now, counted up to 100,000.
    backlog: u64,
    /// Dead letters, counted up to 100,000.
    dead_letters: u64,
    /// The attempts of the last 60 minutes, oldest first; the last one is under way.
    minutes: Vec<MinuteView>,
}

/// The attempts of one minute.
#[derive(Serialize, ToSchema)]
struct MinuteView {
    at: Timestamp,
    succeeded: u64,
    failed: u64,
}

/// An endpoint that is left alone for a while.
#[derive(Serialize, ToSchema)]
struct Circuit {
    endpoint_id: String,
    url: Option<String>,
    /// When it is probed.
    open_until: Timestamp,
}

/// What was spent since midnight, UTC.
#[derive(Serialize, ToSchema)]
struct SpendPart {
    #[schema(example = "12.50")]
    total_usd: String,
    /// The 8 vendors that were paid most.
    by_vendor: Vec<VendorPart>,
}

/// What one vendor was paid.
#[derive(Serialize, ToSchema)]
struct VendorPart {
    vendor: String,
    #[schema(example = "12.50")]
    spent_usd: String,
}

/// Something that people should look at.
#[derive(Serialize, ToSchema)]
struct Alert {
    event_id: String,
    #[serde(rename = "type")]
    kind: String,
    at: Timestamp,
    namespace: Option<String>,
    /// In a sentence.
    summary: String,
}

/// What a key may see of it.
#[derive(Clone)]
struct Scope {
    principal: Arc<Principal>,
    namespace: Option<Namespace>,
    now: Timestamp,
}

impl Scope {
    /// Reads all parts from one snapshot.
    async fn read(&self, tx: &mut Tx) -> Stored<Overview> {
        let (workspace, namespace) = (self.principal.workspace(), self.namespace.as_ref());
        let mut overview = Overview {
            deliveries: None,
            approvals_pending: None,
            open_circuits: None,
            spend_today: None,
            alerts: None,
        };
        if WebhooksManage::may(&self.principal) {
            let first = first_minute(self.now);
            let minutes = tx.minutes(workspace, namespace, first).await?;
            let standing = tx.standing(workspace, namespace, COUNT_MAX).await?;
            overview.deliveries = Some(DeliveriesPart::new(self.now, &minutes, standing));
            overview.open_circuits = Some(self.circuits(tx).await?);
        }
        if ApprovalsRead::may(&self.principal) {
            let key = &self.principal.key;
            let own = key.agent_id.as_deref().filter(|_| !self.principal.may(Permission::ApprovalsDecide));
            overview.approvals_pending = Some(tx.approvals_pending(workspace, namespace, own, OPEN_MAX).await?);
        }
        if WalletsRead::may(&self.principal) {
            overview.spend_today = Some(self.spending(tx).await?);
        }
        if EventsRead::may(&self.principal) {
            let alerts = tx.alerts(workspace, namespace, ALERTS_MAX).await?;
            overview.alerts = Some(alerts.iter().map(|stored| Alert::new(&stored.event)).collect());
        }
        Ok(overview)
    }

    async fn circuits(&self, tx: &mut Tx) -> Stored<Vec<Circuit>> {
        let (workspace, namespace) = (self.principal.workspace(), self.namespace.as_ref());
        let mut circuits = Vec::new();
        for (at, open_until) in tx.circuits(workspace, namespace, self.now, CIRCUITS_MAX).await? {
            let endpoint = tx.endpoint(&at).await?;
            circuits.push(Circuit {
                endpoint_id: at.endpoint_id.to_string(),
                url: endpoint.and_then(|endpoint| endpoint.config.url.clone()),
                open_until,
            });
        }
        Ok(circuits)
    }

    async fn spending(&self, tx: &mut Tx) -> Stored<SpendPart> {
        // A filter takes what comes after its beginning.
        let since = Some(Bucket::Day.start(self.now).before(Duration::from_micros(1)));
        let filter = SpendFilter { namespace: self.namespace.clone(), wallet_id: None, since, until: None };
        let mut shares = tx.spend_by(self.principal.workspace(), Split::Vendor, &filter).await?;
        shares.sort_by(|one, other| other.nanos.cmp(&one.nanos).then_with(|| one.name.cmp(&other.name)));
        let total: UsdSum = shares.iter().map(|share| UsdSum::from_nanos(share.nanos)).sum();
        let vendor = |share: bellwire_domain::spend::Share| VendorPart {
            vendor: share.name.unwrap_or_default(),
            spent_usd: UsdSum::from_nanos(share.nanos).to_string(),
        };
        let by_vendor = shares.into_iter().take(VENDORS_MAX).map(vendor).collect();
        Ok(SpendPart { total_usd: total.to_string(), by_vendor })
    }
}

/// When the first of the minutes begins that are shown.
fn first_minute(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(Bucket::Minute.start(now).micros() - (MINUTES - 1) * Bucket::Minute.micros())
}

impl DeliveriesPart {
    fn new(now: Timestamp, minutes: &[Hour], standing: Standing) -> Self {
        let (first, length) = (first_minute(now), Bucket::Minute.micros());
        let known: HashMap<i64, &Hour> = minutes.iter().map(|minute| (minute.at.micros(), minute)).collect();
        let shown = (0..MINUTES).map(|nth| {
            let at = first.micros() + nth * length;
            let (succeeded, failed) = known.get(&at).map_or((0, 0), |minute| (minute.succeeded, minute.failed));
            MinuteView { at: Timestamp::from_micros(at), succeeded, failed }
        });
        let shown: Vec<MinuteView> = shown.collect();
        let mut latency = [0_u64; 16];
        for minute in minutes {
            for (sum, count) in latency.iter_mut().zip(minute.latency) {
                *sum += count;
            }
        }
        let succeeded: u64 = shown.iter().map(|minute| minute.succeeded).sum();
        let attempts = succeeded + shown.iter().map(|minute| minute.failed).sum::<u64>();
        Self {
            per_second: per_second(now, &shown),
            success_rate: (attempts > 0).then(|| ratio(succeeded, attempts)),
            latency_p50_ms: percentile(&latency, 50),
            latency_p95_ms: percentile(&latency, 95),
            backlog: standing.owed,
            dead_letters: standing.dead,
            minutes: shown,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate, not a sum")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// What the last sixty seconds saw: the minute that is under way, and as much of the one before as is left of sixty.
fn per_second(now: Timestamp, minutes: &[MinuteView]) -> f64 {
    let [.., before, current] = minutes else { return 0.0 };
    let passed = now.since(current.at).as_secs_f64().min(60.0);
    let rate = (ratio(current.succeeded, 60)) + ratio(before.succeeded, 60) * (60.0 - passed) / 60.0;
    (rate * 1_000.0).round() / 1_000.0
}

impl Alert {
    fn new(event: &Event) -> Self {
        Self {
            event_id: event.id.to_string(),
            kind: event.kind.to_string(),
            at: event.timestamp,
            namespace: event.namespace.as_ref().map(ToString::to_string),
            summary: summary(event),
        }
    }
}

/// What an event says, in a sentence. Amounts keep the digits they were told with.
fn summary(event: &Event) -> String {
    let data: HashMap<String, Box<RawValue>> = serde_json::from_str(event.data.get()).unwrap_or_default();
    let said = |name: &str| -> String {
        let text = data.get(name).map_or("?", |value| value.get());
        serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned())
    };
    match event.kind.as_str() {
        "budget.exhausted" => format!(
            "The budget of {} is exhausted: ${} of ${} were asked for.",
            said("wallet_id"),
            said("requested_usd"),
            said("budget_limit_usd")
        ),
        "budget.threshold" => format!(
            "{} has spent {} % of its budget: ${} of ${}.",
            said("wallet_id"),
            said("threshold_percent"),
            said("spent_usd"),
            said("budget_limit_usd")
        ),
        "spend.spike" => format!("{} spends more than usual: ${} in a minute.", said("wallet_id"), said("spent_usd")),
        "wallet.frozen" => format!("{} is frozen: {}.", said("wallet_id"), said("reason")),
        "endpoint.disabled" => format!("{} is disabled: {}.", said("url"), said("reason")),
        "abuse.detected" => "An agent behaves as if it were abused.".to_owned(),
        other => format!("{other}."),
    }
}

/// How things stand: deliveries of the last hour, what is owed and dead, open circuits, pending approvals, what was spent
/// today, the latest alerts. A key sees what it has permissions for, and its namespace only; of deliveries, those of the
/// namespace's endpoints.
#[utoipa::path(get, path = "/v1/overview", operation_id = "get_overview",
    tag = "system", params(("namespace" = Option<String>, Query)),
    responses((status = 200, body = Overview), (status = 422, body = ProblemBody)))]
async fn overview(State(app): State<Arc<App>>, by: By<AnyKey>, Query(Nothing): Query<Nothing>) -> Answer {
    let scope = Scope { principal: Arc::clone(&by.principal), namespace: by.namespace.clone(), now: app.clock.now() };
    let overview = app
        .query("overview", move |tx| {
            let scope = scope.clone();
            Box::pin(async move { scope.read(tx).await })
        })
        .await?;
    Ok(Reply::ok(&overview))
}

#[cfg(test)]
mod tests {
    use bellwire_wire::{EventId, EventType, WorkspaceId};

    use super::*;

    #[test]
    fn a_rate_is_of_the_last_sixty_seconds_and_every_minute_is_shown() {
        let start = 1_800_000_000;
        let minute = |nth: i64, succeeded, failed| Hour {
            at: Timestamp::from_seconds(start + nth * 60),
            succeeded,
            failed,
            ..Hour::default()
        };
        let minutes = [minute(-70, 9, 9), minute(-5, 3, 1), minute(-1, 60, 0), minute(0, 30, 0)];
        let now = Timestamp::from_seconds(start + 15);
        let part = DeliveriesPart::new(now, &minutes[1..], Standing::default());
        assert_eq!(part.minutes.len(), 60);
        assert_eq!(part.minutes[59].at, Timestamp::from_seconds(start));
        // Thirty so far, and three quarters of the sixty before.
        assert!((part.per_second - 1.25).abs() < 0.001, "{}", part.per_second);
        assert!(part.success_rate.is_some_and(|rate| (rate - 93.0 / 94.0).abs() < 1e-9));
        assert_eq!(DeliveriesPart::new(now, &[], Standing::default()).success_rate, None);
    }

    #[test]
    fn an_alert_is_a_sentence_with_the_digits_it_was_told_with() {
        let event = |kind: &str, data: &str| Event {
            id: EventId::from_stored("evt_1"),
            kind: EventType::from_stored(kind),
            timestamp: Timestamp::EPOCH,
            workspace_id: WorkspaceId::from_stored("ws-1"),
            namespace: None,
            source: None,
            data: RawValue::from_string(data.into()).expect("JSON"),
        };
        let data = r#"{"wallet_id": "wal_1", "requested_usd": 1.10, "budget_limit_usd": 5.00}"#;
        let said = summary(&event("budget.exhausted", data));
        assert_eq!(said, "The budget of wal_1 is exhausted: $1.10 of $5.00 were asked for.");
        assert_eq!(summary(&event("wallet.frozen", "{}")), "? is frozen: ?.");
    }
}
