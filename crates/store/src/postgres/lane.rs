//! Threads that write. Each takes all commands that wait, runs them in one transaction, commits once
//! and answers all; a command that fails is undone alone.
//!
//! Commands that number rows (every event does) run in order on one thread, which holds the order of
//! the whole deployment until its commit. Which commands those are is learnt from running them: one
//! that turns out to number rows elsewhere is undone and moves over.
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use bellwire_domain::{Effect, StoreError, Stored};

use super::{
    link::{Again, Committed, Failed, Link},
    proof::{Doubtful, Ended},
    shared::{Queue, Shared},
};
use crate::{Tx, desk::Desk, job::Job, stopwatch, tx::Cache};

/// Commands in one commit.
const BATCH_MAX: usize = 256;
/// How long commands wait for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a commit whose answer was lost is asked after.
const DOUBT: Duration = Duration::from_secs(15);
/// How often a command is run again because another transaction was in the way.
const CONFLICTS_MAX: u32 = 10;
/// The most a notice may measure (PostgreSQL allows 8000 bytes).
const NOTICE_MAX: usize = 7_000;

/// Which commands number rows, by name.
#[derive(Default)]
pub(super) struct Habits(Mutex<HashMap<&'static str, i8>>);

impl Habits {
    pub(super) fn numbers(&self, name: &'static str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).is_some_and(|score| *score > 0)
    }

    fn note(&self, name: &'static str, numbered: bool) {
        let mut habits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let score = habits.entry(name).or_default();
        *score = if numbered { 16 } else { (*score - 1).max(0) };
    }
}

pub(super) struct Lane {
    pub(super) shared: Arc<Shared>,
    pub(super) habits: Arc<Habits>,
    pub(super) tx: Tx,
    pub(super) queue: Queue,
    /// Where commands go that turn out to number rows; this is that lane, if absent.
    pub(super) ordered: Option<Queue>,
    pub(super) busy_since: Arc<AtomicU64>,
    /// The epoch of what is cached.
    pub(super) epoch: u64,
    /// The same as counted by the database: what the ordered lane goes by.
    pub(super) cached: i64,
}

/// What became of running a batch once.
enum Run {
    Done,
    /// Undone; to be run again, each command on its own savepoint.
    Carefully,
    /// Undone; another transaction was in the way.
    Conflict,
    /// Undone; there is no partition for this number yet.
    Partition(i64),
    /// Undone; this command numbers rows.
    Move(usize),
    /// Undone; the database does not answer.
    Lost,
    /// Undone; it would fail again.
    Failed(StoreError),
    /// It cannot be known.
    Doubt,
}

impl Lane {
    pub(super) fn run(mut self, ended: &mpsc::Sender<()>) {
        while let Some(batch) = self.queue.take(BATCH_MAX) {
            self.busy_since.store(stopwatch::millis(self.shared.born) + 1, Ordering::Release);
            self.work(batch);
            self.tx.trim();
            self.busy_since.store(0, Ordering::Release);
        }
        let _ = ended.send(());
    }

    fn link(&mut self) -> &mut Link {
        self.tx.postgres().expect("a lane of this engine")
    }

    /// Runs a batch until it is done or given up, and answers it.
    fn work(&mut self, mut batch: Vec<Box<dyn Job>>) {
        let began = stopwatch::now();
        let (mut carefully, mut conflicts) = (false, 0);
        while !batch.is_empty() {
            let outcome = if self.connect(began) { self.transaction(&mut batch, carefully) } else { Run::Lost };
            if !matches!(outcome, Run::Done) {
                self.tx.effects.clear();
                self.tx.cache = Cache::default();
            }
            match outcome {
                Run::Done => {
                    metrics::histogram!("bellwire_commit_batch_size")
                        .record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
                    metrics::histogram!("bellwire_commit_seconds").record(began.elapsed());
                    return answer(batch, &Ok(()));
                }
                // What fails with every command on its own is not a command's fault.
                Run::Carefully if carefully => {
                    return answer(batch, &Err(StoreError::Broken("the transaction failed".into())));
                }
                Run::Carefully => carefully = true,
                Run::Failed(error) => return answer(batch, &Err(error)),
                Run::Move(index) => {
                    let job = batch.swap_remove(index);
                    self.habits.note(job.name(), true);
                    if let Some(Err((job, error))) = self.ordered.as_ref().map(|ordered| ordered.send(job)) {
                        job.answer(Err(error));
                    }
                }
                Run::Partition(seq) => {
                    if let Err(error) = self.make_partition(seq) {
                        return answer(batch, &Err(error));
                    }
                }
                Run::Conflict => {
                    conflicts += 1;
                    carefully = true;
                    if conflicts > CONFLICTS_MAX {
                        return answer(batch, &Err(StoreError::Unavailable("too many others were in the way".into())));
                    }
                }
                Run::Lost if began.elapsed() > PATIENCE => {
                    let error = StoreError::Unavailable("the database does not answer".into());
                    return answer(batch, &Err(error));
                }
                Run::Lost => pause(),
                Run::Doubt => return answer(batch, &Err(StoreError::Uncertain)),
            }
        }
    }

    /// Makes sure there is a connection, for as long as patience lasts.
    fn connect(&mut self, began: Instant) -> bool {
        loop {
            match self.link().connect() {
                Ok(new) => {
                    if new {
                        self.tx.cache = Cache::default();
                    }
                    self.shared.answers(true);
                    return true;
                }
                Err(error) => {
                    tracing::warn!(error = super::words(&error), "the database cannot be reached");
                    self.shared.answers(false);
                    if began.elapsed() > PATIENCE {
                        return false;
                    }
                    pause();
                }
            }
        }
    }

    fn make_partition(&mut self, seq: i64) -> Stored<()> {
        let partitions = Arc::clone(&self.shared.partitions);
        let Some(client) = self.link().client() else { return Ok(()) };
        let made = partitions.make(client, seq, seq);
        made.map_err(|error| {
            self.link().disconnect();
            StoreError::Unavailable(super::words(&error))
        })
    }

    /// Runs what waits (and what arrives meanwhile) in one transaction.
    fn transaction(&mut self, batch: &mut Vec<Box<dyn Job>>, carefully: bool) -> Run {
        // What another connection changed is not read from here; what is read from now on is newer.
        let epoch = self.shared.epoch.load(Ordering::Acquire);
        if epoch != self.epoch || !self.shared.hears.load(Ordering::Acquire) {
            self.tx.cache = Cache::default();
            self.epoch = epoch;
        }
        // Others may have moved money since.
        self.tx.cache.desk = Desk::default();
        let ordered = self.ordered.is_none();
        match self.link().begin(ordered) {
            Ok(begun) if ordered => {
                self.tx.last_seq = begun.last;
                if begun.cached != self.cached {
                    self.tx.cache = Cache::default();
                    self.cached = begun.cached;
                }
            }
            Ok(_) => {}
            Err((Failed::Statement, error)) => {
                self.link().rollback();
                return Run::Failed(error);
            }
            Err((failed, _)) => return self.undo(failed),
        }
        let mut index = 0;
        while index < BATCH_MAX {
            if index == batch.len() {
                match self.queue.take_one() {
                    Some(job) => batch.push(job),
                    None => break,
                }
            }
            let ran = if carefully { self.run_undoable(&mut *batch[index]) } else { self.run_bare(&mut *batch[index]) };
            if let Some(run) = ran {
                self.link().rollback();
                return if matches!(run, Run::Move(_)) { Run::Move(index) } else { run };
            }
            index += 1;
        }
        let flushed = self.tx.put_down().and_then(|()| self.link().flush(crate::rows::BULKS));
        if let Some(failed) = self.link().failed().or(flushed.is_err().then_some(Failed::Statement)) {
            return self.undo(failed);
        }
        let notices = self.notices();
        let changed = self.link().has_changed_cached_rows();
        match self.link().commit(&notices) {
            Committed::Yes => {}
            Committed::No(Failed::Statement, error) => {
                // Only what concerns all of it fails here: a full disk, most likely.
                self.link().rollback();
                return Run::Failed(error);
            }
            Committed::No(failed, _) => return self.undo(failed),
            Committed::Unknown(doubtful) => match self.resolve(&doubtful) {
                Some(true) => {}
                Some(false) => return Run::Lost,
                None => return Run::Doubt,
            },
        }
        if changed {
            self.shared.epoch.fetch_add(1, Ordering::AcqRel);
        }
        let effects = std::mem::take(&mut self.tx.effects);
        if !effects.is_empty() {
            self.tx.observer.committed(effects);
        }
        Run::Done
    }

    fn undo(&mut self, failed: Failed) -> Run {
        self.link().rollback();
        match failed {
            Failed::Lost => Run::Lost,
            Failed::Conflict | Failed::Deadlock => Run::Conflict,
            Failed::Statement => Run::Carefully,
        }
    }

    /// Runs a command; something if everything has to be undone.
    fn run_bare(&mut self, job: &mut dyn Job) -> Option<Run> {
        let (effects, changes) = (self.tx.effects.len(), self.changes());
        self.link().forget_order();
        let good = job.run(&mut self.tx);
        if let Some(run) = self.interrupted() {
            return Some(run);
        }
        if self.ordered.is_none() {
            let needed = self.link().needed_order();
            self.habits.note(job.name(), needed);
        }
        // A command that goes on after a statement failed has failed all the same.
        if good && self.link().failed().is_none() {
            return None;
        }
        self.tx.effects.truncate(effects);
        match self.link().failed() {
            Some(Failed::Lost) => Some(Run::Lost),
            Some(Failed::Conflict | Failed::Deadlock) => Some(Run::Conflict),
            Some(Failed::Statement) => Some(Run::Carefully),
            None if self.changes() != changes => Some(Run::Carefully),
            None => None,
        }
    }

    /// Runs a command so that it alone is undone if it fails.
    fn run_undoable(&mut self, job: &mut dyn Job) -> Option<Run> {
        let effects = self.tx.effects.len();
        for _ in 0..CONFLICTS_MAX {
            if self.link().savepoint().is_err() {
                return Some(Run::Lost);
            }
            let mut good = job.run(&mut self.tx);
            if let Some(run) = self.interrupted() {
                return Some(run);
            }
            good = good && self.tx.put_down().is_ok();
            good = good && self.link().flush(crate::rows::BULKS).is_ok() && self.link().failed().is_none();
            if good {
                return None;
            }
            let failed = self.link().failed();
            if let Some(error) = self.link().error() {
                // It may have ended well all the same: what it left to be inserted was not, or it went on
                // after an error.
                job.fail(error);
            }
            self.tx.effects.truncate(effects);
            self.tx.cache = Cache::default();
            if failed == Some(Failed::Lost) {
                return Some(Run::Lost);
            }
            if failed == Some(Failed::Deadlock) {
                return Some(Run::Conflict);
            }
            if self.link().undo().is_err() {
                return Some(Run::Lost);
            }
            if failed != Some(Failed::Conflict) {
                metrics::counter!("bellwire_commands_undone_total", "command" => job.name()).increment(1);
                return None;
            }
        }
        // Only this one: the others of the batch are not to fail with it.
        None
    }

    /// Counts what was written, or is in hand to be written.
    fn changes(&mut self) -> (u64, u64) {
        (self.link().changes(), self.tx.cache.desk.version())
    }

    /// Whether the transaction has to be begun anew for a reason that is not the command's fault.
    fn interrupted(&mut self) -> Option<Run> {
        Some(match self.link().again()? {
            Again::InOrder => Run::Move(0),
            Again::WithPartition(seq) => Run::Partition(seq),
        })
    }

    /// What other nodes are told with the commit.
    fn notices(&mut self) -> Vec<String> {
        let peers = self.shared.nodes.load(Ordering::Acquire) > 1;
        let changed = self.link().has_changed_cached_rows();
        let mut lines = Vec::new();
        if changed {
            lines.push("cache".to_owned());
        }
        for effect in &self.tx.effects {
            match effect {
                Effect::EndpointChanged(at) => lines.push(format!("endpoint {} {}", at.workspace_id, at.endpoint_id)),
                Effect::KeysChanged(workspace) => lines.push(format!("keys {workspace}")),
                Effect::Appended(workspace) if peers => lines.push(format!("events {workspace}")),
                // What was touched is told now and then, not with every commit: all who tell wait for each other.
                Effect::Appended(_)
                | Effect::Leased(_)
                | Effect::Due(_)
                | Effect::JobQueued
                | Effect::Touched(..)
                | Effect::TouchedElsewhere(..)
                | Effect::Missed => {}
            }
        }
        lines.dedup();
        let mut notices: Vec<String> = Vec::new();
        for line in lines {
            match notices.last_mut() {
                Some(notice) if notice.len() + line.len() < NOTICE_MAX => {
                    notice.push('\n');
                    notice.push_str(&line);
                }
                _ => notices.push(format!("{}\n{line}", self.shared.node)),
            }
        }
        notices
    }

    /// Whether a commit whose answer was lost happened; nothing if that cannot be found out.
    fn resolve(&mut self, doubtful: &Doubtful) -> Option<bool> {
        let asked = stopwatch::now();
        while asked.elapsed() < DOUBT {
            if self.connect(asked)
                && let Ok(ended) = self.link().ended(doubtful)
            {
                match ended {
                    Ended::Committed => return Some(true),
                    Ended::Undone => return Some(false),
                    // Its session has not noticed yet that nobody listens.
                    Ended::NotYet => {}
                    Ended::Forgotten => return None,
                }
            }
            pause();
        }
        None
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own that waits for a database to come back")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

fn answer(batch: Vec<Box<dyn Job>>, commit: &Stored<()>) {
    for job in batch {
        job.answer(commit.clone());
    }
}
