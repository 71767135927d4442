//! A mountain of retries waiting on disk: does anything else feel its weight?
//!
//! First a server with one healthy endpoint and nothing else is measured. Then thousands of
//! endpoints at an address where nothing listens are added and fed through the batch API until
//! every delivery has failed once or waits behind a breaker; the server is stopped, started, and
//! measured again.

use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::latency::{self, Latencies};
use crate::clock;
use crate::run::bench::{Bench, Load};
use crate::run::report::{Report, Row, Spread, Target};
use crate::run::stack::{Stack, endpoint};
use crate::run::usage;

/// Nothing listens here.
const DEAD: &str = "127.0.0.77:4799";

/// Groups of endpoints; an event goes to all endpoints of one group.
const GROUPS: u64 = 100;

/// Events per second while latency is measured.
const RATE: u64 = 100;

/// How long the server may take to have tried what can be tried.
const SETTLE: Duration = Duration::from_mins(2);

/// Compares an empty server with a laden one. One run: it makes a database of its own size.
pub fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    ensure!(TcpStream::connect(DEAD).is_err(), "something listens at {DEAD}");
    let stack = Stack::start(bench)?;
    stack.add_endpoint("/ok", "bench.event", json!({}))?;
    bench.progress.step("empty");
    let empty_start_s = stack.server.start_us as f64 / 1e6;
    let empty = latencies(bench, &stack)?;
    let empty_mib = usage::resident_mib(stack.server.id())?;

    let pending = seed(bench, &stack)?;
    settle(bench, &stack)?;
    let seeded_mib = usage::resident_mib(stack.server.id())?;

    bench.progress.step("stop and start");
    let stack = stack.stop_server()?.start_again(bench)?;
    let start_s = stack.server.start_us as f64 / 1e6;
    bench.progress.step("laden");
    let laden = latencies(bench, &stack)?;
    let laden_mib = usage::resident_mib(stack.server.id())?;

    let row = |what: &str, unit, value: f64| Row::new("pending", what, unit, Spread::of([value]));
    report.add(row("resident memory, empty", "MiB", empty_mib));
    report.add(
        row("resident memory, laden", "MiB", seeded_mib.max(laden_mib)).target(Target::AtMost(empty_mib + 100.0)).note(
            format!(
                "{pending} pending deliveries of {} endpoints; after seeding {seeded_mib:.0} MiB, \
                 after a restart {laden_mib:.0} MiB; the worse counts",
                bench.options.endpoints()
            ),
        ),
    );
    report.add(row("start, empty", "s", empty_start_s));
    report.add(row("start, laden", "s", start_s).target(Target::AtMost(3.0)));
    let p99_ms = |runs: &[Latencies]| Spread::of(runs.iter().map(|run| run.delivered.p99_us as f64 / 1_000.0));
    let empty_p99 = p99_ms(&empty);
    report.add(Row::new("pending", "fresh event p99, empty", "ms", empty_p99));
    report.add(
        Row::new("pending", "fresh event p99, laden", "ms", p99_ms(&laden))
            .compared_with(Some(empty_p99.median))
            .target(Target::ShareAtMost(1.5))
            .note("ratio to empty"),
    );
    Ok(())
}

fn latencies(bench: &Bench, stack: &Stack) -> anyhow::Result<Vec<Latencies>> {
    latency::measure(bench, stack, RATE, bench.options.warm_up_seconds())?;
    (0..bench.options.runs()).map(|_| latency::measure(bench, stack, RATE, bench.options.seconds())).collect()
}

/// Adds the dead endpoints and their deliveries; how many deliveries.
fn seed(bench: &Bench, stack: &Stack) -> anyhow::Result<u64> {
    let endpoints = bench.options.endpoints().next_multiple_of(GROUPS);
    bench.progress.step(&format!("{endpoints} endpoints"));
    let bodies: Vec<Value> = (0..endpoints)
        .map(|n| {
            let url = format!("http://{DEAD}/{n}");
            let more = json!({"retry": {"schedule": ["24h"]}, "max_in_flight": 4});
            endpoint(&url, &format!("seed.g{}", n % GROUPS), more)
        })
        .collect();
    let made = stack.api.post_all("/v1/webhooks", &bodies, 32)?;

    // A call is one event for each group, so it owes one delivery to every endpoint.
    let calls = bench.options.pending().div_ceil(endpoints);
    bench.progress.step(&format!("{} deliveries", calls * endpoints));
    bench.load(&Load {
        count: Some(calls),
        connections: 2,
        spread: Some(GROUPS),
        family: "seed",
        ..stack.load(bench, "batch")
    })?;
    let some = made.first().context("at least one endpoint was made")?;
    let id = some["endpoint"]["id"].as_str().context("it has an id")?;
    let path = format!("/v1/webhooks/{id}/deliveries?status=pending&limit=1");
    let total = stack.api.get(&path)?["total"].as_u64();
    ensure!(total == Some(calls), "an endpoint has {total:?} pending deliveries instead of {calls}");
    Ok(calls * endpoints)
}

/// Waits until the server has little left to do: below a fifth of a core over a second.
fn settle(bench: &Bench, stack: &Stack) -> anyhow::Result<()> {
    bench.progress.step("first attempts");
    let began = clock::now();
    while began.elapsed() < SETTLE {
        let before = usage::cpu_seconds(stack.server.id())?;
        clock::pause(Duration::from_secs(1));
        if usage::cpu_seconds(stack.server.id())? - before < 0.2 {
            return Ok(());
        }
    }
    bench.progress.say("the server is still busy with first attempts");
    Ok(())
}
