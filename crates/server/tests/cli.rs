//! The built binary against a real server process: what scripts rely on, exit codes included.
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

const KEY: &str = "owner-key-of-the-command-line-tests-000";

fn bellwire(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bellwire"));
    // Nothing of whoever runs the tests.
    command.env_clear().env("HOME", home).env("TMPDIR", home).current_dir(home);
    command
}

/// A process that ends with the test.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        Self { child, lines }
    }

    /// The next line of its stdout, as JSON.
    fn next(&mut self) -> Value {
        let line = self.lines.next().expect("a line before the end").expect("readable");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn finish(mut self) -> bool {
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A server, and a home for the commands that talk to it.
struct World {
    home: TempDir,
    url: String,
    /// The link to the console that the start printed.
    console: String,
    _server: Running,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let mut command = bellwire(home.path());
        command
            .args(["serve", "--dev", "--data-dir", "data", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .env("BELLWIRE_OWNER_KEY", KEY);
        let mut server = Running::start(command);
        let ready = server.next();
        let (url, console) = (text(&ready, "/url").to_owned(), text(&ready, "/console_url").to_owned());
        Self { home, url, console, _server: server }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bellwire(self.home.path());
        command.args(arguments).arg("--json").env("BELLWIRE_URL", &self.url).env("BELLWIRE_KEY", KEY);
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// What a command that succeeds prints.
    fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.output(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("one JSON document")
    }

    /// The exit code and the error of a command that fails.
    fn refused(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = self.output(arguments);
        (output.status.code(), serde_json::from_slice(&output.stderr).unwrap_or(Value::Null))
    }

    fn catcher(&self, arguments: &[&str]) -> (Running, String) {
        let all = [&["catch", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut catcher = Running::start(self.command(&all));
        let url = catcher.next()["listening"].as_str().expect("it tells where").to_owned();
        (catcher, url)
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {value}"))
}

#[test]
fn an_endpoint_gets_an_event_whose_signature_the_command_line_verifies() {
    let world = World::new();
    let (mut catcher, url) = world.catcher(&[]);
    let made = world.ask(&["endpoints", "create", "--to", &url, "--events", "invoice.*", "--description", "books"]);
    let (endpoint, secret) = (text(&made, "/endpoint/id"), text(&made, "/endpoint/secret"));
    let posted = world.ask(&["events", "post", "invoice.paid", "--set", "amount=12", "--set", "customer.name=Ada"]);
    assert_eq!(posted["event"]["data"], json!({"amount": 12, "customer": {"name": "Ada"}}));
    assert_eq!(posted["deliveries"], 1);

    let caught = catcher.next();
    let headers = caught["headers"].as_object().expect("headers");
    let mut verify = world.command(&["verify", "signature", "--secret", secret]);
    for (name, value) in headers {
        verify.arg("--header").arg(format!("{name}: {}", value.as_str().expect("text")));
    }
    let body = text(&caught, "/body");
    let checked = |mut command: Command, body: &str| {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        child.stdin.take().expect("piped").write_all(body.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).expect("a document"))
    };
    let (code, valid) = checked(verify, body);
    assert_eq!((code, &valid["valid"]), (Some(0), &json!(true)));
    let mut wrong = world.command(&["verify", "signature", "--secret", secret]);
    for (name, value) in headers {
        wrong.arg("--header").arg(format!("{name}: {}", value.as_str().expect("text")));
    }
    let (code, valid) = checked(wrong, &body.replace("\":", "\": "));
    assert_eq!((code, &valid["valid"]), (Some(1), &json!(false)));
    assert_eq!(valid["findings"][0]["code"], "body_reserialised");

    assert_eq!(world.ask(&["endpoints", "test", endpoint])["ok"], true);
    assert_eq!(text(&catcher.next(), "/headers/bellwire-event"), "webhook.test");
    assert_eq!(text(&world.ask(&["endpoints", "pause", endpoint]), "/endpoint/status"), "paused");
    assert_eq!(text(&world.ask(&["endpoints", "resume", endpoint]), "/endpoint/status"), "active");
    let updated = world.ask(&["endpoints", "update", endpoint, "--timeout-ms", "900"]);
    assert_eq!(updated["endpoint"]["timeout_ms"], 900);
    assert_ne!(text(&world.ask(&["endpoints", "rotate", endpoint]), "/secret"), secret);
    world.ask(&["endpoints", "stats", endpoint]);
    world.ask(&["endpoints", "delete", endpoint]);
    assert_eq!(world.ask(&["endpoints", "list"])["endpoints"], json!([]));
    assert_eq!(world.refused(&["endpoints", "get", endpoint]).0, Some(4));
}

#[test]
fn a_dead_letter_is_seen_and_replayed() {
    let world = World::new();
    let (mut failing, url) = world.catcher(&["--status", "500", "--count", "1"]);
    let made = world.ask(&["endpoints", "create", "--to", &url, "--events", "*", "--retry", "none"]);
    let endpoint = text(&made, "/endpoint/id");
    world.ask(&["events", "post", "job.done"]);
    failing.next();
    assert!(failing.finish());
    // The receiver has it before the server has written down what came of it.
    let failed = (0..500)
        .map(|_| world.ask(&["deliveries", "list", "--endpoint", endpoint, "--status", "failed"]))
        .find(|listed| listed["total"] == 1)
        .expect("a dead letter");
    let id = text(&failed, "/deliveries/0/id");
    assert_eq!(world.ask(&["deliveries", "get", id])["attempt_log"][0]["status_code"], 500);

    let (mut mended, url) = world.catcher(&[]);
    world.ask(&["endpoints", "update", endpoint, "--to", &url]);
    let counted = world.ask(&["deliveries", "replay", endpoint, "--status", "failed", "--dry-run"]);
    assert_eq!(counted["total"], 1);
    let job = world.ask(&["deliveries", "replay", endpoint, "--status", "failed"]);
    assert_eq!((&job["status"], &job["done"]), (&json!("done"), &json!(1)));
    assert_eq!(text(&mended.next(), "/headers/bellwire-replay"), "true");
    world.ask(&["deliveries", "retry", id]);
    mended.next();
}

#[test]
fn listen_brings_what_happened_while_it_was_away_with_the_same_secret() {
    let world = World::new();
    let listen = ["listen", "--count", "1", "--events", "order.*"];
    let mut first = Running::start(world.command(&listen));
    first.next();
    let secret = text(&world.ask(&["listen", "--print-secret"]), "/secret").to_owned();
    world.ask(&["trigger", "order.placed", "--set", "n=1"]);
    assert_eq!(first.next()["event"]["data"], json!({"n": 1}));
    assert!(first.finish());

    world.ask(&["trigger", "order.placed", "--set", "n=2"]);
    let (mut catcher, url) = world.catcher(&["--secret", &secret]);
    let mut second = Running::start(world.command(&[&listen[..], &["--forward-to", &url]].concat()));
    assert_eq!(text(&world.ask(&["listen", "--print-secret"]), "/secret"), secret);
    second.next();
    let line = second.next();
    assert_eq!(
        (&line["event"]["data"], &line["status"], &line["acked"]),
        (&json!({"n": 2}), &json!(200), &json!(true))
    );
    assert!(second.finish());
    assert_eq!(catcher.next()["verified"], true);
    assert_eq!(world.ask(&["deliveries", "list", "--status", "success"])["total"], 2);
}

#[test]
fn a_receiver_that_refuses_gets_the_delivery_again() {
    let world = World::new();
    let (_catcher, url) = world.catcher(&["--status", "503"]);
    let mut listen = Running::start(world.command(&["listen", "--forward-to", &url, "--events", "order.*"]));
    listen.next();
    world.ask(&["events", "post", "order.placed"]);
    let line = listen.next();
    assert_eq!((&line["status"], &line["acked"], &line["attempt"]), (&json!(503), &json!(false), &json!(1)));
    assert_eq!(listen.next()["attempt"], 2);
}

#[test]
fn tail_and_wait_for_see_what_trigger_posts() {
    let world = World::new();
    // From the first event on: nothing depends on who is quicker.
    let all = world.ask(&["events", "list", "--type", "key.created"]);
    let start = text(&all, "/events/0/id").to_owned();
    let mut tail =
        Running::start(world.command(&["events", "tail", "--after", &start, "--type", "purchase.*", "--count", "2"]));
    let one = world.ask(&["trigger", "purchase.succeeded", "--seed", "7", "--set", "vendor=acme"]);
    let two = world.ask(&["trigger", "purchase.succeeded", "--seed", "7", "--set", "vendor=acme"]);
    assert_eq!(one["event"]["data"], two["event"]["data"]);
    assert_eq!(text(&tail.next(), "/data/vendor"), "acme");
    assert_eq!(tail.next()["id"], two["event"]["id"]);
    assert!(tail.finish());
    let found = world.ask(&["wait-for", "purchase.*", "--since", "1h", "--timeout", "30s"]);
    assert_eq!(found["id"], two["event"]["id"]);
    assert_eq!(world.refused(&["wait-for", "never.happens", "--timeout", "50ms"]).0, Some(5));
}

#[test]
fn refusals_have_their_own_exit_codes_and_words() {
    let world = World::new();
    let (code, error) = world.refused(&["events", "post", "Not A Type"]);
    assert_eq!(code, Some(4));
    assert_eq!(error["problem"]["errors"][0]["field"], "type");
    let (code, error) = world.refused(&["events", "list", "--key", "nobody"]);
    assert_eq!((code, text(&error, "/problem/code")), (Some(4), "unauthorized"));
    assert_eq!(world.refused(&["events", "list", "--url", "http://127.0.0.1:1"]).0, Some(3));
    assert_eq!(world.refused(&["events", "list", "--url", "ftp://x"]).0, Some(2));
    assert_eq!(world.refused(&["events", "list", "--profile", "none"]).0, Some(2));
    assert_eq!(world.refused(&["endpoints", "frobnicate"]).0, Some(2));
}

#[test]
fn a_key_of_a_profile_is_used_until_it_is_revoked() {
    let world = World::new();
    let key = world.ask(&["keys", "create", "ci", "--permissions", "events:read"]);
    let folder = world.home.path().join(".config/bellwire");
    std::fs::create_dir_all(&folder).expect("a folder");
    let profile = format!("[profiles.ci]\nurl = \"{}\"\nkey = \"{}\"\n", world.url, text(&key, "/api_key"));
    std::fs::write(folder.join("config.toml"), profile).expect("a file");
    let as_ci = || {
        let mut command = bellwire(world.home.path());
        command.args(["events", "list", "--json", "--profile", "ci"]).output().expect("it runs")
    };
    assert!(as_ci().status.success());
    world.ask(&["keys", "revoke", text(&key, "/id")]);
    assert_eq!(as_ci().status.code(), Some(4));
    assert_eq!(world.ask(&["keys", "list"])["keys"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_exported_audit_log_is_checked_without_a_server() {
    let world = World::new();
    let key = world.ask(&["keys", "create", "ci"]);
    let listed = world.ask(&["audit", "--limit", "1"]);
    assert_eq!(listed["entries"][0]["subject"], key["id"]);
    assert_eq!(world.ask(&["audit", "list", "--action", "workspace.create"])["entries"][0]["seq"], 1);
    let export = world.output(&["audit", "export"]);
    assert!(export.status.success());
    let (whole, file) = (String::from_utf8(export.stdout).expect("text"), world.home.path().join("audit.ndjson"));
    let verify = |lines: &str| {
        std::fs::write(&file, lines).expect("a file");
        let mut command = bellwire(world.home.path());
        let output = command.args(["audit", "verify", "audit.ndjson"]).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, said) = verify(&whole);
    assert_eq!((code, said.lines().next()), (Some(0), Some("valid: 4 entries, without a gap")));
    let changed = "broken: line 4, entry 4: it was changed: what it says does not have its hash\n";
    assert_eq!(verify(&whole.replace("\"ci\"", "\"cd\"")), (Some(1), changed.to_owned()));
    assert_eq!(world.refused(&["audit", "export", "--since", "x"]).0, Some(4));
}

#[test]
fn a_link_to_the_console_is_printed_at_the_start_and_whenever_it_is_asked_for() {
    let world = World::new();
    let begin = format!("{}/login#link=", world.url);
    let token = |url: &str| url.strip_prefix(&begin).unwrap_or_else(|| panic!("{url}")).to_owned();
    let (printed, asked) = (token(&world.console), token(text(&world.ask(&["console-link"]), "/url")));
    assert_eq!((printed.len(), asked.len()), (43, 43));
    assert_ne!(printed, asked);
    let mut people = bellwire(world.home.path());
    let output = people.arg("console-link").env("BELLWIRE_URL", &world.url).env("BELLWIRE_KEY", KEY).output();
    let output = String::from_utf8(output.expect("it runs").stdout).expect("text");
    assert!(output.starts_with(&begin) && output.trim().lines().count() == 1, "{output}");
    let mut nobody = world.command(&["console-link"]);
    assert_eq!(nobody.env("BELLWIRE_KEY", "bw_wrong").output().expect("it runs").status.code(), Some(4));
}

#[test]
fn doctor_finds_a_healthy_server_and_an_open_master_key() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let listen = world.url.trim_start_matches("http://").to_owned();
    let arguments = ["doctor", "--data-dir", "data", "--listen", &listen];
    let report = world.ask(&arguments);
    let verdicts: Vec<&str> =
        report["checks"].as_array().expect("checks").iter().map(|check| text(check, "/verdict")).collect();
    assert!(verdicts.len() >= 10 && !verdicts.contains(&"fail"), "{report}");

    let master = world.home.path().join("data/master.key");
    std::fs::set_permissions(&master, std::fs::Permissions::from_mode(0o644)).expect("ours");
    let output = world.output(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a document");
    let failed: Vec<&Value> =
        report["checks"].as_array().expect("checks").iter().filter(|check| check["verdict"] == "fail").collect();
    assert_eq!(failed.len(), 1);
    assert!(text(failed[0], "/advice").starts_with("chmod 600"));
}

#[test]
fn the_demo_tells_its_whole_story_and_ends() {
    let home = tempfile::tempdir().expect("a directory");
    let output = bellwire(home.path()).args(["demo", "--exit", "--json"]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let steps: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect();
    let names: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(names, ["subscribe", "post", "verify", "dead_letter", "replay"]);
    assert_eq!(std::fs::read_dir(home.path()).expect("ours").count(), 0, "nothing is left behind");
}
