//! `bellwire doctor`: looks at everything a server and its commands need, and says what to do.
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::{
    doctor_database,
    failure::{Done, Exit, Failure},
    out::{Out, Tone, text},
    settings::{Global, Session},
};
use crate::{
    clock::Clock,
    config::{self, Config, SecretUrl},
};

/// Less free disk than this is worth a warning, and less than this a failure.
const DISK_LOW_BYTES: u64 = 1024 * 1024 * 1024;
const DISK_FULL_BYTES: u64 = 64 * 1024 * 1024;
/// Clocks that differ by more refuse each other's signatures soon.
const SKEW_WARN_SECONDS: u64 = 30;
const SKEW_FAIL_SECONDS: u64 = 300;

#[derive(Args)]
pub(super) struct Doctor {
    /// The server's data directory [default: the configuration's, or ./bellwire-data]
    #[arg(long, env = "BELLWIRE_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// The PostgreSQL database that the server uses instead of the embedded one
    #[arg(long, env = "BELLWIRE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// The server's listening address [default: the configuration's, or 127.0.0.1:4800]
    #[arg(long, env = "BELLWIRE_LISTEN")]
    listen: Option<String>,
    /// The server's configuration file [default: bellwire.toml, if it is there]
    #[arg(long, env = "BELLWIRE_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    pub(super) fn ok(&mut self, check: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { check, verdict: Verdict::Ok, detail: detail.into(), advice: None });
    }

    pub(super) fn bad(
        &mut self,
        check: &'static str,
        verdict: Verdict,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.0.push(Finding { check, verdict, detail: detail.into(), advice: Some(advice.into()) });
    }
}

impl Doctor {
    pub(super) async fn run(self, global: &Global) -> Done {
        let (mut report, out) = (Report::default(), global.out());
        let config = self.configuration(&mut report);
        let session = profile(global, &mut report);
        if let Some(config) = &config {
            match &config.database_url {
                Some(url) => doctor_database::database(url, &mut report).await,
                None => directory(&config.data_dir, &mut report),
            }
        }
        let reachable = match &session {
            Some(session) => server(session, &mut report).await,
            None => false,
        };
        if let Some(config) = &config {
            port(config, session.as_ref().filter(|_| reachable), &mut report).await;
        }
        tell(out, &report)
    }

