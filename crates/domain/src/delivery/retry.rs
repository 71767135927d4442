//! What follows an attempt (spec delivery, "Rules" 3, 4; presets under "Endpoints").
//!
//! Pure: the time and the dice are arguments.
use std::{str::FromStr, time::Duration};

use bellwire_wire::{Dialect, Timestamp};
use serde::{Deserialize, Serialize};

/// A published schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// 5s 30s 2m 10m 1h 6h 24h, ±20 %.
    Default,
    /// 15s 60s 5m 1h.
    Trove,
    /// 1s 5s 30s 2m 10m.
    Paygraph,
    /// 10s 60s 300s.
    Keystore,
    /// One attempt only.
    None,
}

impl Preset {
    /// The delay before each retry, in seconds.
    pub const fn schedule(self) -> &'static [u32] {
        match self {
            Self::Default => &[5, 30, 120, 600, 3_600, 21_600, 86_400],
            Self::Trove => &[15, 60, 300, 3_600],
            Self::Paygraph => &[1, 5, 30, 120, 600],
            Self::Keystore => &[10, 60, 300],
            Self::None => &[],
        }
    }

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Trove => "trove",
            Self::Paygraph => "paygraph",
            Self::Keystore => "keystore",
            Self::None => "none",
        }
    }

    /// The preset that a dialect brings.
    pub const fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Trove => Self::Trove,
            Dialect::PayGraph => Self::Paygraph,
            Dialect::Keystore => Self::Keystore,
            _ => Self::Default,
        }
    }
}

impl FromStr for Preset {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "default" => Ok(Self::Default),
            "trove" => Ok(Self::Trove),
            "paygraph" => Ok(Self::Paygraph),
            "keystore" => Ok(Self::Keystore),
            "none" => Ok(Self::None),
            _ => Err("must be default, trove, paygraph, keystore or none"),
        }
    }
}

/// When an endpoint's deliveries are tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// The preset it came from.
    pub preset: Option<Preset>,
    /// The delay before each retry, in seconds.
    pub schedule: Vec<u32>,
    /// Whether each delay varies by ±20 %.
    pub jitter: bool,
}

impl From<Preset> for RetryPolicy {
    fn from(preset: Preset) -> Self {
        Self { preset: Some(preset), schedule: preset.schedule().to_vec(), jitter: preset == Preset::Default }
    }
}

impl RetryPolicy {
    /// The delay after `made` attempts, or nothing when there are no more; `roll` is uniform in
    /// `0..1_000_000`.
    pub fn delay(&self, made: u32, roll: u32) -> Option<Duration> {
        let step = usize::try_from(made.checked_sub(1)?).ok()?;
        let exact = Duration::from_secs(u64::from(*self.schedule.get(step)?));
        // 80 % to 120 %: a crowd that failed together does not come back together.
        let millionths = 800_000 + u64::from(roll.min(999_999)) * 2 / 5;
        let micros = u64::try_from(exact.as_micros()).unwrap_or(u64::MAX);
        Some(if self.jitter { Duration::from_micros(micros / 1_000_000 * millionths) } else { exact })
    }
}

/// What the receiver asked for in its answer's headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// `webhook-delivery: disable`: no more to this endpoint.
    Disable,
    /// `webhook-delivery: abort-message`: no more of this delivery.
    Abort,
}

/// What came back from an attempt, as far as the rules care.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status; absent when there was no whole answer.
    pub status: Option<u16>,
    /// `Retry-After`, from now.
    pub retry_after: Option<Duration>,
    /// `webhook-delivery`.
    pub directive: Option<Directive>,
    /// The delay a receiver that holds the delivery asked for, instead of the schedule's.
    pub delay: Option<Duration>,
}

impl Answer {
    /// 2xx is success; nothing else is.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the receiver says that it is overloaded.
    pub fn overloaded(&self) -> bool {
        matches!(self.status, Some(429 | 502 | 503 | 504))
    }
}

/// How a delivery stands after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Delivered.
    Success,
    /// To be tried again at a time.
    Retry(Timestamp),
    /// A dead letter.
    Failed,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// For the delivery.
    pub ending: Ending,
    /// For the endpoint: why it is to be disabled, if it is.
    pub disable: Option<&'static str>,
}

