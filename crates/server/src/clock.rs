//! The one clock. Everything else is handed the time.
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bellwire_store::{DatabaseClock, Store};
use bellwire_wire::Timestamp;
use tokio::time::Instant;

/// Tells the time: the system's, the one that all nodes of a database share, or in a test one that
/// follows tokio's (which can be paused).
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// The database's.
    Shared(Arc<DatabaseClock>),
    /// This much after the instant beside it.
    Fixed(Timestamp, Instant),
}

impl Clock {
    /// The system's clock.
    pub const SYSTEM: Self = Self::System;

    /// The clock that those who share a store go by.
    pub fn of(store: &Store) -> Self {
        store.clock().map_or(Self::System, Self::Shared)
    }

    /// A clock that shows `start` now and goes on with tokio's time.
    pub fn starting_at(start: Timestamp) -> Self {
        Self::Fixed(start, Instant::now())
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_micros(i64::try_from(passed.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Shared(clock) => clock.now(),
            Self::Fixed(start, since) => start.after(since.elapsed()),
        }
    }

    /// The instant to sleep until for it to be `at`; at most a day away, for a clock may be set.
    pub fn instant(&self, at: Timestamp) -> Instant {
        Instant::now() + at.since(self.now()).min(Duration::from_hours(24))
    }
}
