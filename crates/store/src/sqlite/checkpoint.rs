//! Moves the write-ahead log into the database on a thread of its own, so that no commit waits for
//! it. When the log has grown all the same, the writer is asked to let it start anew.
use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use rusqlite::Connection;

/// How often the log is looked at.
const EVERY: Duration = Duration::from_millis(200);
/// A log smaller than this is left alone.
const SMALL: u64 = 4 * 1024 * 1024;
/// A log larger than this starts anew.
const LARGE: u64 = 64 * 1024 * 1024;

pub(crate) struct Checkpoint {
    pressure: Arc<AtomicBool>,
    stop: mpsc::SyncSender<()>,
}

impl Checkpoint {
    pub(crate) fn start(connection: Connection, file: &Path) -> io::Result<Self> {
        let pressure = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = mpsc::sync_channel(1);
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let turn = Turn { connection, log: log.into(), pressure: Arc::clone(&pressure), moved: 0 };
        thread::Builder::new().name("bellwire-checkpoint".into()).spawn(move || turn.run(&stopped))?;
        Ok(Self { pressure, stop })
    }

    pub(crate) fn pressure(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.pressure)
    }

    pub(crate) fn close(&self) {
        let _ = self.stop.try_send(());
    }
}

struct Turn {
    connection: Connection,
    log: PathBuf,
    pressure: Arc<AtomicBool>,
    /// The length of the log when it was last moved whole.
    moved: u64,
}

impl Turn {
    fn run(mut self, stopped: &mpsc::Receiver<()>) {
        while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(EVERY) {
            let size = std::fs::metadata(&self.log).map_or(0, |log| log.len());
            if size < SMALL {
                continue;
            }
            if let Err(error) = self.passive() {
                tracing::warn!(%error, "a checkpoint failed and will be tried again");
            }
            if size > LARGE && size != self.moved {
                self.moved = size;
                self.pressure.store(true, Ordering::Release);
            }
        }
    }

    fn passive(&self) -> rusqlite::Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
    }
}
