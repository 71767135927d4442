//! What a listener prints: a line for each delivery, for people or as JSON. The JSON is for programs and
//! keeps its shape (docs/guides/command-line.md); `line` says what a line is.
use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};

use super::{
    Listen,
    keys::Keys,
    place::{Gap, Place},
};
use crate::{
    cli::{
        failure::Done,
        out::{Out, Tone, clock_time, text},
    },
    clock::Clock,
};

/// Deliveries that a key can replay. Keeps I12.
const REMEMBERED_MAX: usize = 9;

/// How forwarding ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is nowhere to forward to: it is printed.
    Taken,
    Answered(u16),
    Failed(String),
    /// The end came before the answer.
    GivenBack,
}

impl Outcome {
    pub(super) fn is_good(&self) -> bool {
        match self {
            Self::Taken => true,
            Self::Answered(status) => (200..300).contains(status),
            Self::Failed(_) | Self::GivenBack => false,
        }
    }
}

pub(super) struct Lines {
    out: Out,
    target: Option<String>,
    bodies: bool,
    /// The latest deliveries, newest first: id, and what of it is listed.
    latest: VecDeque<(String, String)>,
}

impl Lines {
    pub(super) fn new(out: Out, target: Option<&str>, bodies: bool) -> Self {
        Self { out, target: target.map(str::to_owned), bodies, latest: VecDeque::new() }
    }

    pub(super) fn ready(&self, server: &str, listen: &Listen, place: &Place, dead: u64) -> Done {
        let out = self.out;
        if out.json {
            let line = json!({"line": "ready", "server": server, "name": listen.name,
                "endpoint_id": place.endpoint_id(), "events": listen.events, "namespace": listen.namespace,
                "forward_to": self.target, "dead_letters": dead});
            return out.line(line.to_string());
        }
        let target = self.target.as_ref().map_or_else(|| "printed here".to_owned(), |url| format!("posted to {url}"));
        out.note(format!("listening to {} of {server}, {target}", listen.events.join(", ")));
        out.note(format!("endpoint  {}", place.endpoint_id()));
        if out.is_seen() {
            out.note(format!("secret    {}  (your handler verifies with it; it stays the same)", place.secret()));
        } else {
            let named = if listen.name == "default" { String::new() } else { format!(" --name {}", listen.name) };
            out.note(format!("secret    not shown in a log; `bellwire listen{named} --print-secret` prints it"));
        }
        if dead > 0 {
            let id = place.endpoint_id();
            out.note(format!(
                "dead      {dead}, given up; `bellwire deliveries retry --endpoint {id}` brings them again"
            ));
        }
        Ok(())
    }

    pub(super) fn gap(&self, gap: &Gap) -> Done {
        if self.out.json {
            let line = json!({"line": "gap", "reason": gap.reason.as_str(), "from": gap.from, "to": gap.to});
            return self.out.line(line.to_string());
        }
        let words = self.out.paint(Tone::Warn, "gap");
        self.out.line(format!(
            "{words}: what happened from {} to {} was missed: {}",
            gap.from,
            gap.to,
            gap.reason.words()
        ))
    }

    /// What the keys are, where there are any.
    pub(super) fn hint(&self, keys: &Keys) {
        if keys.are_there() {
            self.out.note("r replays the latest, l lists them, 1 to 9 replays that one, q ends\n");
        }
    }

    pub(super) fn list(&self) {
        for (nth, (_, listed)) in self.latest.iter().enumerate() {
            self.out.note(format!("{}  {listed}", nth + 1));
        }
        if self.latest.is_empty() {
            self.out.note("nothing came yet");
        }
    }

    /// The id of the nth latest delivery, from 1.
    pub(super) fn latest(&self, nth: usize) -> Option<String> {
        self.latest.get(nth.checked_sub(1)?).map(|(id, _)| id.clone())
    }

    pub(super) fn delivery(&mut self, delivery: &Value, outcome: &Outcome, took: Duration) -> Done {
        let (out, event) = (self.out, &delivery["event"]);
        let named = format!("{:<24} {}", text(event, "type"), text(event, "id"));
        self.remember(text(delivery, "id"), &named);
        let good = outcome.is_good();
        // What comes again says when; the last attempt does not.
        let again = *outcome == Outcome::GivenBack || !delivery["headers"]["bellwire-will-retry-after"].is_null();
        if out.json {
            let (status, error) = match outcome {
                Outcome::Answered(status) => (Some(*status), None),
                Outcome::Failed(why) => (None, Some(why.as_str())),
                Outcome::Taken => (None, None),
                Outcome::GivenBack => (None, Some("given back at the end")),
            };
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of one request")]
            let took = took.as_micros() as f64 / 1_000.0;
            let line = json!({"line": "delivery", "at": Clock::SYSTEM.now(), "delivery_id": delivery["id"],
                "attempt": delivery["attempt"], "event": event, "method": "POST", "url": self.target,
                "headers": delivery["headers"], "body": delivery["body"], "status": status, "error": error,
                "acked": good, "comes_again": !good && again, "latency_ms": took});
            return out.line(line.to_string());
        }
        let (tone, result) = match outcome {
            Outcome::Taken => (Tone::Good, "taken".to_owned()),
            Outcome::Answered(status) => (if good { Tone::Good } else { Tone::Bad }, status.to_string()),
            Outcome::Failed(why) => (Tone::Bad, why.clone()),
            Outcome::GivenBack => (Tone::Warn, "given back".to_owned()),
        };
        let result = out.paint(tone, &result);
        let mut words = vec![clock_time(Clock::SYSTEM.now()), named];
        if self.target.is_some() {
            words.push(format!("POST → {result}"));
            words.push(format!("{} ms", took.as_millis()));
        } else {
            words.push(result);
        }
        if delivery["attempt"].as_u64().is_some_and(|attempt| attempt > 1) {
            words.push(format!("(attempt {})", text(delivery, "attempt")));
        }
        if !good {
            words.push(if again { "comes again" } else { "given up: it is a dead letter" }.to_owned());
        }
        out.line(words.join("  "))?;
        if self.bodies {
            out.line(text(delivery, "body"))?;
        }
        Ok(())
    }

    fn remember(&mut self, id: String, named: &str) {
        self.latest.retain(|(known, _)| *known != id);
        self.latest.push_front((id, named.to_owned()));
        self.latest.truncate(REMEMBERED_MAX);
    }
}
