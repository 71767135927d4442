//! Purchases: how many a second, beside plain events; how soon each is decided; and what analytics take.
//!
//! Every event is owed to a paused endpoint, so that event and delivery rows are written and nothing is sent:
//! what is compared is what the server does to accept.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::clock;
use crate::run::bench::{Bench, Load};
use crate::run::report::{Report, Row, Spread, Target};
use crate::run::stack::Stack;
use crate::run::usage;

/// Wallets of the run with many.
const WALLETS: usize = 10_000;
/// Vendors that purchases take turns among.
const VENDORS: u64 = 50;
/// The depth of the tree.
const DEPTH: usize = 4;
/// Purchases per second while the time to a decision is measured.
const RATE: u64 = 1_000;
/// Connections of the open loop: more than are ever busy while the server keeps up.
const OPEN_CONNECTIONS: usize = 32;

/// What one run showed.
#[derive(Debug, Clone, Copy)]
struct Run {
    per_s: f64,
    cpu_s_per_10k: f64,
}

/// Throughput and the time to a decision.
pub fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let stack = stack(bench)?;
    let plain = measure(bench, &stack, "plain events", &stack.load(bench, "single"))?;
    add(report, "plain events accepted", &plain, None);

    let hot = wallets(bench, &stack, "hot", 1, None)?;
    let hot_load = purchases(bench, &stack, hot);
    let one = measure(bench, &stack, "one hot wallet", &hot_load)?;
    add(report, "purchases, one hot wallet", &one, Some((&plain, Target::ShareAtLeast(0.6), "plain events")));

    let many = wallets(bench, &stack, "many", WALLETS, None)?;
    let spread = measure(bench, &stack, "many wallets", &purchases(bench, &stack, many))?;
    let what = format!("purchases, {WALLETS} wallets");
    add(report, what, &spread, Some((&plain, Target::ShareAtLeast(0.6), "plain events")));

    let leaf = tree(bench, &stack)?;
    let tree = measure(bench, &stack, "tree", &purchases(bench, &stack, leaf))?;
    let what = format!("purchases, a tree of depth {DEPTH}");
    add(report, what, &tree, Some((&one, Target::ShareAtLeast(1.0 / 1.3), "one hot wallet")));

    let mut answers = Vec::new();
    for n in 1..=bench.options.runs() {
        bench.progress.step(&format!("decisions at {RATE}/s, run {n} of {}", bench.options.runs()));
        let outcome = bench.load(&Load { rate: Some(RATE), connections: OPEN_CONNECTIONS, ..hot_load.clone() })?;
        answers.push(outcome.answered);
    }
    let ms = |us: u64| us as f64 / 1_000.0;
    let p50 = Spread::of(answers.iter().map(|answer| ms(answer.p50_us)));
    let p99 = Spread::of(answers.iter().map(|answer| ms(answer.p99_us)));
    report.add(Row::new("spend", format!("{RATE}/s: decided p50"), "ms", p50));
    report.add(Row::new("spend", format!("{RATE}/s: decided p99"), "ms", p99).target(Target::AtMost(5.0)));
    Ok(())
}

