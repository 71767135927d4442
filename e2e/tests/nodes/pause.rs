//! A node that stands still for longer than its leases last, and goes on as if nothing had been.
use std::time::Duration;

use bellwire_e2e::{Load, eventually, eventually_within, now, watch};

use crate::cluster::Cluster;

/// Sessions that hold the order of all events.
const IN_ORDER: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND classid = 25189 AND objid = 1819017217 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
/// Without it nobody would get that far: a node that was stopped in the middle of it is cut off.
const STALL_MAX: Duration = Duration::from_secs(8);

#[test]
fn a_node_that_stood_still_past_its_leases_does_no_harm_when_it_goes_on() {
    let cluster = Cluster::start(2);
    let stopped = Load::start("stopped", 4, vec![cluster.api(0)]);
    let other = Load::start("other", 2, vec![cluster.api(1)]);
    eventually("the load is under way", || (stopped.count() > 100 && other.count() > 100).then_some(()));
    // Stopped at an instant at which it holds the order: the other can only wait.
    let mut client = cluster.database.connect();
    let mut holders =
        || -> Vec<i32> { client.query(IN_ORDER, &[]).expect("it answers").iter().map(|row| row.get(0)).collect() };
    let mut tries = 0;
    eventually("it stands still while it holds the order", || {
        tries += 1;
        cluster.nodes[0].freeze();
        let first = holders();
        let mut same = !first.is_empty();
        watch(Duration::from_millis(150), "always", || {
            same = same && holders() == first;
            true
        });
        if !same {
            cluster.nodes[0].thaw();
        }
        same.then_some(())
    });
    let (frozen, last) = (now(), other.accepted().last().map(|accepted| accepted.at));
    let before = other.count();
    eventually("the other node accepts again", || (other.count() > before + 2).then_some(()));
    let stall = other.accepted()[before].at.duration_since(last.expect("it accepted"));
    println!(
        "stopped in the middle of a commit at the {tries}. try: the other accepted nothing for {} ms",
        stall.as_millis()
    );
    assert!(stall < STALL_MAX, "{stall:?}");
    let held = "SELECT count(*) FROM deliveries WHERE status = 0 AND leased_by = (SELECT min(id) FROM nodes
        WHERE seen_at < now() - interval '2 seconds')";
    eventually("the node is silent", || {
        (cluster.database.number("SELECT count(*) FROM nodes WHERE seen_at < now() - interval '2 seconds'") == 1)
            .then_some(())
    });
    let leased = cluster.database.number(held);
    eventually_within(Duration::from_mins(1), "its leases run out and the other delivers", || {
        (cluster.database.number(held) == 0).then_some(())
    });
    println!("{leased} deliveries were in its hands: all taken over {} s after it stopped", frozen.elapsed().as_secs());
    assert!(frozen.elapsed() > Duration::from_secs(20) || leased == 0, "not before the leases ran out");
    cluster.nodes[0].thaw();
    let before = stopped.count();
    let began = now();
    eventually("it takes its part again", || (stopped.count() > before + 20).then_some(()));
    println!("after it went on it had accepted 20 events within {} ms", began.elapsed().as_millis());
    let in_vain = stopped.in_vain() + other.in_vain();
    let mut accepted = other.stop();
    accepted.extend(stopped.stop());
    cluster.check("SIGSTOP past the leases", in_vain, &accepted);
}
