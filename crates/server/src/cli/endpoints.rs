//! `bellwire endpoints`: made, listed, changed, tried, rotated.
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{
    args,
    client::{query, segment},
    failure::{Done, Failure},
    out::{Out, Tone, card, items, text},
    settings::Session,
};

#[derive(Subcommand)]
pub(super) enum Endpoints {
    /// List them, newest first
    List(List),
    /// Show one
    Get { id: String },
    /// Subscribe; the secret is shown once
    Create(Fields),
    /// Change fields; what is not given stays
    Update {
        id: String,
        #[command(flatten)]
        fields: Fields,
    },
    /// Remove one with its deliveries
    Delete { id: String },
    /// Send `webhook.test` at once and show what came back
    Test { id: String },
    /// Make a new secret; the older one signs too for a while
    Rotate {
        id: String,
        /// How long the older secret signs too, up to 7d [default: 24h]
        #[arg(long)]
        overlap: Option<String>,
        /// End the overlap of a rotation now
        #[arg(long, conflicts_with = "overlap")]
        finish: bool,
    },
    /// Collect deliveries without sending them
    Pause { id: String },
    /// Send again, what was collected first
    Resume { id: String },
    /// How one fares
    Stats {
        id: String,
        /// A time, or a duration back from now [default: 24h]
        #[arg(long)]
        since: Option<String>,
    },
}

#[derive(Args)]
pub(super) struct List {
    /// Only this namespace's
    #[arg(long)]
    namespace: Option<String>,
    /// How many, 1 to 200 [default: 50]
    #[arg(long)]
    limit: Option<u32>,
    /// The page after this one
    #[arg(long)]
    cursor: Option<String>,
}

/// What an endpoint is made of.
#[derive(Args)]
pub(super) struct Fields {
    /// Where to send: `https://…` (a server with --dev takes `http://` too)
    #[arg(long = "to", value_name = "URL")]
    to: Option<String>,
    /// Types: exact, `family.*` or `*`, separated by commas
    #[arg(long, value_delimiter = ',')]
    events: Vec<String>,
    /// `push` or `pull`
    #[arg(long)]
    kind: Option<String>,
    /// Only this namespace's events
    #[arg(long)]
    namespace: Option<String>,
    /// A CEL expression over `event`
    #[arg(long)]
    filter: Option<String>,
    /// standard, cloudevents, trove, trovefiles, paygraph, pacspace or keystore
    #[arg(long)]
    dialect: Option<String>,
    /// `hmac` or `ed25519`
    #[arg(long)]
    signing: Option<String>,
    /// A preset (default, trove, paygraph, keystore, none) or delays such as `15s,60s,5m`
    #[arg(long)]
    retry: Option<String>,
    /// One deadline over the whole exchange, 500 to 30000
    #[arg(long)]
    timeout_ms: Option<u32>,
    /// Deliveries per second
    #[arg(long)]
    rate_limit: Option<u32>,
    /// Requests at once
    #[arg(long)]
    max_in_flight: Option<u16>,
    /// One at a time, in event order, per ordering key
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    ordered: Option<bool>,
    /// An extra request header, `name: value`; may be repeated
    #[arg(long = "header", value_parser = args::header)]
    headers: Vec<(String, String)>,
    /// For people
    #[arg(long)]
    description: Option<String>,
}

impl Fields {
    fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.into(), value);
            }
        };
        let text = |text: &Option<String>| text.clone().map(Value::from);
        put("url", text(&self.to));
        put("events", (!self.events.is_empty()).then(|| json!(self.events)));
        put("kind", text(&self.kind));
        put("namespace", text(&self.namespace));
        put("filter", text(&self.filter));
        put("dialect", text(&self.dialect));
        put("signing", text(&self.signing));
        put("retry", self.retry.as_deref().map(retry));
        put("timeout_ms", self.timeout_ms.map(Value::from));
        put("rate_limit", self.rate_limit.map(Value::from));
        put("max_in_flight", self.max_in_flight.map(Value::from));
        put("ordered", self.ordered.map(Value::from));
        let headers: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        put("headers", (!headers.is_empty()).then_some(Value::Object(headers)));
        put("description", text(&self.description));
        body
    }
}

/// A preset's name, or a schedule.
fn retry(text: &str) -> Value {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        json!({"schedule": text.split(',').map(str::trim).collect::<Vec<_>>()})
    } else {
        json!({"preset": text})
    }
}

impl Endpoints {
    pub(super) async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        let at = |id: &str| format!("/v1/webhooks/{}", segment(id));
        match self {
            Self::List(list) => {
                let path = query(
                    "/v1/webhooks",
                    &[
                        ("namespace", list.namespace),
                        ("limit", list.limit.map(|limit| limit.to_string())),
                        ("cursor", list.cursor),
                    ],
                );
                out.show(&client.get(&path).await?, |value| table(out, value))
            }
            Self::Get { id } => out.show(&client.get(&at(&id)).await?, |value| shown(out, value)),
            Self::Create(fields) => {
                let answer = client.post("/v1/webhooks", &Value::Object(fields.body())).await?;
                out.show(&answer, |value| shown(out, value))?;
                if !out.json {
                    out.note("\nThe secret is shown this once: put it where the receiver reads it.");
                }
                Ok(())
            }
            Self::Update { id, fields } => {
                let body = fields.body();
                if body.is_empty() {
                    return Err(Failure::usage("nothing to change was given").hint("see --help for the fields"));
                }
                out.show(&client.patch(&at(&id), &Value::Object(body)).await?, |value| shown(out, value))
            }
            Self::Delete { id } => {
                out.show(&client.delete(&at(&id)).await?, |_| format!("{id} is gone, with its deliveries"))
            }
            Self::Test { id } => test(session, &at(&id)).await,
            Self::Rotate { id, finish: true, .. } => {
                let answer = client.post(&format!("{}/rotate-secret/finish", at(&id)), &json!({})).await?;
                out.show(&answer, |_| "only the newest secret signs now".into())
            }
            Self::Rotate { id, overlap, .. } => {
                let body = overlap.map_or_else(|| json!({}), |overlap| json!({"overlap": overlap}));
                let answer = client.post(&format!("{}/rotate-secret", at(&id)), &body).await?;
                out.show(&answer, |value| {
                    card(&[
                        ("secret", text(value, "secret")),
                        ("older one ends", out.when(&value["previous_expires_at"])),
                    ])
                })
            }
            Self::Pause { id } => status(session, &at(&id), "paused").await,
            Self::Resume { id } => status(session, &at(&id), "active").await,
            Self::Stats { id, since } => {
                let answer = client.get(&query(&format!("{}/stats", at(&id)), &[("since", since)])).await?;
                out.show(&answer, |value| stats(out, value))
            }
        }
    }
}

