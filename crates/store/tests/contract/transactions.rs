//! Commands beside each other: commits shared, failures undone alone, answers after the commit.
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering, mpsc},
    time::Duration,
};

use bellwire_domain::{
    Effect, PageQuery, StoreError, Stored, Topic, Topics,
    delivery::{self, Health, Rows as _},
    event::{self, Rows as _},
    workspace::{KeyHash, Rows as _},
};
use bellwire_wire::{EventId, EventType, WorkspaceId};
use tokio::task::JoinSet;

use super::{
    World,
    world::{namespace, new_event},
};

fn refused<T>() -> Stored<T> {
    Err(StoreError::Broken("refused".into()))
}

/// Holds the writer until the gate opens, so that what is asked meanwhile shares a commit.
pub(crate) fn shut(world: &World, tasks: &mut JoinSet<Stored<bool>>) -> mpsc::Sender<()> {
    let (open, gate) = mpsc::channel::<()>();
    let store = world.store.clone();
    tasks.spawn(async move {
        let held = store.transact("gate", move |_| {
            // A second run finds the gate open.
            let _ = gate.recv();
            Box::pin(async { Ok(true) })
        });
        held.await
    });
    open
}

/// Lets every task run until it waits.
pub(crate) async fn settle_down() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// What becomes of a command after it has written.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Good,
    Fails,
    Panics,
    FailsAtOnce,
}

/// Posts an event under the id `e{number}`, and then meets its fate.
fn post(world: &World, workspace: &WorkspaceId, number: usize, fate: Fate, tasks: &mut JoinSet<Stored<bool>>) {
    let (store, ctx) = (world.store.clone(), world.ctx());
    let mut new = new_event(workspace, "order.placed", None);
    new.id = Some(format!("e{number}").parse().expect("an id"));
    tasks.spawn(async move {
        let posted = store.transact("post", move |tx| {
            let (ctx, new) = (ctx.clone(), new.clone());
            Box::pin(async move {
                if fate == Fate::FailsAtOnce {
                    return refused();
                }
                event::append(tx, &ctx, new).await?;
                match fate {
                    Fate::Fails => refused(),
                    Fate::Panics => panic!("a command that panics, as planned"),
                    _ => Ok(true),
                }
            })
        });
        posted.await
    });
}

/// Posts many at once behind a shut gate; how many commits it took, and each is checked.
async fn together(world: &World, workspace: &WorkspaceId, fates: &[Fate]) -> Vec<Vec<Effect>> {
    let mut tasks = JoinSet::new();
    let gate = shut(world, &mut tasks);
    settle_down().await;
    world.heard.take();
    for (number, fate) in fates.iter().enumerate() {
        post(world, workspace, number, *fate, &mut tasks);
    }
    settle_down().await;
    drop(gate);
    let answers = tasks.join_all().await;
    let good = fates.iter().filter(|fate| **fate == Fate::Good).count();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), good + 1, "the gate and the good ones");
    for (number, fate) in fates.iter().enumerate() {
        let id = EventId::from_stored(&format!("e{number}"));
        let found = see!(world, tx, workspace, id => tx.event(&workspace, &id).await);
        assert_eq!(found.is_some(), *fate == Fate::Good, "e{number}");
    }
    world.heard.take()
}

pub(crate) async fn a_command_that_fails_after_it_wrote_is_undone_alone(world: World) {
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |_| {}).await.at.clone();
    let mut fates = [Fate::Good; 60];
    for (index, fate) in [(0, Fate::Fails), (7, Fate::FailsAtOnce), (20, Fate::Fails), (59, Fate::Fails)] {
        fates[index] = fate;
    }
    let commits = together(&world, &one, &fates).await;
    assert_eq!(commits.len(), 1, "all shared one commit");
    let due = commits[0].iter().filter(|effect| matches!(effect, Effect::Due(_))).count();
    assert_eq!(due, 56, "one word for each delivery that is there");
    let deliveries = world.all(&at).await;
    assert_eq!(deliveries.len(), 56);
    assert!(!deliveries.iter().any(|delivery| ["e0", "e7", "e20", "e59"].contains(&delivery.event_id.as_str())));
}

pub(crate) async fn a_panic_undoes_its_command_and_the_store_goes_on(world: World) {
    let one = world.workspace("one").await;
    let mut fates = [Fate::Good; 12];
    fates[5] = Fate::Panics;
    fates[6] = Fate::Fails;
    together(&world, &one, &fates).await;
    assert_eq!(world.post(&one, "order.placed", None).await.deliveries, 0, "it goes on");
    let query = world.store.read("test", |_| -> bellwire_store::BoxFuture<'_, Stored<()>> {
        Box::pin(async { panic!("a query that panics, as planned") })
    });
    assert!(query.await.is_err());
    assert_eq!(see!(world, tx => tx.workspaces(PageQuery::ONE).await).items.len(), 1, "it goes on");
}

