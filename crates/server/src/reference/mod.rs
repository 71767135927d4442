//! The pages of `docs/reference/`, each made of what the code itself goes by: the table of errors, the catalog of
//! events, the command line as it is parsed, the API as it is served.
//!
//! Who takes part: one file per page turns its source into Markdown; [`schema`] says what a JSON Schema says in words;
//! [`text`] lays out tables. `bellwire reference PAGE` prints a page, and `cargo xtask generate` writes all of them.
mod api;
mod cli;
mod configuration;
mod errors;
mod events;
mod schema;
mod text;

use clap::{Command, ValueEnum};

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// Every setting of the server.
    Configuration,
    /// Every command.
    Cli,
    /// Every built-in event type.
    Events,
    /// Every error.
    Errors,
    /// Every operation of the API.
    Api,
}

impl Page {
    /// What all pages are called.
    pub fn names() -> Vec<String> {
        let named = |page: &Self| page.to_possible_value().map(|value| value.get_name().to_owned());
        Self::value_variants().iter().filter_map(named).collect()
    }

    /// The page, in Markdown. `command` is the command line as it is parsed.
    pub fn markdown(self, command: &Command) -> String {
        let text = match self {
            Self::Configuration => configuration::page(command),
            Self::Cli => cli::page(command),
            Self::Events => events::page(),
            Self::Errors => errors::page(),
            Self::Api => api::page(),
        };
        format!("{}\n", text.trim_end())
    }
}

/// What stands above every page.
const MADE: &str = "<!-- Written by `cargo xtask generate` from the code: change that. -->";
