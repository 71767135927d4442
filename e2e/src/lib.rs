//! What the end-to-end tests share: the real binary as a process, a client, a receiver that
//! misbehaves as told, the packages of others that verify what it got, PostgreSQL and NATS.
//!
//! Everything blocks, on threads: a test reads from top to bottom. Nothing sleeps for a time; what is
//! awaited is a condition, through [`eventually`].
mod api;
mod command;
mod dice;
mod load;
mod nats;
mod outside;
mod pagerduty;
pub mod postgres;
mod receiver;
mod scene;
mod server;
mod set_clock;
mod slack;
mod wait;

pub use api::{Answer, Api, Call, Stream, count, list, text};
pub use command::{Ran, Running, Tool};
pub use dice::Dice;
pub use load::{Accepted, Load};
pub use nats::{Message, Nats};
pub use outside::{Delivery, node, python, refuse_all, verify_all};
pub use pagerduty::PagerDuty;
pub use receiver::{Receiver, Reply, Seen, tls_receiver};
pub use scene::Scene;
pub use server::{Engine, OWNER_KEY, Server, Setup, binary, can_mount};
pub use set_clock::SetClock;
pub use slack::{Clicker, Slack};
pub use wait::{WAIT, env, eventually, eventually_within, now, unix_now, watch};
