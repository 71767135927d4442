//! How it is told: endpoints, deliveries and their attempts, replays, endpoints that pull.
use bellwire_e2e::{Call, Receiver, Reply, eventually, text};
use serde_json::{Value, json};

use crate::{company::at, record::Story};

/// An endpoint in good and in bad times, and one that pulls.
pub(crate) fn tell(story: &mut Story, receiver: &Receiver) {
    let id = story.ids.get("{endpoint_id}").cloned().unwrap_or_default();
    let endpoint = json!({"id": id});
    let wrong = json!({"url": "ftp://hooks.acme.example", "events": [], "timeout_ms": 0});
    story.post("/v1/webhooks", &wrong).expect(422);
    log(story, &endpoint);
    trouble(story, &endpoint, receiver);
    replays(story, &endpoint);
    pulled(story);
    manage(story, &endpoint);
}

fn log(story: &mut Story, endpoint: &Value) {
    story.get(&at("webhooks", endpoint, "/deliveries?limit=1"));
    story.get("/v1/deliveries?limit=1");
    for path in [at("webhooks", endpoint, "/deliveries"), "/v1/deliveries".to_owned()] {
        story.get_as("application/x-ndjson", &format!("{path}?type=report.finished"));
    }
    let delivery = story.ids.get("{delivery_id}").cloned().unwrap_or_default();
    story.get(&format!("/v1/deliveries/{delivery}"));
    story.get(&format!("/v1/webhooks/deliveries/{delivery}"));
    story.get(&at("webhooks", endpoint, "/stats"));
    story.start(&at("webhooks", endpoint, "/test")).expect(200);
}

/// The receiver is down for a while.
fn trouble(story: &mut Story, endpoint: &Value, receiver: &Receiver) {
    receiver.now_does(Reply::Status(503));
    story.scene.event("report.started", &json!({"namespace": "acme", "data": {"report": "hiring"}}));
    let failing = eventually("it failed once", || {
        let pending = story.scene.deliveries(endpoint, "status=pending");
        pending.first().filter(|delivery| delivery["attempts"] == 1).cloned()
    });
    // A test that fails is not tried again.
    story.scene.on(endpoint, "test", &json!({})).expect(200);
    receiver.now_does(Reply::Status(200));
    story.start(&at("deliveries", &failing, "/retry")).expect(202);
    eventually("it is delivered", || (story.scene.delivery(&failing)["status"] == "success").then_some(()));
    story.start(&at("webhooks/deliveries", &failing, "/retry")).expect(202);
    let many = json!({"endpoint_id": endpoint["id"], "status": "failed", "since": "1h"});
    story.post("/v1/deliveries/retry", &many).expect(202);
    eventually("all is delivered", || (story.scene.total(endpoint, "pending") == 0).then_some(()));
}

fn replays(story: &mut Story, endpoint: &Value) {
    let form = json!({"since": "24h", "types": ["report.finished"], "missing": true});
    let job = story.post(&at("webhooks", endpoint, "/replay"), &form).expect(202);
    story.ids.insert("{job_id}", text(&job["id"]));
    let path = at("jobs", &job, "");
    eventually("the replay is done", || (story.scene.get(&path).expect(200)["status"] == "done").then_some(()));
    eventually("all is delivered", || (story.scene.total(endpoint, "pending") == 0).then_some(()));
    let counted = json!({"since": "24h", "types": ["report.finished"], "dry_run": true});
    story.post(&at("webhooks", endpoint, "/replay"), &counted).expect(200);
    story.get(&path);
    story.get(&at("webhooks", endpoint, "/jobs"));
}

fn pulled(story: &mut Story) {
    let form = json!({"kind": "pull", "events": ["summary.*"], "retry": {"schedule": ["5m", "1h"], "jitter": false}});
    let queue = story.scene.post("/v1/webhooks", &form).expect(201)["endpoint"].clone();
    for report in ["market-entry", "pricing", "hiring"] {
        story.scene.event("summary.wanted", &json!({"data": {"report": report}}));
    }
    let pull = |story: &mut Story| {
        let form = json!({"max": 1, "lease": "5m", "wait": "5s"});
        story.post(&at("webhooks", &queue, "/pull"), &form).expect(200)["deliveries"][0].clone()
    };
    let first = pull(story);
    let lease = json!({"lease_id": first["lease_id"]});
    let longer = json!({"lease_id": first["lease_id"], "lease": "15m"});
    story.post(&at("deliveries", &first, "/ack"), &lease).expect(200);
    for (action, again) in [("/ack", &lease), ("/nack", &lease), ("/extend", &longer)] {
        story.post(&at("deliveries", &first, action), again).expect(409);
    }
    let second = pull(story);
    let later = json!({"lease_id": second["lease_id"], "delay": "10m"});
    story.post(&at("deliveries", &second, "/nack"), &later).expect(200);
    let third = pull(story);
    let longer = json!({"lease_id": third["lease_id"], "lease": "15m"});
    story.post(&at("deliveries", &third, "/extend"), &longer).expect(200);
}

fn manage(story: &mut Story, endpoint: &Value) {
    story.get(&at("webhooks", endpoint, ""));
    story.get("/v1/webhooks?limit=1");
    let change = json!({"events": ["report.*", "budget.*", "approval.decided"], "rate_limit": 50});
    story.patch(&at("webhooks", endpoint, ""), &change).expect(200);
    story.post(&at("webhooks", endpoint, "/rotate-secret"), &json!({"overlap": "24h"})).expect(200);
    story.start(&at("webhooks", endpoint, "/rotate-secret/finish")).expect(200);
    sandbox(story);
}

/// Anybody's.
fn sandbox(story: &mut Story) {
    let nobody = story.scene.without_key();
    let catch = |behaviour: &str| Call::new("POST", &format!("/v1/try/catch/{behaviour}")).json(&json!({}));
    story.send(&nobody, &Call::new("GET", "/v1/try")).expect(200);
    story.send(&nobody, &catch("nonsense")).expect(404);
    let own = Call::new("POST", "/v1/try").json(&json!({"url": "https://hooks.acme.example/bellwire"}));
    story.send(&nobody, &own).expect(201);
    story.send(&nobody, &own.header("origin", "https://elsewhere.example")).expect(403);
}
