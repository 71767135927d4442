//! Logging in to the console and out of it, and links that log in (spec console, "Login").
use std::{sync::Arc, time::Duration};

use axum::extract::{Extension, Path, State};
use bellwire_domain::{
    CONSOLE, Ctx, Faults, Origin, StoreError, Stored,
    workspace::{
        KeyKind,
        session::{self, LINK_LASTS, LoggedIn, MadePortalLink, NewLink, NewPortal, PORTAL_LASTS},
    },
};
use bellwire_wire::{Namespace, Timestamp};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{AnyKey, By, Json, KeysManage, Repeat},
    problem::{Code, Problem, ProblemBody},
    reply::{Answer, Reply},
    workspace::{Me, new_secret, own, prefix_of},
};
use crate::{
    app::App,
    session::{COOKIE, asked_by_own_page, cookie, csrf_token, hash, link_hash, link_url, new_token, no_cookie},
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(log_in, show, log_out))
        .routes(routes!(create_link))
        .routes(routes!(create_portal_link))
}

/// What to log in with: one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LogInForm)]
struct LogIn {
    /// An API key: the session acts as this key.
    #[schema(min_length = 1, max_length = 256)]
    api_key: Option<String>,
    /// The token of a link, from behind its `#link=`.
    #[schema(min_length = 1, max_length = 256)]
    link: Option<String>,
}

/// What somebody shows to be let in.
enum Shown {
    Key(String),
    Link(String),
}

impl LogIn {
    fn read(self, mut faults: Faults) -> Result<Shown, Problem> {
        let named = |text: &Option<String>| text.as_ref().is_none_or(|text| (1..=256).contains(&text.len()));
        faults.check(named(&self.api_key), "api_key", "must be 1 to 256 characters");
        faults.check(named(&self.link), "link", "must be 1 to 256 characters");
        match (self.api_key, self.link) {
            (Some(_), Some(_)) => faults.add("link", "must be absent beside `api_key`"),
            (Some(key), None) if faults.is_empty() => return Ok(Shown::Key(key)),
            (None, Some(link)) if faults.is_empty() => return Ok(Shown::Link(link)),
            (None, None) if faults.is_empty() => faults.add("api_key", "is required, or `link`"),
            _ => {}
        }
        Err(faults.into())
    }
}

/// A session: a browser that acts as a key.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionView {
    /// What every change repeats in the header `X-CSRF-Token`.
    csrf_token: String,
    /// When it ends at the latest.
    expires_at: Timestamp,
    /// Whether a portal's link opened it.
    portal: bool,
    /// Whether it changes nothing, whatever the key may do.
    read_only: bool,
    /// The key as which it acts.
    me: Me,
}

impl SessionView {
    fn new(app: &App, session: &session::Session, me: Me) -> Self {
        Self {
            csrf_token: csrf_token(&app.vault, session),
            expires_at: session.expires_at,
            portal: session.portal,
            read_only: session.read_only,
            me,
        }
    }
}

fn cookies(value: Option<HeaderValue>) -> impl Iterator<Item = (http::HeaderName, HeaderValue)> {
    value.into_iter().map(|value| (header::SET_COOKIE, value))
}

/// Log in: with an API key, or with the token of a link. Sets the cookie `bellwire_session`.
#[utoipa::path(post, path = "/v1/session", operation_id = "log_in", tag = "session", request_body = LogIn,
    responses(
        (status = 200, body = SessionView, headers(("Set-Cookie" = String))),
        (status = 400, content_type = "application/problem+json", body = ProblemBody),
        (status = 401, description = "The key or link is unknown, used, revoked or expired", content_type = "application/problem+json", body = ProblemBody),
        (status = 403, description = "Another site asked", content_type = "application/problem+json", body = ProblemBody),
        (status = 413, content_type = "application/problem+json", body = ProblemBody),
        (status = 422, content_type = "application/problem+json", body = ProblemBody)),
    security(()))]
async fn log_in(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Json<LogIn>,
) -> Answer {
    // Another site must not log its visitors in to an account of its own.
    if !asked_by_own_page(&headers, &app.public_url) {
        return Err(Problem::new(Code::CsrfFailed, "Only the console's own pages log in."));
    }
    let (form, faults, _) = body.open();
    let shown = form.read(faults)?;
    if !app.store.has_room() {
        return Err(StoreError::Full.into());
    }
    let token = new_token(&*app.mint);
    let ctx = app.ctx(Origin { via: Some(CONSOLE), ..origin });
    let now = ctx.now;
    let begun = begin(&app, ctx, shown, &token)
        .await?
        .ok_or_else(|| Problem::new(Code::Unauthorized, "This key or link is unknown, used, revoked or expired."))?;
    let view = SessionView::new(&app, &begun.session, Me::of(&begun.principal));
    Ok(Reply::ok(&view).with_headers(cookies(cookie(&app.public_url, &token, &begun.session, now))))
}

async fn begin(app: &App, ctx: Ctx, shown: Shown, token: &str) -> Stored<Option<LoggedIn>> {
    let token = hash(&app.vault, token);
    match shown {
        Shown::Key(key) => {
            let Some(by) = app.auth.check(&key, ctx.now).await? else { return Ok(None) };
            let begun = app.store.transact("session_create", move |tx| {
                let (ctx, by) = (ctx.clone(), Arc::clone(&by));
                Box::pin(async move { session::log_in(tx, &ctx, &by, token).await })
            });
            begun.await.map(Some)
        }
        Shown::Link(link) => {
            let link = link_hash(&app.vault, &link);
            let begun = app.store.transact("session_redeem", move |tx| {
                let ctx = ctx.clone();
                Box::pin(async move { session::redeem(tx, &ctx, &link, token).await })
            });
            begun.await
        }
    }
}

