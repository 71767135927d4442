//! A delivery as stored, as held, and what an attempt at it brought.
use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering},
    time::Duration,
};

use bellwire_wire::{AttemptId, DeliveryId, Event, EventId, EventType, Namespace, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Answer, Endpoint, EndpointRef};
use crate::{Origin, event::EventFilter};

/// The due time of a delivery that waits for an earlier one of its ordering key.
pub const PARKED: Timestamp = Timestamp::MAX;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// Queued, in flight or waiting for a retry.
    Pending,
    /// Delivered.
    Success,
    /// A dead letter.
    Failed,
}

impl DeliveryStatus {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for DeliveryStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pending" => Ok(Self::Pending),
            "success" => Ok(Self::Success),
            "failed" => Ok(Self::Failed),
            _ => Err("must be pending, success or failed"),
        }
    }
}

/// A delivery to be inserted.
#[derive(Debug, Clone)]
pub struct NewDelivery<'a> {
    /// Its id.
    pub id: DeliveryId,
    /// To where.
    pub endpoint: &'a Endpoint,
    /// Of what.
    pub event: &'a Event,
    /// The event's place.
    pub event_seq: i64,
    /// When it is due: now, when the lease ends, or [`PARKED`].
    pub due: Timestamp,
    /// Whether it is inserted leased to this node.
    pub leased: bool,
    /// What it is kept in order by, for an ordered endpoint.
    pub ordering_key: Option<String>,
    /// Whether it tells of something that was told before.
    pub replay: bool,
}

/// A delivery as stored.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Rises in the order of insertion.
    pub seq: i64,
    /// Its id.
    pub id: DeliveryId,
    /// To where.
    pub at: EndpointRef,
    /// Of which event.
    pub event_id: EventId,
    /// The event's place.
    pub event_seq: i64,
    /// The event's type.
    pub event_type: EventType,
    /// The event's namespace.
    pub namespace: Option<Namespace>,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// The status code of the last attempt that had an answer.
    pub status_code: Option<u16>,
    /// Attempts since the last reset.
    pub attempts: u32,
    /// Attempts ever.
    pub attempts_total: u32,
    /// When it is due, while pending.
    pub due: Option<Timestamp>,
    /// Whether some node holds it.
    pub leased: bool,
    /// When it was last attempted.
    pub last_attempt_at: Option<Timestamp>,
    /// The last error in words.
    pub last_error: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// What it is kept in order by.
    pub ordering_key: Option<String>,
    /// Whether it tells of something that was told before.
    pub replay: bool,
}

/// Which deliveries are asked for.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Of this endpoint.
    pub endpoint: Option<EndpointRef>,
    /// In this state.
    pub status: Option<DeliveryStatus>,
    /// Created after this.
    pub since: Option<Timestamp>,
    /// Created at or before this.
    pub until: Option<Timestamp>,
    /// Of events of this namespace.
    pub namespace: Option<Namespace>,
    /// To endpoints of this namespace: what a tenant may see.
    pub endpoints_of: Option<Namespace>,
    /// Of events of these types.
    pub kinds: EventFilter,
    /// Whose id, or whose event's id, begins so.
    pub prefix: Option<String>,
}

impl DeliveryFilter {
    /// Whether it takes a delivery, as far as the delivery itself tells.
    pub fn takes(&self, delivery: &Delivery) -> bool {
        let begins = |prefix: &String| {
            delivery.id.as_str().starts_with(prefix) || delivery.event_id.as_str().starts_with(prefix)
        };
        self.endpoint.as_ref().is_none_or(|at| *at == delivery.at)
            && self.status.is_none_or(|status| status == delivery.status)
            && (self.namespace.is_none() || self.namespace == delivery.namespace)
            && self.kinds.takes(delivery.event_type.as_str())
            && self.prefix.as_ref().is_none_or(begins)
    }
}

/// A place in this node's memory, given back when dropped. Keeps I12.
pub struct Slot {
    taken: Vec<(Arc<AtomicUsize>, usize)>,
}

