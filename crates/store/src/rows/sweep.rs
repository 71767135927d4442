//! Retention: the oldest rows go, a few at a time, so that no write waits long for it.
use std::collections::BTreeSet;

use bellwire_domain::{Effect, Stored, delivery::EndpointRef};
use bellwire_wire::{EndpointId, Timestamp, WorkspaceId};

use crate::{Tx, args::args};

impl Tx {
    /// Removes at most `limit` deliveries (with their attempts), events or versions of endpoints.
    pub(super) fn sweep_old(&mut self, before: Timestamp, limit: u32) -> Stored<usize> {
        let deleted = self.sweep_deleted(limit)?;
        if deleted > 0 {
            return Ok(deleted);
        }
        let old = self.query(
            "SELECT seq FROM deliveries WHERE seq < $1 ORDER BY seq LIMIT $2",
            args![before, limit],
            |row| row.int(0),
        )?;
        if !old.is_empty() {
            return self.remove_old(&old, before);
        }
        let events =
            self.query("SELECT seq FROM events WHERE seq < $1 ORDER BY seq LIMIT $2", args![before, limit], |row| {
                row.int(0)
            })?;
        // A replay may have made deliveries of an old event later: they go with it, for nothing could
        // be sent of them without it.
        let mut late = Vec::new();
        for event in &events {
            let room = i64::from(limit) - i64::try_from(late.len()).unwrap_or(i64::MAX);
            late.extend(self.query(
                "SELECT seq FROM deliveries INDEXED BY deliveries_event WHERE event_seq = $1 LIMIT $2",
                args![*event, room.max(0)],
                |row| row.int(0),
            )?);
        }
        if !late.is_empty() {
            return self.remove_old(&late, before);
        }
        if events.is_empty() {
            return self.sweep_versions(before, limit);
        }
        for event in &events {
            self.execute("DELETE FROM events WHERE seq = $1", args![*event])?;
        }
        Ok(events.len())
    }

    /// Removes deliveries for their age. Where one of an ordered endpoint was still owed, the next of
    /// its key is due. Keeps I5.
    fn remove_old(&mut self, seqs: &[i64], before: Timestamp) -> Stored<usize> {
        let mut keys = BTreeSet::new();
        for seq in seqs {
            keys.extend(self.query_one(
                "SELECT workspace_id, endpoint_id, ordering_key FROM deliveries
                 WHERE seq = $1 AND status = 0 AND ordering_key IS NOT NULL",
                args![*seq],
                |row| {
                    let at = EndpointRef {
                        workspace_id: row.with_text(0, WorkspaceId::from_stored)?,
                        endpoint_id: row.with_text(1, EndpointId::from_stored)?,
                    };
                    Ok((at, row.text(2)?))
                },
            )?);
        }
        let removed = self.remove_deliveries(seqs)?;
        for (at, key) in keys {
            if self.promote_key(&at, &key, before)? {
                self.effects.push(Effect::Due(at));
            }
        }
        Ok(removed)
    }

    /// Removes what is left of deleted endpoints.
    fn sweep_deleted(&mut self, limit: u32) -> Stored<usize> {
        let gone = self.query_one(
            "SELECT id FROM endpoints INDEXED BY endpoints_deleted WHERE deleted_at IS NOT NULL LIMIT 1",
            &[],
            |row| row.text(0),
        )?;
        let Some(endpoint) = gone else { return Ok(0) };
        let left = self.query(
            "SELECT seq FROM deliveries INDEXED BY deliveries_endpoint WHERE endpoint_id = $1 LIMIT $2",
            args![&endpoint, limit],
            |row| row.int(0),
        )?;
        if !left.is_empty() {
            return self.remove_deliveries(&left);
        }
        for sql in [
            "DELETE FROM endpoint_health WHERE endpoint_id = $1",
            "DELETE FROM endpoint_hours WHERE endpoint_id = $1",
            "DELETE FROM endpoint_minutes WHERE endpoint_id = $1",
            "DELETE FROM endpoint_versions WHERE endpoint_id = $1",
            "DELETE FROM jobs WHERE endpoint_id = $1",
            "DELETE FROM endpoints WHERE id = $1",
        ] {
            self.execute(sql, args![&endpoint])?;
        }
        Ok(1)
    }

    pub(super) fn remove_deliveries(&mut self, seqs: &[i64]) -> Stored<usize> {
        for seq in seqs {
            self.execute("DELETE FROM attempts WHERE delivery_seq = $1", args![*seq])?;
            self.execute("DELETE FROM deliveries WHERE seq = $1", args![*seq])?;
        }
        Ok(seqs.len())
    }
}
