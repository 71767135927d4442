//! Nodes are replaced by those of a next version, one after the other.
use bellwire_e2e::{Setup, binary, eventually};

use crate::cluster::Cluster;

#[test]
fn nodes_are_upgraded_one_after_the_other_across_a_migration_under_load() {
    let mut cluster = Cluster::start(2);
    let next = || Setup { binary: Some(binary("examples/bellwire-next")), ..Setup::default() };
    let migrations = "SELECT count(*) FROM schema_migrations";
    let known = cluster.database.number(migrations);
    let load = cluster.load("upgrade");
    eventually("the load is under way", || (load.count() > 200).then_some(()));
    // The first of the next version migrates while those of the version before go on.
    let first = cluster.another(next());
    assert_eq!(cluster.database.number(migrations), known + 1);
    let before = [load.count_of(0), load.count_of(1)];
    eventually("the nodes of the version before go on", || {
        (0..2).all(|node| load.count_of(node) > before[node] + 50).then_some(())
    });
    assert!(cluster.nodes[0].stop().success());
    cluster.nodes[0] = first;
    load.moved(0, cluster.api(0));
    let before = [load.count_of(0), load.count_of(1)];
    eventually("both versions go on beside each other", || {
        (0..2).all(|node| load.count_of(node) > before[node] + 50).then_some(())
    });
    // One of the version before does not start again, and says why.
    let (ended, said) = Setup { engine: cluster.engine(), ..Setup::default() }.refused();
    assert!(!ended.success() && said.contains("newer bellwire"), "{said}");
    assert!(cluster.nodes[1].stop().success());
    cluster.nodes[1] = cluster.another(next());
    load.moved(1, cluster.api(1));
    let before = load.count_of(1);
    eventually("the second goes on", || (load.count_of(1) > before + 50).then_some(()));
    cluster.finish("upgrade across a migration", load);
}
