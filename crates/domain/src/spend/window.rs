//! What a budget is for: all time, or each day or month of a calendar (spec spend, "Wallets").
use std::str::FromStr;

use bellwire_wire::Timestamp;
use jiff::{Span, Zoned};

use crate::Zone;

/// How often a budget starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    /// Never: prepaid.
    Total,
    /// With each day.
    Daily,
    /// With each month.
    Monthly,
}

impl WindowKind {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Daily => "daily",
            Self::Monthly => "monthly",
        }
    }
}

impl FromStr for WindowKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "total" => Ok(Self::Total),
            "daily" => Ok(Self::Daily),
            "monthly" => Ok(Self::Monthly),
            _ => Err("must be total, daily or monthly"),
        }
    }
}

/// What a budget is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// How often it starts anew.
    pub kind: WindowKind,
    /// Whose midnight that is.
    pub zone: Zone,
}

/// From when until when a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment after it; absent if it never ends.
    pub end: Option<Timestamp>,
}

impl Window {
    /// The period that `at` lies in. A day begins with its first moment, which is not midnight where
    /// clocks are put forward at midnight, and is 23 to 25 hours long.
    pub fn period(&self, at: Timestamp) -> Period {
        let whole = Period { start: Timestamp::EPOCH, end: None };
        if self.kind == WindowKind::Total {
            return whole;
        }
        let bounds = || -> Result<(Zoned, Zoned), jiff::Error> {
            let local = jiff::Timestamp::from_microsecond(at.micros())?.to_zoned(self.zone.tz());
            let (first, span) = match self.kind {
                WindowKind::Monthly => (local.first_of_month()?, Span::new().months(1)),
                WindowKind::Daily | WindowKind::Total => (local, Span::new().days(1)),
            };
            let next = first.date().checked_add(span)?.to_zoned(self.zone.tz())?;
            Ok((first.start_of_day()?, next.start_of_day()?))
        };
        // Only at the end of time is there no next day: what is spent then counts for good.
        bounds().map_or(whole, |(start, end)| Period {
            start: Timestamp::from_micros(start.timestamp().as_microsecond()),
            end: Some(Timestamp::from_micros(end.timestamp().as_microsecond())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(kind: WindowKind, zone: &str, at: &str) -> (String, String) {
        let window = Window { kind, zone: zone.parse().expect("a zone") };
        let period = window.period(at.parse().expect("a time"));
        (period.start.to_string(), period.end.expect("it ends").to_string())
    }

    #[test]
    fn days_and_months_follow_the_calendar_of_their_zone() {
        use WindowKind::{Daily, Monthly};
        for (kind, zone, at, start, end) in [
            (Daily, "UTC", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00", "2026-11-24T00:00:00"),
            (Daily, "UTC", "2026-11-23T23:59:59.999Z", "2026-11-23T00:00:00", "2026-11-24T00:00:00"),
            (Monthly, "UTC", "2026-12-31T23:59:59Z", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
            (Monthly, "UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00", "2028-03-01T00:00:00"),
            (Daily, "UTC", "2028-02-29T12:00:00Z", "2028-02-29T00:00:00", "2028-03-01T00:00:00"),
            (Daily, "UTC", "2027-02-28T12:00:00Z", "2027-02-28T00:00:00", "2027-03-01T00:00:00"),
            // A day of 23 hours and one of 25.
            (Daily, "America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00", "2026-03-09T04:00:00"),
            (Daily, "America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00", "2026-11-02T05:00:00"),
            (Monthly, "Europe/Berlin", "2026-03-31T22:30:00Z", "2026-03-31T22:00:00", "2026-04-30T22:00:00"),
            (Monthly, "Europe/Berlin", "2026-10-31T23:30:00Z", "2026-10-31T23:00:00", "2026-11-30T23:00:00"),
            // Clocks are put forward at midnight: the day begins at one.
            (Daily, "America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00", "2026-09-07T03:00:00"),
            // A day that never was: Samoa went from the 29th to the 31st.
            (Daily, "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-29T10:00:00", "2011-12-30T10:00:00"),
            (Daily, "Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00", "2011-12-31T10:00:00"),
        ] {
            let (from, until) = period(kind, zone, at);
            assert_eq!((from, until), (format!("{start}.000Z"), format!("{end}.000Z")), "{kind:?} {zone} {at}");
        }
    }

    #[test]
    fn periods_follow_each_other_without_gap() {
        for zone in
            ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata"]
        {
            for kind in [WindowKind::Daily, WindowKind::Monthly] {
                let window = Window { kind, zone: zone.parse().expect("a zone") };
                let mut at: Timestamp = "2026-01-15T12:00:00Z".parse().expect("a time");
                for _ in 0..800 {
                    let period = window.period(at);
                    let end = period.end.expect("it ends");
                    assert!(period.start <= at && at < end, "{zone} {kind:?} {at}");
                    assert_eq!(window.period(end).start, end, "{zone} {kind:?} {at}");
                    assert_eq!(window.period(Timestamp::from_micros(end.micros() - 1)), period);
                    at = end;
                }
            }
        }
    }

    #[test]
    fn a_prepaid_budget_never_ends_and_unknown_zones_are_refused() {
        let window = Window { kind: WindowKind::Total, zone: Zone::UTC };
        assert_eq!(window.period(Timestamp::from_seconds(7)), Period { start: Timestamp::EPOCH, end: None });
        let daily = Window { kind: WindowKind::Daily, zone: Zone::UTC };
        assert_eq!(daily.period(Timestamp::MAX).end, None);
        for bad in ["", "Mars/Base", "../etc/passwd", "+02:00"] {
            assert!(bad.parse::<Zone>().is_err(), "{bad}");
        }
    }
}
