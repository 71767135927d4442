//! Publishers, and the events of all workspaces that they tell.
use bellwire_domain::{
    Stored,
    event::{Begin, Outbox, StoredEvent},
};
use bellwire_wire::Timestamp;

use super::event::{event_sql, stored};
use crate::{Tx, args::args};

impl Outbox for Tx {
    async fn publisher_ensure(&mut self, name: &str, from: Begin) -> Stored<()> {
        // What has not committed yet has a higher number than what has.
        let newest = match from {
            Begin::Start => None,
            Begin::Newest => {
                self.query_one("SELECT seq FROM events ORDER BY seq DESC LIMIT 1", &[], |row| row.int(0))?
            }
        };
        self.execute(
            "INSERT INTO publishers (name, cursor) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            args![name, newest.unwrap_or(0)],
        )
        .map(drop)
    }

    async fn publisher_take(&mut self, name: &str, now: Timestamp, until: Timestamp) -> Stored<Option<i64>> {
        let node = self.node;
        let taken = self.execute(
            "UPDATE publishers SET leased_by = $2, leased_until = $4
             WHERE name = $1 AND (leased_by IS NULL OR leased_by = $2 OR leased_until <= $3)",
            args![name, node, now, until],
        )?;
        if taken == 0 {
            return Ok(None);
        }
        self.query_one("SELECT cursor FROM publishers WHERE name = $1", args![name], |row| row.int(0))
    }

    async fn publisher_move(&mut self, name: &str, from: i64, to: i64, until: Timestamp) -> Stored<bool> {
        let node = self.node;
        let moved = self.execute(
            "UPDATE publishers SET cursor = $4, leased_until = $5 WHERE name = $1 AND leased_by = $2 AND cursor = $3",
            args![name, node, from, to, until],
        )?;
        Ok(moved > 0)
    }

    async fn publisher_release(&mut self, name: &str) -> Stored<()> {
        let node = self.node;
        self.execute(
            "UPDATE publishers SET leased_by = NULL, leased_until = NULL WHERE name = $1 AND leased_by = $2",
            args![name, node],
        )
        .map(drop)
    }

    async fn events_of_all(&mut self, after: i64, limit: u32) -> Stored<Vec<StoredEvent>> {
        self.query(event_sql!("WHERE seq > $1 ORDER BY seq LIMIT $2"), args![after, limit], stored)
    }
}
