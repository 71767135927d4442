//! Waiting for conditions, never for a time.
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: generous, for it is only ever spent in failure.
pub const WAIT: Duration = Duration::from_mins(1);

const LOOK_EVERY: Duration = Duration::from_millis(15);

/// This moment; for deadlines and for seeds, never for assertions.
#[expect(clippy::disallowed_methods, reason = "tests watch a real process in real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// This second, as signatures name it.
#[expect(clippy::disallowed_methods, reason = "a real process looks at the same clock")]
pub fn unix_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("before the end of time")
}

/// A setting of the test run.
#[expect(clippy::disallowed_methods, reason = "the tests have no configuration of their own")]
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Looks until there is something, or fails saying what was awaited.
#[track_caller]
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    eventually_within(WAIT, what, look)
}

/// [`eventually`] with another limit.
#[track_caller]
pub fn eventually_within<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(now() < until, "waited {limit:?} in vain: {what}");
        pause(LOOK_EVERY);
    }
}

/// Looks again and again for so long; the condition must hold each time. For what must *not* happen.
#[track_caller]
pub fn watch(span: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let until = now() + span;
    while now() < until {
        assert!(holds(), "{what}");
        pause(LOOK_EVERY);
    }
}

/// The one place that sleeps: between two looks, and between the bytes of a slow answer.
#[expect(clippy::disallowed_methods, reason = "between two looks at another process")]
pub(crate) fn pause(span: Duration) {
    std::thread::sleep(span);
}
