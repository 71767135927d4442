//! `bellwire listen`: a server's events on this machine, without a public address.
//!
//! It is a pull endpoint, made once and remembered by name: what happens while nobody listens waits
//! in the server and comes at the next start. Each delivery is posted as a push would have been,
//! signature included, and acknowledged or given back by what the receiver answers.
//!
//! One delivery is held at a time, so they come in order. `place` remembers the endpoint, and what is
//! held, so that a listener that was killed goes on with exactly that; `stop` hears of signals, `keys`
//! of the keyboard, and `lines` says what is printed.
mod keys;
mod lines;
mod place;
mod stop;

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use self::{
    keys::{Key, Keys},
    lines::{Lines, Outcome},
    place::{Held, Place},
    stop::Stop,
};
use super::{
    client::segment,
    failure::{Done, Failure},
    http::Outbound,
    out::{items, text},
    settings::Session,
};

/// How long one pull waits for something to happen. A pull that was begun is waited for, because what it
/// takes is held: so long may the end take.
const WAIT: Duration = Duration::from_secs(1);
/// How long the receiver may take.
const FORWARD_TIMEOUT: Duration = Duration::from_secs(30);
/// For how long a delivery is held: longer than the receiver may take. An answer to a pull that got lost is made up for
/// after that.
const LEASE: &str = "1m";
/// When a refused delivery comes again.
const SCHEDULE: [&str; 9] = ["2s", "10s", "1m", "5m", "30m", "2h", "5h", "10h", "24h"];
/// The pause while the server is away.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the receiver may go on with a delivery after the first signal.
const GRACE: Duration = Duration::from_secs(5);

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
    /// Print the secret that signs, and nothing else, and end
    #[arg(long)]
    print_secret: bool,
    /// Which listener this is: each name has its own endpoint, secret and place
    #[arg(long, default_value = "default", value_parser = place::name)]
    name: String,
    /// End after so many deliveries
    #[arg(long)]
    count: Option<u64>,
}

/// What a pull was waited for with.
enum Pulled {
    One(Box<Value>),
    Nothing,
    Away,
}

/// A listener at work.
struct Listener<'a> {
    session: &'a Session,
    forward_to: Option<Url>,
    place: Place,
    lines: Lines,
    keys: Keys,
    stop: Stop,
    away: bool,
}

impl Listen {
    pub(super) async fn run(self, session: &Session) -> Done {
        if let Some(url) = &self.forward_to
            && !matches!(url.scheme(), "http" | "https")
        {
            return Err(Failure::usage(format!("--forward-to must be an http or https URL, not {url}")));
        }
        let mut place = Place::of(session, &self.name).await?;
        if self.print_secret {
            return self.print_secret(session, &mut place).await;
        }
        place.lock(&self.name)?;
        let gap = place.endpoint(session, &self.wishes(), &self.description()).await?;
        let dead = place.dead_letters(session).await?;
        let target = self.forward_to.as_ref().map(Url::as_str);
        let lines = Lines::new(session.out, target, self.print_json);
        lines.ready(session.client.base(), &self, &place, dead)?;
        if let Some(gap) = gap {
            lines.gap(&gap)?;
        }
        let keys = Keys::open(session.out);
        lines.hint(&keys);
        let stop = Stop::listen()?;
        Listener { session, forward_to: self.forward_to, place, lines, keys, stop, away: false }.run(self.count).await
    }

    /// What the endpoint is to be like.
    fn wishes(&self) -> Value {
        json!({"events": self.events, "namespace": self.namespace, "dialect": self.dialect,
            "retry": {"schedule": SCHEDULE}, "status": "active"})
    }

    fn description(&self) -> String {
        format!("bellwire listen ({})", self.name)
    }

    async fn print_secret(&self, session: &Session, place: &mut Place) -> Done {
        if place.known.is_none() {
            place.endpoint(session, &self.wishes(), &self.description()).await?;
        }
        if session.out.json {
            let line = json!({"endpoint_id": place.endpoint_id(), "secret": place.secret()});
            return session.out.line(line.to_string());
        }
        session.out.line(place.secret())
    }
}