    fn configuration(&self, report: &mut Report) -> Option<Config> {
        const CHECK: &str = "configuration";
        let (path, needed) = self.config.as_deref().map_or((Path::new("bellwire.toml"), false), |path| (path, true));
        let mut file = config::File::default();
        match fs::read_to_string(path) {
            Ok(text) => match config::File::read(&text) {
                Ok(read) => {
                    file = read;
                    report.ok(CHECK, format!("{} can be used", path.display()));
                }
                Err(error) => {
                    let detail = format!("{}: {error}", path.display());
                    report.bad(CHECK, Verdict::Fail, detail, "correct the file; the server does not start with it");
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !needed => {
                report.ok(CHECK, "no bellwire.toml here: defaults");
            }
            Err(error) => {
                let detail = format!("{}: {error}", path.display());
                report.bad(CHECK, Verdict::Fail, detail, "check that it is there and that this user may read it");
            }
        }
        file.database_url = self.database_url.clone().map(SecretUrl::new).or(file.database_url);
        let (slack, pagerduty) = (std::mem::take(&mut file.slack), std::mem::take(&mut file.pagerduty));
        match Config::resolve(file, self.data_dir.clone(), self.listen.clone(), false) {
            Ok(config) => {
                let policy = config.address_policy();
                integration("slack", slack.resolve(&policy), report);
                integration("pagerduty", pagerduty.resolve(&policy), report);
                Some(config)
            }
            Err(error) => {
                report.bad(CHECK, Verdict::Fail, error.to_string(), "correct the setting");
                None
            }
        }
    }
}

/// What the file sets of an integration. The server's environment, which is not here, may set the rest.
fn integration<T>(check: &'static str, resolved: anyhow::Result<Option<T>>, report: &mut Report) {
    match resolved {
        Ok(None) => {}
        Ok(Some(_)) => report.ok(check, "its settings can be used"),
        Err(error) => {
            let advice = "correct the setting, unless the server's environment sets it";
            report.bad(check, Verdict::Warn, format!("{error:#}"), advice);
        }
    }
}

/// The client's side: profile, URL, key.
fn profile(global: &Global, report: &mut Report) -> Option<Session> {
    const CHECK: &str = "profile";
    let path = global.config_path();
    match global.session() {
        Ok(session) => {
            let place = path.filter(|path| path.exists());
            let detail =
                place.map_or_else(|| "no profiles: flags and environment".into(), |path| path.display().to_string());
            report.ok(CHECK, detail);
            Some(session)
        }
        Err(failure) => {
            let advice = path.map_or_else(String::new, |path| format!("see {}", path.display()));
            report.bad(CHECK, Verdict::Fail, failure.to_string().trim_start_matches("error: "), advice);
            None
        }
    }
}

/// The server's side of the disk.
fn directory(dir: &Path, report: &mut Report) {
    let shown = dir.display();
    if !dir.exists() {
        report.ok("data directory", format!("{shown} is not there yet; the first start makes it"));
        let parent = dir.ancestors().skip(1).find(|parent| parent.exists()).unwrap_or(Path::new("."));
        disk(if parent.as_os_str().is_empty() { Path::new(".") } else { parent }, report);
        return;
    }
    let probe = dir.join(format!(".bellwire-doctor-{}", std::process::id()));
    match File::create_new(&probe).and_then(|_| fs::remove_file(&probe)) {
        Ok(()) => report.ok("data directory", format!("{shown} can be written")),
        Err(error) => report.bad(
            "data directory",
            Verdict::Fail,
            format!("{shown} cannot be written: {error}"),
            "give it to the user who runs the server, or choose another with --data-dir",
        ),
    }
    disk(dir, report);
    lock(dir, report);
    master_key(dir, report);
}

fn disk(dir: &Path, report: &mut Report) {
    let Ok(stat) = rustix::fs::statvfs(dir) else {
        report.bad("disk", Verdict::Warn, "free space is unknown", "look at it with df");
        return;
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let detail = format!("{} MiB free", free / (1024 * 1024));
    if free < DISK_FULL_BYTES {
        report.bad("disk", Verdict::Fail, detail, "free some: the server answers 507 to writes until then");
    } else if free < DISK_LOW_BYTES {
        report.bad("disk", Verdict::Warn, detail, "free some before it is needed");
    } else {
        report.ok("disk", detail);
    }
}

fn lock(dir: &Path, report: &mut Report) {
    let path = dir.join("bellwire.lock");
    let Ok(file) = OpenOptions::new().read(true).open(&path) else {
        report.ok("lock", "no server has used the directory yet");
        return;
    };
    match file.try_lock() {
        Ok(()) => report.ok("lock", "no server has it open"),
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            let holder = holder.trim();
            report.ok(
                "lock",
                format!(
                    "a server has it open{}",
                    if holder.is_empty() { String::new() } else { format!(" (process {holder})") }
                ),
            );
        }
        Err(TryLockError::Error(error)) => {
            report.bad("lock", Verdict::Fail, error.to_string(), "use a file system that supports locks");
        }
    }
}

fn master_key(dir: &Path, report: &mut Report) {
    const CHECK: &str = "master key";
    let path = dir.join("master.key");
    let Ok(about) = fs::metadata(&path) else {
        let used = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
        if used {
            let advice = "restore it from a backup: without it no stored secret can be read";
            report.bad(CHECK, Verdict::Warn, format!("{} is not there", path.display()), advice);
        }
        return;
    };
    let mode = about.permissions().mode() & 0o777;
    // The last six bits are those of group and others.
    if mode.trailing_zeros() >= 6 {
        report.ok(CHECK, format!("only its owner can read it ({mode:04o})"));
    } else {
        let advice = format!("chmod 600 {}", path.display());
        report.bad(CHECK, Verdict::Fail, format!("others can read it ({mode:04o})"), advice);
    }
}

/// Asks the server; whether it answered.
async fn server(session: &Session, report: &mut Report) -> bool {
    let client = &session.client;
    let health = match client.get("/healthz").await {
        Ok(health) => health,
        Err(failure) => {
            let advice = "start one with `bellwire serve`, or say where it is with --url, BELLWIRE_URL or a profile";
            let detail = failure.sentence().to_owned();
            report.bad("server", Verdict::Fail, detail, advice);
            return false;
        }
    };
    let version = text(&health.value, "version");
    if version == crate::VERSION {
        report.ok("server", format!("{} answers, version {version}", client.base()));
    } else {
        let detail = format!("{} has version {version}, this command {}", client.base(), crate::VERSION);
        report.bad("server", Verdict::Warn, detail, "use the same version on both sides");
    }
    match client.get("/readyz").await {
        Ok(_) => report.ok("readiness", "the server takes requests"),
        Err(failure) => {
            report.bad("readiness", Verdict::Fail, failure.sentence().to_owned(), "see the server's log");
        }
    }
    clock(&health, report);
    key(session, report).await;
    true
}

fn clock(health: &super::client::Answer, report: &mut Report) {
    let date = health.headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
    let Some(theirs) = date.and_then(seconds_of) else {
        report.bad("clock", Verdict::Warn, "the server does not tell its time", "compare the clocks by hand");
        return;
    };
    let skew = Clock::SYSTEM.now().seconds().abs_diff(theirs);
    let detail = format!("{skew} s from the server's");
    if skew > SKEW_FAIL_SECONDS {
        report.bad("clock", Verdict::Fail, detail, "set the clocks by NTP: signatures this old are refused");
    } else if skew > SKEW_WARN_SECONDS {
        report.bad("clock", Verdict::Warn, detail, "set the clocks by NTP");
    } else {
        report.ok("clock", detail);
    }
}

/// The seconds of an HTTP date such as `Sun, 22 Nov 2026 21:01:02 GMT` (RFC 9110, "Date/Time Formats").
fn seconds_of(date: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = date.split_once(", ")?.1.split(' ');
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let at: bellwire_wire::Timestamp = format!("{year}-{month:02}-{day}T{time}Z").parse().ok()?;
    Some(at.seconds())
}

async fn key(session: &Session, report: &mut Report) {
    if !session.client.has_key() {
        report.bad("key", Verdict::Warn, "none is given", "give one with --key, BELLWIRE_KEY or a profile");
        return;
    }
    match session.client.get("/v1/me").await {
        Ok(me) => report.ok(
            "key",
            format!(
                "{} ({}) of workspace {}",
                text(&me.value, "key_name"),
                text(&me.value, "kind"),
                text(&me.value, "name")
            ),
        ),
        Err(failure) if failure.exit == Exit::Refused => {
            let advice = "make one with `bellwire keys create`, as somebody whose key is good";
            report.bad("key", Verdict::Fail, failure.sentence().to_owned(), advice);
        }
        Err(failure) => report.bad("key", Verdict::Warn, failure.sentence().to_owned(), "try again"),
    }
}

/// Whether the listening address is free, or taken by the server that was reached.
async fn port(config: &Config, reached: Option<&Session>, report: &mut Report) {
    let address = config.listen;
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => report.ok("port", format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let ours = reached.is_some_and(|session| session.client.base().ends_with(&format!(":{}", address.port())));
            if ours {
                report.ok("port", format!("{address} is taken, by the server"));
            } else {
                let advice = "stop what has it, or choose another with --listen";
                report.bad("port", Verdict::Warn, format!("{address} is taken by something else"), advice);
            }
        }
        Err(error) => {
            let advice = "choose an address of this machine with --listen";
            report.bad("port", Verdict::Fail, format!("{address}: {error}"), advice);
        }
    }
}

fn tell(out: Out, report: &Report) -> Done {
    let failed = report.0.iter().filter(|finding| finding.verdict == Verdict::Fail).count();
    if out.json {
        out.line(json!({"ok": failed == 0, "checks": report.0}).to_string())?;
    } else {
        for finding in &report.0 {
            let (tone, mark) = match finding.verdict {
                Verdict::Ok => (Tone::Good, "ok  "),
                Verdict::Warn => (Tone::Warn, "warn"),
                Verdict::Fail => (Tone::Bad, "fail"),
            };
            out.line(format!("{}  {:<15} {}", out.paint(tone, mark), finding.check, finding.detail))?;
            if let Some(advice) = finding.advice.as_deref().filter(|advice| !advice.is_empty()) {
                out.line(format!("{:23}{}", "", out.paint(Tone::Dim, advice)))?;
            }
        }
    }
    match failed {
        0 => Ok(()),
        1 => Err(Failure::failed("1 check failed")),
        many => Err(Failure::failed(format!("{many} checks failed"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_read() {
        assert_eq!(seconds_of("Thu, 01 Jan 1970 00:01:00 GMT"), Some(60));
        assert_eq!(seconds_of("Sun, 22 Nov 2026 21:01:02 GMT"), Some(1_795_381_262));
        assert_eq!(seconds_of("yesterday"), None);
    }
}
