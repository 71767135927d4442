//! What a listener misses while it, the server or the receiver is away: nothing.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use bellwire_e2e::{Engine, Receiver, Reply, Scene, Setup, Tool, eventually, eventually_within, text};
use serde_json::{Value, json};

use crate::{
    listen::{endpoint_of, listen, verifies},
    relay,
};

/// The only file of a kind that listeners remember.
fn remembered(tool: &Tool, extension: &str) -> std::path::PathBuf {
    let folder = std::fs::read_dir(tool.home().join(".local/state/bellwire/listen")).expect("it is there");
    let found = folder.flatten().map(|entry| entry.path());
    found.into_iter().find(|path| path.extension().is_some_and(|known| known == extension)).expect("a file")
}

#[test]
fn after_an_hour_away_everything_comes_once_and_in_order() {
    let mut scene = Scene::with(Setup { engine: Engine::Embedded, ..Setup::default() });
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    let running = listen(&tool, &receiver, &["--events", "order.*", "--count", "1"]);
    let endpoint = endpoint_of(&running);
    let mut ids = vec![scene.event("order.first", &json!({}))];
    assert_eq!(running.ends().code, Some(0));
    ids.extend((0..3).map(|nth| scene.event("order.paid", &json!({"data": {"nth": nth}}))));
    ids.extend(scene.events("order.sent", 250));
    scene.event("other.thing", &json!({}));
    scene.server.stop();
    scene.server.backdate("rows", Duration::from_hours(1));
    scene.server.backdate("due", Duration::from_hours(1));
    scene.server.restart();
    ids.push(scene.event("order.last", &json!({})));
    let running = listen(&tool, &receiver, &["--events", "order.*"]);
    running.printed("delivery", ids.len() - 1);
    assert_eq!(receiver.event_ids(), ids, "all, in order, once");
    assert_eq!(running.lines().iter().filter(|line| line["line"] == "gap").count(), 0);
    let secret = text(&tool.ask(&["listen", "--print-secret"])["secret"]);
    assert!(receiver.seen().iter().all(|seen| verifies(&secret, seen)), "signed for now, not for then");
    assert_eq!(scene.total(&endpoint, "success"), 255);
    assert_eq!(scene.total(&endpoint, "pending"), 0);
}

#[test]
fn a_listener_that_is_killed_goes_on_with_what_it_held_and_then_with_the_rest() {
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::always(Reply::Hang));
    let mut running = listen(&tool, &receiver, &[]);
    let endpoint = endpoint_of(&running);
    let ids = scene.events("order.paid", 20);
    eventually("the receiver has the first", || (receiver.hits() == 1).then_some(()));
    running.kill();
    receiver.now_does(Reply::Status(200));
    let again = listen(&tool, &receiver, &[]);
    again.printed("delivery", 20);
    assert_eq!(receiver.event_ids()[1..], ids, "in order");
    assert_eq!(scene.total(&endpoint, "success"), 20);
}

#[test]
fn what_the_receiver_took_is_not_told_again_by_a_listener_that_was_killed_before_it_could_say_so() {
    let scene = Scene::new();
    let (reached, there) = mpsc::channel();
    let dead = Arc::new(AtomicBool::new(false));
    let killed = Arc::clone(&dead);
    // What acknowledges does not arrive while the first listener lives.
    let between = relay(scene.address, "/ack", move || {
        reached.send(()).ok();
        if !killed.load(SeqCst) {
            loop {
                std::thread::park();
            }
        }
    });
    let tool = Tool::at(&scene.api).env("BELLWIRE_URL", &format!("http://{between}"));
    let receiver = Receiver::ok();
    let mut running = listen(&tool, &receiver, &[]);
    let endpoint = endpoint_of(&running);
    scene.event("order.paid", &json!({}));
    there.recv().expect("it wants to acknowledge");
    running.kill();
    dead.store(true, SeqCst);
    assert_eq!(scene.total(&endpoint, "pending"), 1, "nobody has told the server");
    let again = listen(&tool, &receiver, &[]);
    again.printed("delivery", 1);
    assert_eq!(scene.total(&endpoint, "success"), 1);
    assert_eq!(receiver.hits(), 1, "once");
}

