//! Approvals, the votes for them, and what is posted of them. An approval's row is inserted pending and ends
//! once: whoever writes how, saw it pending in the same transaction.
use bellwire_domain::{
    Ctx, Page, PageQuery, StoreError, Stored, Topic,
    approval::{Addressee, Approval, ApprovalFilter, ApprovalStatus, Channel, Post, PostState, Rows, Saying, Vote},
};
use bellwire_wire::{ApprovalId, EventId, Namespace, Timestamp, UsdNanos, WorkspaceId};
use serde::Serialize;

use crate::{
    Tx,
    args::{Row, args},
};

macro_rules! approval_sql {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, workspace_id, namespace, status, digest, quorum, question, approvers, channels, event_id,
                 created_at, expires_at, outcome, request_body FROM approvals WHERE ",
            $rest
        )
    };
}

macro_rules! post_sql {
    ($rest:literal) => {
        concat!(
            "SELECT seq, workspace_id, approval_id, addressee, saying, attempts, state, due_at, reference, before
             FROM approval_posts WHERE ",
            $rest
        )
    };
}

/// Pending approvals that no channel reaches.
macro_rules! unheard_sql {
    ($rest:literal) => {
        concat!(
            "SELECT a.workspace_id, a.id FROM approvals a WHERE a.status = 0 AND a.console = 0
                 AND NOT EXISTS (SELECT 1 FROM approval_posts p WHERE p.approval_id = a.id AND p.state IN (0, 1))
                 AND NOT EXISTS (
                     SELECT 1 FROM events v JOIN deliveries d ON d.event_seq = v.seq AND d.status IN (0, 1)
                         JOIN endpoints e ON e.id = d.endpoint_id AND e.deleted_at IS NULL
                     WHERE v.workspace_id = a.workspace_id AND v.id = a.event_id) ",
            $rest
        )
    };
}

/// The place of a value among all there are, as it is stored.
fn code<T: PartialEq>(all: &[T], value: &T) -> i64 {
    all.iter().zip(0..).find(|(known, _)| *known == value).map_or(0, |(_, code)| code)
}

fn coded<T: Copy>(all: &[T], code: i64) -> Stored<T> {
    let found = usize::try_from(code).ok().and_then(|code| all.get(code).copied());
    found.ok_or_else(|| StoreError::Broken("a code of an approval is not what was stored".into()))
}

fn json(value: &impl Serialize) -> Stored<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Broken(error.to_string()))
}

fn opt_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, index: usize) -> Stored<Option<T>> {
    let text = row.opt_text(index)?;
    let read = text.map(|text| serde_json::from_str(&text)).transpose();
    read.map_err(|error| StoreError::Broken(error.to_string()))
}

fn approval(row: &Row<'_>) -> Stored<Approval> {
    let channels: Vec<String> = row.json(9)?;
    let channels: Result<Vec<Channel>, _> = channels.iter().map(|channel| channel.parse()).collect();
    let broken = |error: &'static str| StoreError::Broken(error.into());
    Ok(Approval {
        seq: row.int(0)?,
        id: row.with_text(1, ApprovalId::from_stored)?,
        workspace_id: row.with_text(2, WorkspaceId::from_stored)?,
        namespace: row.opt_text(3)?.as_deref().map(Namespace::from_stored),
        status: coded(&ApprovalStatus::ALL, row.int(4)?)?,
        digest: row.with_text(5, str::parse)?.map_err(broken)?,
        quorum: u32::try_from(row.int(6)?).unwrap_or(u32::MAX),
        question: row.json(7)?,
        approvers: row.json(8)?,
        channels: channels.map_err(broken)?,
        event_id: row.with_text(10, EventId::from_stored)?,
        created_at: row.time(11)?,
        expires_at: row.time(12)?,
        outcome: opt_json(row, 13)?,
        request_body: row.text(14)?,
    })
}

fn post(row: &Row<'_>) -> Stored<Post> {
    let due = row.opt_time(7)?;
    Ok(Post {
        seq: row.int(0)?,
        workspace_id: row.with_text(1, WorkspaceId::from_stored)?,
        approval_id: row.with_text(2, ApprovalId::from_stored)?,
        to: coded(&Addressee::ALL, row.int(3)?)?,
        saying: coded(&Saying::ALL, row.int(4)?)?,
        attempts: row.small(5)?,
        state: match (row.int(6)?, due) {
            (0, Some(due)) => PostState::Open(due),
            (1, _) => PostState::Done(row.opt_text(8)?),
            (2, _) => PostState::Failed,
            _ => PostState::Closed,
        },
        before: row.opt_text(9)?,
    })
}

/// State, due time and reference of a post, as they are stored.
fn state(state: &PostState) -> (i64, Option<Timestamp>, Option<&String>) {
    match state {
        PostState::Open(due) => (0, Some(*due), None),
        PostState::Done(reference) => (1, None, reference.as_ref()),
        PostState::Failed => (2, None, None),
        PostState::Closed => (3, None, None),
    }
}

