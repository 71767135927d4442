//! Deliveries: every event reaches every endpoint that asked for it, or sits visibly in the dead
//! letters.
//!
//! Who takes part: an [`Endpoint`] is a subscription; [`Subscriptions`] finds the endpoints an
//! event matches; a delivery is one event on its way to one endpoint; a [`Claimed`] delivery is held
//! under a lease by one node; an [`Outcome`] is one attempt that ended. The rules for what follows an
//! attempt ([`after_attempt`]), for an endpoint that keeps failing ([`Breaker`]) and for one that is
//! overloaded ([`Pace`]) are pure.
//!
//! How rows move: [`fan_out`] inserts a delivery `pending`, due at once (or, leased to this node, due
//! when the lease ends). An attempt ends with [`settle`]: `success`, `failed` (a dead letter), or
//! `pending` and due again by the schedule. [`retry`] and replay jobs make a finished one `pending`
//! again. Of an ordered endpoint only the first pending delivery of each key is due; the others are
//! parked until it ends. So every delivery is success, failed, or due at a known time (keeps I5), and
//! no transaction is open while a request is (keeps I8).
mod breaker;
mod commands;
mod endpoint;
mod filter;
mod model;
mod pace;
mod promise;
mod pull;
mod replay;
mod retry;
mod rows;
mod settle;
mod subscriptions;

pub use breaker::{Breaker, Gate};
pub use commands::{
    Audience, DeleteEndpoint, Retried, RetryMany, create_endpoint, delete_endpoint, delete_endpoints_of, fan_out,
    finish_rotation, lease_is_short, lease_of, retry, retry_many, rotate_secret, start_test, update_endpoint,
};
pub use endpoint::{
    Endpoint, EndpointConfig, EndpointKind, EndpointRef, EndpointStatus, EndpointVersion, EventPattern, LiveSecret,
    Signing,
};
pub use filter::{Filter, FilterError};
pub use model::{
    AttemptRecord, Backlog, Claimed, Delivery, DeliveryFilter, DeliveryStatus, Health, Hour, NewDelivery, Outcome,
    PARKED, Slot, Standing, Timing,
};
pub use pace::Pace;
pub use pull::{LeaseError, PullAnswer, answer_pull, expire_leases, pull};
pub use replay::{Job, JobState, ReplayPlan, replay_turn, start_replay};
pub use retry::{After, Answer, Directive, Ending, Preset, RetryPolicy, after_attempt};
pub use rows::{Claim, Rows, Settlement};
pub use settle::{Settled, settle};
pub use subscriptions::Subscriptions;
