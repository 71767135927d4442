//! How often wallets bought alike lately, as far as it is known without looking: what cannot be a loop is not looked
//! for among rows.
//!
//! The embedded engine alone has it, for nobody else buys there. Purchases are counted by a few kinds of likeness, so
//! that a count may be too high, and never too low: then rows say what is so.
use std::collections::HashMap;

use bellwire_wire::WalletId;

/// Kinds that are told apart in each of two minutes: a wallet costs twice as many bytes.
const KINDS: usize = 32;

/// Part of what is cached beside the connection: it is dropped whole when a command is undone.
#[derive(Default)]
pub(crate) struct Recent(HashMap<WalletId, Counts>);

struct Counts {
    /// Everything since the beginning of this minute is counted.
    since: i64,
    /// The last minute in which the wallet bought.
    minute: i64,
    now: [u8; KINDS],
    /// In the minute before that one.
    before: [u8; KINDS],
}

impl Counts {
    fn since(since: i64) -> Self {
        Self { since, minute: 0, now: [0; KINDS], before: [0; KINDS] }
    }

    fn roll(&mut self, minute: i64) {
        if minute == self.minute {
            return;
        }
        let follows = self.minute.checked_add(1) == Some(minute);
        self.before = if follows { self.now } else { [0; KINDS] };
        self.now = [0; KINDS];
        self.minute = minute;
    }
}

impl Recent {
    /// A wallet was made: it has bought nothing.
    pub(crate) fn made(&mut self, wallet: &WalletId) {
        self.0.insert(wallet.clone(), Counts::since(i64::MIN));
    }

    /// A wallet bought, in this minute by the purchase's number. Minutes never go back.
    pub(crate) fn bought(&mut self, wallet: &WalletId, minute: i64, likeness: i64) {
        let counts = match self.0.get_mut(wallet) {
            Some(counts) => counts,
            // What it bought earlier in this minute is not known.
            None => self.0.entry(wallet.clone()).or_insert_with(|| Counts::since(minute.saturating_add(1))),
        };
        counts.roll(minute);
        let count = &mut counts.now[kind(likeness)];
        *count = count.saturating_add(1);
    }

    /// Whether a wallet may have bought alike so many times in the minutes from one to another, which is the present
    /// one. False only if it is known that it has not.
    pub(crate) fn may_have(&self, wallet: &WalletId, (from, to): (i64, i64), likeness: i64, times: u32) -> bool {
        let Some(counts) = self.0.get(wallet) else { return true };
        if from < counts.since || from < to.saturating_sub(1) {
            return true;
        }
        let (now, before) = (counts.now[kind(likeness)], counts.before[kind(likeness)]);
        let count = match to.checked_sub(counts.minute) {
            Some(0) => [now, before],
            Some(1) => [now, 0],
            Some(2..) => [0, 0],
            _ => return true,
        };
        // A count that is full may stand for any number.
        count.contains(&u8::MAX) || count.iter().map(|count| u32::from(*count)).sum::<u32>() >= times
    }
}

fn kind(likeness: i64) -> usize {
    usize::from(likeness.to_le_bytes()[0]) % KINDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wallet() -> WalletId {
        WalletId::from_stored("wal_1")
    }

    #[test]
    fn what_was_bought_less_often_is_known_and_no_more_than_that() {
        let mut recent = Recent::default();
        assert!(recent.may_have(&wallet(), (9, 10), 7, 1), "nothing is known of it");
        recent.made(&wallet());
        assert!(!recent.may_have(&wallet(), (9, 10), 7, 1));
        for minute in [9, 9, 10] {
            recent.bought(&wallet(), minute, 7);
        }
        recent.bought(&wallet(), 10, 8);
        assert!(recent.may_have(&wallet(), (9, 10), 7, 3) && !recent.may_have(&wallet(), (9, 10), 7, 4));
        assert!(recent.may_have(&wallet(), (9, 10), 8, 1) && !recent.may_have(&wallet(), (9, 10), 8, 2));
        assert!(recent.may_have(&wallet(), (8, 10), 7, 9), "longer than is remembered");
        assert!(recent.may_have(&wallet(), (10, 11), 7, 1) && !recent.may_have(&wallet(), (10, 11), 7, 2));
        assert!(!recent.may_have(&wallet(), (11, 12), 7, 1));
        recent.bought(&wallet(), 13, 7);
        assert!(!recent.may_have(&wallet(), (12, 13), 7, 2), "what came before a pause is forgotten");
    }

    #[test]
    fn what_came_before_it_was_counted_is_looked_for() {
        let mut recent = Recent::default();
        recent.bought(&wallet(), 10, 7);
        assert!(recent.may_have(&wallet(), (10, 10), 7, 9), "earlier in that minute");
        recent.bought(&wallet(), 11, 7);
        assert!(recent.may_have(&wallet(), (10, 11), 7, 9));
        assert!(!recent.may_have(&wallet(), (11, 12), 7, 9));
    }

    #[test]
    fn more_than_can_be_counted_is_any_number() {
        let mut recent = Recent::default();
        recent.made(&wallet());
        for _ in 0..300 {
            recent.bought(&wallet(), 10, 7);
        }
        assert!(recent.may_have(&wallet(), (9, 10), 7, 100_000));
    }

    #[test]
    fn kinds_of_likeness_are_counted_as_one() {
        let mut recent = Recent::default();
        recent.made(&wallet());
        recent.bought(&wallet(), 10, -1);
        assert!(recent.may_have(&wallet(), (10, 10), 31, 1));
    }
}