pub(crate) async fn what_an_undone_command_said_is_never_heard_and_its_places_are_given_back(world: World) {
    let one = world.workspace("one").await;
    world.endpoint(&one, |_| {}).await;
    world.heard.lends.store(true, Ordering::Release);
    let mut fates = [Fate::Good; 20];
    (fates[3], fates[9], fates[11]) = (Fate::Fails, Fate::Panics, Fate::FailsAtOnce);
    let commits = together(&world, &one, &fates).await;
    let leased: Vec<&str> = commits
        .iter()
        .flatten()
        .filter_map(|effect| match effect {
            Effect::Leased(claimed) => Some(claimed.event.id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(leased.len(), 17, "each once: {leased:?}");
    assert!(!leased.iter().any(|id| ["e3", "e9", "e11"].contains(id)), "{leased:?}");
    assert_eq!(world.heard.places(), 17, "those that were undone hold no place");
    drop(commits);
    assert_eq!(world.heard.places(), 0);
    // A lone failure as well.
    let (ctx, new) = (world.ctx(), new_event(&one, "order.placed", None));
    let failed: Stored<()> = try_run!(world, tx, ctx, new => {
        event::append(tx, &ctx, new).await?;
        refused()
    });
    assert!(failed.is_err());
    assert!(world.heard.take().is_empty());
    assert_eq!(world.heard.places(), 0);
}

pub(crate) async fn an_undone_endpoint_is_subscribed_to_nothing(world: World) {
    let one = world.workspace("one").await;
    let kept = world.endpoint(&one, |_| {}).await;
    assert_eq!(world.post(&one, "order.placed", None).await.deliveries, 1);
    let (ctx, config) = (world.ctx(), kept.config.clone());
    let new = new_event(&one, "order.placed", None);
    let failed: Stored<()> = try_run!(world, tx, ctx, one, config, new => {
        let status = delivery::EndpointStatus::Active;
        delivery::create_endpoint(tx, &ctx, &one, config, status).await?;
        assert_eq!(event::append(tx, &ctx, new).await?.deliveries, 2, "inside, it is there");
        refused()
    });
    assert!(failed.is_err());
    assert_eq!(world.post(&one, "order.placed", None).await.deliveries, 1);
    assert_eq!(world.all(&kept.at).await.len(), 2);
}

pub(crate) async fn an_undone_change_of_an_endpoint_is_not_seen(world: World) {
    let one = world.workspace("one").await;
    let kept = world.endpoint(&one, |_| {}).await;
    let (ctx, at) = (world.ctx(), kept.at.clone());
    for gone in [true, false] {
        let failed: Stored<()> = try_run!(world, tx, ctx, kept, at => {
            if gone {
                delivery::delete_endpoint(tx, &ctx, &at).await?;
                assert!(tx.endpoint(&at).await?.is_none());
            } else {
                delivery::rotate_secret(tx, &ctx, &kept, Duration::ZERO).await?;
                assert_eq!(tx.endpoint(&at).await?.expect("there").version, 2);
            }
            refused()
        });
        assert!(failed.is_err());
        let now = run!(world, tx, at => tx.endpoint(&at).await).expect("still there");
        assert_eq!((now.version, now.secrets.len()), (1, 1));
        assert_eq!(world.post(&one, "order.placed", None).await.deliveries, 1);
    }
}

pub(crate) async fn an_undone_type_is_unknown(world: World) {
    let one = world.workspace("one").await;
    let (ctx, kind) = (world.ctx(), EventType::from_stored("order.placed"));
    let failed: Stored<()> = try_run!(world, tx, ctx, one, kind => {
        event::register_type(tx, &ctx, &one, kind.clone(), None, None).await?;
        assert!(tx.custom_type(&one, &kind).await?.is_some());
        refused()
    });
    assert!(failed.is_err());
    assert!(run!(world, tx, one, kind => tx.custom_type(&one, &kind).await).is_none());
    run!(world, tx, ctx, one, kind => event::register_type(tx, &ctx, &one, kind, None, None).await);
    assert!(run!(world, tx, one, kind => tx.custom_type(&one, &kind).await).is_some(), "made, it is known");
}

pub(crate) async fn an_undone_namespace_is_made_by_the_next_who_names_it(world: World) {
    let one = world.workspace("one").await;
    let (now, acme) = (world.now(), namespace("acme"));
    let failed: Stored<()> = try_run!(world, tx, one, acme => {
        tx.namespace_touch(&one, &acme, now).await?;
        refused()
    });
    assert!(failed.is_err());
    run!(world, tx, one, acme => tx.namespace_touch(&one, &acme, now).await);
    assert_eq!(see!(world, tx, one => tx.namespaces(&one, None, "", 9).await).len(), 1);
}

pub(crate) async fn an_answer_comes_after_the_commit_was_told(world: World) {
    let one = world.workspace("one").await;
    for number in 0..50 {
        world.heard.take();
        let stored = world.post(&one, "order.placed", None).await;
        let told = world.heard.take();
        let [batch] = &told[..] else { panic!("{number}: {told:?}") };
        let [Effect::Touched(of, topics), Effect::Appended(whose)] = &batch[..] else { panic!("{number}: {batch:?}") };
        assert_eq!((of, whose, *topics), (&one, &one, Topic::Events.into()), "{number}");
        let id = stored.event.id.clone();
        assert!(see!(world, tx, one, id => tx.event(&one, &id).await).is_some(), "whoever reads now sees it");
    }
}

pub(crate) async fn what_kinds_of_rows_changed_is_told_once_a_commit_and_workspace(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let endpoint = world.endpoint(&one, |_| {}).await;
    world.heard.take();
    let (ctx, of, at) = (world.ctx(), [one.clone(), two.clone()], endpoint.at.clone());
    run!(world, tx, ctx, of, at => {
        for number in 0..40 {
            event::append(tx, &ctx, new_event(&of[number % 2], "order.placed", None)).await?;
        }
        tx.health_put(&at, &Health::default()).await
    });
    let mut told: BTreeMap<&WorkspaceId, (Topics, usize)> = BTreeMap::new();
    let heard = world.heard.take();
    for effect in heard.iter().flatten() {
        if let Effect::Touched(workspace, topics) = effect {
            let (all, count) = told.entry(workspace).or_default();
            all.add(*topics);
            *count += 1;
        }
    }
    let wanted: Topics = [Topic::Events, Topic::Deliveries, Topic::Endpoints].into_iter().collect();
    assert_eq!(told[&one].0, wanted);
    assert_eq!(told[&two].0, Topic::Events.into());
    assert!(told.values().all(|(_, count)| *count < 5), "a few words, not one for each row: {told:?}");
}

pub(crate) async fn a_query_cannot_write(world: World) {
    let one = world.workspace("one").await;
    let (ctx, new) = (world.ctx(), new_event(&one, "order.placed", None));
    let tried = world.store.read("test", move |tx| {
        let (ctx, new) = (ctx.clone(), new.clone());
        Box::pin(async move { event::append(tx, &ctx, new).await })
    });
    assert!(tried.await.is_err());
    assert_eq!(see!(world, tx, one => tx.event_newest(&one).await), 0);
}

pub(crate) async fn a_query_sees_one_snapshot(world: World) {
    let one = world.workspace("one").await;
    world.post(&one, "order.placed", None).await;
    let (reading, waits) = (world.store.clone(), one.clone());
    let (told, tell) = mpsc::channel::<()>();
    let (open, gate) = mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let query = reading.read("test", move |tx| {
            let (one, told, gate) = (waits.clone(), told.clone(), Arc::clone(&gate));
            Box::pin(async move {
                let before = tx.event_newest(&one).await?;
                let _ = told.send(());
                let _ = gate.lock().expect("not poisoned").recv();
                Ok((before, tx.event_newest(&one).await?))
            })
        });
        query.await.expect("it can be read")
    });
    settle_down().await;
    tell.recv().expect("it has begun");
    let newest = world.post(&one, "order.placed", None).await.seq;
    drop(open);
    let (before, after) = tasks.join_next().await.expect("a task").expect("it ends");
    assert_eq!(before, after, "what committed meanwhile is not seen");
    assert!(newest > after);
}

pub(crate) async fn a_command_that_waits_is_an_error(world: World) {
    let one = world.workspace("one").await;
    let (ctx, new) = (world.ctx(), new_event(&one, "order.placed", None));
    let waited: Stored<()> = try_run!(world, tx, ctx, new => {
        event::append(tx, &ctx, new).await?;
        std::future::pending::<()>().await;
        Ok(())
    });
    let error = waited.expect_err("it is an error");
    assert!(error.to_string().contains("waited"), "{error}");
    assert_eq!(see!(world, tx, one => tx.event_newest(&one).await), 0, "and it was undone");
}

pub(crate) async fn closing_finishes_what_waits_and_takes_nothing_more(world: World) {
    let one = world.workspace("one").await;
    let mut tasks = JoinSet::new();
    let gate = shut(&world, &mut tasks);
    settle_down().await;
    for number in 0..30 {
        post(&world, &one, number, Fate::Good, &mut tasks);
    }
    settle_down().await;
    let (store, mut closing) = (world.store.clone(), JoinSet::new());
    closing.spawn(async move { store.close().await });
    settle_down().await;
    let late: Stored<()> = try_run!(world, _tx => Ok(()));
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
    drop(gate);
    assert!(tasks.join_all().await.iter().all(Result::is_ok), "what waited was done");
    closing.join_all().await;
    assert!(world.store.read("test", |_| Box::pin(async { Ok(()) })).await.is_err());
    world.store.close().await;
}

pub(crate) async fn sequence_numbers_rise_over_failures_and_concurrency(world: World) {
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |_| {}).await.at.clone();
    let mut fates = [Fate::Good; 30];
    fates[10] = Fate::Fails;
    together(&world, &one, &fates).await;
    let deliveries = world.all(&at).await;
    assert!(deliveries.iter().map(|delivery| delivery.event_seq).is_sorted());
    assert!(deliveries.iter().all(|delivery| delivery.seq > delivery.event_seq), "after its event");
    assert!(see!(world, tx => tx.key_by_hash(&KeyHash([0; 32])).await).is_none());
}
