//! `bellwire bench`: a quick look at the speed of this machine, all in one process.
use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use clap::Args;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    deliveries::bar,
    failure::{Done, Exit, Failure},
    local::Local,
    out::{Out, card},
    receiver::{Behaviour, Receiver},
};

/// How long deliveries may take after the last event.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Args)]
pub(super) struct Bench {
    /// How many events
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    events: u64,
    /// How many at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    tasks: u64,
}

/// Microseconds up to a minute.
fn histogram() -> Done<Histogram<u64>> {
    Histogram::new_with_bounds(1, 60_000_000, 3).map_err(|error| Failure::failed(error.to_string()))
}

impl Bench {
    pub(super) async fn run(self, out: Out) -> Done {
        let tracker = TaskTracker::new();
        let local = Local::start("bench", None, "127.0.0.1:0", None, &tracker).await?;
        let receiver = Receiver::bind("127.0.0.1:0", Behaviour::default()).await?;
        let form =
            json!({"url": format!("http://{}/hook", receiver.address), "events": ["bench.*"], "max_in_flight": 256});
        local.client.post("/v1/webhooks", &form).await?;
        let (sender, mut caught) = mpsc::unbounded_channel();
        let mut sinks = JoinSet::new();
        sinks.spawn(receiver.run(sender, CancellationToken::new()));
        if !out.json {
            out.note(format!("posting {} events from {} tasks, each to one endpoint", self.events, self.tasks));
        }
        let progress = bar(out, self.events, "delivered");
        let started = Instant::now();
        let next = Arc::new(AtomicU64::new(0));
        let mut posting = JoinSet::new();
        for _ in 0..self.tasks {
            let (client, next, events) = (local.client.clone(), Arc::clone(&next), self.events);
            posting.spawn(async move {
                let mut took = histogram()?;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= events {
                        return Done::Ok(took);
                    }
                    let begun = Instant::now();
                    client.post("/v1/events", &json!({"type": "bench.ping", "data": {"number": number}})).await?;
                    took.saturating_record(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
                }
            });
        }
        let arrive = async {
            for _ in 0..self.events {
                if caught.recv().await.is_none() {
                    break;
                }
                progress.inc(1);
            }
            started.elapsed()
        };
        let post = async {
            let mut all = histogram()?;
            while let Some(task) = posting.join_next().await {
                let took = task.map_err(|error| Failure::failed(error.to_string()))??;
                all.add(&took).map_err(|error| Failure::failed(error.to_string()))?;
            }
            Done::Ok((all, started.elapsed()))
        };
        let both = async {
            let (posted, delivered) = tokio::join!(post, tokio::time::timeout(PATIENCE, arrive));
            let (took, posting) = posted?;
            let late = |_| Failure::new(Exit::TimedOut, "not everything was delivered in time");
            Done::Ok((took, posting, delivered.map_err(late)?))
        };
        let (took, posting, delivering) = tokio::select! {
            both = both => both?,
            _ = tokio::signal::ctrl_c() => return Err(Failure::failed("interrupted")),
        };
        progress.finish_and_clear();
        local.stop().await;
        self.report(out, &took, posting, delivering)
    }

    fn report(&self, out: Out, took: &Histogram<u64>, posting: Duration, delivering: Duration) -> Done {
        #[expect(clippy::cast_precision_loss, reason = "rates and milliseconds for people")]
        let rate = |span: Duration| (self.events as f64 / span.as_secs_f64()).round();
        #[expect(clippy::cast_precision_loss, reason = "rates and milliseconds for people")]
        let millis = |quantile: f64| took.value_at_quantile(quantile) as f64 / 1_000.0;
        if out.json {
            let line: Value = json!({"events": self.events, "tasks": self.tasks, "events_per_second": rate(posting),
                "deliveries_per_second": rate(delivering), "post_p50_ms": millis(0.5), "post_p99_ms": millis(0.99)});
            return out.line(line.to_string());
        }
        out.line(card(&[
            ("events accepted", format!("{} per second, each durable when answered", rate(posting))),
            ("delivered", format!("{} per second, from the first post to the last arrival", rate(delivering))),
            ("post, half", format!("{:.1} ms", millis(0.5))),
            ("post, 99 %", format!("{:.1} ms", millis(0.99))),
        ]))?;
        out.note("\nA smoke test: client, server and receiver share this machine and this process.\nThe real benchmark is `make bench`.");
        Ok(())
    }
}
