//! The one table of errors: code, status, title, what it means, what to do about it. Nothing else makes a problem, and
//! `docs/reference/errors.md` is written from here.
use http::StatusCode;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $status:literal, $title:literal, $remedy:literal;)*) => {
        /// Every error the API answers with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[doc = $doc])* $name,)* }

        impl Code {
            /// All there are, by status.
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

            /// When it is answered.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc,)*).trim_ascii_start(),)* }
            }

            /// What whoever asked can do.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON, or the query or path cannot be read.
    Unparsable = "unparsable", 400, "The request cannot be read",
        "Correct what `errors` names. The same request will be refused again.";
    /// There is no key, or it is wrong, revoked or expired.
    Unauthorized = "unauthorized", 401, "A valid API key is needed",
        "Send `Authorization: Bearer <key>` with a key that `GET /v1/keys` lists. A revoked or expired key does not come back: make another.";
    /// The request is not signed as it should be.
    BadSignature = "bad_signature", 401, "The signature does not verify",
        "Compare the secret on both sides, sign the bytes that are sent, and set both clocks: a signature is good for five minutes.";
    /// A budget is short, the wallet's or one above it. It cannot be paid away: no payment is asked for.
    BudgetExceeded = "budget_exceeded", 402, "The budget is short",
        "Spend at most `available_usd`, wait until `resets_at`, or have the budget of `blocking_wallet_id` raised. Trying again before that changes nothing.";
    /// The key is good, and may not do this.
    Forbidden = "forbidden", 403, "The key may not do this",
        "Use a key with the permission that `detail` names; `GET /v1/me` lists what a key has.";
    /// A namespace was named that is not the one the key is bound to.
    ForeignNamespace = "foreign_namespace", 403, "The key is bound to another namespace",
        "Leave the namespace out, or use a key of that namespace or of the whole workspace.";
    /// A change by cookie came without the token that goes with it.
    CsrfFailed = "csrf_failed", 403, "The session's CSRF token is missing or wrong",
        "Send `X-CSRF-Token` as `GET /v1/session` tells it. Programs send a key instead of a cookie and need no token.";
    /// A policy does not allow it.
    PolicyDenied = "policy_denied", 403, "A policy does not allow this",
        "`policy_id` and `rule` say what forbids it. Ask for something that it allows, or have the policy changed; `POST /v1/policies/{id}/evaluate` tries one.";
    /// A limit of the wallet, or of one above it, refuses it: so much at once, so much in a while, or the same over and over.
    LimitExceeded = "limit_exceeded", 403, "A limit of the wallet refuses this",
        "`rule` says which limit, `limited_wallet_id` whose. It may be a loop: find out why it came so often. Wait, or have the limit changed.";
    /// People were asked and said no.
    ApprovalDenied = "approval_denied", 403, "It was not approved",
        "Do not do it. `reason` is what they said; ask again only for something else.";
    /// Nobody answered before the approval expired. That is a no.
    ApprovalExpired = "approval_expired", 403, "Nobody answered in time",
        "Do not do it. Ask again, with more time or through more channels.";
    /// Nobody could be asked: none of the channels took the question. That is a no.
    ApprovalUndeliverable = "approval_undeliverable", 403, "Nobody could be asked",
        "Do not do it. Try the channels with `POST /v1/integrations/{name}/test`, then ask again.";
    /// Whoever asked took the question back.
    ApprovalCancelled = "approval_cancelled", 403, "The question was taken back",
        "Do not do it. Ask again if it is wanted after all.";
    /// There is no such thing, or the key may not know of it: the two are not told apart.
    NotFound = "not_found", 404, "There is no such thing",
        "Check the id and the path, and that the key is of the same workspace and namespace.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This path does not take this method",
        "Look the operation up in the API reference.";
    /// The client took too long to send its request.
    Timeout = "request_timeout", 408, "The request took too long to arrive",
        "Send it again, faster: the whole body within 30 s, with no pause of 10 s.";
    /// The idempotency key was used with another body, or its first request is still under way.
    IdempotencyConflict = "idempotency_conflict", 409, "The idempotency key was used for another request",
        "With `Retry-After`: ask again then, and the first answer comes. Without: use a new key for a new request.";
    /// The id that the caller gave the event belongs to another event.
    EventConflict = "event_conflict", 409, "The event id is not free for this event",
        "Give the event an id of its own, or none. The same event under its own id is answered as the first time.";
    /// The thing is not in a state that allows this.
    StateConflict = "state_conflict", 409, "The current state does not allow this",
        "Read the thing anew: `detail` says what is in the way.";
    /// People have not decided yet.
    ApprovalPending = "approval_pending", 409, "The approval is pending",
        "Wait: `GET /v1/approvals/{id}?wait=60s` answers once they have, and `approval.decided` tells.";
    /// The approval ended before, with another decision or with none.
    AlreadyDecided = "already_decided", 409, "The approval was decided before",
        "Nothing: the first decision counts. `GET /v1/approvals/{id}` says which it was.";
    /// What would be done is not what was approved.
    ApprovalMismatch = "approval_mismatch", 409, "This is not what was approved",
        "Do exactly what was approved, its digest included, or ask for what is to be done now.";
    /// The approval was used.
    AlreadyConsumed = "already_consumed", 409, "The approval was used before",
        "Do not do it a second time. For another time ask again.";
    /// The approval was given too long ago.
    ApprovalLapsed = "approval_lapsed", 409, "The approval is no longer good",
        "Ask again.";
    /// The hold has ended: captured, voided, failed or released.
    HoldEnded = "hold_ended", 409, "The hold has ended",
        "Read it with `GET /v1/holds/{id}`. If it ended by its time, make a purchase or a new hold.";
    /// Nothing is left of the purchase to give back.
    NotRefundable = "not_refundable", 409, "Nothing is left to refund",
        "Read the purchase: its refunds are listed in it.";
    /// The body is too large.
    TooLarge = "too_large", 413, "The body is too large",
        "Send less; `detail` names the bound. Put what is large elsewhere and send where it is.";
    /// The request can be read but is not possible.
    Invalid = "invalid", 422, "The request is not possible",
        "Correct every field that `errors` names. The same request will be refused again.";
    /// The decision cannot be understood. The approval is denied: silence and doubt are a no.
    AmbiguousDecision = "ambiguous_decision", 422, "The decision cannot be understood",
        "Correct what sends decisions: `decision` is `approve` or `deny`, said once and with a `reason`. This approval is over: ask again.";
    /// The wallet, or one above it, is frozen.
    WalletFrozen = "wallet_frozen", 423, "The wallet is frozen",
        "`reason` says why. Whoever may change `frozen_wallet_id` thaws it with `PATCH /v1/wallets/{id}`.";
    /// Too much at once: the server takes no more for a moment, or a bound of the workspace is reached.
    TooManyRequests = "too_many_requests", 429, "Too many requests",
        "Nothing was written. Wait as long as `Retry-After` says, then try again, less at once.";
    /// A fault of the server's own.
    Internal = "internal", 500, "Something went wrong on our side",
        "Look for `request_id` in the server's logs. With an `Idempotency-Key` it may be tried again.";
    /// Not now: the store is away, or the server is stopping.
    Unavailable = "unavailable", 503, "Not available right now",
        "Try again after `Retry-After`. If `detail` says that it is not known whether it was done, use the same `Idempotency-Key`.";
    /// The disk is full.
    Full = "storage_full", 507, "The disk is full",
        "Nothing was written. Free some space: no restart is needed.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_told_apart_sorted_by_status_and_say_what_to_do() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        assert!(Code::ALL.is_sorted_by_key(|code| code.status().as_u16()));
        for code in Code::ALL {
            assert!(code.as_str().bytes().all(|c| c.is_ascii_lowercase() || c == b'_'), "{code:?}");
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
            for sentence in [code.meaning(), code.remedy()] {
                assert!(sentence.ends_with('.') && !sentence.contains("  "), "{code:?}: {sentence}");
            }
        }
    }
}
