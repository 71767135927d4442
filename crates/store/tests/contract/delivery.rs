//! Endpoints, deliveries as read, attempts, and who sees them.
use std::{collections::BTreeMap, time::Duration};

use bellwire_domain::{
    PageQuery,
    delivery::{
        self, AttemptRecord, Delivery, DeliveryFilter, DeliveryStatus, EndpointRef, Health, Hour, RetryPolicy,
        Rows as _, Standing, Timing,
    },
};
use bellwire_wire::{AttemptId, Timestamp, WorkspaceId};

use super::{
    START, World,
    world::{left, namespace},
};

pub(crate) async fn an_endpoint_comes_back_as_it_went_in(world: World) {
    let one = world.workspace("one").await;
    let made = world
        .endpoint(&one, |config| {
            config.events = vec!["order.*".parse().expect("a pattern"), "basket.left".parse().expect("a pattern")];
            config.namespace = Some(namespace("acme"));
            config.filter = Some("event.data.n > 0".parse().expect("a filter"));
            config.retry = RetryPolicy { preset: None, schedule: vec![1, 2, 3], jitter: true };
            config.headers = BTreeMap::from([("x-token".into(), "secret \u{e9}".into())]);
            config.rate_limit = Some(7);
            config.ordered = true;
            config.description = Some("d".into());
            config.metadata.insert("k".into(), serde_json::json!([1, null]));
        })
        .await;
    let at = made.at.clone();
    // From a snapshot, from the writer, and from the writer's cache.
    for found in [
        see!(world, tx, at => tx.endpoint(&at).await),
        run!(world, tx, at => tx.endpoint(&at).await),
        run!(world, tx, at => tx.endpoint(&at).await),
    ] {
        assert_eq!(format!("{:?}", found.expect("an endpoint")), format!("{made:?}"));
    }
    let ctx = world.ctx();
    let rotated = run!(world, tx, ctx, made => delivery::rotate_secret(tx, &ctx, &made, Duration::from_hours(1)).await);
    let found = run!(world, tx, at => tx.endpoint(&at).await).expect("an endpoint");
    assert_eq!((found.version, found.secrets.len()), (2, 2));
    for (found, wanted) in found.secrets.iter().zip(&rotated.secrets) {
        assert_eq!(found.secret.as_str(), wanted.secret.as_str());
        assert_eq!(found.expires_at, wanted.expires_at);
    }
    assert_eq!(found.secrets[1].secret.as_str(), made.secrets[0].secret.as_str());
}

pub(crate) async fn endpoints_are_paged_and_listed_by_namespace(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let mut of_one = Vec::new();
    for number in 0..13 {
        let within = [None, Some("acme"), Some("beta")][number % 3];
        let workspace = if number % 5 == 4 { &two } else { &one };
        let made = world.endpoint(workspace, |config| config.namespace = within.map(namespace)).await;
        if number % 5 != 4 {
            of_one.push((within, made.at.clone()));
        }
    }
    for within in [None, Some("acme")] {
        let wanted: Vec<&EndpointRef> =
            of_one.iter().rev().filter(|(bound, _)| within.is_none() || *bound == within).map(|(_, at)| at).collect();
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let (query, within) = (PageQuery { before, limit: 2 }, within.map(namespace));
            let page = see!(world, tx, one, within => tx.endpoints(&one, within.as_ref(), query).await);
            found.extend(page.items.iter().map(|endpoint| endpoint.at.clone()));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
    }
    let acme = namespace("acme");
    assert_eq!(see!(world, tx, one, acme => tx.endpoints_of(&one, &acme).await).len(), 3);
    let ctx = world.ctx();
    let gone = run!(world, tx, ctx, one, acme => delivery::delete_endpoints_of(tx, &ctx, &one, &acme).await);
    assert_eq!(gone, 3);
    assert!(see!(world, tx, one, acme => tx.endpoints_of(&one, &acme).await).is_empty());
}

