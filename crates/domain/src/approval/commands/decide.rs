//! Deciding: the first decision counts.
use std::{collections::BTreeSet, time::Duration};

use bellwire_wire::{ApprovalId, Namespace, UsdNanos, WorkspaceId};
use serde_json::{Map, Value, json};

use super::{
    Asker, Asks, Office,
    end::{end, expire},
};
use crate::{
    Ctx, Stored,
    approval::{Approval, ApprovalStatus, Claims, Digest, Granted, Outcome, Vote, narrow},
    workspace::{
        Actor, Principal,
        audit::{self, NewAudit},
    },
};

/// How long what was allowed may be used.
const USABLE: Duration = Duration::from_hours(1);

/// Somebody who was identified, as far as deciding goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    /// Where.
    pub workspace_id: WorkspaceId,
    /// The one namespace, if bound to one.
    pub bound: Option<Namespace>,
    /// Who: `person:…`, `slack:…`, `key:…`, `endpoint:…`.
    pub name: String,
    /// The agent whose key it is.
    pub agent_id: Option<String>,
}

impl From<&Principal> for Approver {
    fn from(by: &Principal) -> Self {
        Self {
            workspace_id: by.workspace().clone(),
            bound: by.bound().cloned(),
            name: by.actor(),
            agent_id: by.key.agent_id.clone(),
        }
    }
}

impl Approver {
    /// Whether a quorum may count on it: one person may hold many keys.
    fn is_person(&self) -> bool {
        ["person:", "slack:", "sso:"].iter().any(|kind| self.name.starts_with(kind))
    }
}

impl Actor for Approver {
    fn workspace(&self) -> &WorkspaceId {
        &self.workspace_id
    }

    fn bound(&self) -> Option<&Namespace> {
        self.bound.as_ref()
    }

    fn actor(&self) -> String {
        self.name.clone()
    }
}

/// What somebody says.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// No.
    Deny,
    /// Yes; to at most so much, or to narrower parameters, if named.
    Approve {
        /// At most so much.
        amount: Option<UsdNanos>,
        /// These instead of those asked for.
        parameters: Option<Map<String, Value>>,
    },
}

/// A decision to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Whom the body names as approver: a note, not an identity.
    pub note: Option<String>,
}

/// Why somebody may not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAllowed {
    /// It is the asking agent's own key.
    Own,
    /// Others are named as approvers.
    NotNamed,
    /// More than one person must agree, and this is no person.
    NoPerson,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Decided {
    /// It counted. More may have to agree: then the approval is pending still, with so many who did.
    Counted(Box<Approval>, u32),
    /// The same was decided before.
    Same(Box<Approval>),
    /// Something else was decided, or it ended otherwise.
    Other(Box<Approval>),
    /// There is no such approval, as far as whoever decides may know.
    Unknown,
    /// They may not.
    NotAllowed(NotAllowed),
    /// More money is allowed than was asked for.
    Exceeds(UsdNanos),
    /// An amount is named, and it is not about money.
    NoMoney,
    /// The parameters are not those asked for or narrower.
    NotNarrower,
}

/// Decides, if nobody did before. Keeps I4.
pub async fn decide<A, R>(
    rows: &mut R,
    ctx: &Ctx,
    office: &Office,
    by: &Approver,
    id: &ApprovalId,
    decision: Decision,
) -> Stored<Decided>
where
    A: Asker<R>,
    R: Asks,
{
    let mut approval = match open::<A, R>(rows, ctx, by, id).await? {
        Ok(approval) => approval,
        Err(decided) => return Ok(decided),
    };
    match (&decision.verdict, approval.status) {
        (_, ApprovalStatus::Pending) => {}
        (Verdict::Deny, ApprovalStatus::Denied) => return Ok(Decided::Same(approval)),
        (Verdict::Approve { amount, parameters }, ApprovalStatus::Approved) => {
            let granted = approval.granted();
            let same = |granted: &Granted| {
                amount.is_none_or(|amount| Some(amount) == granted.amount_usd)
                    && parameters.as_ref().is_none_or(|parameters| *parameters == granted.parameters)
            };
            return Ok(if granted.is_some_and(same) { Decided::Same(approval) } else { Decided::Other(approval) });
        }
        _ => return Ok(Decided::Other(approval)),
    }
    let (amount, parameters) = match decision.verdict {
        Verdict::Deny => {
            let outcome = Outcome {
                at: ctx.now,
                reason: Some(decision.reason),
                approvers: vec![by.name.clone()],
                granted: None,
                consumed_at: None,
            };
            end::<A, R>(rows, ctx, &mut approval, ApprovalStatus::Denied, outcome, &by.name).await?;
            return Ok(Decided::Counted(approval, 0));
        }
        Verdict::Approve { amount, parameters } => (amount, parameters),
    };
    if let Some(wrong) = too_much(&approval, amount, parameters.as_ref()) {
        return Ok(wrong);
    }
    if approval.quorum > 1 && !by.is_person() {
        return Ok(Decided::NotAllowed(NotAllowed::NoPerson));
    }
    let vote = Vote { approver: by.name.clone(), reason: decision.reason, amount, parameters, at: ctx.now };
    let votes = count(rows, ctx, &approval, vote, decision.note.as_deref()).await?;
    let agreed = u32::try_from(votes.len()).unwrap_or(u32::MAX);
    if agreed >= approval.quorum {
        let Some(outcome) = outcome(ctx, office, &approval, &votes) else { return Ok(Decided::NotNarrower) };
        end::<A, R>(rows, ctx, &mut approval, ApprovalStatus::Approved, outcome, &by.name).await?;
    }
    Ok(Decided::Counted(approval, agreed))
}

