//! Questions to people are delivered by a promise, not by their endpoint's settings: at once and after 1 s, 5 s,
//! 30 s, 2 min and 10 min, whatever breaker and rate say, each answered within 5 s, each attempt in the audit log
//! (spec approvals, "The approval").
use std::{borrow::Cow, time::Duration};

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Claimed, Ending, Outcome, Preset, RetryPolicy};
use crate::{
    Ctx, Stored,
    workspace::audit::{self, NewAudit},
};

/// The type that is delivered so (spec delivery, "Rules" 5).
pub(crate) const PROMISED_TYPE: &str = "approval.requested";
/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

impl Claimed {
    /// Whether breaker and lowered rate do not apply.
    pub fn is_exempt(&self) -> bool {
        self.event.kind.as_str() == PROMISED_TYPE
    }

    /// When it is tried again.
    pub fn retry(&self) -> Cow<'_, RetryPolicy> {
        if self.is_exempt() { Cow::Owned(Preset::Paygraph.into()) } else { Cow::Borrowed(&self.endpoint.config.retry) }
    }

    /// How long an attempt may take.
    pub fn patience(&self) -> Duration {
        if self.is_exempt() { PATIENCE } else { Duration::from_millis(self.endpoint.config.timeout_ms.into()) }
    }
}

impl Outcome {
    /// What came back, as far as it matters: no receiver puts off a question.
    pub(super) fn answer(&self) -> Answer {
        if self.claimed.is_exempt() { Answer { retry_after: None, ..self.answer } } else { self.answer }
    }
}

/// What an event says it is about.
#[derive(Deserialize)]
struct About {
    approval_id: String,
}

/// Records an attempt at a question.
pub(super) async fn record<R: audit::Rows>(rows: &mut R, ctx: &Ctx, outcome: &Outcome, ending: Ending) -> Stored<()> {
    let event = &outcome.claimed.event;
    // What a key made up under this name is no question of ours, and may say anything.
    let about = serde_json::from_str::<About>(event.data.get()).ok().filter(|_| event.source.is_none());
    let Some(About { approval_id }) = about else { return Ok(()) };
    let result = match ending {
        Ending::Success => "success",
        Ending::Retry(_) => "retry",
        Ending::Failed => "failed",
    };
    let new = NewAudit {
        actor: audit::SYSTEM.into(),
        action: "approval.attempt",
        subject: approval_id,
        namespace: event.namespace.clone(),
        detail: json!({
            "channel": outcome.claimed.endpoint.at.endpoint_id,
            "saying": "requested",
            "attempt": outcome.claimed.attempts.saturating_add(1),
            "attempt_id": outcome.attempt.id,
            "status_code": outcome.attempt.status_code,
            "result": result,
            "error": outcome.attempt.error,
        }),
    };
    audit::record(rows, ctx, &event.workspace_id, new).await
}
