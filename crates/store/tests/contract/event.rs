//! Events and custom types.
use std::sync::Arc;

use bellwire_domain::{
    Ctx, Origin, PageQuery,
    event::{self, DataSchema, EventFilter, NewEvent, Rows as _},
};
use bellwire_wire::{EventId, EventType, RequestId, Timestamp, WorkspaceId};

use super::{
    START, World,
    world::{namespace, new_event},
};

pub(crate) async fn seq_rises_in_commit_order_even_when_the_clock_steps_back(world: World) {
    let one = world.workspace("one").await;
    let mut last = 0;
    for seconds in [10, 10, 0, -3_600, 20] {
        world.set(Timestamp::from_seconds(START.seconds() + seconds));
        let stored = world.post(&one, "order.placed", None).await;
        assert!(stored.seq > last, "{} after {last}", stored.seq);
        last = stored.seq;
    }
    assert_eq!(see!(world, tx, one => tx.event_newest(&one).await), last);
    let two = world.workspace("two").await;
    assert_eq!(see!(world, tx, two => tx.event_newest(&two).await), 0);
}

pub(crate) async fn an_event_comes_back_as_it_went_in(world: World) {
    let one = world.workspace("one").await;
    let data = r#"{"b":1.10, "a":"\u00e9\ud83d\ude00","n":123456789012345678901234567890}"#;
    let new = NewEvent {
        id: Some("my_Id-1".parse().expect("an id")),
        kind: "order.placed".parse().expect("a type"),
        workspace_id: one.clone(),
        namespace: Some(namespace("acme")),
        timestamp: Some(Timestamp::from_micros(1_600_000_000_123_456)),
        source: Some("reporter".into()),
        data: serde_json::value::RawValue::from_string(data.into()).expect("JSON"),
    };
    let origin = Origin {
        request_id: Some(RequestId::from_ulid(world.mint.ulid())),
        traceparent: Some("00-1-2-01".into()),
        via: None,
    };
    let ctx = Ctx { origin, ..world.ctx() };
    run!(world, tx, ctx, new => event::append(tx, &ctx, new).await);
    let id = EventId::from_stored("my_Id-1");
    let stored = see!(world, tx, one, id => tx.event(&one, &id).await).expect("an event");
    assert_eq!(stored.event.data.get(), data, "the bytes stay as they are");
    assert_eq!(stored.event.kind.as_str(), "order.placed");
    assert_eq!(stored.event.namespace, Some(namespace("acme")));
    assert_eq!(stored.event.timestamp.micros(), 1_600_000_000_123_456);
    assert_eq!(stored.event.source.as_deref(), Some("reporter"));
    assert_eq!(stored.event.workspace_id, one);
    assert_eq!(stored.deliveries, 0);
}

/// Forty events of two workspaces, three types, two namespaces and none; one a second.
async fn many(world: &World) -> (WorkspaceId, WorkspaceId, Vec<event::StoredEvent>) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let mut of_one = Vec::new();
    for number in 0..40 {
        world.pass(1);
        let kind = ["order.placed", "order.paid", "basket.left"][number % 3];
        let within = [None, Some("acme"), Some("beta")][number / 3 % 3];
        if number % 8 == 7 {
            world.post(&two, kind, within).await;
        } else {
            of_one.push(world.post(&one, kind, within).await);
        }
    }
    (one, two, of_one)
}

fn filters() -> Vec<EventFilter> {
    let mut filters = Vec::new();
    for (types, families) in
        [(&[][..], &[][..]), (&["order.paid"], &[]), (&[], &["order"]), (&["order.paid"], &["basket"]), (&["x.y"], &[])]
    {
        for within in [None, Some("acme"), Some("nobody")] {
            for (since, until) in
                [(None, None), (Some(9), None), (None, Some(21)), (Some(5), Some(30)), (Some(50), None)]
            {
                let at = |seconds: i64| Timestamp::from_seconds(START.seconds() + seconds);
                filters.push(EventFilter {
                    types: types.iter().map(|text: &&str| (*text).to_owned()).collect(),
                    families: families.iter().map(|text: &&str| (*text).to_owned()).collect(),
                    namespace: within.map(namespace),
                    since: since.map(at),
                    until: until.map(at),
                    text: None,
                });
            }
        }
    }
    filters
}

/// What a filter says, by hand.
fn takes(filter: &EventFilter, stored: &event::StoredEvent) -> bool {
    let kind = stored.event.kind.as_str();
    let named = filter.types.iter().any(|wanted| wanted == kind)
        || filter.families.iter().any(|family| kind.starts_with(&format!("{family}.")));
    (named || filter.types.is_empty() && filter.families.is_empty())
        && (filter.namespace.is_none() || filter.namespace == stored.event.namespace)
        && filter.since.is_none_or(|since| stored.seq > since.micros())
        && filter.until.is_none_or(|until| stored.seq <= until.micros())
}