async fn status(session: &Session, path: &str, status: &str) -> Done {
    let answer = session.client.patch(path, &json!({"status": status})).await?;
    session.out.show(&answer, |value| {
        let endpoint = &value["endpoint"];
        format!("{} is {}", text(endpoint, "id"), text(endpoint, "status"))
    })
}

async fn test(session: &Session, path: &str) -> Done {
    let out = session.out;
    let answer = session
        .client
        .send(http::Method::POST, &format!("{path}/test"), Some("{}".into()), std::time::Duration::ZERO)
        .await?;
    let value = &answer.value;
    let good = value["ok"] == json!(true);
    out.show(&answer, |value| {
        let mark = if good { out.paint(Tone::Good, "ok") } else { out.paint(Tone::Bad, "failed") };
        let took = value["latency_ms"].as_f64().map(|ms| format!("{ms:.1} ms")).unwrap_or_default();
        card(&[
            ("result", mark),
            ("status", text(value, "status")),
            ("error", text(value, "error")),
            ("took", took),
            ("delivery", text(value, "delivery_id")),
        ])
    })?;
    if good { Ok(()) } else { Err(Failure::failed("the endpoint did not answer 2xx")) }
}

fn table(out: Out, value: &Value) -> String {
    let row = |endpoint: &Value| {
        vec![
            text(endpoint, "id"),
            text(endpoint, "status"),
            text(endpoint, "events"),
            if endpoint["kind"] == "pull" { "(pull)".into() } else { text(endpoint, "url") },
            text(endpoint, "namespace"),
            out.when(&endpoint["created_at"]),
        ]
    };
    let rows = items(value, "endpoints").iter().map(row).collect();
    let empty = "no endpoints yet; make one with `bellwire endpoints create --to URL --events '*'`";
    out.table(&["id", "status", "events", "url", "namespace", "created"], rows, empty)
}

fn shown(out: Out, value: &Value) -> String {
    let endpoint = &value["endpoint"];
    let field = |name: &str| text(endpoint, name);
    let schedule = text(&endpoint["retry"], "schedule").replace(',', " ");
    let retry = match text(&endpoint["retry"], "preset") {
        preset if preset.is_empty() => schedule,
        preset if schedule.is_empty() => preset,
        preset => format!("{preset}: {schedule}"),
    };
    card(&[
        ("id", field("id")),
        ("status", field("status")),
        ("reason", field("status_reason")),
        ("url", field("url")),
        ("kind", field("kind")),
        ("events", field("events")),
        ("namespace", field("namespace")),
        ("filter", field("filter")),
        ("dialect", field("dialect")),
        ("signing", field("signing")),
        ("public key", field("public_key")),
        ("retry after", retry),
        ("timeout", field("timeout_ms") + " ms"),
        ("rate limit", field("rate_limit")),
        ("in flight", field("max_in_flight")),
        ("ordered", if endpoint["ordered"] == json!(true) { "yes".into() } else { String::new() }),
        ("description", field("description")),
        ("created", out.when(&endpoint["created_at"])),
        ("secret", field("secret")),
    ])
}

fn stats(out: Out, value: &Value) -> String {
    let deliveries = &value["deliveries"];
    let under = |name: &str| match text(value, name) {
        bound if bound.is_empty() => bound,
        bound => format!("under {bound} ms"),
    };
    let rate = value["success_rate"].as_f64().map(|rate| format!("{:.1} %", rate * 100.0)).unwrap_or_default();
    card(&[
        (
            "deliveries",
            format!(
                "{} ({} pending, {} delivered, {} failed)",
                text(deliveries, "total"),
                text(deliveries, "pending"),
                text(deliveries, "success"),
                text(deliveries, "failed")
            ),
        ),
        ("attempts", format!("{} since {}", text(value, "attempts"), out.when(&value["since"]))),
        ("succeeded", rate),
        ("dead letters", text(value, "dead_letters")),
        ("half take", under("latency_p50_ms")),
        ("95 % take", under("latency_p95_ms")),
        ("failures in a row", text(value, "consecutive_failures")),
        ("breaker", text(value, "breaker")),
        ("last success", out.when(&value["last_success_at"])),
        ("last failure", out.when(&value["last_failure_at"])),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_a_preset_or_a_schedule() {
        assert_eq!(retry("trove"), json!({"preset": "trove"}));
        assert_eq!(retry("1s, 5m"), json!({"schedule": ["1s", "5m"]}));
    }
}
