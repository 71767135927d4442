//! The open loop: requests are sent when they are due, answered or not.
//!
//! Every connection is a thread that sleeps in the kernel until its next request is due, because
//! an asynchronous timer is only exact to a millisecond, which is the size of what is measured.
//! Connection `i` of `n` takes every `n`th request. If an answer is late, the next request leaves
//! late, but its latency counts from when it was due.

use std::num::NonZeroU64;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};

use super::options::Options;
use super::request::Requests;
use super::sender::{Sender, pool};
use super::tally::{Outcome, Tally};
use crate::clock;

/// Time for all threads to connect before the first request is due.
const LEAD: Duration = Duration::from_millis(200);

/// Nanoseconds by which the kernel may delay a wake-up to save power; 50,000 if not asked.
const TIMER_SLACK_NS: NonZeroU64 = NonZeroU64::new(1_000).expect("it is not zero");

/// Requests due at `first + k * every` for each `k` below `count`.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    first: Instant,
    every: Duration,
    count: u64,
}

impl Schedule {
    fn due(&self, k: u64) -> Option<Instant> {
        let offset_ns = u64::try_from(self.every.as_nanos()).ok()?.checked_mul(k)?;
        (k < self.count).then(|| self.first + Duration::from_nanos(offset_ns))
    }
}

/// Sends at `rate` requests per second for the time or the count asked for.
pub fn run(options: &Options, requests: &Requests, rate: u64) -> anyhow::Result<Outcome> {
    ensure!(rate > 0, "--rate must be at least 1");
    let duration = Duration::try_from_secs_f64(options.seconds)?;
    let every = Duration::from_secs(1) / u32::try_from(rate)?;
    let whole = u64::try_from(duration.as_nanos() / every.as_nanos().max(1))?;
    let schedule = Schedule { first: clock::now() + LEAD, every, count: options.count.unwrap_or(whole) };
    let started_us = clock::unix_us() + clock::whole_us(LEAD);
    let connections = options.connections.max(1);
    let total = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..connections).map(|index| scope.spawn(move || connection(options, requests, schedule, index))).collect();
        let mut total = Tally::default();
        for thread in threads {
            let tally = thread.join().map_err(|_| anyhow!("a connection panicked"))??;
            total.merge(tally);
        }
        anyhow::Ok(total)
    })?;
    Ok(total.outcome(started_us, clock::unix_us(), requests.events_per_request))
}

/// One connection's part of the schedule.
fn connection(options: &Options, requests: &Requests, schedule: Schedule, index: usize) -> anyhow::Result<Tally> {
    rustix::thread::set_current_timer_slack(Some(TIMER_SLACK_NS))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let pool = pool(1);
    let mut tally = Tally::default();
    let mut sender = Sender::new(requests, options.client, &pool, (index, options.connections));
    runtime.block_on(sender.connect());
    let mut turn = index as u64;
    while let Some(due) = schedule.due(turn) {
        clock::pause(due.saturating_duration_since(clock::now()));
        tally.late(clock::us_since(due));
        runtime.block_on(sender.send(due, &mut tally));
        turn += options.connections.max(1) as u64;
    }
    Ok(tally)
}
