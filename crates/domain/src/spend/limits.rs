//! How fast a wallet may be spent, and what a runaway loop looks like (spec spend, "Velocity and runaway
//! loops").
//!
//! Maxima are walls: what would pass one is not granted, unless the wallet only wants to be told. Loops
//! and spikes are signs: they are told of, and, where the wallet says so, stop what comes next.
use std::{str::FromStr, time::Duration};

use bellwire_wire::{Timestamp, UsdNanos};
use serde::{Deserialize, Serialize};

use super::Rate;

/// The window of the maxima.
pub const MINUTE: Duration = Duration::from_mins(1);

/// What is done when a limit is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBreach {
    /// It is told of.
    Notify,
    /// The wallet is frozen.
    Freeze,
    /// What passes it is refused.
    Deny,
}

impl OnBreach {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Freeze => "freeze",
            Self::Deny => "deny",
        }
    }
}

impl FromStr for OnBreach {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "notify" => Ok(Self::Notify),
            "freeze" => Ok(Self::Freeze),
            "deny" => Ok(Self::Deny),
            _ => Err("must be notify, freeze or deny"),
        }
    }
}

/// When equal purchases are a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// So many purchases of the same amount from the same vendor
    pub count: u32,
    /// within so many milliseconds.
    pub within_ms: u32,
}

impl Repeat {
    /// What every wallet is watched with that says nothing else.
    pub const DEFAULT: Self = Self { count: 20, within_ms: 60_000 };

    /// How long is looked back.
    pub fn within(self) -> Duration {
        Duration::from_millis(self.within_ms.into())
    }
}

/// When a minute's spending is a spike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spike {
    /// More than so many times the usual
    pub ratio: u32,
    /// and more than this.
    pub floor: Nanos,
}

impl Spike {
    /// What every wallet is watched with that says nothing else.
    pub const DEFAULT: Self = Self { ratio: 10, floor: Nanos(5_000_000_000) };
}

/// An amount as stored: whole nano-dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nanos(pub i64);

/// The limits of a wallet, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// The most that one purchase may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_transaction: Option<Nanos>,
    /// The most that may be spent in any minute, from the wallet and all below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_minute: Option<Nanos>,
    /// How many purchases any minute may have, from the wallet and all below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count_per_minute: Option<u32>,
    /// When equal purchases are a loop.
    #[serde(default, skip_serializing_if = "Watch::is_default")]
    pub repeat: Watch<Repeat>,
    /// When a minute's spending is a spike.
    #[serde(default, skip_serializing_if = "Watch::is_default")]
    pub spike: Watch<Spike>,
    /// What is done; if absent, maxima deny and signs notify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_breach: Option<OnBreach>,
}

/// A sign that is looked for unless somebody says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Watch<T> {
    /// As every wallet is watched.
    #[default]
    Default,
    /// Not at all.
    Off,
    /// Like this.
    Set(T),
}

impl<T> Watch<T> {
    fn is_default(&self) -> bool {
        matches!(self, Self::Default)
    }

    /// What is looked for.
    pub fn or(self, default: T) -> Option<T> {
        match self {
            Self::Default => Some(default),
            Self::Off => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// Which limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// `max_transaction_usd`.
    MaxTransaction,
    /// `max_per_minute_usd`.
    MaxPerMinute,
    /// `max_count_per_minute`.
    MaxCountPerMinute,
    /// `repeat`.
    Repeat,
    /// `spike`.
    Spike,
}

impl Rule {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxTransaction => "max_transaction_usd",
            Self::MaxPerMinute => "max_per_minute_usd",
            Self::MaxCountPerMinute => "max_count_per_minute",
            Self::Repeat => "repeat",
            Self::Spike => "spike",
        }
    }

    /// Whether it is a wall, which is not passed, rather than a sign.
    const fn is_maximum(self) -> bool {
        matches!(self, Self::MaxTransaction | Self::MaxPerMinute | Self::MaxCountPerMinute)
    }
}

