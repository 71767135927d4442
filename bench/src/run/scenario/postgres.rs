//! One node, then two, on one PostgreSQL: deliveries per second, and what node and database each use.

use serde_json::json;

use crate::run::bench::{Bench, Load};
use crate::run::database::{self, Database};
use crate::run::report::{Report, Row, Spread, Target};
use crate::run::stack::Stack;
use crate::run::usage;

/// One node.
pub fn one(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    nodes(bench, report, "postgres", 1)
}

/// Two nodes, half of the load each.
pub fn two(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    nodes(bench, report, "postgres-2", 2)
}

/// What one run showed.
#[derive(Debug, Clone, Copy)]
struct Run {
    deliveries_per_s: f64,
    node_cpu: f64,
    database_cpu: f64,
    answered_p50_ms: f64,
    answered_p99_ms: f64,
}

fn nodes(bench: &Bench, report: &mut Report, name: &'static str, count: usize) -> anyhow::Result<()> {
    let database = Database::create(&bench.options.postgres)?;
    bench.progress.step("raw inserts");
    let seconds = bench.options.seconds() / 2.0;
    let rates = (0..bench.options.runs()).map(|_| database.raw_inserts(seconds)).collect::<anyhow::Result<Vec<_>>>()?;
    let raw = Spread::of(rates);
    report.add(Row::new(name, "limit: raw inserts of event and delivery, batches of 64", "/s", raw));
    let empty = database.bytes()?;
    let stack = Stack::start_on(bench, &database.url(), count)?;
    stack.add_endpoint("/ok/0", "*", json!({}))?;
    bench.progress.step("warm-up");
    run(bench, &stack, bench.options.warm_up_seconds())?;
    let mut runs = Vec::new();
    for n in 1..=bench.options.runs() {
        bench.progress.step(&format!("run {n} of {}", bench.options.runs()));
        runs.push(run(bench, &stack, bench.options.seconds())?);
    }
    let spread = |pick: fn(&Run) -> f64| Spread::of(runs.iter().map(pick));
    report.add(
        Row::new(name, "deliveries", "/s", spread(|run| run.deliveries_per_s))
            .compared_with(Some(raw.median))
            .target(Target::AtLeast(8_000.0))
            .note("the ratio is to the raw inserts; the target is that of a 2-core reference machine"),
    );
    let both = spread(|run| run.node_cpu + run.database_cpu);
    report.add(Row::new(name, "CPU per 10,000 deliveries, nodes and database", "s", both).target(Target::AtMost(1.5)));
    report.add(Row::new(name, "of it the nodes", "s", spread(|run| run.node_cpu)));
    report.add(Row::new(name, "of it the database", "s", spread(|run| run.database_cpu)));
    report.add(Row::new(name, "API answer p50", "ms", spread(|run| run.answered_p50_ms)));
    report.add(Row::new(name, "API answer p99", "ms", spread(|run| run.answered_p99_ms)));
    let delivered = stack.delivered.get().max(1) as f64;
    let grown = (database.bytes()? - empty) as f64;
    report.add(Row::new(name, "database grown per delivery", "bytes", Spread::of([grown / delivered])));
    Ok(())
}

fn run(bench: &Bench, stack: &Stack, seconds: f64) -> anyhow::Result<Run> {
    stack.control("/reset")?;
    let nodes = || stack.node_ids().try_fold(0.0, |sum, id| Ok::<_, anyhow::Error>(sum + usage::cpu_seconds(id)?));
    let (nodes_before, database_before) = (nodes()?, database::cpu_seconds()?);
    let share = bench.options.connections.div_ceil(stack.node_urls().count());
    let loads: Vec<Load> = stack
        .node_urls()
        .map(|url| Load { url: url.to_owned(), connections: share, seconds, ..stack.load(bench, "single") })
        .collect();
    let outcomes = std::thread::scope(|scope| {
        let running: Vec<_> = loads.iter().map(|load| scope.spawn(|| bench.load(load))).collect();
        running
            .into_iter()
            .map(|load| load.join().map_err(|_| anyhow::anyhow!("a load panicked"))?)
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    let expected: u64 = outcomes.iter().map(|outcome| outcome.events).sum();
    let stats = stack.wait_for("/ok", expected)?;
    stack.delivered.set(stack.delivered.get() + expected);
    let started = outcomes.iter().map(|outcome| outcome.started_us).min().unwrap_or(0);
    let ended = outcomes.iter().map(|outcome| outcome.ended_us).max().unwrap_or(0);
    let last = stats.last_us("/ok").unwrap_or(ended);
    let per_10k = 10_000.0 / expected.max(1) as f64;
    let worst =
        |pick: fn(&crate::load::tally::Outcome) -> u64| outcomes.iter().map(pick).max().unwrap_or(0) as f64 / 1e3;
    Ok(Run {
        deliveries_per_s: expected as f64 / (last.saturating_sub(started).max(1) as f64 / 1e6),
        node_cpu: (nodes()? - nodes_before) * per_10k,
        database_cpu: (database::cpu_seconds()? - database_before) * per_10k,
        answered_p50_ms: worst(|outcome| outcome.answered.p50_us),
        answered_p99_ms: worst(|outcome| outcome.answered.p99_us),
    })
}
