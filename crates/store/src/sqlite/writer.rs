//! The one writer: takes all commands that wait, runs them, commits once, syncs once, answers all. A
//! command that fails is undone alone.
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use bellwire_domain::{StoreError, Stored};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{raw, reserve::Reserve};
use crate::{Tx, error::from_sqlite, job::Job, stopwatch, tx::Cache};

/// Commands that may wait. Keeps I12.
const QUEUE_MAX: usize = 8_192;
/// Commands in one commit: more would only lengthen everyone's wait.
const BATCH_MAX: usize = 256;

pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    stop: Mutex<Option<oneshot::Receiver<()>>>,
    closing: Arc<AtomicBool>,
    /// When the batch being run began, in milliseconds since `born`, plus one; 0 while idle.
    busy_since: Arc<AtomicU64>,
    born: Instant,
}

impl Writer {
    pub(crate) fn start(tx: Tx, pressure: Arc<AtomicBool>, reserve: Arc<Reserve>) -> io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let (stopped, stop) = oneshot::channel();
        let busy_since = Arc::new(AtomicU64::new(0));
        let born = stopwatch::now();
        let closing = Arc::new(AtomicBool::new(false));
        let turn =
            Turn { tx, busy_since: Arc::clone(&busy_since), born, pressure, closing: Arc::clone(&closing), reserve };
        thread::Builder::new().name("bellwire-writer".into()).spawn(move || {
            turn.run(jobs);
            let _ = stopped.send(());
        })?;
        Ok(Self { queue, stop: Mutex::new(Some(stop)), closing, busy_since, born })
    }

    pub(crate) fn send(&self, job: Box<dyn Job>) -> Stored<()> {
        if self.closing.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })
    }

    /// How long the batch being run has been running.
    pub(crate) fn busy_ms(&self) -> u64 {
        match self.busy_since.load(Ordering::Acquire) {
            0 => 0,
            since => stopwatch::millis(self.born).saturating_sub(since - 1),
        }
    }

    pub(crate) async fn close(&self) {
        if !self.closing.swap(true, Ordering::AcqRel) {
            // Wakes the thread, which then finishes what waits and ends.
            drop(self.queue.send(Box::new(Goodbye)).await);
        }
        if let Some(stop) = self.stop.lock().await.take() {
            drop(stop.await);
        }
    }
}

/// A command that does nothing.
struct Goodbye;

impl Job for Goodbye {
    fn name(&self) -> &'static str {
        "close"
    }

    fn run(&mut self, _: &mut Tx) -> bool {
        true
    }

    fn fail(&mut self, _: StoreError) {}

    fn answer(self: Box<Self>, _: Stored<()>) {}
}

struct Turn {
    tx: Tx,
    busy_since: Arc<AtomicU64>,
    born: Instant,
    /// Set by the checkpoint thread when the log must start anew.
    pressure: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
    /// What is left when the disk is full.
    reserve: Arc<Reserve>,
}

impl Turn {
    fn run(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch: Vec<Box<dyn Job>> = Vec::with_capacity(BATCH_MAX);
        loop {
            match jobs.blocking_recv() {
                Some(job) => batch.push(job),
                None => break,
            }
            let started = stopwatch::now();
            self.busy_since.store(stopwatch::millis(self.born) + 1, Ordering::Release);
            let (commit, ran) = self.commit(&mut batch, &mut jobs);
            if matches!(commit, Err(StoreError::Full)) {
                self.reserve.spend();
            }
            metrics::histogram!("bellwire_commit_batch_size").record(u32::try_from(ran.len()).unwrap_or(u32::MAX));
            metrics::histogram!("bellwire_commit_seconds").record(started.elapsed());
            for job in ran {
                job.answer(commit.clone());
            }
            if self.pressure.swap(false, Ordering::AcqRel) {
                self.restart_log();
            }
            self.tx.trim();
            self.busy_since.store(0, Ordering::Release);
            if self.closing.load(Ordering::Acquire) && jobs.is_empty() {
                break;
            }
        }
    }

