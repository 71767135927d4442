//! One process at a time has the data directory.
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

/// Another process has the data directory open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data directory {dir} is in use by another bellwire{}; stop it first, or choose another with --data-dir", holder.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
pub struct LockError {
    /// Which.
    pub dir: PathBuf,
    /// The process that has it, if it said so.
    pub holder: Option<u32>,
}

/// The lock of a data directory, held until dropped (or the process dies, however it does).
pub(crate) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Lock {
    pub(crate) fn take(dir: &Path) -> Result<Self, crate::OpenError> {
        let io = |source| crate::OpenError::Io { dir: dir.to_owned(), source };
        let path = dir.join("bellwire.lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(LockError { dir: dir.to_owned(), holder }.into());
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self(file))
    }
}
