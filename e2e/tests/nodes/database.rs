//! The database goes, or the way to it.
use std::time::Duration;

use bellwire_e2e::{Load, eventually, now, postgres::Restart, watch};

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
    for how in [Restart::Fast, Restart::Immediate, Restart::Fast, Restart::Immediate] {
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
