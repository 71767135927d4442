//! What shaped the requests to an endpoint, version by version: an attempt names the version it was
//! made with, so what was sent can be shown after the endpoint was changed.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bellwire_domain::{
    StoreError, Stored,
    delivery::{Endpoint, EndpointRef, EndpointVersion, Signing},
};
use bellwire_wire::{Dialect, EndpointId, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Tx, args::args};

/// The part that is kept in clear; of an endpoint's whole configuration these are read.
#[derive(Serialize, Deserialize)]
struct Open {
    url: Option<String>,
    dialect: Dialect,
    signing: Signing,
}

/// An attempt may be under way when its version is replaced, and be noted this much later: more than
/// any lease.
const LATE: Duration = Duration::from_hours(1);

fn place(id: &EndpointId, version: u32) -> String {
    format!("endpoint {id} version {version}")
}

fn broken(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Broken(format!("a version of an endpoint: {error}"))
}

impl Tx {
    /// Notes the version an endpoint has from now on.
    pub(super) fn put_version(&mut self, endpoint: &Endpoint) -> Stored<()> {
        let (id, config) = (&endpoint.at.endpoint_id, &endpoint.config);
        let open = Open { url: config.url.clone(), dialect: config.dialect, signing: config.signing };
        let open = serde_json::to_string(&open).map_err(|error| broken(&error))?;
        let sealed = self.seal_headers(id, endpoint.version, &config.headers)?;
        self.execute(
            "UPDATE endpoint_versions SET replaced_at = $3
             WHERE endpoint_id = $1 AND version < $2 AND replaced_at IS NULL",
            args![id.as_str(), endpoint.version, endpoint.updated_at],
        )?;
        self.execute(
            "INSERT INTO endpoint_versions (endpoint_id, version, config, sealed) VALUES ($1, $2, $3, $4)
             ON CONFLICT (endpoint_id, version) DO UPDATE SET config = excluded.config, sealed = excluded.sealed",
            args![id.as_str(), endpoint.version, &open, sealed.as_slice()],
        )
        .map(drop)
    }

    /// Seals the headers of a version that a migration wrote, while the endpoint still has them.
    pub(super) fn seal_version(&mut self, at: &EndpointRef) -> Stored<()> {
        let unsealed = self.query_one(
            "SELECT version FROM endpoint_versions WHERE endpoint_id = $1 AND sealed IS NULL",
            args![at.endpoint_id.as_str()],
            |row| row.small::<u32>(0),
        )?;
        let Some(version) = unsealed else { return Ok(()) };
        let Some(endpoint) = self.find_endpoint(at)? else { return Ok(()) };
        let sealed = self.seal_headers(&at.endpoint_id, version, &endpoint.config.headers)?;
        self.execute(
            "UPDATE endpoint_versions SET sealed = $3 WHERE endpoint_id = $1 AND version = $2",
            args![at.endpoint_id.as_str(), version, sealed.as_slice()],
        )
        .map(drop)
    }

    pub(super) fn find_version(&mut self, at: &EndpointRef, version: u32) -> Stored<Option<EndpointVersion>> {
        // The endpoint says whose it is, and that it was not deleted. Keeps I11.
        let Some(endpoint) = self.find_endpoint(at)? else { return Ok(None) };
        let vault = Arc::clone(&self.vault);
        self.query_one(
            "SELECT config, sealed FROM endpoint_versions WHERE endpoint_id = $1 AND version = $2",
            args![at.endpoint_id.as_str(), version],
            |row| {
                let Open { url, dialect, signing } = row.json(0)?;
                let headers = match row.opt_blob(1)? {
                    None => endpoint.config.headers.clone(),
                    Some(sealed) => {
                        let plain = vault.open(&place(&at.endpoint_id, version), &sealed);
                        let plain = plain.map_err(|error| broken(&error))?;
                        serde_json::from_slice(&plain).map_err(|error| broken(&error))?
                    }
                };
                Ok(EndpointVersion { url, dialect, signing, headers })
            },
        )
    }

    /// Removes at most `limit` versions that nothing kept can name: they were replaced so long ago that
    /// every delivery attempted with them is older than `before`.
    pub(super) fn sweep_versions(&mut self, before: Timestamp, limit: u32) -> Stored<usize> {
        let old = self.query(
            "SELECT endpoint_id, version FROM endpoint_versions WHERE replaced_at < $1 ORDER BY replaced_at LIMIT $2",
            args![before.before(LATE), limit],
            |row| Ok((row.text(0)?, row.int(1)?)),
        )?;
        for (endpoint, version) in &old {
            self.execute(
                "DELETE FROM endpoint_versions WHERE endpoint_id = $1 AND version = $2",
                args![endpoint, *version],
            )?;
        }
        Ok(old.len())
    }

    fn seal_headers(&self, id: &EndpointId, version: u32, headers: &BTreeMap<String, String>) -> Stored<Vec<u8>> {
        let plain = Zeroizing::new(serde_json::to_vec(headers).map_err(|error| broken(&error))?);
        self.vault.seal(&place(id, version), &plain).map_err(|error| broken(&error))
    }
}
