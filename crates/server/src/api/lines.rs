//! Answers of one JSON document per line, as long as there are rows: exports.
use std::io;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use bellwire_domain::Faults;
use futures_util::stream::TryStream;
use http::{HeaderMap, HeaderValue, header};

use super::{extract::Parameters, page::PAGE, problem::Problem};

/// The media type of one JSON document per line.
pub(super) const LINES: &str = "application/x-ndjson";

/// Whether a request asks for lines.
pub(super) fn wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accepted.flat_map(|value| value.split(','));
    kinds.any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(LINES)))
}

/// Whether a query asks for a page.
pub(super) fn paged(parameters: &Parameters) -> bool {
    PAGE.iter().any(|name| parameters.get(name).is_some())
}

/// Refuses an export of one page.
pub(super) fn whole(paged: bool) -> Result<(), Problem> {
    if paged { Err(Faults::from(("cursor", "and `limit` are for pages: an export is whole")).into()) } else { Ok(()) }
}

/// The answer. An error breaks it off, so that nobody takes a part for the whole.
pub(super) fn answer<S>(lines: S) -> Response
where
    S: TryStream<Ok = Bytes, Error = io::Error> + Send + 'static,
{
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(LINES));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
