//! Deliveries listed and counted: what a page holds, where it ends, and what is counted for it.
use bellwire_domain::{
    PageQuery,
    delivery::{Delivery, DeliveryFilter, DeliveryStatus, Rows as _},
    event::{self, EventFilter},
};
use bellwire_wire::WorkspaceId;

use super::{
    World,
    world::{left, namespace, new_event},
};

/// All pages of a filter, and how many pages that were.
async fn pages(world: &World, one: &WorkspaceId, filter: &DeliveryFilter, limit: u32) -> (Vec<i64>, usize) {
    let (mut found, mut before, mut count) = (Vec::new(), None, 0);
    loop {
        let query = PageQuery { before, limit };
        let page = see!(world, tx, one, filter => tx.deliveries(&one, &filter, query).await);
        found.extend(page.items.iter().map(|delivery| delivery.seq));
        (before, count) = (page.next, count + 1);
        if before.is_none() {
            return (found, count);
        }
    }
}

pub(crate) async fn deliveries_are_found_by_type_by_how_an_id_begins_and_by_their_tenant(world: World) {
    let one = world.workspace("one").await;
    let (acme, beta) = (Some(namespace("acme")), Some(namespace("beta")));
    for of in [None, acme.clone(), acme.clone(), beta.clone()] {
        world.endpoint(&one, |config| config.namespace = of).await;
    }
    for number in 0..24 {
        world.pass(1);
        let within = [None, Some("acme"), Some("beta")][number % 3];
        world.post(&one, ["order.paid", "order.sent", "basket.left", "x.y"][number % 4], within).await;
    }
    let mut all = Vec::new();
    for endpoint in see!(world, tx, one => tx.endpoints(&one, None, PageQuery { before: None, limit: 9 }).await).items {
        let bound = endpoint.config.namespace.clone();
        all.extend(world.all(&endpoint.at).await.into_iter().map(|delivery| (bound.clone(), delivery)));
    }
    all.sort_by_key(|(_, delivery)| std::cmp::Reverse(delivery.seq));
    let family = || EventFilter { types: vec!["x.y".into()], families: vec!["order".into()], ..Default::default() };
    let id = all[7].1.id.as_str().to_owned();
    let event = all[9].1.event_id.as_str().to_owned();
    let begins = [Some(id.clone()), Some(id[..id.len() - 1].to_owned()), Some(event), Some("dlv_".into()), None];
    for endpoints_of in [None, acme.clone(), Some(namespace("nobody"))] {
        for kinds in [EventFilter::default(), family()] {
            for prefix in begins.clone() {
                let filter = DeliveryFilter {
                    endpoints_of: endpoints_of.clone(),
                    namespace: endpoints_of.clone(),
                    kinds: kinds.clone(),
                    prefix,
                    ..DeliveryFilter::default()
                };
                let of = |(bound, delivery): &&(_, Delivery)| {
                    filter.takes(delivery) && (endpoints_of.is_none() || *bound == endpoints_of)
                };
                let wanted: Vec<i64> = all.iter().filter(of).map(|(_, delivery)| delivery.seq).collect();
                assert_eq!(pages(&world, &one, &filter, 3).await.0, wanted, "{filter:?}");
                let count = see!(world, tx, one, filter => tx.delivery_count(&one, &filter, 1_000).await);
                let known = filter.prefix.is_none() && kinds.takes_all();
                assert_eq!(count, known.then_some(wanted.len() as u64), "{filter:?}");
            }
        }
    }
}

pub(crate) async fn of_many_endpoints_pages_are_whole_and_nothing_is_counted(world: World) {
    let one = world.workspace("one").await;
    let acme = Some(namespace("acme"));
    let mut endpoints = Vec::new();
    for number in 0..103 {
        let of = acme.clone().filter(|_| number > 0);
        endpoints.push(world.endpoint(&one, |config| config.namespace = of).await.at.clone());
    }
    for _ in 0..2 {
        world.pass(1);
        world.post(&one, "order.placed", Some("acme")).await;
    }
    let now = world.now();
    for at in &endpoints[..2] {
        let claimed = world.claim(at, 1).await.remove(0);
        assert!(world.settle(at, left(&claimed, DeliveryStatus::Failed, None, now)).await);
    }
    let wanted = async |bound: bool, status: Option<DeliveryStatus>| {
        let filter = DeliveryFilter { endpoints_of: acme.clone().filter(|_| bound), status, ..Default::default() };
        let count = see!(world, tx, one, filter => tx.delivery_count(&one, &filter, 1_000).await);
        (pages(&world, &one, &filter, 50).await.0.len(), count)
    };
    assert_eq!(wanted(false, None).await, (206, None));
    assert_eq!(wanted(true, None).await, (204, None), "those of other endpoints are not seen");
    assert_eq!(wanted(false, Some(DeliveryStatus::Failed)).await, (2, None));
    assert_eq!(wanted(true, Some(DeliveryStatus::Failed)).await, (1, None));
    for gone in &endpoints[1..3] {
        run!(world, tx, gone, now => tx.endpoint_delete(&gone, now).await);
    }
    assert_eq!(wanted(false, None).await, (202, None), "nor those of deleted ones");
    assert_eq!(wanted(false, Some(DeliveryStatus::Failed)).await, (1, None));
    assert_eq!(wanted(true, None).await, (200, Some(200)), "a hundred are counted");
    assert_eq!(wanted(true, Some(DeliveryStatus::Success)).await, (0, Some(0)));
    let filter = DeliveryFilter { endpoints_of: acme, ..Default::default() };
    assert_eq!(see!(world, tx, one, filter => tx.delivery_count(&one, &filter, 200).await), Some(200));
    for status in [None, Some(DeliveryStatus::Pending), Some(DeliveryStatus::Success)] {
        let filter = DeliveryFilter { status, ..filter.clone() };
        assert_eq!(see!(world, tx, one, filter => tx.delivery_count(&one, &filter, 199).await), None, "{status:?}");
    }
}

pub(crate) async fn a_page_ends_where_its_look_does_and_the_next_goes_on_there(world: World) {
    let one = world.workspace("one").await;
    for _ in 0..3 {
        world.endpoint(&one, |_| {}).await;
    }
    world.post(&one, "rare.one", None).await;
    let (ctx, of) = (world.ctx(), one.clone());
    run!(world, tx, ctx, of => {
        for _ in 0..7_500 {
            event::append(tx, &ctx, new_event(&of, "order.paid", None)).await?;
        }
        Ok(())
    });
    let filter = DeliveryFilter {
        kinds: EventFilter { types: vec!["rare.one".into()], ..Default::default() },
        ..DeliveryFilter::default()
    };
    // Endpoint by endpoint; and with more of them than are looked at so.
    for endpoints in [3, 103] {
        let (found, pages) = pages(&world, &one, &filter, 50).await;
        assert_eq!(found.len(), 3, "{endpoints} endpoints");
        assert!(pages > 1, "{endpoints} endpoints: {pages} pages");
        for _ in 0..100 {
            world.endpoint(&one, |_| {}).await;
        }
    }
}
