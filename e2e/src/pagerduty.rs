//! A PagerDuty that does as it is told, and is as strict about events as the real one.
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};

use crate::{Receiver, Reply, Seen, Setup};

/// What events are sent with.
const ROUTING_KEY: &str = "routing0key0of0the0end0to0end0te";

/// PagerDuty's Events API v2 on a port of its own.
pub struct PagerDuty {
    receiver: Receiver,
    /// What the next events are answered instead.
    instead: Arc<Mutex<VecDeque<Reply>>>,
}

impl Default for PagerDuty {
    fn default() -> Self {
        Self::start()
    }
}

impl PagerDuty {
    /// Takes every event that is as PagerDuty describes it.
    pub fn start() -> Self {
        let instead: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let told = Arc::clone(&instead);
        let receiver = Receiver::scripted(move |seen, _| {
            if let Some(reply) = told.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                return reply;
            }
            let json = vec![("content-type", "application/json".into())];
            match fault(seen) {
                None => Reply::With(202, json, json!({"status": "success", "message": "Event processed"}).to_string()),
                Some(fault) => {
                    let body =
                        json!({"status": "invalid event", "message": "Event object is invalid", "errors": [fault]});
                    Reply::With(400, json, body.to_string())
                }
            }
        });
        Self { receiver, instead }
    }

    /// A server that knows it, besides what is set already.
    #[must_use]
    pub fn setup(&self, mut setup: Setup) -> Setup {
        setup.env.push(("BELLWIRE_PAGERDUTY_BASE_URL", format!("http://{}/", self.receiver.address)));
        setup.env.push(("BELLWIRE_PAGERDUTY_ROUTING_KEY", ROUTING_KEY.into()));
        setup
    }

    /// What the next events are answered instead.
    pub fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.instead.lock().unwrap_or_else(PoisonError::into_inner).extend(replies);
    }

    /// Every event so far as it came.
    pub fn seen(&self) -> Vec<Seen> {
        self.receiver.seen()
    }

    /// The events with this action, each of which was as it should be.
    #[track_caller]
    pub fn events(&self, action: &str) -> Vec<Value> {
        let seen = self.receiver.seen();
        for event in &seen {
            assert_eq!(fault(event), None, "{}", String::from_utf8_lossy(&event.body));
        }
        seen.iter().map(Seen::json).filter(|event| event["event_action"] == action).collect()
    }
}

/// What PagerDuty would find wrong (its Events API v2, "Send an alert event").
fn fault(seen: &Seen) -> Option<&'static str> {
    let (event, payload) = (seen.json(), seen.json()["payload"].clone());
    let text =
        |value: &Value, most: usize| value.as_str().is_some_and(|text| (1..=most).contains(&text.chars().count()));
    let optional = |value: &Value| value.is_null() || value.is_string();
    let trigger = event["event_action"] == "trigger";
    let severities = ["critical", "error", "warning", "info"];
    let link =
        |link: &Value| link["href"].as_str().is_some_and(|href| href.starts_with("http")) && optional(&link["text"]);
    let links = event["links"].as_array().is_none_or(|links| links.iter().all(link));
    let rules = [
        (seen.path == "/v2/enqueue", "no such path"),
        (seen.header("content-type").starts_with("application/json"), "not JSON"),
        (seen.body.len() <= 512 * 1024, "too large"),
        (event["routing_key"].as_str().is_some_and(|key| key.len() == 32), "routing_key must have 32 characters"),
        (event["routing_key"] == ROUTING_KEY, "invalid routing_key"),
        (trigger || event["event_action"] == "resolve" || event["event_action"] == "acknowledge", "event_action"),
        (trigger || event["dedup_key"].is_string(), "dedup_key is needed"),
        (event["dedup_key"].is_null() || text(&event["dedup_key"], 255), "dedup_key is too long"),
        (optional(&event["client"]) && optional(&event["client_url"]), "client"),
        (links, "links"),
        (!trigger || text(&payload["summary"], 1024), "payload.summary"),
        (!trigger || text(&payload["source"], 1024), "payload.source"),
        (!trigger || severities.iter().any(|known| payload["severity"] == *known), "payload.severity"),
        (optional(&payload["timestamp"]), "payload.timestamp"),
        (
            ["component", "group", "class"].iter().all(|name| optional(&payload[*name])),
            "payload.component, group, class",
        ),
        (payload["custom_details"].is_null() || payload["custom_details"].is_object(), "payload.custom_details"),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, fault)| fault)
}
