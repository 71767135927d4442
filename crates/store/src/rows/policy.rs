//! Policies and their versions.
use std::sync::Arc;

use bellwire_domain::{
    Ctx, Faults, Page, PageQuery, StoreError, Stored, Topic,
    approval::policy::{Content, InForce, Policy, Rows, Rules},
};
use bellwire_wire::{Namespace, PolicyId, Timestamp, WorkspaceId};
use serde_json::value::RawValue;

use crate::{
    Tx,
    args::{Row, args},
};

/// Policies of a workspace that are read at once: it can have no more. Keeps I12.
const IN_FORCE_MAX: u32 = bellwire_domain::approval::policy::POLICIES_MAX;

macro_rules! policy_sql {
    ($on:literal, $rest:literal) => {
        concat!(
            "SELECT p.seq, p.id, p.workspace_id, p.namespace, v.version, v.name, v.rules, v.otherwise, v.agents,
                 v.namespaces, p.created_at, v.made_at, v.made_by
             FROM policies p JOIN policy_versions v ON v.policy_id = p.id",
            $on,
            " WHERE ",
            $rest
        )
    };
}

fn policy(row: &Row<'_>) -> Stored<Policy> {
    let content = Content {
        name: row.text(5)?,
        rules: rules(row.text(6)?)?,
        otherwise: row.parse(7)?,
        agents: row.json(8)?,
        namespaces: row.json(9)?,
    };
    Ok(Policy {
        seq: row.int(0)?,
        id: row.with_text(1, PolicyId::from_stored)?,
        workspace_id: row.with_text(2, WorkspaceId::from_stored)?,
        namespace: row.opt_text(3)?.as_deref().map(Namespace::from_stored),
        version: row.small(4)?,
        content: Arc::new(content),
        created_at: row.time(10)?,
        updated_at: row.time(11)?,
        updated_by: row.text(12)?,
    })
}

/// Rules were read when they were saved. If they cannot be any more, nothing is decided without them.
fn rules(json: String) -> Stored<Rules> {
    let broken = |why: String| StoreError::Broken(format!("the rules of a policy: {why}"));
    let json = RawValue::from_string(json).map_err(|error| broken(error.to_string()))?;
    let mut faults = Faults::default();
    let read = Rules::read(&json, "rules", &mut faults);
    read.ok_or_else(|| broken(faults.into_vec().pop().map(|fault| fault.detail).unwrap_or_default()))
}

fn json<T: serde::Serialize>(value: &T) -> Stored<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Broken(error.to_string()))
}

impl Tx {
    /// Other policies are in force than before: what is kept of them is read again, and counted anew.
    fn forget_policies(&mut self, workspace: &WorkspaceId) -> Stored<()> {
        self.cache.policies.remove(workspace);
        self.cached_rows_change();
        self.forget_caps(workspace, None)
    }
}

impl Rows for Tx {
    fn policy_seq(&mut self, ctx: &Ctx) -> i64 {
        self.next_seq(ctx)
    }

    fn policies_stand(&mut self) {
        self.stand_still();
    }

    async fn policies_in_force(&mut self, workspace: &WorkspaceId) -> Stored<Arc<InForce>> {
        if let Some(known) = self.cache.policies.get(workspace) {
            return Ok(Arc::clone(known));
        }
        let rows = self.query(
            policy_sql!(
                " AND v.version = p.version",
                "p.workspace_id = $1 AND p.deleted_at IS NULL ORDER BY p.seq LIMIT $2"
            ),
            args![workspace.as_str(), IN_FORCE_MAX],
            policy,
        )?;
        let in_force = Arc::new(InForce::new(rows));
        self.cache.policies.insert(workspace.clone(), Arc::clone(&in_force));
        Ok(in_force)
    }

    async fn policy(&mut self, workspace: &WorkspaceId, id: &PolicyId) -> Stored<Option<Policy>> {
        self.query_one(
            policy_sql!(
                " AND v.version = p.version",
                "p.id = $2 AND p.workspace_id IS NOT DISTINCT FROM $1 AND p.deleted_at IS NULL"
            ),
            args![workspace.as_str(), id.as_str()],
            policy,
        )
    }

    async fn policies(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        page: PageQuery,
    ) -> Stored<Page<Policy>> {
        let rows = self.query(
            policy_sql!(
                " AND v.version = p.version",
                "p.workspace_id = $1 AND p.seq < $2 AND p.deleted_at IS NULL AND ($4 IS NULL OR p.namespace = $4)
                 ORDER BY p.seq DESC LIMIT $3"
            ),
            args![
                workspace.as_str(),
                page.before.unwrap_or(i64::MAX),
                page.limit + 1,
                namespace.map(Namespace::as_str)
            ],
            policy,
        )?;
        Ok(Page::from_overfetch(rows, page.limit, |policy| policy.seq))
    }

    async fn policy_versions(
        &mut self,
        workspace: &WorkspaceId,
        id: &PolicyId,
        page: PageQuery,
    ) -> Stored<Page<Policy>> {
        let rows = self.query(
            policy_sql!(
                "",
                "p.id = $2 AND p.workspace_id IS NOT DISTINCT FROM $1 AND v.version < $3
                 ORDER BY v.version DESC LIMIT $4"
            ),
            args![workspace.as_str(), id.as_str(), page.before.unwrap_or(i64::MAX), page.limit + 1],
            policy,
        )?;
        Ok(Page::from_overfetch(rows, page.limit, |policy| policy.version.into()))
    }

    async fn policy_count(&mut self, workspace: &WorkspaceId) -> Stored<i64> {
        let count = self.query_one(
            "SELECT COUNT(*) FROM policies WHERE workspace_id = $1 AND deleted_at IS NULL",
            args![workspace.as_str()],
            |row| row.int(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    async fn policy_put(&mut self, policy: &Policy) -> Stored<()> {
        self.touch(&policy.workspace_id, Topic::Policies);
        let content = &policy.content;
        let (agents, namespaces) = (json(&content.agents)?, json(&content.namespaces)?);
        self.execute(
            "INSERT INTO policies (seq, id, workspace_id, namespace, version, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET version = excluded.version",
            args![
                policy.seq,
                policy.id.as_str(),
                policy.workspace_id.as_str(),
                policy.namespace.as_ref().map(Namespace::as_str),
                policy.version,
                policy.created_at
            ],
        )?;
        self.execute(
            "INSERT INTO policy_versions (policy_id, version, name, rules, otherwise, agents, namespaces, made_at,
                 made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                policy.id.as_str(),
                policy.version,
                &content.name,
                content.rules.source().get(),
                content.otherwise.as_str(),
                &agents,
                &namespaces,
                policy.updated_at,
                &policy.updated_by
            ],
        )?;
        self.forget_policies(&policy.workspace_id)
    }

    async fn policy_delete(&mut self, workspace: &WorkspaceId, id: &PolicyId, now: Timestamp) -> Stored<()> {
        self.touch(workspace, Topic::Policies);
        self.execute(
            "UPDATE policies SET deleted_at = $3 WHERE id = $2 AND workspace_id IS NOT DISTINCT FROM $1",
            args![workspace.as_str(), id.as_str(), now],
        )?;
        self.forget_policies(workspace)
    }

    async fn policy_named_by(&mut self, workspace: &WorkspaceId, id: &PolicyId) -> Stored<Option<String>> {
        self.query_one(
            "SELECT id FROM wallets WHERE policy_id = $2 AND workspace_id IS NOT DISTINCT FROM $1 LIMIT 1",
            args![workspace.as_str(), id.as_str()],
            |row| row.with_text(0, |id| format!("the wallet {id}")),
        )
    }
}
