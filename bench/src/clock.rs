//! The one place of the benchmark that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Monotonic now.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures real time; everything else asks this module")]
pub fn now() -> Instant {
    Instant::now()
}

/// Microseconds since the Unix epoch; the clock that load and sink share.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures real time; everything else asks this module")]
pub fn unix_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, whole_us)
}

/// The wall-clock reading, in microseconds, of a moment of the monotonic clock at or before now.
pub fn unix_us_at(moment: Instant) -> u64 {
    unix_us().saturating_sub(us_since(moment))
}

/// Microseconds from `moment` to now; 0 if it lies ahead.
pub fn us_since(moment: Instant) -> u64 {
    whole_us(now().saturating_duration_since(moment))
}

/// A duration in whole microseconds.
pub fn whole_us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Waits in the kernel: open-loop threads until a request is due, the orchestrator between looks.
#[allow(clippy::disallowed_methods, reason = "a timer of the runtime is only exact to a millisecond")]
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
