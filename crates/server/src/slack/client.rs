//! Calls to Slack's Web API. An answer is a success only if it says `ok`: Slack answers most refusals
//! with 200.
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::Value;

use super::{SlackConfig, token::MessageRef};
use crate::egress::{Egress, OutboundRequest, Response, SendError, Target};

/// How long a call may take: well within a lease.
const PATIENCE: Duration = Duration::from_secs(8);
/// A `trigger_id` is good for three seconds.
const PATIENCE_OPENING: Duration = Duration::from_secs(3);
/// How much of an answer is read: it repeats the message.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// The longest that Slack may tell us to wait.
const WAIT_MAX: Duration = Duration::from_mins(5);
/// Refusals that are about the moment. All others stay as long as nobody changes something.
const PASSING: [&str; 7] = [
    "ratelimited",
    "rate_limited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
];

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// `chat.postMessage`.
    Post,
    /// `chat.update`.
    Update,
    /// `views.open`.
    Open,
}

impl Method {
    const ALL: [Self; 3] = [Self::Post, Self::Update, Self::Open];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "chat.postMessage",
            Self::Update => "chat.update",
            Self::Open => "views.open",
        }
    }
}

/// A call that did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// Why, in words.
    pub(super) why: String,
    /// Whether it will fail again until somebody changes something.
    pub(super) lasting: bool,
    /// How long Slack wants to be left alone.
    pub(super) after: Option<Duration>,
    /// The status of the answer, if there was one.
    pub(super) status: Option<u16>,
}

/// What speaks to Slack.
pub(super) struct Client {
    egress: Egress,
    targets: [Target; Method::ALL.len()],
    authorization: HeaderValue,
}

impl Client {
    pub(super) fn new(egress: Egress, config: &SlackConfig) -> anyhow::Result<Self> {
        let target = |method: Method| egress.policy().check_url(&format!("{}/{}", config.api_url, method.as_str()));
        let targets = [target(Method::Post)?, target(Method::Update)?, target(Method::Open)?];
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {}", config.bot_token.expose())).context("slack.bot_token")?;
        authorization.set_sensitive(true);
        Ok(Self { egress, targets, authorization })
    }

    /// Calls a method once; which message the answer is about, if it says so.
    pub(super) async fn call(&self, method: Method, arguments: &Value) -> Result<Option<MessageRef>, Failed> {
        let patience = if method == Method::Open { PATIENCE_OPENING } else { PATIENCE };
        self.call_within(patience, method, arguments).await
    }

    /// [`Client::call`] with another patience.
    pub(super) async fn call_within(
        &self,
        patience: Duration,
        method: Method,
        arguments: &Value,
    ) -> Result<Option<MessageRef>, Failed> {
        let mut headers = json_headers();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        let index = Method::ALL.iter().position(|known| *known == method).unwrap_or_default();
        let called = self.send(self.targets[index].clone(), headers, arguments, patience).await;
        let called = called.and_then(|response| read(&response));
        let result = if called.is_ok() { "success" } else { "failure" };
        metrics::counter!("bellwire_slack_calls_total", "method" => method.as_str(), "result" => result).increment(1);
        called
    }

    /// Answers a click for the clicker's eyes only.
    pub(super) async fn whisper(&self, response_url: &str, text: &str) -> Result<(), Failed> {
        let lasting = |why: String| Failed { why, lasting: true, after: None, status: None };
        let target = self.egress.policy().check_url(response_url).map_err(|error| lasting(error.alone()))?;
        let body = serde_json::json!({"response_type": "ephemeral", "replace_original": false, "text": text});
        match self.send(target, json_headers(), &body, PATIENCE).await?.status {
            200..300 => Ok(()),
            status => Err(lasting(format!("status {status}"))),
        }
    }

    async fn send(
        &self,
        target: Target,
        headers: HeaderMap,
        body: &Value,
        patience: Duration,
    ) -> Result<Response, Failed> {
        let body = Bytes::from(body.to_string());
        let mut request = OutboundRequest::post(target, headers, body, patience);
        request.response_bytes_kept = ANSWER_BYTES_MAX;
        request.response_bytes_read = ANSWER_BYTES_MAX;
        self.egress.send(request).await.outcome.map_err(|error| Failed {
            why: error.to_string(),
            lasting: matches!(error, SendError::Blocked(_)),
            after: None,
            status: None,
        })
    }
}

fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))])
}

fn read(response: &Response) -> Result<Option<MessageRef>, Failed> {
    let after = || {
        let header = response.headers.get(RETRY_AFTER)?.to_str().ok()?;
        Some(Duration::from_secs(header.trim().parse().ok()?).min(WAIT_MAX))
    };
    let status = response.status;
    let failed = |why: String, lasting, after| Err(Failed { why, lasting, after, status: Some(status) });
    if status != 200 {
        return failed(format!("status {status}"), !matches!(status, 408 | 429 | 500..), after());
    }
    let Ok(answer) = serde_json::from_slice::<Value>(&response.body_prefix) else {
        return failed("the answer is not JSON".into(), false, None);
    };
    if answer["ok"] == true {
        let (channel, ts) = (answer["channel"].as_str(), answer["ts"].as_str());
        return Ok(channel.zip(ts).map(|(channel, ts)| MessageRef { channel: channel.into(), ts: ts.into() }));
    }
    // The word goes into logs and to people.
    let word = answer["error"].as_str().filter(|word| {
        (1..=64).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
    });
    let word = word.unwrap_or("not ok, without a reason");
    failed(word.to_owned(), !PASSING.contains(&word), after())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str, retry_after: Option<&'static str>) -> Result<Option<MessageRef>, Failed> {
        let mut headers = HeaderMap::new();
        headers.extend(retry_after.map(|value| (RETRY_AFTER, HeaderValue::from_static(value))));
        read(&Response { status, headers, body_prefix: Bytes::copy_from_slice(body.as_bytes()), body_truncated: false })
    }

    #[test]
    fn only_ok_is_a_success_and_failures_say_whether_to_try_again() {
        assert_eq!(answer(200, r#"{"ok":true,"ts":"1.2"}"#, None), Ok(None));
        let posted = answer(200, r#"{"ok":true,"channel":"C1","ts":"1.2"}"#, None).expect("posted").expect("a message");
        assert_eq!(posted.key(), "C1/1.2");
        for (status, body, why, lasting) in [
            (200, r#"{"ok":false,"error":"channel_not_found"}"#, "channel_not_found", true),
            (200, r#"{"ok":false,"error":"invalid_auth"}"#, "invalid_auth", true),
            (200, r#"{"ok":false,"error":"internal_error"}"#, "internal_error", false),
            (200, r#"{"ok":false,"error":"a\nb"}"#, "not ok, without a reason", true),
            (200, r#"{"ok":"true"}"#, "not ok, without a reason", true),
            (200, "<html>", "the answer is not JSON", false),
            (500, "", "status 500", false),
            (302, "", "status 302", true),
            (404, r#"{"ok":true}"#, "status 404", true),
        ] {
            let failed = Failed { why: why.into(), lasting, after: None, status: Some(status) };
            assert_eq!(answer(status, body, None), Err(failed), "{body}");
        }
        let limited = answer(429, "", Some("7")).expect_err("limited");
        assert_eq!((limited.lasting, limited.after), (false, Some(Duration::from_secs(7))));
        let far = answer(429, "", Some("86400")).expect_err("limited");
        assert_eq!(far.after, Some(WAIT_MAX));
    }
}