/// A limit that a purchase passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub rule: Rule,
    /// What is done.
    pub action: OnBreach,
    /// Whether the purchase itself is not granted.
    pub refuses: bool,
    /// How long was looked at.
    pub window: Duration,
    /// Spent in that time, the purchase included.
    pub spent: UsdNanos,
    /// Purchases in that time, this one included.
    pub count: u32,
}

impl Limits {
    /// Whether the last minute must be remembered purchase by purchase.
    pub fn slides(&self) -> bool {
        self.max_per_minute.is_some() || self.max_count_per_minute.is_some()
    }

    /// What is done when `rule` is passed.
    pub fn action(&self, rule: Rule) -> OnBreach {
        match rule {
            // Nobody asked for this one: nothing is stopped by it.
            Rule::Spike if self.spike.is_default() => OnBreach::Notify,
            _ if rule.is_maximum() => self.on_breach.unwrap_or(OnBreach::Deny),
            _ => self.on_breach.unwrap_or(OnBreach::Notify),
        }
    }

    /// The maxima that a purchase of `amount` would pass, with what the last minute already has.
    pub fn maxima(&self, amount: UsdNanos, last_minute: Rate) -> impl Iterator<Item = Breach> {
        let with = last_minute.plus(amount);
        let breach = move |limits: &Self, rule, window, rate: Rate| {
            let action = limits.action(rule);
            let refuses = action != OnBreach::Notify;
            Breach { rule, action, refuses, window, spent: UsdNanos::from_nanos(rate.nanos), count: rate.count }
        };
        let one = Rate { nanos: amount.nanos(), count: 1 };
        let transaction = self
            .max_transaction
            .filter(|max| amount.nanos() > max.0)
            .map(|_| breach(self, Rule::MaxTransaction, Duration::from_secs(1), one));
        let sum = self
            .max_per_minute
            .filter(|max| with.nanos > max.0)
            .map(|_| breach(self, Rule::MaxPerMinute, MINUTE, with));
        let count = self
            .max_count_per_minute
            .filter(|max| with.count > *max)
            .map(|_| breach(self, Rule::MaxCountPerMinute, MINUTE, with));
        [transaction, sum, count].into_iter().flatten()
    }

    /// How many equal purchases back the one is whose age tells a loop; 0 if this one alone is one. A loop
    /// is whole with its `count`th purchase: then it is told of, and the wallet frozen before the next. A
    /// wallet that denies does not grant what goes on with a whole one.
    pub fn repeat_depth(&self) -> Option<u32> {
        let repeat = self.repeat.or(Repeat::DEFAULT)?;
        Some(if self.action(Rule::Repeat) == OnBreach::Deny { repeat.count } else { repeat.count.saturating_sub(1) })
    }

    /// Whether a purchase is one of a loop, if the equal one [`Self::repeat_depth`] back was made `then`.
    pub fn repeats(&self, amount: UsdNanos, now: Timestamp, then: Option<Timestamp>) -> Option<Breach> {
        let repeat = self.repeat.or(Repeat::DEFAULT)?;
        let action = self.action(Rule::Repeat);
        let since = now.before(repeat.within());
        (self.repeat_depth() == Some(0) || then.is_some_and(|then| then > since)).then(|| Breach {
            rule: Rule::Repeat,
            action,
            refuses: action == OnBreach::Deny,
            window: repeat.within(),
            spent: amount.checked_mul(repeat.count.into()).unwrap_or(UsdNanos::MAX),
            count: repeat.count,
        })
    }

