//! Child processes that never outlive the benchmark.
//!
//! A [`Process`] ends its child when dropped, so an error on the way ends all of them. For the
//! ways out that drop nothing, every child's id is on a list that the guard thread kills on a
//! signal and at the time limit; the sink and the load also ask the kernel to end them with their
//! parent.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use tokio::signal::unix::{SignalKind, signal};

use crate::clock;

/// What a program prints before its address when it is ready.
const READY: &str = "listening on ";

/// How long a program may take to be ready; a server with a large backlog reads some of it.
const READY_TIMEOUT: Duration = Duration::from_mins(2);

/// How long a server may take to stop when asked.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);

static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A child process that listens.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// `http://127.0.0.1:PORT`, as it printed.
    pub url: String,
    /// Microseconds from its start to that line.
    pub start_us: u64,
    /// When the line was read, microseconds of the Unix epoch.
    pub listening_us: u64,
}

impl Process {
    /// Starts a program and waits for its line.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let started = clock::now();
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = spawn(&mut command)?;
        let stdout = child.stdout.take().expect("stdout was asked for");
        let mut process = Self { child, url: String::new(), start_us: 0, listening_us: 0 };
        let (listening_us, url) = ready_line(stdout)
            .recv_timeout(READY_TIMEOUT)
            .map_err(|_| anyhow!("{program} ended or was not ready in {READY_TIMEOUT:?}; see --server-log"))?;
        process.start_us = clock::us_since(started);
        process.listening_us = listening_us;
        process.url = url;
        Ok(process)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.end();
    }

    /// Asks it to stop and waits for it.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        kill_process(pid(&self.child), Signal::TERM)?;
        let asked = clock::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > STOP_TIMEOUT {
                return Err(anyhow!("it did not stop in {STOP_TIMEOUT:?}"));
            }
            clock::pause(Duration::from_millis(5));
        }
        Ok(())
    }

    fn end(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        unlist(pid(&self.child));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads the output to its end, so the program never blocks on it, and passes on the ready line.
fn ready_line(stdout: ChildStdout) -> Receiver<(u64, String)> {
    let (found, ready) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some((_, url)) = line.split_once(READY) {
                // Nobody listens after the first.
                let _ = found.send((clock::unix_us(), url.trim().to_owned()));
            }
        }
    });
    ready
}

/// Runs a program that ends by itself.
pub fn output_of(command: &mut Command) -> anyhow::Result<Output> {
    let child = spawn(command)?;
    let id = pid(&child);
    let output = child.wait_with_output();
    unlist(id);
    Ok(output?)
}

/// Ends this process when the one that started it ends.
pub fn end_with_parent() -> anyhow::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Ends all children and this process on SIGINT and SIGTERM, and when the time is up, and removes
/// `dir`.
pub fn guard(limit: Duration, dir: PathBuf) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        let why = runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                () = tokio::time::sleep(limit) => return Ok("the time limit is reached"),
            }
            std::io::Result::Ok("stopped by a signal")
        });
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        for &id in running.iter() {
            let _ = kill_process(id, Signal::KILL);
        }
        let _ = std::fs::remove_dir_all(dir);
        eprintln!("bellwire-bench: {}", why.unwrap_or("cannot wait for signals"));
        std::process::exit(130);
    });
    Ok(())
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Starts a child and lists it; while the guard holds the list, nothing starts.
fn spawn(command: &mut Command) -> anyhow::Result<Child> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    running.push(pid(&child));
    Ok(child)
}

fn unlist(id: Pid) {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.retain(|&other| other != id);
}
