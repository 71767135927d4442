//! The command line: `bellwire serve` and the commands that talk to a server.
//!
//! Who takes part: `settings` reads flags, environment and profile into a `Session`; `client` speaks
//! the API over `http`; `out` prints; `failure` is how a command ends when it does not succeed. Each
//! command is a file that turns its arguments into calls and the answers into lines.
//!
//! Data goes to stdout, talk to stderr, hints after errors.
mod approvals;
mod args;
mod audit;
mod bench;
mod buy;
mod catch;
mod client;
mod console;
mod deliveries;
mod demo;
mod doctor;
mod doctor_database;
mod endpoints;
mod events;
mod failure;
mod http;
mod keys;
mod listen;
mod local;
mod migrate;
mod near;
mod out;
mod pagerduty;
mod place;
mod policies;
mod receiver;
mod same_user;
mod sample;
mod serve;
mod settings;
mod slack;
mod state;
mod tail;
mod trigger;
mod verify;
mod wait_for;
mod wallets;

use std::{io::Write, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

use failure::{Done, Failure};
use settings::Global;

const AFTER_HELP: &str = "\
Exit codes:
  0  done; also when Ctrl-C ends what has no end of its own (listen, catch, events tail, serve)
  1  failed: what was checked is wrong, a file cannot be read, the server failed (5xx)
  2  wrong usage: a flag, a value, a profile, a type that is not there
  3  the server cannot be reached
  4  the server refused (4xx): the key, a budget, a state, an id
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
    Serve(Box<serve::Serve>),
    /// See it work: a server, a receiver and the whole story in this terminal
    Demo(demo::Demo),
    /// Receive a server's events on this machine
    Listen(listen::Listen),
    /// Post a valid sample of an event type
    Trigger(trigger::Trigger),
    /// Receive webhooks and show them; misbehave as told
    Catch(catch::Catch),
    /// Wait until an event happens
    WaitFor(wait_for::WaitFor),
    /// Post, list and follow events
    #[command(subcommand)]
    Events(events::Events),
    /// Manage endpoints
    #[command(subcommand)]
    Endpoints(endpoints::Endpoints),
    /// Look into deliveries, try them again, replay
    #[command(subcommand)]
    Deliveries(deliveries::Deliveries),
    /// Manage wallets: budgets to spend from
    #[command(subcommand)]
    Wallets(wallets::Wallets),
    /// Manage policies: what may be bought, and what people are asked about
    #[command(subcommand)]
    Policies(policies::Policies),
    /// Buy something from a wallet, or set its price aside
    Buy(buy::Buy),
    /// End what was set aside
    Holds(buy::Holds),
    /// Give back some or all of a purchase
    Refund(buy::Refund),
    /// What waits for people, and what they decided
    Approvals(approvals::Approvals),
    /// Allow what is asked, or some of it
    Approve(approvals::Approve),
    /// Refuse what is asked
    Deny(approvals::Deny),
    /// Manage API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Print a link that opens the console in a browser
    ConsoleLink(console::ConsoleLink),
    /// Who did what: list, export, check an export offline
    Audit(audit::Audit),
    /// Check signatures offline, and explain wrong ones
    #[command(subcommand)]
    Verify(verify::Verify),
    /// Check configuration, disk, clock, port, server and key, and say what to do
    Doctor(doctor::Doctor),
    /// Move a deployment from one storage engine to the other
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Measure this machine quickly (the real benchmark is `make bench`)
    Bench(bench::Bench),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the API's description (OpenAPI 3.1)
    Openapi,
    /// Print the description of events and webhooks (AsyncAPI 3.0)
    Asyncapi,
    /// Print a page of the reference (Markdown)
    #[command(hide = true)]
    Reference {
        /// The page; without one, the names of all
        page: Option<crate::reference::Page>,
    },
}

/// Runs the command line.
pub fn main() -> ExitCode {
    main_with(bellwire_store::POSTGRES_MIGRATIONS)
}

/// Runs the command line of a version that has other migrations.
pub fn main_with(migrations: &'static [&'static str]) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // What is wrong with the arguments is told to programs like everything else.
        Err(error) if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") => {
            return Failure::from(error).report(true);
        }
        Err(error) => error.exit(),
    };
    let json = cli.global.json;
    match run(cli, migrations) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

fn run(cli: Cli, migrations: &'static [&'static str]) -> Done {
    let global = cli.global;
    match cli.command {
        Command::Serve(serve) => Ok(serve.run(&global, migrations)?),
        Command::Openapi => global.out().line(crate::api::openapi::json().trim_end()),
        Command::Asyncapi => global.out().line(crate::asyncapi::json().trim_end()),
        Command::Reference { page: Some(page) } => global.out().line(page.markdown(&Cli::command()).trim_end()),
        Command::Reference { page: None } => global.out().line(crate::reference::Page::names().join("\n")),
        Command::Migrate(migrate) => migrate.run(global.out()),
        Command::Demo(demo) => block_on(demo.run(global.out(), global.key.clone())),
        Command::Listen(listen) => block_on(listen.run(&global.session()?)),
        Command::Trigger(trigger) => block_on(trigger.run(&global.session()?)),
        Command::Catch(catch) => block_on(catch.run(global.out())),
        Command::WaitFor(wait) => block_on(wait.run(&global.session()?)),
        Command::Verify(verify) => verify.run(global.out()),
        Command::Doctor(doctor) => block_on(doctor.run(&global)),
        Command::Completions { shell } => completions(shell),
        Command::Bench(bench) => block_on(bench.run(global.out())),
        Command::Events(events) => block_on(events.run(&global.session()?)),
        Command::Endpoints(endpoints) => block_on(endpoints.run(&global.session()?)),
        Command::Deliveries(deliveries) => block_on(deliveries.run(&global.session()?)),
        Command::Wallets(wallets) => block_on(wallets.run(&global.session()?)),
        Command::Policies(policies) => block_on(policies.run(&global.session()?)),
        Command::Buy(buy) => block_on(buy.run(&global.session()?)),
        Command::Holds(holds) => block_on(holds.run(&global.session()?)),
        Command::Refund(refund) => block_on(refund.run(&global.session()?)),
        Command::Approvals(approvals) if approvals.is_offline() => approvals.offline(&global),
        Command::Approvals(approvals) => block_on(approvals.run(&global.session()?)),
        Command::Approve(approve) => block_on(approve.run(&global.session()?)),
        Command::Deny(deny) => block_on(deny.run(&global.session()?)),
        Command::Keys(keys) => block_on(keys.run(&global.session()?)),
        Command::ConsoleLink(link) => block_on(link.run(&global.session()?)),
        Command::Audit(audit) => audit.run(&global),
    }
}

/// Writes the script into memory first: a closed pipe is no panic.
fn completions(shell: clap_complete::Shell) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(&Cli::command()), "bellwire", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(())
}

/// A command without the options that only the environment sets: nobody types those.
fn visible(command: &clap::Command) -> clap::Command {
    let mut shown = clap::Command::new(command.get_name().to_owned())
        .args(command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned())
        .subcommands(command.get_subcommands().map(visible));
    if let Some(about) = command.get_about() {
        shown = shown.about(about.clone());
    }
    shown
}

/// Runs a command to its end; what it left running ends with it.
fn block_on(command: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(command);
    runtime.shutdown_background();
    done
}
