//! Where the programs are; cargo is asked to make them when they are missing or may be stale.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::options::Options;
use super::progress::Progress;

/// The programs of a run.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The directory they are in.
    pub dir: PathBuf,
    /// `bellwire`.
    pub server: PathBuf,
    /// `bellwire-sink`.
    pub sink: PathBuf,
    /// `bellwire-load`.
    pub load: PathBuf,
}

impl Binaries {
    /// Finds them beside this program.
    ///
    /// `cargo run` makes only the program it runs, so when cargo started this one, it is asked to
    /// bring the others up to date: a benchmark of last week's server helps nobody.
    pub fn find(options: &Options, progress: &Progress) -> anyhow::Result<Self> {
        let this = std::env::current_exe()?;
        let dir = this.parent().context("a program is in a directory")?.to_owned();
        let found = Self {
            server: options.server.clone().unwrap_or_else(|| dir.join("bellwire")),
            sink: dir.join("bellwire-sink"),
            load: dir.join("bellwire-load"),
            dir,
        };
        let build = |package: &str, wanted: &[&Path]| {
            let missing = wanted.iter().any(|path| !path.exists());
            let stale = options.cargo.is_some() && !options.no_build;
            if missing || stale {
                progress.say(&format!("cargo build --release -p {package}"));
                cargo_build(options, package)?;
            }
            anyhow::Ok(())
        };
        build("bellwire-bench", &[&found.sink, &found.load])?;
        if options.server.is_none() {
            build("bellwire-server", &[&found.server])?;
        }
        for path in [&found.server, &found.sink, &found.load] {
            ensure!(path.exists(), "{} is missing", path.display());
        }
        Ok(found)
    }
}

fn cargo_build(options: &Options, package: &str) -> anyhow::Result<()> {
    let cargo = options.cargo.as_deref().unwrap_or(Path::new("cargo"));
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--bins", "-p", package])
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "cargo could not build {package}");
    Ok(())
}
