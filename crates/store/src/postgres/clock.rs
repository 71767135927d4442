//! The database's clock, followed by every node: leases mean the same everywhere, and a node whose own
//! clock is set does not notice.
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use bellwire_wire::Timestamp;
use postgres::Client;

use crate::stopwatch;

/// The time of the database, as last asked, and what has passed since.
#[derive(Debug)]
pub struct DatabaseClock {
    anchor: Instant,
    /// The database's time at the anchor, in microseconds.
    start: AtomicI64,
}

impl DatabaseClock {
    pub(crate) fn ask(client: &mut Client) -> Result<Self, postgres::Error> {
        let clock = Self { anchor: stopwatch::now(), start: AtomicI64::new(0) };
        clock.adjust(client)?;
        Ok(clock)
    }

    /// Asks again.
    pub(crate) fn adjust(&self, client: &mut Client) -> Result<(), postgres::Error> {
        let before = self.passed();
        let row = client.query_one("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", &[])?;
        let after = self.passed();
        // The answer is from somewhere between asking and hearing it.
        self.start.store(row.get::<_, i64>(0) - before.midpoint(after), Ordering::Release);
        Ok(())
    }

    fn passed(&self) -> i64 {
        i64::try_from(stopwatch::now().duration_since(self.anchor).as_micros()).unwrap_or(i64::MAX)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.start.load(Ordering::Acquire).saturating_add(self.passed()))
    }
}
