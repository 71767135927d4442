//! Events: what happened, appended once and never changed.
//!
//! Who takes part: a caller [`ingest`]s a custom event (or, with the right, reports a built-in
//! one); every other slice [`append`]s its own. A [`CustomType`] may carry a JSON Schema that data
//! must satisfy.
//!
//! How rows move: one insert per event, in the transaction that made it true (keeps I1), followed
//! in the same transaction by a delivery for every matching endpoint ([`crate::delivery::fan_out`]).
//! Sequence numbers rise in commit order; the stream and the poll read by them. Retention removes
//! the oldest. The [`Outbox`] shows all of them to who tells them to a log elsewhere.
mod commands;
mod model;
mod outbox;
mod rows;
mod rules;
mod schema;

pub use commands::{Appended, Ingested, append, append_for, ingest, register_type};
pub use model::{CustomType, EventFilter, NewEvent, StoredEvent};
pub use outbox::{Begin, Outbox};
pub use rows::{Log, Rows};
pub use rules::{Admission, DATA_DEPTH_MAX, admit, depth, is_readable, ordering_key};
pub use schema::{DataSchema, SchemaError};