/// `Retry-After` is believed up to this.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// What follows the attempt number `made` (counted since the last reset, this one included).
pub fn after_attempt(policy: &RetryPolicy, made: u32, answer: &Answer, now: Timestamp, roll: u32) -> After {
    let gone = answer.status == Some(410);
    let disable = match answer.directive {
        _ if gone => Some("the endpoint answered 410 Gone"),
        Some(Directive::Disable) => Some("the endpoint answered webhook-delivery: disable"),
        _ => None,
    };
    let ending = if answer.succeeded() {
        Ending::Success
    } else if disable.is_some() || answer.directive == Some(Directive::Abort) {
        Ending::Failed
    } else {
        policy.delay(made, roll).map_or(Ending::Failed, |delay| {
            let floor = answer.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
            Ending::Retry(now.after(answer.delay.unwrap_or(delay.max(floor))))
        })
    };
    After { ending, disable }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn failed(status: u16) -> Answer {
        Answer { status: Some(status), ..Answer::default() }
    }

    fn delays(policy: &RetryPolicy, roll: u32) -> Vec<u64> {
        (1..).map_while(|made| policy.delay(made, roll)).map(|delay| delay.as_secs()).collect()
    }

    #[test]
    fn the_published_schedules_are_exact_and_default_has_twenty_per_cent() {
        assert_eq!(delays(&Preset::Trove.into(), 0), [15, 60, 300, 3_600]);
        assert_eq!(delays(&Preset::Paygraph.into(), 999_999), [1, 5, 30, 120, 600]);
        assert_eq!(delays(&Preset::Keystore.into(), 7), [10, 60, 300]);
        assert_eq!(delays(&Preset::None.into(), 7), [0_u64; 0]);
        assert_eq!(delays(&Preset::Default.into(), 500_000), [5, 30, 120, 600, 3_600, 21_600, 86_400]);
        assert_eq!(delays(&Preset::Default.into(), 0), [4, 24, 96, 480, 2_880, 17_280, 69_120]);
        let most = RetryPolicy::from(Preset::Default).delay(1, 999_999).expect("a retry");
        assert!(most > Duration::from_millis(5_999) && most <= Duration::from_secs(6));
    }

    #[test]
    fn n_delays_make_n_plus_one_attempts() {
        let policy = RetryPolicy::from(Preset::Paygraph);
        let endings: Vec<Ending> =
            (1..=6).map(|made| after_attempt(&policy, made, &failed(500), NOW, 0).ending).collect();
        let retry = |seconds| Ending::Retry(NOW.after(Duration::from_secs(seconds)));
        assert_eq!(endings, [retry(1), retry(5), retry(30), retry(120), retry(600), Ending::Failed]);
    }

    #[test]
    fn retry_after_is_a_floor_up_to_a_day() {
        let policy = RetryPolicy::from(Preset::Trove);
        let asked = |seconds| Answer { retry_after: Some(Duration::from_secs(seconds)), ..failed(503) };
        let at = |seconds| after_attempt(&policy, 1, &asked(seconds), NOW, 0).ending;
        assert_eq!(at(120), Ending::Retry(NOW.after(Duration::from_mins(2))));
        assert_eq!(at(3), Ending::Retry(NOW.after(Duration::from_secs(15))));
        assert_eq!(at(1 << 40), Ending::Retry(NOW.after(Duration::from_hours(24))));
    }

    #[test]
    fn only_2xx_is_success_and_the_receiver_may_end_it() {
        let policy = RetryPolicy::from(Preset::Trove);
        for status in [200, 201, 204, 299] {
            assert_eq!(after_attempt(&policy, 1, &failed(status), NOW, 0).ending, Ending::Success);
        }
        for status in [100, 199, 300, 301, 304, 400, 404, 500] {
            assert!(matches!(after_attempt(&policy, 1, &failed(status), NOW, 0).ending, Ending::Retry(_)), "{status}");
        }
        let gone = after_attempt(&policy, 1, &failed(410), NOW, 0);
        assert_eq!(gone.ending, Ending::Failed);
        assert!(gone.disable.is_some());
        let told = |status, directive| {
            after_attempt(&policy, 1, &Answer { directive: Some(directive), ..failed(status) }, NOW, 0)
        };
        assert_eq!(told(500, Directive::Abort), After { ending: Ending::Failed, disable: None });
        assert_eq!(told(500, Directive::Disable).ending, Ending::Failed);
        assert!(told(200, Directive::Disable).disable.is_some());
        assert_eq!(told(200, Directive::Disable).ending, Ending::Success);
    }
}
