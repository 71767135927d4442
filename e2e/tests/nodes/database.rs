//! The database goes, or the way to it.
use std::time::Duration;

use bellwire_e2e::{Load, env, eventually, now, postgres::Restart, watch};

use serde_json::json;

use crate::cluster::Cluster;

/// Both nodes accept again.
#[track_caller]
fn goes_on(load: &Load) {
    let before = [load.count_of(0), load.count_of(1)];
    eventually("both nodes accept again", || (0..2).all(|node| load.count_of(node) > before[node] + 20).then_some(()));
}

#[test]
fn nodes_go_on_by_themselves_after_their_database_was_restarted() {
    let cluster = Cluster::start_apart(2);
    let server = cluster.server.as_ref().expect("it is its own");
    let load = cluster.load("restart");
    let rounds: usize = env("BELLWIRE_CRASH_ROUNDS").and_then(|rounds| rounds.parse().ok()).unwrap_or(4);
    for how in [Restart::Fast, Restart::Immediate].into_iter().cycle().take(rounds) {
        goes_on(&load);
        let began = now();
        server.restart(how);
        let up = now();
        goes_on(&load);
        println!(
            "{how:?}: the database was away for {} ms, and {} ms after it came back both nodes had accepted 20 events",
            (up - began).as_millis(),
            up.elapsed().as_millis()
        );
    }
    cluster.finish("restarts of the database", load);
}

#[test]
fn nothing_accepted_is_lost_while_connections_are_cut_again_and_again() {
    let cluster = Cluster::start(2);
    let load = cluster.load("cut");
    let mut cut = 0;
    for round in 0..25 {
        // Not a wait for something: where the cut falls is what is random.
        watch(Duration::from_millis(40 + 23 * round % 300), "always", || true);
        cut += cluster.database.cut_connections();
    }
    goes_on(&load);
    println!("{cut} sessions were cut");
    cluster.finish("connections cut", load);
}

#[test]
fn while_the_database_is_away_callers_are_told_and_afterwards_everything_goes_on() {
    let cluster = Cluster::start_apart(1);
    let (server, api) = (cluster.server.as_ref().expect("it is its own"), cluster.api(0));
    let load = cluster.load("away");
    eventually("the load is under way", || (load.count() > 100).then_some(()));
    server.stop(Restart::Immediate);
    eventually("it is not ready", || (api.get("/readyz").status == 503).then_some(()));
    api.get("/healthz").expect(200);
    let began = now();
    let event = json!({"id": "meanwhile", "type": "order.paid", "namespace": "n0", "data": {}});
    let refusal = api.post("/v1/events", &event);
    println!("a post was answered with {} after {} ms", refusal.status, began.elapsed().as_millis());
    assert!(refusal.status == 503 && began.elapsed() < Duration::from_secs(20), "{refusal:?}");
    assert_eq!(api.get("/v1/events").status, 503);
    server.start_again();
    let back = now();
    eventually("it is ready", || (api.get("/readyz").status == 200).then_some(()));
    eventually("it accepts", || (api.post("/v1/events", &event).status == 202).then_some(()));
    println!("{} ms after the database came back an event was accepted", back.elapsed().as_millis());
    let before = load.count();
    eventually("the load goes on", || (load.count() > before + 100).then_some(()));
    cluster.finish("the database was away", load);
}
