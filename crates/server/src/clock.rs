//! The one clock. Everything else is handed the time.
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bellwire_wire::Timestamp;
use tokio::time::Instant;

/// Tells the time: the system's, or in a test one that follows tokio's (which can be paused).
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// When set, time is this much after the instant beside it.
    fixed: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// The system's clock.
    pub const SYSTEM: Self = Self { fixed: None };

    /// A clock that shows `start` now and goes on with tokio's time.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { fixed: Some((start, Instant::now())) }
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn now(&self) -> Timestamp {
        if let Some((start, since)) = self.fixed { start.after(since.elapsed()) } else {
            let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_micros(i64::try_from(passed.as_micros()).unwrap_or(i64::MAX))
        }
    }

    /// The instant to sleep until for it to be `at`; at most a day away, for a clock may be set.
    pub fn instant(&self, at: Timestamp) -> Instant {
        Instant::now() + at.since(self.now()).min(Duration::from_hours(24))
    }
}
