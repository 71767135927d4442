//! What is said of approvals to systems that are no endpoints (spec approvals, "Channels").
//!
//! Who takes part: asking and ending an approval insert a [`Post`](bellwire_domain::approval::Post) for each
//! integration, and for the asker's own URL. A [`turn`] for each kind of addressee takes the posts that are due
//! under a lease, says each once, and settles what came of it; a post that failed is due again on the schedule of
//! approvals. [`crate::slack`] has Slack's words, [`pagerduty`] PagerDuty's, [`callback`] sends the event itself.
//!
//! The kinds have places of their own, so that a slow one stands in nobody's way, and so has every post, so that
//! one that hangs holds up no other approval. No transaction is open while something is said (keeps I8); the body
//! is a function of the rows, and so the same on every attempt. If the process dies in the middle, the lease ends
//! and it is said again: in doubt twice, never not at all.
mod callback;
pub mod pagerduty;
mod turn;

use std::time::Duration;

use bellwire_domain::approval::Said;

pub use turn::start;

use crate::egress::{Exchange, Response};

/// How long an addressee may take to acknowledge.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Something that could not be said.
pub(crate) fn unsaid(why: impl Into<String>, lasting: bool) -> Said {
    Said { result: Err((why.into(), lasting)), status_code: None }
}

/// What came of a request, by the status of its answer: `read` says what the addressee calls it, or why it did
/// not take it and whether no time mends that.
fn said(exchange: Exchange, read: impl FnOnce(&Response) -> Result<Option<String>, (String, bool)>) -> Said {
    match exchange.outcome {
        Ok(response) => Said { result: read(&response), status_code: Some(response.status) },
        Err(error) => unsaid(error.to_string(), false),
    }
}
