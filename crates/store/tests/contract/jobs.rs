//! Replay jobs: chunk by chunk, nothing twice, and exactly what the plan names.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    PageQuery, StoreError, Stored,
    delivery::{self, DeliveryStatus, Endpoint, EndpointRef, Job, JobState, ReplayPlan, Rows as _},
};
use bellwire_wire::{JobId, WorkspaceId};

use super::{World, world::left};

async fn start(world: &World, endpoint: &Arc<Endpoint>, plan: &ReplayPlan, dry_run: bool) -> Job {
    let ctx = world.ctx();
    run!(world, tx, ctx, endpoint, plan => delivery::start_replay(tx, &ctx, &endpoint, plan, dry_run).await)
}

async fn stored(world: &World, job: &Job) -> Option<Job> {
    let (workspace, id) = (job.at.workspace_id.clone(), job.id.clone());
    see!(world, tx, workspace, id => tx.job(&workspace, &id).await)
}

async fn turn(world: &World, job: &Job) -> Job {
    let ctx = world.ctx();
    run!(world, tx, ctx, job => delivery::replay_turn(tx, &ctx, job).await)
}

/// Turns until it is done, each from the row as a start after a crash would.
async fn finish(world: &World, job: &Job) -> Job {
    for _ in 0..100 {
        let now = stored(world, job).await.expect("a job");
        if now.state == JobState::Done {
            return now;
        }
        turn(world, &now).await;
    }
    panic!("it never ends");
}

/// An endpoint with `count` deliveries that have ended: every third failed.
async fn ended(world: &World, one: &WorkspaceId, count: usize) -> Arc<Endpoint> {
    let endpoint = world.endpoint(one, |_| {}).await;
    for _ in 0..count {
        world.pass(1);
        world.post(one, "order.placed", None).await;
    }
    let now = world.now();
    for (number, held) in world.claim(&endpoint.at, 10_000).await.iter().enumerate() {
        let status = if number % 3 == 2 { DeliveryStatus::Failed } else { DeliveryStatus::Success };
        assert!(world.settle(&endpoint.at, left(held, status, None, now)).await);
    }
    world.pass(60);
    endpoint
}

async fn replays(world: &World, at: &EndpointRef) -> usize {
    let all = world.all(at).await;
    all.iter().filter(|delivery| delivery.replay && delivery.status == DeliveryStatus::Pending).count()
}

pub(crate) async fn a_replay_commits_its_progress_chunk_by_chunk(world: World) {
    let one = world.workspace("one").await;
    let endpoint = ended(&world, &one, 450).await;
    let counted = start(&world, &endpoint, &ReplayPlan::default(), true).await;
    assert_eq!(counted.total, 450);
    assert!(stored(&world, &counted).await.is_none(), "a dry run leaves nothing");
    let job = start(&world, &endpoint, &ReplayPlan::default(), false).await;
    assert_eq!((job.total, job.done, job.state), (450, 0, JobState::Running));
    let mut seen = vec![0];
    loop {
        let now = stored(&world, &job).await.expect("a job");
        assert_eq!(replays(&world, &endpoint.at).await as u64, now.done, "what is told is what was done");
        if now.state == JobState::Done {
            break;
        }
        let after = turn(&world, &now).await;
        assert!(after.cursor > now.cursor || after.state == JobState::Done, "it goes on");
        seen.push(after.done);
    }
    assert!(seen.len() > 3, "in several chunks: {seen:?}");
    assert_eq!(seen.last(), Some(&450));
    assert!(world.all(&endpoint.at).await.iter().all(|delivery| delivery.attempts == 0));
}

pub(crate) async fn a_turn_that_runs_twice_does_nothing_twice(world: World) {
    let one = world.workspace("one").await;
    let endpoint = ended(&world, &one, 30).await;
    world.endpoint(&one, |_| {}).await;
    for missing in [false, true] {
        let plan = ReplayPlan { missing, ..ReplayPlan::default() };
        let before = world.all(&endpoint.at).await.len();
        let job = start(&world, &endpoint, &plan, false).await;
        // A turn that is undone, the same turn, and the same turn again from where it began.
        let (ctx, failing) = (world.ctx(), job.clone());
        let undone: Stored<()> = try_run!(world, tx, ctx, failing => {
            delivery::replay_turn(tx, &ctx, failing).await?;
            Err(StoreError::Broken("refused".into()))
        });
        assert!(undone.is_err());
        assert_eq!(stored(&world, &job).await.expect("a job").done, 0);
        turn(&world, &job).await;
        turn(&world, &job).await;
        finish(&world, &job).await;
        assert_eq!(world.all(&endpoint.at).await.len(), before, "no delivery was made twice");
        assert_eq!(replays(&world, &endpoint.at).await, 30);
    }
}