#[test]
fn a_server_that_is_killed_is_waited_for_and_hears_what_became_of_what_was_held() {
    let mut scene = Scene::new();
    let (reached, there) = mpsc::channel();
    let (answer, answers) = mpsc::channel::<()>();
    let answers = std::sync::Mutex::new(answers);
    let receiver = Receiver::scripted(move |_, nth| {
        if nth == 0 {
            reached.send(()).ok();
            answers.lock().expect("unpoisoned").recv().ok();
        }
        Reply::Status(200)
    });
    let tool = Tool::at(&scene.api);
    let running = listen(&tool, &receiver, &[]);
    let endpoint = endpoint_of(&running);
    let mut ids = scene.events("order.paid", 3);
    there.recv().expect("the receiver has the first");
    scene.server.kill();
    answer.send(()).expect("it waits");
    running.says("waiting for the server: cannot reach");
    scene.server.restart();
    running.printed("delivery", 3);
    ids.push(scene.event("order.paid", &json!({})));
    running.printed("delivery", 4);
    assert_eq!(receiver.event_ids(), ids, "once each, in order");
    assert_eq!(scene.total(&endpoint, "success"), 4);
    running.says("the server is back");
}

#[test]
fn what_the_receiver_took_is_not_told_again_by_a_server_that_gave_up_waiting_for_the_answer() {
    let mut scene = Scene::with(Setup { engine: Engine::Embedded, ..Setup::default() });
    let (reached, there) = mpsc::channel();
    let (answer, answers) = mpsc::channel::<()>();
    let answers = std::sync::Mutex::new(answers);
    let receiver = Receiver::scripted(move |_, nth| {
        if nth == 0 {
            reached.send(()).ok();
            answers.lock().expect("unpoisoned").recv().ok();
        }
        Reply::Status(200)
    });
    let tool = Tool::at(&scene.api);
    let running = listen(&tool, &receiver, &[]);
    let endpoint = endpoint_of(&running);
    scene.event("order.paid", &json!({}));
    there.recv().expect("the receiver has it");
    scene.server.kill();
    answer.send(()).expect("it waits");
    running.says("waiting for the server");
    // The lease ends while nobody can be told.
    scene.server.backdate("due", Duration::from_hours(1));
    scene.server.restart();
    running.says("no longer held");
    eventually("it is acknowledged when it comes again", || (scene.total(&endpoint, "success") == 1).then_some(()));
    assert_eq!(receiver.hits(), 1, "once");
}

#[test]
fn however_often_either_side_is_killed_or_stopped_everything_comes() {
    let mut scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    let mut running = listen(&tool, &receiver, &[]);
    let endpoint = endpoint_of(&running);
    let ids = scene.events("order.paid", 150);
    for (round, hits) in [11, 29, 43, 61, 83, 97, 115].into_iter().enumerate() {
        eventually("more came", || (receiver.hits() >= hits).then_some(()));
        match round % 3 {
            0 => {
                running.kill();
                running = listen(&tool, &receiver, &[]);
            }
            1 => {
                scene.server.kill();
                scene.server.restart();
            }
            _ => {
                scene.server.stop();
                scene.server.restart();
            }
        }
    }
    let all = ids.len() as u64;
    eventually_within(Duration::from_mins(3), "all is acknowledged", || {
        (scene.total(&endpoint, "success") == all).then_some(())
    });
    let mut came = receiver.event_ids();
    assert!(came.len() <= ids.len() + 7, "at most one comes again each time: {}", came.len());
    came.dedup();
    let mut sorted = came.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "nothing is missing");
    running.signal("-INT");
    assert_eq!(running.ends().code, Some(0));
}

