//! What is printed: data to stdout, talk to stderr. People get tables and times they can read,
//! programs (`--json`) get the server's own JSON, untouched.
use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use bellwire_wire::Timestamp;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::{client::Answer, failure::Done};
use crate::clock::Clock;

/// Colours that mean something.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tone {
    Good = 32,
    Warn = 33,
    Bad = 31,
    Dim = 2,
    Bold = 1,
}

/// Where and how to print.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out {
    pub(super) json: bool,
    /// Neither colours nor bars, whatever the terminal.
    plain: bool,
    /// Whether a person reads stdout.
    terminal: bool,
}

impl Out {
    pub(super) fn new(json: bool, plain: bool) -> Self {
        Self { json, plain, terminal: io::stdout().is_terminal() }
    }

    /// Whether somebody would see a progress bar move on stderr.
    pub(super) fn bars(self) -> bool {
        !self.json && !self.plain && io::stderr().is_terminal()
    }

    /// Whether a person reads what is said on stderr.
    pub(super) fn is_seen(self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// One line of data.
    #[expect(clippy::unused_self, reason = "talk and data are told apart at the call")]
    pub(super) fn line(self, text: impl AsRef<str>) -> Done {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", text.as_ref())?;
        out.flush()?;
        Ok(())
    }

    /// One line of talk.
    #[expect(clippy::unused_self, reason = "talk and data are told apart at the call")]
    pub(super) fn note(self, text: impl AsRef<str>) {
        // Nobody to talk to is no failure.
        drop(writeln!(io::stderr().lock(), "{}", text.as_ref()));
    }

    /// The answer itself for programs, or what `human` makes of it.
    pub(super) fn show(self, answer: &Answer, human: impl FnOnce(&Value) -> String) -> Done {
        if self.json {
            return self.line(if answer.text.is_empty() { "{}" } else { answer.text.trim_end() });
        }
        self.line(human(&answer.value).trim_end())?;
        if let Some(cursor) = answer.value.get("next_cursor").and_then(Value::as_str) {
            self.note(format!("\nmore with --cursor {cursor}"));
        }
        Ok(())
    }

    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        if self.terminal && !self.plain && !self.json {
            format!("\u{1b}[{}m{text}\u{1b}[0m", tone as u8)
        } else {
            text.to_owned()
        }
    }

    /// A table; one sentence instead if it would be empty.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through here")]
    pub(super) fn table(self, head: &[&str], rows: Vec<Vec<String>>, empty: &str) -> String {
        if rows.is_empty() {
            return empty.to_owned();
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        // An id that is broken into lines cannot be copied.
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(head.iter().map(|name| name.to_uppercase()));
        table.add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n")
    }

    /// A time of the API: as people say it on a terminal, as it is in a pipe.
    pub(super) fn when(self, value: &Value) -> String {
        if !self.terminal {
            return plain(value);
        }
        value.as_str().and_then(|text| text.parse().ok()).map_or_else(String::new, |at| ago(at, Clock::SYSTEM.now()))
    }
}

/// How far a time is from now, or its date if it is more than a day.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    let (span, past) = if at > now { (at.since(now), false) } else { (now.since(at), true) };
    if span > Duration::from_hours(24) {
        return at.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect();
    }
    let seconds = span.as_secs();
    let text = match seconds {
        0 => return "now".into(),
        1..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    };
    if past { format!("{text} ago") } else { format!("in {text}") }
}

/// The time of day, UTC.
pub(super) fn clock_time(at: Timestamp) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// A member as text: strings bare, null as nothing, lists joined.
pub(super) fn text(value: &Value, name: &str) -> String {
    plain(value.get(name).unwrap_or(&Value::Null))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The items of a list answer.
pub(super) fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Names and values below each other, empty ones left out.
pub(super) fn card(rows: &[(&str, String)]) -> String {
    let rows: Vec<&(&str, String)> = rows.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    rows.iter().map(|(name, value)| format!("{name:width$}{value}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        let now = Timestamp::from_seconds(1_795_298_462);
        let before = |seconds| ago(now.before(Duration::from_secs(seconds)), now);
        assert_eq!(before(0), "now");
        assert_eq!(before(12), "12 s ago");
        assert_eq!(before(600), "10 min ago");
        assert_eq!(before(7_200), "2 h ago");
        assert_eq!(before(90_000), "2026-11-20 21:01");
        assert_eq!(ago(now.after(Duration::from_secs(30)), now), "in 30 s");
    }
}
