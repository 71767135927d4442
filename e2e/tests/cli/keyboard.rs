//! `bellwire listen` in a terminal.
use bellwire_e2e::{Receiver, Scene, Tool, eventually};
use serde_json::json;

#[test]
fn keys_replay_the_latest_list_choose_another_and_end() {
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    let mut running = tool.start_in_terminal(&["listen", "--forward-to", &receiver.url()]);
    running.prints("r replays the latest");
    let out = running.out();
    assert!(out.contains("secret    whsec_"), "a person sees it: {out}");
    running.types("r");
    running.prints("nothing to replay yet");
    let first = scene.event("order.paid", &json!({}));
    let second = scene.event("order.sent", &json!({}));
    eventually("both came", || (running.out().matches("POST →").count() == 2).then_some(()));
    assert!(running.out().contains("\u{1b}[32m200\u{1b}[0m"), "colours for a person: {}", running.out());
    running.types("r");
    eventually("the latest came again", || (receiver.hits() == 3).then_some(()));
    running.types("l");
    running.prints("2  order.paid");
    running.types("2");
    eventually("the other one came again", || (receiver.hits() == 4).then_some(()));
    assert_eq!(receiver.event_ids(), [first.clone(), second.clone(), second, first]);
    running.types("?");
    eventually("the keys are told again", || {
        (running.out().matches("r replays the latest").count() == 2).then_some(())
    });
    running.types("q");
    assert_eq!(running.ends().code, Some(0));
}

#[test]
fn ctrl_c_in_a_terminal_ends_in_peace_and_no_color_is_honoured() {
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api).env("NO_COLOR", "1"), Receiver::ok());
    let mut running = tool.start_in_terminal(&["listen", "--forward-to", &receiver.url()]);
    running.prints("r replays the latest");
    scene.event("order.paid", &json!({}));
    running.prints("POST → 200");
    running.types("\u{3}");
    let ended = running.ends();
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    assert!(!ended.out.contains('\u{1b}'), "{}", ended.out);
}

#[test]
fn in_a_pipe_there_are_no_keys_and_no_hint() {
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    let mut running = tool.start(&["listen", "--forward-to", &receiver.url()]);
    running.says("listening to *");
    running.types("q\nr\n");
    scene.event("order.paid", &json!({}));
    running.prints("POST → 200");
    assert!(!running.err().contains("replays"), "{}", running.err());
    running.signal("-INT");
    assert_eq!(running.ends().code, Some(0));
    assert_eq!(receiver.hits(), 1);
}
