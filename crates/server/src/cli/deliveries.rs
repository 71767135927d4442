//! `bellwire deliveries`: listed, looked into, tried again, replayed.
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use super::{
    client::{query, segment},
    failure::{Done, Failure},
    out::{Out, Tone, card, items, text},
    settings::Session,
};

#[derive(Subcommand)]
pub(super) enum Deliveries {
    /// List them, newest first
    List(List),
    /// Show one with its attempts and the request that was sent
    Get { id: String },
    /// Try one again now, or all of an endpoint in a state
    Retry(Retry),
    /// Tell an endpoint a range of events again, and follow the progress
    Replay(Replay),
}

#[derive(Args)]
pub(super) struct List {
    /// Only this endpoint's
    #[arg(long)]
    endpoint: Option<String>,
    /// pending, success or failed (dead letters)
    #[arg(long)]
    status: Option<String>,
    /// After this: a time, or a duration back from now
    #[arg(long)]
    since: Option<String>,
    /// Until this
    #[arg(long)]
    until: Option<String>,
    /// How many, 1 to 200 [default: 50]
    #[arg(long)]
    limit: Option<u32>,
    /// The page after this one
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Args)]
pub(super) struct Retry {
    /// The delivery
    #[arg(required_unless_present = "endpoint", conflicts_with = "endpoint")]
    id: Option<String>,
    /// All of this endpoint
    #[arg(long)]
    endpoint: Option<String>,
    /// Those that are pending, success or failed [default: failed]
    #[arg(long, requires = "endpoint")]
    status: Option<String>,
    /// Those made after this
    #[arg(long, requires = "endpoint")]
    since: Option<String>,
}

#[derive(Args)]
pub(super) struct Replay {
    /// The endpoint
    endpoint: String,
    /// Events after this: a time, or a duration back from now
    #[arg(long)]
    since: Option<String>,
    /// Events until this
    #[arg(long)]
    until: Option<String>,
    /// Only deliveries that are success or failed
    #[arg(long)]
    status: Option<String>,
    /// Only these types, separated by commas
    #[arg(long, value_delimiter = ',')]
    types: Vec<String>,
    /// Also events from before the endpoint existed
    #[arg(long)]
    missing: bool,
    /// Only count
    #[arg(long)]
    dry_run: bool,
    /// Do not follow the job
    #[arg(long)]
    no_wait: bool,
}

/// How often a job is asked about.
const POLL: Duration = Duration::from_millis(200);

impl Deliveries {
    pub(super) async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        match self {
            Self::List(list) => {
                let path = list.endpoint.as_ref().map_or_else(
                    || "/v1/deliveries".to_owned(),
                    |endpoint| format!("/v1/webhooks/{}/deliveries", segment(endpoint)),
                );
                let path = query(
                    &path,
                    &[
                        ("status", list.status),
                        ("since", list.since),
                        ("until", list.until),
                        ("limit", list.limit.map(|limit| limit.to_string())),
                        ("cursor", list.cursor),
                    ],
                );
                out.show(&client.get(&path).await?, |value| table(out, value, "no deliveries match"))
            }
            Self::Get { id } => {
                let answer = client.get(&format!("/v1/deliveries/{}", segment(&id))).await?;
                out.show(&answer, |value| shown(out, value))
            }
            Self::Retry(retry) => retry.run(session).await,
            Self::Replay(replay) => replay.run(session).await,
        }
    }
}

impl Retry {
    async fn run(self, session: &Session) -> Done {
        if let Some(id) = self.id {
            let path = format!("/v1/deliveries/{}/retry", segment(&id));
            let answer = session.client.post(&path, &json!({})).await?;
            return session.out.show(&answer, |value| format!("{} is due now", text(value, "id")));
        }
        let mut body = Map::new();
        for (name, value) in [("endpoint_id", self.endpoint), ("status", self.status), ("since", self.since)] {
            if let Some(value) = value {
                body.insert(name.into(), value.into());
            }
        }
        let answer = session.client.post("/v1/deliveries/retry", &Value::Object(body)).await?;
        session.out.show(&answer, |value| match value["retried"].as_u64().unwrap_or_default() {
            0 => "nothing to try again".into(),
            1 => "1 delivery is due now".into(),
            many => format!("{many} deliveries are due now"),
        })
    }
}

