//! Sessions, and the links that open them.
use std::time::Duration;

use bellwire_domain::{
    PageQuery,
    workspace::{
        self, Key, KeyHash, KeyKind, Principal, Rows as _,
        audit::AuditFilter,
        session::{self, Link, NewLink, NewPortal, Rows as _, Session, TokenHash},
    },
};
use bellwire_wire::{KeyId, Timestamp, WorkspaceId};

use super::{World, till, world::namespace};

const HOUR: Duration = Duration::from_hours(1);

/// A key of the workspace that is stored, and who has it.
async fn principal(world: &World, workspace: &WorkspaceId, number: u8) -> Principal {
    let principal = till::principal(workspace, None);
    let id = KeyId::from_ulid(world.mint.ulid());
    let key = Key { id, kind: KeyKind::Admin, hash: KeyHash([number; 32]), ..(*principal.key).clone() };
    run!(world, tx, key => tx.key_insert(&key).await);
    Principal { key: key.into(), ..principal }
}

fn row(by: &Principal, number: u8, expires_at: Timestamp) -> Session {
    Session {
        hash: TokenHash([number; 32]),
        workspace_id: by.workspace().clone(),
        key_id: by.key.id.clone(),
        portal: number.is_multiple_of(2),
        read_only: number.is_multiple_of(3),
        created_at: expires_at.before(HOUR),
        expires_at,
    }
}

fn link(by: &Principal, number: u8, expires_at: Timestamp) -> Link {
    Link {
        hash: TokenHash([number; 32]),
        workspace_id: by.workspace().clone(),
        key_id: by.key.id.clone(),
        once: number.is_multiple_of(5),
        portal: number.is_multiple_of(2),
        read_only: number.is_multiple_of(3),
        created_at: expires_at.before(HOUR),
        expires_at,
    }
}

/// What the audit log tells, oldest first.
async fn told(world: &World, workspace: &WorkspaceId) -> Vec<String> {
    let (filter, page) = (AuditFilter::default(), PageQuery { before: None, limit: 200 });
    let page = see!(world, tx, workspace, filter => {
        workspace::audit::Rows::audit_page(tx, &workspace, &filter, page).await
    });
    page.items.into_iter().rev().map(|entry| entry.action).collect()
}

pub(crate) async fn sessions_and_links_come_back_as_they_went_in_until_they_are_removed(world: World) {
    let by = principal(&world, &world.workspace("one").await, 1).await;
    let now = world.now();
    for number in 1..7 {
        let (session, link) = (row(&by, number, now), link(&by, number, now));
        run!(world, tx, session, link => {
            tx.session_insert(&session).await?;
            tx.link_insert(&link).await
        });
        let hash = session.hash;
        assert_eq!(see!(world, tx => tx.session(&hash).await), Some(session));
        assert_eq!(see!(world, tx => tx.link(&hash).await), Some(link));
        for there in [true, false] {
            assert_eq!(run!(world, tx => tx.session_delete(&hash).await), there);
            assert_eq!(run!(world, tx => tx.link_take(&hash).await), there);
        }
        assert_eq!(see!(world, tx => tx.session(&hash).await), None);
        assert_eq!(see!(world, tx => tx.link(&hash).await), None);
    }
}

pub(crate) async fn what_has_expired_is_swept_a_chunk_at_a_time_and_the_rest_stays(world: World) {
    let by = principal(&world, &world.workspace("one").await, 1).await;
    let now = world.now();
    for number in 0..10 {
        let end = if number < 5 { now.before(HOUR) } else { now.after(HOUR) };
        let (session, link) = (row(&by, number, end), link(&by, number, end));
        run!(world, tx, session, link => {
            tx.session_insert(&session).await?;
            tx.link_insert(&link).await
        });
    }
    let mut swept = Vec::new();
    for _ in 0..4 {
        swept.push(run!(world, tx => tx.sessions_sweep(now, 2).await));
    }
    assert_eq!(swept, [4, 4, 2, 0]);
    for number in 0..10 {
        let hash = TokenHash([number; 32]);
        assert_eq!(see!(world, tx => tx.session(&hash).await).is_some(), number >= 5, "{number}");
        assert_eq!(see!(world, tx => tx.link(&hash).await).is_some(), number >= 5, "{number}");
    }
}