#[test]
fn a_receiver_that_is_killed_gets_everything_when_it_is_back() {
    let scene = Scene::new();
    let tool = Tool::at(&scene.api);
    let mut receiver = tool.start(&["catch", "--json", "--listen", "127.0.0.1:0"]);
    receiver.prints("listening");
    let url = text(&receiver.lines()[0]["listening"]);
    let address = url.strip_prefix("http://").expect("a URL").to_owned();
    let running = tool.start(&["listen", "--json", "--forward-to", &format!("{url}/hook")]);
    let endpoint = endpoint_of(&running);
    let first = scene.event("order.paid", &json!({}));
    running.printed("delivery", 1);
    eventually("it shows it", || (receiver.lines().len() > 1).then_some(()));
    receiver.kill();
    let second = scene.event("order.paid", &json!({}));
    let refused = &running.printed("delivery", 2)[1];
    assert_eq!(
        (&refused["acked"], &refused["comes_again"], &refused["status"]),
        (&json!(false), &json!(true), &Value::Null)
    );
    assert!(text(&refused["error"]).contains("refused"), "{refused}");
    let back = tool.start(&["catch", "--json", "--listen", &address]);
    running.printed("delivery", 3);
    assert_eq!(scene.total(&endpoint, "success"), 2);
    let ids = |lines: &[Value]| lines[1..].iter().map(|line| text(&line["headers"]["webhook-id"])).collect::<Vec<_>>();
    assert_eq!(ids(&receiver.lines()), [first]);
    eventually("it shows it", || (back.lines().len() > 1).then_some(()));
    assert_eq!(ids(&back.lines()), [second]);
}

#[test]
fn what_was_kept_no_longer_is_shown_as_a_gap() {
    let setup = Setup { engine: Engine::Embedded, retention_days: 1, ..Setup::default() };
    let mut scene = Scene::with(setup);
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    let running = listen(&tool, &receiver, &["--count", "1"]);
    let endpoint = endpoint_of(&running);
    let came = scene.event("order.paid", &json!({}));
    assert_eq!(running.ends().code, Some(0));
    let lost = scene.event("order.paid", &json!({}));
    scene.server.stop();
    scene.server.backdate("rows", Duration::from_hours(72));
    scene.server.restart();
    eventually("it is kept no longer", || (scene.get(&format!("/v1/events/{lost}")).status == 404).then_some(()));
    // The listener was there three days ago.
    let path = remembered(&tool, "json");
    let mut journal: Value = serde_json::from_slice(&std::fs::read(&path).expect("it is there")).expect("JSON");
    assert!(journal["seen_at"].is_string() && journal["held"].is_null(), "{journal}");
    journal["seen_at"] = "2026-01-01T00:00:00Z".into();
    std::fs::write(&path, journal.to_string()).expect("it can be written");
    let running = listen(&tool, &receiver, &[]);
    let gap = &running.printed("gap", 1)[0];
    assert_eq!((&gap["reason"], &gap["from"]), (&json!("retention"), &json!("2026-01-01T00:00:00.000Z")));
    assert!(gap["to"].is_string(), "{gap}");
    let kept = scene.event("order.paid", &json!({}));
    running.printed("delivery", 1);
    assert_eq!(receiver.event_ids(), [came, kept]);
    running.signal("-INT");
    running.ends();
    // The endpoint itself is gone: another one, another secret, and that is said as well.
    let secret = tool.run(&["listen", "--print-secret"]).good();
    tool.run(&["endpoints", "delete", &text(&endpoint["id"])]).good();
    let running = tool.start(&["listen", "--events", "order.*"]);
    running.prints("gap: what happened from");
    assert!(running.out().contains("the endpoint was removed meanwhile"), "{}", running.out());
    assert_ne!(tool.run(&["listen", "--print-secret"]).good(), secret);
}

#[test]
fn what_only_its_user_should_read_only_its_user_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    let running = listen(&tool, &receiver, &["--count", "1"]);
    scene.event("order.paid", &json!({}));
    assert_eq!(running.ends().code, Some(0));
    for extension in ["toml", "json", "lock"] {
        let path = remembered(&tool, extension);
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    let folder = remembered(&tool, "toml").parent().expect("a folder").to_owned();
    assert_eq!(std::fs::metadata(folder).expect("it is there").permissions().mode() & 0o777, 0o700);
}