pub(crate) async fn health_and_hours_are_kept_and_added_up(world: World) {
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |_| {}).await.at.clone();
    assert_eq!(see!(world, tx, at => tx.health(&at).await), Health::default());
    let now = world.now();
    for health in [
        Health {
            failures: 12,
            failing_since: Some(now),
            open_until: Some(world.pass(9)),
            opened: 3,
            ..Health::default()
        },
        Health { last_success_at: Some(now), last_failure_at: Some(START), ..Health::default() },
    ] {
        run!(world, tx, at => tx.health_put(&at, &health).await);
        assert_eq!(see!(world, tx, at => tx.health(&at).await), health);
    }
    let hour = |number: i64, succeeded: u64| {
        let mut latency = [0; 16];
        latency[usize::try_from(number).expect("small")] = succeeded;
        Hour { at: Timestamp::from_seconds(number * 3_600), succeeded, failed: 1, dead: 2, latency }
    };
    for added in [hour(2, 5), hour(1, 1), hour(2, 7), hour(3, 0)] {
        run!(world, tx, at, added => tx.hour_add(&at, &added).await);
    }
    let since = Timestamp::from_seconds(2 * 3_600);
    let found = see!(world, tx, at => tx.hours(&at, since).await);
    let sum = Hour { failed: 2, dead: 4, ..hour(2, 12) };
    assert_eq!(found, [sum, hour(3, 0)], "oldest first, the first hour included");
}

/// Deliveries of three endpoints of a workspace in every state, one a second, beside another's.
async fn many(world: &World, one: &WorkspaceId) -> (Vec<EndpointRef>, Vec<Delivery>) {
    let two = world.workspace("two").await;
    world.endpoint(&two, |_| {}).await;
    let mut endpoints = Vec::new();
    for _ in 0..3 {
        endpoints.push(world.endpoint(one, |_| {}).await.at.clone());
    }
    for number in 0..12 {
        world.pass(1);
        world.post(one, "order.placed", [None, Some("acme"), Some("beta")][number % 3]).await;
        world.post(&two, "order.placed", Some("acme")).await;
        let now = world.now();
        for (index, at) in endpoints.iter().enumerate() {
            let claimed = world.claim(at, 1).await.remove(0);
            let settlement = match (number + index) % 4 {
                0 => left(&claimed, DeliveryStatus::Success, None, now),
                1 => left(&claimed, DeliveryStatus::Failed, None, now),
                2 => left(&claimed, DeliveryStatus::Pending, Some(now.after(Duration::from_hours(1))), now),
                // Stays held.
                _ => continue,
            };
            assert!(world.settle(at, settlement).await);
        }
    }
    let mut all = Vec::new();
    for at in &endpoints {
        all.extend(world.all(at).await);
    }
    all.sort_by_key(|delivery| delivery.seq);
    (endpoints, all)
}

fn filters(endpoints: &[EndpointRef]) -> Vec<DeliveryFilter> {
    let at = |seconds: i64| Timestamp::from_seconds(START.seconds() + seconds);
    let mut filters = Vec::new();
    for endpoint in [None, Some(&endpoints[0]), Some(&endpoints[2])] {
        for status in [None, Some(DeliveryStatus::Pending), Some(DeliveryStatus::Success), Some(DeliveryStatus::Failed)]
        {
            for (since, until) in [(None, None), (Some(4), None), (None, Some(9)), (Some(3), Some(8)), (Some(99), None)]
            {
                for within in [None, Some("acme"), Some("nobody")] {
                    filters.push(DeliveryFilter {
                        endpoint: endpoint.cloned(),
                        status,
                        since: since.map(at),
                        until: until.map(at),
                        namespace: within.map(namespace),
                        ..DeliveryFilter::default()
                    });
                }
            }
        }
    }
    filters
}

