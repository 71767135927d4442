//! `bellwire listen`: a server's events on this machine, without a public address.
//!
//! It is a pull endpoint, made once and remembered by name: what happens while nobody listens waits
//! in the server and comes at the next start. Each delivery is posted as a push would have been,
//! signature included, and acknowledged or given back by what the receiver answers.
use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::{
    client::segment,
    failure::{Done, Exit, Failure},
    http::Outbound,
    out::{Tone, clock_time, items, text},
    settings::Session,
    state,
};
use crate::clock::Clock;

/// How long one pull waits for something to happen.
const WAIT: Duration = Duration::from_secs(25);
/// How long the receiver may take; five of them fit into a lease.
const FORWARD_TIMEOUT: Duration = Duration::from_secs(30);
/// Deliveries held at once, and for how long.
const HELD_MAX: u32 = 5;
const LEASE: &str = "3m";
/// When a refused delivery comes again.
const SCHEDULE: [&str; 5] = ["2s", "10s", "1m", "5m", "30m"];
/// The pause while the server is away.
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(super) struct Listen {
    /// Where to post each delivery; without it they are only printed
    #[arg(long, value_name = "URL")]
    forward_to: Option<Url>,
    /// Types: exact, `family.*` or `*`, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "*")]
    events: Vec<String>,
    /// Only this namespace's
    #[arg(long)]
    namespace: Option<String>,
    /// standard, cloudevents, trove, trovefiles, paygraph, pacspace or keystore
    #[arg(long, default_value = "standard")]
    dialect: String,
    /// Print the body of each
    #[arg(long)]
    print_json: bool,
    /// Which listener this is: each name has its own endpoint, secret and place
    #[arg(long, default_value = "default")]
    name: String,
    /// End after so many deliveries
    #[arg(long)]
    count: Option<u64>,
}

/// `listen.toml`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// By server and name.
    listeners: BTreeMap<String, Listener>,
}

/// An endpoint made by an earlier run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Listener {
    endpoint_id: String,
    secret: String,
}

