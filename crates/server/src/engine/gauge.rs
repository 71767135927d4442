//! How much is in memory, per endpoint and in all: what bounds the engine (keeps I12).
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use bellwire_domain::delivery::Slot;
use bellwire_wire::EndpointId;

/// Deliveries in memory per endpoint.
const ENDPOINT_MAX: usize = 512;
/// Deliveries in memory.
const TOTAL_MAX: usize = 16_384;
/// Bytes of event data in memory.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// The gauge of one endpoint.
#[derive(Default)]
pub(super) struct Gauge {
    held: Arc<AtomicUsize>,
    /// Whether new deliveries may come straight from the transaction. While something is due on
    /// disk they queue up behind it; while the breaker is open they wait there.
    direct: AtomicBool,
}

/// All gauges.
#[derive(Default)]
pub(super) struct Gauges {
    endpoints: Mutex<HashMap<EndpointId, Arc<Gauge>>>,
    held: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl Gauges {
    /// A slot for a delivery on its way from the transaction; only for endpoints that have a lane and
    /// nothing waiting on disk.
    pub(super) fn reserve(&self, endpoint: &EndpointId, bytes: usize) -> Option<Slot> {
        let gauge = {
            let endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(endpoints.get(endpoint)?)
        };
        if !gauge.direct.load(Ordering::Acquire) {
            return None;
        }
        let slot = self.take(&gauge, bytes);
        if slot.is_none() {
            // From now on the rest queue up on disk, in order, until the lane has caught up.
            gauge.direct.store(false, Ordering::Release);
        }
        slot
    }

    fn take(&self, gauge: &Gauge, bytes: usize) -> Option<Slot> {
        Slot::take(&[(&gauge.held, 1, ENDPOINT_MAX), (&self.held, 1, TOTAL_MAX), (&self.bytes, bytes, BYTES_MAX)])
    }

    /// A slot for a delivery that was claimed from disk. Claims are bounded by [`Gauges::room`]; the
    /// few bytes over are counted all the same.
    pub(super) fn hold(&self, gauge: &Gauge, bytes: usize) -> Option<Slot> {
        Slot::take(&[(&gauge.held, 1, usize::MAX), (&self.held, 1, usize::MAX), (&self.bytes, bytes, usize::MAX)])
    }

    /// How many more deliveries of this endpoint may be claimed.
    pub(super) fn room(&self, gauge: &Gauge) -> usize {
        let left = |counter: &AtomicUsize, bound: usize| bound.saturating_sub(counter.load(Ordering::Acquire));
        if left(&self.bytes, BYTES_MAX) == 0 {
            return 0;
        }
        left(&gauge.held, ENDPOINT_MAX).min(left(&self.held, TOTAL_MAX))
    }

    /// The gauge of an endpoint that has a lane now.
    pub(super) fn open(&self, endpoint: &EndpointId) -> Arc<Gauge> {
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(endpoints.entry(endpoint.clone()).or_default())
    }

    /// Forgets the gauge of an endpoint that has no lane any more.
    pub(super) fn close(&self, endpoint: &EndpointId) {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).remove(endpoint);
    }

    /// Deliveries in memory.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }
}

impl Gauge {
    /// Says whether new deliveries may come straight from the transaction; whether they could before.
    pub(super) fn set_direct(&self, direct: bool) -> bool {
        self.direct.swap(direct, Ordering::AcqRel)
    }

    pub(super) fn is_direct(&self) -> bool {
        self.direct.load(Ordering::Acquire)
    }
}