/// Counts and pages say what a count by hand over `all` says.
async fn check(world: &World, one: &WorkspaceId, all: &[Delivery], filters: Vec<DeliveryFilter>) {
    for filter in filters {
        let takes = |delivery: &&Delivery| {
            filter.endpoint.as_ref().is_none_or(|at| *at == delivery.at)
                && filter.status.is_none_or(|status| status == delivery.status)
                && filter.since.is_none_or(|since| delivery.seq > since.micros())
                && filter.until.is_none_or(|until| delivery.seq <= until.micros())
                && (filter.namespace.is_none() || filter.namespace == delivery.namespace)
        };
        let wanted: Vec<i64> = all.iter().rev().filter(takes).map(|delivery| delivery.seq).collect();
        let count = see!(world, tx, one, filter => tx.delivery_count(&one, &filter, 1_000).await);
        assert_eq!(count, Some(wanted.len() as u64), "the count of {filter:?}");
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let query = PageQuery { before, limit: 4 };
            let page = see!(world, tx, one, filter => tx.deliveries(&one, &filter, query).await);
            found.extend(page.items.iter().map(|delivery| delivery.seq));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted, "the pages of {filter:?}");
    }
}

pub(crate) async fn counts_and_pages_equal_a_count_by_hand(world: World) {
    let one = world.workspace("one").await;
    let (endpoints, all) = many(&world, &one).await;
    assert_eq!(all.len(), 36);
    check(&world, &one, &all, filters(&endpoints)).await;
}

pub(crate) async fn an_overview_adds_up_minutes_and_counts_what_is_owed_and_dead(world: World) {
    let one = world.workspace("one").await;
    let (endpoints, all) = many(&world, &one).await;
    let acme = world.endpoint(&one, |config| config.namespace = Some(namespace("acme"))).await.at.clone();
    let minute = |number: i64, succeeded: u64| {
        let mut latency = [0; 16];
        latency[usize::try_from(number).expect("small")] = succeeded;
        Hour { at: Timestamp::from_seconds(number * 60), succeeded, failed: 1, dead: 0, latency }
    };
    for added in [
        vec![(endpoints[0].clone(), minute(1, 1)), (endpoints[0].clone(), minute(2, 5)), (acme.clone(), minute(2, 7))],
        vec![(endpoints[1].clone(), minute(2, 3)), (endpoints[0].clone(), minute(2, 2)), (acme.clone(), minute(15, 4))],
    ] {
        run!(world, tx, added => tx.minutes_add(&added).await);
    }
    let (within, since) = (namespace("acme"), Timestamp::from_seconds(120));
    let found = see!(world, tx, one => tx.minutes(&one, None, since).await);
    assert_eq!(found, [Hour { failed: 4, ..minute(2, 17) }, minute(15, 4)], "those before are left out");
    let found = see!(world, tx, one, within => tx.minutes(&one, Some(&within), since).await);
    assert_eq!(found, [minute(2, 7), minute(15, 4)]);
    let count = |status| all.iter().filter(|delivery| delivery.status == status).count() as u64;
    let wanted = Standing { owed: count(DeliveryStatus::Pending), dead: count(DeliveryStatus::Failed) };
    assert_eq!(see!(world, tx, one => tx.standing(&one, None, 1_000).await), wanted);
    assert_eq!(see!(world, tx, one => tx.standing(&one, None, 2).await), Standing { owed: 2, dead: 2 });
    assert_eq!(see!(world, tx, one, within => tx.standing(&one, Some(&within), 9).await), Standing::default());
    let (now, later) = (world.now(), world.now().after(Duration::from_mins(1)));
    let open = Health { open_until: Some(later), ..Health::default() };
    let (first, second) = (endpoints[0].clone(), endpoints[1].clone());
    run!(world, tx, first => tx.health_put(&first, &open).await);
    let over = Health { open_until: Some(now), ..Health::default() };
    run!(world, tx, second => tx.health_put(&second, &over).await);
    assert_eq!(see!(world, tx, one => tx.circuits(&one, None, now, 9).await), [(first.clone(), later)]);
    assert!(see!(world, tx, one, within => tx.circuits(&one, Some(&within), now, 9).await).is_empty());
    let foreign = world.workspace("three").await;
    assert!(see!(world, tx, foreign => tx.minutes(&foreign, None, since).await).is_empty());
    assert_eq!(see!(world, tx, foreign => tx.standing(&foreign, None, 9).await), Standing::default());
    assert!(see!(world, tx, foreign => tx.circuits(&foreign, None, now, 9).await).is_empty());
    run!(world, tx, first, now => tx.endpoint_delete(&first, now).await);
    assert_eq!(see!(world, tx, one => tx.minutes(&one, None, since).await).len(), 2);
    let before = Timestamp::from_seconds(150);
    assert_eq!(run!(world, tx => tx.minutes_sweep(before, 2).await), 2);
    assert_eq!(run!(world, tx => tx.minutes_sweep(before, 9).await), 2);
    assert_eq!(run!(world, tx => tx.minutes_sweep(before, 9).await), 0);
    assert_eq!(see!(world, tx, one => tx.minutes(&one, None, Timestamp::EPOCH).await), [minute(15, 4)]);
}

