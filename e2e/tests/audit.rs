//! The audit log: who did what is there, seen by those who may, and whole whatever happens.
use std::{
    io::Write,
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use bellwire_e2e::{Api, Call, Dice, Receiver, Scene, binary, list, text, watch};
use serde_json::{Value, json};

/// The whole log, oldest first, as it is exported.
#[track_caller]
fn export(api: &Api, query: &str) -> String {
    let answer = api.send(&Call::new("GET", &format!("/v1/audit{query}")).header("accept", "application/x-ndjson"));
    answer.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    String::from_utf8(answer.body).expect("text")
}

fn entries(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn fed(mut command: Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    // Who refuses the first line reads no further.
    drop(child.stdin.take().expect("piped").write_all(input.as_bytes()));
    child.wait_with_output().expect("it ends")
}

/// What the command line says of an export, and its exit code.
fn verified(lines: &str, options: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(binary("bellwire"));
    command.env_clear().args(["audit", "verify", "-", "--json"]).args(options);
    let output = fed(command, lines);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

/// The whole log, which the command line finds whole.
#[track_caller]
fn whole(api: &Api) -> Vec<Value> {
    let lines = export(api, "");
    let (code, said) = verified(&lines, &[]);
    assert_eq!((code, &said["valid"]), (Some(0), &json!(true)), "{said}");
    entries(&lines)
}

#[test]
fn what_changes_who_may_do_what_is_recorded_with_who_did_it() {
    let scene = Scene::new();
    let me = text(&scene.get("/v1/me").expect(200)["key_id"]);
    let ada = scene.key(&json!({"kind": "admin", "person": "ada@example.com"}));
    let made = ada.post("/v1/keys", &json!({"name": "ci", "kind": "scoped", "namespace": "acme"})).expect(201);
    let (key, id) = (text(&made["api_key"]), text(&made["id"]));
    ada.delete(&format!("/v1/keys/{id}")).expect(204);
    let form = json!({"namespace": "acme", "headers": {"authorization": "Bearer planted-b2f1"}});
    let endpoint = scene.endpoint(&Receiver::ok(), &form);
    let hook = text(&endpoint["id"]);
    let change = json!({"timeout_ms": 900, "headers": {"authorization": "Bearer planted-c3e2"}});
    let call = Call::new("PATCH", &format!("/v1/webhooks/{hook}")).header("idempotency-key", "once").json(&change);
    scene.send(&call).expect(200);
    assert_eq!(scene.send(&call).header("idempotency-replayed"), Some("true"));
    let rotated = scene.on(&endpoint, "rotate-secret", &json!({})).expect(200);
    scene.on(&endpoint, "rotate-secret/finish", &json!({})).expect(200);
    scene.delete(&format!("/v1/webhooks/{hook}")).expect(204);
    scene.delete("/v1/namespaces/acme").expect(204);
    scene.delete("/v1/namespaces/acme").expect(404);
    let other = scene.workspace("other");

    let owner = format!("key:{me}");
    let all = whole(&scene.api);
    let told: Vec<(String, String)> = all.iter().map(|entry| (text(&entry["actor"]), text(&entry["action"]))).collect();
    let wanted = [
        ("system", "workspace.create"),
        ("system", "key.create"),
        // The link that the start printed.
        ("system", "session_link.create"),
        (&owner, "key.create"),
        ("person:ada@example.com", "key.create"),
        ("person:ada@example.com", "key.revoke"),
        (&owner, "endpoint.create"),
        (&owner, "endpoint.update"),
        (&owner, "endpoint.rotate_secret"),
        (&owner, "endpoint.finish_rotation"),
        (&owner, "endpoint.delete"),
        (&owner, "namespace.delete"),
        (&owner, "workspace.create"),
    ];
    assert_eq!(told, wanted.map(|(actor, action)| (actor.to_owned(), action.to_owned())));
    assert_eq!((&all[5]["subject"], &all[5]["namespace"]), (&json!(id), &json!("acme")));
    let (before, after) = (&all[7]["detail"]["before"], &all[7]["detail"]["after"]);
    assert_eq!((&before["timeout_ms"], &after["timeout_ms"]), (&endpoint["timeout_ms"], &json!(900)));
    assert_eq!((&before["headers"], after.as_object().map(serde_json::Map::len)), (&json!(["authorization"]), Some(2)));
    assert!(all[3..].iter().all(|entry| text(&entry["request_id"]).starts_with("req_")), "{all:#?}");
    let secrets = [key, text(&endpoint["secret"]), text(&rotated["secret"]), "planted".into(), "Bearer".into()];
    let lines = export(&scene.api, "");
    for secret in secrets {
        assert!(!lines.contains(&secret), "{secret} is in {lines}");
    }
    // The other workspace has a chain of its own.
    let its = whole(&other);
    assert_eq!(its.iter().map(|entry| text(&entry["action"])).collect::<Vec<_>>(), ["workspace.create", "key.create"]);
    assert_eq!((&its[0]["seq"], text(&its[0]["actor"])), (&json!(1), owner));
}

#[test]
fn entries_are_listed_newest_first_and_a_key_of_one_namespace_sees_its_own() {
    let scene = Scene::new();
    for namespace in ["acme", "other", "acme"] {
        scene.key(&json!({"kind": "scoped", "namespace": namespace}));
    }
    let auditor = scene.key(&json!({"kind": "scoped", "namespace": "acme", "permissions": ["audit:read"]}));
    let page = scene.get("/v1/audit?limit=2&action=key.create").expect(200);
    let cursor = text(&page["next_cursor"]);
    let rest = scene.get(&format!("/v1/audit?action=key.create&cursor={cursor}")).expect(200);
    assert_eq!(rest["next_cursor"], Value::Null);
    let seqs = |page: &Value| -> Vec<u64> {
        list(&page["entries"]).iter().filter_map(|entry| entry["seq"].as_u64()).collect()
    };
    assert_eq!((seqs(&page), seqs(&rest)), (vec![7, 6], vec![5, 4, 2]));
    let subject = text(&page["entries"][1]["subject"]);
    for (query, wanted) in [
        (format!("subject={subject}"), vec![6]),
        ("actor=system".into(), vec![3, 2, 1]),
        ("namespace=other".into(), vec![5]),
        ("since=1h&until=2099-01-01T00:00:00Z&action=workspace.create".into(), vec![1]),
        ("until=1h".into(), vec![]),
    ] {
        assert_eq!(seqs(&scene.get(&format!("/v1/audit?{query}")).expect(200)), wanted, "{query}");
    }
    assert_eq!(seqs(&auditor.get("/v1/audit").expect(200)), [7, 6, 4]);
    let lines = export(&auditor, "");
    assert_eq!(entries(&lines).len(), 3);
    // That it was taken is recorded too.
    let taken = list(&scene.get("/v1/audit?action=audit.export").expect(200)["entries"]);
    assert_eq!((taken.len(), &taken[0]["namespace"], &taken[0]["detail"]["up_to"]), (1, &json!("acme"), &json!(7)));
    assert_eq!(verified(&lines, &[]).0, Some(1), "it is not the whole");
    assert_eq!(verified(&lines, &["--selection"]).0, Some(0));
    auditor.get("/v1/audit?namespace=other").expect(403);
    let fields = |query: &str| scene.get(&format!("/v1/audit?{query}")).fields();
    assert_eq!(fields("limit=0&since=x&cursor=y&what=z"), ["what", "limit", "cursor", "since"]);
    let paged = Call::new("GET", "/v1/audit?limit=2").header("accept", "application/x-ndjson");
    assert_eq!(scene.send(&paged).fields(), ["cursor"]);
}

#[test]
fn python_computes_the_same_hashes_from_the_page_about_them() {
    let scene = Scene::new();
    for number in 0..600 {
        scene
            .key(&json!({"kind": "workspace", "name": format!("Grüße {number} \u{2028} \"東京\"\n"), "person": "zoë"}));
    }
    let lines = export(&scene.api, "");
    let page = include_str!("../../docs/concepts/audit.md");
    let (_, code) = page.split_once("```python file=verify_audit.py\n").expect("a block of Python");
    let (code, _) = code.split_once("```").expect("its end");
    let python = |lines: &str| {
        let mut command = Command::new("python3");
        command.args(["-X", "utf8", "-c", code]);
        let output = fed(command, lines);
        (output.status.success(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    assert_eq!(python(&lines), (true, "603 entries hold".into()));
    assert!(!python(&lines.replacen("Grüße 7 ", "Grüße 8 ", 1)).0);
    // And so does the command line, which names the place.
    let (code, said) = verified(&lines.replacen("Grüße 7 ", "Grüße 8 ", 1), &[]);
    assert_eq!((code, &said["valid"]), (Some(1), &json!(false)));
    assert!(text(&said["error"]).starts_with("line 11, entry 11: it was changed"), "{said}");
    let hash = text(&entries(&lines)[300]["hash"]);
    assert_eq!(verified(&lines, &["--contains", &hash]).0, Some(0));
    assert_eq!(verified(&lines, &["--contains", &hash.replace(|c| c != '0', "1")]).0, Some(1));
    let cut: Vec<&str> = lines.lines().filter(|line| !line.contains("Grüße 7 ")).collect();
    let (_, said) = verified(&cut.join("\n"), &[]);
    assert!(text(&said["error"]).starts_with("line 11, entry 12: its number is 12"), "{said}");
    assert_eq!(verified("", &[]).0, Some(1));
}

/// Makes and revokes keys all the time; what was answered is counted.
fn change_until(stop: &AtomicBool, api: &Api, done: &AtomicUsize) {
    while !stop.load(SeqCst) {
        let form = Call::new("POST", "/v1/keys").json(&json!({"name": "k", "kind": "workspace"}));
        let Ok(made) = api.try_send(&form) else { continue };
        done.fetch_add(usize::from(made.status == 201), SeqCst);
        let id = text(&made.json()["id"]);
        if let Ok(gone) = api.try_send(&Call::new("DELETE", &format!("/v1/keys/{id}"))) {
            done.fetch_add(usize::from(gone.status == 204), SeqCst);
        }
    }
}

#[test]
fn the_chain_is_whole_after_the_process_was_killed() {
    let mut scene = Scene::new();
    let mut dice = Dice::new(None);
    println!("seed {}", dice.seed());
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..4 {
        let stop = Arc::new(AtomicBool::new(false));
        let changers: Vec<_> = (0..4)
            .map(|_| {
                let (stop, done, api) = (Arc::clone(&stop), Arc::clone(&done), scene.server.api());
                thread::spawn(move || change_until(&stop, &api, &done))
            })
            .collect();
        // Not a wait for something: the instant of the crash is what is random.
        watch(Duration::from_millis(50 + dice.below(400)), "always", || true);
        scene.server.kill();
        stop.store(true, SeqCst);
        for changer in changers {
            changer.join().expect("it ends");
        }
        scene.server.restart();
        scene.api = scene.server.api();
        let kept = whole(&scene.api);
        let done = done.load(SeqCst);
        // Each start made a link to the console, the first one a workspace and a key as well; of each crash a few were
        // done and not answered.
        let ours = kept.iter().filter(|entry| entry["action"] != "session_link.create").count();
        assert!(ours >= done + 2 && ours <= done + 2 + 16, "{done} answered, {ours} kept");
        // What is recorded is what is there: I1 holds for both.
        let created = kept.iter().filter(|entry| entry["action"] == "key.create").count();
        let revoked = kept.iter().filter(|entry| entry["action"] == "key.revoke").count();
        let keys = all_keys(&scene.api);
        assert_eq!(keys, created - revoked);
    }
}

fn all_keys(api: &Api) -> usize {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = api.get(&format!("/v1/keys?limit=200{cursor}")).expect(200);
        count += list(&page["keys"]).len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}
