//! `bellwire catch`: a receiver that does as it is told.
use std::{
    io::{Read, Write},
    net::TcpStream,
};

use bellwire_e2e::{Running, Scene, Tool, eventually, text};
use serde_json::{Value, json};

/// A catcher, and where it listens.
fn catch(tool: &Tool, arguments: &[&str]) -> (Running, String) {
    let running = tool.start(&[&["catch", "--json", "--listen", "127.0.0.1:0"], arguments].concat());
    running.prints("listening");
    let url = text(&running.lines()[0]["listening"]);
    (running, url)
}

/// Posts a body; all that came back.
fn post(url: &str, id: &str) -> std::io::Result<String> {
    let address = url.strip_prefix("http://").expect("a URL");
    let mut socket = TcpStream::connect(address)?;
    let head = format!(
        "POST /hook HTTP/1.1\r\nhost: x\r\nconnection: close\r\nwebhook-id: {id}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    socket.write_all(head.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

fn caught(running: &Running, count: usize) -> Vec<Value> {
    eventually("requests are shown", || {
        let lines = running.lines();
        (lines.len() > count).then(|| lines[1..].to_vec())
    })
}

#[test]
fn it_answers_as_it_is_told() {
    let tool = Tool::new();
    let (running, url) = catch(&tool, &[]);
    assert!(post(&url, "a").expect("an answer").starts_with("HTTP/1.1 200 "));
    let one = &caught(&running, 1)[0];
    assert_eq!((&one["method"], &one["path"], &one["body"]), (&json!("POST"), &json!("/hook"), &json!("{}")));
    assert_eq!(
        (&one["answer"], &one["headers"]["webhook-id"], &one["verified"]),
        (&json!(200), &json!("a"), &Value::Null)
    );
    running.signal("-INT");
    assert_eq!(running.ends().code, Some(0));

    let (_running, url) = catch(&tool, &["--status", "503", "--delay", "10ms"]);
    assert!(post(&url, "a").expect("an answer").starts_with("HTTP/1.1 503 "));

    let (running, url) = catch(&tool, &["--reset"]);
    let error = post(&url, "a").expect_err("no answer");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(caught(&running, 1)[0]["answer"], Value::Null);

    let (_running, url) = catch(&tool, &["--drip=1ms"]);
    let answer = post(&url, "a").expect("an answer");
    assert!(answer.contains("transfer-encoding: chunked") && answer.matches("\r\n1\r\n").count() >= 18, "{answer}");

    let (running, url) = catch(&tool, &["--count", "2"]);
    post(&url, "a").expect("an answer");
    post(&url, "b").expect("an answer");
    assert_eq!(running.ends().code, Some(0), "--count ends it");
}

#[test]
fn flaky_fails_the_first_requests_of_each_id_and_no_more() {
    let tool = Tool::new();
    let status = |url: &str, id: &str| post(url, id).map(|answer| answer.get(9..12).unwrap_or_default().to_owned());
    let (running, url) = catch(&tool, &["--flaky"]);
    let got: Vec<String> = ["a", "a", "b", "a", "b"].iter().map(|id| status(&url, id).expect("an answer")).collect();
    assert_eq!(got, ["500", "200", "500", "200", "200"]);
    assert_eq!(caught(&running, 5)[0]["answer"], 500);
    let (_running, url) = catch(&tool, &["--flaky=2", "--status", "429"]);
    let got: Vec<String> = ["a", "a", "a"].iter().map(|id| status(&url, id).expect("an answer")).collect();
    assert_eq!(got, ["429", "429", "200"]);
}

#[test]
fn with_a_secret_it_says_whether_a_signature_is_right_and_if_not_why() {
    let scene = Scene::new();
    let tool = Tool::at(&scene.api);
    let plain = tool.start(&["catch", "--listen", "127.0.0.1:0"]);
    plain.prints("catching at http://");
    let url = text(&json!(plain.out().trim().rsplit(' ').next().expect("a URL")));
    let endpoint = scene.subscribe(&scene.api, &json!({"url": format!("{url}/hook"), "events": ["a.b"]}));
    let secret = text(&endpoint["secret"]);
    scene.event("a.b", &json!({}));
    plain.prints("signature not checked");
    for (given, verified) in [(secret.as_str(), true), ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false)] {
        let (running, url) = catch(&tool, &["--secret", given]);
        scene.change(&endpoint, &json!({"url": format!("{url}/hook")}));
        scene.event("a.b", &json!({}));
        let one = &caught(&running, 1)[0];
        assert_eq!(one["verified"], verified, "{one}");
        let why = one["findings"].as_array().map_or(0, Vec::len);
        assert_eq!(why > 0, !verified, "it says why: {one}");
    }
    let taken = url.strip_prefix("http://").expect("a URL");
    let err = tool.run(&["catch", "--listen", taken]).refused(1);
    assert!(err.contains("it is taken") && err.contains("--listen"), "{err}");
    assert!(tool.run(&["catch", "--status", "99"]).refused(2).contains("200 to 599"));
}
