//! The sink's controls: read the counters, set them to nothing, open and shut the gate.

use std::collections::BTreeMap;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use serde::{Deserialize, Serialize};

use super::route::Routes;
use crate::latency::Summary;

/// The answer of `/stats`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Counters by path and query.
    pub paths: BTreeMap<String, PathStats>,
}

/// One path since the last reset. Times are microseconds of the Unix epoch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PathStats {
    /// Requests whose body has arrived.
    pub requests: u64,
    /// Requests answered.
    pub answered: u64,
    /// When the first arrived.
    pub first_us: Option<u64>,
    /// When the latest arrived.
    pub last_us: Option<u64>,
    /// Different `webhook-id`s; 0 unless ids are remembered.
    pub distinct: u64,
    /// Requests whose `webhook-id` had been seen.
    pub duplicates: u64,
    /// Send time in the body to arrival, over the bodies that carried one.
    pub latency: Summary,
}

impl Stats {
    /// Requests over all paths that begin with `prefix`.
    pub fn requests(&self, prefix: &str) -> u64 {
        self.under(prefix).map(|path| path.requests).sum()
    }

    /// When the first request under `prefix` arrived.
    pub fn first_us(&self, prefix: &str) -> Option<u64> {
        self.under(prefix).filter_map(|path| path.first_us).min()
    }

    /// When the latest request under `prefix` arrived.
    pub fn last_us(&self, prefix: &str) -> Option<u64> {
        self.under(prefix).filter_map(|path| path.last_us).max()
    }

    /// Different messages under `prefix`, each path counted by itself.
    pub fn distinct(&self, prefix: &str) -> u64 {
        self.under(prefix).map(|path| path.distinct).sum()
    }

    fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a PathStats> {
        self.paths.iter().filter(move |(path, _)| path.starts_with(prefix)).map(|(_, stats)| stats)
    }
}

/// Answers a control path; `None` for all others.
pub fn answer(routes: &Routes, target: &str) -> Option<Response<Full<Bytes>>> {
    match target {
        "/stats" => {}
        "/reset" => routes.reset(false),
        "/reset?track=ids" => routes.reset(true),
        "/open" => routes.set_gate(true),
        "/shut" => routes.set_gate(false),
        _ => return None,
    }
    let body = serde_json::to_vec(&routes.stats()).expect("counters are plain data");
    Some(Response::new(Full::from(body)))
}