pub(crate) async fn a_link_for_once_logs_in_once_also_when_it_is_opened_twice_at_once(world: World) {
    let workspace = world.workspace("one").await;
    let by = principal(&world, &workspace, 1).await;
    let (ctx, hash) = (world.ctx(), TokenHash([9; 32]));
    let new = NewLink { hash, portal: false, lasts: HOUR };
    let end = run!(world, tx, ctx, by, new => session::make_link(tx, &ctx, &by, new).await);
    assert_eq!(end, ctx.now.after(HOUR));
    let open = |token: u8| {
        let (store, ctx) = (world.store.clone(), ctx.clone());
        async move {
            let opened = store.transact("test", move |tx| {
                let ctx = ctx.clone();
                Box::pin(async move { session::redeem(tx, &ctx, &hash, TokenHash([token; 32])).await })
            });
            opened.await.expect("it commits")
        }
    };
    let (one, two) = tokio::join!(open(10), open(11));
    let mut begun = one.into_iter().chain(two);
    let only = begun.next().expect("one gets in");
    assert!(begun.next().is_none(), "and one only");
    assert_eq!((&only.session.key_id, only.session.portal), (&by.key.id, false));
    assert!(open(12).await.is_none());
    assert_eq!(told(&world, &workspace).await, ["session_link.create", "session.create"]);
}

pub(crate) async fn a_portals_link_opens_until_it_expires_or_its_key_is_revoked(world: World) {
    let workspace = world.workspace("one").await;
    let by = principal(&world, &workspace, 1).await;
    let (ctx, hash) = (world.ctx(), TokenHash([9; 32]));
    let new = NewPortal {
        namespace: namespace("acme"),
        link: hash,
        key: KeyHash([2; 32]),
        prefix: "bw_scoped_".into(),
        lasts: HOUR,
        read_only: true,
    };
    let made = run!(world, tx, ctx, by, new => session::make_portal_link(tx, &ctx, &by, new).await);
    let session::MadePortalLink::Made(key) = made else { panic!("it is allowed: {made:?}") };
    assert_eq!((&key.namespace, key.expires_at), (&Some(namespace("acme")), Some(ctx.now.after(HOUR))));
    let open = async |token: u8, later: Duration| {
        let (mut ctx, token) = (ctx.clone(), TokenHash([token; 32]));
        ctx.now = ctx.now.after(later);
        run!(world, tx, ctx => session::redeem(tx, &ctx, &hash, token).await)
    };
    for token in [10, 11] {
        let begun = open(token, Duration::ZERO).await.expect("it opens again and again").session;
        assert_eq!((begun.portal, begun.read_only, begun.expires_at), (true, true, ctx.now.after(HOUR)));
    }
    assert!(open(12, HOUR).await.is_none(), "it has expired");
    let id = key.id.clone();
    run!(world, tx, ctx, by, id => workspace::revoke_key(tx, &ctx, &by, &id).await);
    assert!(open(13, Duration::ZERO).await.is_none(), "its key is revoked");
}

pub(crate) async fn the_owner_key_is_found_and_nobody_elses(world: World) {
    let workspace = world.workspace("one").await;
    principal(&world, &workspace, 1).await;
    assert_eq!(see!(world, tx => tx.owner_key().await), None);
    let (ctx, hash) = (world.ctx(), TokenHash([9; 32]));
    assert_eq!(run!(world, tx, ctx => session::console_link(tx, &ctx, hash).await), None, "there is none to log in");
    let owner = (*till::principal(&workspace, None).key).clone();
    run!(world, tx, owner => tx.key_insert(&owner).await);
    assert_eq!(see!(world, tx => tx.owner_key().await), Some(owner));
    let end = run!(world, tx, ctx => session::console_link(tx, &ctx, hash).await);
    assert_eq!(end, Some(ctx.now.after(session::OWNER_LINK_LASTS)));
}
