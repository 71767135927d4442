//! How fast an endpoint is sent to: its own rate limit, and less while it says that it is
//! overloaded (additive increase, multiplicative decrease; spec delivery, "Rules" 4).
//!
//! Whole numbers only: rates are in thousandths of a delivery per second, so that a limit can fall
//! below one.
use std::time::Duration;

use bellwire_wire::Timestamp;

/// Slowest: two deliveries a second, so that a schedule of seconds stays what it says.
const RATE_MIN: u64 = 2_000;
/// What an answer without trouble gives back, per second of real time.
const RATE_STEP: u64 = 1_000;
/// Above this an unlimited endpoint is unlimited again.
const RATE_FREE: u64 = 1_000_000;

/// The pace of one endpoint: a token bucket whose rate can be lowered.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The owner's limit, thousandths per second.
    limit: Option<u64>,
    /// The rate in force; absent while unlimited.
    rate: Option<u64>,
    /// Millionths of a delivery that may go now.
    tokens: u64,
    refilled: Timestamp,
    raised: Timestamp,
    lowered: Timestamp,
    /// Deliveries started in the current second, to know the rate that was too much.
    second: (i64, u64),
    last_second: u64,
}

impl Pace {
    /// The pace of an endpoint with this limit per second.
    pub fn new(limit: Option<u32>, now: Timestamp) -> Self {
        let limit = limit.map(|limit| u64::from(limit) * 1_000);
        Self {
            limit,
            rate: limit,
            tokens: 1_000_000,
            refilled: now,
            raised: now,
            lowered: Timestamp::EPOCH,
            second: (now.seconds(), 0),
            last_second: 0,
        }
    }

    /// Takes a new limit of the owner's.
    pub fn set_limit(&mut self, limit: Option<u32>) {
        let limit = limit.map(|limit| u64::from(limit) * 1_000);
        if limit != self.limit {
            self.limit = limit;
            self.rate = limit;
        }
    }

    /// Takes one delivery's worth, or says how long to wait for it.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        self.count(now);
        let Some(rate) = self.rate else { return Ok(()) };
        let passed = u64::try_from(now.since(self.refilled).as_micros()).unwrap_or(u64::MAX);
        let gained = passed.saturating_mul(rate) / 1_000;
        if gained > 0 {
            self.refilled = now;
            // At most a tenth of a second's worth (and one) waits in the bucket: no bursts.
            self.tokens = self.tokens.saturating_add(gained).min((rate * 100).max(1_000_000));
        }
        if self.tokens >= 1_000_000 {
            self.tokens -= 1_000_000;
            self.second.1 += 1;
            return Ok(());
        }
        let missing = 1_000_000 - self.tokens;
        Err(Duration::from_micros((missing * 1_000).div_ceil(rate)))
    }

    /// Notes that a start counted against an unlimited endpoint.
    fn count(&mut self, now: Timestamp) {
        let second = now.seconds();
        if self.second.0 != second {
            self.last_second = if self.second.0 + 1 == second { self.second.1 } else { 0 };
            self.second = (second, 0);
        }
        if self.rate.is_none() {
            self.second.1 += 1;
        }
    }

    /// The endpoint says it is overloaded: half the rate, at most once a second.
    pub fn overloaded(&mut self, now: Timestamp) {
        if now.since(self.lowered) < Duration::from_secs(1) {
            return;
        }
        let seen = self.last_second.max(self.second.1) * 1_000;
        let current = self.rate.unwrap_or(seen).max(RATE_MIN * 2);
        self.rate = Some((current / 2).max(RATE_MIN));
        // One may go: the retry of what was refused is not to wait for a token as well.
        self.tokens = self.tokens.min(1_000_000);
        self.refilled = now;
        self.lowered = now;
        self.raised = now;
    }

    /// The endpoint answered without trouble: a little more, at most once a second.
    pub fn succeeded(&mut self, now: Timestamp) {
        let Some(rate) = self.rate else { return };
        if self.limit == Some(rate) || now.since(self.raised) < Duration::from_secs(1) {
            return;
        }
        self.raised = now;
        // A twentieth more as well, so that a fast endpoint need not wait an hour.
        let raised = rate + RATE_STEP + rate / 20;
        self.rate = match self.limit {
            Some(limit) => Some(raised.min(limit)),
            None if raised >= RATE_FREE => None,
            None => Some(raised),
        };
    }

    /// Deliveries per thousand seconds in force; absent while unlimited.
    pub fn rate(&self) -> Option<u64> {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + millis * 1_000)
    }

    #[test]
    fn a_limit_holds_over_time() {
        let mut pace = Pace::new(Some(10), at(0));
        let taken = (0..5_000).filter(|millis| pace.take(at(*millis)).is_ok()).count();
        assert!((50..=52).contains(&taken), "{taken}");
    }

    #[test]
    fn the_wait_it_tells_is_enough() {
        let mut pace = Pace::new(Some(3), at(0));
        assert!(pace.take(at(0)).is_ok());
        let wait = pace.take(at(0)).expect_err("one at a time");
        assert!(pace.take(at(0).after(wait)).is_ok());
    }

    #[test]
    fn overload_halves_and_success_gives_back_slowly() {
        let mut pace = Pace::new(None, at(0));
        for _ in 0..100 {
            assert!(pace.take(at(10)).is_ok());
        }
        pace.overloaded(at(20));
        assert_eq!(pace.rate(), Some(50_000));
        pace.overloaded(at(30));
        assert_eq!(pace.rate(), Some(50_000), "one cut a second");
        pace.overloaded(at(1_100));
        assert_eq!(pace.rate(), Some(25_000));
        pace.succeeded(at(2_200));
        assert_eq!(pace.rate(), Some(27_250));
        for second in 4..400 {
            pace.succeeded(at(second * 1_000));
        }
        assert_eq!(pace.rate(), None);
    }

    #[test]
    fn the_owner_limit_is_never_passed() {
        let mut pace = Pace::new(Some(4), at(0));
        pace.overloaded(at(5_000));
        assert_eq!(pace.rate(), Some(2_000));
        for second in 7..20 {
            pace.succeeded(at(second * 1_000));
        }
        assert_eq!(pace.rate(), Some(4_000));
    }
}
