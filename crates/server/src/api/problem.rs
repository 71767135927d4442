//! Errors of the API: RFC 9457 bodies from the closed table of [`Code`]s (spec conventions, "Errors").
use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use bellwire_domain::{Faults, StoreError};
use http::{HeaderName, HeaderValue, header};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub use super::code::Code;

/// Where every code has its page.
pub const TYPE_BASE: &str = "https://bellwire.dev/errors/";

/// One thing wrong with one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's path in the request.
    pub field: String,
    /// What would be right.
    pub detail: String,
}

/// The body of every error (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A stable URL of the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code's title.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: &'static str,
    /// A sentence that helps.
    pub detail: Cow<'static, str>,
    /// The request, as the logs know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Every fault, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What else this code has to tell.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Members,
}

/// Members that some problems have beside the common ones, each as JSON: amounts keep their digits.
#[derive(Debug, Clone, Default)]
pub struct Members(Vec<(&'static str, Box<RawValue>)>);

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// An error on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
    /// What few problems have.
    extra: Option<Box<Extra>>,
}

#[derive(Debug, Clone, Default)]
struct Extra {
    members: Members,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// An error with this code and sentence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = matches!(code, Code::TooManyRequests | Code::Unavailable | Code::Full).then_some(1);
        let detail = detail.into();
        let errors = if code == Code::Unparsable {
            vec![FieldError { field: "body".into(), detail: detail.to_string() }]
        } else {
            Vec::new()
        };
        Self { code, detail, errors, retry_after, extra: None }
    }

    /// There is no such thing, as far as this key may know.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}, or this key may not see it."))
    }

    /// The same, to be asked again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The same with one more member in its body.
    #[must_use]
    pub fn member(mut self, name: &'static str, value: &impl Serialize) -> Self {
        let value = serde_json::value::to_raw_value(value).expect("a member is JSON");
        self.extra.get_or_insert_default().members.0.push((name, value));
        self
    }

    /// The same with more headers.
    #[must_use]
    pub fn with_headers(mut self, headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Self {
        self.extra.get_or_insert_default().headers.extend(headers);
        self
    }

    /// The same, and clients that know the header do not ask again by themselves: only people or time change
    /// the answer.
    #[must_use]
    pub fn final_for_now(self) -> Self {
        self.with_headers([(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"))])
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The body, for lists in which each item is answered by itself.
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("{TYPE_BASE}{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.as_str(),
            detail: self.detail.clone(),
            request_id: None,
            errors: self.errors.clone(),
            members: self.extra.as_ref().map(|extra| extra.members.clone()).unwrap_or_default(),
        }
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        let errors: Vec<FieldError> = faults
            .into_vec()
            .into_iter()
            .map(|fault| FieldError { field: fault.field, detail: fault.detail })
            .collect();
        let mut problem = Self::new(Code::Invalid, sentence(&errors));
        problem.errors = errors;
        problem
    }
}

/// The faults in one sentence, for people who read only that.
fn sentence(errors: &[FieldError]) -> String {
    let first = errors.first().map_or_else(
        || "The request is not possible".to_owned(),
        |error| format!("`{}` {}", error.field, error.detail),
    );
    match errors.len() {
        0 | 1 => format!("{}.", first.trim_end_matches('.')),
        more => format!("{} (and {} more; see errors).", first.trim_end_matches('.'), more - 1),
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Full => {
                Self::new(Code::Full, "The disk is full; nothing was written. Free some space: no restart is needed.")
            }
            StoreError::Overloaded => {
                Self::new(Code::TooManyRequests, "Too many commands are waiting; nothing was written. Try again.")
            }
            StoreError::Uncertain => Self::new(
                Code::Unavailable,
                "The store went away while it wrote this, and it is not known whether it did. Try again with the same \
                 Idempotency-Key: it is done once.",
            ),
            StoreError::Unavailable(_) | StoreError::Closed => {
                Self::new(Code::Unavailable, "The store is not available right now; nothing was written. Try again.")
            }
            StoreError::Broken(_) => {
                tracing::error!(%error, "the store failed");
                Self::new(Code::Internal, "Something went wrong on our side. The logs tell more under the request id.")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.code.status(), String::new()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.code == Code::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(extra) = &self.extra {
            headers.extend(extra.headers.iter().cloned());
        }
        // The outermost layer writes the body: it knows the request id.
        response.extensions_mut().insert(self);
        response
    }
}
