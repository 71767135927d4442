//! The API's own description, read by a tool that asks everything it allows and much that it does not: as the owner of
//! things that are there, as an agent that guesses ids, and without a key. `SCHEMATHESIS_EXAMPLES` asks for more.
use std::{fmt::Write, fs};

use bellwire_e2e::{Engine, OWNER_KEY, Receiver, Scene, Setup, env, eventually, python, text};
use serde_json::json;

/// What is held against every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      response_headers_conformance,unsupported_method,allow_header_conformance,\
                      ignored_auth,missing_required_header";
/// What does not end by itself when it is allowed; who may not have it gets an answer.
const STREAMS: &str = "^/v1/(events|changes)/stream$";

/// A server on which each kind of thing is there once, and the ids of these for the paths.
struct World {
    scene: Scene,
    /// What each path is asked with, as the tool is configured.
    ids: String,
    _receiver: Receiver,
}

impl World {
    fn new(setup: Setup) -> Self {
        let scene = Scene::with(setup);
        let receiver = Receiver::ok();
        let made = |path: &str, form: serde_json::Value| scene.post(path, &form);
        let id = |path: &str, form: serde_json::Value| text(&made(path, form).expect(201)["id"]);
        let quiet = json!({"events": ["never.sent"], "status": "paused"});
        let [endpoint, spare] = [0, 1].map(|_| scene.endpoint(&receiver, &quiet));
        let pull = scene.subscribe(&scene.api, &json!({"kind": "pull", "events": ["held.back"]}));
        let event = scene.event("held.back", &json!({}));
        let held = eventually("it can be held", || {
            let held = scene.on(&pull, "pull", &json!({"lease": "1h"})).expect(200);
            held["deliveries"][0]["id"].as_str().map(str::to_owned)
        });
        let job = scene.on(&endpoint, "replay", &json!({"until": "1h"})).expect(202);
        let wallet = id("/v1/wallets", json!({"name": "w", "budget_usd": 1_000_000}));
        let order = json!({"amount_usd": 1, "vendor": "v", "expires_in": "7d"});
        let set_aside = made(&format!("/v1/wallets/{wallet}/holds"), order).expect(201);
        let order = json!({"amount_usd": 2, "vendor": "v", "description": ""});
        let bought = made(&format!("/v1/wallets/{wallet}/purchases"), order).expect(201);
        let [policy, spare_policy] = [0, 1].map(|_| id("/v1/policies", json!({"name": "p", "rules": []})));
        let approval = id("/v1/approvals", json!({"title": "t", "action": "a", "channels": ["console"]}));
        // Of its own: the key that asks is not to be revoked.
        let key = id("/v1/keys", json!({"name": "to be revoked", "kind": "workspace"}));
        let all = [
            ("endpoint_id", text(&endpoint["id"])),
            ("event_id", event),
            ("delivery_id", held),
            ("job_id", text(&job["id"])),
            ("key_id", key),
            ("wallet_id", wallet),
            ("hold_id", text(&set_aside["id"])),
            ("purchase_id", text(&bought["id"])),
            ("policy_id", policy),
            ("approval_id", approval),
            ("namespace", "acme".into()),
            // The others answer late, or with what they were asked to break.
            ("behaviour", "ok".into()),
        ];
        let mut ids = "[parameters]\n\"query.wait\" = \"0s\"\n".to_owned();
        for (name, id) in all {
            assert!(!id.is_empty(), "{name}");
            let _ = writeln!(ids, "\"path.{name}\" = \"{id}\"");
        }
        // What is removed is asked for by others; and only a pull endpoint can be pulled.
        for (operation, name, id) in [
            ("delete_endpoint", "endpoint_id", text(&spare["id"])),
            ("delete_policy", "policy_id", spare_policy),
            ("pull_deliveries", "endpoint_id", text(&pull["id"])),
        ] {
            let _ = writeln!(ids, "\n[[operations]]\ninclude-operation-id = \"{operation}\"");
            let _ = writeln!(ids, "parameters = {{ \"path.{name}\" = \"{id}\" }}");
        }
        Self { scene, ids, _receiver: receiver }
    }

    /// Asks everything with a key, or with none.
    fn ask(&self, key: Option<&str>, config: &str, examples: u32, more: &[&str]) {
        let scratch = tempfile::TempDir::new().expect("a temporary directory");
        fs::write(scratch.path().join("schemathesis.toml"), config).expect("written");
        let examples = env("SCHEMATHESIS_EXAMPLES").unwrap_or_else(|| examples.to_string());
        let mut command = python("schemathesis");
        command
            .arg("run")
            .arg(format!("http://{}/openapi.json", self.scene.address))
            .args(["--checks", CHECKS, "--max-examples", &examples])
            .args(["--request-timeout", "10", "--no-color", "--warnings", "off"])
            .args(more)
            .current_dir(scratch.path());
        if let Some(key) = key {
            command.args(["--header", &format!("Authorization: Bearer {key}")]);
        }
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }

    /// How many operations were answered with a success: a test that is always refused says nothing.
    fn successes(&self) -> usize {
        let metrics = self.scene.get("/metrics");
        let lines = String::from_utf8_lossy(&metrics.body).into_owned();
        let of = |line: &&str| line.starts_with("bellwire_requests_total") && line.contains("\"2xx\"");
        lines.lines().filter(of).count()
    }
}

#[test]
fn schemathesis_finds_no_server_error_and_nothing_undescribed() {
    let world = World::new(Setup::default());
    let all = ["--phases", "examples,coverage,fuzzing", "--exclude-path-regex", STREAMS];
    world.ask(Some(OWNER_KEY), &world.ids, 5, &all);
    assert!(world.successes() > 55, "{}", world.successes());
    // What an agent has: its money, its questions, its events. It guesses ids.
    let permissions = ["events:write", "wallets:spend", "approvals:request"];
    let agent = json!({"kind": "workspace", "agent_id": "agt_1", "permissions": permissions});
    let agent = world.scene.key(&agent).key.unwrap_or_default();
    let some = ["--phases", "examples,fuzzing", "--exclude-path-regex", "^/v1/(changes/stream|try/catch/.*)$"];
    world.ask(Some(&agent), "", 2, &some);
    // Nobody is let into a stream either.
    world.ask(None, "", 2, &["--phases", "examples,fuzzing", "--exclude-path-regex", "^/v1/try/catch/"]);
    world.scene.get("/v1/me").expect(200);
}

#[test]
fn schemathesis_finds_nothing_on_postgresql_either() {
    let world = World::new(Setup { engine: Engine::OwnDatabase, ..Setup::default() });
    let all = ["--phases", "examples,fuzzing", "--exclude-path-regex", STREAMS];
    world.ask(Some(OWNER_KEY), &world.ids, 3, &all);
    assert!(world.successes() > 45, "{}", world.successes());
}
