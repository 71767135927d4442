//! Endpoints: what their owners chose, their sealed secrets, and how they fare.
use std::{collections::BTreeMap, sync::Arc};

use bellwire_domain::{
    Page, PageQuery, StoreError, Stored,
    delivery::{Endpoint, EndpointConfig, EndpointRef, EndpointStatus, Health, Hour, LiveSecret, Subscriptions},
};
use bellwire_wire::{EndpointId, EndpointSecret, Namespace, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Tx,
    args::{Row, args},
};

macro_rules! endpoint_sql {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, workspace_id, status, status_reason, config, sealed, version, created_at, updated_at ",
            "FROM endpoints WHERE deleted_at IS NULL AND ",
            $rest
        )
    };
}

/// What is sealed of an endpoint.
#[derive(Serialize, Deserialize)]
struct Sealed {
    secrets: Vec<SealedSecret>,
    headers: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct SealedSecret {
    secret: String,
    expires_at: Option<i64>,
}

fn place(id: &EndpointId) -> String {
    format!("endpoint {id}")
}

impl Tx {
    fn seal_endpoint(&self, endpoint: &Endpoint) -> Stored<(String, Vec<u8>)> {
        let broken = |error: serde_json::Error| StoreError::Broken(error.to_string());
        let sealed = Sealed {
            secrets: endpoint
                .secrets
                .iter()
                .map(|live| SealedSecret {
                    secret: live.secret.as_str().to_owned(),
                    expires_at: live.expires_at.map(Timestamp::micros),
                })
                .collect(),
            headers: endpoint.config.headers.clone(),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&sealed).map_err(broken)?);
        let sealed = self
            .vault
            .seal(&place(&endpoint.at.endpoint_id), &plain)
            .map_err(|error| StoreError::Broken(error.to_string()))?;
        let open = EndpointConfig { headers: BTreeMap::new(), ..endpoint.config.clone() };
        Ok((serde_json::to_string(&open).map_err(broken)?, sealed))
    }

    fn read_endpoint(vault: &crate::Vault, row: &Row<'_>) -> Stored<(i64, Arc<Endpoint>)> {
        let broken = |error: &dyn std::fmt::Display| StoreError::Broken(format!("an endpoint: {error}"));
        let id = row.with_text(1, EndpointId::from_stored)?;
        let plain = vault.open(&place(&id), &row.blob(6)?).map_err(|error| broken(&error))?;
        let sealed: Sealed = serde_json::from_slice(&plain).map_err(|error| broken(&error))?;
        let secrets = sealed
            .secrets
            .into_iter()
            .map(|sealed| {
                Ok(LiveSecret {
                    secret: EndpointSecret::parse(&sealed.secret).map_err(|error| broken(&error))?,
                    expires_at: sealed.expires_at.map(Timestamp::from_micros),
                })
            })
            .collect::<Stored<Vec<_>>>()?;
        let mut config: EndpointConfig = row.json(5)?;
        config.headers = sealed.headers;
        let endpoint = Endpoint {
            at: EndpointRef { workspace_id: row.with_text(2, WorkspaceId::from_stored)?, endpoint_id: id },
            config,
            status: row.with_text(3, status)?,
            status_reason: row.opt_text(4)?,
            secrets,
            created_at: row.time(8)?,
            updated_at: row.time(9)?,
            version: row.small(7)?,
        };
        Ok((row.int(0)?, Arc::new(endpoint)))
    }

    pub(super) fn insert_endpoint(&mut self, endpoint: &Endpoint) -> Stored<()> {
        let (config, sealed) = self.seal_endpoint(endpoint)?;
        self.execute(
            "INSERT INTO endpoints (id, workspace_id, kind, status, status_reason, namespace, config, sealed, version,
                 created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            args![
                endpoint.at.endpoint_id.as_str(),
                endpoint.at.workspace_id.as_str(),
                kind(endpoint),
                endpoint.status.as_str(),
                endpoint.status_reason.as_ref(),
                endpoint.config.namespace.as_ref().map(Namespace::as_str),
                &config,
                sealed.as_slice(),
                endpoint.version,
                endpoint.created_at,
                endpoint.updated_at,
            ],
        )?;
        self.forget_endpoint(&endpoint.at);
        self.put_version(endpoint)
    }