impl Slot {
    /// Takes `amount` of each counter, which stay below their bounds, or nothing.
    pub fn take(counters: &[(&Arc<AtomicUsize>, usize, usize)]) -> Option<Self> {
        let mut slot = Self { taken: Vec::with_capacity(counters.len()) };
        for (counter, amount, bound) in counters {
            let before = counter.fetch_add(*amount, Ordering::AcqRel);
            slot.taken.push((Arc::clone(counter), *amount));
            if before.saturating_add(*amount) > *bound {
                return None;
            }
        }
        Some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        for (counter, amount) in &self.taken {
            counter.fetch_sub(*amount, Ordering::AcqRel);
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

/// A delivery held under a lease: what is needed to attempt it.
#[derive(Debug)]
pub struct Claimed {
    /// Its place.
    pub seq: i64,
    /// Its id.
    pub id: DeliveryId,
    /// To where, as configured when it was claimed.
    pub endpoint: Arc<Endpoint>,
    /// Of what.
    pub event: Arc<Event>,
    /// Attempts since the last reset, before this one.
    pub attempts: u32,
    /// Attempts ever, before this one.
    pub attempts_total: u32,
    /// Until when it is ours; also the guard that nobody else took it.
    pub lease_until: Timestamp,
    /// Whether it tells of something that was told before.
    pub replay: bool,
    /// What it is kept in order by.
    pub ordering_key: Option<String>,
    /// The cause of its event.
    pub origin: Origin,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Its place in memory.
    pub slot: Option<Slot>,
}

/// How long the parts of an exchange took, in microseconds; absent for a part that did not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Looking up the name.
    pub dns_us: Option<u32>,
    /// Connecting, TLS included.
    pub connect_us: Option<u32>,
    /// From sending to the first byte of the answer.
    pub first_byte_us: Option<u32>,
    /// From start to end.
    pub total_us: u32,
}

/// One attempt, as kept in the log.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// Its id.
    pub id: AttemptId,
    /// Which one of the delivery, counted from 1 over all resets.
    pub number: u32,
    /// When it started.
    pub at: Timestamp,
    /// How long it took.
    pub timing: Timing,
    /// The address that was sent to.
    pub remote: Option<String>,
    /// The status answered.
    pub status_code: Option<u16>,
    /// The headers answered.
    pub response_headers: Vec<(String, String)>,
    /// The first 4 KiB answered.
    pub response_body: Option<String>,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// The headers sent, but for the endpoint's own.
    pub request_headers: Vec<(Cow<'static, str>, String)>,
    /// The version of the endpoint it was made with; absent in what was kept before versions were.
    pub endpoint_version: Option<u32>,
}

/// An attempt that ended, on its way to the store.
#[derive(Debug)]
pub struct Outcome {
    /// What was attempted.
    pub claimed: Claimed,
    /// The attempt.
    pub attempt: AttemptRecord,
    /// What came back.
    pub answer: Answer,
}

/// What an endpoint's attempts have come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Failures in a row.
    pub failures: u32,
    /// When the failures in a row began.
    pub failing_since: Option<Timestamp>,
    /// The last success.
    pub last_success_at: Option<Timestamp>,
    /// The last failure.
    pub last_failure_at: Option<Timestamp>,
    /// Until when the breaker is open.
    pub open_until: Option<Timestamp>,
    /// How many times in a row it opened.
    pub opened: u32,
}

/// What endpoints have before them and behind them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Deliveries that are pending.
    pub owed: u64,
    /// Dead letters.
    pub dead: u64,
}

/// What an endpoint's attempts of one hour, or one minute, came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hour {
    /// Its start.
    pub at: Timestamp,
    /// Attempts that succeeded.
    pub succeeded: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Deliveries that became dead letters.
    pub dead: u64,
    /// Attempts by latency: bucket `n` counts those that took less than `2^n` milliseconds (and not
    /// less than the bucket before).
    pub latency: [u64; 16],
}

impl Hour {
    /// The bucket of a latency in microseconds.
    pub fn bucket(total_us: u32) -> usize {
        let millis = u64::from(total_us) / 1_000;
        (u64::BITS - millis.leading_zeros()).min(15) as usize
    }
}

/// Deliveries that are due and that nobody holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many, by how long they have been due: less than each of [`Backlog::AGES`] (and not less than
    /// the one before), or longer.
    pub counts: [u64; 4],
    /// Since when the longest due one is.
    pub oldest: Option<Timestamp>,
}

impl Backlog {
    /// The ages that deliveries are counted by.
    pub const AGES: [Duration; 3] = [Duration::from_mins(1), Duration::from_mins(10), Duration::from_hours(1)];
}
