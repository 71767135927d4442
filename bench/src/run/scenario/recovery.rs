//! Killed with deliveries owed: how soon does it send again, and is anything lost?
//!
//! The endpoint's gate is shut, so requests to it hang: all deliveries are accepted, none
//! succeeds, and no retry schedule or breaker delays what is owed after the crash.

use serde_json::json;

use crate::run::bench::{Bench, Load};
use crate::run::report::{Report, Row, Spread, Target};
use crate::run::stack::Stack;

/// Events in a call while the debt is made.
const BATCH: u64 = 100;

struct Recovery {
    start_ms: f64,
    resumed_ms: f64,
    all_s: f64,
    repeated: f64,
}

/// Crashes and comes back as often as asked.
pub fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let owed = bench.options.owed().next_multiple_of(BATCH);
    let mut runs = Vec::new();
    for n in 1..=bench.options.runs() {
        bench.progress.step(&format!("{owed} owed, run {n} of {}", bench.options.runs()));
        runs.push(crash(bench, owed)?);
    }
    let row = |what: &str, unit, pick: fn(&Recovery) -> f64| {
        Row::new("recovery", what, unit, Spread::of(runs.iter().map(pick)))
    };
    report.add(row("start to listening", "ms", |run| run.start_ms));
    report.add(
        row("listening to first delivery", "ms", |run| run.resumed_ms)
            .target(Target::AtMost(1_000.0))
            .note(format!("{owed} owed; every one of them arrived in every run")),
    );
    report.add(row("listening to last delivery", "s", |run| run.all_s));
    report.add(row("deliveries sent twice", "", |run| run.repeated));
    Ok(())
}

fn crash(bench: &Bench, owed: u64) -> anyhow::Result<Recovery> {
    let stack = Stack::start(bench)?;
    stack.control("/shut")?;
    stack.add_endpoint("/gate", "*", json!({"timeout_ms": 30_000}))?;
    bench.load(&Load { count: Some(owed / BATCH), connections: 8, ..stack.load(bench, "batch") })?;
    let down = stack.kill_server();
    down.control("/open")?;
    down.control("/reset?track=ids")?;
    let stack = down.start_again(bench)?;
    let stats = stack.wait_for_distinct("/gate", owed)?;
    let listening_us = stack.server.listening_us;
    let after_us = |at: Option<u64>| at.map_or(0, |at| at.saturating_sub(listening_us)) as f64;
    Ok(Recovery {
        start_ms: stack.server.start_us as f64 / 1e3,
        resumed_ms: after_us(stats.first_us("/gate")) / 1e3,
        all_s: after_us(stats.last_us("/gate")) / 1e6,
        repeated: (stats.requests("/gate") - stats.distinct("/gate")) as f64,
    })
}
