//! What grows old or was deleted goes, a few rows at a time, and leaves nothing behind.
use std::sync::Arc;

use bellwire_domain::{
    delivery::{self, Answer, EndpointKind, EndpointStatus, Outcome, PARKED, Rows as _},
    event::Rows as _,
};
use bellwire_wire::Timestamp;

use super::{World, delivery::record};

pub(crate) async fn retention_takes_the_oldest_first_and_an_event_after_its_deliveries(world: World) {
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |_| {}).await.at.clone();
    let mut events = Vec::new();
    for _ in 0..6 {
        world.pass(10);
        events.push(world.post(&one, "order.placed", None).await);
    }
    let (newest, before) = (events[5].seq, Timestamp::from_micros(events[3].seq));
    let claimed = world.claim(&at, 1).await.remove(0);
    let attempt = record(&world, 1);
    run!(world, tx, attempt => tx.attempt_insert(claimed.seq, &attempt).await);
    let mut left: Vec<usize> = Vec::new();
    loop {
        let removed = run!(world, tx => tx.sweep(before, 2).await);
        assert!(removed <= 2, "a chunk is no larger than asked");
        let deliveries = world.all(&at).await;
        assert!(deliveries.iter().map(|delivery| delivery.seq).is_sorted());
        assert_eq!(deliveries.last().expect("the newest").event_seq, newest, "the oldest go first");
        left.push(deliveries.len());
        if removed == 0 {
            break;
        }
    }
    assert_eq!(left.first(), Some(&4));
    assert_eq!(left.last(), Some(&3));
    assert!(see!(world, tx => tx.attempts(claimed.seq).await).is_empty());
    for (number, stored) in events.iter().enumerate() {
        let id = stored.event.id.clone();
        assert_eq!(see!(world, tx, one, id => tx.event(&one, &id).await).is_some(), number >= 3, "{number}");
    }
}

pub(crate) async fn retention_lets_the_next_of_a_key_go(world: World) {
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |config| config.ordered = true).await.at.clone();
    for _ in 0..3 {
        world.pass(60);
        world.post(&one, "order.placed", Some("acme")).await;
    }
    let all = world.all(&at).await;
    assert_eq!(all[1].due, Some(PARKED));
    let before = Timestamp::from_micros(all[1].event_seq);
    world.heard.take();
    while run!(world, tx => tx.sweep(before, 100).await) > 0 {}
    let all = world.all(&at).await;
    assert_eq!(all.len(), 2);
    assert!(all[0].due.is_some_and(|due| due <= world.now()), "the first that is left is due: {:?}", all[0].due);
    assert_eq!(all[1].due, Some(PARKED));
}

pub(crate) async fn an_event_never_leaves_a_delivery_behind(world: World) {
    let one = world.workspace("one").await;
    let old = world.post(&one, "order.placed", None).await;
    world.pass(60);
    let endpoint = world.endpoint(&one, |_| {}).await;
    let (ctx, plan) = (world.ctx(), delivery::ReplayPlan { missing: true, ..delivery::ReplayPlan::default() });
    let job = run!(world, tx, ctx, endpoint, plan => delivery::start_replay(tx, &ctx, &endpoint, plan, false).await);
    run!(world, tx, ctx, job => delivery::replay_turn(tx, &ctx, job).await);
    assert_eq!(world.all(&endpoint.at).await.len(), 1);
    let before = Timestamp::from_micros(old.seq + 1);
    while run!(world, tx => tx.sweep(before, 100).await) > 0 {}
    let id = old.event.id.clone();
    let event = see!(world, tx, one, id => tx.event(&one, &id).await);
    let deliveries = world.all(&endpoint.at).await;
    assert_eq!(event.is_some(), !deliveries.is_empty(), "a delivery without its event could never be sent");
}

pub(crate) async fn nothing_is_kept_of_an_attempt_that_ends_after_its_endpoint_was_removed(world: World) {
    let one = world.workspace("one").await;
    let endpoint = world.endpoint(&one, |config| config.kind = EndpointKind::Push).await;
    assert_eq!(endpoint.status, EndpointStatus::Active);
    world.post(&one, "order.placed", None).await;
    let at = endpoint.at.clone();
    let claimed = world.claim(&at, 1).await.remove(0);
    let seq = claimed.seq;
    let ctx = world.ctx();
    run!(world, tx, ctx, at => delivery::delete_endpoint(tx, &ctx, &at).await);
    while run!(world, tx => tx.sweep(Timestamp::EPOCH, 100).await) > 0 {}
    let answer = Answer { status: Some(503), ..Answer::default() };
    let outcome = Arc::new([Outcome { claimed, attempt: record(&world, 1), answer }]);
    let settled = run!(world, tx, ctx, outcome => delivery::settle(tx, &ctx, &outcome[..]).await);
    assert!(!settled[0].ours);
    assert!(see!(world, tx => tx.attempts(seq).await).is_empty(), "an attempt of nothing");
    let hours = see!(world, tx, at => tx.hours(&at, Timestamp::EPOCH).await);
    assert!(hours.is_empty(), "nobody would ever remove them");
}
