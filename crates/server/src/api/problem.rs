//! Errors of the API: RFC 9457 bodies from one closed table of codes (spec conventions, "Errors").
use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use bellwire_domain::{Faults, StoreError};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// Every error the API answers with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code in the body.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$name => $status,)* };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// The title.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON, or the query cannot be read.
    Unparsable = "unparsable", 400, "The request cannot be read";
    /// No key, or a wrong one.
    Unauthorized = "unauthorized", 401, "A valid API key is needed";
    /// The request is not signed as it should be.
    BadSignature = "bad_signature", 401, "The signature does not verify";
    /// A budget is short. It cannot be paid away: no payment is asked for.
    BudgetExceeded = "budget_exceeded", 402, "The budget is short";
    /// The key may not do this.
    Forbidden = "forbidden", 403, "The key may not do this";
    /// The key is bound to another namespace.
    ForeignNamespace = "foreign_namespace", 403, "The key is bound to another namespace";
    /// A change by cookie without the token that goes with it.
    CsrfFailed = "csrf_failed", 403, "The session's CSRF token is missing or wrong";
    /// A policy does not allow it.
    PolicyDenied = "policy_denied", 403, "A policy does not allow this";
    /// A limit of a wallet refuses it.
    LimitExceeded = "limit_exceeded", 403, "A limit of the wallet refuses this";
    /// People said no.
    ApprovalDenied = "approval_denied", 403, "It was not approved";
    /// Nobody answered in time.
    ApprovalExpired = "approval_expired", 403, "Nobody answered in time";
    /// Nobody could be asked.
    ApprovalUndeliverable = "approval_undeliverable", 403, "Nobody could be asked";
    /// Whoever asked took it back.
    ApprovalCancelled = "approval_cancelled", 403, "The question was taken back";
    /// There is no such thing, or the key may not know of it.
    NotFound = "not_found", 404, "There is no such thing";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This path does not take this method";
    /// The client took too long to send its request.
    Timeout = "request_timeout", 408, "The request took too long to arrive";
    /// The idempotency key was used with another body.
    IdempotencyConflict = "idempotency_conflict", 409, "The idempotency key was used for another request";
    /// The event id is not free for this event.
    EventConflict = "event_conflict", 409, "The event id is not free for this event";
    /// The thing is not in a state that allows this.
    StateConflict = "state_conflict", 409, "The current state does not allow this";
    /// People have not decided yet.
    ApprovalPending = "approval_pending", 409, "The approval is pending";
    /// The approval ended, with another decision or without one.
    AlreadyDecided = "already_decided", 409, "The approval was decided before";
    /// What would be done is not what was approved.
    ApprovalMismatch = "approval_mismatch", 409, "This is not what was approved";
    /// The approval was used.
    AlreadyConsumed = "already_consumed", 409, "The approval was used before";
    /// The approval was given too long ago.
    ApprovalLapsed = "approval_lapsed", 409, "The approval is no longer good";
    /// The hold has ended, in whatever way.
    HoldEnded = "hold_ended", 409, "The hold has ended";
    /// Nothing is left of the purchase to give back.
    NotRefundable = "not_refundable", 409, "Nothing is left to refund";
    /// The body is too large.
    TooLarge = "too_large", 413, "The body is too large";
    /// The body can be read but is not possible.
    Invalid = "invalid", 422, "The request is not possible";
    /// The decision cannot be understood; the approval is denied.
    AmbiguousDecision = "ambiguous_decision", 422, "The decision cannot be understood";
    /// The wallet, or one above it, is frozen.
    WalletFrozen = "wallet_frozen", 423, "The wallet is frozen";
    /// Too much at once.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// A fault of ours.
    Internal = "internal", 500, "Something went wrong on our side";
    /// Not now.
    Unavailable = "unavailable", 503, "Not available right now";
    /// The disk is full.
    Full = "storage_full", 507, "The disk is full";
}

/// Where every code has its page.
const TYPE_BASE: &str = "https://bellwire.dev/errors/";

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
