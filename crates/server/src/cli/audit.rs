//! `bellwire audit`: who did what, listed, exported, and an export checked without a server.
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    time::Duration,
};

use bellwire_domain::workspace::audit::{Broken, Chain};
use clap::{Args, Subcommand};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{
    block_on,
    client::query,
    failure::{Done, Exit, Failure},
    out::{Out, Tone, items, text},
    settings::{Global, Session},
};

/// How long the lines of an export may stop coming.
const SILENCE_MAX: Duration = Duration::from_mins(1);

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand)]
enum Command {
    /// List entries, newest first (what `bellwire audit` does)
    List(List),
    /// Print every entry as a line of JSON, oldest first
    Export(Select),
    /// Check the chain of an export offline; exit code 1 if it does not hold
    Verify(Verify),
}

/// Which entries.
#[derive(Args)]
struct Select {
    /// Only this action, such as key.create
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to this
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Only what this one did: person:…, key:…, slack:… or system
    #[arg(long)]
    actor: Option<String>,
    /// Only this namespace's
    #[arg(long)]
    namespace: Option<String>,
    /// After this: a time, or a duration back from now
    #[arg(long)]
    since: Option<String>,
    /// Until this
    #[arg(long)]
    until: Option<String>,
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    select: Select,
    /// How many, 1 to 200 [default: 50]
    #[arg(long)]
    limit: Option<u32>,
    /// The page after this one
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Args)]
pub(super) struct Verify {
    /// What `bellwire audit export` printed, or `-` for stdin
    file: String,
    /// It is some entries only: check each, and the ties between neighbours
    #[arg(long)]
    selection: bool,
    /// A hash that was noted earlier: some entry must have it, else history was written anew
    #[arg(long, value_name = "HASH")]
    contains: Option<String>,
}

impl Audit {
    pub(super) fn run(self, global: &Global) -> Done {
        match self.command {
            None => block_on(self.list.run(&global.session()?)),
            Some(Command::List(list)) => block_on(list.run(&global.session()?)),
            Some(Command::Export(select)) => block_on(select.export(&global.session()?)),
            Some(Command::Verify(verify)) => verify.run(global.out()),
        }
    }
}

impl Select {
    fn parameters(self) -> [(&'static str, Option<String>); 6] {
        [
            ("action", self.action),
            ("subject", self.subject),
            ("actor", self.actor),
            ("namespace", self.namespace),
            ("since", self.since),
            ("until", self.until),
        ]
    }

    async fn export(self, session: &Session) -> Done {
        let response = session.client.lines(&query("/v1/audit", &self.parameters())).await?;
        let mut body = response.into_body();
        let broken = |why: String| Failure::new(Exit::Unreachable, format!("the export is not whole: {why}"));
        loop {
            let frame = tokio::time::timeout(SILENCE_MAX, body.frame()).await;
            match frame.map_err(|_| broken("nothing came for a minute".into()))? {
                None => return Ok(()),
                Some(Err(error)) => return Err(broken(error.to_string())),
                Some(Ok(frame)) => io::stdout().lock().write_all(frame.data_ref().map_or(&[], |data| data))?,
            }
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Done {
        let mut parameters = self.select.parameters().to_vec();
        parameters.extend([("limit", self.limit.map(|limit| limit.to_string())), ("cursor", self.cursor)]);
        let (answer, out) = (session.client.get(&query("/v1/audit", &parameters)).await?, session.out);
        out.show(&answer, |value| {
            let row = |entry: &Value| {
                let mut row = vec![text(entry, "seq"), out.when(&entry["at"])];
                row.extend(["actor", "action", "subject", "namespace"].map(|name| text(entry, name)));
                row
            };
            let rows = items(value, "entries").iter().map(row).collect();
            out.table(&["seq", "at", "actor", "action", "subject", "namespace"], rows, "no entries")
        })
    }
}

impl Verify {
    pub(super) fn run(self, out: Out) -> Done {
        let file: Box<dyn BufRead> = if self.file == "-" {
            Box::new(io::stdin().lock())
        } else {
            let opened = File::open(&self.file);
            Box::new(BufReader::new(
                opened.map_err(|error| Failure::failed(format!("cannot read {}: {error}", self.file)))?,
            ))
        };
        let (mut chain, mut count, mut contains) = (Chain::default(), 0_u64, self.contains.is_none());
        if self.selection {
            chain = Chain::selection();
        }
        for line in file.lines() {
            let line = line?;
            count += 1;
            match chain.push_line(&line) {
                Ok(entry) => contains |= self.contains.as_deref() == Some(&*hex::encode(entry.hash)),
                Err(broken) => return refuse(out, &bad_entry(&line, count, &broken)),
            }
        }
        let Some(head) = chain.head() else { return refuse(out, "there is no entry in it") };
        if !contains {
            let wanted = self.contains.unwrap_or_default();
            return refuse(out, &format!("no entry has the hash {wanted}: the chain holds, but it is another one"));
        }
        let hash = hex::encode(head.hash);
        if out.json {
            return out.line(json!({"valid": true, "entries": count, "seq": head.seq, "hash": hash}).to_string());
        }
        let what = if self.selection { "entries are as they were written" } else { "entries, without a gap" };
        out.line(format!("{} {count} {what}", out.paint(Tone::Good, "valid:")))?;
        out.line(format!("the last is {} with the hash {hash}", head.seq))
    }
}

/// Names the first entry that is not as it was written.
fn bad_entry(line: &str, number: u64, broken: &Broken) -> String {
    let seq = serde_json::from_str::<Value>(line).ok().and_then(|entry| entry["seq"].as_i64());
    let entry = seq.map_or_else(String::new, |seq| format!(", entry {seq}"));
    format!("line {number}{entry}: {broken}")
}

fn refuse(out: Out, why: &str) -> Done {
    if out.json {
        out.line(json!({"valid": false, "error": why}).to_string())?;
    } else {
        out.line(format!("{} {why}", out.paint(Tone::Bad, "broken:")))?;
    }
    Err(Failure::told())
}
