//! How long an event takes from the moment it was due to be sent to the receiver having its bytes.

use serde_json::json;

use crate::latency::Summary;
use crate::run::bench::{Bench, Load};
use crate::run::report::{Report, Row, Spread, Target};
use crate::run::stack::Stack;

/// Connections of the open loop: more than are ever busy while the server keeps up.
const CONNECTIONS: usize = 32;

/// Events per second, and at a share of the peak if this run has measured one.
const RATES: [u64; 2] = [100, 1_000];

/// The share of the peak up to which latency should stay flat, in percent.
const PEAK_PERCENT: f64 = 70.0;

/// One open-loop run: latencies at the receiver, of the API, and the sender's own lateness.
#[derive(Debug, Clone, Copy)]
pub struct Latencies {
    /// Due to bytes at the receiver.
    pub delivered: Summary,
    /// Due to answered.
    pub answered: Summary,
    /// Due to sent.
    pub lateness: Summary,
}

/// Measures at each rate.
pub fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let stack = Stack::start(bench)?;
    stack.add_endpoint("/ok", "*", json!({}))?;
    measure(bench, &stack, 1_000, bench.options.warm_up_seconds())?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate of events is positive and far below 2^64"
    )]
    let peak = report.single_peak.map(|peak| (peak * PEAK_PERCENT / 100.0) as u64);
    let usual = RATES.map(|rate| (rate, format!("{rate}/s")));
    let peak = peak.map(|rate| (rate, format!("{rate}/s ({PEAK_PERCENT} % of peak)")));
    for (rate, name) in usual.into_iter().chain(peak) {
        let mut runs = Vec::new();
        for n in 1..=bench.options.runs() {
            bench.progress.step(&format!("{rate}/s, run {n} of {}", bench.options.runs()));
            runs.push(measure(bench, &stack, rate, bench.options.seconds())?);
        }
        add_rows(report, &name, &runs);
    }
    Ok(())
}

/// One run at `rate` events per second; the only endpoint fed is at `/ok`.
pub fn measure(bench: &Bench, stack: &Stack, rate: u64, seconds: f64) -> anyhow::Result<Latencies> {
    stack.control("/reset")?;
    let outcome =
        bench.load(&Load { rate: Some(rate), connections: CONNECTIONS, seconds, ..stack.load(bench, "single") })?;
    let stats = stack.wait_for("/ok", outcome.events)?;
    Ok(Latencies { delivered: stats.paths["/ok"].latency, answered: outcome.answered, lateness: outcome.lateness })
}

fn add_rows(report: &mut Report, name: &str, runs: &[Latencies]) {
    let ms = |pick: fn(&Latencies) -> u64| Spread::of(runs.iter().map(|run| pick(run) as f64 / 1_000.0));
    let row = |what: &str, value| Row::new("latency", format!("{name}: {what}"), "ms", value);
    report.add(row("delivered p50", ms(|run| run.delivered.p50_us)).target(Target::AtMost(1.0)));
    report.add(row("delivered p99", ms(|run| run.delivered.p99_us)).target(Target::AtMost(5.0)));
    report.add(row("API answer p50", ms(|run| run.answered.p50_us)));
    report.add(row("API answer p99", ms(|run| run.answered.p99_us)));
    report.add(row("sender late p99", ms(|run| run.lateness.p99_us)));
}
