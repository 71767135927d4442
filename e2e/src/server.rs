//! The real binary, as a process of its own.
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;

use crate::{Api, env, eventually, eventually_within, postgres::Database};

/// The owner key of every test server.
pub const OWNER_KEY: &str = "owner-key-of-the-end-to-end-tests-0123456789";

/// Where a server keeps what it was told.
#[derive(Debug, Clone)]
pub enum Engine {
    /// In its data directory.
    Embedded,
    /// In a PostgreSQL database of its own.
    OwnDatabase,
    /// In this PostgreSQL database, as one of its nodes.
    Database(Arc<Database>),
}

impl Engine {
    /// PostgreSQL for the test binaries whose name ends in `postgres` and wherever
    /// `BELLWIRE_TEST_ENGINE` says so; else the embedded one.
    fn of_this_run() -> Self {
        let me = std::env::current_exe().ok();
        let name = me.as_deref().and_then(Path::file_stem).unwrap_or_default().to_string_lossy().into_owned();
        // Cargo puts a hash behind it.
        let named = name.rsplit_once('-').map_or(&*name, |(name, _)| name).ends_with("postgres");
        if named || env("BELLWIRE_TEST_ENGINE").as_deref() == Some("postgres") {
            return Self::OwnDatabase;
        }
        Self::Embedded
    }
}

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// `BELLWIRE_OWNER_KEY`.
    pub owner_key: String,
    /// `BELLWIRE_LOG`.
    pub log: String,
    /// `--listen`.
    pub listen: String,
    /// `--dev`.
    pub dev: bool,
    /// `--retention-days`.
    pub retention_days: u32,
    /// The data directory is a disk of its own, of so many MiB, that only the server sees and that goes
    /// with it.
    pub disk_mib: Option<u32>,
    /// Where it keeps what it was told.
    pub engine: Engine,
    /// More of its environment.
    pub env: Vec<(&'static str, String)>,
    /// Another binary than the one under test.
    pub binary: Option<PathBuf>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            owner_key: OWNER_KEY.into(),
            log: "info".into(),
            listen: "127.0.0.1:0".into(),
            dev: true,
            retention_days: 30,
            disk_mib: None,
            engine: Engine::of_this_run(),
            env: Vec::new(),
            binary: None,
        }
    }
}

/// A running server; killed and removed at the end of the test.
#[derive(Debug)]
pub struct Server {
    /// Where it listens, the same after a restart.
    pub address: SocketAddr,
    /// The link to the console that the latest start printed.
    pub console: Option<String>,
    setup: Setup,
    root: TempDir,
    child: Child,
}

/// A binary of the workspace, built before the tests run: `bellwire` is the one under test.
pub fn binary(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("a test has a path");
    let found = me.ancestors().map(|dir| dir.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("no `{name}` above {}: run `cargo build --workspace --all-targets` first, or `make test`", me.display())
    })
}

/// What mounts a small disk where nobody else sees it and then becomes the server.
fn on_disk(mib: u32, data_dir: &Path) -> Command {
    std::fs::create_dir_all(data_dir).expect("a directory");
    let script = r#"mount -t tmpfs -o "size=$1m" tmpfs "$2" && shift 2 && exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh", &mib.to_string()]).arg(data_dir).arg(binary("bellwire"));
    command
}

/// Whether this machine lets a test mount a disk.
pub fn can_mount() -> bool {
    let root = TempDir::new().expect("a temporary directory");
    let mount = ["--mount", "mount", "-t", "tmpfs", "tmpfs"];
    let mounted = Command::new("unshare").args(mount).arg(root.path()).stderr(Stdio::null()).status();
    mounted.is_ok_and(|status| status.success())
}

