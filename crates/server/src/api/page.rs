//! Pages, times and durations in queries (spec conventions, "Bodies", "Times").
use std::{str::FromStr, time::Duration};

pub use bellwire_domain::Span;
use bellwire_domain::{Faults, PageQuery};
use bellwire_wire::Timestamp;

use super::extract::{FromQuery, Parameters};

/// A time, or a duration back from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// A time.
    At(Timestamp),
    /// So long before now.
    Back(Duration),
}

impl When {
    /// The time it means at `now`. Times are shown in milliseconds and kept in microseconds: a given one
    /// means the end of its millisecond, so that `since` leaves out what was shown with that time and
    /// `until` takes it in.
    pub(super) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => Timestamp::from_micros(at.micros() - at.micros().rem_euclid(1_000) + 999),
            Self::Back(span) => now.before(span),
        }
    }
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A plus sign in a query that was not escaped arrives as a space.
        let mended = text.replace(' ', "+");
        text.parse::<Timestamp>()
            .or_else(|_| mended.parse::<Timestamp>())
            .map(Self::At)
            .or_else(|_| text.parse::<Span>().map(|span| Self::Back(span.0)))
            .map_err(|_| "must be an RFC 3339 time such as 2026-11-21T22:01:02Z, or a duration back from now such as 1h or 7d")
    }
}

/// The names of a page's parameters.
pub(super) const PAGE: [&str; 2] = ["cursor", "limit"];

/// Which page is asked for; 50 rows unless said otherwise, at most 200.
pub(super) fn page(parameters: &Parameters, faults: &mut Faults) -> PageQuery {
    PageQuery { limit: limit(parameters, faults), before: cursor(parameters, faults, decode) }
}

fn limit(parameters: &Parameters, faults: &mut Faults) -> u32 {
    match parameters.get("limit").map(str::parse::<u32>) {
        None => 50,
        Some(Ok(limit)) if (1..=200).contains(&limit) => limit,
        Some(_) => {
            faults.add("limit", "must be a whole number from 1 to 200");
            50
        }
    }
}

fn cursor<T>(parameters: &Parameters, faults: &mut Faults, decode: impl Fn(&str) -> Option<T>) -> Option<T> {
    parameters.get("cursor").and_then(|cursor| {
        let place = decode(cursor);
        faults.check(place.is_some(), "cursor", "must be the next_cursor of the page before");
        place
    })
}

/// Which page of a list by name is asked for.
pub(super) struct NameQuery {
    /// The last name of the page before; empty for the first page.
    pub(super) after: String,
    limit: u32,
}

impl FromQuery for NameQuery {
    const NAMES: &'static [&'static str] = &PAGE;

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        Self { limit: limit(parameters, faults), after: cursor(parameters, faults, decode_name).unwrap_or_default() }
    }
}

impl NameQuery {
    /// How many rows to fetch: one more than the page has.
    pub(super) fn fetch(&self) -> u32 {
        self.limit + 1
    }

    /// The page of rows that were fetched so, and the cursor of the next one.
    pub(super) fn cut<T>(&self, mut rows: Vec<T>, name: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let next = rows.last().filter(|_| more).map(|last| format!("n.{}", hex::encode(name(last))));
        (rows, next)
    }
}

/// The place of a cursor in a list by name.
fn decode_name(cursor: &str) -> Option<String> {
    String::from_utf8(hex::decode(cursor.strip_prefix("n.")?).ok()?).ok()
}

/// A cursor as clients see it: opaque, and with a dot, which no event id has.
pub(super) fn encode(seq: i64) -> String {
    format!("c.{seq:x}")
}

/// The place of a cursor.
pub(super) fn decode(cursor: &str) -> Option<i64> {
    i64::from_str_radix(cursor.strip_prefix("c.")?, 16).ok().filter(|seq| *seq >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_add_up_and_nonsense_is_refused() {
        let seconds = |text: &str| text.parse::<Span>().map(|span| span.0.as_secs()).ok();
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("7d"), Some(604_800));
        for bad in ["", "1", "h", "1x", "-1h", "1h ", "99999999999999d", "1.5h", "1é"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_given_time_takes_in_its_whole_millisecond() {
        let resolve = |text: &str| text.parse::<When>().map(|when| when.resolve(Timestamp::EPOCH).micros());
        assert_eq!(resolve("2026-11-21T22:01:02.345Z"), Ok(1_795_298_462_345_999));
    }

    #[test]
    fn cursors_come_back() {
        assert_eq!(decode(&encode(1_795_298_462_000_001)), Some(1_795_298_462_000_001));
        for bad in ["", "c.", "c.x", "12", "c.-1", "c1"] {
            assert_eq!(decode(bad), None, "{bad}");
            assert_eq!(decode_name(bad), None, "{bad}");
        }
        let query = NameQuery { after: String::new(), limit: 2 };
        let (page, next) = query.cut(vec!["a.b", "c.d", "e.f"], |name| name);
        assert_eq!(page, ["a.b", "c.d"]);
        assert_eq!(next.as_deref().and_then(decode_name).as_deref(), Some("c.d"));
        assert_eq!(query.cut(vec!["a.b", "c.d"], |name| name).1, None);
    }
}
