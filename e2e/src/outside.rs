//! Deliveries verified by the packages that receivers really use, in Python, in Node and in Rust.
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{Seen, text};

/// A request that came in, and what verifies it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// For messages.
    pub name: String,
    /// Its dialect.
    pub dialect: String,
    /// The secret, or the public key (`whpk_…`).
    pub secret: String,
    /// The packages that can verify it; all that know the dialect if empty.
    pub only: Vec<&'static str>,
    /// The request.
    pub seen: Seen,
}

impl Delivery {
    fn json(&self) -> Value {
        let headers: serde_json::Map<String, Value> =
            self.seen.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let key = if self.secret.starts_with("whpk_") { "public_key" } else { "secret" };
        let mut value = json!({"name": self.name, "dialect": self.dialect, key: self.secret, "headers": headers,
            "body_base64": BASE64_STANDARD.encode(&self.seen.body)});
        if !self.only.is_empty() {
            value["only"] = json!(self.only);
        }
        value
    }

    /// The crate `standardwebhooks` accepts it.
    fn rust_accepts(&self) -> bool {
        let headers = self.seen.headers.iter().filter(|(name, _)| name.starts_with("webhook-"));
        let map =
            headers.filter_map(|(name, value)| Some((http::HeaderName::try_from(name).ok()?, value.parse().ok()?)));
        standardwebhooks::Webhook::new(&self.secret)
            .is_ok_and(|webhook| webhook.verify(&self.seen.body, &map.collect()).is_ok())
    }

    /// The same with a byte of the body changed that leaves it text.
    fn tampered(&self) -> Self {
        let mut changed = self.clone();
        let at = changed.seen.body.iter().position(u8::is_ascii_alphanumeric).expect("a body has letters");
        changed.seen.body[at] ^= 1;
        changed
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("inside the workspace").to_owned()
}

/// A program of the Python environment; sets up what is missing, as `make test` does.
pub fn python(program: &str) -> Command {
    static READY: std::sync::OnceLock<()> = std::sync::OnceLock::new();
    READY.get_or_init(|| {
        let need = "set -euo pipefail; . scripts/need; need python; need node";
        // Tests that run at once install once.
        let done = Command::new("flock").args(["scripts/need", "bash", "-c", need]).current_dir(root()).status();
        assert!(done.is_ok_and(|status| status.success()), "scripts/need could not set up Python and Node");
    });
    Command::new(root().join(".cache/venv/bin").join(program))
}

/// A program for Node, run in the root of the repository.
pub fn node(script: &str) -> Command {
    // Sets up both.
    drop(python("python"));
    let mut command = Command::new("node");
    command.arg(script).current_dir(root());
    command
}

/// Runs one of the two verifiers over deliveries; its report.
fn run(mut command: Command, deliveries: &[Delivery]) -> Vec<Value> {
    let input = Value::from(deliveries.iter().map(Delivery::json).collect::<Vec<_>>()).to_string();
    let mut child = command
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // Dropped at once: the end of the input is what it waits for.
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{command:?} printed no report: {error}"))
}

fn reports(deliveries: &[Delivery], option: Option<&str>) -> Vec<(&'static str, Vec<Value>)> {
    let (mut with_python, mut with_node) = (python("python"), Command::new("node"));
    with_python.arg("e2e/verify/verify.py").args(option);
    with_node.arg("e2e/verify/verify.mjs").args(option);
    let for_node: Vec<Delivery> = deliveries
        .iter()
        .filter(|delivery| delivery.seen.header("webhook-signature").starts_with("v1,"))
        .cloned()
        .collect();
    let mut reports = vec![("python", run(with_python, deliveries))];
    if !for_node.is_empty() {
        reports.push(("node", run(with_node, &for_node)));
    }
    reports
}

/// Every package that knows the dialect accepts each delivery, and refuses it with a byte changed.
#[track_caller]
pub fn verify_all(deliveries: &[Delivery]) {
    for (language, report) in reports(deliveries, Some("--self-check")) {
        for entry in &report {
            assert_eq!(entry["ok"], true, "{language}: {entry:#}");
            assert!(entry["checks"].as_object().is_some_and(|checks| !checks.is_empty()), "{language}: {entry:#}");
        }
    }
    for delivery in deliveries.iter().filter(|delivery| !delivery.secret.starts_with("whpk_")) {
        if delivery.only.is_empty() || delivery.only.contains(&"standardwebhooks") {
            assert!(delivery.rust_accepts(), "the crate standardwebhooks refused {}", delivery.name);
            assert!(!delivery.tampered().rust_accepts(), "the crate accepted a changed {}", delivery.name);
        }
    }
}

/// No package accepts any of these.
#[track_caller]
pub fn refuse_all(deliveries: &[Delivery]) {
    for (language, report) in reports(deliveries, None) {
        for entry in &report {
            let checks = entry["checks"].as_object().cloned().unwrap_or_default();
            assert!(!checks.is_empty(), "{language}: {entry:#}");
            assert!(checks.values().all(|said| text(said) != "ok"), "{language}: {entry:#}");
        }
    }
}