pub(crate) fn record(world: &World, number: u32) -> AttemptRecord {
    AttemptRecord {
        id: AttemptId::from_ulid(world.mint.ulid()),
        number,
        at: world.now(),
        timing: Timing { dns_us: Some(1), connect_us: None, first_byte_us: Some(u32::MAX), total_us: 7 },
        remote: Some("192.0.2.1:443".into()),
        status_code: Some(503),
        response_headers: vec![("a".into(), "b".into()), ("a".into(), "c".into())],
        response_body: Some("busy \u{1f600}".into()),
        error: Some("status 503".into()),
        request_headers: vec![("webhook-id".into(), "x".into())],
        endpoint_version: Some(1),
    }
}

pub(crate) async fn attempts_are_numbered_by_the_store_and_come_back_whole(world: World) {
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |_| {}).await.at.clone();
    world.post(&one, "order.placed", None).await;
    let seq = world.all(&at).await[0].seq;
    // Two nodes that attempted at once both say that theirs was the first.
    for _ in 0..2 {
        let attempt = record(&world, 1);
        run!(world, tx, attempt => tx.attempt_insert(seq, &attempt).await);
    }
    let found = see!(world, tx => tx.attempts(seq).await);
    assert_eq!(found.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
    let wanted = AttemptRecord { id: found[0].id.clone(), ..record(&world, 1) };
    assert_eq!(format!("{:?}", found[0]), format!("{wanted:?}"));
}

pub(crate) async fn a_deleted_endpoint_is_invisible_at_once(world: World) {
    let one = world.workspace("one").await;
    let (endpoints, mut all) = many(&world, &one).await;
    let (ctx, gone) = (world.ctx(), endpoints[0].clone());
    let event = all[0].event_id.clone();
    let id = all.iter().find(|delivery| delivery.at == gone).expect("one").id.clone();
    run!(world, tx, ctx, gone => delivery::delete_endpoint(tx, &ctx, &gone).await);
    all.retain(|delivery| delivery.at != gone);
    check(&world, &one, &all, filters(&endpoints)).await;
    assert!(see!(world, tx, gone => tx.endpoint(&gone).await).is_none());
    assert!(run!(world, tx, gone => tx.endpoint(&gone).await).is_none());
    assert!(see!(world, tx, one, id => tx.delivery(&one, &id).await).is_none());
    assert_eq!(see!(world, tx, one, event => tx.deliveries_of(&one, &event).await).len(), 2);
    assert!(world.claim(&gone, 10).await.is_empty());
    let later = world.pass(7_200);
    let due = see!(world, tx => tx.due_endpoints(later, None, 10).await);
    assert!(!due.iter().any(|(at, _)| *at == gone));
    assert_eq!(world.post(&one, "order.placed", None).await.deliveries, 2);
    // The sweep takes what is left, a few rows at a time, and nothing else.
    let mut rounds = 0;
    while run!(world, tx => tx.sweep(Timestamp::EPOCH, 5).await) > 0 {
        rounds += 1;
        assert!(rounds < 50, "it comes to an end");
    }
    assert!(world.all(&gone).await.is_empty());
    for at in &endpoints[1..] {
        assert_eq!(world.all(at).await.len(), 13);
    }
}

