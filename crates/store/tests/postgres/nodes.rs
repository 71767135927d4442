//! Nodes beside each other on one database: what a single writer cannot show.
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bellwire_domain::{
    Effect, Stored, Topic, Topics,
    delivery::{self, Claim, DeliveryStatus, EndpointStatus, PARKED, Rows as _},
    event::{self, Begin, EventFilter, Ingested, Outbox as _, Rows as _},
    workspace::Rows as _,
};
use bellwire_wire::{EventId, WorkspaceId};
use tokio::task::JoinSet;

use crate::{
    contract::{World, audit, left, namespace, new_event},
    database::Database,
    node,
};

async fn two() -> (World, World, Arc<Database>) {
    let database = Arc::new(Database::create().await);
    (node(&database, 1).await, node(&database, 2).await, database)
}

/// Posts an event through a node, whatever becomes of it.
fn post(world: &World, workspace: &WorkspaceId, id: &str, tasks: &mut JoinSet<Stored<String>>) {
    let (store, ctx) = (world.store.clone(), world.ctx());
    let mut new = new_event(workspace, "order.placed", None);
    new.id = Some(id.parse().expect("an id"));
    let id = id.to_owned();
    tasks.spawn(async move {
        let posted = store.transact("post", move |tx| {
            let (ctx, new) = (ctx.clone(), new.clone());
            Box::pin(async move { event::ingest(tx, &ctx, new).await })
        });
        posted.await.map(|_| id)
    });
}