pub(crate) async fn alerts_are_found_among_other_events(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    for number in 0..40 {
        world.pass(1);
        let kind = ["order.paid", "budget.exhausted", "wallet.updated", "spend.spike"][number % 4];
        world.post(if number % 5 == 0 { &two } else { &one }, kind, [None, Some("acme")][number / 4 % 2]).await;
    }
    let all =
        see!(world, tx, one => tx.events(&one, &EventFilter::default(), PageQuery { before: None, limit: 99 }).await);
    let wanted = |within: Option<&str>| -> Vec<i64> {
        let alert = |stored: &&event::StoredEvent| {
            ["budget.exhausted", "spend.spike"].contains(&stored.event.kind.as_str())
                && within.is_none_or(|within| stored.event.namespace == Some(namespace(within)))
        };
        all.items.iter().filter(alert).take(6).map(|stored| stored.seq).collect()
    };
    for within in [None, Some("acme"), Some("nobody")] {
        let of = within.map(namespace);
        let found = see!(world, tx, one, of => tx.alerts(&one, of.as_ref(), 6).await);
        assert_eq!(found.iter().map(|stored| stored.seq).collect::<Vec<_>>(), wanted(within), "{within:?}");
    }
}

pub(crate) async fn a_text_is_found_in_whatever_case_and_a_look_has_an_end(world: World) {
    let one = world.workspace("one").await;
    let post = async |kind: &str, text: &str| {
        world.pass(1);
        let mut new = new_event(&one, kind, None);
        new.data = serde_json::value::to_raw_value(&serde_json::json!({"text": text})).expect("JSON");
        let ctx = world.ctx();
        run!(world, tx, ctx, new => event::append(tx, &ctx, new).await).event
    };
    let (first, second) = (post("order.paid", "A \u{c9}t\u{e9} in Paris").await, post("order.kept", "PARIS").await);
    let page = async |text: &str, types: Vec<String>, before| {
        let filter = EventFilter { text: Some(text.into()), types, ..EventFilter::default() };
        see!(world, tx, one, filter => tx.events(&one, &filter, PageQuery { before, limit: 50 }).await)
    };
    let found = page("paris", Vec::new(), None).await;
    let ids: Vec<_> = found.items.iter().map(|stored| stored.event.id.clone()).collect();
    assert_eq!((ids, found.next), (vec![second.id.clone(), first.id.clone()], None));
    assert_eq!(page("paris", vec!["order.paid".into()], None).await.items.len(), 1);
    assert_eq!(page("\u{e9}t\u{e9}", Vec::new(), None).await.items.len(), 1);
    assert_eq!(page(&first.id.as_str().to_lowercase(), Vec::new(), None).await.items.len(), 1);
    let (ctx, of) = (world.ctx(), one.clone());
    run!(world, tx, ctx, of => {
        for _ in 0..6_000 {
            event::append(tx, &ctx, new_event(&of, "order.sent", None)).await?;
        }
        Ok(())
    });
    let looked = page("paris", Vec::new(), None).await;
    assert!(looked.items.is_empty() && looked.next.is_some(), "{:?}", looked.next);
    assert_eq!(page("paris", Vec::new(), looked.next).await.items.len(), 2);
}

pub(crate) async fn pages_run_newest_first_without_gaps_or_repeats(world: World) {
    let (one, _, all) = many(&world).await;
    for limit in [1, 7, 35, 200] {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let query = PageQuery { before, limit };
            let page = see!(world, tx, one => tx.events(&one, &EventFilter::default(), query).await);
            found.extend(page.items.iter().map(|stored| stored.seq));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let wanted: Vec<i64> = all.iter().rev().map(|stored| stored.seq).collect();
        assert_eq!(found, wanted, "pages of {limit}");
    }
}

pub(crate) async fn filters_take_by_type_family_namespace_and_time(world: World) {
    let (one, _, all) = many(&world).await;
    for filter in filters() {
        let wanted: Vec<i64> =
            all.iter().rev().filter(|stored| takes(&filter, stored)).map(|stored| stored.seq).collect();
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let query = PageQuery { before, limit: 4 };
            let page = see!(world, tx, one, filter => tx.events(&one, &filter, query).await);
            found.extend(page.items.iter().map(|stored| stored.seq));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted, "{filter:?}");
    }
}