    /// Whether a minute with this purchase is a spike.
    pub fn spikes(&self, minute: Rate, usual: Option<i64>) -> Option<Breach> {
        let spike = self.spike.or(Spike::DEFAULT)?;
        let wall = usual?.saturating_mul(spike.ratio.into()).max(spike.floor.0);
        (minute.nanos > wall).then(|| Breach {
            rule: Rule::Spike,
            action: self.action(Rule::Spike),
            // What is over the wall only with this purchase is granted, so that it is known to be.
            refuses: false,
            window: MINUTE,
            spent: UsdNanos::from_nanos(minute.nanos),
            count: minute.count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(dollars: i64) -> UsdNanos {
        UsdNanos::from_dollars(dollars).expect("it fits")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_298_400 + seconds)
    }

    #[test]
    fn maxima_deny_unless_something_else_was_asked_for() {
        let limits = |on_breach| Limits {
            max_transaction: Some(Nanos(10_000_000_000)),
            max_per_minute: Some(Nanos(20_000_000_000)),
            max_count_per_minute: Some(3),
            on_breach,
            ..Limits::default()
        };
        let busy = Rate { nanos: 15_000_000_000, count: 3 };
        let found = |limits: Limits, amount, rate| -> Vec<(Rule, OnBreach, bool)> {
            limits.maxima(amount, rate).map(|breach| (breach.rule, breach.action, breach.refuses)).collect()
        };
        assert_eq!(found(limits(None), usd(10), Rate::default()), []);
        assert_eq!(found(limits(None), usd(11), Rate::default()), [(Rule::MaxTransaction, OnBreach::Deny, true)]);
        assert_eq!(found(limits(None), usd(5), Rate { count: 2, ..busy }), []);
        assert_eq!(
            found(limits(Some(OnBreach::Freeze)), usd(6), busy),
            [(Rule::MaxPerMinute, OnBreach::Freeze, true), (Rule::MaxCountPerMinute, OnBreach::Freeze, true)]
        );
        assert_eq!(
            found(limits(Some(OnBreach::Notify)), usd(1), busy),
            [(Rule::MaxCountPerMinute, OnBreach::Notify, false)]
        );
    }

    #[test]
    fn a_loop_is_whole_with_its_last_purchase_and_denied_from_the_next() {
        let limits = |on_breach| Limits { on_breach, ..Limits::default() };
        let (notify, freeze, deny) = (limits(None), limits(Some(OnBreach::Freeze)), limits(Some(OnBreach::Deny)));
        assert_eq!([notify, freeze, deny].map(|limits| limits.repeat_depth()), [Some(19), Some(19), Some(20)]);
        let told =
            |limits: Limits, then| limits.repeats(usd(1), at(60), then).map(|breach| (breach.action, breach.refuses));
        assert_eq!(told(notify, None), None);
        assert_eq!(told(notify, Some(at(0))), None, "just out of the minute");
        assert_eq!(told(notify, Some(at(1))), Some((OnBreach::Notify, false)));
        assert_eq!(told(freeze, Some(at(1))), Some((OnBreach::Freeze, false)));
        assert_eq!(told(deny, Some(at(1))), Some((OnBreach::Deny, true)));
        let off = Limits { repeat: Watch::Off, ..Limits::default() };
        assert_eq!((off.repeat_depth(), told(off, Some(at(1)))), (None, None));
    }

    #[test]
    fn a_spike_needs_something_usual_and_passes_both_ratio_and_floor() {
        let spiked = |nanos: i64, usual| Limits::default().spikes(Rate { nanos, count: 9 }, usual).is_some();
        assert!(!spiked(i64::MAX, None));
        assert!(!spiked(10_000_000_000, Some(1_000_000_000)) && spiked(10_000_000_001, Some(1_000_000_000)));
        assert!(!spiked(5_000_000_000, Some(0)) && spiked(5_000_000_001, Some(0)));
        assert_eq!(
            Limits { spike: Watch::Off, ..Limits::default() }.spikes(Rate { nanos: i64::MAX, count: 1 }, Some(0)),
            None
        );
        // Freezing for spikes has to be asked for.
        let action = |limits: Limits| limits.action(Rule::Spike);
        assert_eq!(action(Limits { on_breach: Some(OnBreach::Freeze), ..Limits::default() }), OnBreach::Notify);
        let asked =
            Limits { on_breach: Some(OnBreach::Freeze), spike: Watch::Set(Spike::DEFAULT), ..Limits::default() };
        assert_eq!(action(asked), OnBreach::Freeze);
    }
}
