//! The process: the HTTP API and its OpenAPI document, the delivery engine, the one door outwards,
//! and the command line.
//!
//! Who takes part: [`api`] parses, authenticates and calls commands of `bellwire-domain` through the
//! store; [`engine`] turns rows into requests and answers into rows; [`egress`] is the only way out
//! (keeps I10); [`publish`] tells events to a log elsewhere; [`slack`] tells people of exhausted budgets and
//! lets them be raised; [`channels`] asks people for approvals where they are; [`console`] is the files of the console,
//! and [`session`] how browsers log in to it; [`playground`] bounds what anybody may try, and [`quota`] what a key may ask; [`asyncapi`] describes the
//! events, and [`reference`] writes the pages of `docs/reference/`; [`serve`] starts and stops all of it in order.
pub mod api;
pub mod app;
pub mod asyncapi;
pub mod auth;
pub mod chains;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connection;
pub mod console;
pub mod egress;
pub mod engine;
pub mod hub;
pub mod mint;
pub mod playground;
pub mod publish;
pub mod quota;
pub mod reference;
pub mod serve;
pub mod session;
pub mod slack;
pub mod storage;
pub mod upkeep;

/// This version of Bellwire.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
