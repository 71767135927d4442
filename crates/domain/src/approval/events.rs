//! What is told of approvals, as the catalog describes it.
use bellwire_wire::{PolicyId, Timestamp, UsdNanos};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Approval, AskedBy, Digest, Transaction};

/// `approval.requested`: in the `paygraph` dialect this is the whole body.
#[derive(Serialize)]
pub(super) struct RequestedData<'a> {
    approval_id: &'a str,
    created_at: Timestamp,
    expires_at: Timestamp,
    agent: Agent<'a>,
    transaction: Option<&'a Transaction>,
    policy: Option<Why<'a>>,
    callback_url: String,
    action_digest: Digest,
    title: &'a str,
    action: &'a str,
    details: &'a Map<String, Value>,
    quorum: u32,
}

#[derive(Serialize)]
struct Agent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    run_id: Option<&'a str>,
    operator: Option<&'a str>,
}

#[derive(Serialize)]
struct Why<'a> {
    rule: &'a str,
    threshold_usd: Option<UsdNanos>,
    daily_spent_usd: Option<UsdNanos>,
    daily_cap_usd: Option<UsdNanos>,
    policy_id: &'a PolicyId,
    policy_version: u32,
}

impl<'a> RequestedData<'a> {
    pub(super) fn new(approval: &'a Approval, callback_url: String) -> Self {
        let question = &approval.question;
        let policy = |asked: &'a AskedBy| Why {
            rule: &asked.rule,
            threshold_usd: asked.threshold_usd,
            daily_spent_usd: asked.daily_spent_usd,
            daily_cap_usd: asked.daily_cap_usd,
            policy_id: &asked.policy_id,
            policy_version: asked.policy_version,
        };
        Self {
            approval_id: approval.id.as_str(),
            created_at: approval.created_at,
            expires_at: approval.expires_at,
            agent: Agent {
                id: question.agent_id.as_deref(),
                run_id: question.run_id.as_deref(),
                operator: question.operator.as_deref(),
            },
            transaction: question.transaction.as_ref(),
            policy: question.policy.as_ref().map(policy),
            callback_url,
            action_digest: approval.digest,
            title: &question.title,
            action: &question.action,
            details: &question.parameters,
            quorum: approval.quorum,
        }
    }
}

/// `approval.decided`.
#[derive(Serialize)]
pub(super) struct DecidedData<'a> {
    approval_id: &'a str,
    created_at: Timestamp,
    status: &'static str,
    decided_at: Timestamp,
    reason: Option<&'a str>,
    approvers: &'a [String],
    action_digest: Digest,
    approved_usd: Option<UsdNanos>,
    receipt: Option<&'a str>,
    transaction_id: Option<&'a str>,
    action: &'a str,
    agent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_details: Option<&'a Map<String, Value>>,
    /// What using it takes.
    approved_digest: Option<Digest>,
}

impl<'a> DecidedData<'a> {
    /// Of an approval that ended.
    pub(super) fn new(approval: &'a Approval) -> Self {
        let (question, outcome) = (&approval.question, approval.outcome.as_ref());
        let granted = approval.granted();
        Self {
            approval_id: approval.id.as_str(),
            created_at: approval.created_at,
            status: approval.status.as_str(),
            decided_at: outcome.map_or(approval.expires_at, |outcome| outcome.at),
            reason: outcome.and_then(|outcome| outcome.reason.as_deref()),
            approvers: outcome.map_or(&[], |outcome| &outcome.approvers),
            action_digest: approval.digest,
            approved_usd: granted.and_then(|granted| granted.amount_usd),
            receipt: granted.map(|granted| granted.receipt.as_str()),
            transaction_id: question.subject.as_deref().filter(|_| question.transaction.is_some()),
            action: &question.action,
            agent_id: question.agent_id.as_deref(),
            approved_details: granted
                .filter(|granted| granted.parameters != question.parameters)
                .map(|granted| &granted.parameters),
            approved_digest: granted.map(|granted| granted.digest),
        }
    }
}
