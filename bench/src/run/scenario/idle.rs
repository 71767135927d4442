//! Memory of a server that has nothing to do.

use std::time::Duration;

use serde_json::json;

use crate::clock;
use crate::run::bench::Bench;
use crate::run::report::{Report, Row, Spread, Target};
use crate::run::stack::Stack;
use crate::run::usage;

/// Time after the start for everything that begins by itself to have begun.
const SETTLE: Duration = Duration::from_secs(3);

/// Starts a server with one endpoint and looks.
pub fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let (mut memory, mut start, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for n in 1..=bench.options.runs() {
        bench.progress.step(&format!("run {n} of {}", bench.options.runs()));
        let stack = Stack::start(bench)?;
        stack.add_endpoint("/ok", "*", json!({}))?;
        let used = usage::cpu_seconds(stack.server.id())?;
        clock::pause(SETTLE);
        memory.push(usage::resident_mib(stack.server.id())?);
        start.push(stack.server.start_us as f64 / 1_000.0);
        let used = usage::cpu_seconds(stack.server.id())? - used;
        cpu.push(used / SETTLE.as_secs_f64() * 100.0);
    }
    report.add(Row::new("idle", "resident memory", "MiB", Spread::of(memory)).target(Target::AtMost(40.0)));
    report.add(Row::new("idle", "start to listening", "ms", Spread::of(start)));
    report.add(Row::new("idle", "CPU", "% of a core", Spread::of(cpu)));
    Ok(())
}
