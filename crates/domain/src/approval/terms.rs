//! How a person is asked: by when, who may answer, how many must, and where it is asked.
use std::{fmt, str::FromStr, time::Duration};

use bellwire_wire::EndpointId;

use crate::{Faults, Span};

/// How long is waited for an answer that nobody set a time for.
const TIMEOUT: Duration = Duration::from_mins(15);
/// The shortest and the longest time.
const TIMEOUTS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(7 * 24);
/// People who may have to agree.
const QUORUM_MAX: u32 = 20;
/// People who may be named.
const APPROVERS_MAX: usize = 100;
/// Channels that may be named.
const CHANNELS_MAX: usize = 20;
/// The longest name of an approver, in characters.
const NAME_CHARS_MAX: usize = 128;

/// Where a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Every endpoint that is subscribed to `approval.requested`.
    Webhook,
    /// One endpoint that is.
    Endpoint(EndpointId),
    /// The Slack channel of the configuration.
    Slack,
    /// The PagerDuty service of the configuration.
    PagerDuty,
    /// Whoever looks at the console or asks on the command line.
    Console,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Webhook => "webhook",
            Self::Endpoint(id) => id.as_str(),
            Self::Slack => "slack",
            Self::PagerDuty => "pagerduty",
            Self::Console => "console",
        })
    }
}

impl FromStr for Channel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "webhook" => Ok(Self::Webhook),
            "slack" => Ok(Self::Slack),
            "pagerduty" => Ok(Self::PagerDuty),
            "console" => Ok(Self::Console),
            _ => text
                .parse()
                .map(Self::Endpoint)
                .map_err(|_| "must be webhook, slack, pagerduty, console or the id of an endpoint, whk_…"),
        }
    }
}

/// What is asked where nothing is named.
const ALL: [Channel; 3] = [Channel::Webhook, Channel::Slack, Channel::PagerDuty];

/// The channels that are asked: those named, or every subscribed endpoint and every configured integration.
pub type Channels = Option<Vec<Channel>>;

/// How a person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How long silence is no answer; then it is a no.
    pub timeout: Duration,
    /// Who may decide, as the audit log names them (`person:ana`, `slack:U012`, `key:key_…`, `endpoint:whk_…`);
    /// whoever has the permission, if empty.
    pub approvers: Vec<String>,
    /// So many different people must agree.
    pub quorum: u32,
    /// Where it is asked.
    pub channels: Channels,
}

impl Default for Terms {
    fn default() -> Self {
        Self { timeout: TIMEOUT, approvers: Vec::new(), quorum: 1, channels: None }
    }
}

impl Terms {
    /// Terms as they were sent; what is wrong with them is noted, under names that begin with `prefix`
    /// (`approval.`, or nothing).
    pub fn read(
        prefix: &str,
        timeout: Option<&str>,
        approvers: Option<Vec<String>>,
        quorum: Option<u32>,
        channels: Option<Vec<String>>,
        faults: &mut Faults,
    ) -> Self {
        let field = |name: &str| format!("{prefix}{name}");
        let mut terms = Self::default();
        if let Some(Span(span)) = timeout.and_then(|text| faults.take(&field("timeout"), text.parse::<Span>())) {
            faults.check(TIMEOUTS.contains(&span), &field("timeout"), "must be 1s to 7d");
            terms.timeout = span;
        }
        if let Some(quorum) = quorum {
            faults.check((1..=QUORUM_MAX).contains(&quorum), &field("quorum"), format!("must be 1 to {QUORUM_MAX}"));
            terms.quorum = quorum;
        }
        if let Some(names) = approvers {
            terms.approvers = approvers_of(&field("approvers"), names, faults);
            let enough = terms.approvers.is_empty() || terms.approvers.len() >= terms.quorum as usize;
            faults.check(enough, &field("quorum"), "must be at most the number of approvers: nobody decides twice");
        }
        if let Some(names) = channels {
            terms.channels = Some(channels_of(&field("channels"), &names, faults));
        }
        terms
    }

