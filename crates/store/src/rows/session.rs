//! Sessions, and the links that open them.
use bellwire_domain::{
    StoreError, Stored,
    workspace::{
        Key,
        session::{Link, Rows, Session, TokenHash},
    },
};
use bellwire_wire::{KeyId, Timestamp, WorkspaceId};

use super::workspace::{key, key_sql};
use crate::{
    Tx,
    args::{Row, args},
};

/// Hashes are kept as text: every engine orders and compares it alike.
fn stored(hash: &TokenHash) -> String {
    blake3::Hash::from(hash.0).to_hex().to_string()
}

fn hash(row: &Row<'_>, column: usize) -> Stored<TokenHash> {
    let hash = row.with_text(column, |text| blake3::Hash::from_hex(text))?;
    hash.map(|hash| TokenHash(hash.into())).map_err(|_| StoreError::Broken("a token's hash is no hash".into()))
}

impl Rows for Tx {
    async fn session_insert(&mut self, session: &Session) -> Stored<()> {
        self.execute(
            "INSERT INTO sessions (hash, workspace_id, key_id, portal, read_only, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![
                &stored(&session.hash),
                session.workspace_id.as_str(),
                session.key_id.as_str(),
                session.portal,
                session.read_only,
                session.created_at,
                session.expires_at,
            ],
        )
        .map(drop)
    }

    async fn session(&mut self, hash: &TokenHash) -> Stored<Option<Session>> {
        self.query_one(
            "SELECT hash, workspace_id, key_id, portal, read_only, created_at, expires_at FROM sessions WHERE hash = $1",
            args![&stored(hash)],
            session,
        )
    }

    async fn session_delete(&mut self, hash: &TokenHash) -> Stored<bool> {
        Ok(self.execute("DELETE FROM sessions WHERE hash = $1", args![&stored(hash)])? > 0)
    }

    async fn link_insert(&mut self, link: &Link) -> Stored<()> {
        self.execute(
            "INSERT INTO session_links (hash, workspace_id, key_id, once, portal, read_only, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![
                &stored(&link.hash),
                link.workspace_id.as_str(),
                link.key_id.as_str(),
                link.once,
                link.portal,
                link.read_only,
                link.created_at,
                link.expires_at,
            ],
        )
        .map(drop)
    }

    async fn link(&mut self, hash: &TokenHash) -> Stored<Option<Link>> {
        self.query_one(
            "SELECT hash, workspace_id, key_id, once, portal, read_only, created_at, expires_at FROM session_links
             WHERE hash = $1",
            args![&stored(hash)],
            link,
        )
    }

    async fn link_take(&mut self, hash: &TokenHash) -> Stored<bool> {
        // Another node that takes the same row is waited for, and then it is gone.
        Ok(self.execute("DELETE FROM session_links WHERE hash = $1", args![&stored(hash)])? > 0)
    }

    async fn sessions_sweep(&mut self, now: Timestamp, limit: u32) -> Stored<usize> {
        let sessions = self.execute(
            "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE expires_at < $1 LIMIT $2)",
            args![now, limit],
        )?;
        let links = self.execute(
            "DELETE FROM session_links WHERE hash IN (SELECT hash FROM session_links WHERE expires_at < $1 LIMIT $2)",
            args![now, limit],
        )?;
        Ok(sessions + links)
    }

    async fn owner_key(&mut self) -> Stored<Option<Key>> {
        let found =
            self.query_one(key_sql!("WHERE kind = 'owner' AND revoked_at IS NULL ORDER BY seq LIMIT 1"), args![], key)?;
        Ok(found.map(|(_, key)| key))
    }
}

fn session(row: &Row<'_>) -> Stored<Session> {
    Ok(Session {
        hash: hash(row, 0)?,
        workspace_id: row.with_text(1, WorkspaceId::from_stored)?,
        key_id: row.with_text(2, KeyId::from_stored)?,
        portal: row.flag(3)?,
        read_only: row.flag(4)?,
        created_at: row.time(5)?,
        expires_at: row.time(6)?,
    })
}

fn link(row: &Row<'_>) -> Stored<Link> {
    Ok(Link {
        hash: hash(row, 0)?,
        workspace_id: row.with_text(1, WorkspaceId::from_stored)?,
        key_id: row.with_text(2, KeyId::from_stored)?,
        once: row.flag(3)?,
        portal: row.flag(4)?,
        read_only: row.flag(5)?,
        created_at: row.time(6)?,
        expires_at: row.time(7)?,
    })
}