impl Setup {
    /// The command that serves from `data_dir`, its log in `log`.
    fn command(&self, data_dir: &Path, log: &Path) -> Command {
        let log = OpenOptions::new().create(true).append(true).open(log).expect("a file for the log");
        let mut command = match self.disk_mib {
            None => Command::new(self.binary.clone().unwrap_or_else(|| binary("bellwire"))),
            Some(mib) => on_disk(mib, data_dir),
        };
        command.arg("serve").arg("--data-dir").arg(data_dir).args(["--listen", &self.listen]);
        if self.dev {
            command.arg("--dev");
        }
        command.args(["--retention-days", &self.retention_days.to_string()]);
        if let Engine::Database(database) = &self.engine {
            command.args(["--database-url", database.url()]);
        }
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("BELLWIRE_OWNER_KEY", &self.owner_key)
            .env("BELLWIRE_LOG", &self.log)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            // No bellwire.toml of the checkout may be read.
            .current_dir(data_dir.parent().expect("inside a directory"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        command
    }

    /// Starts a server in a directory of its own.
    #[track_caller]
    pub fn start(mut self) -> Server {
        if matches!(self.engine, Engine::OwnDatabase) {
            self.engine = Engine::Database(Arc::new(Database::create()));
        }
        let root = TempDir::new().expect("a temporary directory");
        let (child, address, console) = self.spawn(&root);
        let setup = Self { listen: address.to_string(), ..self };
        Server { address, console, setup, root, child }
    }

    #[track_caller]
    fn spawn(&self, root: &TempDir) -> (Child, SocketAddr, Option<String>) {
        let log = root.path().join("stderr.log");
        let mut child = self.command(&root.path().join("data"), &log).spawn().expect("the binary starts");
        let (mut console, mut ready) = (None, None);
        for line in BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok) {
            console = line.strip_prefix("console: ").map(str::to_owned).or(console);
            ready = line.strip_prefix("listening on http://").map(str::to_owned);
            if ready.is_some() {
                break;
            }
        }
        let ready = ready.unwrap_or_else(|| {
            drop(child.kill());
            panic!("the server did not start: {}", std::fs::read_to_string(&log).unwrap_or_default())
        });
        (child, ready.parse().expect("the line tells an address"), console)
    }
}

impl Server {
    /// A server as most tests want it.
    #[track_caller]
    pub fn start() -> Self {
        Setup::default().start()
    }

    /// A client with the owner key.
    pub fn api(&self) -> Api {
        Api { address: self.address, key: Some(self.setup.owner_key.clone()) }
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// The data directory as the running process sees it.
    pub fn inside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        root.join(self.data_dir().strip_prefix("/").expect("an absolute path"))
    }

    /// Makes rows older while it does not run: see `e2e/backdate.py`.
    #[track_caller]
    pub fn backdate(&mut self, what: &str, age: Duration) {
        assert!(self.child.try_wait().is_ok_and(|ended| ended.is_some()), "it was stopped or killed");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("backdate.py");
        let database = self.data_dir().join("bellwire.db");
        let done = Command::new("python3").arg(script).arg(database).args([what, &age.as_secs().to_string()]).status();
        assert!(done.is_ok_and(|status| status.success()), "{what} {age:?}");
    }

    /// Everything it has logged so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.root.path().join("stderr.log")).unwrap_or_default()).into_owned()
    }

    /// `kill -9`, and gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM; it goes on running for a while.
    pub fn signal_stop(&self) {
        self.signal("-TERM");
    }

    /// It stops where it is, and may be told to go on.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// It goes on after [`Server::freeze`].
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()), "{signal} is sent");
    }

    /// How it ended, once it has.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        eventually("the server ends", || self.child.try_wait().expect("it is ours"))
    }

    /// [`Server::ended`], within another limit.
    #[track_caller]
    pub fn ended_within(&mut self, limit: Duration) -> ExitStatus {
        eventually_within(limit, "the server ends soon", || self.child.try_wait().expect("it is ours"))
    }

    /// SIGTERM, and waits for the end.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        self.signal_stop();
        self.ended()
    }

    /// Starts it again: same directory, same port.
    #[track_caller]
    pub fn restart(&mut self) {
        assert!(self.child.try_wait().is_ok_and(|ended| ended.is_some()), "it was stopped or killed");
        (self.child, self.address, self.console) = self.setup.spawn(&self.root);
    }

    /// [`Server::restart`] with another `BELLWIRE_OWNER_KEY`.
    #[track_caller]
    pub fn restart_with_owner_key(&mut self, key: &str) {
        key.clone_into(&mut self.setup.owner_key);
        self.restart();
    }

    /// Runs a second `serve` to its end on the same directory: how it ended and what it said.
    #[track_caller]
    pub fn second(&self, setup: &Setup) -> (ExitStatus, String) {
        run_to_end(setup, &self.data_dir(), &self.root.path().join("second.log"))
    }
}

impl Setup {
    /// Runs `serve`, which must refuse to start, in a new directory: how it ended and what it said.
    #[track_caller]
    pub fn refused(&self) -> (ExitStatus, String) {
        let root = TempDir::new().expect("a temporary directory");
        run_to_end(self, &root.path().join("data"), &root.path().join("stderr.log"))
    }
}

#[track_caller]
fn run_to_end(setup: &Setup, data_dir: &Path, log: &Path) -> (ExitStatus, String) {
    drop(File::create(log));
    let mut child = setup.command(data_dir, log).spawn().expect("the binary starts");
    let mut ended = None;
    eventually("a server that must not start ends", || {
        ended = child.try_wait().expect("it is ours");
        ended
    });
    (ended.expect("it ended"), std::fs::read_to_string(log).unwrap_or_default())
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("the server's last words:\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
