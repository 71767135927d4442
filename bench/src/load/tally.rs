//! What came of the requests.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use crate::latency::{Latency, Summary};

/// Bytes kept of the first answer, to show what the other side said.
const ANSWER_BYTES: usize = 300;

/// One worker's count, merged with the others' at the end.
#[derive(Debug, Default)]
pub struct Tally {
    statuses: BTreeMap<u16, u64>,
    errors: u64,
    first_error: Option<String>,
    first_refusal: Option<String>,
    latency: Latency,
    lateness: Latency,
}

impl Tally {
    /// Notes an answer.
    pub fn answered(&mut self, us: u64, status: StatusCode, body: &[u8]) {
        self.latency.record(us);
        *self.statuses.entry(status.as_u16()).or_default() += 1;
        if !status.is_success() && self.first_refusal.is_none() {
            let body = &body[..body.len().min(ANSWER_BYTES)];
            self.first_refusal = Some(String::from_utf8_lossy(body).into_owned());
        }
    }

    /// Notes a request without an answer.
    pub fn failed(&mut self, error: &anyhow::Error) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| format!("{error:#}"));
    }

    /// Notes by how much the sender itself was late.
    pub fn late(&mut self, us: u64) {
        self.lateness.record(us);
    }

    /// Adds another worker's count.
    pub fn merge(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.first_refusal = self.first_refusal.take().or(other.first_refusal);
        self.latency.merge(&other.latency);
        self.lateness.merge(&other.lateness);
    }

    /// The result of a run that began and ended at these microseconds of the Unix epoch.
    pub fn outcome(self, started_us: u64, ended_us: u64, events_per_request: u64) -> Outcome {
        let answered: u64 = self.statuses.values().sum();
        let accepted: u64 = self.statuses.range(200..300).map(|(_, count)| count).sum();
        let seconds = (ended_us.saturating_sub(started_us) as f64 / 1e6).max(1e-6);
        Outcome {
            started_us,
            ended_us,
            requests: answered + self.errors,
            accepted,
            events: accepted * events_per_request,
            requests_per_s: accepted as f64 / seconds,
            events_per_s: (accepted * events_per_request) as f64 / seconds,
            answered: self.latency.summary(),
            lateness: self.lateness.summary(),
            statuses: self.statuses,
            errors: self.errors,
            first_error: self.first_error,
            first_refusal: self.first_refusal,
        }
    }
}

/// The result of a run, printed as one line of JSON. Times are microseconds of the Unix epoch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// When the first request was due.
    pub started_us: u64,
    /// When the last was answered.
    pub ended_us: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests answered 2xx.
    pub accepted: u64,
    /// Events in the accepted requests.
    pub events: u64,
    /// Accepted requests per second.
    pub requests_per_s: f64,
    /// Accepted events per second.
    pub events_per_s: f64,
    /// Due to answered.
    pub answered: Summary,
    /// Due to sent: the sender's own part of the latencies (open loop only).
    pub lateness: Summary,
    /// Answers by status code.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests without an answer.
    pub errors: u64,
    /// The first of these, in words.
    pub first_error: Option<String>,
    /// The beginning of the first answer that was not 2xx.
    pub first_refusal: Option<String>,
}
