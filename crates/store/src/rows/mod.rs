//! The `Rows` of every slice, on [`crate::Tx`].
mod backlog;
mod delivery;
mod endpoint;
mod event;
mod job;
mod queue;
mod sweep;
mod version;
mod workspace;
