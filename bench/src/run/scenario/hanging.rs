//! One endpoint of ten never answers: do the other nine notice?
//!
//! The load takes turns among ten event types and each endpoint takes one of them. In the runs
//! *without*, nobody subscribes to the tenth type; in the runs *with*, an endpoint does that never
//! answers. So both accept the same events, and only the hanging deliveries differ. The two
//! alternate, each on a fresh server, so that drift of the machine hits both.

use serde_json::json;

use crate::run::bench::{Bench, Load};
use crate::run::report::{Report, Row, Spread, Target};
use crate::run::stack::Stack;

/// Endpoints, the hanging one included.
const ENDPOINTS: u64 = 10;

/// Measures with and without in turns.
pub fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for n in 1..=bench.options.runs() {
        let of = bench.options.runs();
        bench.progress.step(&format!("without, run {n} of {of}"));
        without.push(healthy(bench, false)?);
        bench.progress.step(&format!("with, run {n} of {of}"));
        with.push(healthy(bench, true)?);
    }
    let without = Spread::of(without);
    report.add(Row::new("hanging", "healthy deliveries without", "/s", without));
    report.add(
        Row::new("hanging", "healthy deliveries with", "/s", Spread::of(with))
            .compared_with(Some(without.median))
            .target(Target::ShareAtLeast(0.9))
            .note("ratio to without"),
    );
    Ok(())
}

/// Deliveries per second to the nine that answer.
fn healthy(bench: &Bench, with_hanging: bool) -> anyhow::Result<f64> {
    let stack = Stack::start(bench)?;
    let more = || json!({"max_in_flight": 16});
    for n in 1..ENDPOINTS {
        stack.add_endpoint(&format!("/ok/{n}"), &format!("bench.g{n}"), more())?;
    }
    if with_hanging {
        stack.add_endpoint("/hang", "bench.g0", more())?;
    }
    let load = Load { spread: Some(ENDPOINTS), ..stack.load(bench, "single") };
    bench.load(&Load { seconds: bench.options.warm_up_seconds(), ..load.clone() })?;
    stack.settle("/ok")?;
    stack.control("/reset")?;
    let outcome = bench.load(&load)?;
    // Every connection begins its turns elsewhere, so the tenth type's part is only nearly a tenth.
    let surely = (outcome.events / ENDPOINTS * (ENDPOINTS - 1)).saturating_sub(bench.options.connections as u64);
    stack.wait_for("/ok", surely)?;
    let stats = stack.settle("/ok")?;
    let last_us = stats.last_us("/ok").unwrap_or(outcome.ended_us);
    let seconds = last_us.saturating_sub(outcome.started_us).max(1) as f64 / 1e6;
    Ok(stats.requests("/ok") as f64 / seconds)
}
