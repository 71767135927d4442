//! Where a run took place, so that a figure can be judged later.

use std::fmt;
use std::process::Command;

use anyhow::ensure;
use serde::Serialize;

use super::bench::Bench;

/// `f_type` of a file system in memory: its fsync costs nothing, so its figures would lie.
const TMPFS_MAGIC: i64 = 0x0102_1994;

/// Machine and versions.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Processor model.
    pub cpu: String,
    /// Cores to share among server, load and sink.
    pub cores: usize,
    /// Memory in GiB.
    pub memory_gib: f64,
    /// Kernel release.
    pub kernel: String,
    /// What the server calls itself.
    pub server: String,
    /// Commit of the working directory, if it is one.
    pub commit: String,
    /// This program's version, and whether it was built with optimisation.
    pub bench: String,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} · {} cores · {:.0} GiB · Linux {}", self.cpu, self.cores, self.memory_gib, self.kernel)?;
        write!(f, "{} · commit {} · bench {}", self.server, self.commit, self.bench)
    }
}

/// Looks around.
pub fn describe(bench: &Bench) -> anyhow::Result<Machine> {
    let fs = rustix::fs::statfs(bench.data_dir.path())?;
    ensure!(
        fs.f_type != TMPFS_MAGIC,
        "{} is in memory, where syncing is free; choose a disk with --data-dir",
        bench.data_dir.path().display()
    );
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let profile = if cfg!(debug_assertions) { "not optimised: figures mean nothing" } else { "release" };
    let memory_kib: f64 = field(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    Ok(Machine {
        cpu: field(&read("/proc/cpuinfo"), "model name"),
        cores: std::thread::available_parallelism()?.get(),
        memory_gib: memory_kib / 1_048_576.0,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        server: said(Command::new(&bench.binaries.server).arg("--version")),
        commit: said(Command::new("git").args(["describe", "--always", "--dirty"])),
        bench: format!("{} ({profile})", env!("CARGO_PKG_VERSION")),
    })
}

fn field(text: &str, name: &str) -> String {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

/// The first line a program prints, or `unknown`.
fn said(command: &mut Command) -> String {
    command
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines().next().map(|line| line.trim().to_owned())
        })
        .filter(|line| !line.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
