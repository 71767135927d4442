//! `bellwire approvals`, `approve` and `deny`: what waits for people, decided here; receipts checked offline.
use bellwire_domain::approval::Claims;
use bellwire_wire::PublicKey;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    args,
    client::{Answer, query, segment},
    failure::{Done, Failure},
    out::{Out, Tone, ago, card, items, text},
    settings::{Global, Session},
    wallets::{exact, object},
};
use crate::clock::Clock;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Approvals {
    #[command(subcommand)]
    what: Option<What>,
    /// pending, approved, denied, expired, undeliverable or cancelled
    #[arg(long)]
    status: Option<String>,
    /// Only what this agent asked
    #[arg(long)]
    agent_id: Option<String>,
    /// How many, 1 to 200 [default: 50]
    #[arg(long)]
    limit: Option<u32>,
    /// The page after this one
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Show one, whole
    Get { id: String },
    /// Check a receipt offline: who allowed what, and until when
    VerifyReceipt(Receipt),
}

#[derive(Args)]
pub(super) struct Receipt {
    /// The receipt: a file, or `-` for stdin
    #[arg(default_value = "-")]
    file: String,
    /// The public key of the deployment, `whpk_…` (`/.well-known/bellwire-keys.json` has it)
    #[arg(long, visible_alias = "public-key", value_name = "KEY")]
    key: String,
}

#[derive(Args)]
pub(super) struct Approve {
    /// The approval
    id: String,
    /// Why; it is kept in the audit log
    #[arg(long)]
    reason: String,
    /// Allow at most so much, in USD: what was asked for or less
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    amount: Option<String>,
}

#[derive(Args)]
pub(super) struct Deny {
    /// The approval
    id: String,
    /// Why; it is kept in the audit log
    #[arg(long)]
    reason: String,
}

impl Approvals {
    /// Whether a server is needed.
    pub(super) fn is_offline(&self) -> bool {
        matches!(self.what, Some(What::VerifyReceipt(_)))
    }

    /// What needs no server.
    pub(super) fn offline(self, global: &Global) -> Done {
        match self.what {
            Some(What::VerifyReceipt(receipt)) => receipt.check(global.out()),
            _ => Ok(()),
        }
    }

    pub(super) async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        if let Some(What::Get { id }) = &self.what {
            let answer = client.get(&format!("/v1/approvals/{}", segment(id))).await?;
            return out.show(&exact(answer)?, |value| shown(out, value));
        }
        let parameters = [
            ("status", self.status),
            ("agent_id", self.agent_id),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("cursor", self.cursor),
        ];
        let answer = client.get(&query("/v1/approvals", &parameters)).await?;
        out.show(&exact(answer)?, |value| listed(out, value))
    }
}

impl Approve {
    pub(super) async fn run(self, session: &Session) -> Done {
        let body = object([
            ("decision", Some("approve".into())),
            ("reason", Some(self.reason.into())),
            ("amount_usd", self.amount.map(Value::from)),
        ]);
        decide(session, &self.id, &Value::Object(body)).await
    }
}

impl Deny {
    pub(super) async fn run(self, session: &Session) -> Done {
        decide(session, &self.id, &json!({"decision": "deny", "reason": self.reason})).await
    }
}

async fn decide(session: &Session, id: &str, body: &Value) -> Done {
    if body["reason"].as_str().is_none_or(|reason| reason.trim().is_empty()) {
        // Sent, it would be a no: what cannot be understood denies.
        return Err(Failure::usage("--reason must say why"));
    }
    let answer: Answer = session.client.post(&format!("/v1/approvals/{}", segment(id)), body).await?;
    session.out.show(&exact(answer)?, |value| {
        let more = if text(value, "status") == "pending" { "; more people must agree" } else { "" };
        format!("{} is {}{more}", text(value, "id"), text(value, "status"))
    })
}

