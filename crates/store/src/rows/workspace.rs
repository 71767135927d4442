//! Workspaces, keys, namespaces, saved answers.
use bellwire_domain::{
    Effect, Page, PageQuery, StoreError, Stored, Topic,
    workspace::{Key, KeyHash, KeyKind, Permission, Permissions, Rows, Sandbox, Saved, Workspace},
};
use bellwire_wire::{KeyId, Namespace, Timestamp, WorkspaceId};

use crate::{
    Tx,
    args::{Row, args},
};

macro_rules! key_sql {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, workspace_id, name, kind, namespace, permissions, agent_id, person, prefix, hash, ",
            "created_at, expires_at, last_used_at, revoked_at FROM api_keys ",
            $rest
        )
    };
}
pub(super) use key_sql;

pub(super) fn key(row: &Row<'_>) -> Stored<(i64, Key)> {
    let hash: [u8; 32] =
        row.blob(10)?.try_into().map_err(|_| StoreError::Broken("a key's hash is not 32 bytes".into()))?;
    let key = Key {
        id: row.with_text(1, KeyId::from_stored)?,
        workspace_id: row.with_text(2, WorkspaceId::from_stored)?,
        name: row.text(3)?,
        kind: row.parse::<KeyKind>(4)?,
        namespace: row.opt_text(5)?.as_deref().map(Namespace::from_stored),
        permissions: row.with_text(6, permissions)?,
        agent_id: row.opt_text(7)?,
        person: row.opt_text(8)?,
        prefix: row.text(9)?,
        hash: KeyHash(hash),
        created_at: row.time(11)?,
        expires_at: row.opt_time(12)?,
        last_used_at: row.opt_time(13)?,
        revoked_at: row.opt_time(14)?,
    };
    Ok((row.int(0)?, key))
}

/// A permission of a later version that this one does not know gives nothing here.
fn permissions(text: &str) -> Permissions {
    text.split(' ').filter_map(|name| name.parse::<Permission>().ok()).collect()
}

impl Rows for Tx {
    async fn workspace_insert(&mut self, workspace: &Workspace) -> Stored<()> {
        self.execute(
            "INSERT INTO workspaces (id, name, created_at) VALUES ($1, $2, $3)",
            args![workspace.id.as_str(), &workspace.name, workspace.created_at],
        )
        .map(drop)
    }

    async fn workspace(&mut self, id: &WorkspaceId) -> Stored<Option<Workspace>> {
        self.query_one("SELECT id, name, created_at FROM workspaces WHERE id = $1", args![id.as_str()], workspace)
    }

    async fn workspaces(&mut self, page: PageQuery) -> Stored<Page<Workspace>> {
        let rows = self.query(
            "SELECT id, name, created_at, seq FROM workspaces WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
            args![page.before.unwrap_or(i64::MAX), page.limit + 1],
            |row| Ok((row.int(3)?, workspace(row)?)),
        )?;
        Ok(Page::from_overfetch(rows, page.limit, |(seq, _)| *seq).map(|(_, workspace)| workspace))
    }

    async fn key_insert(&mut self, key: &Key) -> Stored<()> {
        self.touch(&key.workspace_id, Topic::Keys);
        let names: Vec<&str> = key.permissions.iter().map(Permission::as_str).collect();
        self.execute(
            "INSERT INTO api_keys (id, workspace_id, name, kind, namespace, permissions, agent_id, person, prefix, hash,
                 created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            args![
                key.id.as_str(),
                key.workspace_id.as_str(),
                &key.name,
                key.kind.as_str(),
                key.namespace.as_ref().map(Namespace::as_str),
                &names.join(" "),
                key.agent_id.as_ref(),
                key.person.as_ref(),
                &key.prefix,
                key.hash.0.as_slice(),
                key.created_at,
                key.expires_at,
            ],
        )
        .map(drop)
    }

    async fn key_by_hash(&mut self, hash: &KeyHash) -> Stored<Option<Key>> {
        Ok(self.query_one(key_sql!("WHERE hash = $1"), args![hash.0.as_slice()], key)?.map(|(_, key)| key))
    }

