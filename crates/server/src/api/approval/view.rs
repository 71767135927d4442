//! Approvals as they are shown.
use bellwire_domain::approval::{Approval, ApprovalStatus, AskedBy, Granted, Transaction, Vote};
use bellwire_wire::{Timestamp, UsdNanos};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An approval.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
pub(super) struct ApprovalView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    /// The same, as events call it.
    #[schema(value_type = String)]
    approval_id: &'a str,
    /// `pending`, `approved`, `denied`, `expired`, `undeliverable` or `cancelled`.
    status: &'static str,
    /// What this means for whoever asked.
    message: &'static str,
    #[schema(value_type = String)]
    title: &'a str,
    /// What would be done.
    #[schema(value_type = String)]
    action: &'a str,
    /// With what exactly; for money, what would be bought.
    #[schema(value_type = Object)]
    details: &'a Map<String, Value>,
    /// SHA-256 of the RFC 8785 form of `{workspace, agent, action, parameters}`, the details being the parameters.
    action_digest: String,
    agent: AgentView<'a>,
    transaction: Option<TransactionView<'a>>,
    policy: Option<PolicyView<'a>>,
    #[schema(value_type = Option<String>)]
    namespace: Option<&'a str>,
    /// The purchase it is about, `pur_…`.
    #[schema(value_type = Option<String>)]
    transaction_id: Option<&'a str>,
    /// Who asked.
    #[schema(value_type = String)]
    requested_by: &'a str,
    /// Who may decide; whoever has the permission, if empty.
    #[schema(value_type = Vec<String>)]
    approvers: &'a [String],
    /// So many must agree.
    quorum: u32,
    /// Where it was asked.
    channels: Vec<String>,
    /// Where the decision is posted.
    callback_url: String,
    created_at: Timestamp,
    /// When silence becomes a no.
    expires_at: Timestamp,
    /// `approve` or `deny`; null while it is pending, and if nobody decided.
    decision: Option<&'static str>,
    decided_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    reason: Option<&'a str>,
    /// Who decided.
    #[schema(value_type = Vec<String>)]
    decided_by: &'a [String],
    /// How much was allowed.
    approved_usd: Option<UsdNanos>,
    /// What was allowed, if it is narrower than what was asked for.
    #[schema(value_type = Option<Object>)]
    approved_details: Option<&'a Map<String, Value>>,
    /// What using it takes.
    approved_digest: Option<String>,
    /// The decision, signed with Ed25519 (a compact JSON Web Signature).
    #[schema(value_type = Option<String>)]
    receipt: Option<&'a str>,
    /// Until when it may be used.
    not_after: Option<Timestamp>,
    consumed_at: Option<Timestamp>,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalAgent)]
struct AgentView<'a> {
    #[schema(value_type = Option<String>)]
    id: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    run_id: Option<&'a str>,
    /// Who runs it.
    #[schema(value_type = Option<String>)]
    operator: Option<&'a str>,
}

/// What would be bought.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalTransaction)]
struct TransactionView<'a> {
    amount_usd: UsdNanos,
    #[schema(value_type = String)]
    vendor: &'a str,
    #[schema(value_type = Option<String>)]
    category: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    memo: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    rail: Option<&'a str>,
}

/// Which rule asks.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalPolicy)]
struct PolicyView<'a> {
    #[schema(value_type = String)]
    rule: &'a str,
    threshold_usd: Option<UsdNanos>,
    daily_spent_usd: Option<UsdNanos>,
    daily_cap_usd: Option<UsdNanos>,
    #[schema(value_type = String)]
    policy_id: &'a str,
    policy_version: u32,
}

/// What a status means for whoever asked.
pub(super) const fn message(status: ApprovalStatus) -> &'static str {
    match status {
        ApprovalStatus::Pending => "People are being asked. Wait; do not go on without their answer.",
        ApprovalStatus::Approved => "It was approved, for exactly this and once.",
        ApprovalStatus::Denied => "It was denied. Do not do it, and do not retry or work around it.",
        ApprovalStatus::Expired => {
            "Nobody answered in time. Silence is not consent: do not do it, and do not retry by yourself."
        }
        ApprovalStatus::Undeliverable => {
            "Nobody could be asked. That is not consent: do not do it, and do not retry by yourself."
        }
        ApprovalStatus::Cancelled => "The question was taken back. Do not do it.",
    }
}

