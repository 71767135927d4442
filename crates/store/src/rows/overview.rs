//! What an overview asks: how deliveries have fared in the last hour, what is owed, what is broken. How they have fared
//! is added up from up to 60 rows of 18 counts for each endpoint that was sent to: it costs as much as there are endpoints
//! at work, however many deliveries they have. The rest is counted in indexes that hold only what is asked for, up to a
//! bound, or is about as many rows as endpoints.
use bellwire_domain::{
    Stored,
    delivery::{EndpointRef, Hour, Standing},
    event::StoredEvent,
};
use bellwire_wire::{EndpointId, Namespace, Timestamp, WorkspaceId};

use super::event::{event_sql, stored};
use crate::{
    Tx,
    args::{Arg, Row, args},
    postgres::Columns,
};

/// Alerts of a workspace among which those of a namespace are looked for. Keeps I12.
const ALERTS_MAX: u32 = 5_000;

macro_rules! minutes_sql {
    ($rows:literal) => {
        concat!(
            "INSERT INTO endpoint_minutes (endpoint_id, at, succeeded, failed, under_1, under_2, under_4, under_8, under_16, under_32, under_64,
                 under_128, under_256, under_512, under_1024, under_2048, under_4096, under_8192, under_16384, longer)
             ",
            $rows,
            " ON CONFLICT (endpoint_id, at) DO UPDATE SET
                 succeeded = endpoint_minutes.succeeded + excluded.succeeded,
                 failed = endpoint_minutes.failed + excluded.failed, under_1 = endpoint_minutes.under_1 + excluded.under_1,
                 under_2 = endpoint_minutes.under_2 + excluded.under_2, under_4 = endpoint_minutes.under_4 + excluded.under_4,
                 under_8 = endpoint_minutes.under_8 + excluded.under_8,
                 under_16 = endpoint_minutes.under_16 + excluded.under_16,
                 under_32 = endpoint_minutes.under_32 + excluded.under_32,
                 under_64 = endpoint_minutes.under_64 + excluded.under_64,
                 under_128 = endpoint_minutes.under_128 + excluded.under_128,
                 under_256 = endpoint_minutes.under_256 + excluded.under_256,
                 under_512 = endpoint_minutes.under_512 + excluded.under_512,
                 under_1024 = endpoint_minutes.under_1024 + excluded.under_1024,
                 under_2048 = endpoint_minutes.under_2048 + excluded.under_2048,
                 under_4096 = endpoint_minutes.under_4096 + excluded.under_4096,
                 under_8192 = endpoint_minutes.under_8192 + excluded.under_8192,
                 under_16384 = endpoint_minutes.under_16384 + excluded.under_16384,
                 longer = endpoint_minutes.longer + excluded.longer"
        )
    };
}

/// A minute of an endpoint, as it is inserted.
fn minute_args<'a>(at: &'a EndpointRef, minute: &Hour) -> [Arg<'a>; 20] {
    let count = |count: u64| Arg::from(i64::try_from(count).unwrap_or(i64::MAX));
    let mut args = [Arg::Int(Some(0)); 20];
    args[0] = at.endpoint_id.as_str().into();
    args[1] = minute.at.into();
    args[2] = count(minute.succeeded);
    args[3] = count(minute.failed);
    for (arg, counted) in args[4..].iter_mut().zip(minute.latency) {
        *arg = count(counted);
    }
    args
}

impl Tx {
    pub(super) fn add_minutes(&mut self, minutes: &[(EndpointRef, Hour)]) -> Stored<()> {
        if minutes.is_empty() {
            return Ok(());
        }
        if let Some(link) = self.postgres() {
            let rows = Columns::of(minutes.iter().map(|(at, minute)| minute_args(at, minute)));
            return link
                .execute_many(
                    minutes_sql!(
                        "SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
                    ),
                    rows.columns(),
                )
                .map(drop);
        }
        for (at, minute) in minutes {
            self.execute(
                minutes_sql!(
                    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
                ),
                &minute_args(at, minute),
            )?;
        }
        Ok(())
    }

