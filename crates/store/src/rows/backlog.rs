//! What is due and not yet attempted, by its age: for metrics.
use bellwire_domain::{
    Stored,
    delivery::{Backlog, EndpointRef},
};
use bellwire_wire::Timestamp;

use crate::{Tx, args::args};

/// Endpoints per look into their queues.
const PAGE: u32 = 1_000;

impl Tx {
    /// Counts what is due at active endpoints, oldest first within each, at most `limit` rows in all.
    pub(super) fn find_backlog(&mut self, now: Timestamp, limit: u32) -> Stored<Backlog> {
        let mut backlog = Backlog::default();
        let mut left = limit;
        let mut after: Option<EndpointRef> = None;
        loop {
            let due = self.find_due_endpoints(now, after.as_ref(), PAGE)?;
            for (at, oldest) in &due {
                backlog.oldest = Some(backlog.oldest.map_or(*oldest, |known| known.min(*oldest)));
                if left > 0 {
                    left -= self.count_backlog(&mut backlog, at, now, left)?;
                }
            }
            match due.into_iter().nth(PAGE as usize - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(backlog),
            }
        }
    }

    /// Adds what is due at one endpoint; how many rows that were.
    fn count_backlog(&mut self, backlog: &mut Backlog, at: &EndpointRef, now: Timestamp, limit: u32) -> Stored<u32> {
        let [minute, ten_minutes, hour] = Backlog::AGES.map(|age| now.before(age));
        let counted = self.query_one(
            "SELECT COUNT(CASE WHEN due_at > $3 THEN 1 END), COUNT(CASE WHEN due_at > $4 THEN 1 END),
                 COUNT(CASE WHEN due_at > $5 THEN 1 END), COUNT(*)
             FROM (SELECT due_at FROM deliveries WHERE endpoint_id = $1 AND status = 0 AND due_at <= $2
                   ORDER BY due_at LIMIT $6) AS due",
            args![at.endpoint_id.as_str(), now, minute, ten_minutes, hour, limit],
            |row| Ok([row.small::<u32>(0)?, row.small(1)?, row.small(2)?, row.small(3)?]),
        )?;
        let up_to = counted.unwrap_or_default();
        let mut younger = 0;
        for (sum, up_to) in backlog.counts.iter_mut().zip(up_to) {
            *sum += u64::from(up_to - younger);
            younger = up_to;
        }
        Ok(up_to[3])
    }
}
