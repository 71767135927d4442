//! What people look at: the overview, what changes, the audit log.
use std::{
    io::{Read, Write},
    net::TcpStream,
};

use bellwire_e2e::{Call, eventually, text};
use serde_json::json;

use crate::{exact, record::Story};

/// Before anything is asked of people: what goes on in the background then has no order.
pub(crate) fn tell(story: &mut Story) {
    let endpoint = json!({"id": story.ids.get("{endpoint_id}")});
    eventually("all is delivered", || (story.scene.total(&endpoint, "pending") == 0).then_some(()));
    story.get("/v1/overview");
    story.get("/v1/namespaces");
    story.get("/v1/audit?action=wallet.update&limit=1");
    story.get_as("application/x-ndjson", "/v1/audit?action=wallet.update");
    story.get("/v1/audit/chain");
    story.stream("/v1/changes/stream", 2, |scene| {
        let event = json!({"type": "summary.read", "data": {"report": "pricing"}});
        assert!(!text(&scene.post("/v1/events", &event).expect(202)["event"]["id"]).is_empty());
    });
}

/// The last thing that the server says: a request that came in by half is still answered when it stops.
pub(crate) fn end(story: &mut Story) {
    let mut socket = TcpStream::connect(story.scene.address).expect("it listens");
    let mut stream = story.scene.stream(&Call::new("GET", "/v1/events/stream"));
    stream.frame().expect("it is greeted");
    socket.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n").expect("it takes it");
    // Answered after the half that was sent before it: that has come in.
    story.scene.get("/healthz").expect(200);
    story.scene.server.signal_stop();
    // A stream ends when it stops.
    while stream.frame().is_some() {}
    socket.write_all(b"connection: close\r\n\r\n").expect("it takes it");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 503 "), "{answer}");
    story.said(&Call::new("GET", "/readyz"), 503, "application/json", exact::read(body));
}
