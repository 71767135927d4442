//! Answers that say by an entity tag which they are (RFC 9110 §8.8.3), so that who has one already is told only that it
//! still holds (§13.1.2, `If-None-Match`).
use axum::{
    body::{Body, HttpBody},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;

/// A longer answer has no tag. Keeps I12.
const TAGGED_BYTES_MAX: u64 = 4 * 1024 * 1024;
const TAG_BYTES: usize = 16;

/// What a request said about what its sender has.
pub(super) struct Condition {
    tags: Vec<HeaderValue>,
}

impl Condition {
    /// Of a request that reads; none of another.
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Option<Self> {
        let tags = || headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect();
        (method == Method::GET).then(|| Self { tags: tags() })
    }

    /// The answer with its tag; without its body, if that is what its sender has.
    pub(super) async fn apply(self, response: Response) -> Response {
        if response.status() != StatusCode::OK || !is_json(&response) || response.headers().contains_key(header::ETAG) {
            return response;
        }
        // Only what is there already: a stream is passed on as it comes.
        let size = response.body().size_hint().exact();
        if size.is_none_or(|size| size > TAGGED_BYTES_MAX) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                tracing::error!(%error, "an answer that is there could not be read");
                Bytes::new()
            }
        };
        let tag = tag(&body);
        let held = self.tags.iter().any(|tags| names(tags, &tag));
        if let Ok(value) = HeaderValue::try_from(&tag) {
            parts.headers.insert(header::ETAG, value);
        }
        // What a key asked for is not to be stored at all; the rest may be, and is asked after.
        parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
        if !held {
            return Response::from_parts(parts, Body::from(body));
        }
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Body::empty())
    }
}

fn is_json(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

fn tag(body: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&blake3::hash(body).as_bytes()[..TAG_BYTES]))
}

/// Whether a field names the tag, or any. They are compared weakly: a proxy that compresses makes them weak.
fn names(field: &HeaderValue, tag: &str) -> bool {
    let listed = field.to_str().unwrap_or_default().split(',').map(str::trim);
    listed.into_iter().any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(tags: &[&'static str]) -> Condition {
        let mut headers = HeaderMap::new();
        for tag in tags {
            headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(tag));
        }
        Condition::of(&Method::GET, &headers).unwrap()
    }

    fn answer(content_type: &'static str, body: &'static str) -> Response {
        Response::builder().header(header::CONTENT_TYPE, content_type).body(Body::from(body)).unwrap()
    }

    async fn status(tags: &[&'static str]) -> (StatusCode, bool, Bytes) {
        let response = asking(tags).apply(answer("application/json", "{}")).await;
        let (parts, body) = response.into_parts();
        assert_eq!(parts.headers[header::CACHE_CONTROL], "no-cache");
        assert_eq!(parts.headers[header::ETAG], "\"6e46dd10defc9b56c29a6ec56b508c21\"".to_owned());
        (parts.status, parts.headers.contains_key(header::CONTENT_TYPE), body.collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn who_has_it_is_told_so() {
        let whole = (StatusCode::OK, true, Bytes::from_static(b"{}"));
        let held = (StatusCode::NOT_MODIFIED, false, Bytes::new());
        for (tags, expected) in [
            (&[][..], &whole),
            (&["\"another\""], &whole),
            (&["6e46dd10defc9b56c29a6ec56b508c21"], &whole),
            (&["\"6e46dd10defc9b56c29a6ec56b508c21\""], &held),
            (&["W/\"6e46dd10defc9b56c29a6ec56b508c21\""], &held),
            (&["\"a\", \"6e46dd10defc9b56c29a6ec56b508c21\""], &held),
            (&["\"a\"", "\"6e46dd10defc9b56c29a6ec56b508c21\""], &held),
            (&["*"], &held),
        ] {
            assert_eq!(&status(tags).await, expected, "{tags:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_json_or_no_good_answer_has_none() {
        assert!(Condition::of(&Method::POST, &HeaderMap::new()).is_none());
        let text = asking(&["*"]).apply(answer("text/plain", "ok")).await;
        assert!(text.status() == StatusCode::OK && !text.headers().contains_key(header::ETAG));
        let mut problem = answer("application/json", "{}");
        *problem.status_mut() = StatusCode::NOT_FOUND;
        let problem = asking(&["*"]).apply(problem).await;
        assert!(problem.status() == StatusCode::NOT_FOUND && !problem.headers().contains_key(header::ETAG));
    }

    #[tokio::test]
    async fn what_must_not_be_stored_stays_so() {
        let mut secret = answer("application/json", "{}");
        secret.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let told = asking(&["*"]).apply(secret).await;
        assert!(told.status() == StatusCode::NOT_MODIFIED && told.headers()[header::CACHE_CONTROL] == "no-store");
    }
}
