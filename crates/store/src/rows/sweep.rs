//! Retention: the oldest rows go, a few at a time, so that no write waits long for it.
use bellwire_domain::Stored;
use bellwire_wire::Timestamp;

use crate::{Tx, args::args};

impl Tx {
    /// Removes at most `limit` deliveries (with their attempts) or events.
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
            return self.remove_deliveries(&old);
        }
        // Deliveries of an event are never older than the event: its last ones went before.
        self.execute(
            "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE seq < $1 ORDER BY seq LIMIT $2)",
            args![before, limit],
        )
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
            "DELETE FROM jobs WHERE endpoint_id = $1",
            "DELETE FROM endpoints WHERE id = $1",
        ] {
            self.execute(sql, args![&endpoint])?;
        }
        Ok(1)
    }

    fn remove_deliveries(&mut self, seqs: &[i64]) -> Stored<usize> {
        for seq in seqs {
            self.execute("DELETE FROM attempts WHERE delivery_seq = $1", args![*seq])?;
            self.execute("DELETE FROM deliveries WHERE seq = $1", args![*seq])?;
        }
        Ok(seqs.len())
    }
}
