//! The audit log: one chain per workspace, whatever fails or runs beside it.
use bellwire_domain::{
    PageQuery, StoreError,
    workspace::audit::{self, AuditEntry, AuditFilter, Chain, NewAudit, Rows as _},
};
use bellwire_wire::{Timestamp, WorkspaceId};
use serde_json::json;
use tokio::task::JoinSet;

use super::{World, namespace};

fn new_audit(action: &'static str, subject: &str, within: Option<&str>) -> NewAudit {
    NewAudit {
        actor: format!("key:{subject}"),
        action,
        subject: subject.into(),
        namespace: within.map(namespace),
        detail: json!({"reason": "schön \0 \u{1f600}", "before": {"b": "1.50", "a": [1, -1.5, null]}}),
    }
}

async fn record(world: &World, workspace: &WorkspaceId, new: NewAudit) {
    let ctx = world.ctx();
    run!(world, tx, ctx, workspace, new => audit::record(tx, &ctx, &workspace, new).await);
}

async fn all(world: &World, workspace: &WorkspaceId, filter: &AuditFilter) -> Vec<AuditEntry> {
    see!(world, tx, workspace, filter => tx.audit_between(&workspace, &filter, 0, i64::MAX, 100_000).await)
}

/// The whole chain of a workspace, checked.
pub(crate) async fn chain(world: &World, workspace: &WorkspaceId) -> Vec<AuditEntry> {
    let entries = all(world, workspace, &AuditFilter::default()).await;
    let mut chain = Chain::whole();
    for entry in &entries {
        assert_eq!(chain.push(entry), Ok(()), "{entry:?}");
    }
    assert_eq!(
        see!(world, tx, workspace => tx.audit_newest(&workspace).await),
        entries.last().map_or(0, |last| last.seq)
    );
    entries
}

pub(crate) async fn each_workspace_has_a_chain_without_gaps(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    for number in 0..20 {
        let workspace = if number % 3 == 0 { &two } else { &one };
        record(&world, workspace, new_audit("wallet.update", &format!("wal\0{number}"), None)).await;
        world.set(Timestamp::from_micros(world.now().micros() + 1_234_567));
    }
    let (first, second) = (chain(&world, &one).await, chain(&world, &two).await);
    assert_eq!((first.len(), second.len()), (13, 7));
    assert_ne!(first[0].prev_hash, second[0].prev_hash, "each begins with its own name");
    assert_eq!(first[0].subject, "wal\u{fffd}1");
    let kept = json!({"reason": "schön \0 \u{1f600}", "before": {"b": "1.50", "a": [1, "-1.5", null]}});
    assert_eq!(serde_json::Value::Object(first[0].detail.clone()), kept);
}

/// Records one entry beside others; whether it was kept.
pub(crate) fn write(world: &World, workspace: &WorkspaceId, number: u32, fails: bool, writers: &mut JoinSet<bool>) {
    let (store, ctx, workspace) = (world.store.clone(), world.ctx(), workspace.clone());
    writers.spawn(async move {
        // Under two names: where commands are told apart by them, some are known to number rows.
        let command = store.transact(if number.is_multiple_of(2) { "test" } else { "other" }, move |tx| {
            let (ctx, workspace) = (ctx.clone(), workspace.clone());
            Box::pin(async move {
                let new = new_audit("wallet.update", &format!("wal_{number}"), None);
                audit::record(tx, &ctx, &workspace, new).await?;
                if fails { Err(StoreError::Broken("on purpose".into())) } else { Ok(()) }
            })
        });
        command.await.is_ok()
    });
}

pub(crate) async fn writers_beside_each_other_leave_one_chain(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let mut writers = JoinSet::new();
    for number in 0..60 {
        let workspace = if number % 4 == 0 { &two } else { &one };
        // Every fifth fails after it wrote.
        write(&world, workspace, number, number.is_multiple_of(5), &mut writers);
    }
    let done = writers.join_all().await.into_iter().filter(|done| *done).count();
    let kept = chain(&world, &one).await.len() + chain(&world, &two).await.len();
    assert_eq!((done, kept), (48, 48));
}

pub(crate) async fn an_undone_command_leaves_no_gap(world: World) {
    let one = world.workspace("one").await;
    for number in 0..9 {
        let (ctx, fails) = (world.ctx(), number % 3 == 1);
        let outcome = try_run!(world, tx, ctx, one => {
            // Two in one command are two entries, or none.
            for action in ["wallet.update", "budget.update"] {
                audit::record(tx, &ctx, &one, new_audit(action, &format!("wal_{number}"), None)).await?;
            }
            if fails { Err(StoreError::Broken("on purpose".into())) } else { Ok(()) }
        });
        assert_eq!(outcome.is_err(), fails);
    }
    let subjects: Vec<_> = chain(&world, &one).await.into_iter().map(|entry| entry.subject).collect();
    let wanted = [0, 0, 2, 2, 3, 3, 5, 5, 6, 6, 8, 8].map(|number| format!("wal_{number}"));
    assert_eq!(subjects, wanted);
}

pub(crate) async fn entries_are_paged_newest_first_and_filtered(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let began = world.now();
    for number in 0..24 {
        let action = if number % 2 == 0 { "wallet.update" } else { "key.create" };
        let within = [None, Some("acme"), Some("other")][number % 3];
        world.pass(1);
        record(&world, &one, new_audit(action, &format!("s{}", number % 4), within)).await;
        record(&world, &two, new_audit(action, "s0", within)).await;
    }
    let after = |seconds| Some(began.after(std::time::Duration::from_secs(seconds)));
    let named = |name: &str| Some(name.to_owned());
    let filters = [
        (AuditFilter::default(), 24),
        (AuditFilter { action: named("key.create"), ..AuditFilter::default() }, 12),
        (AuditFilter { subject: named("s1"), ..AuditFilter::default() }, 6),
        (AuditFilter { subject: named("s1"), action: named("wallet.update"), ..AuditFilter::default() }, 0),
        (AuditFilter { subject: named("s1"), namespace: Some(namespace("acme")), ..AuditFilter::default() }, 2),
        (AuditFilter { actor: named("key:s3"), ..AuditFilter::default() }, 6),
        (AuditFilter { namespace: Some(namespace("acme")), ..AuditFilter::default() }, 8),
        (AuditFilter { since: after(4), until: after(10), ..AuditFilter::default() }, 6),
        (AuditFilter { subject: named("s0"), since: after(4), until: after(10), ..AuditFilter::default() }, 2),
    ];
    for (filter, count) in filters {
        let mut wanted = all(&world, &one, &filter).await;
        assert_eq!(wanted.len(), count, "{filter:?}");
        assert!(wanted.windows(2).all(|pair| pair[0].seq < pair[1].seq), "oldest first");
        wanted.reverse();
        for limit in [1, 5, 200] {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = PageQuery { before, limit };
                let page = see!(world, tx, one, filter => tx.audit_page(&one, &filter, page).await);
                assert!(page.items.len() <= limit as usize);
                found.extend(page.items);
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(found, wanted, "pages of {limit} of {filter:?}");
        }
    }
    let some = see!(world, tx, one => tx.audit_between(&one, &AuditFilter::default(), 3, 9, 4).await);
    assert_eq!(some.into_iter().map(|entry| entry.seq).collect::<Vec<_>>(), [4, 5, 6, 7]);
}
