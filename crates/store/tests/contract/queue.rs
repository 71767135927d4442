//! Each endpoint's due-queue: held under a lease, settled by its holder, in order by key.
use std::{sync::atomic::Ordering, time::Duration};

use bellwire_domain::{
    Effect,
    delivery::{self, Claim, DeliveryStatus, EndpointKind, EndpointRef, EndpointStatus, PARKED, Rows as _},
};
use bellwire_wire::{Timestamp, WorkspaceId};

use super::{World, world::left};

/// A workspace with an endpoint.
async fn queue(world: &World) -> (WorkspaceId, EndpointRef) {
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |_| {}).await.at.clone();
    (one, at)
}

async fn next_due(world: &World, at: &EndpointRef) -> Option<Timestamp> {
    see!(world, tx, at => tx.next_due(&at, false).await)
}

pub(crate) async fn a_delivery_is_held_then_succeeds(world: World) {
    let (one, at) = queue(&world).await;
    let event = world.post(&one, "order.placed", None).await;
    assert_eq!(next_due(&world, &at).await, Some(world.now()));
    let claimed = world.claim(&at, 10).await;
    assert_eq!(claimed.len(), 1);
    let held = &claimed[0];
    assert_eq!(held.event.data.get(), event.event.data.get());
    assert_eq!((held.attempts, held.attempts_total, held.replay), (0, 0, false));
    assert_eq!(next_due(&world, &at).await, Some(held.lease_until));
    assert!(world.claim(&at, 10).await.is_empty(), "held once");
    assert!(world.delivery(&one, &held.id).await.leased);
    let now = world.pass(3);
    assert!(world.settle(&at, left(held, DeliveryStatus::Success, None, now)).await);
    let after = world.delivery(&one, &held.id).await;
    assert_eq!((after.status, after.due, after.leased), (DeliveryStatus::Success, None, false));
    assert_eq!((after.attempts, after.attempts_total, after.status_code), (1, 1, Some(200)));
    assert_eq!((after.delivered_at, after.last_attempt_at, after.last_error), (Some(now), Some(now), None));
    assert_eq!(next_due(&world, &at).await, None);
}

pub(crate) async fn a_delivery_that_fails_is_due_again_or_dead(world: World) {
    let (one, at) = queue(&world).await;
    world.post(&one, "order.placed", None).await;
    let held = world.claim(&at, 1).await.remove(0);
    let later = world.now().after(Duration::from_secs(10));
    assert!(world.settle(&at, left(&held, DeliveryStatus::Pending, Some(later), world.now())).await);
    let after = world.delivery(&one, &held.id).await;
    assert_eq!((after.status, after.due, after.leased), (DeliveryStatus::Pending, Some(later), false));
    assert_eq!((after.last_error.as_deref(), after.delivered_at), (Some("status 500"), None));
    world.pass(9);
    assert!(world.claim(&at, 1).await.is_empty(), "not before it is due");
    world.pass(1);
    let held = world.claim(&at, 1).await.remove(0);
    assert_eq!((held.attempts, held.attempts_total), (1, 1));
    // An attempt without an answer leaves the status of the last one that had one.
    let mut settlement = left(&held, DeliveryStatus::Failed, None, world.now());
    settlement.status_code = None;
    settlement.error = Some("timeout".into());
    assert!(world.settle(&at, settlement).await);
    let after = world.delivery(&one, &held.id).await;
    assert_eq!((after.status, after.due, after.attempts), (DeliveryStatus::Failed, None, 2));
    assert_eq!((after.status_code, after.last_error.as_deref()), (Some(500), Some("timeout")));
}

pub(crate) async fn a_settlement_under_an_old_lease_changes_nothing(world: World) {
    let (one, at) = queue(&world).await;
    world.post(&one, "order.placed", None).await;
    let first = world.claim(&at, 1).await.remove(0);
    world.pass(61);
    let second = world.claim(&at, 1).await.remove(0);
    let before = format!("{:?}", world.delivery(&one, &first.id).await);
    for status in [DeliveryStatus::Success, DeliveryStatus::Failed] {
        assert!(!world.settle(&at, left(&first, status, None, world.now())).await);
    }
    assert!(!world.settle(&at, left(&first, DeliveryStatus::Pending, Some(world.now()), world.now())).await);
    assert_eq!(format!("{:?}", world.delivery(&one, &first.id).await), before);
    assert!(world.settle(&at, left(&second, DeliveryStatus::Success, None, world.now())).await);
    assert!(!world.settle(&at, left(&second, DeliveryStatus::Failed, None, world.now())).await, "it ended once");
    assert_eq!(world.delivery(&one, &first.id).await.status, DeliveryStatus::Success);
}

