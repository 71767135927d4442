//! The sender: pre-rendered requests over keep-alive connections.
//!
//! Two loops. The [`closed`] one sends the next request when the last is answered and shows what
//! the other side can take. The [`open`] one sends at fixed times whatever the other side does;
//! its latencies count from the time a request was *due*, so a stall is paid for by every request
//! it delayed (no coordinated omission). Both fill a [`tally::Tally`], printed as
//! [`tally::Outcome`].

pub mod closed;
pub mod open;
pub mod options;
pub mod request;
pub mod sender;
pub mod tally;

use std::time::Duration;

use options::Options;
use tally::Outcome;

/// How long a request may take before it is given up as an error.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends what the options ask for and returns what came of it.
pub fn run(options: &Options) -> anyhow::Result<Outcome> {
    let requests = request::Requests::render(options)?;
    match options.rate {
        None => closed::run(options, &requests),
        Some(rate) => open::run(options, &requests, rate),
    }
}
