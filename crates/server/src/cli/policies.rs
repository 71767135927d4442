//! `bellwire policies`: listed, made and changed from a file, tried out and replayed.
use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde_json::{Value, value::RawValue};

use super::{
    client::{query, segment},
    failure::{Done, Failure},
    out::{Out, card, items, text},
    settings::Session,
    wallets::{exact, object},
};

#[derive(Subcommand)]
pub(super) enum Policies {
    /// List them, newest first
    List {
        /// Only this namespace's
        #[arg(long)]
        namespace: Option<String>,
        /// How many, 1 to 200 [default: 50]
        #[arg(long)]
        limit: Option<u32>,
        /// The page after this one
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one, with its rules
    Get { id: String },
    /// Make one of a JSON file: {"name": …, "rules": […]}
    Create {
        /// The file
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Change one by a JSON file; what is not in it stays, and the change is a new version
    Update {
        id: String,
        /// The file
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Remove one that is attached to nothing; its versions stay
    Delete { id: String },
    /// List the versions of one, newest first
    Versions {
        id: String,
        /// How many, 1 to 200 [default: 50]
        #[arg(long)]
        limit: Option<u32>,
        /// The page after this one
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Try one on a purchase that is made up
    Evaluate(Evaluate),
    /// See what one would have done with all that was asked for
    Replay(Replay),
}

#[derive(Args)]
pub(super) struct Evaluate {
    id: String,
    /// How much, in USD
    amount: String,
    /// Who would be paid
    vendor: String,
    /// What for
    #[arg(long)]
    description: Option<String>,
    /// What kind it is
    #[arg(long)]
    category: Option<String>,
    /// The wallet that would pay
    #[arg(long, value_name = "ID")]
    wallet: Option<String>,
    /// The agent that would buy
    #[arg(long)]
    agent_id: Option<String>,
    /// When [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Rules to be tried in place of its own: a JSON file with a list
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Replay {
    id: String,
    /// What was asked for after this: a time, or a duration back from now
    #[arg(long)]
    since: String,
    /// Up to this [default: now]
    #[arg(long)]
    until: Option<String>,
    /// As if it were attached to this wallet alone
    #[arg(long, value_name = "ID")]
    wallet: Option<String>,
    /// Rules to be tried in place of its own: a JSON file with a list
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

/// JSON of a file as it is written: no float is made of its amounts.
fn json_of(path: &Path) -> Done<Box<RawValue>> {
    let named = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| named(format!("is not JSON: {error}")))
}

/// A body with rules of a file, if one is given.
fn with_rules(body: serde_json::Map<String, Value>, rules: Option<&Path>) -> Done<Box<RawValue>> {
    let Some(rules) = rules.map(json_of).transpose()? else { return Ok(serde_json::value::to_raw_value(&body)?) };
    let body = Value::Object(body).to_string();
    let open = body.trim_end_matches('}');
    let comma = if open == "{" { "" } else { "," };
    Ok(RawValue::from_string(format!("{open}{comma}\"rules\":{rules}}}"))?)
}

impl Policies {
    pub(super) async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        let at = |id: &str, action: &str| format!("/v1/policies/{}{action}", segment(id));
        match self {
            Self::List { namespace, limit, cursor } => {
                let parameters =
                    [("namespace", namespace), ("limit", limit.map(|limit| limit.to_string())), ("cursor", cursor)];
                let answer = client.get(&query("/v1/policies", &parameters)).await?;
                out.show(&answer, |value| policies(out, value, "policies"))
            }
            Self::Get { id } => out.show(&exact(client.get(&at(&id, "")).await?)?, |value| shown(out, value)),
            Self::Create { file } => {
                let answer = client.post("/v1/policies", &json_of(&file)?).await?;
                out.show(&exact(answer)?, |value| shown(out, value))
            }
            Self::Update { id, file } => {
                let answer = client.patch(&at(&id, ""), &json_of(&file)?).await?;
                out.show(&exact(answer)?, |value| shown(out, value))
            }
            Self::Delete { id } => {
                let answer = client.delete(&at(&id, "")).await?;
                out.show(&answer, |_| format!("{id} is removed"))
            }
            Self::Versions { id, limit, cursor } => {
                let parameters = [("limit", limit.map(|limit| limit.to_string())), ("cursor", cursor)];
                let answer = client.get(&query(&at(&id, "/versions"), &parameters)).await?;
                out.show(&answer, |value| policies(out, value, "versions"))
            }
            Self::Evaluate(asked) => {
                let body = object([
                    ("amount_usd", Some(asked.amount.into())),
                    ("vendor", Some(asked.vendor.into())),
                    ("description", asked.description.map(Value::from)),
                    ("category", asked.category.map(Value::from)),
                    ("wallet_id", asked.wallet.map(Value::from)),
                    ("agent_id", asked.agent_id.map(Value::from)),
                    ("at", asked.at.map(Value::from)),
                ]);
                let body = with_rules(body, asked.rules.as_deref())?;
                let answer = client.post(&at(&asked.id, "/evaluate"), &body).await?;
                out.show(&answer, |value| decided(out, value))
            }
            Self::Replay(asked) => {
                let body = object([
                    ("since", Some(asked.since.into())),
                    ("until", asked.until.map(Value::from)),
                    ("wallet_id", asked.wallet.map(Value::from)),
                ]);
                let body = with_rules(body, asked.rules.as_deref())?;
                let answer = client.post(&at(&asked.id, "/replay"), &body).await?;
                out.show(&exact(answer)?, |value| report(out, value))
            }
        }
    }
}

fn policies(out: Out, value: &Value, name: &str) -> String {
    let row = |policy: &Value| {
        vec![
            text(policy, "id"),
            text(policy, "name"),
            text(policy, "version"),
            items(policy, "rules").len().to_string(),
            text(policy, "default"),
            text(policy, "namespace"),
            out.when(&policy["updated_at"]),
        ]
    };
    let rows = items(value, name).iter().map(row).collect();
    let empty = "no policies yet; make one with `bellwire policies create -f FILE`";
    out.table(&["id", "name", "version", "rules", "default", "namespace", "changed"], rows, empty)
}

fn shown(out: Out, policy: &Value) -> String {
    let rules: Vec<String> = items(policy, "rules").iter().map(Value::to_string).collect();
    let fields = card(&[
        ("id", text(policy, "id")),
        ("name", text(policy, "name")),
        ("version", text(policy, "version")),
        ("default", text(policy, "default")),
        ("agents", text(policy, "agents")),
        ("namespaces", text(policy, "namespaces")),
        ("namespace", text(policy, "namespace")),
        ("changed", out.when(&policy["updated_at"])),
        ("by", text(policy, "updated_by")),
    ]);
    format!("{fields}\n{}", rules.join("\n"))
}

fn decided(out: Out, value: &Value) -> String {
    let row = |line: &Value| vec![text(line, "rule"), text(line, "effect"), text(line, "detail")];
    let rows = items(value, "rules").iter().map(row).collect();
    let rules = out.table(&["rule", "effect", "why"], rows, "it has no rules");
    format!("{} by {}: {}\n{rules}", text(value, "decision"), text(value, "rule"), text(value, "detail"))
}

fn report(out: Out, value: &Value) -> String {
    let row = |flip: &Value| vec![text(flip, "from"), text(flip, "to"), text(flip, "count"), text(flip, "amount_usd")];
    let rows = items(value, "flips").iter().map(row).collect();
    let flips = out.table(&["from", "to", "requests", "amount"], rows, "nothing would have been otherwise");
    let more = if value["truncated"] == Value::Bool(true) { "; there were more" } else { "" };
    format!("{} requests of {} USD{more}\n{flips}", text(value, "requests"), text(value, "amount_usd"))
}
