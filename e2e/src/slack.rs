//! A Slack that does as it is told, and people who click in it.
use std::{
    collections::{HashMap, VecDeque},
    io::Write,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{Answer, Api, Call, Receiver, Reply, Seen, Setup, eventually, list, python, text};

/// What requests are signed with.
const SIGNING_SECRET: &str = "signing-secret-of-the-end-to-end-tests";
/// What the bot speaks with.
const BOT_TOKEN: &str = "xoxb-bot-token-of-the-end-to-end-tests";
/// Where alerts go.
const CHANNEL: &str = "C0123456789";

/// Slack's Web API on a port of its own.
pub struct Slack {
    receiver: Receiver,
    /// What the next calls of a method are answered instead.
    instead: Arc<Mutex<Instead>>,
}

type Instead = HashMap<String, VecDeque<Reply>>;

/// The place of the message that was posted with this request.
fn ts(nth: usize) -> String {
    format!("1700000000.{nth:06}")
}

impl Default for Slack {
    fn default() -> Self {
        Self::start()
    }
}

impl Slack {
    /// Takes everything.
    pub fn start() -> Self {
        let instead: Arc<Mutex<Instead>> = Arc::default();
        let told = Arc::clone(&instead);
        let receiver = Receiver::scripted(move |seen, nth| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let method = seen.path.trim_start_matches("/api/");
            if let Some(reply) = told.get_mut(method).and_then(VecDeque::pop_front) {
                return reply;
            }
            let body = json!({"ok": true, "channel": CHANNEL, "ts": ts(nth)});
            Reply::With(200, vec![("content-type", "application/json".into())], body.to_string())
        });
        Self { receiver, instead }
    }

    /// A server that knows it, with these users as approvers.
    pub fn setup(&self, approvers: &str) -> Setup {
        let env = vec![
            ("BELLWIRE_SLACK_API_URL", format!("http://{}/api/", self.receiver.address)),
            ("BELLWIRE_SLACK_BOT_TOKEN", BOT_TOKEN.into()),
            ("BELLWIRE_SLACK_SIGNING_SECRET", SIGNING_SECRET.into()),
            ("BELLWIRE_SLACK_CHANNEL", CHANNEL.into()),
            ("BELLWIRE_SLACK_APPROVERS", approvers.into()),
        ];
        Setup { env, ..Setup::default() }
    }

    /// What the next messages are answered instead of `ok`.
    pub fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.answers_to("chat.postMessage", replies);
    }

    /// What the next calls of a method are answered instead of `ok`.
    pub fn answers_to(&self, method: &str, replies: impl IntoIterator<Item = Reply>) {
        let mut instead = self.instead.lock().unwrap_or_else(PoisonError::into_inner);
        instead.entry(method.to_owned()).or_default().extend(replies);
    }

    /// A refusal as Slack words it: with 200.
    pub fn refusal(error: &str) -> Reply {
        Reply::With(200, Vec::new(), json!({"ok": false, "error": error}).to_string())
    }

    /// Everything so far is as Slack's own package wants it.
    #[track_caller]
    pub fn check(&self) {
        let methods = ["chat.postMessage", "chat.update", "views.open"];
        let calls: Vec<Value> = methods.iter().flat_map(|method| self.calls(method)).collect();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/verify/slack_check.py");
        let mut child = python("python").arg(script).stdin(Stdio::piped()).spawn().expect("Python starts");
        child.stdin.take().expect("piped").write_all(Value::from(calls).to_string().as_bytes()).expect("it reads");
        assert!(child.wait().is_ok_and(|status| status.success()), "slack_sdk finds something wrong");
    }

    /// What a method was called with, every time, as bytes.
    pub fn bodies(&self, method: &str) -> Vec<Vec<u8>> {
        let path = format!("/api/{method}");
        self.receiver.seen().into_iter().filter(|seen| seen.path == path).map(|seen| seen.body).collect()
    }

    /// When a method was called, every time.
    pub fn times(&self, method: &str) -> Vec<Instant> {
        let path = format!("/api/{method}");
        self.receiver.seen().into_iter().filter(|seen| seen.path == path).map(|seen| seen.at).collect()
    }

    /// What a method was called with, every time.
    pub fn calls(&self, method: &str) -> Vec<Value> {
        let path = format!("/api/{method}");
        let seen: Vec<Seen> = self.receiver.seen().into_iter().filter(|seen| seen.path == path).collect();
        assert!(seen.iter().all(|seen| seen.header("authorization") == format!("Bearer {BOT_TOKEN}")), "{method}");
        seen.iter().map(Seen::json).collect()
    }

    /// What was said to clickers alone.
    pub fn whispers(&self) -> Vec<String> {
        let seen = self.receiver.seen().into_iter().filter(|seen| seen.path == "/respond");
        seen.map(|seen| text(&seen.json()["text"])).collect()
    }

    /// The messages so far that begin no thread line, and where each is if it was taken.
    pub fn messages(&self) -> Vec<(Value, String)> {
        let seen = self.receiver.seen().into_iter().enumerate();
        let posted = seen.filter(|(_, seen)| seen.path == "/api/chat.postMessage");
        let messages = posted.map(|(nth, seen)| (seen.json(), ts(nth)));
        messages.filter(|(message, _)| message["thread_ts"].is_null()).collect()
    }

    /// The alerts so far: messages that begin no thread line.
    pub fn alerts(&self) -> Vec<Value> {
        self.calls("chat.postMessage").into_iter().filter(|message| message["thread_ts"].is_null()).collect()
    }

    /// The alert of this number, once it is there.
    #[track_caller]
    pub fn alert(&self, nth: usize) -> Value {
        eventually("the alert is posted", || self.alerts().get(nth).cloned())
    }

    /// Somebody at a server whose alerts come here.
    pub fn clicker(&self, api: &Api, user: &str) -> Clicker {
        Clicker {
            api: api.without_key(),
            user: user.into(),
            respond: format!("http://{}/respond", self.receiver.address),
            secret: SIGNING_SECRET.into(),
            age: 0,
        }
    }
}

