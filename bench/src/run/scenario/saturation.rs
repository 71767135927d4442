//! As many deliveries as the server can make: to one endpoint, to three, and from batches.

use serde_json::json;

use crate::run::bench::{Bench, Load};
use crate::run::report::Report;
use crate::run::stack::Stack;
use crate::run::throughput::{self, Shares};

/// Connections that post batches: enough to keep the server busy, each with 100 events.
const BATCH_CONNECTIONS: usize = 16;

/// One endpoint, one event a call.
pub fn single(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let shares = Shares { target: 0.20, goal: Some(0.35) };
    let stack = with_endpoints(bench, 1)?;
    let load = stack.load(bench, "single");
    let peak = throughput::scenario(bench, report, "single", &stack, &load, 1, shares)?;
    report.single_peak = Some(peak);
    Ok(())
}

/// Three endpoints that all take every event.
pub fn fan_out(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let shares = Shares { target: 0.30, goal: Some(0.50) };
    let stack = with_endpoints(bench, 3)?;
    let load = stack.load(bench, "single");
    throughput::scenario(bench, report, "fan-out", &stack, &load, 3, shares).map(drop)
}

/// One endpoint, a hundred events a call.
pub fn batch(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let shares = Shares { target: 0.40, goal: None };
    let stack = with_endpoints(bench, 1)?;
    let load = Load { connections: BATCH_CONNECTIONS.min(bench.options.connections), ..stack.load(bench, "batch") };
    throughput::scenario(bench, report, "batch", &stack, &load, 1, shares).map(drop)
}

fn with_endpoints(bench: &Bench, count: u64) -> anyhow::Result<Stack> {
    let stack = Stack::start(bench)?;
    for n in 0..count {
        stack.add_endpoint(&format!("/ok/{n}"), "*", json!({}))?;
    }
    Ok(stack)
}