impl Replay {
    async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        let mut body = Map::new();
        for (name, value) in [("since", self.since), ("until", self.until), ("status", self.status)] {
            if let Some(value) = value {
                body.insert(name.into(), value.into());
            }
        }
        if !self.types.is_empty() {
            body.insert("types".into(), json!(self.types));
        }
        body.insert("missing".into(), self.missing.into());
        body.insert("dry_run".into(), self.dry_run.into());
        let path = format!("/v1/webhooks/{}/replay", segment(&self.endpoint));
        let mut answer = client.post(&path, &Value::Object(body)).await?;
        if !self.dry_run && !self.no_wait {
            answer = follow(session, answer).await?;
        }
        out.show(&answer, |value| {
            let (done, total) = (text(value, "done"), text(value, "total"));
            match value["status"].as_str() {
                Some("dry_run") => format!("deliveries that would be made: {total}"),
                Some("done") => format!("deliveries on their way: {done}"),
                _ => format!("{} is at {done} of {total}", text(value, "id")),
            }
        })
    }
}

/// Follows a job to its end, with a bar on a terminal.
async fn follow(session: &Session, mut answer: super::client::Answer) -> Done<super::client::Answer> {
    let id = text(&answer.value, "id");
    let bar = bar(session.out, answer.value["total"].as_u64().unwrap_or_default(), "deliveries");
    while answer.value["status"] == "running" {
        bar.set_position(answer.value["done"].as_u64().unwrap_or_default());
        let interrupted = tokio::select! {
            () = tokio::time::sleep(POLL) => false,
            _ = tokio::signal::ctrl_c() => true,
        };
        if interrupted {
            bar.finish_and_clear();
            return Err(Failure::failed(format!("no longer followed; {id} goes on in the server")));
        }
        answer = session.client.get(&format!("/v1/jobs/{}", segment(&id))).await?;
    }
    bar.finish_and_clear();
    Ok(answer)
}

/// A progress bar on stderr; none where nobody would see it move.
pub(super) fn bar(out: Out, total: u64, unit: &'static str) -> ProgressBar {
    if !out.bars() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}  {per_sec}  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(unit)
}

/// The deliveries of an answer.
pub(super) fn table(out: Out, value: &Value, empty: &str) -> String {
    let row = |delivery: &Value| {
        let next = if delivery["status"] == "pending" { out.when(&delivery["next_attempt_at"]) } else { String::new() };
        let last = match text(delivery, "last_error") {
            error if error.is_empty() => text(delivery, "status_code"),
            error => error,
        };
        vec![
            text(delivery, "id"),
            text(delivery, "event"),
            text(delivery, "endpoint_id"),
            text(delivery, "status"),
            text(delivery, "attempts"),
            last,
            next,
            out.when(&delivery["created_at"]),
        ]
    };
    let rows = items(value, "deliveries").iter().map(row).collect();
    out.table(&["id", "event", "endpoint", "status", "attempts", "last", "next", "created"], rows, empty)
}

fn shown(out: Out, value: &Value) -> String {
    let status = match text(value, "status") {
        status if status == "success" => out.paint(Tone::Good, &status),
        status if status == "failed" => out.paint(Tone::Bad, &status),
        status => status,
    };
    let mut whole = card(&[
        ("id", text(value, "id")),
        ("event", format!("{} {}", text(value, "event"), text(value, "event_id"))),
        ("endpoint", text(value, "endpoint_id")),
        ("namespace", text(value, "namespace")),
        ("status", status),
        ("last error", text(value, "last_error")),
        ("next attempt", out.when(&value["next_attempt_at"])),
        ("created", out.when(&value["created_at"])),
        ("delivered", out.when(&value["delivered_at"])),
    ]);
    let attempt = |attempt: &Value| {
        let outcome = match text(attempt, "error") {
            error if error.is_empty() => text(attempt, "status_code"),
            error => error,
        };
        let took = attempt["latency"]["total_ms"].as_f64().map(|ms| format!("{ms:.1} ms")).unwrap_or_default();
        vec![text(attempt, "number"), out.when(&attempt["at"]), outcome, took, text(attempt, "response_body")]
    };
    let rows = items(value, "attempt_log").iter().map(attempt).collect();
    whole.push_str("\n\n");
    whole.push_str(&out.table(&["attempt", "when", "outcome", "took", "answered"], rows, "not attempted yet"));
    let request = &value["request"];
    if let Some(headers) = request["headers"].as_object() {
        whole.push_str("\n\n");
        let mut lines = vec![format!("{} {}", text(request, "method"), text(request, "url"))];
        lines.extend(headers.iter().map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or_default())));
        lines.extend([String::new(), text(request, "body")]);
        whole.push_str(&lines.join("\n"));
    }
    whole
}
