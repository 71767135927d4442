//! The command line as people use it: a process in a home of its own, to its end or for a while.
use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Api, binary, eventually, eventually_within};

/// Commands of one user.
pub struct Tool {
    home: TempDir,
    env: Vec<(String, String)>,
}

/// How a command ended, and what it printed.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// What went to stdout.
    pub out: String,
    /// What went to stderr.
    pub err: String,
}

impl Ran {
    /// What was printed, if it ended well; a failed test if not.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// What was said on stderr, if it ended with this code; a failed test if not.
    #[track_caller]
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self.err
    }
}

impl Default for Tool {
    fn default() -> Self {
        Self::new()
    }
}

impl Tool {
    /// Commands that know no server and no key.
    pub fn new() -> Self {
        Self { home: TempDir::new().expect("a temporary directory"), env: Vec::new() }
    }

    /// Commands that are told of a server, and the key to it.
    pub fn at(api: &Api) -> Self {
        let tool = Self::new().env("BELLWIRE_URL", &format!("http://{}", api.address));
        match &api.key {
            Some(key) => tool.env("BELLWIRE_KEY", key),
            None => tool,
        }
    }

    /// With more in its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Its home, where its commands run.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn prepared(&self, mut command: Command) -> Command {
        let env = self.env.iter().map(|(name, value)| (name, value));
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", self.home()).envs(env);
        command.current_dir(self.home()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary("bellwire"));
        command.args(arguments);
        self.prepared(command)
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// Runs a command to its end, with this on its stdin.
    #[track_caller]
    pub fn run_with(&self, arguments: &[&str], stdin: &str) -> Ran {
        let mut running = Running::of(self.command(arguments));
        running.types(stdin);
        running.ends()
    }

    /// What a command that ends well tells programs: the JSON document that it prints.
    #[track_caller]
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let out = self.run(&[arguments, &["--json"]].concat()).good();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?} printed no JSON ({error}): {out}"))
    }

    /// Starts a command.
    #[track_caller]
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::of(self.command(arguments))
    }

    /// Starts a command in a terminal: what it prints and says comes together, and what is typed are keys.
    #[track_caller]
    pub fn start_in_terminal(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("terminal.py")).arg(binary("bellwire")).args(arguments);
        let mut command = self.prepared(command);
        command.env("TERM", "xterm");
        Running::of(command)
    }
}

type Text = Arc<Mutex<Vec<u8>>>;

/// A command that runs; killed at the end of the test.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    out: Text,
    err: Text,
    readers: Vec<thread::JoinHandle<()>>,
}

fn gather(mut from: impl Read + Send + 'static, into: &Text) -> thread::JoinHandle<()> {
    let into = Arc::clone(into);
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            into.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..count]);
        }
    })
}

fn text(bytes: &Text) -> String {
    String::from_utf8_lossy(&bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

impl Running {
    #[track_caller]
    fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the command starts");
        let (out, err) = (Text::default(), Text::default());
        let readers =
            vec![gather(child.stdout.take().expect("piped"), &out), gather(child.stderr.take().expect("piped"), &err)];
        Self { stdin: child.stdin.take(), child, out, err, readers }
    }

    /// What it has printed so far.
    pub fn out(&self) -> String {
        text(&self.out)
    }

    /// What it has said on stderr so far.
    pub fn err(&self) -> String {
        text(&self.err)
    }

    /// The JSON documents it has printed so far, one a line.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let (text, whole) = (self.out(), |text: &str| text.ends_with('\n'));
        let lines = text.split_inclusive('\n').filter(|line| whole(line));
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}")))
            .collect()
    }

    /// Waits until it has printed this.
    #[track_caller]
    pub fn prints(&self, part: &str) {
        let printed = || self.out().contains(part).then_some(());
        let wait = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| eventually(part, printed)));
        assert!(wait.is_ok(), "`{part}` was not printed:\n{}\n{}", self.out(), self.err());
    }

    /// Waits until it has said this on stderr.
    #[track_caller]
    pub fn says(&self, part: &str) {
        let said = || self.err().contains(part).then_some(());
        let wait = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| eventually(part, said)));
        assert!(wait.is_ok(), "`{part}` was not said:\n{}\n{}", self.out(), self.err());
    }

    /// Waits until it has printed so many documents of this kind (their member `line`); these.
    #[track_caller]
    pub fn printed(&self, kind: &str, count: usize) -> Vec<Value> {
        eventually(&format!("{count} lines of {kind} after {} {}", self.out(), self.err()), || {
            let found: Vec<Value> = self.lines().into_iter().filter(|line| line["line"] == kind).collect();
            (found.len() >= count).then_some(found)
        })
    }

    /// Types on its stdin.
    pub fn types(&mut self, keys: &str) {
        if let Some(stdin) = &mut self.stdin {
            // It may have ended without reading.
            drop(stdin.write_all(keys.as_bytes()).and_then(|()| stdin.flush()));
        }
    }

    /// `kill -9`, and gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Sends it a signal, such as `-INT`.
    pub fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()), "{signal} is sent");
    }

    /// Waits for its end: how it ended and all it printed.
    #[track_caller]
    pub fn ends(mut self) -> Ran {
        self.stdin = None;
        let status: ExitStatus = eventually_within(Duration::from_mins(2), "the command ends", || {
            self.child.try_wait().expect("it is ours")
        });
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
        Ran { code: status.code(), out: self.out(), err: self.err() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("a command's last words:\n{}{}", self.out(), self.err());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
