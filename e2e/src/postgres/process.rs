//! Servers started by the tests, from installed binaries.
use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::Address;

/// Where distributions keep them, if they are not in the path.
const PLACES: [&str; 3] = ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt"];
/// More than all tests at once need.
const CONNECTIONS_MAX: u32 = 500;

/// The directory of `initdb` and `pg_ctl`; the newest, if there are several.
pub(super) fn binaries() -> Option<PathBuf> {
    let found = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
    if found.status.success() {
        let path = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim().to_owned());
        return path.parent().map(Path::to_owned);
    }
    let versions = PLACES.iter().filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    let bins = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file());
    bins.max_by_key(|bin| {
        let version = bin.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        version.and_then(|version| version.trim_start_matches("postgresql@").parse::<u32>().ok())
    })
}

/// A data directory, the socket and the log beside it.
#[derive(Debug)]
pub(super) struct Cluster {
    bin: PathBuf,
    dir: PathBuf,
    /// PostgreSQL refuses to run as root: the user and group it runs as instead.
    user: Option<(u32, u32)>,
}

impl Cluster {
    /// In this directory, which exists and belongs to it.
    #[track_caller]
    pub(super) fn new(dir: &Path) -> Self {
        let bin = binaries().expect("PostgreSQL is installed: scripts/need sees to it");
        let user = (number(&["-u"]) == Some(0)).then(|| {
            let of = |name: &str| Some((number(&["-u", name])?, number(&["-g", name])?));
            of("postgres").or_else(|| of("nobody")).expect("there is a user without rights")
        });
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(dir, Some(uid), Some(gid)).expect("root may give it away");
        }
        Self { bin, dir: dir.to_owned(), user }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        // Nobody waits for what a server that goes on would write.
        let log = File::options().create(true).append(true).open(self.dir.join("commands.log")).expect("a log");
        let errors = log.try_clone().expect("a log");
        command.current_dir(&self.dir).stdin(Stdio::null()).stdout(log).stderr(errors);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        self.unprivileged(&mut command);
        command
    }

    /// Has a program run as the user whose the data is.
    pub(super) fn unprivileged(&self, command: &mut Command) {
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
    }

    #[track_caller]
    fn run(&self, program: &str, args: &[&str]) {
        let data = self.data();
        let done = self.command(program).arg("-D").arg(&data).args(args).status();
        assert!(
            done.is_ok_and(|status| status.success()),
            "{program} {args:?}: {}",
            fs::read_to_string(self.dir.join("commands.log")).unwrap_or_default()
        );
    }

    /// Makes the data directory and starts a server on it, on a free port.
    #[track_caller]
    pub(super) fn create(&self) -> Address {
        self.run("initdb", &["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]);
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
        let port = free.expect("a port is free").port();
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n\
             max_connections = {CONNECTIONS_MAX}\nfsync = on\nlog_min_messages = warning\n",
            self.dir.display()
        );
        let mut file = File::options().append(true).open(self.data().join("postgresql.conf")).expect("it was made");
        std::io::Write::write_all(&mut file, settings.as_bytes()).expect("it can be written");
        self.start();
        Address::parse(&format!("postgres://postgres@127.0.0.1:{port}"))
    }

    #[track_caller]
    pub(super) fn start(&self) {
        self.run("pg_ctl", &["-w", "-t", "60", "-l", "server.log", "start"]);
    }

    /// Returns when it has stopped.
    #[track_caller]
    pub(super) fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-w", "-t", "60", "-m", mode, "stop"]);
    }

    /// What stops it, for somebody else to run.
    pub(super) fn stopper(&self) -> Command {
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]);
        command
    }
}

/// A number that `id` tells.
pub(super) fn number(args: &[&str]) -> Option<u32> {
    let said = Command::new("id").args(args).stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&said.stdout).trim().parse().ok()
}

/// How a server ends before it starts again.
#[derive(Debug, Clone, Copy)]
pub enum Restart {
    /// Sessions are ended and everything is written.
    Fast,
    /// As in a crash: what was written ahead is replayed.
    Immediate,
}

/// A server of one test, which may do with it as it likes.
#[derive(Debug)]
pub struct Private {
    /// Where it is.
    pub address: Address,
    cluster: Cluster,
    _dir: TempDir,
}

impl Default for Private {
    fn default() -> Self {
        Self::start()
    }
}

impl Private {
    /// A server on an empty data directory.
    #[track_caller]
    pub fn start() -> Self {
        super::shared::installed();
        let dir = TempDir::with_prefix("bellwire-postgres-").expect("a temporary directory");
        let cluster = Cluster::new(dir.path());
        Self { address: cluster.create(), cluster, _dir: dir }
    }

    /// Stops it and starts it again, same address; returns when it answers.
    #[track_caller]
    pub fn restart(&self, how: Restart) {
        self.stop(how);
        self.start_again();
    }

    /// Stops it; returns when it is gone.
    #[track_caller]
    pub fn stop(&self, how: Restart) {
        self.cluster.stop(match how {
            Restart::Fast => "fast",
            Restart::Immediate => "immediate",
        });
    }

    /// Starts it after [`Private::stop`]; returns when it answers.
    #[track_caller]
    pub fn start_again(&self) {
        self.cluster.start();
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        drop(self.cluster.stopper().status());
    }
}