impl Listener<'_> {
    async fn run(mut self, mut left: Option<u64>) -> Done {
        let mut resumed = self.place.resume(self.session).await?;
        while left != Some(0) && !self.stop.is_told() {
            let held = match resumed.take() {
                Some(held) => held,
                None => match self.pull().await? {
                    Pulled::One(delivery) => self.place.held(*delivery),
                    Pulled::Nothing => continue,
                    Pulled::Away => {
                        self.stop.pause(PAUSE).await;
                        continue;
                    }
                },
            };
            if self.handle(held).await? {
                left = left.map(|left| left - 1);
            }
        }
        self.place.note(None)
    }

    /// Asks for the next delivery, and minds the keyboard meanwhile.
    async fn pull(&mut self) -> Done<Pulled> {
        let session = self.session;
        let path = format!("/v1/webhooks/{}/pull", segment(self.place.endpoint_id()));
        let body = json!({"max": 1, "lease": LEASE, "wait": format!("{}s", WAIT.as_secs())}).to_string();
        let pull = session.client.send(Method::POST, &path, Some(body), WAIT);
        tokio::pin!(pull);
        let pulled = loop {
            tokio::select! {
                pulled = &mut pull => break pulled,
                key = self.keys.next() => self.key(key).await?,
                () = self.stop.twice() => return Ok(Pulled::Nothing),
            }
        };
        match pulled {
            Ok(answer) => {
                if std::mem::take(&mut self.away) {
                    session.out.note("the server is back; nothing was missed");
                }
                self.place.seen()?;
                let first = items(&answer.value, "deliveries").first();
                Ok(first.map_or(Pulled::Nothing, |first| Pulled::One(Box::new(first.clone()))))
            }
            Err(failure) if failure.is_away() => {
                self.tell_away(&failure);
                Ok(Pulled::Away)
            }
            Err(failure) if failure.status() == Some(404) => {
                Err(failure.hint("the endpoint of this listener was removed; start again to make another"))
            }
            Err(failure) => Err(failure),
        }
    }

    fn tell_away(&mut self, failure: &Failure) {
        if !std::mem::replace(&mut self.away, true) {
            self.session.out.note(format!("waiting for the server: {}", failure.sentence()));
        }
    }

    async fn key(&mut self, key: Key) -> Done {
        match key {
            Key::Quit => self.stop.tell(),
            Key::Hint => self.lines.hint(&self.keys),
            Key::List => self.lines.list(),
            Key::Replay(nth) => {
                let Some(id) = self.lines.latest(nth) else {
                    self.session.out.note("there is nothing to replay yet");
                    return Ok(());
                };
                let path = format!("/v1/deliveries/{}/retry", segment(&id));
                match self.session.client.post(&path, &json!({})).await {
                    Ok(_) => self.session.out.note(format!("replaying {id}")),
                    Err(failure) => self.session.out.note(format!("{id} cannot be replayed: {}", failure.sentence())),
                }
            }
        }
        Ok(())
    }

    /// Forwards one delivery, tells the server how it went, prints a line. Whether it was dealt with.
    async fn handle(&mut self, mut held: Held) -> Done<bool> {
        self.place.note(Some(&held))?;
        let started = Instant::now();
        let outcome = match (&self.forward_to, held.status) {
            // An earlier run had this answer already, and was killed before it could tell.
            (_, Some(status)) => Outcome::Answered(status),
            (None, None) => Outcome::Taken,
            (Some(url), None) => {
                let forward = forward(self.session, url, &held.delivery);
                tokio::pin!(forward);
                tokio::select! {
                    outcome = &mut forward => outcome,
                    () = self.stop.told() => {
                        self.session.out.note("ending: the receiver still has a delivery; again to give it back at once");
                        tokio::select! {
                            outcome = &mut forward => outcome,
                            () = self.stop.twice() => Outcome::GivenBack,
                            () = tokio::time::sleep(GRACE) => Outcome::GivenBack,
                        }
                    }
                }
            }
        };
        let took = started.elapsed();
        if let Outcome::Answered(status) = outcome
            && outcome.is_good()
        {
            held.status = Some(status);
            self.place.note(Some(&held))?;
        }
        if self.settle(&held.delivery, &outcome).await? {
            self.place.note(None)?;
            self.lines.delivery(&held.delivery, &outcome, took)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Acknowledges a delivery, refuses it or gives it back; whether the server was told.
    async fn settle(&mut self, delivery: &Value, outcome: &Outcome) -> Done<bool> {
        let (id, lease) = (text(delivery, "id"), json!({"lease_id": delivery["lease_id"]}));
        let (action, body) = match outcome {
            // Not an attempt that failed: it is due again at once.
            Outcome::GivenBack => ("retry", json!({})),
            outcome if outcome.is_good() => ("ack", lease),
            _ => ("nack", lease),
        };
        let path = format!("/v1/deliveries/{}/{action}", segment(&id));
        loop {
            match self.session.client.post(&path, &body).await {
                Ok(_) => return Ok(true),
                // The lease ran out, or the endpoint is gone: the server has decided already.
                Err(failure) if matches!(failure.status(), Some(404 | 409)) => {
                    self.was_decided(&id, outcome).await;
                    return Ok(true);
                }
                Err(failure) if failure.is_away() => {
                    if self.stop.is_told() {
                        self.session.out.note(format!("{id} is held still: the next start goes on with it"));
                        return Ok(false);
                    }
                    self.tell_away(&failure);
                    self.stop.pause(PAUSE).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The server did not wait for this answer, or had it already. What the receiver took is not told to it again.
    async fn was_decided(&mut self, id: &str, outcome: &Outcome) {
        let found = self.session.client.get(&format!("/v1/deliveries/{}", segment(id))).await;
        if found.is_ok_and(|found| found.value["status"] == "success") {
            return;
        }
        if let Outcome::Answered(status) = outcome
            && outcome.is_good()
        {
            self.place.remember_taken(id, *status);
        }
        self.session.out.note(format!("{id} was no longer held; the server brings it again"));
    }
}

/// Posts a delivery as the server would have.
async fn forward(session: &Session, url: &Url, delivery: &Value) -> Outcome {
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
        Ok(fetched) => Outcome::Answered(fetched.status.as_u16()),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}
