//! Events, deliveries and attempts are partitioned by sequence number, which is about the time: old
//! ones go with their partition, which costs nothing row by row.
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bellwire_domain::delivery::PARKED;
use bellwire_wire::Timestamp;
use postgres::Client;

use super::link::ORDER_LOCK;

/// One node at a time makes or drops partitions.
const PARTITION_LOCK: i64 = 0x6265_6c6c_0002;

/// The partitioned tables with the column that decides.
const TABLES: [&str; 3] = ["events", "deliveries", "attempts"];

/// Which partitions there are, as far as this node knows.
pub(crate) struct Partitions {
    /// Microseconds in each.
    width: i64,
    known: Mutex<BTreeSet<i64>>,
}

impl Partitions {
    /// With the width that the deployment began with, or this one if it begins now: partitions of
    /// different widths would overlap.
    pub(crate) fn of(client: &mut Client, width: Duration) -> Result<Self, postgres::Error> {
        let width = i64::try_from(width.as_micros()).unwrap_or(i64::MAX).max(1).to_string();
        client.execute(
            "INSERT INTO settings (name, value) VALUES ('partition width', $1) ON CONFLICT DO NOTHING",
            &[&width.as_bytes()],
        )?;
        let row = client.query_one(
            "SELECT convert_from(value, 'UTF8')::bigint FROM settings WHERE name = 'partition width'",
            &[],
        )?;
        Ok(Self { width: row.get(0), known: Mutex::new(BTreeSet::new()) })
    }

    /// Microseconds in each.
    pub(crate) fn width(&self) -> i64 {
        self.width
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeSet<i64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is one for this number.
    pub(crate) fn cover(&self, seq: i64) -> bool {
        self.known().contains(&seq.div_euclid(self.width))
    }

    /// Forgets what is known: it is looked up again.
    pub(crate) fn forget(&self) {
        self.known().clear();
    }

    /// The start of the partition with this time: what is older goes with whole partitions.
    pub(crate) fn edge(&self, time: Timestamp) -> Timestamp {
        Timestamp::from_micros(time.micros().div_euclid(self.width) * self.width)
    }

    /// Makes the partitions for numbers from `from` to `to`, where they are missing.
    pub(crate) fn make(&self, client: &mut Client, from: i64, to: i64) -> Result<(), postgres::Error> {
        client.execute("SELECT pg_advisory_lock($1)", &[&PARTITION_LOCK])?;
        // After an error the session ends, and its lock with it.
        self.make_locked(client, from.div_euclid(self.width), to.div_euclid(self.width))?;
        client.execute("SELECT pg_advisory_unlock($1)", &[&PARTITION_LOCK]).map(drop)
    }

    fn make_locked(&self, client: &mut Client, from: i64, to: i64) -> Result<(), postgres::Error> {
        let there = list(client)?;
        for place in from..=to {
            if there.contains(&place) {
                continue;
            }
            let (start, end) = (place * self.width, (place + 1) * self.width);
            // Attached rather than made in its place: nobody who reads or writes has to wait.
            let make = |table: &str| {
                format!(
                    "CREATE TABLE {table}_p{place}
                         (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
                     ALTER TABLE {table} ATTACH PARTITION {table}_p{place} FOR VALUES FROM ({start}) TO ({end});"
                )
            };
            let sql = format!("BEGIN; {} COMMIT", TABLES.map(make).concat());
            client.batch_execute(&sql)?;
        }
        *self.known() = there.into_iter().chain(from..=to).collect();
        Ok(())
    }

    /// Drops the partitions that hold nothing younger than `before`; how many there were, and before when
    /// rows are left to be removed one by one: nothing, while another node is at it.
    pub(crate) fn drop_older(
        &self,
        client: &mut Client,
        before: Timestamp,
    ) -> Result<(usize, Timestamp), postgres::Error> {
        let edge = self.edge(before);
        if !client.query_one("SELECT pg_try_advisory_lock($1)", &[&PARTITION_LOCK])?.get::<_, bool>(0) {
            return Ok((0, Timestamp::EPOCH));
        }
        // After an error the session ends, and its lock with it.
        let dropped = self.drop_locked(client, edge)?;
        client.execute("SELECT pg_advisory_unlock($1)", &[&PARTITION_LOCK])?;
        Ok((dropped, edge))
    }

    /// Each step leaves something that the next time finds and finishes.
    fn drop_locked(&self, client: &mut Client, edge: Timestamp) -> Result<usize, postgres::Error> {
        let old: Vec<(String, String, bool)> = client
            .query(
                "SELECT t.name, c.relname, EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid)
                 FROM UNNEST($1::text[]) AS t (name) JOIN pg_class c ON c.relname ~ ('^' || t.name || '_p-?[0-9]+$')
                 WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
                   AND (substr(c.relname, length(t.name) + 3)::bigint + 1) * $2 <= $3",
                &[&TABLES.as_slice(), &self.width, &edge.micros()],
            )?
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        if old.is_empty() {
            return Ok(0);
        }
        let_through(client, edge.micros())?;
        for (table, name, attached) in &old {
            if *attached {
                let detach = format!("ALTER TABLE {table} DETACH PARTITION {name}");
                // One that was interrupted is finished. A long reader is in the way of both: next time, then.
                client
                    .batch_execute(&format!("{detach} CONCURRENTLY"))
                    .or_else(|_| client.batch_execute(&format!("{detach} FINALIZE")))?;
            }
            client.batch_execute(&format!("DROP TABLE {name}"))?;
        }
        let first = edge.micros() / self.width;
        self.known().retain(|place| *place >= first);
        Ok(old.iter().filter(|(table, ..)| table == TABLES[0]).count())
    }
}

/// Removes replays of events that go, for nothing could be sent of them any more, and lets through what
/// waits behind a delivery that goes. Keeps I5.
fn let_through(client: &mut Client, edge: i64) -> Result<(), postgres::Error> {
    client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({ORDER_LOCK})"))?;
    let keys = client.query(
        "UPDATE deliveries SET status = 2, due_at = NULL, leased_by = NULL, last_error = 'too old'
         WHERE (seq < $1 OR event_seq < $1) AND status = 0 AND ordering_key IS NOT NULL
         RETURNING endpoint_id, ordering_key",
        &[&edge],
    )?;
    for key in &keys {
        let (endpoint, key): (&str, &str) = (key.get(0), key.get(1));
        client.execute(
            "UPDATE deliveries SET due_at = $3 WHERE due_at = $4 AND seq =
                 (SELECT MIN(seq) FROM deliveries WHERE endpoint_id = $1 AND ordering_key = $2 AND status = 0)",
            &[&endpoint, &key, &edge, &PARKED.micros()],
        )?;
    }
    client.execute(
        "DELETE FROM attempts WHERE delivery_seq IN (SELECT seq FROM deliveries WHERE event_seq < $1 AND seq >= $1)",
        &[&edge],
    )?;
    client.execute("DELETE FROM deliveries WHERE event_seq < $1 AND seq >= $1", &[&edge])?;
    client.batch_execute("COMMIT")
}

/// The partitions there are.
fn list(client: &mut Client) -> Result<BTreeSet<i64>, postgres::Error> {
    let rows = client.query(
        "SELECT substr(c.relname, length('attempts_p') + 1)::bigint FROM pg_inherits i
         JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
         WHERE p.relname = 'attempts' AND p.relnamespace = current_schema()::regnamespace
           AND c.relname ~ '^attempts_p-?[0-9]+$'",
        &[],
    )?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
