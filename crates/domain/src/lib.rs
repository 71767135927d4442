//! What the product means: slices of types, pure rules and commands over rows.
//!
//! No I/O, no clock, no dice, no SQL, no HTTP: `now` and the [`Mint`] are arguments (keeps I9), and
//! what a slice asks of a transaction is its `Rows` trait, which the store implements.
//!
//! The slices meet in one place only: a slice that changes something appends an event
//! ([`event::append`]), and [`delivery`] turns that event into deliveries inside the same
//! transaction (keeps I1).
pub mod approval;
pub mod context;
pub mod delivery;
pub mod event;
mod expression;
pub mod fault;
pub mod page;
pub mod span;
pub mod spend;
pub mod topic;
mod vocabulary;
pub mod workspace;
mod zone;

pub use context::{CONSOLE, Ctx, Effect, Mint, Origin, StoreError, Stored};
pub use fault::{Fault, Faults};
pub use page::{Page, PageQuery};
pub use span::Span;
pub use topic::{Topic, Topics};
pub use zone::Zone;