pub(crate) async fn a_lease_that_ended_can_be_claimed_again(world: World) {
    let (one, at) = queue(&world).await;
    world.post(&one, "order.placed", None).await;
    let first = world.claim(&at, 1).await.remove(0);
    world.pass(59);
    assert!(world.claim(&at, 1).await.is_empty());
    let now = world.now().after(Duration::from_secs(1));
    let found = see!(world, tx => tx.due_endpoints(now, None, 10).await);
    assert_eq!(found, [(at.clone(), now)]);
    world.pass(1);
    let again = world.claim(&at, 1).await.remove(0);
    assert_eq!((again.seq, again.attempts), (first.seq, 0), "nobody knows of an attempt");
    assert!(again.lease_until > first.lease_until);
}

pub(crate) async fn a_claim_takes_the_longest_due_first_and_no_more_than_asked(world: World) {
    let (one, at) = queue(&world).await;
    for _ in 0..5 {
        world.post(&one, "order.placed", None).await;
        world.pass(1);
    }
    let all: Vec<i64> = world.all(&at).await.iter().map(|delivery| delivery.seq).collect();
    let held = world.claim(&at, 2).await;
    assert_eq!(held.iter().map(|held| held.seq).collect::<Vec<_>>(), all[..2]);
    // The first is due again behind the others.
    assert!(world.settle(&at, left(&held[0], DeliveryStatus::Pending, Some(world.now()), world.now())).await);
    let rest: Vec<i64> = world.claim(&at, 10).await.iter().map(|held| held.seq).collect();
    assert_eq!(rest, [all[2], all[3], all[4], all[0]]);
}

pub(crate) async fn a_released_delivery_is_due_without_an_attempt(world: World) {
    let (one, at) = queue(&world).await;
    world.post(&one, "order.placed", None).await;
    let held = world.claim(&at, 1).await.remove(0);
    let (until, due) = (held.lease_until, world.now().after(Duration::from_secs(5)));
    assert!(run!(world, tx, at => tx.release(&at, held.seq, until, due).await));
    assert!(!run!(world, tx, at => tx.release(&at, held.seq, until, due).await), "given back once");
    assert!(!world.settle(&at, left(&held, DeliveryStatus::Success, None, world.now())).await, "no longer held");
    let after = world.delivery(&one, &held.id).await;
    assert_eq!((after.due, after.leased, after.attempts, after.attempts_total), (Some(due), false, 0, 0));
}

pub(crate) async fn a_retry_counts_attempts_anew(world: World) {
    let (one, at) = queue(&world).await;
    world.post(&one, "order.placed", None).await;
    let held = world.claim(&at, 1).await.remove(0);
    let (ctx, id) = (world.ctx(), held.id.clone());
    // While it is being attempted, a retry sends it once more: the answer under way no longer counts.
    run!(world, tx, ctx, one, id => delivery::retry(tx, &ctx, &one, &id).await);
    assert!(!world.settle(&at, left(&held, DeliveryStatus::Failed, None, world.now())).await);
    let held = world.claim(&at, 1).await.remove(0);
    assert_eq!((held.attempts, held.attempts_total), (0, 0));
    assert!(world.settle(&at, left(&held, DeliveryStatus::Failed, None, world.now())).await);
    let now = world.pass(100);
    let ctx = world.ctx();
    world.heard.take();
    let queued = run!(world, tx, ctx, one, id => delivery::retry(tx, &ctx, &one, &id).await);
    assert!(matches!(queued, delivery::Retried::Queued(_)));
    assert!(world.heard.take().iter().flatten().any(|effect| matches!(effect, Effect::Due(due) if *due == at)));
    let after = world.delivery(&one, &id).await;
    assert_eq!((after.status, after.due), (DeliveryStatus::Pending, Some(now)));
    assert_eq!((after.attempts, after.attempts_total, after.replay), (0, 1, false));
    let held = world.claim(&at, 1).await.remove(0);
    assert_eq!((held.attempts, held.attempts_total), (0, 1));
    assert!(world.settle(&at, left(&held, DeliveryStatus::Success, None, now)).await);
    assert_eq!(world.delivery(&one, &id).await.attempts_total, 2);
}

