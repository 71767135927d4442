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

/// What one delivery costs, in millionths.
const ONE: u64 = 1_000_000;

/// A token bucket.
#[derive(Debug, Clone)]
struct Bucket {
    /// Millionths of a delivery that may go now.
    tokens: u64,
    refilled: Timestamp,
}

impl Bucket {
    /// A bucket out of which one may go at once.
    fn new(now: Timestamp) -> Self {
        Self { tokens: ONE, refilled: now }
    }

    /// Fills up at this rate, and says how long to wait for the next one; not at all if it is there.
    fn wait(&mut self, rate: u64, now: Timestamp) -> Duration {
        let passed = u64::try_from(now.since(self.refilled).as_micros()).unwrap_or(u64::MAX);
        let gained = passed.saturating_mul(rate) / 1_000;
        if gained > 0 {
            self.refilled = now;
            // At most a tenth of a second's worth (and one) waits in the bucket: no bursts.
            self.tokens = self.tokens.saturating_add(gained).min((rate * 100).max(ONE));
        }
        Duration::from_micros((ONE.saturating_sub(self.tokens) * 1_000).div_ceil(rate))
    }

    fn spend(&mut self) {
        self.tokens = self.tokens.saturating_sub(ONE);
    }
}

/// One node's share of a limit per second, in thousandths. All nodes together never exceed it; if one
/// is given more work than another, they stay below.
fn share(limit: Option<u32>, nodes: u32) -> Option<u64> {
    limit.map(|limit| (u64::from(limit) * 1_000 / u64::from(nodes.max(1))).max(1))
}

/// The pace of one endpoint: what its owner allows, and below that what it can bear.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The owner's limit, thousandths per second.
    limit: Option<u64>,
    /// The rate in force; absent while unlimited.
    rate: Option<u64>,
    /// Everything that goes is taken out of this, at the owner's limit.
    allowed: Bucket,
    /// While the rate is lowered, what is not exempt is taken out of this as well.
    borne: Bucket,
    raised: Timestamp,
    lowered: Timestamp,
    /// Deliveries started in the current second, to know the rate that was too much.
    second: (i64, u64),
    last_second: u64,
}

impl Pace {
    /// The pace of an endpoint with this limit per second, shared among so many nodes.
    pub fn new(limit: Option<u32>, nodes: u32, now: Timestamp) -> Self {
        let limit = share(limit, nodes);
        Self {
            limit,
            rate: limit,
            allowed: Bucket::new(now),
            borne: Bucket::new(now),
            raised: now,
            lowered: Timestamp::EPOCH,
            second: (now.seconds(), 0),
            last_second: 0,
        }
    }

    /// Takes a new limit of the owner's, or a new share of it.
    pub fn set_limit(&mut self, limit: Option<u32>, nodes: u32) {
        let limit = share(limit, nodes);
        if limit != self.limit {
            self.limit = limit;
            self.rate = limit;
        }
    }

    /// Whether the endpoint is sent to more slowly than its owner allows.
    pub fn is_lowered(&self) -> bool {
        self.rate != self.limit
    }

    /// Takes one delivery's worth, or says how long to wait for it.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        let lowered = self.rate.filter(|rate| self.limit != Some(*rate));
        let borne = lowered.map_or(Duration::ZERO, |rate| self.borne.wait(rate, now));
        let allowed = self.limit.map_or(Duration::ZERO, |limit| self.allowed.wait(limit, now));
        let wait = borne.max(allowed);
        if wait > Duration::ZERO {
            return Err(wait);
        }
        if lowered.is_some() {
            self.borne.spend();
        }
        self.go(now);
        Ok(())
    }

    /// [`Self::take`] for a delivery that is exempt from the lowered rate: the owner's limit alone
    /// holds it up (spec delivery, "Rules" 5).
    pub fn take_exempt(&mut self, now: Timestamp) -> Result<(), Duration> {
        let wait = self.limit.map_or(Duration::ZERO, |limit| self.allowed.wait(limit, now));
        if wait > Duration::ZERO {
            return Err(wait);
        }
        self.go(now);
        Ok(())
    }

    /// One goes.
    fn go(&mut self, now: Timestamp) {
        self.allowed.spend();
        let second = now.seconds();
        if self.second.0 != second {
            self.last_second = if self.second.0 + 1 == second { self.second.1 } else { 0 };
            self.second = (second, 0);
        }
        self.second.1 += 1;
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
        self.borne = Bucket::new(now);
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
        let mut pace = Pace::new(Some(10), 1, at(0));
        let taken = (0..5_000).filter(|millis| pace.take(at(*millis)).is_ok()).count();
        assert!((50..=52).contains(&taken), "{taken}");
    }

    #[test]
    fn the_wait_it_tells_is_enough() {
        let mut pace = Pace::new(Some(3), 1, at(0));
        assert!(pace.take(at(0)).is_ok());
        let wait = pace.take(at(0)).expect_err("one at a time");
        assert!(pace.take(at(0).after(wait)).is_ok());
    }

    #[test]
    fn overload_halves_and_success_gives_back_slowly() {
        let mut pace = Pace::new(None, 1, at(0));
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
    fn what_is_exempt_passes_the_lowered_rate_and_keeps_to_the_owners_limit() {
        let mut pace = Pace::new(Some(10), 1, at(0));
        pace.overloaded(at(0));
        assert_eq!(pace.rate(), Some(5_000));
        let taken = (0..5_000).filter(|millis| pace.take_exempt(at(*millis)).is_ok()).count();
        assert!((50..=52).contains(&taken), "{taken}");
        // Both together keep to it as well.
        let mut pace = Pace::new(Some(10), 1, at(0));
        let mut both = |millis| pace.take_exempt(at(millis)).is_ok() || pace.take(at(millis)).is_ok();
        let taken = (0..5_000).filter(|millis| both(*millis)).count();
        assert!((50..=52).contains(&taken), "{taken}");
        // Without a limit nothing holds it up, whatever the endpoint can bear.
        let mut pace = Pace::new(None, 1, at(0));
        pace.overloaded(at(0));
        assert!((0..100).all(|_| pace.take_exempt(at(1)).is_ok()));
        let waits = (0..2).map(|_| pace.take(at(1)).is_err()).collect::<Vec<_>>();
        assert_eq!(waits, [false, true]);
    }

    #[test]
    fn the_owner_limit_is_never_passed() {
        let mut pace = Pace::new(Some(4), 1, at(0));
        pace.overloaded(at(5_000));
        assert_eq!(pace.rate(), Some(2_000));
        for second in 7..20 {
            pace.succeeded(at(second * 1_000));
        }
        assert_eq!(pace.rate(), Some(4_000));
    }

    #[test]
    fn nodes_that_share_a_limit_do_not_exceed_it_together() {
        let mut paces = [0, 1, 2].map(|_| Pace::new(Some(10), 3, at(0)));
        let mut gone = 0;
        for millis in 0..10_000 {
            gone += paces.iter_mut().filter_map(|pace| pace.take(at(millis)).ok()).count();
        }
        assert!((97..=103).contains(&gone), "{gone} in ten seconds, one more each at the start");
    }
}