impl Listen {
    pub(super) async fn run(mut self, session: &Session) -> Done {
        if let Some(url) = &self.forward_to
            && !matches!(url.scheme(), "http" | "https")
        {
            return Err(Failure::usage(format!("--forward-to must be an http or https URL, not {url}")));
        }
        let listener = self.endpoint(session).await?;
        self.greet(session, &listener)?;
        let path = format!("/v1/webhooks/{}/pull", segment(&listener.endpoint_id));
        let body = json!({"max": HELD_MAX, "lease": LEASE, "wait": format!("{}s", WAIT.as_secs())}).to_string();
        let stop = tokio::signal::ctrl_c();
        tokio::pin!(stop);
        let mut away = false;
        loop {
            let pulled = tokio::select! {
                pulled = session.client.send(Method::POST, &path, Some(body.clone()), WAIT) => pulled,
                _ = &mut stop => return Ok(()),
            };
            let answer = match pulled {
                Ok(answer) => answer,
                Err(failure) if matches!(failure.exit, Exit::Unreachable | Exit::TimedOut) => {
                    if !away {
                        session.out.note("the server cannot be reached; waiting for it");
                    }
                    away = true;
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => continue,
                        _ = &mut stop => return Ok(()),
                    }
                }
                Err(failure) => return Err(failure),
            };
            if std::mem::take(&mut away) {
                session.out.note("the server is back; nothing was missed");
            }
            for (index, delivery) in items(&answer.value, "deliveries").iter().enumerate() {
                let handled = tokio::select! {
                    handled = self.handle(session, delivery) => handled,
                    _ = &mut stop => {
                        // What is held comes again at the next start.
                        for held in items(&answer.value, "deliveries").iter().skip(index) {
                            drop(settle(session, held, false).await);
                        }
                        return Ok(());
                    }
                };
                handled?;
                if let Some(count) = &mut self.count {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The endpoint of this name: the one an earlier run made, or a new one.
    async fn endpoint(&self, session: &Session) -> Done<Listener> {
        let (client, file) = (&session.client, session.global.state_path("listen.toml")?);
        let mut known: State = state::load(&file)?;
        let slot = format!("{} {}", client.base(), self.name);
        let wishes = json!({"events": self.events, "namespace": self.namespace, "dialect": self.dialect,
            "retry": {"schedule": SCHEDULE}});
        if let Some(listener) = known.listeners.get(&slot) {
            match client.patch(&format!("/v1/webhooks/{}", segment(&listener.endpoint_id)), &wishes).await {
                Ok(_) => return Ok(listener.clone()),
                Err(failure) if failure.status() == Some(404) => {
                    session.out.note("the endpoint of an earlier run is gone; a new one is made");
                }
                Err(failure) => return Err(failure),
            }
        }
        let mut form = wishes;
        form["kind"] = "pull".into();
        form["description"] = format!("bellwire listen ({})", self.name).into();
        let made = client.post("/v1/webhooks", &form).await?;
        let endpoint = &made.value["endpoint"];
        let listener = Listener { endpoint_id: text(endpoint, "id"), secret: text(endpoint, "secret") };
        known.listeners.insert(slot, listener.clone());
        state::save(&file, &known)?;
        Ok(listener)
    }

    fn greet(&self, session: &Session, listener: &Listener) -> Done {
        let out = session.out;
        if out.json {
            let line = json!({"listening": session.client.base(), "endpoint_id": listener.endpoint_id,
                "secret": listener.secret, "forward_to": self.forward_to.as_ref().map(Url::as_str)});
            return out.line(line.to_string());
        }
        let target =
            self.forward_to.as_ref().map_or_else(|| "printed here".to_owned(), |url| format!("posted to {url}"));
        out.note(format!("listening to {} of {}, {target}", self.events.join(", "), session.client.base()));
        out.note(format!("endpoint  {}", listener.endpoint_id));
        out.note(format!("secret    {}", listener.secret));
        out.note("the same secret next time; Ctrl-C ends, and what happens meanwhile waits\n");
        Ok(())
    }

    /// Forwards one delivery, tells the server how it went, prints a line.
    async fn handle(&self, session: &Session, delivery: &Value) -> Done {
        let started = Instant::now();
        let outcome = match &self.forward_to {
            None => Ok(None),
            Some(url) => forward(session, url, delivery).await.map(Some),
        };
        let took = started.elapsed();
        let good = matches!(&outcome, Ok(None)) || matches!(&outcome, Ok(Some(status)) if (200..300).contains(status));
        settle(session, delivery, good).await?;
        let (out, event) = (session.out, &delivery["event"]);
        if out.json {
            let status = outcome.as_ref().ok().copied().flatten();
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of one request")]
            let took = took.as_micros() as f64 / 1_000.0;
            let line = json!({"at": Clock::SYSTEM.now(), "event": event, "delivery_id": delivery["id"],
                "attempt": delivery["attempt"], "headers": delivery["headers"], "body": delivery["body"],
                "status": status, "error": outcome.err(), "acked": good, "latency_ms": took});
            return out.line(line.to_string());
        }
        let (tone, result) = match outcome {
            Ok(None) => (Tone::Good, "taken".to_owned()),
            Ok(Some(status)) if good => (Tone::Good, status.to_string()),
            Ok(Some(status)) => (Tone::Bad, status.to_string()),
            Err(why) => (Tone::Bad, why),
        };
        let mut words = vec![
            clock_time(Clock::SYSTEM.now()),
            format!("{:<24} {}", text(event, "type"), text(event, "id")),
            format!("→ {}", out.paint(tone, &result)),
        ];
        if self.forward_to.is_some() {
            words.push(format!("{} ms", took.as_millis()));
        }
        if delivery["attempt"].as_u64().is_some_and(|attempt| attempt > 1) {
            words.push(format!("(attempt {})", text(delivery, "attempt")));
        }
        if !good {
            words.push("comes again".to_owned());
        }
        let line = words.join("  ");
        out.line(line)?;
        if self.print_json {
            out.line(text(delivery, "body"))?;
        }
        Ok(())
    }
}

/// Acknowledges a delivery or gives it back.
async fn settle(session: &Session, delivery: &Value, good: bool) -> Done {
    let path = format!("/v1/deliveries/{}/{}", segment(&text(delivery, "id")), if good { "ack" } else { "nack" });
    let lease = json!({"lease_id": delivery["lease_id"]});
    match session.client.post(&path, &lease).await {
        // The lease ran out, or the endpoint is gone: the server has decided already.
        Err(failure) if matches!(failure.status(), Some(404 | 409)) => {
            session.out.note(format!("{} was no longer held; it comes again", text(delivery, "id")));
            Ok(())
        }
        answered => answered.map(drop),
    }
}

/// Posts a delivery as the server would have; the status, or why there is none.
async fn forward(session: &Session, url: &Url, delivery: &Value) -> Result<u16, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in delivery["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = value.as_str().map(HeaderValue::from_str);
        if let (Ok(name), Some(Ok(value))) = (name, value) {
            headers.insert(name, value);
        }
    }
    let body = Bytes::from(text(delivery, "body"));
    let outbound = Outbound { method: Method::POST, url: url.clone(), headers, body };
    match session.client.http.fetch(&outbound, FORWARD_TIMEOUT).await {
        Ok(fetched) => Ok(fetched.status.as_u16()),
        Err(error) => Err(error.to_string()),
    }
}
