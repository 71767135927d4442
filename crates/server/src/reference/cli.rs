//! Every command, from the tree by which the command line is parsed.
use std::fmt::Write;

use clap::{Arg, ArgAction, Command};

use super::text;

pub(super) fn page(command: &Command) -> String {
    let mut page = format!(
        "{}\n# Command line\n\n{} `bellwire COMMAND --help` says the same in the terminal.\n\n",
        super::MADE,
        text::sentence(&about(command))
    );
    if let Some(after) = command.get_after_help() {
        let _ = write!(page, "```text\n{}\n```\n\n", after.to_string().trim_end());
    }
    page.push_str("## Options of every command\n\n");
    page.push_str(&arguments(command));
    for (path, found) in commands(command, "bellwire") {
        page.push_str(&one(&path, found));
    }
    page
}

/// Every command below this one, with what is typed for it, in the order of the help.
fn commands<'c>(command: &'c Command, typed: &str) -> Vec<(String, &'c Command)> {
    let mut all = Vec::new();
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        let path = format!("{typed} {}", below.get_name());
        all.push((path.clone(), below));
        all.extend(commands(below, &path));
    }
    all
}

fn one(path: &str, command: &Command) -> String {
    let level = if path.split(' ').count() > 2 { "###" } else { "##" };
    let mut page = format!("{level} {path}\n\n{}\n\n", text::sentence(&about(command)));
    let usage = command.clone().bin_name(path).render_usage().to_string();
    let _ = write!(page, "```text\n{}\n```\n\n", usage.trim_start_matches("Usage: "));
    page.push_str(&arguments(command));
    if let Some(after) = command.get_after_help() {
        let _ = write!(page, "```text\n{}\n```\n\n", after.to_string().trim_end());
    }
    page
}

fn about(command: &Command) -> String {
    command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default()
}

fn arguments(command: &Command) -> String {
    let own = |arg: &&Arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str());
    let rows: Vec<Vec<String>> =
        command.get_arguments().filter(own).map(|arg| vec![text::code(&typed(arg)), meaning(arg)]).collect();
    text::table(&["argument", "meaning"], &rows)
}

/// How it is typed.
fn typed(arg: &Arg) -> String {
    let mut names: Vec<String> = arg.get_short().map(|short| format!("-{short}")).into_iter().collect();
    names.extend(arg.get_long().map(|long| format!("--{long}")));
    let values: Vec<String> = match arg.get_value_names() {
        Some(values) => values.iter().map(ToString::to_string).collect(),
        None => vec![arg.get_id().as_str().to_uppercase()],
    };
    let takes = !matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count);
    match (names.is_empty(), takes) {
        (true, _) => values.join(" "),
        (false, true) => format!("{} {}", names.join(", "), values.join(" ")),
        (false, false) => names.join(", "),
    }
}

fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let (help, default) = default_of(arg, &help);
    let mut parts = vec![text::sentence(&help)];
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    let switches = matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse);
    if !values.is_empty() && !switches {
        parts.push(format!("One of {}.", text::codes(values)));
    }
    parts.extend(default.map(|default| format!("Default: {default}.")));
    if let Some(variable) = arg.get_env() {
        parts.push(format!("Environment: `{}`.", variable.to_string_lossy()));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// The help without its `[default: …]`, and the default, wherever it was told.
pub(super) fn default_of(arg: &Arg, help: &str) -> (String, Option<String>) {
    if let Some((help, default)) = help.split_once(" [default: ") {
        let default = default.trim_end().trim_end_matches(']').to_owned();
        return (help.to_owned(), Some(default));
    }
    let switches = matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count);
    let values: Vec<String> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into()).collect();
    let told = !switches && !values.is_empty() && !arg.is_hide_default_value_set();
    (help.to_owned(), told.then(|| text::codes(values)))
}