    /// Runs what waits (and what arrives meanwhile) and makes it durable together. The commands that
    /// were run come back; those that failed are undone alone and have their own answer.
    ///
    /// A savepoint around each command costs a copy of every page it touches, and hardly any command
    /// fails after it wrote. So commands run bare at first; when one has to be undone, everything is,
    /// and runs again inside of savepoints.
    fn commit(
        &mut self,
        batch: &mut Vec<Box<dyn Job>>,
        jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    ) -> (Stored<()>, Vec<Box<dyn Job>>) {
        let mut ran = Vec::with_capacity(batch.len());
        let begun = self.sql("BEGIN IMMEDIATE");
        if begun.is_err() {
            ran.append(batch);
            return (begun, ran);
        }
        let mut careful = false;
        while ran.len() < BATCH_MAX {
            let mut job = match batch.pop() {
                Some(job) => job,
                None => match jobs.try_recv() {
                    Ok(job) => job,
                    Err(_) => break,
                },
            };
            if careful {
                if let Err(error) = self.run_undoable(&mut *job) {
                    ran.push(job);
                    return (Err(error), ran);
                }
            } else if !self.run_bare(&mut *job) {
                careful = true;
                ran.push(job);
                if let Err(error) = self.again(&mut ran) {
                    return (Err(error), ran);
                }
                continue;
            }
            ran.push(job);
        }
        let put_down = match self.tx.put_down() {
            // It may be one command's fault.
            Err(_) if !careful => self.again(&mut ran),
            put_down => put_down,
        };
        let committed = put_down.and_then(|()| self.sql("COMMIT"));
        let effects = std::mem::take(&mut self.tx.effects);
        match committed {
            Ok(()) => {
                if !effects.is_empty() {
                    self.tx.observer.committed(effects);
                }
                (Ok(()), ran)
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed; everything in it was undone");
                drop(self.sql("ROLLBACK"));
                self.tx.cache = Cache::default();
                (Err(error), ran)
            }
        }
    }

    /// Undoes everything and runs it again, each command inside of a savepoint.
    fn again(&mut self, ran: &mut [Box<dyn Job>]) -> Stored<()> {
        drop(self.sql("ROLLBACK"));
        self.tx.cache = Cache::default();
        self.tx.effects.clear();
        self.sql("BEGIN IMMEDIATE")?;
        ran.iter_mut().try_for_each(|job| self.run_undoable(&mut **job))
    }

    /// Runs a command; false if it failed after it wrote, and so has to be undone.
    fn run_bare(&mut self, job: &mut dyn Job) -> bool {
        let (effects, before) = (self.tx.effects.len(), self.changes());
        if job.run(&mut self.tx) {
            return true;
        }
        self.tx.effects.truncate(effects);
        // A disk that is full may have ended the transaction by itself.
        self.changes() == before && !raw(&self.tx).is_autocommit()
    }

    /// Runs a command and undoes it alone if it fails. An error if that ended the whole transaction,
    /// which a full disk does: then nothing of it is left, and nothing else may run in its place.
    fn run_undoable(&mut self, job: &mut dyn Job) -> Stored<()> {
        let (effects, before) = (self.tx.effects.len(), self.changes());
        if let Err(error) = self.sql("SAVEPOINT command") {
            job.fail(error);
            return Ok(());
        }
        if job.run(&mut self.tx) {
            match self.tx.put_down() {
                Ok(()) => {
                    drop(self.sql("RELEASE command"));
                    return Ok(());
                }
                Err(error) => job.fail(error),
            }
        }
        metrics::counter!("bellwire_commands_undone_total", "command" => job.name()).increment(1);
        self.tx.effects.truncate(effects);
        if raw(&self.tx).is_autocommit() {
            self.tx.cache = Cache::default();
            self.tx.effects.clear();
            return Err(StoreError::Full);
        }
        if self.changes() != before {
            self.tx.cache = Cache::default();
        }
        drop(self.sql("ROLLBACK TO command"));
        drop(self.sql("RELEASE command"));
        Ok(())
    }

    /// Counts what was written, or is in hand to be written.
    fn changes(&self) -> (u64, u64) {
        (raw(&self.tx).total_changes(), self.tx.cache.desk.version())
    }

    fn sql(&mut self, sql: &'static str) -> Stored<()> {
        let run = |tx: &Tx| raw(tx).prepare_cached(sql)?.execute([]);
        run(&self.tx).map(drop).map_err(|error| from_sqlite(&error))
    }

    /// Lets the log start anew from its beginning, if no reader is in the way.
    fn restart_log(&mut self) {
        let run = |tx: &Tx| {
            raw(tx).busy_timeout(std::time::Duration::ZERO)?;
            raw(tx).query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))?;
            raw(tx).busy_timeout(std::time::Duration::from_secs(5))
        };
        if let Err(error) = run(&self.tx) {
            tracing::debug!(%error, "the log could not start anew yet");
        }
    }
}