pub(crate) async fn another_workspace_sees_nothing_of_an_endpoint_or_its_deliveries(world: World) {
    let one = world.workspace("one").await;
    let (endpoints, all) = many(&world, &one).await;
    let foreign = world.workspace("three").await;
    let at = EndpointRef { workspace_id: foreign.clone(), ..endpoints[0].clone() };
    let mine = endpoints[0].clone();
    let (id, event, event_seq) = (all[0].id.clone(), all[0].event_id.clone(), all[0].event_seq);
    run!(world, tx, mine => {
        tx.health_put(&mine, &Health { failures: 3, ..Health::default() }).await?;
        tx.hour_add(&mine, &Hour { succeeded: 1, ..Hour::default() }).await
    });
    let query = PageQuery { before: None, limit: 10 };
    // Also when the writer has the endpoint in its cache.
    run!(world, tx, mine => tx.endpoint(&mine).await).expect("an endpoint");
    assert!(run!(world, tx, at => tx.endpoint(&at).await).is_none());
    assert!(see!(world, tx, at => tx.endpoint(&at).await).is_none());
    assert!(see!(world, tx, foreign => tx.endpoints(&foreign, None, query).await).items.is_empty());
    assert_eq!(see!(world, tx, at => tx.health(&at).await), Health::default());
    assert!(see!(world, tx, at => tx.hours(&at, Timestamp::EPOCH).await).is_empty());
    assert!(see!(world, tx, at => tx.next_due(&at, false).await).is_none());
    assert!(see!(world, tx, foreign, id => tx.delivery(&foreign, &id).await).is_none());
    assert!(see!(world, tx, foreign, event => tx.deliveries_of(&foreign, &event).await).is_empty());
    assert!(see!(world, tx, at => tx.delivery_of(&at, event_seq).await).is_none());
    assert!(world.all(&at).await.is_empty());
    assert!(see!(world, tx, at => tx.jobs(&at, query).await).items.is_empty());
    for endpoint in [None, Some(at.clone()), Some(mine.clone())] {
        for status in [None, Some(DeliveryStatus::Pending), Some(DeliveryStatus::Success), Some(DeliveryStatus::Failed)]
        {
            let filter = DeliveryFilter { endpoint: endpoint.clone(), status, ..DeliveryFilter::default() };
            let page = see!(world, tx, foreign, filter => tx.deliveries(&foreign, &filter, query).await);
            assert!(page.items.is_empty(), "{filter:?}");
            assert_eq!(
                see!(world, tx, foreign, filter => tx.delivery_count(&foreign, &filter, 1_000).await),
                Some(0),
                "{filter:?}"
            );
        }
    }
    // Nor does it change anything.
    let (now, held) = (world.pass(7_200), all.iter().find(|delivery| delivery.leased).expect("one").clone());
    let until = held.due.expect("a lease");
    assert!(world.claim(&at, 10).await.is_empty());
    assert!(run!(world, tx, at => tx.expired_leases(&at, now, 10).await).is_empty());
    assert!(!run!(world, tx, at => tx.release(&at, held.seq, until, now).await));
    assert!(!run!(world, tx, at => tx.lease_move(&at, held.seq, until, now).await));
    assert!(run!(world, tx, at => tx.claim_one(&at, held.seq, now, now).await).is_none());
    run!(world, tx, at => tx.requeue(&at, held.seq, now, true).await);
    run!(world, tx, at => tx.endpoint_delete(&at, now).await);
    let ctx = world.ctx();
    assert!(matches!(
        run!(world, tx, ctx, foreign, id => delivery::retry(tx, &ctx, &foreign, &id).await),
        delivery::Retried::Unknown
    ));
    let mut after = Vec::new();
    for at in &endpoints {
        after.extend(world.all(at).await);
    }
    after.sort_by_key(|delivery| delivery.seq);
    assert_eq!(format!("{after:?}"), format!("{all:?}"));
}
