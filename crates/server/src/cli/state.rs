//! What commands remember between runs: small TOML files that only their owner can read.
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use bellwire_domain::Mint;
use serde::{Serialize, de::DeserializeOwned};

use super::failure::{Done, Failure};
use crate::{clock::Clock, mint::Dice};

/// Reads a file; what it would be empty, if there is none.
pub(super) fn load<T: DeserializeOwned + Default>(path: &Path) -> Done<T> {
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| {
            Failure::failed(format!("{} cannot be used: {error}", path.display())).hint("remove it to start afresh")
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(Failure::failed(format!("cannot read {}: {error}", path.display()))),
    }
}

/// Writes a file beside and puts it in place: it is whole or the old one.
pub(super) fn save(path: &Path, value: &impl Serialize) -> Done {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("cannot write {}: {error}", path.display()));
    let text = toml::to_string(value).map_err(|error| failed(&error))?;
    let write = || -> std::io::Result<()> {
        let fresh = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = private(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(fresh, path)
    };
    write().map_err(|error| failed(&error))
}

/// A new file, empty, that only its owner can read, in a folder of the same kind.
pub(super) fn private(path: &Path) -> std::io::Result<File> {
    make_folder(path)?;
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), |folder| DirBuilder::new().recursive(true).mode(0o700).create(folder))
}

/// Takes a lock until the file is dropped; nothing if another process has it.
pub(super) fn lock(path: &Path) -> Done<Option<File>> {
    let failed = |error: std::io::Error| Failure::failed(format!("cannot lock {}: {error}", path.display()));
    make_folder(path).map_err(failed)?;
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// A directory that goes when this does.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(purpose: &str) -> Done<Self> {
        let ulid = Dice::random(Clock::SYSTEM).ulid().to_string().to_lowercase();
        let path = std::env::temp_dir().join(format!("bellwire-{purpose}-{ulid}"));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
