//! Approvals: what policies say, and what people decide (spec approvals).
//!
//! This slice knows nothing of wallets: it decides about a subject that is opaque to it, and whoever asked
//! acts on the answer.
mod terms;

pub use terms::{Channel, Channels, Terms};
