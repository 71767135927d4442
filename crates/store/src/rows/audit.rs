//! The audit log: appended in the order of the deployment, and read.
use bellwire_domain::{
    Page, PageQuery, StoreError, Stored, Topic,
    workspace::audit::{AuditEntry, AuditFilter, Hash, Head, Rows},
};
use bellwire_wire::{Namespace, RequestId, Timestamp, WorkspaceId};

use crate::{
    Tx,
    args::{Row, args},
};

macro_rules! entry_sql {
    ($rest:literal, $range:literal) => {
        concat!(
            "SELECT workspace_id, seq, at, actor, action, subject, namespace, detail, request_id, prev_hash, hash
             FROM audit ",
            $rest,
            " AND ($2 IS NULL OR namespace = $2) AND ($3 IS NULL OR action = $3) AND ($4 IS NULL OR actor = $4)
             AND at > $5 AND at <= $6 AND ",
            $range,
            " LIMIT $9"
        )
    };
}

/// Which entries, by what the index can be asked: those about one subject, or all.
macro_rules! by_subject {
    ($tx:expr, $filter:expr, $range:literal, [$($arg:expr),* $(,)?]) => {
        match &$filter.subject {
            Some(subject) => $tx.query(
                entry_sql!("INDEXED BY audit_subject WHERE workspace_id = $1 AND subject = $10", $range),
                args![$($arg,)* subject],
                entry,
            ),
            None => $tx.query(entry_sql!("WHERE workspace_id = $1", $range), args![$($arg),*], entry),
        }
    };
}

fn hash(row: &Row<'_>, index: usize) -> Stored<Hash> {
    row.blob(index)?.try_into().map_err(|_| StoreError::Broken("an audit hash is not 32 bytes".into()))
}

fn entry(row: &Row<'_>) -> Stored<AuditEntry> {
    Ok(AuditEntry {
        workspace_id: row.with_text(0, WorkspaceId::from_stored)?,
        seq: row.int(1)?,
        at: row.time(2)?,
        actor: row.text(3)?,
        action: row.text(4)?,
        subject: row.text(5)?,
        namespace: row.opt_text(6)?.as_deref().map(Namespace::from_stored),
        detail: row.json(7)?,
        request_id: row.opt_text(8)?.as_deref().map(RequestId::from_stored),
        prev_hash: hash(row, 9)?,
        hash: hash(row, 10)?,
    })
}

impl Rows for Tx {
    async fn audit_head(&mut self, workspace: &WorkspaceId) -> Stored<Option<Head>> {
        // Two nodes that saw the same end would both append to it.
        self.stand_still();
        self.query_one(
            "SELECT seq, hash FROM audit WHERE workspace_id = $1 ORDER BY seq DESC LIMIT 1",
            args![workspace.as_str()],
            |row| Ok(Head { seq: row.int(0)?, hash: hash(row, 1)? }),
        )
    }

    async fn audit_insert(&mut self, entry: &AuditEntry) -> Stored<()> {
        self.touch(&entry.workspace_id, Topic::Audit);
        let detail = serde_json::to_string(&entry.detail).map_err(|error| StoreError::Broken(error.to_string()))?;
        self.execute(
            "INSERT INTO audit (workspace_id, seq, at, actor, action, subject, namespace, detail, request_id,
                 prev_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            args![
                entry.workspace_id.as_str(),
                entry.seq,
                entry.at,
                &entry.actor,
                &entry.action,
                &entry.subject,
                entry.namespace.as_ref().map(Namespace::as_str),
                &detail,
                entry.request_id.as_ref().map(RequestId::as_str),
                entry.prev_hash.as_slice(),
                entry.hash.as_slice(),
            ],
        )
        .map(drop)
    }

    async fn audit_newest(&mut self, workspace: &WorkspaceId) -> Stored<i64> {
        let newest = self.query_one(
            "SELECT seq FROM audit WHERE workspace_id = $1 ORDER BY seq DESC LIMIT 1",
            args![workspace.as_str()],
            |row| row.int(0),
        )?;
        Ok(newest.unwrap_or(0))
    }

    async fn audit_page(
        &mut self,
        workspace: &WorkspaceId,
        filter: &AuditFilter,
        page: PageQuery,
    ) -> Stored<Page<AuditEntry>> {
        let (since, until) = within(filter);
        let entries = by_subject!(
            self,
            filter,
            "seq > $7 AND seq < $8 ORDER BY seq DESC",
            [
                workspace.as_str(),
                filter.namespace.as_ref().map(Namespace::as_str),
                filter.action.as_ref(),
                filter.actor.as_ref(),
                since,
                until,
                0_i64,
                page.before.unwrap_or(i64::MAX),
                page.limit + 1,
            ]
        )?;
        Ok(Page::from_overfetch(entries, page.limit, |entry| entry.seq))
    }

    async fn audit_between(
        &mut self,
        workspace: &WorkspaceId,
        filter: &AuditFilter,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Stored<Vec<AuditEntry>> {
        let (since, until) = within(filter);
        by_subject!(
            self,
            filter,
            "seq > $7 AND seq <= $8 ORDER BY seq",
            [
                workspace.as_str(),
                filter.namespace.as_ref().map(Namespace::as_str),
                filter.action.as_ref(),
                filter.actor.as_ref(),
                since,
                until,
                after,
                up_to,
                limit,
            ]
        )
    }
}

/// After and up to which time; everything if the filter does not say.
fn within(filter: &AuditFilter) -> (i64, i64) {
    (filter.since.map_or(-1, Timestamp::micros), filter.until.map_or(i64::MAX, Timestamp::micros))
}