    pub(super) fn update_endpoint(&mut self, endpoint: &Endpoint) -> Stored<()> {
        self.seal_version(&endpoint.at)?;
        let (config, sealed) = self.seal_endpoint(endpoint)?;
        // Who changes an endpoint has read it in this transaction, or from a cache that may be older.
        let changed = self.execute(
            "UPDATE endpoints SET kind = $3, status = $4, status_reason = $5, namespace = $6, config = $7, sealed = $8,
                 version = $9, updated_at = $10 WHERE id = $1 AND workspace_id = $2 AND version = $9 - 1",
            args![
                endpoint.at.endpoint_id.as_str(),
                endpoint.at.workspace_id.as_str(),
                kind(endpoint),
                endpoint.status.as_str(),
                endpoint.status_reason.as_ref(),
                endpoint.config.namespace.as_ref().map(Namespace::as_str),
                &config,
                sealed.as_slice(),
                endpoint.version,
                endpoint.updated_at,
            ],
        )?;
        self.forget_endpoint(&endpoint.at);
        if changed == 0 { Err(self.conflict()) } else { self.put_version(endpoint) }
    }

    pub(super) fn delete_endpoint(&mut self, at: &EndpointRef, now: Timestamp) -> Stored<()> {
        self.execute(
            "UPDATE endpoints SET deleted_at = $1 WHERE id = $2 AND workspace_id = $3",
            args![now, at.endpoint_id.as_str(), at.workspace_id.as_str()],
        )?;
        self.forget_endpoint(at);
        Ok(())
    }

    fn forget_endpoint(&mut self, at: &EndpointRef) {
        self.cache.endpoints.remove(&at.endpoint_id);
        self.cache.subscriptions.remove(&at.workspace_id);
        self.cached_rows_change();
    }

    pub(super) fn find_endpoint(&mut self, at: &EndpointRef) -> Stored<Option<Arc<Endpoint>>> {
        if let Some(known) = self.cache.endpoints.get(&at.endpoint_id) {
            return Ok((known.at == *at).then(|| Arc::clone(known)));
        }
        let vault = Arc::clone(&self.vault);
        let found = self.query_one(
            endpoint_sql!("id = $1 AND workspace_id = $2"),
            args![at.endpoint_id.as_str(), at.workspace_id.as_str()],
            |row| Self::read_endpoint(&vault, row),
        )?;
        Ok(found.map(|(_, endpoint)| {
            self.cache.endpoints.insert(at.endpoint_id.clone(), Arc::clone(&endpoint));
            endpoint
        }))
    }

    pub(super) fn page_endpoints(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        page: PageQuery,
    ) -> Stored<Page<Arc<Endpoint>>> {
        let vault = Arc::clone(&self.vault);
        let rows = self.query(
            endpoint_sql!(
                "workspace_id = $1 AND ($2 IS NULL OR namespace = $2) AND seq < $3 ORDER BY seq DESC LIMIT $4"
            ),
            args![
                workspace.as_str(),
                namespace.map(Namespace::as_str),
                page.before.unwrap_or(i64::MAX),
                page.limit + 1
            ],
            |row| Self::read_endpoint(&vault, row),
        )?;
        Ok(Page::from_overfetch(rows, page.limit, |(seq, _)| *seq).map(|(_, endpoint)| endpoint))
    }

    pub(super) fn bound_endpoints(
        &mut self,
        workspace: &WorkspaceId,
        namespace: &Namespace,
    ) -> Stored<Vec<EndpointRef>> {
        self.query(
            "SELECT id FROM endpoints WHERE workspace_id = $1 AND namespace = $2 AND deleted_at IS NULL",
            args![workspace.as_str(), namespace.as_str()],
            |row| {
                let endpoint_id = row.with_text(0, EndpointId::from_stored)?;
                Ok(EndpointRef { workspace_id: workspace.clone(), endpoint_id })
            },
        )
    }

    pub(super) fn find_subscriptions(&mut self, workspace: &WorkspaceId) -> Stored<Arc<Subscriptions>> {
        if let Some(known) = self.cache.subscriptions.get(workspace) {
            return Ok(Arc::clone(known));
        }
        let vault = Arc::clone(&self.vault);
        let rows = self.query(
            endpoint_sql!("workspace_id = $1 AND status <> 'disabled'"),
            args![workspace.as_str()],
            |row| Self::read_endpoint(&vault, row),
        )?;
        let endpoints: Vec<Arc<Endpoint>> = rows.into_iter().map(|(_, endpoint)| endpoint).collect();
        for endpoint in &endpoints {
            self.cache.endpoints.insert(endpoint.at.endpoint_id.clone(), Arc::clone(endpoint));
        }
        let subscriptions = Arc::new(Subscriptions::new(endpoints));
        self.cache.subscriptions.insert(workspace.clone(), Arc::clone(&subscriptions));
        Ok(subscriptions)
    }

