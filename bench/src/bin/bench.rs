//! `bellwire-bench`: one command that measures everything; see [`bellwire_bench::run`].

use std::process::ExitCode;

use bellwire_bench::run;
use clap::Parser;

fn main() -> anyhow::Result<ExitCode> {
    let report = run::run(run::options::Options::parse())?;
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
