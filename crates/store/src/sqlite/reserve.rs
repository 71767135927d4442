//! Room kept back on the disk for what is owed. When a commit finds the disk full, the reserve is given
//! up: attempts go on being claimed and noted in its place, and nothing new is accepted until there is
//! room again. Then it is put back, without a restart (spec operations, "Observability").
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// The most that is kept back; of a small disk a thirty-second part. Keeps I12.
const MOST: u64 = 16 * 1024 * 1024;

pub(crate) struct Reserve {
    file: PathBuf,
    /// How much is kept back; nothing where the file system cannot.
    bytes: u64,
    spent: AtomicBool,
    turn: std::sync::Mutex<()>,
}

/// A disk as `df` would tell.
#[derive(Clone, Copy)]
pub(crate) struct Disk {
    pub(crate) free: u64,
    pub(crate) total: u64,
}

impl Disk {
    /// The disk a directory is on, where that can be known.
    pub(crate) fn of(dir: &Path) -> Option<Self> {
        let stat = statvfs(dir).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Some(Self { free: bytes(stat.f_bavail), total: bytes(stat.f_blocks) })
    }
}

impl Reserve {
    pub(crate) fn open(dir: &Path) -> Arc<Self> {
        let file = dir.join("bellwire.reserve");
        let wanted = Disk::of(dir).map_or(0, |disk| MOST.min(disk.total / 32));
        let allocated = allocate(&file, wanted);
        // A file system that knows nothing of reserves does without; a full one has none yet.
        let full = allocated.is_err_and(|error| error == ErrorKind::StorageFull);
        let bytes = if allocated.is_ok() || full { wanted } else { 0 };
        Arc::new(Self { file, bytes, spent: AtomicBool::new(full), turn: std::sync::Mutex::default() })
    }

    /// Gives the reserve up: a commit found the disk full.
    pub(crate) fn spend(&self) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.bytes > 0 && !self.spent.load(Ordering::Acquire) {
            tracing::error!("the disk is full: what is owed goes on in {} reserved bytes", self.bytes);
            drop(fs::remove_file(&self.file));
            self.spent.store(true, Ordering::Release);
        }
    }

    /// Whether only what is owed may be written. Puts the reserve back when there is room for it and
    /// half as much.
    pub(crate) fn is_spent(&self) -> bool {
        if !self.spent.load(Ordering::Acquire) {
            return false;
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.file.parent().and_then(Disk::of).is_some_and(|disk| disk.free / 3 >= self.bytes / 2);
        if self.spent.load(Ordering::Acquire) && room && allocate(&self.file, self.bytes).is_ok() {
            tracing::warn!("there is room on the disk again");
            self.spent.store(false, Ordering::Release);
        }
        self.spent.load(Ordering::Acquire)
    }
}

fn allocate(file: &Path, bytes: u64) -> Result<(), ErrorKind> {
    let open = || -> std::io::Result<()> {
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(file)?;
        if file.metadata()?.len() == bytes {
            return Ok(());
        }
        file.set_len(0)?;
        Ok(fallocate(&file, FallocateFlags::empty(), 0, bytes)?)
    };
    open().map_err(|error| {
        // What was allocated of it would only be missing elsewhere.
        drop(fs::remove_file(file));
        error.kind()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_up_at_once_and_put_back_when_there_is_room() {
        let dir = tempfile::tempdir().expect("a directory");
        let reserve = Reserve::open(dir.path());
        let file = dir.path().join("bellwire.reserve");
        let size = || fs::metadata(&file).ok().map(|file| file.len());
        assert_eq!(size(), Some(reserve.bytes));
        assert!(!reserve.is_spent());
        reserve.spend();
        assert_eq!(size(), None);
        // There is room here, so the first look puts it back.
        assert!(!reserve.is_spent());
        assert_eq!(size(), Some(reserve.bytes));
        assert!(!Reserve::open(dir.path()).is_spent(), "a second start finds it");
    }
}
