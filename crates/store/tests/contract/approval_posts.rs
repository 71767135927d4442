//! Posts of approvals: taken by one, said again when the lease ends, followed to the end, given up after six tries.
use std::{sync::Arc, time::Duration};

use bellwire_domain::approval::{
    self, Addressee, Approval, ApprovalStatus, Approver, Channel, Decided, Decision, NewApproval, Nobody, Office, Post,
    PostState, Question, Rows as _, Said, Saying, Terms, Verdict,
};
use bellwire_wire::{ApprovalId, SigningKey, Timestamp, WorkspaceId};

use super::World;

/// How long a post is taken for.
const LEASE: Duration = Duration::from_secs(15);

struct Desk {
    world: World,
    workspace: WorkspaceId,
    office: Office,
}

impl Desk {
    /// A workspace with Slack and PagerDuty.
    async fn open(world: World) -> Self {
        let workspace = world.workspace("w").await;
        let integrations = [Addressee::Slack, Addressee::PagerDuty].map(|to| (workspace.clone(), to));
        let office = Office {
            signing_key: Arc::new(SigningKey::from_seed(&[7; 32])),
            public_url: "https://bellwire.test".into(),
            integrations: Arc::new(integrations),
        };
        Self { world, workspace, office }
    }

    async fn ask(&self, channels: &[Channel], callback_url: Option<&str>) -> Approval {
        let new = NewApproval {
            id: ApprovalId::from_ulid(self.world.mint.ulid()),
            workspace_id: self.workspace.clone(),
            namespace: None,
            question: Question {
                title: "Delete it?".into(),
                action: "database.delete".into(),
                parameters: serde_json::Map::new(),
                transaction: None,
                policy: None,
                agent_id: None,
                run_id: None,
                operator: None,
                callback_url: callback_url.map(str::to_owned),
                requested_by: "key:1".into(),
                subject: None,
            },
            terms: Terms { channels: Some(channels.to_vec()), timeout: Duration::from_hours(1), ..Terms::default() },
            request_body: "{}".into(),
        };
        let (ctx, office) = (self.world.ctx(), self.office.clone());
        run!(self.world, tx, ctx, office, new => approval::ask::<Nobody, _>(tx, &ctx, &office, new).await)
    }

    async fn decide(&self, approval: &Approval, verdict: Verdict) {
        let (ctx, office, id) = (self.world.ctx(), self.office.clone(), approval.id.clone());
        let name = "slack:U1".into();
        let by = Approver { workspace_id: self.workspace.clone(), bound: None, name, agent_id: None };
        let decision = Decision { verdict, reason: "fine".into(), note: None };
        let decided = run!(self.world, tx, ctx, office, id, by, decision => {
            approval::decide::<Nobody, _>(tx, &ctx, &office, &by, &id, decision).await
        });
        assert!(matches!(decided, Decided::Counted(..)), "{decided:?}");
    }

    async fn due(&self, to: Addressee) -> Vec<Post> {
        let now = self.world.now();
        see!(self.world, tx => tx.posts_due(to, now, 10).await)
    }

    /// Takes a post as it was read; until when, if it was still so.
    async fn take(&self, post: &Post) -> Option<Timestamp> {
        let (post, until) = (post.clone(), self.world.now().after(LEASE));
        run!(self.world, tx, post => tx.post_take(&post, until).await).then_some(until)
    }

    async fn settle(&self, post: &Post, taken: Timestamp, result: Result<&str, &str>) {
        let result = result.map(|text| Some(text.to_owned())).map_err(|text| (text.to_owned(), false));
        let (ctx, post, said) = (self.world.ctx(), post.clone(), Said { result, status_code: None });
        run!(self.world, tx, ctx, post, said => approval::settle_post(tx, &ctx, post, taken, said).await);
    }

    async fn posts(&self, approval: &Approval) -> Vec<Post> {
        let id = approval.id.clone();
        see!(self.world, tx, id => tx.posts(&id).await)
    }

    async fn status(&self, approval: &Approval) -> ApprovalStatus {
        let (workspace, id) = (self.workspace.clone(), approval.id.clone());
        see!(self.world, tx, workspace, id => tx.approval(&workspace, &id).await).expect("it is there").status
    }

    async fn sweep(&self) -> usize {
        let (ctx, mut ended) = (self.world.ctx(), 0);
        for (workspace, id) in see!(self.world, tx => tx.approvals_undeliverable(10).await) {
            let done = run!(self.world, tx, ctx, workspace, id => {
                approval::end_due::<Nobody, _>(tx, &ctx, &workspace, &id).await
            });
            ended += usize::from(done);
        }
        ended
    }
}

