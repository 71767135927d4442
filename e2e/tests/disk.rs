//! The disk is full: nothing new is taken, what is owed goes on, and room is enough to recover.
use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
};

use bellwire_e2e::{Receiver, Reply, Scene, Setup, can_mount, count, eventually, list, text};
use serde_json::json;

/// What is posted here; the server adds some of its own.
const OURS: [&str; 2] = ["order.paid", "basket.left"];

/// Writes until there is no room for another byte.
fn fill(path: &Path) {
    let mut file = OpenOptions::new().create_new(true).write(true).open(path).expect("a file");
    for piece in [64 * 1024, 1] {
        let full = loop {
            if let Err(error) = file.write_all(&vec![b'x'; piece]) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }
}

#[test]
fn on_a_full_disk_reads_and_deliveries_go_on_and_writes_come_back_with_the_room() {
    if !can_mount() {
        eprintln!("SKIPPED: mounting a disk is refused here (it takes root and `unshare`)");
        return;
    }
    let scene = Scene::with(Setup { disk_mib: Some(24), ..Setup::default() });
    let (good, bad) = (Receiver::ok(), Receiver::always(Reply::Status(500)));
    let mut schedule = vec!["5s"];
    schedule.extend(["1s"; 19]);
    scene.endpoint(&good, &json!({"events": ["order.*"]}));
    let retried = scene.endpoint(&bad, &json!({"events": ["basket.left"], "retry": {"schedule": schedule}}));
    assert_eq!(scene.get("/readyz").status, 200);
    let mut accepted: BTreeSet<String> = scene.events("order.paid", 200).into_iter().collect();
    let sent = |accepted: &BTreeSet<String>| {
        let seen: BTreeSet<String> = good.seen().iter().map(bellwire_e2e::Seen::event_id).collect();
        (seen == *accepted).then_some(())
    };
    eventually("what was accepted is sent", || sent(&accepted));
    let wallet = text(&scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 10})).expect(201)["id"]);
    let order = json!({"amount_usd": 3, "vendor": "v", "expires_in": "1h"});
    let holds = format!("/v1/wallets/{wallet}/holds");
    let held = ["capture", "void"].map(|end| (text(&scene.post(&holds, &order).expect(201)["id"]), end));
    let waiting = scene.event("basket.left", &json!({}));
    scene.settled(&retried, "pending", 1);
    // Nothing is due now, so nobody else sees the moment at which the disk becomes full.
    let filler = scene.server.inside().join("filler");
    fill(&filler);
    let refused = |nth: usize| {
        let answer = scene.post("/v1/events", &json!({"type": "order.paid", "data": {"nth": nth}}));
        assert_eq!(answer.status, 507, "{}", answer.json());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.json()["code"], "storage_full");
    };
    for nth in 0..20 {
        refused(nth);
    }
    assert_eq!(scene.post("/v1/webhooks", &json!({"url": good.url(), "events": ["*"]})).status, 507);
    // Nothing more is granted, but what was granted can be ended.
    assert_eq!(scene.post(&holds, &order).status, 507);
    for (hold, end) in &held {
        scene.post(&format!("/v1/holds/{hold}/{end}"), &json!({})).expect(200);
    }
    let balance = scene.get(&format!("/v1/wallets/{wallet}/balance")).expect(200);
    assert_eq!((&balance["spent_usd"], &balance["held_usd"]), (&json!(3.0), &json!(0.0)));
    let ready = scene.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.json().to_string().contains("disk"), "{}", ready.json());
    // Reads go on, and so does what is owed: it is attempted, and that is written down.
    let seen_before = bad.hits();
    eventually("retries go on", || {
        let found = scene.deliveries(&retried, "");
        (bad.hits() >= seen_before + 3 && count(&found[0]["attempts"]) >= 4).then_some(())
    });
    refused(99);
    fs::remove_file(&filler).expect("it is there");
    for nth in 0..20 {
        accepted.insert(scene.event("order.paid", &json!({"data": {"nth": nth}})));
    }
    assert_eq!(scene.get("/readyz").status, 200);
    bad.now_does(Reply::Status(200));
    eventually("the retried one arrives", || (scene.total(&retried, "success") == 1).then_some(()));
    eventually("what was accepted is sent, and nothing else", || sent(&accepted));
    let mut kept = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = scene.get(&format!("/v1/events?limit=200{cursor}")).expect(200);
        let ours =
            list(&page["events"]).into_iter().filter(|event| OURS.contains(&event["type"].as_str().expect("a type")));
        kept.extend(ours.map(|event| text(&event["id"])));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    accepted.insert(waiting);
    assert!(kept == accepted, "what was refused left nothing behind");
}