fn no_session() -> Problem {
    Problem::new(Code::Unauthorized, format!("There is no session: log in first, and send the cookie `{COOKIE}`."))
}

/// The session of the cookie: how a page that was loaded anew learns its `csrf_token`.
#[utoipa::path(get, path = "/v1/session", operation_id = "get_session", tag = "session",
    responses((status = 200, body = SessionView), (status = 401, body = ProblemBody)), security(("session" = [])))]
async fn show(State(app): State<Arc<App>>, by: By<AnyKey>) -> Answer {
    let session = by.session.as_ref().ok_or_else(no_session)?;
    Ok(Reply::ok(&SessionView::new(&app, session, Me::of(&by.principal))))
}

/// Log out: the session is gone, and so is its cookie.
#[utoipa::path(delete, path = "/v1/session", operation_id = "log_out", tag = "session",
    responses((status = 204, headers(("Set-Cookie" = String))), (status = 401, body = ProblemBody)),
    security(("session" = [], "csrf" = [])))]
async fn log_out(State(app): State<Arc<App>>, by: By<AnyKey>) -> Answer {
    let token = by.session.as_ref().ok_or_else(no_session)?.hash;
    let principal = Arc::clone(&by.principal);
    let answer = app
        .command("session_delete", &by, None, move |tx, ctx| {
            let principal = Arc::clone(&principal);
            Box::pin(async move {
                session::log_out(tx, &ctx, &principal, &token).await?;
                Ok(Ok(Reply::gone()))
            })
        })
        .await;
    app.auth.forget();
    Ok(answer?.with_headers(cookies(no_cookie(&app.public_url))))
}

/// A link that logs in.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionLink)]
struct LinkView {
    /// To be opened in a browser. Its token is behind the `#`, which browsers send to nobody.
    url: String,
    /// Until when it is good.
    expires_at: Timestamp,
}

/// Make a link that logs in once, as the key that asks, within five minutes.
#[utoipa::path(post, path = "/v1/session/links", operation_id = "create_session_link", tag = "session",
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = LinkView), (status = 401, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn create_link(State(app): State<Arc<App>>, by: By<AnyKey>, Repeat(idempotency): Repeat) -> Answer {
    let token = new_token(&*app.mint);
    let portal = by.session.as_ref().is_some_and(|session| session.portal);
    let new = NewLink { hash: link_hash(&app.vault, &token), portal, lasts: LINK_LASTS };
    let (principal, url) = (Arc::clone(&by.principal), link_url(&app.public_url, portal, &token));
    app.command("session_link_create", &by, own(&by, idempotency), move |tx, ctx| {
        let (new, principal, url) = (new.clone(), Arc::clone(&principal), url.clone());
        Box::pin(async move {
            let expires_at = session::make_link(tx, &ctx, &principal, new).await?;
            Ok(Ok(Reply::created(&LinkView { url, expires_at })))
        })
    })
    .await
}

/// A portal to be opened.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PortalLinkForm)]
struct PortalForm {
    /// For how long the link and its sessions are good; an hour if absent.
    #[schema(minimum = 60, maximum = 604_800)]
    expires_in_s: Option<u64>,
    /// Whether the tenant sees everything and changes nothing.
    read_only: Option<bool>,
}

/// A portal's link.
#[derive(Serialize, ToSchema)]
#[schema(as = PortalLink)]
struct PortalView {
    /// What the tenant opens, as often as it likes until it expires.
    url: String,
    /// Until when.
    expires_at: Timestamp,
    /// The key as which the tenant acts: revoking it ends the link and its sessions.
    key_id: String,
}

/// Make a link that shows a tenant its endpoints, events and deliveries: one namespace, and nothing else.
#[utoipa::path(post, path = "/v1/namespaces/{namespace}/portal-link", tag = "session", request_body = PortalForm,
    params(("namespace" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = PortalView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
async fn create_portal_link(
    State(app): State<Arc<App>>,
    by: By<KeysManage>,
    Path(name): Path<String>,
    body: Json<PortalForm>,
) -> Answer {
    let namespace: Namespace = name.parse().map_err(|_| Problem::not_found("namespace"))?;
    if !by.principal.sees(Some(&namespace)) {
        return Err(Problem::not_found("namespace"));
    }
    let (form, mut faults, idempotency) = body.open();
    let lasts = form.expires_in_s.map_or(PORTAL_LASTS, Duration::from_secs);
    let in_range = (60..=604_800).contains(&lasts.as_secs());
    faults.check(in_range, "expires_in_s", "must be 60 to 604800: a minute to a week");
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let (token, secret) = (new_token(&*app.mint), new_secret(&app, KeyKind::Scoped));
    let new = NewPortal {
        namespace,
        link: link_hash(&app.vault, &token),
        key: app.vault.hash(&secret),
        prefix: prefix_of(&secret),
        lasts,
        read_only: form.read_only.unwrap_or(false),
    };
    let (principal, url) = (Arc::clone(&by.principal), link_url(&app.public_url, true, &token));
    app.command("portal_link_create", &by, own(&by, idempotency), move |tx, ctx| {
        let (new, principal, url) = (new.clone(), Arc::clone(&principal), url.clone());
        Box::pin(async move {
            let expires_at = ctx.now.after(new.lasts);
            Ok(match session::make_portal_link(tx, &ctx, &principal, new).await? {
                MadePortalLink::Made(key) => {
                    Ok(Reply::created(&PortalView { url, expires_at, key_id: key.id.to_string() }))
                }
                MadePortalLink::Refused(refusal) => Err(Problem::new(Code::Forbidden, format!("{refusal}."))),
            })
        })
    })
    .await
}