fn listed(out: Out, value: &Value) -> String {
    let row = |approval: &Value| {
        vec![
            text(approval, "id"),
            text(approval, "status"),
            text(approval, "title"),
            text(&approval["transaction"], "amount_usd"),
            text(&approval["agent"], "id"),
            out.when(&approval["created_at"]),
            out.when(&approval["expires_at"]),
        ]
    };
    let rows = items(value, "approvals").iter().map(row).collect();
    out.table(&["id", "status", "title", "amount", "agent", "asked", "until"], rows, "nothing was asked")
}

fn shown(out: Out, approval: &Value) -> String {
    let field = |name: &str| text(approval, name);
    let (agent, bought, policy) = (&approval["agent"], &approval["transaction"], &approval["policy"]);
    let pending = field("status") == "pending";
    card(&[
        ("id", field("id")),
        ("status", field("status")),
        ("title", field("title")),
        ("action", field("action")),
        ("amount", text(bought, "amount_usd")),
        ("vendor", text(bought, "vendor")),
        ("category", text(bought, "category")),
        ("memo", text(bought, "memo")),
        ("details", field("details")),
        ("digest", field("action_digest")),
        ("agent", text(agent, "id")),
        ("run", text(agent, "run_id")),
        ("operator", text(agent, "operator")),
        ("asked by", field("requested_by")),
        ("rule", text(policy, "rule")),
        ("threshold", text(policy, "threshold_usd")),
        ("spent today", text(policy, "daily_spent_usd")),
        ("daily cap", text(policy, "daily_cap_usd")),
        ("approvers", field("approvers")),
        ("quorum", field("quorum")),
        ("channels", field("channels")),
        ("asked", out.when(&approval["created_at"])),
        ("until", if pending { out.when(&approval["expires_at"]) } else { String::new() }),
        ("decided", out.when(&approval["decided_at"])),
        ("by", field("decided_by")),
        ("reason", field("reason")),
        ("allowed", field("approved_usd")),
        ("used", out.when(&approval["consumed_at"])),
        ("receipt", field("receipt")),
    ])
}

impl Receipt {
    /// Says what it says, if the key signed it. One whose time is over is genuine still, and no permission.
    pub(super) fn check(&self, out: Out) -> Done {
        verify(out, &self.file, &self.key)
    }
}

fn verify(out: Out, file: &str, key: &str) -> Done {
    let key = PublicKey::parse(key).map_err(|error| Failure::usage(format!("--key: {error}")))?;
    let bytes = args::read(file)?;
    let checked = Claims::verify(&String::from_utf8_lossy(&bytes), &key);
    let claims = match checked {
        Ok(claims) => claims,
        Err(error) if out.json => {
            out.line(json!({"valid": false, "error": error.to_string()}).to_string())?;
            return Err(Failure::told());
        }
        Err(error) => return Err(Failure::failed(format!("this {error}"))),
    };
    let now = Clock::SYSTEM.now();
    let lapsed = claims.not_after <= now;
    if out.json {
        return out.line(json!({"valid": true, "lapsed": lapsed, "claims": claims}).to_string());
    }
    out.line(format!("{} receipt", out.paint(Tone::Good, "valid")))?;
    let until = format!("{} ({})", claims.not_after, ago(claims.not_after, now));
    out.line(card(&[
        ("approval", claims.approval_id),
        ("workspace", claims.workspace_id),
        ("action", claims.action),
        ("digest", claims.action_digest.to_string()),
        ("at most", claims.amount_cap_usd.unwrap_or_default()),
        ("approvers", claims.approvers.join(",")),
        ("policy", claims.policy_id.unwrap_or_default()),
        ("version", claims.policy_version.map(|version| version.to_string()).unwrap_or_default()),
        ("decided", claims.decided_at.to_string()),
        ("until", until),
    ]))?;
    if lapsed {
        out.note("its time is over: it permits nothing any more");
    }
    Ok(())
}
