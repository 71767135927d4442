//! An approval: what was asked, and what became of it.
use std::fmt;

use bellwire_wire::{ApprovalId, EventId, Namespace, PolicyId, Timestamp, UsdNanos, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Channel, Digest};
use crate::workspace::Principal;

/// Where an approval stands. Whatever is not `Approved` releases nothing (keeps I4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// It waits for people.
    Pending,
    /// They agreed.
    Approved,
    /// Somebody said no, or nothing that could be understood.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// Nobody could be asked.
    Undeliverable,
    /// Whoever asked took the question back.
    Cancelled,
}

impl ApprovalStatus {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Approved, Self::Denied, Self::Expired, Self::Undeliverable, Self::Cancelled];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Undeliverable => "undeliverable",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for ApprovalStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ApprovalStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or("must be pending, approved, denied, expired, undeliverable or cancelled")
    }
}

/// What would be bought, for people to see; what is bound is in the parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// How much.
    pub amount_usd: UsdNanos,
    /// Who is paid.
    pub vendor: String,
    /// What kind.
    pub category: Option<String>,
    /// What for.
    pub memo: Option<String>,
    /// How it is paid.
    pub rail: Option<String>,
}

/// Which rule asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedBy {
    /// The rule, by its name.
    pub rule: String,
    /// Its threshold.
    pub threshold_usd: Option<UsdNanos>,
    /// Spent today over what the policy is attached to.
    pub daily_spent_usd: Option<UsdNanos>,
    /// What may be spent a day.
    pub daily_cap_usd: Option<UsdNanos>,
    /// The policy.
    pub policy_id: PolicyId,
    /// Which version of it.
    pub policy_version: u32,
}

/// A question, whole: nothing else needs to be looked up to answer it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The question, for people.
    pub title: String,
    /// What would be done, for programs.
    pub action: String,
    /// With what exactly.
    pub parameters: Map<String, Value>,
    /// What would be bought, if it is about money.
    pub transaction: Option<Transaction>,
    /// Which rule asks; absent if the agent asks by itself.
    pub policy: Option<AskedBy>,
    /// The agent that would do it.
    pub agent_id: Option<String>,
    /// In which of its runs.
    pub run_id: Option<String>,
    /// Who runs it.
    pub operator: Option<String>,
    /// Where the decision is sent to.
    pub callback_url: Option<String>,
    /// Who asked, as the audit log names them.
    pub requested_by: String,
    /// What of the asker's own the answer is about, such as a purchase. Opaque here.
    pub subject: Option<String>,
}

/// What was allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Granted {
    /// At most so much money.
    pub amount_usd: Option<UsdNanos>,
    /// With these parameters: those asked for, or narrower ones.
    pub parameters: Map<String, Value>,
    /// What it is bound to.
    pub digest: Digest,
    /// Until when it may be used.
    pub not_after: Timestamp,
    /// The decision, signed.
    pub receipt: String,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// Why, in words.
    pub reason: Option<String>,
    /// Who decided; nobody, if it ended by itself.
    pub approvers: Vec<String>,
    /// What was allowed, if it was approved.
    pub granted: Option<Granted>,
    /// When what was allowed was used.
    pub consumed_at: Option<Timestamp>,
}

/// An approval.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// Its place among all approvals.
    pub seq: i64,
    /// Its id, and the key to recognise it by.
    pub id: ApprovalId,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which customer's.
    pub namespace: Option<Namespace>,
    /// Where it stands.
    pub status: ApprovalStatus,
    /// What was asked.
    pub question: Question,
    /// What the answer is bound to.
    pub digest: Digest,
    /// Who may decide; whoever has the permission, if empty.
    pub approvers: Vec<String>,
    /// So many must agree.
    pub quorum: u32,
    /// Where it was asked.
    pub channels: Vec<Channel>,
    /// The event that asks.
    pub event_id: EventId,
    /// Since when.
    pub created_at: Timestamp,
    /// When silence becomes a no.
    pub expires_at: Timestamp,
    /// How it ended; absent while it is pending.
    pub outcome: Option<Outcome>,
    /// The request that asked, byte for byte.
    pub request_body: String,
}

impl Approval {
    /// Whether its time is up though nobody noticed yet.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.status == ApprovalStatus::Pending && self.expires_at <= now
    }

    /// Whether a key may take it for its own: an agent's key only what that agent asked.
    pub fn is_own(&self, by: &Principal) -> bool {
        by.sees(self.namespace.as_ref()) && (by.key.agent_id.is_none() || by.key.agent_id == self.question.agent_id)
    }

    /// What was allowed.
    pub fn granted(&self) -> Option<&Granted> {
        self.outcome.as_ref().and_then(|outcome| outcome.granted.as_ref())
    }

    /// How much money was asked for.
    pub fn amount(&self) -> Option<UsdNanos> {
        self.question.transaction.as_ref().map(|transaction| transaction.amount_usd)
    }
}

/// One person's yes, while more are needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    /// Who.
    pub approver: String,
    /// Why.
    pub reason: String,
    /// At most so much, if they lowered it.
    pub amount: Option<UsdNanos>,
    /// Narrower parameters, if they narrowed them.
    pub parameters: Option<Map<String, Value>>,
    /// When.
    pub at: Timestamp,
}

/// Which approvals are asked for.
#[derive(Debug, Clone, Default)]
pub struct ApprovalFilter {
    /// Only this namespace's.
    pub namespace: Option<Namespace>,
    /// Only with this status.
    pub status: Option<ApprovalStatus>,
    /// Only what this agent asked.
    pub agent_id: Option<String>,
}
