//! `bellwire migrate`: moves a deployment from one engine to the other.
use std::path::Path;

use anyhow::Context;
use bellwire_store::{MasterKey, Move, MoveError, Moved, OpenError, Step, Vault};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{
    failure::{Done, Failure},
    out::{Out, Tone},
    place::Place,
};
use crate::{clock::Clock, config::Config, storage};

#[derive(Subcommand)]
pub(super) enum Migrate {
    /// Move the deployment in a data directory into an empty PostgreSQL database
    ///
    /// No server may run on the data directory. Interrupted, it goes on where it was when it is run
    /// again. Afterwards `bellwire serve` refuses the data directory: serve with --database-url, and with
    /// the same master key.
    SqliteToPostgres(SqliteToPostgres),
}

#[derive(Args)]
pub(super) struct SqliteToPostgres {
    #[command(flatten)]
    place: Place,
}

impl Migrate {
    pub(super) fn run(self, out: Out) -> Done {
        match self {
            Self::SqliteToPostgres(migrate) => migrate.run(out),
        }
    }
}

impl SqliteToPostgres {
    fn run(self, out: Out) -> Done {
        let config = Config::resolve(self.place.over_file()?, self.place.data_dir, None, false)?;
        let url = config.database_url.as_ref().ok_or_else(|| {
            Failure::usage("the database to move into is missing").hint("name it with --database-url")
        })?;
        let key_file = config.master_key_file.clone().unwrap_or_else(|| config.data_dir.join("master.key"));
        let (key, setting) = master_key(self.place.master_key.as_deref(), &key_file)?;
        let moving = Move {
            dir: config.data_dir.clone(),
            url: url.expose().to_owned(),
            vault: Vault::new(&key).into(),
            now: Clock::SYSTEM.now(),
            partition: storage::partition(&config),
        };
        let mut progress = Progress::new(out);
        let moved = moving.run(|step| progress.tell(step));
        progress.end();
        let moved = moved.map_err(|error| explain(&error))?;
        report(out, &moved, &setting)
    }
}

/// The key, which must be there already, and the setting that gives it to the nodes.
fn master_key(given: Option<&str>, file: &Path) -> Done<(MasterKey, String)> {
    if let Some(text) = given {
        let key = MasterKey::parse(text).context("BELLWIRE_MASTER_KEY")?;
        return Ok((key, "BELLWIRE_MASTER_KEY=… (the one that this command was given)".into()));
    }
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::failed(format!("cannot read the master key in {}: {error}", file.display()))
            .hint("name the data directory with --data-dir, or the key with --master-key-file or BELLWIRE_MASTER_KEY")
    })?;
    let key = MasterKey::parse(&text).with_context(|| format!("{}", file.display()))?;
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    Ok((key, format!("BELLWIRE_MASTER_KEY_FILE={}", whole.display())))
}

fn explain(error: &MoveError) -> Failure {
    let hint = match error {
        MoveError::Source(OpenError::Locked(_)) => "stop the server first: what it does would not be moved",
        MoveError::Source(OpenError::Vault(_)) => "give the key that the server was given",
        MoveError::Target(_) => "run the same command again: it goes on where it was",
        MoveError::Source(_) | MoveError::Already(_) | MoveError::Refused(_) => "",
    };
    let failure = Failure::failed(error.to_string());
    if hint.is_empty() { failure } else { failure.hint(hint) }
}

/// Bars on a terminal, lines for programs, a line per table in a log.
struct Progress {
    out: Out,
    bar: Option<(String, ProgressBar)>,
}

impl Progress {
    fn new(out: Out) -> Self {
        Self { out, bar: None }
    }

    fn tell(&mut self, step: Step<'_>) {
        match step {
            Step::Copied { table, rows, total } if self.out.json => {
                drop(self.out.line(json!({"table": table, "rows": rows, "total": total}).to_string()));
            }
            Step::Copied { table, rows, total } if self.out.bars() => {
                if self.bar.as_ref().is_none_or(|(name, _)| name != table) {
                    self.end();
                    let style = ProgressStyle::with_template("{prefix:18} {wide_bar} {pos}/{len} {per_sec} {eta}");
                    let bar = ProgressBar::new(total.unsigned_abs());
                    self.bar = Some((
                        table.to_owned(),
                        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                            .with_prefix(table.to_owned()),
                    ));
                }
                if let Some((_, bar)) = &self.bar {
                    bar.set_position(rows.unsigned_abs());
                }
            }
            Step::Copied { table, rows, total } if rows == total => self.out.note(format!("{table}: {rows} rows")),
            Step::Copied { .. } => {}
            Step::Counting => {
                self.end();
                if !self.out.json {
                    self.out.note("counting both sides");
                }
            }
        }
    }

    fn end(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.abandon();
        }
    }
}

fn report(out: Out, moved: &Moved, setting: &str) -> Done {
    let agrees = moved.agrees();
    if out.json {
        let mut line = json!(moved);
        line["agrees"] = agrees.into();
        line["master_key"] = if agrees { setting.into() } else { serde_json::Value::Null };
        out.line(line.to_string())?;
    } else {
        let rows = |counts: &[bellwire_store::Count], before: &str| -> Vec<Vec<String>> {
            let row = |count: &bellwire_store::Count| {
                let verdict = if count.source == count.target {
                    out.paint(Tone::Good, "same")
                } else {
                    out.paint(Tone::Bad, "DIFFERENT")
                };
                vec![format!("{before}{}", count.name), count.source.to_string(), count.target.to_string(), verdict]
            };
            counts.iter().map(row).collect()
        };
        let mut lines = rows(&moved.tables, "");
        lines.extend(rows(&moved.deliveries, "deliveries: "));
        out.line(out.table(&["table", "data directory", "postgresql", ""], lines, "everything was there already"))?;
        if agrees {
            out.line(format!(
                "\nMoved. The master key stays the same: start every node with --database-url and\n  {setting}"
            ))?;
        }
    }
    if agrees {
        return Ok(());
    }
    Err(Failure::failed("the two sides differ: serve from neither")
        .hint("drop the database, remove moved-to-postgresql.json from the data directory, and migrate anew"))
}
