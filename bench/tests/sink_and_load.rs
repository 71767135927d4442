//! The load generator against the sink, as separate processes and without a server between.

use std::process::Command;

use bellwire_bench::load::{self, options::Options, tally::Outcome};
use bellwire_bench::run::{http::Http, process::Process};
use bellwire_bench::sink::control::Stats;
use clap::Parser as _;

fn sink() -> anyhow::Result<Process> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bellwire-sink"));
    command.arg("--with-parent");
    Process::start(command)
}

fn send(sink: &Process, path: &str, arguments: &[&str]) -> anyhow::Result<Outcome> {
    let url = format!("{}{path}", sink.url);
    let fixed = ["load", "--mode", "raw", "--connections", "4", "--url", &url];
    load::run(&Options::parse_from(fixed.iter().chain(arguments)))
}

fn stats(sink: &Process) -> anyhow::Result<Stats> {
    let stats = Http::new(&sink.url, None)?.get("/stats")?;
    Ok(serde_json::from_value(stats)?)
}

#[test]
fn a_closed_loop_sends_exactly_the_count_and_all_of_it_arrives() -> anyhow::Result<()> {
    let sink = sink()?;
    for client in ["conn", "pooled"] {
        let path = format!("/ok/{client}");
        let outcome = send(&sink, &path, &["--count", "200", "--client", client])?;
        assert_eq!((outcome.accepted, outcome.errors), (200, 0));
        let arrived = &stats(&sink)?.paths[&path];
        assert_eq!((arrived.requests, arrived.latency.count), (200, 200));
    }
    Ok(())
}

#[test]
fn an_open_loop_charges_a_slow_receiver_for_the_requests_it_delayed() -> anyhow::Result<()> {
    let sink = sink()?;
    // Four connections with 100 ms each carry 40 a second; 80 a second are due.
    let outcome = send(&sink, "/slow?ms=100", &["--count", "40", "--rate", "80"])?;
    assert_eq!(outcome.accepted, 40);
    assert!(outcome.answered.p50_us > 150_000, "{:?}", outcome.answered);
    Ok(())
}

#[test]
fn refusals_and_a_dead_port_are_counted_apart() -> anyhow::Result<()> {
    let sink = sink()?;
    let refused = send(&sink, "/500", &["--count", "10"])?;
    assert_eq!((refused.accepted, refused.statuses[&500]), (0, 10));
    let url = sink.url.clone();
    drop(sink);
    let options = ["load", "--mode", "raw", "--count", "3", "--url", &url];
    let dead = load::run(&Options::parse_from(options))?;
    assert_eq!((dead.accepted, dead.errors), (0, 3));
    assert!(dead.first_error.is_some_and(|error| error.contains("connect")));
    Ok(())
}