    pub(super) fn find_minutes(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        since: Timestamp,
    ) -> Stored<Vec<Hour>> {
        self.query(
            "SELECT m.at, CAST(SUM(m.succeeded) AS BIGINT), CAST(SUM(m.failed) AS BIGINT), CAST(SUM(m.under_1) AS BIGINT),
                 CAST(SUM(m.under_2) AS BIGINT), CAST(SUM(m.under_4) AS BIGINT), CAST(SUM(m.under_8) AS BIGINT),
                 CAST(SUM(m.under_16) AS BIGINT), CAST(SUM(m.under_32) AS BIGINT), CAST(SUM(m.under_64) AS BIGINT),
                 CAST(SUM(m.under_128) AS BIGINT), CAST(SUM(m.under_256) AS BIGINT), CAST(SUM(m.under_512) AS BIGINT),
                 CAST(SUM(m.under_1024) AS BIGINT), CAST(SUM(m.under_2048) AS BIGINT), CAST(SUM(m.under_4096) AS BIGINT),
                 CAST(SUM(m.under_8192) AS BIGINT), CAST(SUM(m.under_16384) AS BIGINT), CAST(SUM(m.longer) AS BIGINT)
             FROM endpoints e INDEXED BY endpoints_workspace
             JOIN endpoint_minutes m ON m.endpoint_id = e.id AND m.at >= $3
             WHERE e.workspace_id = $1 AND e.deleted_at IS NULL AND ($2 IS NULL OR e.namespace = $2)
             GROUP BY m.at ORDER BY m.at",
            args![workspace.as_str(), namespace.map(Namespace::as_str), since],
            |row| {
                let mut latency = [0; 16];
                for (index, count) in latency.iter_mut().enumerate() {
                    *count = row.small(index + 3)?;
                }
                Ok(Hour { at: row.time(0)?, succeeded: row.small(1)?, failed: row.small(2)?, dead: 0, latency })
            },
        )
    }

    pub(super) fn sweep_old_minutes(&mut self, before: Timestamp, limit: u32) -> Stored<usize> {
        self.execute(
            "DELETE FROM endpoint_minutes WHERE (endpoint_id, at) IN
                 (SELECT endpoint_id, at FROM endpoint_minutes INDEXED BY endpoint_minutes_at WHERE at < $1 LIMIT $2)",
            args![before, limit],
        )
    }

    pub(super) fn find_standing(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        limit: u32,
    ) -> Stored<Standing> {
        let of = args![workspace.as_str(), namespace.map(Namespace::as_str), limit];
        let count = |row: &Row<'_>| row.small::<u64>(0);
        let owed = self.query_one(
            "SELECT COUNT(*) FROM (
                 SELECT 1 FROM endpoints e INDEXED BY endpoints_workspace
                 JOIN deliveries d INDEXED BY deliveries_due ON d.endpoint_id = e.id AND d.status = 0
                 WHERE e.workspace_id = $1 AND e.deleted_at IS NULL AND ($2 IS NULL OR e.namespace = $2) LIMIT $3) AS o",
            of,
            count,
        )?;
        let dead = self.query_one(
            "SELECT COUNT(*) FROM (
                 SELECT 1 FROM endpoints e INDEXED BY endpoints_workspace
                 JOIN deliveries d INDEXED BY deliveries_dead
                     ON d.workspace_id = $1 AND d.endpoint_id = e.id AND d.status = 2
                 WHERE e.workspace_id = $1 AND e.deleted_at IS NULL AND ($2 IS NULL OR e.namespace = $2) LIMIT $3) AS o",
            of,
            count,
        )?;
        Ok(Standing { owed: owed.unwrap_or(0), dead: dead.unwrap_or(0) })
    }

    pub(super) fn find_circuits(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        now: Timestamp,
        limit: u32,
    ) -> Stored<Vec<(EndpointRef, Timestamp)>> {
        self.query(
            "SELECT e.id, h.open_until FROM endpoints e INDEXED BY endpoints_workspace
             JOIN endpoint_health h ON h.endpoint_id = e.id
             WHERE e.workspace_id = $1 AND e.deleted_at IS NULL AND e.status = 'active' AND h.open_until > $3
               AND ($2 IS NULL OR e.namespace = $2) ORDER BY h.open_until LIMIT $4",
            args![workspace.as_str(), namespace.map(Namespace::as_str), now, limit],
            |row| {
                let endpoint_id = row.with_text(0, EndpointId::from_stored)?;
                Ok((EndpointRef { workspace_id: workspace.clone(), endpoint_id }, row.time(1)?))
            },
        )
    }

    pub(super) fn find_alerts(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        limit: u32,
    ) -> Stored<Vec<StoredEvent>> {
        let look = if namespace.is_some() { ALERTS_MAX } else { limit };
        let heads = self.query(
            "SELECT seq, namespace FROM events INDEXED BY events_alerts
             WHERE workspace_id = $1
               AND type IN ('abuse.detected', 'budget.exhausted', 'budget.threshold', 'endpoint.disabled', 'spend.spike', 'wallet.frozen')
             ORDER BY seq DESC LIMIT $2",
            args![workspace.as_str(), look],
            |row| {
                let of = row.opt_text(1)?;
                Ok((row.int(0)?, namespace.is_none_or(|wanted| of.as_deref() == Some(wanted.as_str()))))
            },
        )?;
        let mut found = Vec::new();
        for (seq, _) in heads.into_iter().filter(|(_, taken)| *taken).take(limit as usize) {
            found.extend(self.query_one(event_sql!("WHERE seq = $1"), args![seq], stored)?);
        }
        Ok(found)
    }
}