impl<'a> ApprovalView<'a> {
    pub(super) fn new(approval: &'a Approval, callback_url: String) -> Self {
        let (question, outcome, granted) = (&approval.question, approval.outcome.as_ref(), approval.granted());
        let decided_by = outcome.map_or(&[][..], |outcome| &outcome.approvers);
        Self {
            id: approval.id.as_str(),
            approval_id: approval.id.as_str(),
            status: approval.status.as_str(),
            message: message(approval.status),
            title: &question.title,
            action: &question.action,
            details: &question.parameters,
            action_digest: approval.digest.to_string(),
            agent: AgentView {
                id: question.agent_id.as_deref(),
                run_id: question.run_id.as_deref(),
                operator: question.operator.as_deref(),
            },
            transaction: question.transaction.as_ref().map(TransactionView::new),
            policy: question.policy.as_ref().map(PolicyView::new),
            namespace: approval.namespace.as_ref().map(bellwire_wire::Namespace::as_str),
            transaction_id: question.subject.as_deref().filter(|_| question.transaction.is_some()),
            requested_by: &question.requested_by,
            approvers: &approval.approvers,
            quorum: approval.quorum,
            channels: approval.channels.iter().map(ToString::to_string).collect(),
            callback_url,
            created_at: approval.created_at,
            expires_at: approval.expires_at,
            decision: match approval.status {
                ApprovalStatus::Approved => Some("approve"),
                ApprovalStatus::Denied => Some("deny"),
                _ => None,
            },
            decided_at: outcome.map(|outcome| outcome.at),
            reason: outcome.and_then(|outcome| outcome.reason.as_deref()),
            decided_by,
            approved_usd: granted.and_then(|granted| granted.amount_usd),
            approved_details: granted
                .filter(|granted| granted.parameters != question.parameters)
                .map(|granted| &granted.parameters),
            approved_digest: granted.map(|granted| granted.digest.to_string()),
            receipt: granted.map(|granted: &Granted| granted.receipt.as_str()),
            not_after: granted.map(|granted| granted.not_after),
            consumed_at: outcome.and_then(|outcome| outcome.consumed_at),
        }
    }
}

impl<'a> TransactionView<'a> {
    fn new(transaction: &'a Transaction) -> Self {
        Self {
            amount_usd: transaction.amount_usd,
            vendor: &transaction.vendor,
            category: transaction.category.as_deref(),
            memo: transaction.memo.as_deref(),
            rail: transaction.rail.as_deref(),
        }
    }
}

impl<'a> PolicyView<'a> {
    fn new(asked: &'a AskedBy) -> Self {
        Self {
            rule: &asked.rule,
            threshold_usd: asked.threshold_usd,
            daily_spent_usd: asked.daily_spent_usd,
            daily_cap_usd: asked.daily_cap_usd,
            policy_id: asked.policy_id.as_str(),
            policy_version: asked.policy_version,
        }
    }
}

/// An approval with who agreed so far and the request that asked.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalWhole)]
pub(super) struct WholeView<'a> {
    #[serde(flatten)]
    pub(super) approval: ApprovalView<'a>,
    /// Who agreed, in the order of time.
    pub(super) votes: Vec<VoteView<'a>>,
    /// The request that asked, byte for byte; to those who decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) request_body: Option<&'a str>,
}

/// One yes.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalVote)]
pub(super) struct VoteView<'a> {
    #[schema(value_type = String)]
    approver: &'a str,
    #[schema(value_type = String)]
    reason: &'a str,
    /// At most so much, if they lowered it.
    amount_usd: Option<UsdNanos>,
    at: Timestamp,
}

impl<'a> VoteView<'a> {
    pub(super) fn new(vote: &'a Vote) -> Self {
        Self { approver: &vote.approver, reason: &vote.reason, amount_usd: vote.amount, at: vote.at }
    }
}
