//! One node's clock is set, an hour forward and an hour back, under load. Needs libfaketime.
use std::time::Duration;

use bellwire_e2e::{Engine, Load, Receiver, Reply, Server, SetClock, Setup, count, eventually, eventually_within};
use serde_json::json;

use crate::cluster::Cluster;

/// Hours, one after the other.
const STEPS: [i32; 4] = [1, 0, -1, 0];

#[test]
fn a_node_whose_clock_is_set_by_an_hour_changes_nothing() {
    let Some(clock) = SetClock::new() else { return };
    let cluster = Cluster::with_first(&Setup { env: clock.env(), ..Setup::default() }, 2);
    let load = cluster.load("clock");
    for hours in STEPS {
        clock.set(i64::from(hours) * 3_600);
        let before = [load.count_of(0), load.count_of(1)];
        eventually("both nodes go on", || (0..2).all(|node| load.count_of(node) > before[node] + 60).then_some(()));
        let now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let ahead = cluster.database.number("SELECT max(created_at) FROM deliveries") - cluster.database.number(now);
        assert!(ahead < 1_000_000, "rows are from the future by {ahead} us with {hours:+} h");
    }
    cluster.finish("clock of one node set by +1 h and -1 h", load);
}

/// Deliveries of every status.
fn totals(server: &Server) -> [u64; 3] {
    ["pending", "success", "failed"].map(|status| {
        let page = server.api().get(&format!("/v1/deliveries?limit=1&status={status}")).expect(200);
        count(&page["total"])
    })
}

#[test]
fn the_embedded_engine_loses_nothing_when_the_clock_is_set_by_an_hour() {
    let Some(clock) = SetClock::new() else { return };
    let server = Setup { env: clock.env(), engine: Engine::Embedded, ..Setup::default() }.start();
    let receiver = Receiver::scripted(|_, nth| Reply::Status(if nth % 20 == 19 { 500 } else { 200 }));
    for ordered in [false, true] {
        let form = json!({"url": receiver.url(), "events": ["order.*"], "ordered": ordered,
            "retry": {"schedule": vec!["1s"; 20]}});
        server.api().post("/v1/webhooks", &form).expect(201);
    }
    let load = Load::start("clock", 4, vec![server.api()]);
    for hours in STEPS {
        clock.set(i64::from(hours) * 3_600);
        let before = load.count();
        eventually("it goes on", || (load.count() > before + 100).then_some(()));
    }
    let accepted = load.stop();
    // What is new is not held up by what was put off while the clock was ahead.
    let fresh = Receiver::ok();
    server.api().post("/v1/webhooks", &json!({"url": fresh.url(), "events": ["fresh.*"]})).expect(201);
    for _ in 0..20 {
        server.api().post("/v1/events", &json!({"type": "fresh.made", "data": {}})).expect(202);
    }
    eventually_within(Duration::from_secs(10), "what is new is sent", || (fresh.hits() == 20).then_some(()));
    let put_off = totals(&server)[0];
    clock.set(2 * 3_600);
    eventually("everything is delivered in the end", || (totals(&server)[0] == 0).then_some(()));
    let [_, delivered, failed] = totals(&server);
    assert_eq!(failed, 0);
    let at_least = 2 * u64::try_from(accepted.len()).expect("few") + 20;
    assert!(delivered >= at_least, "{delivered} of {at_least}");
    println!(
        "clock of the embedded engine: {} accepted, {put_off} put off by up to an hour, none lost",
        accepted.len()
    );
}