fn named(row: &Row<'_>) -> Stored<(WorkspaceId, ApprovalId)> {
    Ok((row.with_text(0, WorkspaceId::from_stored)?, row.with_text(1, ApprovalId::from_stored)?))
}

impl Rows for Tx {
    fn approval_seq(&mut self, ctx: &Ctx) -> i64 {
        self.next_seq(ctx)
    }

    fn decisions_stand(&mut self) {
        self.stand_still();
    }

    async fn approval_insert(&mut self, approval: &Approval) -> Stored<()> {
        self.touch(&approval.workspace_id, Topic::Approvals);
        let channels: Vec<String> = approval.channels.iter().map(ToString::to_string).collect();
        let outcome = approval.outcome.as_ref().map(json).transpose()?;
        let digest = approval.digest.to_string();
        self.execute(
            "INSERT INTO approvals (seq, id, workspace_id, namespace, agent_id, status, digest, quorum, console, question,
                 approvers, channels, event_id, created_at, expires_at, outcome, request_body, subject)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
            args![
                approval.seq,
                approval.id.as_str(),
                approval.workspace_id.as_str(),
                approval.namespace.as_ref().map(Namespace::as_str),
                approval.question.agent_id.as_ref(),
                code(&ApprovalStatus::ALL, &approval.status),
                &digest,
                approval.quorum,
                approval.channels.contains(&Channel::Console),
                &json(&approval.question)?,
                &json(&approval.approvers)?,
                &json(&channels)?,
                approval.event_id.as_str(),
                approval.created_at,
                approval.expires_at,
                outcome.as_ref(),
                &approval.request_body,
                approval.question.subject.as_ref()
            ],
        )
        .map(drop)
    }

    async fn approval_save(&mut self, approval: &Approval) -> Stored<()> {
        self.touch(&approval.workspace_id, Topic::Approvals);
        let outcome = approval.outcome.as_ref().map(json).transpose()?;
        let changed = self.execute(
            "UPDATE approvals SET status = $3, outcome = $4 WHERE id = $1 AND workspace_id IS NOT DISTINCT FROM $2",
            args![
                approval.id.as_str(),
                approval.workspace_id.as_str(),
                code(&ApprovalStatus::ALL, &approval.status),
                outcome.as_ref()
            ],
        )?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Broken("an approval that was changed is not there".into())) }
    }

    async fn approval(&mut self, workspace: &WorkspaceId, id: &ApprovalId) -> Stored<Option<Approval>> {
        self.query_one(
            approval_sql!("id = $2 AND workspace_id IS NOT DISTINCT FROM $1"),
            args![workspace.as_str(), id.as_str()],
            approval,
        )
    }

    async fn approval_about(&mut self, workspace: &WorkspaceId, subject: &str) -> Stored<Option<Approval>> {
        self.query_one(
            approval_sql!("subject = $2 AND workspace_id IS NOT DISTINCT FROM $1 ORDER BY seq DESC LIMIT 1"),
            args![workspace.as_str(), subject],
            approval,
        )
    }

    async fn approval_workspace(&mut self, id: &ApprovalId) -> Stored<Option<WorkspaceId>> {
        self.query_one("SELECT workspace_id FROM approvals WHERE id = $1", args![id.as_str()], |row| {
            row.with_text(0, WorkspaceId::from_stored)
        })
    }

    async fn approvals(
        &mut self,
        workspace: &WorkspaceId,
        filter: &ApprovalFilter,
        page: PageQuery,
    ) -> Stored<Page<Approval>> {
        let rows = self.query(
            approval_sql!(
                "workspace_id = $1 AND seq < $2 AND ($4 IS NULL OR namespace = $4) AND ($5 IS NULL OR status = $5)
                     AND ($6 IS NULL OR agent_id = $6) ORDER BY seq DESC LIMIT $3"
            ),
            args![
                workspace.as_str(),
                page.before.unwrap_or(i64::MAX),
                page.limit + 1,
                filter.namespace.as_ref().map(Namespace::as_str),
                filter.status.map(|status| code(&ApprovalStatus::ALL, &status)),
                filter.agent_id.as_ref()
            ],
            approval,
        )?;
        Ok(Page::from_overfetch(rows, page.limit, |approval| approval.seq))
    }

    async fn approvals_pending(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        agent: Option<&str>,
        limit: u32,
    ) -> Stored<u32> {
        let counted = self.query_one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM approvals INDEXED BY approvals_open
             WHERE status = 0 AND workspace_id = $1 AND ($2 IS NULL OR namespace = $2) AND ($3 IS NULL OR agent_id = $3)
             LIMIT $4) AS pending",
            args![workspace.as_str(), namespace.map(Namespace::as_str), agent, limit],
            |row| row.small(0),
        )?;
        Ok(counted.unwrap_or(0))
    }

    async fn approvals_overdue(&mut self, now: Timestamp, limit: u32) -> Stored<Vec<(WorkspaceId, ApprovalId)>> {
        self.query(
            "SELECT workspace_id, id FROM approvals WHERE status = 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
            args![now, limit],
            named,
        )
    }

    async fn approvals_undeliverable(&mut self, limit: u32) -> Stored<Vec<(WorkspaceId, ApprovalId)>> {
        self.query(unheard_sql!("ORDER BY a.expires_at LIMIT $1"), args![limit], named)
    }

    async fn approval_unheard(&mut self, workspace: &WorkspaceId, id: &ApprovalId) -> Stored<bool> {
        let found = self.query_one(
            unheard_sql!("AND a.id = $2 AND a.workspace_id IS NOT DISTINCT FROM $1"),
            args![workspace.as_str(), id.as_str()],
            named,
        )?;
        Ok(found.is_some())
    }

    async fn vote_put(&mut self, id: &ApprovalId, vote: &Vote) -> Stored<()> {
        if let Some(workspace) = self.approval_workspace(id).await? {
            self.touch(&workspace, Topic::Approvals);
        }
        let parameters = vote.parameters.as_ref().map(json).transpose()?;
        self.execute(
            "INSERT INTO approval_votes (approval_id, approver, at, reason, amount, parameters)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (approval_id, approver) DO UPDATE SET at = excluded.at,
                 reason = excluded.reason, amount = excluded.amount, parameters = excluded.parameters",
            args![
                id.as_str(),
                &vote.approver,
                vote.at,
                &vote.reason,
                vote.amount.map(UsdNanos::nanos),
                parameters.as_ref()
            ],
        )
        .map(drop)
    }

    async fn votes(&mut self, id: &ApprovalId) -> Stored<Vec<Vote>> {
        self.query(
            "SELECT approver, reason, amount, parameters, at FROM approval_votes WHERE approval_id = $1
             ORDER BY at, approver",
            args![id.as_str()],
            |row| {
                Ok(Vote {
                    approver: row.text(0)?,
                    reason: row.text(1)?,
                    amount: row.opt_int(2)?.map(UsdNanos::from_nanos),
                    parameters: opt_json(row, 3)?,
                    at: row.time(4)?,
                })
            },
        )
    }

    async fn post_insert(&mut self, post: &Post) -> Stored<()> {
        let (state, due, reference) = state(&post.state);
        self.execute(
            "INSERT INTO approval_posts (seq, workspace_id, approval_id, addressee, saying, attempts, state, due_at,
                 reference, before) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            args![
                post.seq,
                post.workspace_id.as_str(),
                post.approval_id.as_str(),
                code(&Addressee::ALL, &post.to),
                code(&Saying::ALL, &post.saying),
                post.attempts,
                state,
                due,
                reference,
                post.before.as_ref()
            ],
        )
        .map(drop)
    }

    async fn posts(&mut self, id: &ApprovalId) -> Stored<Vec<Post>> {
        self.query(post_sql!("approval_id = $1 ORDER BY seq"), args![id.as_str()], post)
    }

    async fn posts_due(&mut self, to: Addressee, now: Timestamp, limit: u32) -> Stored<Vec<Post>> {
        self.query(
            post_sql!("state = 0 AND due_at <= $1 AND addressee = $3 ORDER BY due_at LIMIT $2"),
            args![now, limit, code(&Addressee::ALL, &to)],
            post,
        )
    }

    async fn post_take(&mut self, post: &Post, until: Timestamp) -> Stored<bool> {
        let PostState::Open(due) = post.state else { return Ok(false) };
        let changed = self.execute(
            "UPDATE approval_posts SET due_at = $3 WHERE seq = $1 AND state = 0 AND due_at = $2",
            args![post.seq, due, until],
        )?;
        Ok(changed == 1)
    }

    async fn post_settle(&mut self, post: &Post, taken: Timestamp, to: PostState) -> Stored<bool> {
        let (to_state, due, reference) = state(&to);
        // What was closed while it was being said was said all the same: that is written, so that it is changed.
        let changed = self.execute(
            "UPDATE approval_posts SET state = $3, due_at = $4, reference = $5, attempts = $6
             WHERE seq = $1 AND (state = 0 AND due_at = $2 OR state = 3 AND $3 = 1)",
            args![post.seq, taken, to_state, due, reference, post.attempts],
        )?;
        Ok(changed == 1)
    }

    async fn posts_close(&mut self, id: &ApprovalId) -> Stored<()> {
        self.execute(
            "UPDATE approval_posts SET state = 3, due_at = NULL WHERE approval_id = $1 AND state = 0 AND saying = 0",
            args![id.as_str()],
        )
        .map(drop)
    }
}
