//! `bellwire-load`: a load generator; see [`bellwire_bench::load`].

use bellwire_bench::{load, run::process::end_with_parent};
use clap::Parser;

fn main() -> anyhow::Result<()> {
    let options = load::options::Options::parse();
    if options.with_parent {
        end_with_parent()?;
    }
    let outcome = load::run(&options)?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}
