//! Says of a data directory that its deployment is being moved to another engine, or was: nobody may
//! serve from it meanwhile, and nobody by mistake afterwards.
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// A file of the data directory, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Made up when the move began: the target tells by it what came from here.
    pub(crate) source: String,
    /// Whether everything is there.
    pub(crate) done: bool,
}

const FILE: &str = "moved-to-postgresql.json";

/// The deployment in a data directory is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct MovedError {
    /// Which.
    pub dir: PathBuf,
    /// The file that says so: to serve from here again, it is removed.
    pub file: PathBuf,
    /// Whether the move was finished.
    pub done: bool,
}

impl MovedError {
    fn words(&self) -> String {
        let (dir, file) = (self.dir.display(), self.file.display());
        if self.done {
            format!(
                "the data directory {dir} was moved to PostgreSQL: serve with --database-url instead; to serve from \
                 here again, without what happened there since, remove {file}"
            )
        } else {
            format!(
                "the data directory {dir} is being moved to PostgreSQL: run `bellwire migrate sqlite-to-postgres` \
                 again to finish that; to give it up, remove {file} and drop the database it was moved into"
            )
        }
    }
}

impl Mark {
    /// A mark that no other data directory has.
    #[expect(clippy::disallowed_methods, reason = "a name made up once, which decides nothing")]
    pub(crate) fn fresh() -> Self {
        let mut bytes = [0_u8; 16];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
        Self { source: format!("{:032x}", u128::from_be_bytes(bytes)), done: false }
    }

    /// What a data directory says.
    pub(crate) fn read(dir: &Path) -> io::Result<Option<Self>> {
        match fs::read(dir.join(FILE)) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Durable when this returns, and never half there.
    pub(crate) fn write(&self, dir: &Path) -> io::Result<()> {
        let fresh = dir.join(format!("{FILE}.new"));
        let mut file = File::create(&fresh)?;
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(fresh, dir.join(FILE))?;
        File::open(dir)?.sync_all()
    }

    /// As if nothing had been begun.
    pub(crate) fn remove(dir: &Path) -> io::Result<()> {
        fs::remove_file(dir.join(FILE))
    }

    /// Refuses to serve from a directory that has one.
    pub(crate) fn refuse(dir: &Path) -> Result<(), crate::OpenError> {
        let io = |source| crate::OpenError::Io { dir: dir.to_owned(), source };
        match Self::read(dir).map_err(io)? {
            Some(mark) => Err(MovedError { dir: dir.to_owned(), file: dir.join(FILE), done: mark.done }.into()),
            None => Ok(()),
        }
    }
}