/// The time each question takes, over HTTP, about many purchases.
pub fn analytics(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let stack = Stack::start(bench)?;
    let count = bench.options.purchases();
    let named = wallets(bench, &stack, "asked", 1_000, None)?;
    bench.progress.step(&format!("{count} purchases"));
    bench.load(&Load { count: Some(count), ..purchases(bench, &stack, named) })?;
    let total = stack.api.get("/v1/spend/by-category")?["count"].as_u64();
    ensure!(total == Some(count), "{total:?} purchases were counted instead of {count}");
    for path in [
        "by-vendor",
        "by-wallet",
        "by-agent",
        "by-category",
        "by-vendor?since=45s",
        "by-wallet?since=45s",
        "timeseries?bucket=minute",
        "timeseries?bucket=hour",
        "timeseries?bucket=day",
    ] {
        bench.progress.step(path);
        let mut times = Vec::new();
        for _ in 0..=bench.options.runs() {
            let began = clock::now();
            stack.api.get(&format!("/v1/spend/{path}"))?;
            times.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
        // The first one warms the pages.
        let spread = Spread::of(times.into_iter().skip(1));
        let row = Row::new("analytics", path, "ms", spread).target(Target::AtMost(200.0));
        report.add(row.note(format!("{count} purchases from 1000 wallets at {VENDORS} vendors")));
    }
    Ok(())
}

/// A server that owes every event to an endpoint that is paused.
fn stack(bench: &Bench) -> anyhow::Result<Stack> {
    let stack = Stack::start(bench)?;
    stack.add_endpoint("/ok", "*", json!({"status": "paused"}))?;
    Ok(stack)
}

fn purchases(bench: &Bench, stack: &Stack, wallets: PathBuf) -> Load {
    Load { wallets: Some(wallets), spread: Some(VENDORS), ..stack.load(bench, "purchase") }
}

/// Makes wallets that hold all there is to spend; a file with their ids.
fn wallets(bench: &Bench, stack: &Stack, name: &str, count: usize, parent: Option<&str>) -> anyhow::Result<PathBuf> {
    let body = |n: usize| wallet(&format!("{name}-{n}"), parent);
    let bodies: Vec<Value> = (0..count).map(body).collect();
    let made = stack.api.post_all("/v1/wallets", &bodies, 32)?;
    let ids: Vec<&str> = made.iter().filter_map(|wallet| wallet["id"].as_str()).collect();
    ensure!(ids.len() == count, "{} of {count} wallets were made", ids.len());
    write(bench, name, &ids.join("\n"))
}

/// Makes wallets below each other; a file with the id of the lowest.
fn tree(bench: &Bench, stack: &Stack) -> anyhow::Result<PathBuf> {
    let mut above: Option<String> = None;
    for level in 0..DEPTH {
        let made = stack.api.post("/v1/wallets", &wallet(&format!("level-{level}"), above.as_deref()))?;
        above = Some(made["id"].as_str().context("a wallet has an id")?.to_owned());
    }
    write(bench, "tree", &above.unwrap_or_default())
}

fn wallet(name: &str, parent: Option<&str>) -> Value {
    json!({"name": name, "budget_usd": 1_000_000_000, "window": "daily", "parent_id": parent})
}

fn write(bench: &Bench, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = bench.data_dir.path().join(format!("{name}.wallets"));
    std::fs::write(&path, text)?;
    Ok(path)
}

/// Warms up, then runs as often as asked.
fn measure(bench: &Bench, stack: &Stack, name: &str, load: &Load) -> anyhow::Result<Vec<Run>> {
    bench.progress.step(&format!("{name}: warm-up"));
    bench.load(&Load { seconds: bench.options.warm_up_seconds(), ..load.clone() })?;
    (1..=bench.options.runs())
        .map(|n| {
            bench.progress.step(&format!("{name}: run {n} of {}", bench.options.runs()));
            let before = usage::cpu_seconds(stack.server.id())?;
            let outcome = bench.load(load)?;
            let cpu = usage::cpu_seconds(stack.server.id())? - before;
            let seconds = outcome.ended_us.saturating_sub(outcome.started_us).max(1) as f64 / 1e6;
            let accepted = outcome.accepted as f64;
            Ok(Run { per_s: accepted / seconds, cpu_s_per_10k: cpu / accepted * 10_000.0 })
        })
        .collect()
}

fn add(report: &mut Report, what: impl Into<String>, runs: &[Run], beside: Option<(&[Run], Target, &str)>) {
    let what = what.into();
    let rate = |runs: &[Run]| Spread::of(runs.iter().map(|run| run.per_s));
    let cpu = Spread::of(runs.iter().map(|run| run.cpu_s_per_10k));
    let row = Row::new("spend", what.clone(), "/s", rate(runs));
    report.add(match beside {
        Some((other, target, name)) => {
            row.compared_with(Some(rate(other).median)).target(target).note(format!("ratio to {name}"))
        }
        None => row,
    });
    report.add(Row::new("spend", format!("{what}: server CPU per 10,000"), "s", cpu));
}
