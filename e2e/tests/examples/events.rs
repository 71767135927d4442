//! What happens: event types, events, and how they are read.
use bellwire_e2e::{Receiver, eventually, text};
use serde_json::json;

use crate::record::Story;

/// The types, the events, and every way to read them.
pub(crate) fn tell(story: &mut Story, receiver: &Receiver) {
    let before = text(&story.scene.get("/v1/events/poll").expect(200)["next_cursor"]);
    types(story);
    // Somebody wants to know.
    let endpoint = json!({"url": receiver.url(), "events": ["report.*", "budget.*"], "namespace": "acme",
        "description": "The customer's own systems", "retry": {"schedule": ["5m", "30m", "2h"], "jitter": false},
        "timeout_ms": 10_000, "metadata": {"team": "research"}});
    let endpoint = story.post("/v1/webhooks", &endpoint).expect(201)["endpoint"].clone();
    story.ids.insert("{endpoint_id}", text(&endpoint["id"]));
    let event = json!({"type": "report.finished", "namespace": "acme", "id": "report-17",
        "data": {"report": "market-entry", "pages": 12, "cost_usd": 1.85}});
    story.post("/v1/events", &event).expect(202);
    let delivery = story.scene.settled(&endpoint, "success", 1);
    story.ids.insert("{delivery_id}", text(&delivery["id"]));
    let other = json!({"type": "report.finished", "namespace": "acme", "id": "report-17", "data": {"report": "another", "pages": 3}});
    story.post("/v1/events", &other).expect(409);
    let wrong = json!({"type": "Report", "namespace": "Acme Inc.", "data": []});
    story.post("/v1/events", &wrong).expect(422);
    let batch = json!({"events": [
        {"type": "report.started", "namespace": "acme", "data": {"report": "pricing"}},
        {"type": "report.finished", "namespace": "acme", "data": {"report": "pricing"}},
    ]});
    story.post("/v1/events/batch", &batch).expect(202);
    eventually("all is delivered", || (story.scene.total(&endpoint, "success") == 2).then_some(()));
    story.ids.insert("{event_id}", "report-17".into());
    story.get("/v1/events/report-17");
    story.get("/v1/events?type=report.*&limit=1");
    story.get(&format!("/v1/events/poll?after={before}&types=report.*&wait=30s"));
    story.stream(&format!("/v1/events/stream?after={before}&types=report.*"), 2, |_| ());
}

fn types(story: &mut Story) {
    let form = json!({"name": "report.finished", "description": "A report is ready to be read",
        "schema": {"type": "object", "required": ["report", "pages"], "properties": {
            "report": {"type": "string"}, "pages": {"type": "integer", "minimum": 1}}}});
    story.post("/v1/event-types", &form).expect(201);
    story.post("/v1/event-types", &form).expect(200);
    story.ids.insert("{name}", "report.finished".into());
    story.get("/v1/event-types/report.finished");
    story.get("/v1/event-types?limit=1");
}
