//! Nodes that are gone from one instant to the next.
use std::time::Duration;

use bellwire_e2e::{Dice, Receiver, Reply, Setup, env, eventually, eventually_within, now, watch};
use serde_json::json;

use crate::cluster::Cluster;

/// Deliveries that the node has in its hands when it is killed.
const HELD: usize = 8;

#[test]
fn what_a_killed_node_held_is_delivered_by_the_other_within_seconds() {
    let mut cluster = Cluster::start(2);
    // Whatever comes first time hangs: it stays in the hands of who sent it.
    let hanging = Receiver::scripted(|_, nth| if nth < HELD { Reply::Hang } else { Reply::Status(200) });
    let form = json!({"url": hanging.url(), "events": ["held.*"], "timeout_ms": 30_000});
    cluster.api(0).post("/v1/webhooks", &form).expect(201);
    let load = cluster.load("kill");
    eventually("the load is under way", || (load.count() > 300).then_some(()));
    for _ in 0..HELD {
        cluster.api(0).post("/v1/events", &json!({"type": "held.back", "data": {}})).expect(202);
    }
    eventually("the node holds them", || (hanging.hits() == HELD).then_some(()));
    cluster.nodes[0].kill();
    let killed = now();
    let held = cluster.database.number("SELECT count(*) FROM deliveries WHERE status = 0 AND leased_by IS NOT NULL");
    eventually_within(Duration::from_secs(25), "the other sends what it held, before any lease ends", || {
        (hanging.hits() >= 2 * HELD).then_some(())
    });
    println!(
        "kill -9 of a node with {held} leased deliveries: all taken over after {} ms",
        killed.elapsed().as_millis()
    );
    assert_eq!(hanging.hits(), 2 * HELD, "each once more");
    // Another one takes its place.
    cluster.nodes[0] = cluster.another(Setup::default());
    load.moved(0, cluster.api(0));
    let before = load.count_of(0);
    eventually("the new node takes its part", || (load.count_of(0) > before + 100).then_some(()));
    cluster.finish("kill -9 of one of two nodes", load);
}

#[test]
fn nothing_accepted_is_lost_when_nodes_are_killed_again_and_again_under_load() {
    let rounds: u64 = env("BELLWIRE_CRASH_ROUNDS").and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    let mut dice = Dice::new(env("BELLWIRE_CRASH_SEED").and_then(|seed| seed.parse().ok()));
    println!("BELLWIRE_CRASH_ROUNDS={rounds} BELLWIRE_CRASH_SEED={}", dice.seed());
    let mut cluster = Cluster::start(2);
    let load = cluster.load("rounds");
    for round in 0..rounds {
        // Now and then both at once.
        let (first, both) = (usize::from(dice.below(2) == 1), dice.below(4) == 0 || round == 1);
        // Not a wait for something: the instant of the crash is what is random.
        watch(Duration::from_millis(100 + dice.below(900)), "always", || true);
        cluster.nodes[first].kill();
        if both {
            cluster.nodes[1 - first].kill();
            cluster.nodes[1 - first].restart();
        }
        watch(Duration::from_millis(dice.below(500)), "always", || true);
        cluster.nodes[first].restart();
    }
    cluster.finish(&format!("{rounds} rounds of kill -9"), load);
}
