//! One path of the sink: how it answers and what it has counted.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::control::{PathStats, Stats};
use crate::latency::Latency;

/// Paths counted apart; further ones share one counter, so memory is bounded.
const PATHS_MAX: usize = 1_024;

/// How a path answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 200 at once.
    Ok,
    /// 500 at once.
    Error,
    /// 200 after a while.
    Slow(Duration),
    /// Never.
    Hang,
    /// Never while the gate is shut, 200 at once while it is open.
    Gate,
}

impl Answer {
    /// Reads it from the first segment of a path: `/slow/3?ms=20`. Unknown ones are as `/ok`.
    pub fn of(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path.split('/').nth(1) {
            Some("hang") => Self::Hang,
            Some("500") => Self::Error,
            Some("gate") => Self::Gate,
            Some("slow") => {
                let ms = query.strip_prefix("ms=").and_then(|ms| ms.parse().ok()).unwrap_or(100);
                Self::Slow(Duration::from_millis(ms))
            }
            _ => Self::Ok,
        }
    }
}

/// Counters of one path since the last reset.
#[derive(Debug)]
pub struct Route {
    path: String,
    answer: Answer,
    requests: AtomicU64,
    answered: AtomicU64,
    first_us: AtomicU64,
    last_us: AtomicU64,
    duplicates: AtomicU64,
    latency: Mutex<Option<Latency>>,
    ids: Mutex<HashSet<u64>>,
    hasher: RandomState,
}

impl Route {
    fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            answer: Answer::of(path),
            requests: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            first_us: AtomicU64::new(u64::MAX),
            last_us: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            latency: Mutex::default(),
            ids: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Path and query, as requested.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How it answers.
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// Notes a request whose body has arrived.
    pub fn arrived(&self, at_us: u64, sent_us: Option<u64>) {
        self.requests.fetch_add(1, Relaxed);
        if self.first_us.load(Relaxed) > at_us {
            self.first_us.fetch_min(at_us, Relaxed);
        }
        self.last_us.fetch_max(at_us, Relaxed);
        if let Some(sent_us) = sent_us {
            let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
            latency.get_or_insert_default().record(at_us.saturating_sub(sent_us));
        }
    }

    /// Notes an answer about to be sent.
    pub fn answered(&self) {
        self.answered.fetch_add(1, Relaxed);
    }

    /// Notes the id of a message; one seen before is a duplicate.
    pub fn note_id(&self, id: Option<&[u8]>) {
        let Some(id) = id else { return };
        let id = self.hasher.hash_one(id);
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if !ids.insert(id) {
            self.duplicates.fetch_add(1, Relaxed);
        }
    }

    fn reset(&self) {
        self.requests.store(0, Relaxed);
        self.answered.store(0, Relaxed);
        self.first_us.store(u64::MAX, Relaxed);
        self.last_us.store(0, Relaxed);
        self.duplicates.store(0, Relaxed);
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some(latency) = &mut *self.latency.lock().unwrap_or_else(PoisonError::into_inner) {
            latency.clear();
        }
    }

    fn stats(&self) -> PathStats {
        let latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let first_us = self.first_us.load(Relaxed);
        PathStats {
            requests: self.requests.load(Relaxed),
            answered: self.answered.load(Relaxed),
            first_us: (first_us != u64::MAX).then_some(first_us),
            last_us: Some(self.last_us.load(Relaxed)).filter(|&us| us != 0),
            distinct: ids.len() as u64,
            duplicates: self.duplicates.load(Relaxed),
            latency: latency.as_ref().map(Latency::summary).unwrap_or_default(),
        }
    }
}

/// All paths seen, and the switches over them.
#[derive(Debug, Default)]
pub struct Routes {
    by_path: RwLock<HashMap<String, Arc<Route>>>,
    gate_open: AtomicBool,
    track_ids: AtomicBool,
}

impl Routes {
    /// The route of a path, made on first sight.
    pub fn at(&self, path: &str) -> Arc<Route> {
        let known = self.by_path.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known.get(path) {
            return Arc::clone(route);
        }
        let path = if known.len() < PATHS_MAX { path } else { "/ok/others" };
        drop(known);
        let mut known = self.by_path.write().unwrap_or_else(PoisonError::into_inner);
        let route = known.entry(path.to_owned()).or_insert_with(|| Arc::new(Route::new(path)));
        Arc::clone(route)
    }

    /// Whether `/gate` answers.
    pub fn gate_is_open(&self) -> bool {
        self.gate_open.load(Relaxed)
    }

    /// Opens or shuts the gate for requests to come.
    pub fn set_gate(&self, open: bool) {
        self.gate_open.store(open, Relaxed);
    }

    /// Whether message ids are remembered.
    pub fn tracks_ids(&self) -> bool {
        self.track_ids.load(Relaxed)
    }

    /// Sets every counter to nothing, and whether ids are remembered from now on.
    pub fn reset(&self, track_ids: bool) {
        self.track_ids.store(track_ids, Relaxed);
        let known = self.by_path.read().unwrap_or_else(PoisonError::into_inner);
        known.values().for_each(|route| route.reset());
    }

    /// Every path's counters.
    pub fn stats(&self) -> Stats {
        let known = self.by_path.read().unwrap_or_else(PoisonError::into_inner);
        let paths = known.iter().map(|(path, route)| (path.clone(), route.stats())).collect();
        Stats { paths }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_says_how_a_path_answers() {
        assert_eq!(Answer::of("/ok/3"), Answer::Ok);
        assert_eq!(Answer::of("/hang"), Answer::Hang);
        assert_eq!(Answer::of("/500"), Answer::Error);
        assert_eq!(Answer::of("/slow/1?ms=20"), Answer::Slow(Duration::from_millis(20)));
    }

    #[test]
    fn a_reset_forgets_and_counting_goes_on() {
        let routes = Routes::default();
        let route = routes.at("/ok");
        route.arrived(1_000, Some(400));
        assert_eq!(routes.stats().paths["/ok"].latency.p50_us, 600);
        routes.reset(true);
        route.note_id(Some(b"evt_1"));
        route.note_id(Some(b"evt_1"));
        let stats = routes.stats();
        assert_eq!(stats.paths["/ok"].requests, 0);
        assert_eq!(stats.paths["/ok"].first_us, None);
        assert_eq!(stats.paths["/ok"].duplicates, 1);
    }

    #[test]
    fn paths_beyond_the_bound_share_one_counter() {
        let routes = Routes::default();
        for n in 0..PATHS_MAX + 10 {
            routes.at(&format!("/ok/{n}")).arrived(1, None);
        }
        assert_eq!(routes.stats().paths["/ok/others"].requests, 10);
    }
}
