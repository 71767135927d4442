//! Readers: threads with a connection each, every query on one snapshot.
use std::{
    io,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use bellwire_domain::{StoreError, Stored};

use super::raw;
use crate::{Tx, job::Job};

/// Queries that may wait. Keeps I12.
const QUEUE_MAX: usize = 4_096;

pub(crate) struct Readers {
    queue: Mutex<Option<mpsc::SyncSender<Box<dyn Job>>>>,
}

impl Readers {
    pub(crate) fn start(readers: Vec<Tx>) -> io::Result<Self> {
        let (queue, jobs) = mpsc::sync_channel::<Box<dyn Job>>(QUEUE_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        for mut tx in readers {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new().name("bellwire-reader".into()).spawn(move || {
                loop {
                    let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    match next {
                        Ok(job) => run(&mut tx, job),
                        Err(_) => break,
                    }
                }
            })?;
        }
        Ok(Self { queue: Mutex::new(Some(queue)) })
    }

    pub(crate) fn send(&self, job: Box<dyn Job>) -> Stored<()> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(job).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::TrySendError::Disconnected(_) => StoreError::Closed,
        })
    }

    pub(crate) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn run(tx: &mut Tx, mut job: Box<dyn Job>) {
    let sql =
        |tx: &Tx, sql: &str| raw(tx).prepare_cached(sql).and_then(|mut statement| statement.execute([]).map(drop));
    let begun = sql(tx, "BEGIN");
    if begun.is_ok() {
        job.run(tx);
    }
    drop(sql(tx, "COMMIT"));
    // A reader's caches would go stale: it starts every query with none.
    tx.cache = crate::tx::Cache::default();
    tx.effects.clear();
    job.answer(begun.map_err(|error| crate::error::from_sqlite(&error)));
}