pub(crate) async fn one_delivery_can_be_held_before_it_is_due(world: World) {
    let (one, at) = queue(&world).await;
    world.post(&one, "order.placed", None).await;
    let held = world.claim(&at, 1).await.remove(0);
    let (seq, now, later) = (held.seq, world.now(), world.now().after(Duration::from_hours(1)));
    let until = now.after(Duration::from_secs(30));
    assert!(run!(world, tx, at => tx.claim_one(&at, seq, now, until).await).is_none(), "another holds it");
    assert!(world.settle(&at, left(&held, DeliveryStatus::Pending, Some(later), now)).await);
    let mine = run!(world, tx, at => tx.claim_one(&at, seq, now, until).await).expect("it is free");
    assert_eq!((mine.seq, mine.lease_until, mine.attempts), (seq, until, 1));
    assert!(world.settle(&at, left(&mine, DeliveryStatus::Success, None, now)).await);
    assert!(run!(world, tx, at => tx.claim_one(&at, seq, now, until).await).is_none(), "it has ended");
}

pub(crate) async fn a_lease_moves_only_while_it_is_held(world: World) {
    let (one, at) = queue(&world).await;
    world.post(&one, "order.placed", None).await;
    let held = world.claim(&at, 1).await.remove(0);
    let (seq, from, to) = (held.seq, held.lease_until, held.lease_until.after(Duration::from_mins(5)));
    assert!(run!(world, tx, at => tx.lease_move(&at, seq, from, to).await));
    assert!(!run!(world, tx, at => tx.lease_move(&at, seq, from, to).await), "the guard is the end of the lease");
    world.pass(120);
    assert!(world.claim(&at, 1).await.is_empty(), "still held");
    assert!(!world.settle(&at, left(&held, DeliveryStatus::Success, None, world.now())).await);
    let moved = delivery::Settlement { lease_until: to, ..left(&held, DeliveryStatus::Success, None, world.now()) };
    assert!(world.settle(&at, moved).await);
    assert!(!run!(world, tx, at => tx.lease_move(&at, seq, to, from).await));
}

pub(crate) async fn expired_leases_are_told(world: World) {
    let one = world.workspace("one").await;
    let pull = |config: &mut delivery::EndpointConfig| {
        config.kind = EndpointKind::Pull;
        config.url = None;
    };
    let at = world.endpoint(&one, pull).await.at.clone();
    for _ in 0..4 {
        world.post(&one, "order.placed", None).await;
    }
    let held = world.claim(&at, 3).await;
    let now = world.pass(59);
    assert!(run!(world, tx, at => tx.expired_leases(&at, now, 10).await).is_empty());
    let now = world.pass(1);
    let expired = run!(world, tx, at => tx.expired_leases(&at, now, 2).await);
    assert_eq!(expired.len(), 2, "no more than asked");
    assert_eq!(expired[0].lease_until, held[0].lease_until, "as they were held");
    assert!(world.settle(&at, left(&expired[0], DeliveryStatus::Failed, None, now)).await);
    assert_eq!(run!(world, tx, at => tx.expired_leases(&at, now, 10).await).len(), 2);
}

pub(crate) async fn only_approvals_are_exempt(world: World) {
    let (one, at) = queue(&world).await;
    for kind in ["order.placed", "approval.requested", "approval.decided", "approval.requested"] {
        world.post(&one, kind, None).await;
    }
    let now = world.now();
    let claim =
        Claim { at: at.clone(), now, lease_until: now.after(Duration::from_mins(1)), limit: 10, exempt_only: true };
    let held = run!(world, tx, claim => tx.claim(&claim).await);
    assert_eq!(held.len(), 2);
    assert!(held.iter().all(delivery::Claimed::is_exempt));
    assert!(run!(world, tx, claim => tx.claim(&claim).await).is_empty(), "held once");
    let (until, next) = (claim.lease_until, see!(world, tx, at => tx.next_due(&at, true).await));
    assert_eq!((next, next_due(&world, &at).await), (Some(until), Some(now)));
    assert_eq!(world.claim(&at, 10).await.len(), 2, "the others wait for an ordinary claim");
}

pub(crate) async fn endpoints_with_something_due_are_found_page_by_page(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let mut due = Vec::new();
    for number in 0..9 {
        let made = world.endpoint(if number % 2 == 0 { &one } else { &two }, |_| {}).await;
        due.push(made.at.clone());
    }
    // One is paused and one has nothing.
    let (ctx, paused) = (world.ctx(), due.remove(3));
    run!(world, tx, ctx, paused => {
        let before = tx.endpoint(&paused).await?.expect("an endpoint");
        delivery::update_endpoint(tx, &ctx, &before, before.config.clone(), EndpointStatus::Paused).await
    });
    world.post(&one, "order.placed", None).await;
    world.post(&two, "order.placed", None).await;
    let nothing = due.remove(5);
    let claimed = world.claim(&nothing, 1).await.remove(0);
    assert!(world.settle(&nothing, left(&claimed, DeliveryStatus::Success, None, world.now())).await);
    due.sort_by(|one, other| one.endpoint_id.cmp(&other.endpoint_id));
    let now = world.now();
    for limit in [1, 3, 100] {
        let (mut found, mut after) = (Vec::new(), None::<EndpointRef>);
        loop {
            let page = see!(world, tx, after => tx.due_endpoints(now, after.as_ref(), limit).await);
            after = page.last().map(|(at, _)| at.clone());
            found.extend(page.into_iter().map(|(at, due)| {
                assert_eq!(due, now);
                at
            }));
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, due, "pages of {limit}");
    }
    let before = now.before(Duration::from_secs(1));
    assert!(see!(world, tx => tx.due_endpoints(before, None, 100).await).is_empty());
}

