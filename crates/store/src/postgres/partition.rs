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
    pub(crate) fn new(width: Duration) -> Self {
        let width = i64::try_from(width.as_micros()).unwrap_or(i64::MAX).max(1);
        Self { width, known: Mutex::new(BTreeSet::new()) }
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
        let made = self.make_locked(client, from.div_euclid(self.width), to.div_euclid(self.width));
        client.execute("SELECT pg_advisory_unlock($1)", &[&PARTITION_LOCK])?;
        made
    }

    fn make_locked(&self, client: &mut Client, from: i64, to: i64) -> Result<(), postgres::Error> {
        let there = list(client)?;
        for place in from..=to {
            if there.contains(&place) {
                continue;
            }
            let (start, end) = (place * self.width, (place + 1) * self.width);
            // Attached rather than made in its place: nobody who reads or writes has to wait.
            let mut sql = String::from("BEGIN;");
            for table in TABLES {
                let name = format!("{table}_p{place}");
                sql.extend([
                    &*format!(
                        "CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);"
                    ),
                    &*format!("ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end});"),
                ]);
            }
            sql.push_str("COMMIT");
            if let Err(error) = client.batch_execute(&sql) {
                drop(client.batch_execute("ROLLBACK"));
                return Err(error);
            }
        }
        *self.known() = there.into_iter().chain(from..=to).collect();
        Ok(())
    }

    /// Drops the partitions that hold nothing younger than `before`; how many there were, and from when
    /// on rows are kept now.
    pub(crate) fn drop_older(
        &self,
        client: &mut Client,
        before: Timestamp,
    ) -> Result<(usize, Timestamp), postgres::Error> {
        let edge = self.edge(before);
        if !client.query_one("SELECT pg_try_advisory_lock($1)", &[&PARTITION_LOCK])?.get::<_, bool>(0) {
            return Ok((0, edge));
        }
        let dropped = self.drop_locked(client, edge);
        client.execute("SELECT pg_advisory_unlock($1)", &[&PARTITION_LOCK])?;
        dropped.map(|dropped| (dropped, edge))
    }

    fn drop_locked(&self, client: &mut Client, edge: Timestamp) -> Result<usize, postgres::Error> {
        let places: Vec<i64> =
            list(client)?.into_iter().filter(|place| (place + 1) * self.width <= edge.micros()).collect();
        if places.is_empty() {
            return Ok(0);
        }
        let edge = edge.micros();
        // Who waits behind a delivery that goes is let through afterwards.
        let keys = client.query(
            "SELECT DISTINCT endpoint_id, ordering_key FROM deliveries
             WHERE seq < $1 AND status = 0 AND ordering_key IS NOT NULL",
            &[&edge],
        )?;
        // Of an old event that was replayed later nothing could be sent any more.
        client.execute(
            "DELETE FROM attempts WHERE delivery_seq IN (SELECT seq FROM deliveries WHERE event_seq < $1 AND seq >= $1)",
            &[&edge],
        )?;
        client.execute("DELETE FROM deliveries WHERE event_seq < $1 AND seq >= $1", &[&edge])?;
        for place in &places {
            for table in TABLES {
                // A detachment that was interrupted is finished instead.
                let name = format!("{table}_p{place}");
                if client.batch_execute(&format!("ALTER TABLE {table} DETACH PARTITION {name} CONCURRENTLY")).is_err() {
                    client.batch_execute(&format!("ALTER TABLE {table} DETACH PARTITION {name} FINALIZE")).ok();
                }
                client.batch_execute(&format!("DROP TABLE IF EXISTS {name}"))?;
            }
        }
        self.known().retain(|place| !places.contains(place));
        if !keys.is_empty() {
            client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({ORDER_LOCK})"))?;
            for key in &keys {
                let (endpoint, key): (&str, &str) = (key.get(0), key.get(1));
                client.execute(
                    "UPDATE deliveries SET due_at = $3 WHERE due_at = $4 AND seq =
                         (SELECT MIN(seq) FROM deliveries WHERE endpoint_id = $1 AND ordering_key = $2 AND status = 0)",
                    &[&endpoint, &key, &edge, &PARKED.micros()],
                )?;
            }
            client.batch_execute("COMMIT")?;
        }
        Ok(places.len())
    }
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
