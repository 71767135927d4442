//! The clock of a process that is not this machine's. Needs libfaketime.
use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;

/// The clock of one process: this machine's, and so many seconds.
pub struct SetClock {
    library: PathBuf,
    dir: TempDir,
}

impl SetClock {
    /// Nothing, said in words, where there is no libfaketime.
    pub fn new() -> Option<Self> {
        let places = fs::read_dir("/usr/lib").ok()?.flatten();
        let found = places.map(|place| place.path().join("faketime/libfaketime.so.1")).find(|path| path.is_file());
        let Some(library) = found else {
            println!("SKIPPED: no libfaketime here (scripts/need installs the package faketime)");
            return None;
        };
        sweep();
        let clock = Self { library, dir: TempDir::new().expect("a temporary directory") };
        clock.set(0);
        Some(clock)
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("offset")
    }

    /// Sets it so many seconds off, at once.
    pub fn set(&self, seconds: i64) {
        let new = self.dir.path().join("new");
        fs::write(&new, format!("{seconds:+}\n")).expect("it can be written");
        fs::rename(new, self.file()).expect("at once");
    }

    /// Sets it to a time in seconds since 1970, from where it goes on.
    #[expect(clippy::disallowed_methods, reason = "how far it is from this machine's")]
    pub fn set_to(&self, unix_seconds: i64) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        self.set(unix_seconds - i64::try_from(now).expect("it fits"));
    }

    /// What a process needs in its environment to have this clock.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }
}

/// libfaketime leaves what a process shared where it was killed: a later process of the same number must not find it.
fn sweep() {
    for file in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = file.file_name();
        let name = name.to_string_lossy();
        let process = name.strip_prefix("faketime_shm_").or_else(|| name.strip_prefix("sem.faketime_sem_"));
        if process.is_some_and(|number| !Path::new("/proc").join(number).exists()) {
            drop(fs::remove_file(file.path()));
        }
    }
}
