//! Every setting of the server: flags and variables from the command line as it is parsed, the names in the file from
//! the table below, which a test compares with what the file may hold.
use std::fmt::Write;

use clap::{Arg, Command};

use super::{cli, text};

/// A setting in `bellwire.toml`.
struct Setting {
    key: &'static str,
    /// The flag over it, by its long name: it says what the setting means.
    flag: Option<&'static str>,
    /// Where there is no flag, or where the flag says the opposite: the default, and what it means.
    said: Option<(&'static str, &'static str)>,
}

const fn flag(key: &'static str, flag: &'static str) -> Setting {
    Setting { key, flag: Some(flag), said: None }
}

const fn alone(key: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { key, flag: None, said: Some((default, meaning)) }
}

const SETTINGS: &[(&str, &[Setting])] = &[
    (
        "Server and storage",
        &[
            flag("data_dir", "data-dir"),
            flag("database_url", "database-url"),
            flag("master_key_file", "master-key-file"),
            flag("listen", "listen"),
            flag("public_url", "public-url"),
            Setting {
                key: "dev",
                flag: Some("dev"),
                said: Some((
                    "`false`",
                    "Allow loopback and plain http outwards, and have a playground. Not for production",
                )),
            },
            Setting {
                key: "playground",
                flag: Some("no-playground"),
                said: Some((
                    "`true`; without `dev`, `false` where `public_url` is not of this machine",
                    "Whether there may be a playground at `/try`: there is one with `dev`, or on a loopback address. \
                     The flag switches it off",
                )),
            },
            flag("retention_days", "retention-days"),
            flag("key_requests_per_second", "key-requests-per-second"),
        ],
    ),
    (
        "Delivery",
        &[
            flag("delivery.allow_networks", "allow-network"),
            alone("delivery.allow_http", "`false`; `true` with `dev`", "Allow plain http outwards"),
            alone("delivery.ca_files", "none", "More certificate authorities for outward TLS: a list of PEM files"),
            alone("delivery.max_in_flight", "4096", "Requests in flight at once, over all endpoints, from 1 to 65536"),
        ],
    ),
    (
        "NATS",
        &[
            flag("nats_url", "nats-url"),
            flag("nats_subject", "nats-subject"),
            flag("nats_stream", "nats-stream"),
            flag("nats_from", "nats-from"),
        ],
    ),
    (
        "Slack",
        &[
            flag("slack.bot_token", "slack-bot-token"),
            flag("slack.bot_token_file", "slack-bot-token-file"),
            flag("slack.signing_secret", "slack-signing-secret"),
            flag("slack.signing_secret_file", "slack-signing-secret-file"),
            flag("slack.channel", "slack-channel"),
            flag("slack.approvers", "slack-approver"),
            flag("slack.people", "slack-person"),
            flag("slack.workspace", "slack-workspace"),
            flag("slack.api_url", "slack-api-url"),
        ],
    ),
    (
        "PagerDuty",
        &[
            flag("pagerduty.routing_key", "pagerduty-routing-key"),
            flag("pagerduty.routing_key_file", "pagerduty-routing-key-file"),
            flag("pagerduty.workspace", "pagerduty-workspace"),
            flag("pagerduty.base_url", "pagerduty-base-url"),
        ],
    ),
];

const INTRODUCTION: &str = "\
# Configuration

Settings of `bellwire serve`: flags over environment over `bellwire.toml` over defaults. Nothing needs to be set. \
The file is the one that `--config` names, else `bellwire.toml` in the working directory if it is there; a name in it \
that is not listed here is refused, so that a slip of the pen is no setting. Secrets have no flag here, since flags \
are seen by everybody on the machine: give them by environment, or by a file that a setting names.

```toml
listen = \"0.0.0.0:4800\"
public_url = \"https://bellwire.example.com\"
retention_days = 90

[delivery]
allow_networks = [\"10.1.0.0/16\"]

[slack]
bot_token_file = \"/run/secrets/slack-bot-token\"
signing_secret_file = \"/run/secrets/slack-signing-secret\"
channel = \"C0123456789\"
approvers = [\"U0123456789\"]
people = { U0123456789 = \"ana\" }
```