pub(crate) async fn a_post_is_taken_by_one_and_again_when_its_lease_ends(world: World) {
    let desk = Desk::open(world).await;
    desk.ask(&[Channel::Slack, Channel::PagerDuty], None).await;
    let [post] = &desk.due(Addressee::Slack).await[..] else { panic!("one is due") };
    assert_eq!((post.saying, post.to, post.attempts), (Saying::Requested, Addressee::Slack, 0));
    assert_eq!(desk.due(Addressee::PagerDuty).await.len(), 1, "each kind has a list of its own");
    let first = desk.take(post).await.expect("it is free");
    assert_eq!(desk.take(post).await, None, "another reads it at the same time");
    assert!(desk.due(Addressee::Slack).await.is_empty());
    desk.world.pass(15);
    let again = desk.due(Addressee::Slack).await.remove(0);
    let second = desk.take(&again).await.expect("the lease is over");
    // Who comes late changes nothing.
    desk.settle(post, first, Err("timeout")).await;
    assert!(desk.due(Addressee::Slack).await.is_empty());
    desk.settle(&again, second, Ok("C1/1.2")).await;
    desk.settle(&again, second, Err("timeout")).await;
    desk.world.pass(3_000);
    assert!(desk.due(Addressee::Slack).await.is_empty());
}

pub(crate) async fn the_end_is_said_to_whom_it_was_asked_also_if_it_came_in_the_middle(world: World) {
    let desk = Desk::open(world).await;
    let approval = desk.ask(&[Channel::Slack, Channel::PagerDuty], Some("https://asker.test/decided")).await;
    let (slack, pagerduty) =
        (desk.due(Addressee::Slack).await.remove(0), desk.due(Addressee::PagerDuty).await.remove(0));
    let taken = desk.take(&slack).await.expect("it is free");
    let failing = desk.take(&pagerduty).await.expect("it is free");
    desk.decide(&approval, Verdict::Approve { amount: None, parameters: None }).await;
    let callback = desk.due(Addressee::Callback).await.remove(0);
    assert!(callback.saying == Saying::Decided && callback.before.is_some_and(|id| id.starts_with("evt")));
    assert!(desk.due(Addressee::Slack).await.is_empty(), "nobody saw the question yet");
    // It was said all the same; the other was not.
    desk.settle(&slack, taken, Ok("C1/1.2")).await;
    desk.settle(&pagerduty, failing, Err("status 500")).await;
    let end = desk.due(Addressee::Slack).await.remove(0);
    assert_eq!((end.saying, end.before.as_deref()), (Saying::Decided, Some("C1/1.2")));
    // PagerDuty may have heard all the same, and knows the approval by its id.
    let end = desk.due(Addressee::PagerDuty).await.remove(0);
    assert_eq!((end.saying, end.before), (Saying::Decided, None));
}

pub(crate) async fn an_approval_is_undeliverable_once_every_channel_failed_six_times(world: World) {
    let desk = Desk::open(world).await;
    let approval = desk.ask(&[Channel::Slack, Channel::PagerDuty], None).await;
    for (nth, pause) in [0, 1, 5, 30, 120, 600].into_iter().enumerate() {
        desk.world.pass(pause);
        for to in [Addressee::Slack, Addressee::PagerDuty] {
            let post = desk.due(to).await.pop().unwrap_or_else(|| panic!("{to:?} is due after {pause} s"));
            assert_eq!(usize::try_from(post.attempts), Ok(nth));
            assert_eq!(desk.sweep().await, 0, "there is hope");
            let taken = desk.take(&post).await.expect("it is free");
            desk.settle(&post, taken, Err("status 503")).await;
        }
        assert!(desk.due(Addressee::Slack).await.is_empty());
    }
    assert!(desk.posts(&approval).await.iter().all(|post| post.state == PostState::Failed));
    assert_eq!(desk.status(&approval).await, ApprovalStatus::Pending);
    assert_eq!((desk.sweep().await, desk.sweep().await), (1, 0));
    assert_eq!(desk.status(&approval).await, ApprovalStatus::Undeliverable);
    let ends = desk.posts(&approval).await.into_iter().filter(|post| post.saying == Saying::Decided);
    assert_eq!(ends.map(|post| post.to).collect::<Vec<_>>(), [Addressee::PagerDuty], "which may have heard");
    // One channel that was reached is enough, and so is the console.
    let heard = desk.ask(&[Channel::Slack, Channel::PagerDuty], None).await;
    let seen = desk.ask(&[Channel::Slack, Channel::Console], None).await;
    for post in desk.due(Addressee::Slack).await {
        let taken = desk.take(&post).await.expect("it is free");
        let (ctx, said) = (desk.world.ctx(), Said { result: Err(("no".into(), true)), status_code: None });
        run!(desk.world, tx, ctx, post, said => approval::settle_post(tx, &ctx, post, taken, said).await);
    }
    let alerts = desk.due(Addressee::PagerDuty).await;
    let alert = alerts.into_iter().find(|post| post.saying == Saying::Requested).expect("it is due");
    let taken = desk.take(&alert).await.expect("it is free");
    desk.settle(&alert, taken, Ok("key")).await;
    assert_eq!(desk.sweep().await, 0);
    assert_eq!(
        (desk.status(&heard).await, desk.status(&seen).await),
        (ApprovalStatus::Pending, ApprovalStatus::Pending)
    );
}
