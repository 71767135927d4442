//! When an endpoint that keeps failing is left alone (spec delivery, "Rules" 5).
use std::time::Duration;

use bellwire_wire::Timestamp;

/// Failures in a row that open the breaker.
const FAILURES_TO_OPEN: u32 = 10;
/// How long it stays open at first.
const OPEN_FIRST: Duration = Duration::from_secs(30);
/// How long it stays open at most.
const OPEN_MAX: Duration = Duration::from_mins(10);

/// Whether an endpoint may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Freely.
    Open,
    /// One delivery, to see.
    Probe,
    /// Not before this time.
    Shut(Timestamp),
}

/// The breaker of one endpoint. Its attempts do not use up a delivery's schedule while it is open:
/// none are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// Set while open: until when, and how many times it has opened in a row.
    open: Option<(Timestamp, u32)>,
    probing: bool,
}

impl Breaker {
    /// A breaker as remembered from before a restart.
    pub fn restore(failures: u32, open_until: Option<Timestamp>, opened: u32) -> Self {
        Self { failures, open: open_until.map(|until| (until, opened.max(1))), probing: false }
    }

    /// Whether a delivery may start now.
    pub fn gate(&self, now: Timestamp) -> Gate {
        match self.open {
            None => Gate::Open,
            Some((until, _)) if now < until => Gate::Shut(until),
            // While the probe is out nothing else goes; its answer decides.
            Some((_, opened)) if self.probing => Gate::Shut(now.after(open_for(opened))),
            Some(_) => Gate::Probe,
        }
    }

    /// Notes that a delivery started; the first one after the wait is the probe.
    pub fn started(&mut self, now: Timestamp) {
        if self.gate(now) == Gate::Probe {
            self.probing = true;
        }
    }

    /// Notes a success: the breaker closes.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Notes a failure: the tenth in a row opens it, a failed probe opens it for twice as long.
    pub fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        match self.open {
            Some((until, opened)) if self.probing || now >= until => {
                self.open = Some((now.after(open_for(opened + 1)), opened + 1));
                self.probing = false;
            }
            None if self.failures >= FAILURES_TO_OPEN => {
                self.open = Some((now.after(open_for(1)), 1));
            }
            // A request that was out when it opened tells nothing new.
            _ => {}
        }
    }

    /// Until when it is open, and how many times in a row it has opened.
    pub fn open(&self) -> Option<(Timestamp, u32)> {
        self.open
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

fn open_for(opened: u32) -> Duration {
    OPEN_FIRST.saturating_mul(1 << opened.saturating_sub(1).min(10)).min(OPEN_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn it_opens_at_the_tenth_failure_probes_and_doubles_to_ten_minutes() {
        let mut breaker = Breaker::default();
        for _ in 0..9 {
            breaker.failed(at(0));
        }
        assert_eq!(breaker.gate(at(0)), Gate::Open);
        breaker.failed(at(0));
        assert_eq!(breaker.gate(at(0)), Gate::Shut(at(30)));
        let mut now = 30;
        for wait in [60, 120, 240, 480, 600, 600] {
            assert_eq!(breaker.gate(at(now)), Gate::Probe);
            breaker.started(at(now));
            assert!(matches!(breaker.gate(at(now)), Gate::Shut(_)), "one probe at a time");
            breaker.failed(at(now));
            assert_eq!(breaker.gate(at(now)), Gate::Shut(at(now + wait)));
            now += wait;
        }
        breaker.started(at(now));
        breaker.succeeded();
        assert_eq!(breaker.gate(at(now)), Gate::Open);
    }

    #[test]
    fn stragglers_that_fail_after_it_opened_do_not_lengthen_it() {
        let mut breaker = Breaker::default();
        for _ in 0..16 {
            breaker.failed(at(0));
        }
        assert_eq!(breaker.gate(at(1)), Gate::Shut(at(30)));
    }

    #[test]
    fn a_success_in_between_starts_the_count_anew() {
        let mut breaker = Breaker::default();
        for _ in 0..9 {
            breaker.failed(at(0));
        }
        breaker.succeeded();
        breaker.failed(at(0));
        assert_eq!(breaker.gate(at(0)), Gate::Open);
    }
}
