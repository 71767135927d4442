//! The command line: `bellwire serve` and the commands that talk to a server.
//!
//! Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage.
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The control plane for what AI agents do.
#[derive(Parser)]
#[command(name = "bellwire", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server.
    Serve(serve::Serve),
    /// Print the API's description (OpenAPI 3.1).
    Openapi,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Openapi => {
            print!("{}", crate::api::openapi::json());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
