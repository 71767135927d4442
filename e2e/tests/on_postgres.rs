//! The same promises on PostgreSQL: tests of other files, run once more. The name of this file decides
//! the engine (see `Engine`).
#[path = "events.rs"]
mod events;
#[path = "pull.rs"]
mod pull;
