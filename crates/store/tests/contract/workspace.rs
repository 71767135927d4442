//! Workspaces, keys, namespaces, saved answers.
use bellwire_domain::{
    PageQuery,
    delivery::Rows as _,
    event::{EventFilter, Rows as _},
    workspace::{
        self, CreateKey, CreatedSandbox, Key, KeyHash, KeyKind, Permission, Rows as _, Sandbox, Saved, audit::Rows as _,
    },
};
use bellwire_wire::{KeyId, WorkspaceId};

use super::{World, world::namespace};

fn key(world: &World, workspace: &WorkspaceId, number: u8, within: Option<&str>) -> Key {
    Key {
        id: KeyId::from_ulid(world.mint.ulid()),
        workspace_id: workspace.clone(),
        name: format!("key {number}"),
        kind: if within.is_some() { KeyKind::Scoped } else { KeyKind::Workspace },
        namespace: within.map(namespace),
        permissions: [Permission::EventsRead, Permission::AuditRead].into_iter().collect(),
        agent_id: Some("agent-1".into()),
        person: Some("a@example.com".into()),
        prefix: "bw_test_".into(),
        hash: KeyHash([number; 32]),
        created_at: world.now(),
        expires_at: Some(world.now().after(std::time::Duration::from_mins(1))),
        last_used_at: None,
        revoked_at: None,
    }
}

async fn insert(world: &World, workspace: &WorkspaceId, number: u8, within: Option<&str>) -> Key {
    let key = key(world, workspace, number, within);
    run!(world, tx, key => tx.key_insert(&key).await);
    key
}

async fn listed(world: &World, workspace: &WorkspaceId, within: Option<&str>) -> Vec<String> {
    let within = within.map(namespace);
    let query = PageQuery { before: None, limit: 200 };
    let page = see!(world, tx, workspace, within => tx.keys(&workspace, within.as_ref(), query).await);
    page.items.into_iter().map(|key| key.name).collect()
}

pub(crate) async fn a_key_is_found_by_its_hash_alone(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let first = insert(&world, &one, 1, Some("acme")).await;
    let second = insert(&world, &two, 2, None).await;
    for key in [first, second] {
        let hash = key.hash;
        assert_eq!(see!(world, tx => tx.key_by_hash(&hash).await), Some(key));
    }
    assert_eq!(see!(world, tx => tx.key_by_hash(&KeyHash([3; 32])).await), None);
    let page = see!(world, tx => tx.workspaces(PageQuery::ONE).await);
    let next = PageQuery { before: page.next, limit: 9 };
    let rest = see!(world, tx => tx.workspaces(next).await);
    let names: Vec<String> = page.items.into_iter().chain(rest.items).map(|found| found.name).collect();
    assert_eq!((names, rest.next), (vec!["two".to_owned(), "one".to_owned()], None), "newest first");
}

pub(crate) async fn keys_are_paged_newest_first_without_gaps_or_repeats(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    for number in 0..25 {
        let workspace = if number % 5 == 0 { &two } else { &one };
        insert(&world, workspace, number, (number % 2 == 0).then_some("acme")).await;
    }
    for (within, takes) in [(None, 1), (Some(namespace("acme")), 2)] {
        let wanted: Vec<String> =
            (0..25).rev().filter(|n| n % 5 != 0 && n % takes == 0).map(|n| format!("key {n}")).collect();
        for limit in [1, 3, 20, 200] {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let query = PageQuery { before, limit };
                let page = see!(world, tx, one, within => tx.keys(&one, within.as_ref(), query).await);
                assert!(page.items.len() <= limit as usize);
                found.extend(page.items.into_iter().map(|key| key.name));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(found, wanted, "pages of {limit}");
        }
    }
}

pub(crate) async fn a_revoked_key_is_found_but_not_listed(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let key = insert(&world, &one, 1, None).await;
    let (id, now) = (key.id.clone(), world.pass(5));
    run!(world, tx, two, id => tx.key_revoke(&two, &id, now).await);
    assert_eq!(listed(&world, &one, None).await.len(), 1, "another workspace revokes nothing");
    run!(world, tx, one, id => tx.key_revoke(&one, &id, now).await);
    assert!(listed(&world, &one, None).await.is_empty());
    let later = world.pass(5);
    run!(world, tx, one, id => tx.key_revoke(&one, &id, later).await);
    let hash = key.hash;
    let found = see!(world, tx => tx.key_by_hash(&hash).await).expect("still there");
    assert_eq!(found.revoked_at, Some(now), "revoked once, at the first time");
}

pub(crate) async fn when_a_key_was_used_only_moves_forward(world: World) {
    let one = world.workspace("one").await;
    let id = insert(&world, &one, 1, None).await.id;
    let (early, late) = (world.now(), world.pass(60));
    for at in [late, early] {
        run!(world, tx, id => tx.keys_used(&[(id, at)]).await);
    }
    let found = see!(world, tx, one, id => tx.key(&one, &id).await).expect("a key");
    assert_eq!(found.last_used_at, Some(late));
}

