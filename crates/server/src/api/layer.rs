//! Around every request: an id, a span, a metric; panics and errors become problems.
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bellwire_domain::Origin;
use bellwire_wire::RequestId;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tracing::Instrument;

use super::{
    body::Shared,
    etag::Condition,
    problem::{Code, Problem},
};
use crate::{app::App, quota::Standing};

/// How the key that asks stands, once it is known.
#[derive(Clone, Default)]
pub(super) struct Asked(pub(super) Arc<OnceLock<Standing>>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives a request its id and answers for whatever happens inside.
pub(super) async fn around(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let ulid = app.mint.ulid();
    let id = RequestId::from_ulid(ulid);
    let traceparent = traceparent(request.headers(), u128::from(ulid));
    request.extensions_mut().insert(Origin {
        request_id: Some(id.clone()),
        traceparent: Some(traceparent.into()),
        via: None,
    });
    let path = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let condition = Condition::of(&method, request.headers());
    let asked = Asked::default();
    request.extensions_mut().insert(asked.clone());
    let span = tracing::debug_span!("request", %id, %method, path);
    let started = tokio::time::Instant::now();
    let (request, body) = Shared::hold(request);
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span).await;
    let mut response = handled.unwrap_or_else(|_| {
        tracing::error!(%id, "a handler panicked");
        Problem::new(Code::Internal, "Something went wrong on our side. The logs tell more under the request id.")
            .into_response()
    });
    // What the router refuses by itself (a path that is no UTF-8) names nothing that exists.
    if response.status().is_client_error() && response.extensions().get::<Problem>().is_none() && is_plain(&response) {
        response = Problem::not_found("path").into_response();
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let mut body = problem.body();
        body.request_id = Some(id.to_string());
        let text = serde_json::to_vec(&body).unwrap_or_default();
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(text);
    }
    if let Some(condition) = condition {
        response = condition.apply(response).await;
    }
    if let Some(standing) = asked.0.get() {
        standing.tell(response.headers_mut());
    }
    let status = response.status().as_u16();
    metrics::counter!("bellwire_requests_total", "path" => path.clone(), "status" => class(status)).increment(1);
    metrics::histogram!("bellwire_request_seconds", "path" => path).record(started.elapsed());
    if let Ok(value) = HeaderValue::try_from(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(body) = body {
        body.drain(response.status()).await;
    }
    response
}

fn is_plain(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/plain"))
}

const fn class(status: u16) -> &'static str {
    match status / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// The caller's trace context (W3C), or one derived from our own id.
fn traceparent(headers: &HeaderMap, ulid: u128) -> String {
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
            && text.bytes().any(|c| c != b'0')
    };
    let theirs = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(|value| {
        let mut parts = value.split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let good = version == "00" && hex(trace, 32) && hex(parent, 16) && flags.len() == 2 && parts.next().is_none();
        good.then(|| value.to_owned())
    });
    theirs.unwrap_or_else(|| {
        format!("00-{ulid:032x}-{:016x}-01", u64::try_from(ulid >> 16 & u128::from(u64::MAX)).unwrap_or_default() | 1)
    })
}