pub(crate) async fn a_replay_takes_only_what_its_plan_names(world: World) {
    let one = world.workspace("one").await;
    // Status, since, until, types: how many of twelve, told one a second.
    let any: &[&str] = &[];
    for (status, since, until, types, wanted) in [
        (Some("failed"), None, None, any, 4),
        (Some("success"), None, None, any, 8),
        (None, Some(4), None, any, 8),
        (None, None, Some(4), any, 4),
        (None, Some(2), Some(6), any, 4),
        (Some("failed"), Some(2), Some(6), any, 2),
        (None, None, None, &["order.placed"], 12),
        (None, None, None, &["order.*"], 12),
        (None, None, None, &["*"], 12),
        (None, None, None, &["order.paid", "basket.*"], 0),
    ] {
        let begun = world.now();
        let endpoint = ended(&world, &one, 12).await;
        // A little after each second: all of that second is in.
        let at = |seconds: u64| begun.after(Duration::from_millis(seconds * 1_000 + 500));
        let plan = ReplayPlan {
            status: status.map(str::to_owned),
            since: since.map(at),
            until: until.map(at),
            types: types.iter().map(|text| (*text).to_owned()).collect(),
            missing: false,
        };
        let job = start(&world, &endpoint, &plan, false).await;
        assert_eq!(job.total, wanted, "{plan:?}");
        assert_eq!(finish(&world, &job).await.done, wanted, "{plan:?}");
        assert_eq!(replays(&world, &endpoint.at).await as u64, wanted, "{plan:?}");
        let (ctx, gone) = (world.ctx(), endpoint.at.clone());
        run!(world, tx, ctx, gone => delivery::delete_endpoint(tx, &ctx, &gone).await);
    }
}

pub(crate) async fn missing_makes_exactly_what_is_missing(world: World) {
    let one = world.workspace("one").await;
    let two = world.workspace("two").await;
    for number in 0..250 {
        world.pass(1);
        world.post(&one, ["order.placed", "basket.left"][number % 2], None).await;
        world.post(&two, "order.placed", None).await;
    }
    let endpoint = world.endpoint(&one, |config| config.events = vec!["order.*".parse().expect("a pattern")]).await;
    let kept = world.post(&one, "order.placed", None).await;
    let pending = world.all(&endpoint.at).await[0].clone();
    world.pass(60);
    let plan = ReplayPlan { missing: true, ..ReplayPlan::default() };
    for wanted in [125, 0] {
        let job = start(&world, &endpoint, &plan, false).await;
        assert_eq!(job.total, wanted);
        assert_eq!(finish(&world, &job).await.done, wanted);
        let all = world.all(&endpoint.at).await;
        assert_eq!(all.len(), 126);
        assert_eq!(all.iter().filter(|delivery| delivery.replay).count(), 125);
        let mut events: Vec<i64> = all.iter().map(|delivery| delivery.event_seq).collect();
        events.sort_unstable();
        events.dedup();
        assert_eq!(events.len(), 126, "one delivery of each event");
        assert!(all.iter().all(|delivery| delivery.event_type.as_str() == "order.placed"));
    }
    let untouched = world.delivery(&one, &pending.id).await;
    assert_eq!(format!("{untouched:?}"), format!("{pending:?}"), "what is on its way is left alone");
    assert_eq!(untouched.event_seq, kept.seq);
    world.pass(1);
    let told: Vec<i64> = world.claim(&endpoint.at, 1_000).await.iter().map(|held| held.seq).collect();
    assert_eq!(told.len(), 126);
}

pub(crate) async fn jobs_are_paged_and_open_ones_listed(world: World) {
    let one = world.workspace("one").await;
    let endpoint = ended(&world, &one, 3).await;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(start(&world, &endpoint, &ReplayPlan::default(), false).await);
    }
    finish(&world, &jobs[1]).await;
    let open = see!(world, tx => tx.jobs_open(10).await);
    let ids = |jobs: &[Job]| jobs.iter().map(|job| job.id.clone()).collect::<Vec<JobId>>();
    assert_eq!(ids(&open), ids(&[jobs[0].clone(), jobs[2].clone(), jobs[3].clone(), jobs[4].clone()]));
    assert_eq!(see!(world, tx => tx.jobs_open(2).await).len(), 2);
    let (at, mut found, mut before) = (endpoint.at.clone(), Vec::new(), None);
    loop {
        let query = PageQuery { before, limit: 2 };
        let page = see!(world, tx, at => tx.jobs(&at, query).await);
        found.extend(page.items);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    jobs.reverse();
    assert_eq!(ids(&found), ids(&jobs), "newest first");
    let (id, foreign) = (jobs[0].id.clone(), world.workspace("two").await);
    assert!(see!(world, tx, foreign, id => tx.job(&foreign, &id).await).is_none());
    // A job whose endpoint was deleted ends.
    let (ctx, gone) = (world.ctx(), endpoint.at.clone());
    run!(world, tx, ctx, gone => delivery::delete_endpoint(tx, &ctx, &gone).await);
    assert_eq!(turn(&world, &jobs[0]).await.state, JobState::Done);
}
