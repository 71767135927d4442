//! A deployment is moved from its data directory into PostgreSQL and goes on there as if nothing had
//! happened.
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use bellwire_e2e::{
    Call, Engine, Receiver, Reply, Scene, Seen, Setup, binary, eventually, list, postgres::Database, text,
};
use serde_json::{Value, json};

fn embedded() -> Scene {
    Scene::with(Setup { engine: Engine::Embedded, ..Setup::default() })
}

/// `bellwire migrate sqlite-to-postgres` with `--json`.
fn migrate(dir: &Path, database: &Database) -> Command {
    let mut command = Command::new(binary("bellwire"));
    command.args(["migrate", "sqlite-to-postgres", "--json", "--data-dir"]).arg(dir);
    command.args(["--database-url", database.url()]);
    command.env_clear().current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Its last line.
#[track_caller]
fn report(output: &Output) -> Value {
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    serde_json::from_str(out.lines().last().unwrap_or_default()).expect("a line of JSON")
}

/// A node on the database, with the key that the migration named.
#[track_caller]
fn node(database: &Arc<Database>, report: &Value) -> Scene {
    let setting = text(&report["master_key"]);
    let file = setting.strip_prefix("BELLWIRE_MASTER_KEY_FILE=").expect("the file is named");
    Scene::with(Setup {
        engine: Engine::Database(Arc::clone(database)),
        env: vec![("BELLWIRE_MASTER_KEY_FILE", file.to_owned())],
        ..Setup::default()
    })
}

fn verified(seen: &Seen, secret: &str) -> bool {
    let headers = seen.headers.iter().filter(|(name, _)| name.starts_with("webhook-"));
    let headers =
        headers.filter_map(|(name, value)| Some((http::HeaderName::try_from(name).ok()?, value.parse().ok()?)));
    standardwebhooks::Webhook::new(secret).expect("a secret").verify(&seen.body, &headers.collect()).is_ok()
}

#[test]
fn what_was_promised_before_the_move_is_kept_after_it() {
    let (mut scene, database) = (embedded(), Arc::new(Database::create()));
    let (receiver, told) = (Receiver::always(Reply::Status(503)), Receiver::ok());
    let schedule = json!({"events": ["order.*"], "retry": {"schedule": vec!["2s"; 20]}});
    let owed = scene.endpoint(&receiver, &schedule);
    let done = scene.endpoint(&told, &json!({"events": ["order.*"], "signing": "ed25519"}));
    let scoped =
        scene.key(&json!({"kind": "scoped", "namespace": "acme", "permissions": ["events:write", "events:read"]}));
    let call = Call::new("POST", "/v1/events")
        .header("idempotency-key", "the first")
        .json(&json!({"type": "order.paid", "namespace": "acme", "data": {"n": 1}}));
    let first = scoped.send(&call).expect(202);
    let mut posted = scene.events("order.paid", 20);
    posted.push(text(&first["event"]["id"]));
    eventually("all are told, and some of the others tried", || {
        (scene.total(&done, "success") == 21 && receiver.hits() >= 5).then_some(())
    });

    let running = migrate(&scene.server.data_dir(), &database).output().expect("it runs");
    let words = String::from_utf8_lossy(&running.stderr).into_owned();
    assert!(running.status.code() == Some(1) && words.contains("in use by another bellwire"), "{words}");
    assert!(scene.server.stop().success());
    let moved = report(&migrate(&scene.server.data_dir(), &database).output().expect("it runs"));
    assert_eq!(moved["agrees"], true, "{moved}");
    let pending = list(&moved["deliveries"]).into_iter().find(|count| count["name"] == "pending");
    assert_eq!(pending.expect("some are owed")["target"], 21, "{moved}");
    let (refused, words) = scene.server.second(&Setup { engine: Engine::Embedded, ..Setup::default() });
    assert!(!refused.success() && words.contains("moved-to-postgresql.json"), "{words}");

    receiver.now_does(Reply::Status(200));
    let before = receiver.hits();
    let after = node(&database, &moved);
    eventually("what was owed arrives", || (after.total(&owed, "success") == 21).then_some(()));
    let arrived = receiver.seen().split_off(before);
    assert!(posted.iter().all(|id| arrived.iter().any(|seen| seen.event_id() == *id)));
    assert!(arrived.iter().all(|seen| verified(seen, &text(&owed["secret"]))));
    assert_eq!(after.reread(&done)["public_key"], done["public_key"]);
    let scoped = after.api.with_key(scoped.key.as_deref().expect("a key"));
    let again = scoped.send(&call);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(202), first);
    let hits = told.hits();
    after.on(&done, "replay", &json!({})).expect(202);
    eventually("the replay arrives", || (told.hits() == hits + 21).then_some(()));
    let fresh = after.event("order.paid", &json!({}));
    eventually("new events arrive", || told.event_ids().contains(&fresh).then_some(()));
}

#[test]
fn a_migration_that_is_killed_goes_on_where_it_was() {
    let (mut scene, database) = (embedded(), Arc::new(Database::create()));
    scene.subscribe(&scene.api, &json!({"kind": "pull", "events": ["*"]}));
    let ids = scene.events("order.paid", 50_000);
    assert!(scene.server.stop().success());
    let dir = scene.server.data_dir();
    let mut killed = 0;
    for table in ["events", "deliveries"] {
        let mut child = migrate(&dir, &database).spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        for line in lines.map_while(Result::ok) {
            let step: Value = serde_json::from_str(&line).expect("JSON");
            if step["table"] == table && step["rows"].as_i64() > Some(10_000) && step["rows"] != step["total"] {
                child.kill().expect("it runs");
                killed += 1;
                break;
            }
        }
        child.wait().expect("it ends");
    }
    assert_eq!(killed, 2, "in the middle of both tables");
    let half = database.number("SELECT COUNT(*) FROM deliveries");
    assert!((10_000..=50_000).contains(&half), "{half}");
    let words = Setup { engine: Engine::Database(Arc::clone(&database)), ..Setup::default() }.refused().1;
    assert!(words.contains("not finished"), "{words}");
    let moved = report(&migrate(&dir, &database).output().expect("it runs"));
    assert_eq!(moved["agrees"], true, "{moved}");
    for (table, column) in [("events", "id"), ("deliveries", "event_id")] {
        let distinct = format!("SELECT COUNT(DISTINCT {column}) FROM {table} WHERE type = 'order.paid'");
        assert_eq!(database.number(&distinct), 50_000, "{table}");
    }
    let after = node(&database, &moved);
    let found = after.get(&format!("/v1/events/{}", ids[49_999])).expect(200);
    assert_eq!(found["data"], json!({"nth": 49_999}), "{found}");
}