/// Somebody who clicks and fills in forms.
#[derive(Debug, Clone)]
pub struct Clicker {
    api: Api,
    /// Who.
    pub user: String,
    respond: String,
    /// What the request is signed with.
    pub secret: String,
    /// How many seconds ago it was signed.
    pub age: i64,
}

impl Clicker {
    /// Clicks the button of an alert, in the message `ts`.
    pub fn click(&self, alert: &Value, ts: &str) -> Answer {
        self.press(alert, 0, ts)
    }

    /// Clicks one of the buttons of a message, in the message `ts`.
    pub fn press(&self, message: &Value, nth: usize, ts: &str) -> Answer {
        let blocks = list(&message["blocks"]);
        let actions = blocks.iter().find(|block| block["type"] == "actions").expect("a button");
        self.send(&json!({
            "type": "block_actions",
            "user": {"id": self.user, "username": "somebody", "team_id": "T0"},
            "team": null,
            "container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL, "is_ephemeral": false},
            "channel": {"id": CHANNEL, "name": "alerts"},
            "message": {"ts": ts},
            "trigger_id": format!("trigger-{ts}"),
            "response_url": self.respond,
            "actions": [{"type": "button", "action_id": actions["elements"][nth]["action_id"],
                "block_id": actions["block_id"], "value": actions["elements"][nth]["value"], "action_ts": "1.1"}],
        }))
    }

    /// Sends a form that was opened, as the view of this id.
    pub fn submit(&self, opened: &Value, view: &str, amount: &str, reason: Option<&str>) -> Answer {
        self.send(&self.form(opened, view, amount, reason))
    }

    /// What Slack sends with a form that was opened.
    pub fn form(&self, opened: &Value, view: &str, amount: &str, reason: Option<&str>) -> Value {
        json!({
            "type": "view_submission",
            "team": {"id": "T0"},
            "user": {"id": self.user, "name": "somebody"},
            "trigger_id": "another",
            "view": {"id": view, "hash": "1.h", "callback_id": opened["view"]["callback_id"],
                "private_metadata": opened["view"]["private_metadata"],
                "state": {"values": {"amount": {"amount": {"type": "plain_text_input", "value": amount}},
                    "reason": {"reason": {"type": "plain_text_input", "value": reason}}}}},
        })
    }

    /// Sends any payload.
    pub fn send(&self, payload: &Value) -> Answer {
        self.api.send(&self.call(payload))
    }

    /// A payload as Slack sends it, signed by Slack's own package.
    pub fn call(&self, payload: &Value) -> Call {
        let body = format!("payload={}", escaped(&payload.to_string()));
        let at = (seconds() - self.age).to_string();
        let signature = sign(&self.secret, &at, &body);
        Call::new("POST", "/v1/integrations/slack/interactions")
            .header("x-slack-request-timestamp", &at)
            .header("x-slack-signature", &signature)
            .body(body.as_bytes())
    }
}

#[expect(clippy::disallowed_methods, reason = "a real process compares it with its own clock")]
fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}

fn sign(secret: &str, at: &str, body: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/verify/slack_sign.py");
    let mut child = python("python")
        .args([script, secret, at])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    child.stdin.take().expect("piped").write_all(body.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "slack_sdk signs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// As browsers write a field of a form.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(byte)),
            _ => out.extend(["%", &format!("{byte:02X}")]),
        }
    }
    out
}
