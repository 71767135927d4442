//! The process is killed at random instants under load: nothing that was accepted is lost.
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use bellwire_e2e::{Answer, Api, Call, Dice, Receiver, Reply, Server, env, eventually_within, list, text, watch};
use serde_json::{Value, json};

/// Tasks that post all the time.
const POSTERS: u64 = 8;

/// Posts one event, or a batch of some, again and again; what was answered with 202 is noted.
fn post_until(stop: &AtomicBool, api: &Api, mut dice: Dice, accepted: &Mutex<Vec<String>>) {
    let event = |nth: u64| json!({"type": "order.paid", "namespace": format!("n{}", nth % 5), "data": {"nth": nth}});
    while !stop.load(SeqCst) {
        let single = dice.below(3) > 0;
        let (path, body) = if single {
            ("/v1/events", event(dice.below(1000)))
        } else {
            let events: Vec<Value> = (0..=dice.below(20)).map(event).collect();
            ("/v1/events/batch", json!({"events": events}))
        };
        // No answer: it may have been accepted or not, and nothing was promised.
        let Ok(Answer { status: 202, body, .. }) = api.try_send(&Call::new("POST", path).json(&body)) else {
            continue;
        };
        let answer: Value = serde_json::from_slice(&body).expect("an answer is JSON");
        let mut accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
        if single {
            accepted.push(text(&answer["event"]["id"]));
        } else {
            accepted.extend(list(&answer["results"]).iter().map(|result| text(&result["event"]["id"])));
        }
    }
}

#[test]
fn nothing_accepted_is_lost_when_the_process_is_killed_under_load() {
    let rounds: u64 = env("BELLWIRE_CRASH_ROUNDS").and_then(|rounds| rounds.parse().ok()).unwrap_or(12);
    let mut dice = Dice::new(env("BELLWIRE_CRASH_SEED").and_then(|seed| seed.parse().ok()));
    println!("BELLWIRE_CRASH_ROUNDS={rounds} BELLWIRE_CRASH_SEED={}", dice.seed());
    let mut server = Server::start();
    // One that is well, one that fails now and then, one that is slow to take an order of events.
    let receivers = [
        Receiver::ok(),
        Receiver::scripted(|_, nth| Reply::Status(if nth % 5 == 4 { 500 } else { 200 })),
        Receiver::ok(),
    ];
    let schedule = json!({"schedule": ["1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"]});
    for (receiver, ordered) in receivers.iter().zip([false, false, true]) {
        let form = json!({"url": receiver.url(), "events": ["order.*"], "ordered": ordered, "retry": schedule});
        server.api().post("/v1/webhooks", &form).expect(201);
    }
    let (stop, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    for _ in 0..rounds {
        stop.store(false, SeqCst);
        let posters: Vec<_> = (0..POSTERS)
            .map(|_| {
                let (stop, accepted) = (Arc::clone(&stop), Arc::clone(&accepted));
                let (api, dice) = (server.api(), Dice::new(Some(dice.below(u64::MAX))));
                thread::spawn(move || post_until(&stop, &api, dice, &accepted))
            })
            .collect();
        // Not a wait for something: the instant of the crash is what is random.
        watch(Duration::from_millis(20 + dice.below(600)), "always", || true);
        server.kill();
        stop.store(true, SeqCst);
        for poster in posters {
            poster.join().expect("a poster ends");
        }
        server.restart();
    }
    let accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted: HashSet<&String> = accepted.iter().collect();
    assert_eq!(wanted.len(), accepted.len(), "ids are given once");
    assert!(!wanted.is_empty(), "the load got through");
    for (nth, receiver) in receivers.iter().enumerate() {
        let missing = || {
            let got: HashSet<String> = receiver.event_ids().into_iter().collect();
            wanted.iter().filter(|id| !got.contains(id.as_str())).count()
        };
        let mut left = missing();
        eventually_within(Duration::from_mins(3), "every accepted event arrives everywhere", || {
            left = missing();
            (left == 0).then_some(())
        });
        let (hits, distinct) = (receiver.hits(), receiver.event_ids().into_iter().collect::<HashSet<_>>().len());
        println!("endpoint {nth}: {} accepted, {hits} requests, {} of them repeated", wanted.len(), hits - distinct);
    }
    // And the rows say so too: nothing stays pending, no dead letters.
    eventually_within(Duration::from_mins(1), "every delivery is a success", || {
        let api = server.api();
        let open =
            |status: &str| api.get(&format!("/v1/deliveries?limit=1&status={status}")).expect(200)["total"].clone();
        assert_eq!(open("failed"), 0);
        (open("pending") == 0).then_some(())
    });
}