pub(crate) async fn the_backlog_is_counted_by_age_up_to_a_bound(world: World) {
    let one = world.workspace("one").await;
    let first = world.endpoint(&one, |_| {}).await.at.clone();
    let oldest = world.now();
    for (count, seconds) in [(1, 3_600), (2, 600), (3, 120), (4, 30)] {
        for _ in 0..count {
            world.post(&one, "order.placed", None).await;
        }
        // What a second endpoint is owed counts too, from when it is there.
        if count == 2 {
            world.endpoint(&one, |_| {}).await;
        }
        world.pass(seconds);
    }
    let count = async |limit: u32| {
        let now = world.now();
        see!(world, tx => tx.backlog(now, limit).await)
    };
    let all = count(1_000).await;
    assert_eq!((all.counts, all.oldest.map(bellwire_wire::Timestamp::seconds)), ([8, 6, 2, 1], Some(oldest.seconds())));
    let few = count(5).await;
    assert_eq!(few.counts.iter().sum::<u64>(), 5);
    assert_eq!(few.oldest, all.oldest, "the oldest is found whatever the bound");
    world.claim(&first, 3).await;
    let rest = count(1_000).await;
    assert_eq!(rest.counts, [8, 6, 0, 0], "what is held waits no longer");
}

pub(crate) async fn the_deliveries_of_a_key_go_one_after_the_other(world: World) {
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |config| config.ordered = true).await.at.clone();
    for within in ["a", "a", "b", "a"] {
        world.post(&one, "order.placed", Some(within)).await;
        world.pass(1);
    }
    let all = world.all(&at).await;
    let parked: Vec<bool> = all.iter().map(|delivery| delivery.due == Some(PARKED)).collect();
    assert_eq!(parked, [false, true, false, true]);
    for (key, busy) in [("a", true), ("b", true), ("c", false)] {
        assert_eq!(run!(world, tx, at => tx.key_busy(&at, key).await), busy);
    }
    let now = world.now();
    assert!(!run!(world, tx, at => tx.key_promote(&at, "a", now).await), "the first is due already");
    let held = world.claim(&at, 10).await;
    assert_eq!(held.iter().map(|held| held.seq).collect::<Vec<_>>(), [all[0].seq, all[2].seq]);
    assert!(world.settle(&at, left(&held[0], DeliveryStatus::Success, None, now)).await);
    assert!(run!(world, tx, at => tx.key_promote(&at, "a", now).await));
    assert!(!run!(world, tx, at => tx.key_promote(&at, "a", now).await));
    let held = world.claim(&at, 10).await;
    assert_eq!(held.iter().map(|held| held.seq).collect::<Vec<_>>(), [all[1].seq]);
}

pub(crate) async fn a_delivery_handed_over_in_memory_is_leased_on_disk(world: World) {
    let (one, at) = queue(&world).await;
    world.heard.lends.store(true, Ordering::Release);
    world.heard.take();
    world.post(&one, "order.placed", None).await;
    let heard: Vec<Effect> = world.heard.take().into_iter().flatten().collect();
    let claimed = heard
        .into_iter()
        .find_map(|effect| match effect {
            Effect::Leased(claimed) => Some(claimed),
            _ => None,
        })
        .expect("handed over");
    let row = world.delivery(&one, &claimed.id).await;
    assert_eq!((row.seq, row.due, row.leased), (claimed.seq, Some(claimed.lease_until), true));
    assert!(world.claim(&at, 10).await.is_empty());
    assert!(world.settle(&at, left(&claimed, DeliveryStatus::Success, None, world.now())).await);
    drop(claimed);
    assert_eq!(world.heard.places(), 0);
    // If its node dies, the lease ends and another takes it.
    world.post(&one, "order.placed", None).await;
    world.pass(3_600);
    assert_eq!(world.claim(&at, 10).await.len(), 1);
}
