//! The command line: `bellwire serve` and the commands that talk to a server.
//!
//! Who takes part: `settings` reads flags, environment and profile into a `Session`; `client` speaks
//! the API over `http`; `out` prints; `failure` is how a command ends when it does not succeed. Each
//! command is a file that turns its arguments into calls and the answers into lines.
//!
//! Data goes to stdout, talk to stderr, hints after errors.
mod args;
mod client;
mod deliveries;
mod endpoints;
mod events;
mod failure;
mod http;
mod keys;
mod out;
mod serve;
mod settings;
mod tail;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Done;
use settings::Global;

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  the server cannot be reached
  4  the server refused (4xx)
  5  timed out

Profiles are in ~/.config/bellwire/config.toml:
  profile = \"dev\"
  [profiles.dev]
  url = \"http://127.0.0.1:4800\"
  key = \"bw_…\"";

/// The control plane for what AI agents do.
#[derive(Parser)]
#[command(name = "bellwire", version, about, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(serve::Serve),
    /// Post, list and follow events
    #[command(subcommand)]
    Events(events::Events),
    /// Manage endpoints
    #[command(subcommand)]
    Endpoints(endpoints::Endpoints),
    /// Look into deliveries, try them again, replay
    #[command(subcommand)]
    Deliveries(deliveries::Deliveries),
    /// Manage API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Print the API's description (OpenAPI 3.1)
    Openapi,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.global.json;
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

fn run(cli: Cli) -> Done {
    let global = cli.global;
    match cli.command {
        Command::Serve(serve) => Ok(serve.run()?),
        Command::Openapi => global.out().line(crate::api::openapi::json().trim_end()),
        Command::Events(events) => block_on(events.run(&global.session()?)),
        Command::Endpoints(endpoints) => block_on(endpoints.run(&global.session()?)),
        Command::Deliveries(deliveries) => block_on(deliveries.run(&global.session()?)),
        Command::Keys(keys) => block_on(keys.run(&global.session()?)),
    }
}

/// Runs a command to its end; what it left running ends with it.
fn block_on(command: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(command);
    runtime.shutdown_background();
    done
}