    pub(super) fn find_health(&mut self, at: &EndpointRef) -> Stored<Health> {
        let found = self.query_one(
            "SELECT failures, failing_since, last_success_at, last_failure_at, open_until, opened FROM endpoint_health
             WHERE endpoint_id = $1 AND EXISTS (SELECT 1 FROM endpoints WHERE id = $1 AND workspace_id = $2)",
            args![at.endpoint_id.as_str(), at.workspace_id.as_str()],
            |row| {
                Ok(Health {
                    failures: row.small(0)?,
                    failing_since: row.opt_time(1)?,
                    last_success_at: row.opt_time(2)?,
                    last_failure_at: row.opt_time(3)?,
                    open_until: row.opt_time(4)?,
                    opened: row.small(5)?,
                })
            },
        )?;
        Ok(found.unwrap_or_default())
    }

    pub(super) fn put_health(&mut self, at: &EndpointRef, health: &Health) -> Stored<()> {
        self.execute(
            "INSERT INTO endpoint_health (endpoint_id, failures, failing_since, last_success_at, last_failure_at,
                 open_until, opened) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (endpoint_id) DO UPDATE SET failures = excluded.failures,
                 failing_since = excluded.failing_since, last_success_at = excluded.last_success_at,
                 last_failure_at = excluded.last_failure_at, open_until = excluded.open_until,
                 opened = excluded.opened",
            args![
                at.endpoint_id.as_str(),
                health.failures,
                health.failing_since,
                health.last_success_at,
                health.last_failure_at,
                health.open_until,
                health.opened
            ],
        )
        .map(drop)
    }

    pub(super) fn add_hour(&mut self, at: &EndpointRef, hour: &Hour) -> Stored<()> {
        let known = self.query_one(
            "SELECT at, succeeded, failed, dead, latency FROM endpoint_hours WHERE endpoint_id = $1 AND at = $2",
            args![at.endpoint_id.as_str(), hour.at],
            read_hour,
        )?;
        let mut sum = known.unwrap_or(Hour { at: hour.at, ..Hour::default() });
        sum.succeeded += hour.succeeded;
        sum.failed += hour.failed;
        sum.dead += hour.dead;
        for (sum, added) in sum.latency.iter_mut().zip(hour.latency) {
            *sum += added;
        }
        let latency = serde_json::to_string(&sum.latency).map_err(|error| StoreError::Broken(error.to_string()))?;
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.execute(
            "INSERT INTO endpoint_hours (endpoint_id, at, succeeded, failed, dead, latency)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (endpoint_id, at) DO UPDATE SET succeeded = excluded.succeeded, failed = excluded.failed,
                 dead = excluded.dead, latency = excluded.latency",
            args![at.endpoint_id.as_str(), sum.at, count(sum.succeeded), count(sum.failed), count(sum.dead), &latency],
        )
        .map(drop)
    }

    pub(super) fn find_hours(&mut self, at: &EndpointRef, since: Timestamp) -> Stored<Vec<Hour>> {
        self.query(
            "SELECT at, succeeded, failed, dead, latency FROM endpoint_hours WHERE endpoint_id = $1 AND at >= $2
                 AND EXISTS (SELECT 1 FROM endpoints WHERE id = $1 AND workspace_id = $3)
             ORDER BY at",
            args![at.endpoint_id.as_str(), since, at.workspace_id.as_str()],
            read_hour,
        )
    }
}

fn read_hour(row: &Row<'_>) -> Stored<Hour> {
    Ok(Hour {
        at: row.time(0)?,
        succeeded: row.small(1)?,
        failed: row.small(2)?,
        dead: row.small(3)?,
        latency: row.json(4)?,
    })
}

fn kind(endpoint: &Endpoint) -> &'static str {
    match endpoint.config.kind {
        bellwire_domain::delivery::EndpointKind::Push => "push",
        bellwire_domain::delivery::EndpointKind::Pull => "pull",
    }
}

/// An unknown status is of a later version: nothing is sent on a guess.
fn status(text: &str) -> EndpointStatus {
    match text {
        "active" => EndpointStatus::Active,
        "paused" => EndpointStatus::Paused,
        _ => EndpointStatus::Disabled,
    }
}
