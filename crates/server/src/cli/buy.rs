//! `bellwire buy`, `holds` and `refund`: money spent, set aside and given back.
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    client::{Answer, segment},
    failure::Done,
    out::{Out, card, text},
    settings::Session,
    wallets::{exact, object},
};

#[derive(Args)]
pub(super) struct Buy {
    /// The wallet that pays
    wallet: String,
    /// How much, in USD
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// Who is paid
    vendor: String,
    /// What for
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    /// What kind it is, for analytics
    #[arg(long)]
    category: Option<String>,
    /// For people
    #[arg(long)]
    memo: Option<String>,
    /// Which agent buys
    #[arg(long)]
    agent_id: Option<String>,
    /// Only set the amount aside, to be captured, voided or failed
    #[arg(long)]
    hold: bool,
    /// How long it is set aside, 1s to 7d [default: 15m]
    #[arg(long, requires = "hold")]
    expires_in: Option<String>,
    /// Buy once, however often this is run with the same key
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

#[derive(Args)]
pub(super) struct Holds {
    #[command(subcommand)]
    end: End,
    /// End it once, however often this is run with the same key
    #[arg(long, value_name = "KEY", global = true)]
    idempotency_key: Option<String>,
}

#[derive(Subcommand)]
enum End {
    /// Pay what was set aside, or some of it; the rest is let go
    Capture {
        id: String,
        /// How much, in USD [default: all of it]
        #[arg(long, value_name = "USD", allow_negative_numbers = true)]
        amount: Option<String>,
    },
    /// Let go of what was set aside
    Void { id: String },
    /// Let go of it since vendor or network failed
    Fail {
        id: String,
        /// For programs, such as `card_declined`
        #[arg(long)]
        code: String,
        /// For people
        #[arg(long)]
        message: String,
    },
}

#[derive(Args)]
pub(super) struct Refund {
    /// The purchase
    id: String,
    /// How much comes back, in USD [default: all that is left]
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    amount: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
    /// Give it back once, however often this is run with the same key
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl Buy {
    pub(super) async fn run(self, session: &Session) -> Done {
        let kind = if self.hold { "holds" } else { "purchases" };
        let path = format!("/v1/wallets/{}/{kind}", segment(&self.wallet));
        let body = object([
            ("amount_usd", Some(self.amount.into())),
            ("vendor", Some(self.vendor.into())),
            ("description", Some(self.description.into())),
            ("category", self.category.map(Value::from)),
            ("memo", self.memo.map(Value::from)),
            ("agent_id", self.agent_id.map(Value::from)),
            ("expires_in", self.expires_in.map(Value::from)),
        ]);
        let answer = session.client.post_once(&path, &Value::Object(body), self.idempotency_key.as_deref()).await?;
        show(session.out, answer)
    }
}

impl Holds {
    pub(super) async fn run(self, session: &Session) -> Done {
        let (id, action, body) = match self.end {
            End::Capture { id, amount } => (id, "capture", object([("amount_usd", amount.map(Value::from))]).into()),
            End::Void { id } => (id, "void", json!({})),
            End::Fail { id, code, message } => (id, "fail", json!({"error_code": code, "error_message": message})),
        };
        let path = format!("/v1/holds/{}/{action}", segment(&id));
        let answer = session.client.post_once(&path, &body, self.idempotency_key.as_deref()).await?;
        show(session.out, answer)
    }
}

impl Refund {
    pub(super) async fn run(self, session: &Session) -> Done {
        let path = format!("/v1/purchases/{}/refund", segment(&self.id));
        let body = object([("amount_usd", self.amount.map(Value::from)), ("reason", Some(self.reason.into()))]);
        let answer = session.client.post_once(&path, &Value::Object(body), self.idempotency_key.as_deref()).await?;
        show(session.out, answer)
    }
}

/// A purchase, hold or refund, and what the wallet has left.
fn show(out: Out, answer: Answer) -> Done {
    let answer = exact(answer)?;
    let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let left = header("bellwire-budget-remaining-usd").to_owned();
    let resets_at = header("bellwire-budget-resets-at");
    let resets_at = if resets_at.is_empty() { Value::Null } else { resets_at.into() };
    out.show(&answer, |answered| {
        // Where people are asked, the answer has the approval beside what waits for it.
        let approval = &answered["approval"];
        let value = [&answered["hold"], &answered["purchase"]].into_iter().find(|one| one.is_object());
        let value = value.filter(|_| approval.is_object()).unwrap_or(answered);
        let field = |name: &str| text(value, name);
        // What a purchase that succeeded has paid is its amount.
        let of_hold = |name: &str| if value["purchase_id"].is_null() { String::new() } else { field(name) };
        card(&[
            ("id", field("id")),
            ("purchase", field("purchase_id")),
            ("status", field("status")),
            ("amount", field("amount_usd")),
            ("captured", of_hold("captured_usd")),
            ("released", of_hold("released_usd")),
            ("came back", of_hold("refunded_usd")),
            ("vendor", field("vendor")),
            ("error", field("error_message")),
            ("approval", text(approval, "id")),
            ("ask until", out.when(&approval["expires_at"])),
            ("expires", out.when(&value["expires_at"])),
            ("left to spend", left),
            ("starts anew", out.when(&resets_at)),
        ])
    })
}