pub(crate) async fn reading_on_never_skips_and_tells_how_far_it_looked(world: World) {
    let (one, _, all) = many(&world).await;
    let newest = all.last().expect("some").seq;
    for filter in filters().into_iter().filter(|filter| filter.since.is_none() && filter.until.is_none()) {
        let wanted: Vec<i64> = all.iter().filter(|stored| takes(&filter, stored)).map(|stored| stored.seq).collect();
        for limit in [1, 3, 100] {
            let (mut found, mut after) = (Vec::new(), 0);
            for _ in 0..1_000 {
                let (events, looked) =
                    see!(world, tx, one, filter => tx.events_after(&one, &filter, after, limit).await);
                assert!(events.len() <= limit as usize);
                assert!(events.iter().all(|stored| stored.seq > after && stored.seq <= looked));
                found.extend(events.iter().map(|stored| stored.seq));
                if looked == after {
                    break;
                }
                assert!(looked > after, "it goes on");
                after = looked;
            }
            assert_eq!(found, wanted, "{filter:?} by {limit}");
            assert_eq!(after, newest, "everything was looked at");
        }
    }
}

pub(crate) async fn a_callers_id_is_unique_in_its_workspace_only(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let with_id = |workspace: &WorkspaceId, kind: &str| NewEvent {
        id: Some("mine".parse().expect("an id")),
        ..new_event(workspace, kind, None)
    };
    let ctx = world.ctx();
    for workspace in [&one, &two] {
        let new = with_id(workspace, "order.placed");
        run!(world, tx, ctx, new => event::append(tx, &ctx, new).await);
    }
    let new = with_id(&one, "order.paid");
    let refused = run!(world, tx, ctx, new => event::ingest(tx, &ctx, new).await);
    assert!(matches!(refused, event::Ingested::Conflict), "{refused:?}");
    let id = EventId::from_stored("mine");
    let stored = see!(world, tx, one, id => tx.event(&one, &id).await).expect("the first");
    assert_eq!(stored.event.kind.as_str(), "order.placed");
}

pub(crate) async fn a_custom_type_is_replaced_and_listed_by_name(world: World) {
    let one = world.workspace("one").await;
    let ctx = world.ctx();
    for (name, description, schema) in [
        ("b.two", Some("first"), None),
        ("a.one", None, None),
        ("b.two", Some("second"), Some(serde_json::json!({"type": "object", "required": ["n"]}))),
    ] {
        let kind: EventType = name.parse().expect("a type");
        let description = description.map(str::to_owned);
        let schema = schema.map(|schema| Arc::new(DataSchema::compile(schema).expect("a schema")));
        run!(world, tx, ctx, one, kind, description, schema => {
            event::register_type(tx, &ctx, &one, kind, description, schema).await
        });
    }
    let listed = see!(world, tx, one => tx.custom_types(&one, "", 9).await);
    let names: Vec<&str> = listed.iter().map(|custom| custom.name.as_str()).collect();
    assert_eq!(names, ["a.one", "b.two"]);
    assert_eq!(see!(world, tx, one => tx.custom_types(&one, "a.one", 9).await)[0].name.as_str(), "b.two");
    assert_eq!(see!(world, tx, one => tx.custom_types(&one, "", 1).await)[0].name.as_str(), "a.one");
    let kind = EventType::from_stored("b.two");
    for found in [
        see!(world, tx, one, kind => tx.custom_type(&one, &kind).await),
        run!(world, tx, one, kind => tx.custom_type(&one, &kind).await),
    ] {
        let found = found.expect("a type");
        assert_eq!((found.version, found.description.as_deref()), (2, Some("second")));
        let schema = found.schema.as_ref().expect("a schema");
        assert_eq!(schema.faults(&serde_json::json!({}), "data").len(), 1);
    }
}

pub(crate) async fn another_workspace_sees_no_events_or_types(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let (ctx, kind) = (world.ctx(), EventType::from_stored("order.placed"));
    run!(world, tx, ctx, one, kind => event::register_type(tx, &ctx, &one, kind, None, None).await);
    let id = world.post(&one, "order.placed", Some("acme")).await.event.id.clone();
    let query = PageQuery { before: None, limit: 10 };
    let filter = EventFilter { namespace: Some(namespace("acme")), ..EventFilter::default() };
    assert!(see!(world, tx, two, id => tx.event(&two, &id).await).is_none());
    assert!(see!(world, tx, two, filter => tx.events(&two, &filter, query).await).items.is_empty());
    assert_eq!(see!(world, tx, two, filter => tx.events_after(&two, &filter, 0, 10).await).1, 0);
    assert_eq!(see!(world, tx, two => tx.event_newest(&two).await), 0);
    assert!(see!(world, tx, two => tx.custom_types(&two, "", 9).await).is_empty());
    // The writer has the other workspace's type in its cache.
    run!(world, tx, one, kind => tx.custom_type(&one, &kind).await).expect("known");
    assert!(run!(world, tx, two, kind => tx.custom_type(&two, &kind).await).is_none());
}