async fn until(what: &str, mut there: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if there().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_on_sees_every_event_of_every_node_in_commit_order() {
    let (one, two, _) = two().await;
    let workspace = one.workspace("w").await;
    let done = Arc::new(AtomicBool::new(false));
    // Reads on all the time, as a stream does: what it has passed never appears behind it.
    let (store, reads, over) = (two.store.clone(), workspace.clone(), Arc::clone(&done));
    let mut reader = JoinSet::new();
    reader.spawn(async move {
        let (mut seen, mut after) = (Vec::new(), 0);
        loop {
            let last = over.load(Ordering::Acquire);
            let of = reads.clone();
            let page = store.read("test", move |tx| {
                let of = of.clone();
                Box::pin(async move { tx.events_after(&of, &EventFilter::default(), after, 100).await })
            });
            let (found, looked) = page.await.expect("it can be read");
            let empty = found.is_empty();
            seen.extend(found.into_iter().map(|stored| (stored.seq, stored.event.id.as_str().to_owned())));
            after = looked;
            if last && empty {
                return seen;
            }
        }
    });
    let mut tasks = JoinSet::new();
    for number in 0..600 {
        post(if number % 2 == 0 { &one } else { &two }, &workspace, &format!("e{number}"), &mut tasks);
        if number % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let posted: BTreeSet<String> = tasks.join_all().await.into_iter().map(|id| id.expect("it commits")).collect();
    done.store(true, Ordering::Release);
    let seen = reader.join_next().await.expect("a task").expect("it ends");
    assert!(seen.is_sorted_by(|one, next| one.0 < next.0));
    assert_eq!(seen.into_iter().map(|(_, id)| id).collect::<BTreeSet<_>>(), posted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_on_one_node_is_heard_on_the_other_when_it_is_told() {
    let (one, two, _) = two().await;
    let workspaces: Vec<_> = (0..250).map(|nth| WorkspaceId::from_stored(&format!("ws-{nth:026}"))).collect();
    let topics: Topics = [Topic::Keys, Topic::Jobs].into_iter().collect();
    let touched: Vec<_> = workspaces.iter().map(|workspace| (workspace.clone(), topics)).collect();
    let told = one.store.transact("tell", move |tx| {
        let touched = touched.clone();
        Box::pin(async move { tx.tell_touched(&touched) })
    });
    told.await.expect("it is told");
    let mut heard = BTreeSet::new();
    until("the other hears of every workspace", async || {
        for effect in two.heard.take().into_iter().flatten() {
            let Effect::TouchedElsewhere(workspace, told) = effect else { continue };
            assert_eq!(told, topics);
            heard.insert(workspace);
        }
        heard.len() == workspaces.len()
    })
    .await;
    let own = one.heard.take().into_iter().flatten().any(|effect| matches!(effect, Effect::TouchedElsewhere(..)));
    assert!(!own, "who tells does not hear it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_on_two_nodes_at_once_is_taken_once() {
    let (one, two, database) = two().await;
    let workspace = one.workspace("w").await;
    for number in 0..40 {
        let mut tasks = JoinSet::new();
        for world in [&one, &two, &one, &two] {
            post(world, &workspace, &format!("same-{number}"), &mut tasks);
        }
        assert!(tasks.join_all().await.iter().all(Result::is_ok));
    }
    assert_eq!(database.number("SELECT count(*) FROM events").await, 40);
    let (ctx, mut new) = (one.ctx(), new_event(&workspace, "order.paid", None));
    new.id = Some("same-3".parse().expect("an id"));
    let other = run!(two, tx, ctx, new => event::ingest(tx, &ctx, new).await);
    assert!(matches!(other, Ingested::Conflict));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_delivery_is_claimed_by_two_nodes() {
    let (one, two, _) = two().await;
    let workspace = one.workspace("w").await;
    let at = one.endpoint(&workspace, |_| {}).await.at.clone();
    for _ in 0..120 {
        one.post(&workspace, "order.placed", None).await;
    }
    let mut tasks = JoinSet::new();
    for round in 0..40 {
        let world = if round % 2 == 0 { &one } else { &two };
        let (store, at, now) = (world.store.clone(), at.clone(), one.pass(0));
        tasks.spawn(async move {
            let claim = Claim { at, now, lease_until: now.after(Duration::from_mins(1)), limit: 5, exempt_only: false };
            let claimed = store.transact("claim", move |tx| {
                let claim = claim.clone();
                Box::pin(async move { tx.claim(&claim).await })
            });
            claimed.await.expect("it commits").into_iter().map(|claimed| claimed.seq).collect::<Vec<_>>()
        });
    }
    let mut claimed: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
    // What a claim skipped because another was at it is left for the next.
    claimed.extend(one.claim(&at, 1_000).await.into_iter().map(|claimed| claimed.seq));
    assert_eq!(claimed.len(), 120);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), 120);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_endpoint_counts_for_the_next_event_on_whichever_node() {
    let (one, two, _) = two().await;
    let workspace = one.workspace("w").await;
    assert_eq!(two.post(&workspace, "order.placed", None).await.deliveries, 0, "and it remembers that");
    let at = one.endpoint(&workspace, |_| {}).await.at.clone();
    let began = tokio::time::Instant::now();
    assert_eq!(two.post(&workspace, "order.placed", None).await.deliveries, 1, "at once, not when it is heard");
    until("its engine is told", async || {
        two.heard.take().iter().flatten().any(|effect| matches!(effect, Effect::EndpointChanged(of) if *of == at))
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(5), "only a bound against hanging: {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_endpoint_on_two_nodes_both_stay() {
    let (one, two, _) = two().await;
    let workspace = one.workspace("w").await;
    let at = one.endpoint(&workspace, |_| {}).await.at.clone();
    let mut tasks = JoinSet::new();
    for round in 0..20 {
        let world = if round % 2 == 0 { &one } else { &two };
        let (store, ctx, at) = (world.store.clone(), world.ctx(), at.clone());
        tasks.spawn(async move {
            store
                .transact("change", move |tx| {
                    let (ctx, at) = (ctx.clone(), at.clone());
                    Box::pin(async move {
                        let before = tx.endpoint(&at).await?.expect("it is there");
                        let mut config = before.config.clone();
                        config.metadata.insert(format!("round{round}"), true.into());
                        delivery::update_endpoint(tx, &ctx, &before, config, EndpointStatus::Active).await
                    })
                })
                .await
        });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    let after = see!(one, tx, at => tx.endpoint(&at).await).expect("it is there");
    assert_eq!((after.config.metadata.len(), after.version), (20, 21));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_never_stands_still_while_one_node_ends_what_another_adds_to() {
    let (one, two, database) = two().await;
    let workspace = one.workspace("w").await;
    let at = one.endpoint(&workspace, |config| config.ordered = true).await.at.clone();
    let mut left_over = 60;
    let mut posts = JoinSet::new();
    while left_over > 0 || !posts.is_empty() {
        if left_over > 0 {
            left_over -= 1;
            let (store, ctx, new) = (two.store.clone(), two.ctx(), new_event(&workspace, "order.placed", Some("acme")));
            posts.spawn(async move {
                let posted = store.transact("post", move |tx| {
                    let (ctx, new) = (ctx.clone(), new.clone());
                    Box::pin(async move { event::append(tx, &ctx, new).await })
                });
                posted.await.expect("it commits");
            });
        }
        for held in one.claim(&at, 10).await {
            let (store, ctx, at) = (one.store.clone(), one.ctx(), at.clone());
            let key = namespace("acme").as_str().to_owned();
            let settlement = left(&held, DeliveryStatus::Success, None, one.now());
            let settled = store.transact("settle", move |tx| {
                let (ctx, at, key, settlement) = (ctx.clone(), at.clone(), key.clone(), settlement.clone());
                Box::pin(async move {
                    tx.settle_all(&[(&at, settlement)]).await?;
                    tx.key_promote(&at, &key, ctx.now).await
                })
            });
            settled.await.expect("it commits");
        }
        while posts.try_join_next().is_some() {}
        one.pass(1);
    }
    let stuck = database
        .number(&format!(
            "SELECT count(*) FROM deliveries WHERE status = 0 AND due_at = {} AND NOT EXISTS
             (SELECT 1 FROM deliveries d WHERE d.status = 0 AND d.due_at <> {})",
            PARKED.micros(),
            PARKED.micros()
        ))
        .await;
    assert_eq!(stuck, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_answered_while_connections_are_cut_is_there_once() {
    let (one, two, database) = two().await;
    let workspace = one.workspace("w").await;
    one.endpoint(&workspace, |_| {}).await;
    let done = Arc::new(AtomicBool::new(false));
    let cuts = Arc::new(AtomicUsize::new(0));
    let (cutting, over, count) = (Arc::clone(&database), Arc::clone(&done), Arc::clone(&cuts));
    let mut cutter = JoinSet::new();
    cutter.spawn(async move {
        while !over.load(Ordering::Acquire) {
            cutting
                .execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()",
                )
                .await;
            count.fetch_add(1, Ordering::AcqRel);
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    });
    let mut answered = BTreeSet::new();
    let mut round = 0;
    // As long as it takes, however fast the machine is.
    while round < 12 || cuts.load(Ordering::Acquire) < 4 {
        let mut tasks = JoinSet::new();
        for number in 0..40 {
            let world = if number % 2 == 0 { &one } else { &two };
            post(world, &workspace, &format!("r{round}-{number}"), &mut tasks);
        }
        for answer in tasks.join_all().await {
            answered.extend(answer);
        }
        round += 1;
    }
    done.store(true, Ordering::Release);
    cutter.join_all().await;
    assert!(answered.len() > 300, "{} answered", answered.len());
    for id in &answered {
        let id = EventId::from_stored(id);
        let found = see_again(&one, &workspace, &id).await;
        assert!(found, "{} was answered and is gone", id.as_str());
    }
    let (events, ids) = (
        database.number("SELECT count(*) FROM events").await,
        database.number("SELECT count(DISTINCT id) FROM events").await,
    );
    assert_eq!(events, ids, "none twice");
    assert_eq!(database.number("SELECT count(*) FROM deliveries").await, events, "each with its delivery");
}

/// Reads although a connection may have been cut a moment ago.
async fn see_again(world: &World, workspace: &WorkspaceId, id: &EventId) -> bool {
    for _ in 0..50 {
        let (of, wanted) = (workspace.clone(), id.clone());
        let read = world.store.read("test", move |tx| {
            let (of, wanted) = (of.clone(), wanted.clone());
            Box::pin(async move { tx.event(&of, &wanted).await })
        });
        if let Ok(found) = read.await {
            return found.is_some();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it cannot be read");
}

#[tokio::test]
async fn old_partitions_go_and_what_waited_behind_them_is_let_through() {
    let (one, _two, database) = two().await;
    let workspace = one.workspace("w").await;
    let at = one.endpoint(&workspace, |config| config.ordered = true).await.at.clone();
    let old = one.post(&workspace, "order.placed", Some("acme")).await;
    let start = one.now();
    for _ in 0..3 {
        one.pass(86_400);
        one.post(&workspace, "order.placed", Some("acme")).await;
    }
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass";
    let before = database.number(partitions).await;
    let keep = start.after(Duration::from_hours(36));
    let (dropped, edge) = one.store.drop_older(keep).await.expect("it can be dropped");
    assert!(dropped >= 1 && edge <= keep && edge.micros() > start.micros(), "{dropped}, {edge:?}");
    assert_eq!(database.number(partitions).await, before - i64::try_from(dropped).expect("few"));
    let id = old.event.id.clone();
    assert!(see!(one, tx, workspace, id => tx.event(&workspace, &id).await).is_none());
    let rest = one.all(&at).await;
    assert!(rest.iter().all(|delivery| delivery.seq >= edge.micros()), "all that is older went");
    assert_eq!(rest.iter().filter(|delivery| delivery.due != Some(PARKED)).count(), 1, "the next of the key is due");
    one.post(&workspace, "order.placed", Some("acme")).await;
}

#[tokio::test]
async fn two_nodes_never_take_the_same_turn_at_once() {
    let (one, two, _) = two().await;
    let other = two.store.clone();
    let (mine, theirs) = run!(one, tx, other => {
        let mine = tx.turn("retention").await?;
        // Asked on a thread of its own: commands do not wait.
        let handle = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(other.transact("test", |tx| Box::pin(async move { tx.turn("retention").await })))
        });
        Ok((mine, handle.join().expect("it ends")?))
    });
    assert!(mine && !theirs);
    assert!(run!(two, tx => tx.turn("retention").await), "and then it is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_refused_when_a_batch_is_inserted_fails_its_command_alone() {
    let database = Arc::new(Database::create().await);
    let world = node(&database, 1).await;
    let workspace = world.workspace("w").await;
    world.endpoint(&workspace, |_| {}).await;
    database
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN IF NEW.id LIKE ''refused%'' THEN RAISE EXCEPTION ''planted''; END IF; RETURN NEW; END';
             CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    let mut tasks = JoinSet::new();
    for number in 0..60 {
        let name = if number % 20 == 7 { "refused" } else { "taken" };
        post(&world, &workspace, &format!("{name}-{number}"), &mut tasks);
    }
    let answers = tasks.join_all().await;
    let taken: BTreeSet<String> = answers.into_iter().flatten().collect();
    assert_eq!(taken.len(), 57, "{taken:?}");
    assert!(taken.iter().all(|id| id.starts_with("taken")), "{taken:?}");
    assert_eq!(database.number("SELECT count(*) FROM events").await, 57);
    assert_eq!(database.number("SELECT count(*) FROM deliveries").await, 57);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_is_held_by_one_node_until_its_lease_ends() {
    let (one, two, _database) = two().await;
    run!(one, tx => tx.publisher_ensure("log", Begin::Start).await);
    let take = async |world: &World, at: u64| {
        let now = world.now().after(Duration::from_secs(at));
        run!(world, tx => tx.publisher_take("log", now, now.after(Duration::from_secs(10))).await)
    };
    assert_eq!(take(&one, 0).await, Some(0));
    assert_eq!(take(&two, 9).await, None);
    let until = one.now();
    assert!(run!(one, tx => tx.publisher_move("log", 0, 3, until.after(Duration::from_secs(20))).await));
    assert!(!run!(two, tx => tx.publisher_move("log", 3, 4, until).await));
    assert_eq!(take(&two, 19).await, None, "it was kept");
    assert_eq!(take(&two, 20).await, Some(3), "its lease ended");
    assert!(!run!(one, tx => tx.publisher_move("log", 3, 4, until).await), "another has it");
}

#[tokio::test]
async fn a_node_that_stops_is_no_longer_counted() {
    let (one, two, database) = two().await;
    until("both are counted", async || one.store.nodes() == 2).await;
    two.store.close().await;
    assert_eq!(database.number("SELECT count(*) FROM nodes").await, 1, "gone when the stop is done");
    until("the other has all to itself", async || one.store.nodes() == 1).await;
    one.store.close().await;
    assert_eq!(database.number("SELECT count(*) FROM nodes").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nodes_record_beside_each_other_is_one_chain() {
    let (one, two, _) = two().await;
    let workspace = one.workspace("w").await;
    let mut writers = JoinSet::new();
    for number in 0..100 {
        let node = if number % 3 == 0 { &two } else { &one };
        audit::write(node, &workspace, number, number.is_multiple_of(7), &mut writers);
    }
    let done = writers.join_all().await.into_iter().filter(|done| *done).count();
    assert_eq!((done, audit::chain(&two, &workspace).await.len()), (85, 85));
}