/// Denies since what somebody who may decide sent could not be understood; the body is kept.
pub async fn deny_ambiguous<A, R>(
    rows: &mut R,
    ctx: &Ctx,
    by: &Approver,
    id: &ApprovalId,
    body: &str,
    problem: &str,
) -> Stored<Decided>
where
    A: Asker<R>,
    R: Asks,
{
    let mut approval = match open::<A, R>(rows, ctx, by, id).await? {
        Ok(approval) => approval,
        Err(decided) => return Ok(decided),
    };
    let entry = NewAudit {
        actor: by.name.clone(),
        action: "approval.ambiguous",
        subject: approval.id.to_string(),
        namespace: approval.namespace.clone(),
        detail: json!({"request_body": body, "problem": problem, "status": approval.status.as_str()}),
    };
    audit::record(rows, ctx, &approval.workspace_id, entry).await?;
    if approval.status != ApprovalStatus::Pending {
        return Ok(Decided::Other(approval));
    }
    let outcome = Outcome {
        at: ctx.now,
        reason: Some("ambiguous_decision".into()),
        approvers: vec![by.name.clone()],
        granted: None,
        consumed_at: None,
    };
    end::<A, R>(rows, ctx, &mut approval, ApprovalStatus::Denied, outcome, &by.name).await?;
    Ok(Decided::Counted(approval, 0))
}

/// The approval, as it stands now, if `by` may decide it.
async fn open<A, R>(rows: &mut R, ctx: &Ctx, by: &Approver, id: &ApprovalId) -> Stored<Result<Box<Approval>, Decided>>
where
    A: Asker<R>,
    R: Asks,
{
    rows.decisions_stand();
    let found = rows.approval(&by.workspace_id, id).await?;
    let Some(mut approval) = found.filter(|approval| by.sees(approval.namespace.as_ref())).map(Box::new) else {
        return Ok(Err(Decided::Unknown));
    };
    if by.agent_id.is_some() && by.agent_id == approval.question.agent_id {
        return Ok(Err(Decided::NotAllowed(NotAllowed::Own)));
    }
    if !approval.approvers.is_empty() && !approval.approvers.contains(&by.name) {
        return Ok(Err(Decided::NotAllowed(NotAllowed::NotNamed)));
    }
    // Late is late, whether or not anybody noticed in time.
    if approval.is_overdue(ctx.now) {
        expire::<A, R>(rows, ctx, &mut approval).await?;
    }
    Ok(Ok(approval))
}

/// What is wrong with allowing this.
fn too_much(approval: &Approval, amount: Option<UsdNanos>, parameters: Option<&Map<String, Value>>) -> Option<Decided> {
    match (amount, approval.amount()) {
        (Some(_), None) => return Some(Decided::NoMoney),
        (Some(allowed), Some(asked)) if allowed > asked => return Some(Decided::Exceeds(asked)),
        _ => {}
    }
    // What is bought is bound: only its amount may be lowered.
    let narrower = |parameters: &Map<String, Value>| match approval.amount() {
        Some(_) => *parameters == approval.question.parameters,
        None => narrow::is_within(parameters, &approval.question.parameters),
    };
    (!parameters.is_none_or(narrower)).then_some(Decided::NotNarrower)
}

/// Counts a vote; all that there are.
async fn count<R: Asks>(
    rows: &mut R,
    ctx: &Ctx,
    approval: &Approval,
    vote: Vote,
    note: Option<&str>,
) -> Stored<Vec<Vote>> {
    let entry = NewAudit {
        actor: vote.approver.clone(),
        action: "approval.vote",
        subject: approval.id.to_string(),
        namespace: approval.namespace.clone(),
        detail: json!({
            "decision": "approve",
            "reason": vote.reason,
            "approver": note,
            "amount_usd": vote.amount.map(|amount| amount.to_string()),
            "details": vote.parameters,
        }),
    };
    audit::record(rows, ctx, &approval.workspace_id, entry).await?;
    rows.vote_put(&approval.id, &vote).await?;
    rows.votes(&approval.id).await
}

/// What all who agreed allow: the least of it. Nothing, if their narrowings do not fit together.
fn outcome(ctx: &Ctx, office: &Office, approval: &Approval, votes: &[Vote]) -> Option<Outcome> {
    let question = &approval.question;
    let amount = votes.iter().filter_map(|vote| vote.amount).chain(approval.amount()).min();
    let mut parameters = question.parameters.clone();
    for narrowed in votes.iter().filter_map(|vote| vote.parameters.as_ref()) {
        if narrow::is_within(narrowed, &parameters) {
            parameters.clone_from(narrowed);
        } else if !narrow::is_within(&parameters, narrowed) {
            return None;
        }
    }
    let digest = Digest::of(&approval.workspace_id, question.agent_id.as_deref(), &question.action, &parameters);
    let approvers: Vec<String> =
        votes.iter().map(|vote| vote.approver.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let reason = votes.iter().map(|vote| vote.reason.as_str()).collect::<Vec<_>>().join("; ");
    let not_after = ctx.now.after(USABLE);
    let receipt = Claims::new(approval, digest, amount, &approvers, ctx.now, not_after).sign(&office.signing_key);
    let granted = Granted { amount_usd: amount, parameters, digest, not_after, receipt };
    // What is bought is bought by the decision itself.
    let consumed_at = approval.amount().map(|_| ctx.now);
    Some(Outcome { at: ctx.now, reason: Some(reason), approvers, granted: Some(granted), consumed_at })
}
