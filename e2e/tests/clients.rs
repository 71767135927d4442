//! Clients that send too much, too slowly, or not to the end.
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use bellwire_e2e::{Call, OWNER_KEY, Receiver, Reply, Scene, eventually};
use serde_json::json;

/// Opens a connection and sends a head.
fn open(scene: &Scene, request: &str, headers: &str, length: usize) -> TcpStream {
    let mut socket = TcpStream::connect(scene.address).expect("it listens");
    let head = format!("{request} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {length}\r\n\r\n");
    socket.write_all(head.as_bytes()).expect("it reads");
    socket
}

/// Reads one answer; its status and body.
fn answer(reader: &mut impl BufRead) -> (u16, String) {
    let mut line = String::new();
    reader.read_line(&mut line).expect("it answers");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).expect("it answers");
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().expect("a length"),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the whole answer");
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[test]
fn a_body_that_nobody_wants_is_taken_and_the_answer_arrives_on_a_connection_that_lives_on() {
    let scene = Scene::new();
    let body = vec![b'x'; 2 << 20];
    let key = format!("authorization: Bearer {OWNER_KEY}\r\n");
    let table = [
        ("POST /v1/events", key.as_str(), 413),
        ("POST /v1/events", "", 401),
        ("POST /v1/webhooks", "authorization: Bearer bw_admin_0000\r\n", 401),
        ("POST /v1/nothing", key.as_str(), 404),
        ("PUT /v1/events", key.as_str(), 405),
    ];
    for (request, headers, wanted) in table {
        let mut socket = open(&scene, request, headers, body.len());
        socket.write_all(&body).expect("all of it is taken");
        let mut reader = BufReader::new(socket);
        let (status, text) = answer(&mut reader);
        assert_eq!(status, wanted, "{request} {headers}: {text}");
        let again = format!("GET /v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {OWNER_KEY}\r\n\r\n");
        reader.get_mut().write_all(again.as_bytes()).expect("it reads on");
        assert_eq!(answer(&mut reader).0, 200, "{request} {headers}");
    }
}

#[test]
fn a_client_that_asks_first_is_refused_before_it_sends() {
    let scene = Scene::new();
    let socket = open(&scene, "POST /v1/events", "expect: 100-continue\r\n", 2 << 20);
    let (status, text) = answer(&mut BufReader::new(socket));
    assert_eq!(status, 401, "{text}");
}

#[test]
fn a_stop_does_not_wait_for_clients_that_send_no_more_but_for_what_is_being_handled() {
    let mut scene = Scene::new();
    let slow = Receiver::always(Reply::Hang);
    let endpoint = scene.endpoint(&slow, &json!({"timeout_ms": 5000, "events": ["never.sent"]}));
    let mut no_head = TcpStream::connect(scene.address).expect("it listens");
    no_head.write_all(b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthori").expect("it reads");
    let key = format!("authorization: Bearer {OWNER_KEY}\r\n");
    let mut half = open(&scene, "POST /v1/events", &format!("{key}expect: 100-continue\r\n"), 100);
    let mut go_on = [0; 25];
    half.read_exact(&mut go_on).expect("it reads the body now");
    half.write_all(b"{\"type\":").expect("it reads");
    // Longer than a stop waits for clients, shorter than it waits for itself.
    let (api, path) = (scene.api.clone(), format!("/v1/webhooks/{}/test", endpoint["id"].as_str().expect("an id")));
    let handled = std::thread::spawn(move || api.send(&Call::new("POST", &path)).expect(200));
    eventually("a request is being handled", || (slow.hits() == 1).then_some(()));
    scene.server.signal_stop();
    let ended = scene.server.ended_within(Duration::from_secs(15));
    assert_eq!(ended.code(), Some(0), "{}", scene.server.log());
    assert_eq!(handled.join().expect("it was answered")["error"], "timeout after 5000 ms");
    let mut said = String::new();
    half.read_to_string(&mut said).expect("it answers");
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
    assert_eq!(no_head.read(&mut [0]).unwrap_or_default(), 0, "it is closed");
}
