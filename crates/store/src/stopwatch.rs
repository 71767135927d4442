//! Measures the store itself; nothing is decided about rows by it.
use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "measures and bounds waits; no row depends on it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since then.
pub(crate) fn millis(since: Instant) -> u64 {
    u64::try_from(now().duration_since(since).as_millis()).unwrap_or(u64::MAX)
}
