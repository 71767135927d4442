//! Measures Bellwire against limits of the same machine, in the same run.
//!
//! Three programs take part, and none shares a process with what it measures:
//!
//! - `bellwire-sink` ([`sink`]) is the receiver: it answers at once and notes when bytes arrived.
//! - `bellwire-load` ([`load`]) is the sender: closed loop for saturation, open loop for latency.
//! - `bellwire-bench` ([`run`]) starts the two and a server on free loopback ports, measures the
//!   limits, then each scenario, and prints what was reached beside what was asked.
//!
//! What they agree on is small: a request body carries `"sent_us"` ([`stamp`]), microseconds of the
//! Unix epoch at which the request was due, and the sink subtracts. All figures are microseconds
//! until they are printed.
//!
//! Absent on purpose: statistics beyond median, minimum and maximum; comparison with an earlier
//! run (machines drift more than code does; ratios to a limit of the same run do not); anything
//! that leaves the loopback interface.
#![allow(clippy::cast_precision_loss, reason = "figures are rounded for people; none comes near 2^52")]

pub mod clock;
pub mod latency;
pub mod load;
pub mod run;
pub mod sink;
pub mod stamp;