    async fn key(&mut self, workspace: &WorkspaceId, id: &KeyId) -> Stored<Option<Key>> {
        let found = self.query_one(
            key_sql!("WHERE workspace_id = $1 AND id = $2"),
            args![workspace.as_str(), id.as_str()],
            key,
        )?;
        Ok(found.map(|(_, key)| key))
    }

    async fn keys(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        page: PageQuery,
    ) -> Stored<Page<Key>> {
        let rows = self.query(
            key_sql!(
                "WHERE workspace_id = $1 AND revoked_at IS NULL AND ($2 IS NULL OR namespace = $2) AND seq < $3
                 ORDER BY seq DESC LIMIT $4"
            ),
            args![
                workspace.as_str(),
                namespace.map(Namespace::as_str),
                page.before.unwrap_or(i64::MAX),
                page.limit + 1
            ],
            key,
        )?;
        Ok(Page::from_overfetch(rows, page.limit, |(seq, _)| *seq).map(|(_, key)| key))
    }

    async fn key_revoke(&mut self, workspace: &WorkspaceId, id: &KeyId, now: Timestamp) -> Stored<()> {
        self.touch(workspace, Topic::Keys);
        self.execute(
            "UPDATE api_keys SET revoked_at = $1 WHERE workspace_id = $2 AND id = $3 AND revoked_at IS NULL",
            args![now, workspace.as_str(), id.as_str()],
        )
        .map(drop)
    }

    async fn keys_used(&mut self, used: &[(KeyId, Timestamp)]) -> Stored<()> {
        // Always in the same order: nobody waits for one who waits for him.
        let mut used: Vec<_> = used.iter().collect();
        used.sort_by_key(|(id, _)| id.as_str());
        for (id, at) in used {
            self.execute(
                "UPDATE api_keys SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)",
                args![*at, id.as_str()],
            )?;
        }
        Ok(())
    }

    async fn namespace_touch(&mut self, workspace: &WorkspaceId, namespace: &Namespace, now: Timestamp) -> Stored<()> {
        let key = (workspace.clone(), namespace.clone());
        if self.cache.namespaces.contains(&key) {
            return Ok(());
        }
        self.execute(
            "INSERT INTO namespaces (workspace_id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            args![workspace.as_str(), namespace.as_str(), now],
        )?;
        self.cache.namespaces.insert(key);
        Ok(())
    }

    async fn namespaces(
        &mut self,
        workspace: &WorkspaceId,
        only: Option<&Namespace>,
        after: &str,
        limit: u32,
    ) -> Stored<Vec<(Namespace, Timestamp)>> {
        self.query(
            "SELECT name, created_at FROM namespaces
             WHERE workspace_id = $1 AND name > $2 AND ($3 IS NULL OR name = $3) ORDER BY name LIMIT $4",
            args![workspace.as_str(), after, only.map(Namespace::as_str), limit],
            |row| Ok((row.with_text(0, Namespace::from_stored)?, row.time(1)?)),
        )
    }

    async fn namespace_delete(
        &mut self,
        workspace: &WorkspaceId,
        namespace: &Namespace,
        now: Timestamp,
    ) -> Stored<Option<Vec<Key>>> {
        let of = args![workspace.as_str(), namespace.as_str()];
        let known = self.execute("DELETE FROM namespaces WHERE workspace_id = $1 AND name = $2", of)?;
        self.cache.namespaces.remove(&(workspace.clone(), namespace.clone()));
        self.cached_rows_change();
        if known == 0 {
            return Ok(None);
        }
        let keys =
            self.query(key_sql!("WHERE workspace_id = $1 AND namespace = $2 AND revoked_at IS NULL"), of, key)?;
        for (_, key) in &keys {
            self.key_revoke(workspace, &key.id, now).await?;
        }
        Ok(Some(keys.into_iter().map(|(_, key)| key).collect()))
    }

