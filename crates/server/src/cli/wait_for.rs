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
/// How long after the time-out the last answer may still come.
const GRACE: Duration = Duration::from_secs(2);
/// The pause while the server is away or has too much to do, for which it asks.
const PAUSE: Duration = Duration::from_secs(1);

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
    /// Only one that has this value there, such as data.order.id=42; may be repeated, and then all must hold
    #[arg(long = "where", value_name = "PATH=VALUE", value_parser = args::assignment)]
    conditions: Vec<(String, Value)>,
    /// Also take one that happened after this: a time, or a duration back from now
    #[arg(long)]
    since: Option<String>,
}

impl WaitFor {
    pub(super) async fn run(self, session: &Session) -> Done {
        let until = Instant::now() + self.timeout;
        let look = async || {
            // A place first: what happens while the past is looked at is not missed.
            let after = text(&session.client.get("/v1/events/poll?limit=1").await?.value, "next_cursor");
            Ok((after, self.past(session).await?))
        };
        let (mut after, past) = loop {
            match tokio::time::timeout_at(until + GRACE, look()).await.unwrap_or_else(|_| Err(self.over())) {
                Ok(found) => break found,
                Err(failure) if failure.is_busy() && Instant::now() < until => pause(until).await,
                Err(failure) => return Err(failure),
            }
        };
        if let Some(event) = past {
            return show(session, &event);
        }
        loop {
            let wait = until.saturating_duration_since(Instant::now()).min(POLL);
            let parameters = [
                ("after", Some(after.clone())),
                ("types", Some(self.types.clone())),
                ("namespace", self.namespace.clone()),
                ("wait", Some(format!("{}ms", wait.as_millis()))),
                ("limit", Some("100".into())),
            ];
            let path = query("/v1/events/poll", &parameters);
            let poll = session.client.send(Method::GET, &path, None, wait);
            let late = || Err(Failure::new(Exit::TimedOut, "the server does not answer"));
            match tokio::time::timeout_at(until + GRACE, poll).await.unwrap_or_else(|_| late()) {
                Ok(answer) => {
                    if let Some(event) = items(&answer.value, "events").iter().find(|event| self.is_wanted(event)) {
                        return show(session, event);
                    }
                    after = text(&answer.value, "next_cursor");
                }
                // It was there before: it may come back in time, and keeps what happens.
                Err(failure) if failure.is_away() && Instant::now() < until => pause(until).await,
                Err(failure) => return Err(failure),
            }
            if Instant::now() >= until {
                return Err(self.over());
            }
        }
    }

    /// The newest one of those that happened since then.
    async fn past(&self, session: &Session) -> Done<Option<Value>> {
        let Some(since) = &self.since else { return Ok(None) };
        let parameters =
            [("type", Some(self.types.clone())), ("namespace", self.namespace.clone()), ("since", Some(since.clone()))];
        let wanted = |page: &Value| items(page, "events").iter().find(|event| self.is_wanted(event)).cloned();
        session.client.pages("/v1/events", &parameters, wanted).await
    }

    /// It did not happen in time.
    fn over(&self) -> Failure {
        let which = if self.conditions.is_empty() { "" } else { " that fits --where" };
        let message = format!("no {}{which} within {} ms", self.types, self.timeout.as_millis());
        Failure::new(Exit::TimedOut, message)
    }

    fn is_wanted(&self, event: &Value) -> bool {
        self.conditions.iter().all(|(path, value)| args::at(event, path).is_some_and(|there| args::same(there, value)))
    }
}

/// Before it is asked again.
async fn pause(until: Instant) {
    tokio::time::sleep(PAUSE.min(until.saturating_duration_since(Instant::now()))).await;
}

fn show(session: &Session, event: &Value) -> Done {
    if session.out.json {
        return session.out.line(event.to_string());
    }
    session.out.line(format!("{}  {}  {}", text(event, "id"), text(event, "type"), event["data"]))
}