    /// The terms under which both are met: the shorter time, the larger quorum, those who may decide by either,
    /// and all channels. Nobody may decide, and so nothing is approved, where the two name nobody in common.
    #[must_use]
    pub fn and(mut self, other: Self) -> Option<Self> {
        self.timeout = self.timeout.min(other.timeout);
        self.quorum = self.quorum.max(other.quorum);
        self.approvers = match (self.approvers.is_empty(), other.approvers.is_empty()) {
            (true, _) => other.approvers,
            (_, true) => self.approvers,
            _ => {
                self.approvers.retain(|name| other.approvers.contains(name));
                if self.approvers.is_empty() {
                    return None;
                }
                self.approvers
            }
        };
        if !self.approvers.is_empty() && self.approvers.len() < self.quorum as usize {
            return None;
        }
        self.channels = match (self.channels, other.channels) {
            (None, None) => None,
            (one, two) => {
                let mut all: Vec<Channel> =
                    [one, two].into_iter().flat_map(|named| named.unwrap_or(ALL.into())).collect();
                all.sort();
                all.dedup();
                Some(all)
            }
        };
        Some(self)
    }
}

/// A bare name is a person's.
fn approvers_of(field: &str, names: Vec<String>, faults: &mut Faults) -> Vec<String> {
    faults.check(names.len() <= APPROVERS_MAX, field, format!("must be at most {APPROVERS_MAX}"));
    let mut all: Vec<String> = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let plain = !name.trim().is_empty() && !name.chars().any(char::is_control);
        let fits = plain && name.chars().count() <= NAME_CHARS_MAX;
        faults.check(fits, &format!("{field}[{index}]"), format!("must be 1 to {NAME_CHARS_MAX} characters"));
        let known = ["person:", "slack:", "key:", "endpoint:", "sso:"].iter().any(|kind| name.starts_with(kind));
        let name = if known { name } else { format!("person:{name}") };
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn channels_of(field: &str, names: &[String], faults: &mut Faults) -> Vec<Channel> {
    faults.check(
        (1..=CHANNELS_MAX).contains(&names.len()),
        field,
        format!("must be 1 to {CHANNELS_MAX} channels; leave it out for all there are"),
    );
    let mut all = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(channel) = faults.take(&format!("{field}[{index}]"), name.parse::<Channel>())
            && !all.contains(&channel)
        {
            all.push(channel);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(quorum: u32, approvers: &[&str], channels: Option<&[&str]>) -> Result<Terms, Faults> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut faults = Faults::default();
        let approvers = Some(owned(approvers));
        let terms = Terms::read("approval.", Some("5m"), approvers, Some(quorum), channels.map(owned), &mut faults);
        faults.or(terms)
    }

    #[test]
    fn bare_names_are_people_and_nobody_is_named_twice() {
        let terms = read(2, &["ana", "person:ana", "slack:U1"], Some(&["console", "console"])).expect("good");
        assert_eq!(terms.approvers, ["person:ana", "slack:U1"]);
        assert_eq!(terms.channels, Some(vec![Channel::Console]));
        let wrong = read(3, &["ana", "person:ana", "slack:U1"], Some(&["mail"])).expect_err("bad");
        let fields: Vec<String> = wrong.into_vec().into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["approval.quorum", "approval.channels[0]"]);
    }

    #[test]
    fn two_terms_are_met_by_the_stricter_of_both() {
        let one = read(1, &["ana", "ben"], Some(&["slack"])).expect("good");
        let two = Terms { timeout: Duration::from_secs(9), quorum: 1, ..read(1, &["ben"], None).expect("good") };
        let both = one.clone().and(two).expect("ben decides");
        assert_eq!((both.timeout.as_secs(), both.approvers.as_slice()), (9, ["person:ben".to_owned()].as_slice()));
        assert_eq!(both.channels, Some(ALL.into()));
        assert_eq!(one.clone().and(read(1, &["eve"], None).expect("good")), None);
        assert_eq!(one.and(read(3, &[], None).expect("good")), None, "two cannot be three");
    }
}
