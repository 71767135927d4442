//! The `Rows` of every slice, on [`crate::Tx`].
mod delivery;
mod endpoint;
mod event;
mod job;
mod queue;
mod sweep;
mod version;
mod workspace;
