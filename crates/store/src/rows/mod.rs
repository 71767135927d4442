//! The `Rows` of every slice, on [`crate::Tx`].
mod analytics;
mod approval;
mod attempt;
mod audit;
mod backlog;
mod cap;
mod delivery;
mod endpoint;
mod entry;
mod event;
mod held;
mod job;
mod listing;
mod outbox;
mod overview;
#[cfg(test)]
mod plans;
mod policy;
mod purchase;
mod queue;
mod repeat;
mod sandbox;
#[cfg(test)]
mod sandbox_plans;
mod session;
mod spend;
pub(crate) mod sums;
mod sweep;
mod version;
mod wallet;
mod workspace;

use crate::postgres::{Bulk, KINDS};

/// What is inserted many at a time where the engine gains by it, in this order.
pub(crate) static BULKS: [&Bulk; KINDS] =
    [&event::EVENTS, &delivery::DELIVERIES, &attempt::ATTEMPTS, &purchase::PURCHASES, &entry::ENTRIES];
