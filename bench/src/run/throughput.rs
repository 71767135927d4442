//! A throughput scenario: warm up, then run after run until all deliveries have arrived.

use super::bench::{Bench, Load};
use super::report::{Report, Row, Spread, Target};
use super::stack::Stack;
use super::usage;

/// Shares of the pooled-client limit asked of a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Shares {
    /// What must be reached.
    pub target: f64,
    /// What is hoped for.
    pub goal: Option<f64>,
}

/// What one run showed.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// From the first request due to the last delivery arrived, at the sink.
    pub deliveries_per_s: f64,
    /// The server's CPU over the same deliveries.
    pub cpu_s_per_10k: f64,
    /// Median answer time of the API under this load.
    pub answered_p50_us: u64,
    /// Its 99th percentile.
    pub answered_p99_us: u64,
    /// Resident memory when all had arrived.
    pub resident_mib: f64,
}

/// Runs `load` once; every event is delivered to `fan` endpoints under `/ok`.
pub fn run(bench: &Bench, stack: &Stack, load: &Load, fan: u64) -> anyhow::Result<Run> {
    stack.control("/reset")?;
    let server = stack.server.id();
    let cpu_before = usage::cpu_seconds(server)?;
    let outcome = bench.load(load)?;
    let expected = outcome.events * fan;
    let stats = stack.wait_for("/ok", expected)?;
    let cpu = usage::cpu_seconds(server)? - cpu_before;
    let last_us = stats.last_us("/ok").unwrap_or(outcome.ended_us);
    let seconds = last_us.saturating_sub(outcome.started_us).max(1) as f64 / 1e6;
    Ok(Run {
        deliveries_per_s: expected as f64 / seconds,
        cpu_s_per_10k: cpu / expected as f64 * 10_000.0,
        answered_p50_us: outcome.answered.p50_us,
        answered_p99_us: outcome.answered.p99_us,
        resident_mib: usage::resident_mib(server)?,
    })
}

/// Warms up, runs as often as asked, and reports. Returns the median deliveries/s.
pub fn scenario(
    bench: &Bench,
    report: &mut Report,
    name: &'static str,
    stack: &Stack,
    load: &Load,
    fan: u64,
    shares: Shares,
) -> anyhow::Result<f64> {
    bench.progress.step("warm-up");
    let warm_up = Load { seconds: bench.options.warm_up_seconds(), ..load.clone() };
    run(bench, stack, &warm_up, fan)?;

    let mut runs = Vec::new();
    for n in 1..=bench.options.runs() {
        bench.progress.step(&format!("run {n} of {}", bench.options.runs()));
        runs.push(run(bench, stack, load, fan)?);
    }
    let spread = |pick: fn(&Run) -> f64| Spread::of(runs.iter().map(pick));
    let deliveries = spread(|run| run.deliveries_per_s);

    let row = Row::new(name, "deliveries", "/s", deliveries)
        .compared_with(report.pooled_limit)
        .target(Target::ShareAtLeast(shares.target));
    report.add(match shares.goal {
        Some(goal) => row.goal(Target::ShareAtLeast(goal)),
        None => row,
    });
    report.add(
        Row::new(name, "server CPU per 10,000 deliveries", "s", spread(|run| run.cpu_s_per_10k))
            .target(Target::AtMost(0.6))
            .goal(Target::AtMost(0.35)),
    );
    let ms = |us: u64| us as f64 / 1_000.0;
    report.add(Row::new(name, "API answer p50", "ms", Spread::of(runs.iter().map(|run| ms(run.answered_p50_us)))));
    report.add(Row::new(name, "API answer p99", "ms", Spread::of(runs.iter().map(|run| ms(run.answered_p99_us)))));
    report.add(Row::new(name, "resident memory", "MiB", spread(|run| run.resident_mib)));
    Ok(deliveries.median)
}
