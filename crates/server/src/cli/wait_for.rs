//! `bellwire wait-for`: waits until an event of a type happens; for scripts.
use std::time::Duration;

use clap::Args;
use http::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    args,
    client::query,
    failure::{Done, Exit, Failure},
    out::{items, text},
    settings::Session,
};

/// The longest one poll waits.
const POLL: Duration = Duration::from_secs(20);

#[derive(Args)]
pub(super) struct WaitFor {
    /// Types: exact or `family.*`, separated by commas
    #[arg(value_name = "TYPE")]
    types: String,
    /// How long; exit code 5 when it is over
    #[arg(long, default_value = "60s", value_parser = args::span, value_name = "DUR")]
    timeout: Duration,
    /// Only this namespace's
    #[arg(long)]
    namespace: Option<String>,
    /// Also take one that happened after this: a time, or a duration back from now
    #[arg(long)]
    since: Option<String>,
}

impl WaitFor {
    pub(super) async fn run(self, session: &Session) -> Done {
        let until = Instant::now() + self.timeout;
        let client = &session.client;
        // A place first: what happens while the past is looked at is not missed.
        let mut after = text(&client.get("/v1/events/poll?limit=1").await?.value, "next_cursor");
        if let Some(since) = self.since {
            let parameters = [
                ("type", Some(self.types.clone())),
                ("namespace", self.namespace.clone()),
                ("since", Some(since)),
                ("limit", Some("1".into())),
            ];
            let answer = client.get(&query("/v1/events", &parameters)).await?;
            if let Some(event) = items(&answer.value, "events").first() {
                return show(session, event);
            }
        }
        loop {
            let wait = until.saturating_duration_since(Instant::now()).min(POLL);
            let parameters = [
                ("after", Some(after)),
                ("types", Some(self.types.clone())),
                ("namespace", self.namespace.clone()),
                ("wait", Some(format!("{}ms", wait.as_millis()))),
                ("limit", Some("1".into())),
            ];
            let answer = client.send(Method::GET, &query("/v1/events/poll", &parameters), None, wait).await?;
            if let Some(event) = items(&answer.value, "events").first() {
                return show(session, event);
            }
            if Instant::now() >= until {
                let message = format!("no {} within {} s", self.types, self.timeout.as_secs());
                return Err(Failure::new(Exit::TimedOut, message));
            }
            after = text(&answer.value, "next_cursor");
        }
    }
}

fn show(session: &Session, event: &Value) -> Done {
    if session.out.json {
        return session.out.line(event.to_string());
    }
    session.out.line(format!("{}  {}  {}", text(event, "id"), text(event, "type"), event["data"]))
}
