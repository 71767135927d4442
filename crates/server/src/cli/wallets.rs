//! `bellwire wallets`: made, listed, changed, frozen, and what is left of them.
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{
    client::{Answer, query, segment},
    failure::{Done, Failure},
    out::{Out, card, items, text},
    settings::Session,
};
use crate::api::Exact;

#[derive(Subcommand)]
pub(super) enum Wallets {
    /// List them, newest first
    List(List),
    /// Show one
    Get { id: String },
    /// Make one
    Create(Create),
    /// Change fields; what is not given stays
    Update(Update),
    /// Grant nothing more from one or from what is below it
    Freeze {
        id: String,
        /// Why; it is kept in the audit log
        #[arg(long)]
        reason: String,
    },
    /// Grant again
    Unfreeze {
        id: String,
        /// Why; it is kept in the audit log
        #[arg(long)]
        reason: String,
    },
    /// What is left of one, and of which wallet above it
    Balance { id: String },
    /// List what was bought from one, newest first
    Purchases {
        id: String,
        /// held, succeeded, voided, failed or expired
        #[arg(long)]
        status: Option<String>,
        /// After this: a time, or a duration back from now
        #[arg(long)]
        since: Option<String>,
        #[command(flatten)]
        page: Page,
    },
}

#[derive(Args)]
pub(super) struct Page {
    /// How many, 1 to 200 [default: 50]
    #[arg(long)]
    limit: Option<u32>,
    /// The page after this one
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Args)]
pub(super) struct List {
    /// Only this namespace's
    #[arg(long)]
    namespace: Option<String>,
    /// Only this agent's
    #[arg(long)]
    agent_id: Option<String>,
    /// Only those right below this wallet
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// active or frozen
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    page: Page,
}

/// How fast a wallet may be spent.
#[derive(Args)]
struct Limits {
    /// The most that one purchase may cost, in USD
    #[arg(long, value_name = "USD")]
    max_transaction: Option<String>,
    /// The most that any minute may cost, in USD
    #[arg(long, value_name = "USD")]
    max_per_minute: Option<String>,
    /// How many purchases any minute may have
    #[arg(long, value_name = "COUNT")]
    max_count_per_minute: Option<u32>,
    /// What is done when a limit is passed: notify, freeze or deny
    #[arg(long)]
    on_breach: Option<String>,
}

impl Limits {
    fn body(self) -> Option<Value> {
        let fields = [
            ("max_transaction_usd", self.max_transaction.map(Value::from)),
            ("max_per_minute_usd", self.max_per_minute.map(Value::from)),
            ("max_count_per_minute", self.max_count_per_minute.map(Value::from)),
            ("on_breach", self.on_breach.map(Value::from)),
        ];
        let body = object(fields);
        (!body.is_empty()).then_some(Value::Object(body))
    }
}

#[derive(Args)]
pub(super) struct Create {
    /// What people call it
    name: String,
    /// How much may be spent in a period, in USD
    #[arg(long, value_name = "USD")]
    budget: String,
    /// total (never starts anew), daily or monthly [default: total]
    #[arg(long)]
    window: Option<String>,
    /// Whose midnight ends a day or a month, such as Europe/Berlin [default: UTC]
    #[arg(long)]
    tz: Option<String>,
    /// Whose it is [default: its parent's]
    #[arg(long)]
    namespace: Option<String>,
    /// The agent that spends from it
    #[arg(long)]
    agent_id: Option<String>,
    /// The wallet above it, in whose budget its spending must fit too
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// Percents of the budget that are told, separated by commas [default: 50,80,95]
    #[arg(long, value_delimiter = ',')]
    thresholds: Vec<u32>,
    /// Its money is play money
    #[arg(long)]
    sandbox: bool,
    #[command(flatten)]
    limits: Limits,
}

#[derive(Args)]
pub(super) struct Update {
    id: String,
    /// Why; it is kept in the audit log
    #[arg(long)]
    reason: String,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// How much may be spent in a period, in USD
    #[arg(long, value_name = "USD")]
    budget: Option<String>,
    /// Percents of the budget that are told, separated by commas
    #[arg(long, value_delimiter = ',')]
    thresholds: Vec<u32>,
    #[command(flatten, next_help_heading = "Limits, all anew (what is not given is as every wallet has it)")]
    limits: Limits,
}

impl Create {
    fn body(self) -> Value {
        Value::Object(object([
            ("name", Some(self.name.into())),
            ("budget_usd", Some(self.budget.into())),
            ("window", self.window.map(Value::from)),
            ("tz", self.tz.map(Value::from)),
            ("namespace", self.namespace.map(Value::from)),
            ("agent_id", self.agent_id.map(Value::from)),
            ("parent_id", self.parent.map(Value::from)),
            ("thresholds", (!self.thresholds.is_empty()).then(|| json!(self.thresholds))),
            ("sandbox", self.sandbox.then_some(Value::Bool(true))),
            ("limits", self.limits.body()),
        ]))
    }
}

impl Update {
    fn body(self) -> Done<Value> {
        let mut body = object([
            ("name", self.name.map(Value::from)),
            ("budget_usd", self.budget.map(Value::from)),
            ("thresholds", (!self.thresholds.is_empty()).then(|| json!(self.thresholds))),
            ("limits", self.limits.body()),
        ]);
        if body.is_empty() {
            return Err(Failure::usage("nothing to change was given").hint("see --help for the fields"));
        }
        body.insert("reason".into(), self.reason.into());
        Ok(Value::Object(body))
    }
}

