//! Hours of the week, as a clock on the wall tells them.
use bellwire_wire::Timestamp;
use jiff::civil::Weekday;

use crate::Zone;

/// The days as they are written, from Monday.
pub(super) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Minutes in a day.
const DAY: u16 = 24 * 60;

/// A span of each of some days. One that goes past midnight belongs to the day that it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hours {
    /// Which days, from Monday.
    pub(super) days: [bool; 7],
    /// Its first minute of a day.
    pub(super) from: u16,
    /// The first minute after it.
    pub(super) to: u16,
    pub(super) zone: Zone,
}

impl Hours {
    /// Whether a moment lies in it. An hour that the clock shows twice is in it twice, one that it leaves out never.
    pub(super) fn cover(&self, at: Timestamp) -> bool {
        let Ok(at) = jiff::Timestamp::from_microsecond(at.micros()) else { return false };
        let local = at.to_zoned(self.zone.tz());
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        let on = |day: Weekday| self.days.get(usize::from(day.to_monday_zero_offset().unsigned_abs())) == Some(&true);
        let today = on(local.weekday());
        if self.from < self.to {
            return today && (self.from..self.to).contains(&minute);
        }
        (today && minute >= self.from) || (minute < self.to && on(local.weekday().previous()))
    }
}

/// `09:00` as minutes of a day; `24:00` is its end.
pub(super) fn minute_of(text: &str) -> Result<u16, &'static str> {
    const WRONG: &str = "must be a time of day such as 09:00, up to 24:00";
    let two = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|c| c.is_ascii_digit());
        digits.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = text.split_once(':').ok_or(WRONG)?;
    let (hour, minute) = two(hour).zip(two(minute)).ok_or(WRONG)?;
    let minutes = hour * 60 + minute;
    if minute < 60 && minutes <= DAY { Ok(minutes) } else { Err(WRONG) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(days: &[&str], from: &str, to: &str, zone: &str) -> Hours {
        Hours {
            days: DAYS.map(|day| days.is_empty() || days.contains(&day)),
            from: minute_of(from).expect("a time"),
            to: minute_of(to).expect("a time"),
            zone: zone.parse().expect("a zone"),
        }
    }

    #[test]
    fn hours_follow_the_clock_on_the_wall() {
        let week = ["mon", "tue", "wed", "thu", "fri"];
        for (hours, at, covered) in [
            // A Monday.
            (hours(&week, "09:00", "18:00", "UTC"), "2026-11-23T09:00:00Z", true),
            (hours(&week, "09:00", "18:00", "UTC"), "2026-11-23T08:59:59.999Z", false),
            (hours(&week, "09:00", "18:00", "UTC"), "2026-11-23T17:59:59.999Z", true),
            (hours(&week, "09:00", "18:00", "UTC"), "2026-11-23T18:00:00Z", false),
            (hours(&week, "09:00", "18:00", "UTC"), "2026-11-22T12:00:00Z", false),
            (hours(&["sun"], "00:00", "24:00", "UTC"), "2026-11-22T23:59:59Z", true),
            (hours(&[], "09:00", "18:00", "America/New_York"), "2026-11-23T13:59:00Z", false),
            (hours(&[], "09:00", "18:00", "America/New_York"), "2026-11-23T14:00:00Z", true),
            // Past midnight, from a Friday into a Saturday, but not from a Sunday into a Monday.
            (hours(&week, "22:00", "06:00", "UTC"), "2026-11-27T23:00:00Z", true),
            (hours(&week, "22:00", "06:00", "UTC"), "2026-11-28T05:59:00Z", true),
            (hours(&week, "22:00", "06:00", "UTC"), "2026-11-28T06:00:00Z", false),
            (hours(&week, "22:00", "06:00", "UTC"), "2026-11-28T22:30:00Z", false),
            (hours(&week, "22:00", "06:00", "UTC"), "2026-11-23T03:00:00Z", false),
            // In summer and in winter it is nine by the same clock.
            (hours(&[], "09:00", "10:00", "Europe/Berlin"), "2026-07-01T07:30:00Z", true),
            (hours(&[], "09:00", "10:00", "Europe/Berlin"), "2026-12-01T07:30:00Z", false),
            (hours(&[], "09:00", "10:00", "Europe/Berlin"), "2026-12-01T08:30:00Z", true),
            // The hour from two to three came twice on this night, and never on the other.
            (hours(&[], "02:00", "03:00", "Europe/Berlin"), "2026-10-25T00:30:00Z", true),
            (hours(&[], "02:00", "03:00", "Europe/Berlin"), "2026-10-25T01:30:00Z", true),
            (hours(&[], "02:00", "03:00", "Europe/Berlin"), "2026-10-25T02:00:00Z", false),
            (hours(&[], "02:00", "03:00", "Europe/Berlin"), "2026-03-29T01:00:00Z", false),
            (hours(&[], "02:00", "03:00", "Europe/Berlin"), "2026-03-29T00:59:00Z", false),
        ] {
            assert_eq!(hours.cover(at.parse().expect("a time")), covered, "{hours:?} {at}");
        }
        for bad in ["", "9:00", "09", "24:01", "12:60", "ab:cd", "-1:00", "09:00:00", "25:00"] {
            assert!(minute_of(bad).is_err(), "{bad}");
        }
    }
}
