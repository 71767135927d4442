//! The API as commands use it: paths in, JSON out, and refusals as sentences with hints.
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use url::Url;

use super::{
    failure::{Done, Exit, Failure},
    http::{Fetched, Http, HttpError, Outbound},
};
use crate::playground::is_near;

/// How long an answer may take, beyond what the request itself asks the server to wait.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A server and the key to it.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) http: Http,
    base: Url,
    key: Arc<RwLock<Option<String>>>,
    /// Looks where the key of a server's run is: a server that was started anew has another.
    finder: Option<Arc<Finder>>,
}

/// Finds the key of a server on this machine, if its user is this one.
pub(super) type Finder = dyn Fn() -> Option<String> + Send + Sync;

/// What the server answered, if it was 2xx.
#[derive(Debug)]
pub(super) struct Answer {
    /// The text as it came: numbers keep their digits.
    pub(super) text: String,
    /// The same, read; null without a body.
    pub(super) value: Value,
    pub(super) headers: HeaderMap,
}

impl Client {
    pub(super) fn new(http: Http, url: &str, key: Option<String>) -> Done<Self> {
        let wrong = |why: &str| {
            Failure::usage(format!("the server's URL `{url}` {why}")).hint("it looks like http://127.0.0.1:4800")
        };
        let base = Url::parse(url.trim_end_matches('/')).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(wrong("must start with http:// or https://"));
        }
        if key.as_ref().is_some_and(|key| HeaderValue::from_str(key).is_err()) {
            return Err(Failure::usage("the key has characters that no key has"));
        }
        Ok(Self { http, base, key: Arc::new(RwLock::new(key)), finder: None })
    }

    /// Instead of a key that was given: what is found, and looked for again when the server does not know it.
    pub(super) fn with_finder(mut self, finder: Arc<Finder>) -> Self {
        self.finder = Some(finder);
        self.renew();
        self
    }

    /// Looks for the key again; whether it is another one.
    fn renew(&self) -> bool {
        let Some(found) = self.finder.as_ref().and_then(|find| find()) else { return false };
        let mut key = self.key.write().unwrap_or_else(PoisonError::into_inner);
        key.replace(found) != *key
    }

    fn key(&self) -> Option<String> {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the server is this very machine's.
    pub(super) fn is_near(&self) -> bool {
        is_near(&self.base)
    }

    /// The server's URL.
    pub(super) fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    pub(super) fn has_key(&self) -> bool {
        self.key().is_some()
    }

    pub(super) async fn get(&self, path: &str) -> Done<Answer> {
        self.send(Method::GET, path, None, Duration::ZERO).await
    }

    /// Reads a list page by page, until `find` has found something in one or there are no more.
    pub(super) async fn pages<T>(
        &self,
        path: &str,
        parameters: &[(&str, Option<String>)],
        mut find: impl FnMut(&Value) -> Option<T>,
    ) -> Done<Option<T>> {
        let mut cursor = None;
        loop {
            let parameters = [parameters, &[("limit", Some("200".into())), ("cursor", cursor)]].concat();
            let page = self.get(&query(path, &parameters)).await?.value;
            if let Some(found) = find(&page) {
                return Ok(Some(found));
            }
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(None);
            }
        }
    }

    pub(super) async fn post(&self, path: &str, body: &impl std::fmt::Display) -> Done<Answer> {
        self.send(Method::POST, path, Some(body.to_string()), Duration::ZERO).await
    }

    /// POST under an idempotency key, if there is one: however often it is sent, it is done once.
    pub(super) async fn post_once(&self, path: &str, body: &Value, key: Option<&str>) -> Done<Answer> {
        let mut outbound = self.outbound(Method::POST, path, Some(body.to_string()))?;
        if let Some(key) = key {
            let value = HeaderValue::from_str(key)
                .map_err(|_| Failure::usage("the idempotency key has characters that no header has"))?;
            outbound.headers.insert("idempotency-key", value);
        }
        self.fetch(&outbound, TIMEOUT).await
    }

    pub(super) async fn patch(&self, path: &str, body: &impl std::fmt::Display) -> Done<Answer> {
        self.send(Method::PATCH, path, Some(body.to_string()), Duration::ZERO).await
    }

    pub(super) async fn delete(&self, path: &str) -> Done<Answer> {
        self.send(Method::DELETE, path, None, Duration::ZERO).await
    }

    /// Sends a request; `wait` is how long the server was asked to take.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<String>, wait: Duration) -> Done<Answer> {
        let outbound = self.outbound(method, path, body)?;
        self.fetch(&outbound, TIMEOUT + wait).await
    }

    async fn fetch(&self, outbound: &Outbound, timeout: Duration) -> Done<Answer> {
        let fetch = async |outbound: &Outbound| {
            self.http.fetch(outbound, timeout).await.map_err(|error| unreachable(self.base(), &error))
        };
        let mut fetched = fetch(outbound).await?;
        // What was refused so was not done, so it may be asked again.
        if fetched.status == StatusCode::UNAUTHORIZED && self.renew() {
            fetched = fetch(&self.authorized(outbound)).await?;
        }
        answer(fetched)
    }

    /// Opens an event stream, after the event `last` if there is one.
    pub(super) async fn stream(&self, path: &str, last: Option<&str>) -> Done<Response<Incoming>> {
        let mut outbound = self.outbound(Method::GET, path, None)?;
        if let Some(value) = last.and_then(|last| HeaderValue::from_str(last).ok()) {
            outbound.headers.insert("last-event-id", value);
        }
        self.open(&outbound).await
    }

    /// Asks for lines, one JSON document each, and gives them as they come.
    pub(super) async fn lines(&self, path: &str) -> Done<Response<Incoming>> {
        let mut outbound = self.outbound(Method::GET, path, None)?;
        outbound.headers.insert(header::ACCEPT, HeaderValue::from_static("application/x-ndjson"));
        self.open(&outbound).await
    }

    async fn open(&self, outbound: &Outbound) -> Done<Response<Incoming>> {
        let open = async |outbound: &Outbound| {
            self.http.stream(outbound, TIMEOUT).await.map_err(|error| unreachable(self.base(), &error))
        };
        let mut response = open(outbound).await?;
        if response.status() == StatusCode::UNAUTHORIZED && self.renew() {
            response = open(&self.authorized(outbound)).await?;
        }
        if response.status().is_success() {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Err(refusal(head.status, &body))
    }

    fn outbound(&self, method: Method, path: &str, body: Option<String>) -> Done<Outbound> {
        let url = format!("{}{path}", self.base());
        let url = Url::parse(&url).map_err(|error| Failure::usage(format!("`{url}` is not a URL: {error}")))?;
        let mut headers = HeaderMap::new();
        let agent = concat!("bellwire-cli/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(self.authorized(&Outbound { method, url, headers, body: Bytes::from(body.unwrap_or_default()) }))
    }

    /// The request with the key as it is now.
    fn authorized(&self, outbound: &Outbound) -> Outbound {
        let mut outbound = outbound.clone();
        if let Some(key) = self.key()
            && let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {key}"))
        {
            value.set_sensitive(true);
            outbound.headers.insert(header::AUTHORIZATION, value);
        }
        outbound
    }
}

/// An id as one segment of a path.
pub(super) fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

/// A path with the parameters that have a value.
pub(super) fn query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn answer(fetched: Fetched) -> Done<Answer> {
    if !fetched.status.is_success() {
        return Err(refusal(fetched.status, &fetched.body));
    }
    let text = String::from_utf8_lossy(&fetched.body).into_owned();
    // What is not JSON is not from a Bellwire server; metrics and the like are not asked for here.
    let value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
    Ok(Answer { text, value, headers: fetched.headers })
}

fn unreachable(base: &str, error: &HttpError) -> Failure {
    match error {
        HttpError::Connect(why) => Failure::new(Exit::Unreachable, format!("cannot reach {base}: {why}"))
            .hint("start a server with `bellwire serve`, or say where it is with --url or BELLWIRE_URL"),
        HttpError::Broken(why) => Failure::new(Exit::Unreachable, format!("{base}: {why}")),
        HttpError::TimedOut(_) => Failure::new(Exit::TimedOut, format!("{base}: {error}")),
    }
}

/// A refusal in the server's words, every fault on its own line.
fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let exit = if status.is_client_error() { Exit::Refused } else { Exit::Failed };
    let Ok(problem) = serde_json::from_slice::<Value>(body) else {
        return Failure::new(exit, format!("the server answered {status}"))
            .hint("is this the URL of a Bellwire server?")
            .with_problem(json!({"status": status.as_u16()}));
    };
    let text = |name: &str| problem.get(name).and_then(Value::as_str);
    let faults: Vec<String> = problem
        .get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|fault| Some(format!("`{}` {}", fault.get("field")?.as_str()?, fault.get("detail")?.as_str()?)))
        .collect();
    let mut message = match faults.as_slice() {
        [] | [_] => text("detail").or(text("title")).unwrap_or("the request was refused").to_owned(),
        many => format!("{} things are wrong:\n  {}", many.len(), many.join("\n  ")),
    };
    message = format!("{message} ({})", status.as_u16());
    let mut failure = Failure::new(exit, message);
    match text("code") {
        Some("unauthorized") => failure = failure.hint("give a valid key with --key, BELLWIRE_KEY or a profile; the server of a `bellwire serve --dev` that you run \
                 on this machine asks your commands for none"),
        Some("forbidden" | "foreign_namespace") => {
            failure = failure.hint("`bellwire keys list` shows what each key may do; an admin key may do everything");
        }
        Some("budget_exceeded") => {
            let wallet = text("blocking_wallet_id").unwrap_or("ID");
            failure = failure.hint(format!(
                "`bellwire wallets balance {wallet}` tells how it stands; whoever may manage it can raise it: \
                 `bellwire wallets update {wallet} --budget USD --reason TEXT`"
            ));
        }
        Some("wallet_frozen") => {
            let wallet = text("frozen_wallet_id").unwrap_or("ID");
            failure = failure.hint(format!(
                "whoever may manage it can end that: `bellwire wallets unfreeze {wallet} --reason TEXT`"
            ));
        }
        _ => {}
    }
    if status.is_server_error()
        && let Some(id) = text("request_id")
    {
        failure = failure.hint(format!("the server's log tells more under {id}"));
    }
    failure.with_problem(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_and_the_exit_code_says_who_refused() {
        let body = br#"{"status":422,"code":"invalid","detail":"`url` is required (and 1 more; see errors).",
            "errors":[{"field":"url","detail":"is required"},{"field":"events","detail":"must have 1 to 100 items"}]}"#;
        let failure = refusal(StatusCode::UNPROCESSABLE_ENTITY, body);
        assert_eq!(failure.exit, Exit::Refused);
        assert_eq!(failure.status(), Some(422));
        let text = failure.to_string();
        assert!(text.contains("`url` is required\n") && text.contains("`events` must have"), "{text}");
        assert_eq!(refusal(StatusCode::BAD_GATEWAY, b"<html>").exit, Exit::Failed);
    }

    #[test]
    fn ids_cannot_leave_their_place_in_the_path() {
        assert_eq!(segment("../keys?x"), "..%2Fkeys%3Fx");
        assert_eq!(
            query("/v1/events", &[("type", Some("a.b,c.*".into())), ("since", None)]),
            "/v1/events?type=a.b%2Cc.*"
        );
    }
}