pub(crate) async fn a_namespace_is_known_once_and_forgotten_with_its_keys(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let (acme, first) = (namespace("acme"), world.now());
    for workspace in [&one, &two, &one] {
        run!(world, tx, workspace, acme => tx.namespace_touch(&workspace, &acme, first).await);
    }
    let now = world.pass(1);
    run!(world, tx, one, acme => tx.namespace_touch(&one, &acme, now).await);
    let known = see!(world, tx, one => tx.namespaces(&one, None, "", 9).await);
    assert_eq!(known, [(acme.clone(), first)], "known since it was first named");
    for (only, after, limit, found) in
        [(Some("acme"), "", 9, 1), (Some("b"), "", 9, 0), (None, "acme", 9, 0), (None, "a", 1, 1)]
    {
        let only = only.map(namespace);
        let listed = see!(world, tx, one, only => tx.namespaces(&one, only.as_ref(), after, limit).await);
        assert_eq!(listed.len(), found, "{only:?} {after} {limit}");
    }
    insert(&world, &one, 1, Some("acme")).await;
    insert(&world, &one, 2, None).await;
    insert(&world, &two, 3, Some("acme")).await;
    let revoked = run!(world, tx, one, acme => tx.namespace_delete(&one, &acme, now).await).expect("it was known");
    assert_eq!(revoked.into_iter().map(|key| key.name).collect::<Vec<_>>(), ["key 1"]);
    assert_eq!(listed(&world, &one, None).await, ["key 2"]);
    assert_eq!(listed(&world, &two, None).await, ["key 3"]);
    assert!(run!(world, tx, one, acme => tx.namespace_delete(&one, &acme, now).await).is_none());
    assert!(see!(world, tx, one => tx.namespaces(&one, None, "", 9).await).is_empty());
    assert_eq!(see!(world, tx, two => tx.namespaces(&two, None, "", 9).await).len(), 1);
    run!(world, tx, one, acme => tx.namespace_touch(&one, &acme, now).await);
    assert_eq!(see!(world, tx, one => tx.namespaces(&one, None, "", 9).await).len(), 1, "named again, known again");
}

fn answer(byte: u8) -> Saved {
    Saved { fingerprint: [byte; 32], status: 201, body: format!("a secret answer {byte}").into_bytes() }
}

pub(crate) async fn an_answer_is_kept_per_workspace_route_and_key(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let now = world.now();
    for (byte, workspace, route, key) in
        [(1, &one, "POST /a", "k"), (2, &one, "POST /b", "k"), (3, &one, "POST /a", "l"), (4, &two, "POST /a", "k")]
    {
        let answer = answer(byte);
        run!(world, tx, workspace, answer => tx.save(&workspace, route, key, &answer, now, None).await);
    }
    let of = async |workspace: &WorkspaceId, route: &'static str, key: &'static str| see!(world, tx, workspace => tx.saved(&workspace, route, key).await);
    assert_eq!(of(&one, "POST /a", "k").await, Some(answer(1)));
    assert_eq!(of(&one, "POST /b", "k").await, Some(answer(2)));
    assert_eq!(of(&one, "POST /a", "l").await, Some(answer(3)));
    assert_eq!(of(&two, "POST /a", "k").await, Some(answer(4)));
    assert_eq!(of(&two, "POST /b", "k").await, None);
    let again = answer(9);
    run!(world, tx, one, again => tx.save(&one, "POST /a", "k", &again, now, None).await);
    assert_eq!(of(&one, "POST /a", "k").await, Some(answer(9)), "the newer answer replaces it");
    run!(world, tx, one => tx.saved_forget(&one, "POST /a", "k").await);
    assert_eq!(of(&one, "POST /a", "k").await, None);
    assert_eq!(of(&two, "POST /a", "k").await, Some(answer(4)), "another's is another's");
}

pub(crate) async fn answers_that_expired_are_swept_and_others_stay(world: World) {
    let one = world.workspace("one").await;
    let (now, soon) = (world.now(), world.pass(60));
    for number in 0..7_u8 {
        let (answer, key) = (answer(number), format!("k{number}"));
        let expires = if number < 5 { Some(soon) } else { None };
        run!(world, tx, one, answer, key => tx.save(&one, "POST /a", &key, &answer, now, expires).await);
    }
    assert_eq!(run!(world, tx => tx.saved_sweep(soon, 10).await), 0, "good up to its last moment");
    let later = world.pass(1);
    assert_eq!(run!(world, tx => tx.saved_sweep(later, 3).await), 3);
    assert_eq!(run!(world, tx => tx.saved_sweep(later, 3).await), 2);
    assert_eq!(run!(world, tx => tx.saved_sweep(later, 3).await), 0);
    assert!(see!(world, tx, one => tx.saved(&one, "POST /a", "k6").await).is_some());
}

