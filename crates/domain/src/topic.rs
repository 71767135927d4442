//! What changed, as far as whoever shows it needs to know: kinds of things, in a set.
use std::fmt;

/// A kind of thing that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Deliveries and their attempts.
    Deliveries,
    /// Endpoints, and how they fare.
    Endpoints,
    /// Questions to people.
    Approvals,
    /// Wallets and purchases.
    Wallets,
    /// Policies.
    Policies,
    /// Keys.
    Keys,
    /// The audit log.
    Audit,
    /// Events.
    Events,
    /// Replay jobs.
    Jobs,
}

impl Topic {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Deliveries,
        Self::Endpoints,
        Self::Approvals,
        Self::Wallets,
        Self::Policies,
        Self::Keys,
        Self::Audit,
        Self::Events,
        Self::Jobs,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Endpoints => "endpoints",
            Self::Approvals => "approvals",
            Self::Wallets => "wallets",
            Self::Policies => "policies",
            Self::Keys => "keys",
            Self::Audit => "audit",
            Self::Events => "events",
            Self::Jobs => "jobs",
        }
    }
}

/// A set of topics.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Topics(u16);

impl Topics {
    /// All there are.
    pub fn all() -> Self {
        Topic::ALL.into_iter().collect()
    }

    /// Adds others.
    pub const fn add(&mut self, others: Self) {
        self.0 |= others.0;
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has this one.
    pub const fn has(self, topic: Topic) -> bool {
        self.0 & (1 << topic as u16) != 0
    }

    /// Those in it, in the order of [`Topic::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Topic> {
        Topic::ALL.into_iter().filter(move |topic| self.has(*topic))
    }

    /// As nodes tell each other.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// What another node told; topics that this version does not know are left out.
    pub fn from_bits(bits: u16) -> Self {
        Self(bits).and(Self::all())
    }
}

impl From<Topic> for Topics {
    fn from(topic: Topic) -> Self {
        Self(1 << topic as u16)
    }
}

impl FromIterator<Topic> for Topics {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        Self(topics.into_iter().fold(0, |bits, topic| bits | Self::from(topic).0))
    }
}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Topic::as_str)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_comes_back_from_its_bits() {
        let mut some = Topics::from(Topic::Keys);
        some.add(Topic::Jobs.into());
        assert_eq!(some.iter().collect::<Vec<_>>(), [Topic::Keys, Topic::Jobs]);
        assert_eq!(Topics::from_bits(some.bits()), some);
        assert_eq!(Topics::from_bits(u16::MAX), Topics::all());
        assert!(Topics::default().is_empty() && some.and(Topic::Audit.into()).is_empty());
    }
}
