//! What shaped the requests to an endpoint, kept for as long as an attempt may name it.
use std::{sync::Arc, time::Duration};

use bellwire_domain::delivery::{self, Endpoint, EndpointConfig, EndpointRef, EndpointVersion, Rows as _};
use bellwire_wire::{Dialect, Timestamp};

use super::World;

/// Changes an endpoint a minute later.
async fn change(world: &World, before: &Arc<Endpoint>, how: impl FnOnce(&mut EndpointConfig)) -> Arc<Endpoint> {
    world.pass(60);
    let (ctx, before, mut config) = (world.ctx(), Arc::clone(before), before.config.clone());
    how(&mut config);
    let changed = run!(world, tx, ctx, before, config => {
        delivery::update_endpoint(tx, &ctx, &before, config, before.status).await
    });
    Arc::new(changed.expect("nothing stands against it"))
}

async fn version(world: &World, at: &EndpointRef, number: u32) -> Option<EndpointVersion> {
    see!(world, tx, at => tx.endpoint_version(&at, number).await)
}

pub(crate) async fn every_version_of_an_endpoint_can_be_looked_up(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let first = world
        .endpoint(&one, |config| {
            config.headers.insert("authorization".into(), "Bearer first".into());
        })
        .await;
    let second = change(&world, &first, |config| {
        config.url = Some("https://example.org/other".into());
        config.dialect = Dialect::Trove;
        config.headers.insert("authorization".into(), "Bearer second".into());
    })
    .await;
    let ctx = world.ctx();
    run!(world, tx, ctx, second => delivery::rotate_secret(tx, &ctx, &second, Duration::from_hours(1)).await);
    for (number, wanted) in [(1, &first), (2, &second), (3, &second)] {
        assert_eq!(version(&world, &first.at, number).await, Some(EndpointVersion::from(&**wanted)), "{number}");
    }
    assert_eq!(version(&world, &first.at, 4).await, None);
    let foreign = EndpointRef { workspace_id: two, ..first.at.clone() };
    assert_eq!(version(&world, &foreign, 1).await, None);
    let gone = first.at.clone();
    run!(world, tx, ctx, gone => delivery::delete_endpoint(tx, &ctx, &gone).await);
    assert_eq!(version(&world, &first.at, 1).await, None);
    while run!(world, tx => tx.sweep(Timestamp::EPOCH, 100).await) > 0 {}
}

pub(crate) async fn a_version_stays_while_an_attempt_may_name_it(world: World) {
    let one = world.workspace("one").await;
    let first = world.endpoint(&one, |_| {}).await;
    let change = async |before: &Arc<Endpoint>, url: &str| {
        change(&world, before, |config| config.url = Some(format!("https://example.org/{url}"))).await
    };
    let sweep = async |before: Timestamp| while run!(world, tx => tx.sweep(before, 1).await) > 0 {};
    world.pass(40 * 86_400);
    let second = change(&first, "second").await;
    world.pass(86_400);
    let third = change(&second, "third").await;
    // Older than what is kept, but what is kept may have been sent by it.
    sweep(second.updated_at).await;
    assert!(version(&world, &first.at, 1).await.is_some());
    sweep(third.updated_at).await;
    assert_eq!(version(&world, &first.at, 1).await, None);
    assert!(version(&world, &first.at, 2).await.is_some());
    sweep(world.pass(40 * 86_400)).await;
    assert_eq!(version(&world, &first.at, 2).await, None);
    assert_eq!(version(&world, &first.at, 3).await, Some(EndpointVersion::from(&*third)), "the newest stays");
}
