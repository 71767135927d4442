//! How fast a wallet is spent: what must be remembered of it to tell (spec spend, "Velocity and runaway loops").
use std::time::Duration;

use bellwire_wire::{Timestamp, UsdNanos};
use serde::{Deserialize, Serialize};

use super::Rule;

/// Minutes that a spike is told from.
pub const HISTORY_MINUTES: i64 = 120;
/// So many of them must have seen spending before anything is called a spike.
const HISTORY_MIN: usize = 5;

/// How fast a wallet is spent, as far as it must be remembered with it. What lies in the sliding minute is
/// in rows of its own; this is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pulse {
    /// Granted in the last minute, for wallets with a maximum for it.
    pub sliding: Rate,
    /// The minute of the clock that `now` counts.
    pub minute: i64,
    /// Granted in it.
    pub now: Rate,
    /// The median of the minutes before; absent while there is too little to tell.
    pub usual: Option<i64>,
    /// When each rule was last told of.
    pub told: Told,
}

/// A sum and how many it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rate {
    /// In nano-dollars.
    pub nanos: i64,
    /// How many.
    pub count: u32,
}

impl Rate {
    /// One more.
    #[must_use]
    pub fn plus(self, amount: UsdNanos) -> Self {
        Self { nanos: self.nanos.saturating_add(amount.nanos()), count: self.count.saturating_add(1) }
    }

    /// Less what is no longer in it.
    #[must_use]
    pub fn less(self, gone: Self) -> Self {
        Self { nanos: self.nanos.saturating_sub(gone.nanos).max(0), count: self.count.saturating_sub(gone.count) }
    }
}

/// When each rule was last told of: once in its window is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told([i64; 5]);

impl Told {
    /// Whether a rule may be told of again at `now`; it is then noted.
    pub fn may(&mut self, rule: Rule, now: Timestamp, every: Duration) -> bool {
        let last = self.0.get_mut(rule as usize).expect("a place for each rule");
        let quiet_until = Timestamp::from_micros(*last).after(every);
        // A time in the future was told before the clock was set back.
        let may = *last == 0 || now >= quiet_until || now.micros() < *last;
        if may {
            *last = now.micros();
        }
        may
    }

    /// Whether a rule was told of so recently that it would not be told of now.
    pub fn is_fresh(&self, rule: Rule, now: Timestamp, every: Duration) -> bool {
        !{ *self }.may(rule, now, every)
    }
}

/// The median of the minutes before `minute`, of which only those with spending are given, each as the
/// minute and its nano-dollars, in order. Minutes without are minutes of nothing. Absent while there are too
/// few to tell what is usual.
pub fn usual(minutes: &[(i64, i64)], minute: i64) -> Option<i64> {
    let oldest = minute.saturating_sub(HISTORY_MINUTES);
    let seen: Vec<(i64, i64)> = minutes.iter().copied().filter(|(at, _)| (oldest..minute).contains(at)).collect();
    let (first, _) = *seen.first().filter(|_| seen.len() >= HISTORY_MIN)?;
    let length = usize::try_from(minute.saturating_sub(first)).ok()?;
    let mut amounts: Vec<i64> = seen.into_iter().map(|(_, nanos)| nanos).collect();
    amounts.resize(length.max(amounts.len()), 0);
    let middle = amounts.len() / 2;
    let (_, median, _) = amounts.select_nth_unstable(middle);
    Some(*median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spend::MINUTE;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_298_400 + seconds)
    }

    #[test]
    fn a_rule_is_told_of_once_in_its_window_also_when_the_clock_is_set_back() {
        let mut told = Told::default();
        assert!(told.may(Rule::Repeat, at(0), MINUTE));
        assert!(told.is_fresh(Rule::Repeat, at(59), MINUTE) && !told.is_fresh(Rule::Spike, at(59), MINUTE));
        assert!(!told.may(Rule::Repeat, at(59), MINUTE));
        assert!(told.may(Rule::Spike, at(59), MINUTE));
        assert!(told.may(Rule::Repeat, at(60), MINUTE));
        assert!(told.may(Rule::Repeat, at(-3_600), MINUTE));
        assert!(!told.may(Rule::Repeat, at(-3_590), MINUTE));
    }

    #[test]
    fn what_is_usual_is_told_from_a_history_in_which_idle_minutes_count() {
        let minutes: Vec<(i64, i64)> = (0..10).map(|minute| (100 + minute, 1_000_000_000)).collect();
        assert_eq!(usual(&minutes, 110), Some(1_000_000_000));
        assert_eq!(usual(&minutes[..4], 110), None, "too little to tell");
        assert_eq!(usual(&minutes, 240), None, "too long ago");
        // Nine minutes of nothing for each of five with something.
        let sparse: Vec<(i64, i64)> = (0..5).map(|nth| (nth * 10, 7)).collect();
        assert_eq!(usual(&sparse, 50), Some(0));
    }
}
