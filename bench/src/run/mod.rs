//! The orchestrator: limits first, then scenarios, then the table.
//!
//! [`bench::Bench`] holds the settings of a run. A scenario makes a [`stack::Stack`] (a sink and a
//! server as child processes over a fresh data directory), sends with [`bench::Bench::load`],
//! reads the sink's counters and the server's `/proc` entry ([`usage`]), and adds
//! [`report::Row`]s. Children end with their handles, on a signal, and at the time limit
//! ([`process`]).

pub mod bench;
pub mod binaries;
pub mod database;
pub mod http;
pub mod machine;
pub mod options;
pub mod process;
pub mod progress;
pub mod report;
pub mod scenario;
pub mod stack;
pub mod table;
pub mod throughput;
pub mod usage;

use std::fs::File;
use std::time::Duration;

use anyhow::Context as _;

use bench::Bench;
use options::Options;
use report::Report;

/// Runs what the options select, prints the table, and writes the JSON file if asked.
///
/// A scenario that fails is reported in its row and does not stop the others.
pub fn run(options: Options) -> anyhow::Result<Report> {
    let scenarios = scenario::select(&options.only)?;
    let bench = Bench::prepare(options)?;
    let limit = Duration::from_secs(bench.options.time_limit);
    process::guard(limit, bench.data_dir.path().to_owned())?;
    bench.progress.begin(scenarios.len() as u64);
    let mut report = Report::new(machine::describe(&bench)?, bench.settings());

    if scenarios.iter().any(|scenario| scenario.needs_limits) {
        scenario::limits::run(&bench, &mut report).context("the limits could not be measured")?;
    }
    for scenario in scenarios {
        bench.progress.scenario(scenario.name);
        if let Err(error) = (scenario.run)(&bench, &mut report) {
            report.failed(scenario.name, &error);
            bench.progress.say(&format!("{}: {error:#}", scenario.name));
        }
        bench.progress.done();
    }
    bench.progress.finish();

    println!("{}", table::render(&report));
    if let Some(path) = &bench.options.json {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        serde_json::to_writer_pretty(file, &report)?;
    }
    Ok(report)
}