impl Wallets {
    pub(super) async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        let at = |id: &str| format!("/v1/wallets/{}", segment(id));
        match self {
            Self::List(list) => {
                let parameters = [
                    ("namespace", list.namespace),
                    ("agent_id", list.agent_id),
                    ("parent_id", list.parent),
                    ("status", list.status),
                    ("limit", list.page.limit.map(|limit| limit.to_string())),
                    ("cursor", list.page.cursor),
                ];
                let answer = client.get(&query("/v1/wallets", &parameters)).await?;
                out.show(&exact(answer)?, |value| wallets(out, value))
            }
            Self::Get { id } => out.show(&exact(client.get(&at(&id)).await?)?, |value| shown(out, value)),
            Self::Create(create) => {
                let answer = client.post("/v1/wallets", &create.body()).await?;
                out.show(&exact(answer)?, |value| shown(out, value))
            }
            Self::Update(update) => {
                let path = at(&update.id);
                let answer = client.patch(&path, &update.body()?).await?;
                out.show(&exact(answer)?, |value| shown(out, value))
            }
            Self::Freeze { id, reason } => status(session, &at(&id), "frozen", &reason).await,
            Self::Unfreeze { id, reason } => status(session, &at(&id), "active", &reason).await,
            Self::Balance { id } => {
                let answer = client.get(&format!("{}/balance", at(&id))).await?;
                out.show(&exact(answer)?, |value| balance(out, value))
            }
            Self::Purchases { id, status, since, page } => {
                let parameters = [
                    ("status", status),
                    ("since", since),
                    ("limit", page.limit.map(|limit| limit.to_string())),
                    ("cursor", page.cursor),
                ];
                let answer = client.get(&query(&format!("{}/purchases", at(&id)), &parameters)).await?;
                out.show(&exact(answer)?, |value| purchases(out, value))
            }
        }
    }
}

async fn status(session: &Session, path: &str, status: &str, reason: &str) -> Done {
    let answer = session.client.patch(path, &json!({"status": status, "reason": reason})).await?;
    session.out.show(&answer, |value| format!("{} is {}", text(value, "id"), text(value, "status")))
}

/// The members that have a value.
pub(super) fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// An answer whose amounts are read as they were written: no float is shown to anybody.
pub(super) fn exact(answer: Answer) -> Done<Answer> {
    let Exact(value) = serde_json::from_str(&answer.text)?;
    Ok(Answer { value, ..answer })
}

fn wallets(out: Out, value: &Value) -> String {
    let row = |wallet: &Value| {
        vec![
            text(wallet, "id"),
            text(wallet, "name"),
            text(wallet, "status"),
            text(wallet, "available_usd"),
            text(wallet, "budget_usd"),
            text(wallet, "window"),
            text(wallet, "namespace"),
            text(wallet, "agent_id"),
        ]
    };
    let rows = items(value, "wallets").iter().map(row).collect();
    let empty = "no wallets yet; make one with `bellwire wallets create NAME --budget USD`";
    out.table(&["id", "name", "status", "left", "budget", "window", "namespace", "agent"], rows, empty)
}

fn purchases(out: Out, value: &Value) -> String {
    let row = |purchase: &Value| {
        vec![
            text(purchase, "id"),
            text(purchase, "status"),
            text(purchase, "amount_usd"),
            text(purchase, "vendor"),
            text(purchase, "category"),
            text(purchase, "agent_id"),
            out.when(&purchase["created_at"]),
        ]
    };
    let rows = items(value, "purchases").iter().map(row).collect();
    out.table(&["id", "status", "amount", "vendor", "category", "agent", "made"], rows, "nothing was bought")
}

fn shown(out: Out, wallet: &Value) -> String {
    let field = |name: &str| text(wallet, name);
    let limits = &wallet["limits"];
    card(&[
        ("id", field("id")),
        ("name", field("name")),
        ("status", field("status")),
        ("reason", field("status_reason")),
        ("budget", field("budget_usd")),
        ("spent", field("spent_usd")),
        ("held", field("held_usd")),
        ("left", field("available_usd")),
        ("window", field("window")),
        ("time zone", field("tz")),
        ("starts anew", out.when(&wallet["resets_at"])),
        ("namespace", field("namespace")),
        ("agent", field("agent_id")),
        ("below", field("parent_id")),
        ("thresholds", field("thresholds")),
        ("max transaction", text(limits, "max_transaction_usd")),
        ("max per minute", text(limits, "max_per_minute_usd")),
        ("max count per minute", text(limits, "max_count_per_minute")),
        ("on breach", text(limits, "on_breach")),
        ("sandbox", if wallet["sandbox"] == json!(true) { "yes".into() } else { String::new() }),
        ("created", out.when(&wallet["created_at"])),
    ])
}

fn balance(out: Out, value: &Value) -> String {
    let field = |name: &str| text(value, name);
    let above = field("limited_by");
    card(&[
        ("can be spent", field("spendable_usd")),
        ("limited by", if above == field("wallet_id") { String::new() } else { above }),
        ("left of its own", field("available_usd")),
        ("budget", field("budget_usd")),
        ("spent", field("spent_usd")),
        ("held", field("held_usd")),
        ("starts anew", out.when(&value["resets_at"])),
        ("status", field("status")),
        ("refused", field("denied_count")),
    ])
}