pub(crate) async fn another_workspace_sees_no_keys_namespaces_or_answers(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let key = insert(&world, &one, 1, Some("acme")).await.id;
    let (now, acme, kept) = (world.now(), namespace("acme"), answer(1));
    run!(world, tx, one, acme, kept => {
        tx.namespace_touch(&one, &acme, now).await?;
        tx.save(&one, "POST /a", "k", &kept, now, None).await
    });
    assert_eq!(see!(world, tx, two, key => tx.key(&two, &key).await), None);
    assert!(listed(&world, &two, None).await.is_empty());
    assert!(listed(&world, &two, Some("acme")).await.is_empty());
    assert!(see!(world, tx, two => tx.namespaces(&two, None, "", 9).await).is_empty());
    assert_eq!(see!(world, tx, two => tx.saved(&two, "POST /a", "k").await), None);
    assert!(run!(world, tx, two, acme => tx.namespace_delete(&two, &acme, now).await).is_none());
    assert_eq!(listed(&world, &one, None).await.len(), 1);
}

fn sandbox_key(number: u8) -> CreateKey {
    CreateKey {
        name: "playground".into(),
        kind: KeyKind::Workspace,
        namespace: None,
        permissions: None,
        agent_id: None,
        person: None,
        expires_at: None,
        prefix: "bw_".into(),
        hash: KeyHash([number; 32]),
    }
}

/// Makes a sandbox; nothing if there may be none.
async fn sandbox(world: &World, number: u8) -> Option<WorkspaceId> {
    let (ctx, key) = (world.ctx(), sandbox_key(number));
    match run!(world, tx, ctx, key => workspace::create_sandbox(tx, &ctx, key).await) {
        CreatedSandbox::Made(workspace, key) => {
            assert_eq!(key.expires_at, Some(world.now().after(workspace::SANDBOX_LIFE)));
            Some(workspace.id)
        }
        CreatedSandbox::TooFast | CreatedSandbox::TooMany => None,
    }
}

pub(crate) async fn a_sandbox_goes_with_everything_in_it_and_nothing_else_goes(world: World) {
    let (one, kept) = (sandbox(&world, 1).await.expect("made"), world.workspace("kept").await);
    let mut endpoints = Vec::new();
    for workspace in [&one, &kept] {
        for _ in 0..3 {
            endpoints.push(world.endpoint(workspace, |_| {}).await);
        }
        for _ in 0..10 {
            world.pass(1);
            world.post(workspace, "order.placed", Some("acme")).await;
        }
    }
    let held = world.claim(&endpoints[0].at, 1).await.remove(0);
    let attempt = super::delivery::record(&world, 1);
    run!(world, tx, attempt => tx.attempt_insert(held.seq, &attempt).await);
    let before = world.all(&endpoints[5].at).await.len();
    let (ctx, mut steps) = (world.ctx(), 0);
    while !run!(world, tx, ctx, one => workspace::sweep_sandbox(tx, &ctx, &one, 4).await) {
        steps += 1;
        assert!(steps < 200, "it ends");
    }
    assert!(steps > 10, "in small steps: {steps}");
    let query = PageQuery { before: None, limit: 50 };
    assert!(see!(world, tx, one => tx.workspace(&one).await).is_none());
    assert!(see!(world, tx => tx.key_by_hash(&KeyHash([1; 32])).await).is_none());
    assert!(see!(world, tx, one => tx.events(&one, &EventFilter::default(), query).await).items.is_empty());
    assert!(world.all(&endpoints[0].at).await.is_empty());
    assert!(see!(world, tx => tx.attempts(held.seq).await).is_empty());
    assert_eq!(see!(world, tx, one => tx.audit_newest(&one).await), 0);
    assert_eq!(see!(world, tx => tx.sandboxes(9).await), []);
    assert_eq!(world.all(&endpoints[5].at).await.len(), before);
    assert_eq!(see!(world, tx, kept => tx.events(&kept, &EventFilter::default(), query).await).items.len(), 10);
    // What is no sandbox is not removed, endpoints or not.
    let other = world.workspace("other").await;
    assert!(run!(world, tx, ctx, other => workspace::sweep_sandbox(tx, &ctx, &other, 4).await));
    assert!(see!(world, tx, other => tx.workspace(&other).await).is_some());
}

pub(crate) async fn sandboxes_are_bounded_at_once_and_by_the_minute(world: World) {
    for number in 0..20 {
        assert!(sandbox(&world, number).await.is_some(), "{number}");
    }
    assert!(sandbox(&world, 20).await.is_none(), "too fast");
    world.pass(61);
    let last = sandbox(&world, 21).await.expect("a minute later");
    let all = see!(world, tx => tx.sandboxes(50).await);
    assert_eq!(all.len(), 21);
    assert_eq!(all.last().map(|sandbox| &sandbox.workspace_id), Some(&last), "the oldest first");
    let (now, ago) = (world.now(), world.now().before(std::time::Duration::from_secs(30)));
    run!(world, tx => {
        for number in 21..1_000 {
            let workspace_id = WorkspaceId::from_stored(&format!("ws-{number:026}"));
            tx.sandbox_insert(&Sandbox { workspace_id, created_at: ago, expires_at: now }).await?;
        }
        Ok(())
    });
    world.pass(61);
    assert_eq!(see!(world, tx => tx.sandboxes_counted(now).await), (1_000, 0));
    assert!(sandbox(&world, 22).await.is_none(), "too many");
}