";

pub(super) fn page(command: &Command) -> String {
    let serve = command.find_subcommand("serve").expect("there is a command `serve`");
    let mut page = format!("{}\n{INTRODUCTION}", super::MADE);
    let mut told = Vec::new();
    for (heading, settings) in SETTINGS {
        let rows: Vec<Vec<String>> = settings.iter().map(|setting| row(setting, serve)).collect();
        let _ = write!(page, "## {heading}\n\n");
        page.push_str(&text::table(&["in `bellwire.toml`", "flag", "environment", "default", "meaning"], &rows));
        told.extend(settings.iter().filter_map(|setting| setting.flag));
    }
    page.push_str("## Not in the file\n\n");
    let rest = serve.get_arguments().filter(|arg| arg.get_long().is_some_and(|long| !told.contains(&long)));
    let rows: Vec<Vec<String>> = rest.map(|arg| cells(arg, None).into()).collect();
    page.push_str(&text::table(&["flag", "environment", "default", "meaning"], &rows));
    page
}

fn row(setting: &Setting, serve: &Command) -> Vec<String> {
    let arg = setting.flag.map(|long| find(serve, long));
    let mut row = vec![text::code(setting.key)];
    match (arg, setting.said) {
        (Some(arg), said) => row.extend(cells(arg, said)),
        (None, Some((default, meaning))) => {
            row.extend([String::new(), String::new(), default.to_owned(), text::sentence(meaning)]);
        }
        (None, None) => unreachable!("a setting has a flag or says what it is"),
    }
    row
}

fn find<'c>(serve: &'c Command, long: &str) -> &'c Arg {
    let found = serve.get_arguments().find(|arg| arg.get_long() == Some(long));
    found.unwrap_or_else(|| panic!("`serve` has a flag --{long}"))
}

/// Flag, variable, default, meaning.
fn cells(arg: &Arg, said: Option<(&str, &str)>) -> [String; 4] {
    let flag = arg.get_long().filter(|_| !arg.is_hide_set()).map(|long| format!("`--{long}`"));
    let variable = arg.get_env().map(|variable| text::code(&variable.to_string_lossy()));
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (help, default) = cli::default_of(arg, &help);
    let (default, meaning) = match said {
        Some((default, meaning)) => (Some(default.to_owned()), meaning.to_owned()),
        None => (default, help),
    };
    [
        flag.unwrap_or_default(),
        variable.unwrap_or_default(),
        default.unwrap_or_else(|| "none".to_owned()),
        text::sentence(&meaning),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::File;
    use std::collections::BTreeSet;

    /// What the file may hold below `table`: an unknown name is refused with those that are known.
    fn known(table: &str) -> BTreeSet<String> {
        let error = File::read(&format!("{table}\nunheard_of = 1")).expect_err("it is refused");
        let (_, listed) = error.split_once("expected").expect("the known ones are listed");
        listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_setting_of_the_file_is_on_the_page_and_nothing_else() {
        let mut wanted = known("");
        for table in ["delivery", "slack", "pagerduty"] {
            assert!(wanted.remove(table), "{table}");
            wanted.extend(known(&format!("[{table}]")).into_iter().map(|key| format!("{table}.{key}")));
        }
        let told: Vec<&str> = SETTINGS.iter().flat_map(|(_, settings)| *settings).map(|setting| setting.key).collect();
        let unique: BTreeSet<String> = told.iter().map(|&key| key.to_owned()).collect();
        assert_eq!((unique.len(), &unique), (told.len(), &wanted));
    }

    #[test]
    fn the_example_of_the_page_is_a_file_that_is_read() {
        let (_, rest) = INTRODUCTION.split_once("```toml\n").expect("it begins");
        let (example, _) = rest.split_once("```").expect("it ends");
        File::read(example).expect("it is a configuration");
    }
}
