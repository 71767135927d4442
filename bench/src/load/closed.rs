//! The closed loop: every connection sends its next request when the last one is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::options::Options;
use super::request::Requests;
use super::sender::{Sender, pool};
use super::tally::{Outcome, Tally};
use crate::clock;

/// When to stop: at a time, or when all requests are taken.
#[derive(Debug)]
struct Bound {
    until: Option<Instant>,
    left: AtomicU64,
}

impl Bound {
    fn takes_another(&self) -> bool {
        match self.until {
            Some(until) => clock::now() < until,
            None => self.left.try_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok(),
        }
    }
}

/// Sends until the time or the count is reached.
pub fn run(options: &Options, requests: &Requests) -> anyhow::Result<Outcome> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(options.threads.max(1)).enable_all().build()?;
    runtime.block_on(drive(options, requests))
}

async fn drive(options: &Options, requests: &Requests) -> anyhow::Result<Outcome> {
    let pool = pool(options.connections);
    let requests = Arc::new(requests.clone());
    let duration = Duration::try_from_secs_f64(options.seconds)?;
    let started_us = clock::unix_us();
    let bound = Arc::new(Bound {
        until: options.count.is_none().then(|| clock::now() + duration),
        left: AtomicU64::new(options.count.unwrap_or(0)),
    });
    let mut workers = JoinSet::new();
    for turn in 0..options.connections {
        let (requests, pool, bound) = (Arc::clone(&requests), pool.clone(), Arc::clone(&bound));
        let (client, of) = (options.client, options.connections);
        workers.spawn(async move {
            let mut tally = Tally::default();
            let mut sender = Sender::new(&requests, client, &pool, (turn, of));
            while bound.takes_another() {
                sender.send(clock::now(), &mut tally).await;
            }
            tally
        });
    }
    let mut total = Tally::default();
    while let Some(tally) = workers.join_next().await {
        total.merge(tally?);
    }
    Ok(total.outcome(started_us, clock::unix_us(), requests.events_per_request))
}