    async fn saved(&mut self, workspace: &WorkspaceId, route: &str, key: &str) -> Stored<Option<Saved>> {
        if self.postgres().is_some() {
            // Two nodes that are asked the same at once do it one after the other.
            self.query_one(
                "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2 || ' ' || $3, 3))::text",
                args![workspace.as_str(), route, key],
                |_| Ok(()),
            )?;
        }
        let (vault, place) = (std::sync::Arc::clone(&self.vault), format!("answer {route}"));
        self.query_one(
            "SELECT fingerprint, status, body FROM saved_answers WHERE workspace_id = $1 AND route = $2 AND key = $3",
            args![workspace.as_str(), route, key],
            |row| {
                let fingerprint =
                    row.blob(0)?.try_into().map_err(|_| StoreError::Broken("a fingerprint is not 32 bytes".into()))?;
                // An answer may hold a secret that is shown once.
                let body = vault.open(&place, &row.blob(2)?).map_err(|error| StoreError::Broken(error.to_string()))?;
                Ok(Saved { fingerprint, status: row.small(1)?, body: body.to_vec() })
            },
        )
    }

    async fn save(
        &mut self,
        workspace: &WorkspaceId,
        route: &str,
        key: &str,
        answer: &Saved,
        now: Timestamp,
        expires: Option<Timestamp>,
    ) -> Stored<()> {
        let body = self
            .vault
            .seal(&format!("answer {route}"), &answer.body)
            .map_err(|error| StoreError::Broken(error.to_string()))?;
        self.execute(
            "INSERT INTO saved_answers (workspace_id, route, key, fingerprint, status, body, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (workspace_id, route, key) DO UPDATE SET fingerprint = excluded.fingerprint,
                 status = excluded.status, body = excluded.body, created_at = excluded.created_at,
                 expires_at = excluded.expires_at",
            args![
                workspace.as_str(),
                route,
                key,
                answer.fingerprint.as_slice(),
                answer.status,
                body.as_slice(),
                now,
                expires
            ],
        )
        .map(drop)
    }

    async fn saved_forget(&mut self, workspace: &WorkspaceId, route: &str, key: &str) -> Stored<()> {
        self.execute(
            "DELETE FROM saved_answers WHERE workspace_id = $1 AND route = $2 AND key = $3",
            args![workspace.as_str(), route, key],
        )
        .map(drop)
    }

    async fn saved_sweep(&mut self, now: Timestamp, limit: u32) -> Stored<usize> {
        self.execute(
            "DELETE FROM saved_answers WHERE (workspace_id, route, key) IN
                 (SELECT workspace_id, route, key FROM saved_answers WHERE expires_at < $1 LIMIT $2)",
            args![now, limit],
        )
    }

    async fn sandbox_insert(&mut self, sandbox: &Sandbox) -> Stored<()> {
        self.insert_sandbox(sandbox)
    }

    async fn sandboxes_counted(&mut self, since: Timestamp) -> Stored<(u32, u32)> {
        self.count_sandboxes(since)
    }

    async fn sandboxes(&mut self, limit: u32) -> Stored<Vec<Sandbox>> {
        self.find_sandboxes(limit)
    }

    async fn sandbox_remove(&mut self, workspace: &WorkspaceId, limit: u32) -> Stored<usize> {
        self.remove_sandbox(workspace, limit)
    }

    async fn turn(&mut self, work: &'static str) -> Stored<bool> {
        if self.postgres().is_none() {
            return Ok(true);
        }
        let mine = self.query_one(
            "SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended($1, 2)) THEN 1::bigint ELSE 0 END",
            args![work],
            |row| row.flag(0),
        )?;
        Ok(mine.unwrap_or(false))
    }

    fn keys_changed(&mut self, workspace: &WorkspaceId) {
        self.effects.push(Effect::KeysChanged(workspace.clone()));
    }
}

fn workspace(row: &Row<'_>) -> Stored<Workspace> {
    Ok(Workspace { id: row.with_text(0, WorkspaceId::from_stored)?, name: row.text(1)?, created_at: row.time(2)? })
}
