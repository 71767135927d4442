//! The playground: sandboxes without a login, and a catcher that behaves as it is told.
use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use bellwire_domain::{
    Ctx, Faults, Origin, StoreError, Stored,
    delivery::{self, EndpointRef, EndpointStatus, Preset},
    spend::{self, CreateWallet, Created, Limits, Terms, Wallet, WalletStatus, Window, WindowKind, Zone},
    workspace::{self, CreateKey, CreatedSandbox, KeyKind, Permission, Principal, SANDBOX_NAME},
};
use bellwire_store::Tx;
use bellwire_wire::{Timestamp, UsdNanos};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use url::{Host, Url};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::{BODY_BYTES_MAX, read_body},
    delivery::{audit, endpoint_at},
    extract::Json,
    problem::{Code, Problem, ProblemBody},
    reply::{Answer, Reply},
    spend::terms::THRESHOLDS,
    workspace::{new_secret, prefix_of},
};
use crate::{app::App, session};

/// What a sandbox has to spend.
const BUDGET: UsdNanos = UsdNanos::from_nanos(5_000_000_000);
/// How long the catcher lets a request wait that is to be slow: longer than an endpoint waits unless it says so.
const SLOW: Duration = Duration::from_secs(20);
/// What a sandbox's key may do: everything that is tried, nothing that outlives it.
const MAY: [Permission; 5] = [
    Permission::EventsWrite,
    Permission::EventsRead,
    Permission::WebhooksManage,
    Permission::WalletsManage,
    Permission::WalletsSpend,
];

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(enabled, create)).routes(routes!(catch))
}

/// Whether there is a playground.
#[derive(Serialize, ToSchema)]
struct PlaygroundView {
    enabled: bool,
}

/// Whether there is a playground here: with `--dev`, or on a loopback address without a `public_url` elsewhere, unless it
/// was switched off.
#[utoipa::path(get, path = "/v1/try", operation_id = "get_playground",
    tag = "playground", responses((status = 200, body = PlaygroundView)), security(()))]
async fn enabled(State(app): State<Arc<App>>) -> Reply {
    Reply::ok(&PlaygroundView { enabled: app.playground.is_on() })
}

/// Where a sandbox sends its events.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SandboxForm {
    /// Your own receiver; the catcher of this server if absent.
    #[schema(max_length = 2048)]
    url: Option<String>,
}

/// A workspace to try things in.
#[derive(Serialize, ToSchema)]
struct SandboxView {
    workspace_id: String,
    /// Good for this workspace, until it goes. It is in this answer only.
    api_key: String,
    /// A wallet of $5.00.
    wallet_id: String,
    /// An endpoint for all events.
    endpoint_id: String,
    /// What its deliveries are signed with.
    secret: String,
    /// Where this server catches deliveries: `ok`, `fail`, `slow`, `wrong` or `flaky` belongs behind it.
    catcher_url: String,
    /// When it goes, with everything in it.
    expires_at: Timestamp,
}

/// Make a sandbox: a workspace of its own for a day, with a wallet of $5.00, an endpoint for all events and a key. At
/// most 20 a minute, and 1000 at once; each takes 50 writes a second. 404 where there is no playground.
#[utoipa::path(post, path = "/v1/try", operation_id = "create_sandbox", tag = "playground", request_body = SandboxForm,
    responses((status = 201, body = SandboxView), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 408, body = ProblemBody), (status = 413, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 429, body = ProblemBody), (status = 503, body = ProblemBody),
        (status = 507, body = ProblemBody)),
    security(()))]
async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    origin: Option<axum::Extension<Origin>>,
    body: Json<SandboxForm>,
) -> Answer {
    let catcher = app.playground.catcher_url().ok_or_else(off)?;
    // A page of another site may send this in somebody's name.
    if !session::asked_by_own_page(&headers, &app.public_url) {
        return Err(Problem::new(Code::Forbidden, "Only this server's own pages make sandboxes."));
    }
    if !is_called_rightly(&headers, &app.public_url) {
        let detail = "Sandboxes are made at an address, at localhost, or at the server's `public_url`.";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let (form, mut faults, _) = body.open();
    let url = form.url.unwrap_or_else(|| format!("{catcher}ok"));
    faults.take("url", app.egress.policy().check_url(&url));
    if !faults.is_empty() {
        return Err(Faults::into(faults));
    }
    if !app.store.has_room() {
        return Err(StoreError::Full.into());
    }
    let api_key = new_secret(&app, KeyKind::Workspace);
    let key = CreateKey {
        name: SANDBOX_NAME.into(),
        kind: KeyKind::Workspace,
        namespace: None,
        permissions: Some(MAY.into_iter().collect()),
        agent_id: None,
        person: None,
        expires_at: None,
        prefix: prefix_of(&api_key),
        hash: app.vault.hash(&api_key),
    };
    let ctx = app.ctx(origin.map(|origin| origin.0).unwrap_or_default());
    let made = app.store.transact("sandbox_create", move |tx| {
        let (ctx, key, url) = (ctx.clone(), key.clone(), url.clone());
        Box::pin(async move { furnished(tx, &ctx, key, url).await })
    });
    let made =
        made.await?.map_err(|(detail, seconds)| Problem::new(Code::TooManyRequests, detail).retry_after(seconds))?;
    app.playground.add(made.principal.workspace(), app.clock.now());
    Ok(Reply::created(&SandboxView {
        workspace_id: made.principal.workspace().to_string(),
        api_key,
        wallet_id: made.wallet.id().to_string(),
        endpoint_id: made.endpoint.endpoint_id.to_string(),
        secret: made.secret,
        catcher_url: catcher,
        expires_at: made.expires_at,
    }))
}

/// Whether a request names this server by an address, as `localhost`, or as it calls itself. A site whose own name was
/// made to lead here is of one origin with it in a browser, and nothing else tells it apart.
fn is_called_rightly(headers: &HeaderMap, public_url: &str) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return true };
    let Ok(called) = Url::parse(&format!("http://{host}/")) else { return false };
    let Some(Host::Domain(name)) = called.host() else { return called.has_host() };
    let itself = Url::parse(public_url).is_ok_and(|own| own.host_str() == Some(name));
    name == "localhost" || name.ends_with(".localhost") || itself
}

fn off() -> Problem {
    Problem::new(Code::NotFound, "There is no playground here.")
}

/// A sandbox with what belongs into it.
struct Furnished {
    principal: Principal,
    wallet: Wallet,
    endpoint: EndpointRef,
    secret: String,
    expires_at: Timestamp,
}

/// Makes a sandbox with a wallet and an endpoint; or why not now, and after how many seconds perhaps.
async fn furnished(
    tx: &mut Tx,
    ctx: &Ctx,
    key: CreateKey,
    url: String,
) -> Stored<Result<Furnished, (&'static str, u32)>> {
    let (workspace, key) = match workspace::create_sandbox(tx, ctx, key).await? {
        CreatedSandbox::Made(workspace, key) => (workspace, key),
        CreatedSandbox::TooFast => return Ok(Err(("Too many sandboxes were made in the last minute.", 60))),
        CreatedSandbox::TooMany => return Ok(Err(("Too many sandboxes are alive. They go after a day.", 3_600))),
    };
    let principal = Principal { key: Arc::new(key), workspace_name: workspace.name.into() };
    let terms = Terms {
        name: SANDBOX_NAME.into(),
        budget: BUDGET,
        window: Window { kind: WindowKind::Total, zone: Zone::UTC },
        limits: Limits::default(),
        thresholds: THRESHOLDS.to_vec(),
        policy_id: None,
        status: WalletStatus::Active,
        status_reason: None,
    };
    let wallet = CreateWallet { terms, namespace: None, agent_id: None, parent_id: None, sandbox: true };
    let Created::Made(wallet) = spend::create_wallet(tx, ctx, &principal, wallet).await? else {
        return Err(StoreError::Broken("a wallet that names nothing was not made".into()));
    };
    // Retries come soon enough to be watched.
    let config = endpoint_at(url, Preset::Paygraph);
    let endpoint = delivery::create_endpoint(tx, ctx, principal.workspace(), config, EndpointStatus::Active).await?;
    audit::created(tx, ctx, &principal, &endpoint).await?;
    let Some(secret) = endpoint.secrets.first().map(|live| live.secret.as_str().to_owned()) else {
        return Err(StoreError::Broken("an endpoint was made without a secret".into()));
    };
    let Some(expires_at) = principal.key.expires_at else {
        return Err(StoreError::Broken("the key of a sandbox was made without an end".into()));
    };
    Ok(Ok(Furnished { principal, wallet, endpoint: endpoint.at.clone(), secret, expires_at }))
}

/// Catch a delivery, and behave: `ok` answers 200, `fail` 500, `slow` 200 after 20 s, `wrong` redirects, `flaky` fails the
/// first attempt of each delivery. Nothing is kept.
#[utoipa::path(post, path = "/v1/try/catch/{behaviour}", operation_id = "catch_delivery",
    tag = "playground", params(("behaviour" = String, Path)),
    responses((status = 200, description = "Caught"), (status = 302, description = "As it was told: `wrong`"),
        (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 408, body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 500, description = "As it was told: `fail`, `flaky`"),
        (status = 503, body = ProblemBody)),
    security(()))]
async fn catch(
    State(app): State<Arc<App>>,
    Path(behaviour): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    if !app.playground.is_on() {
        return Err(off());
    }
    let first = request.headers().get("bellwire-attempt").is_none_or(|attempt| attempt == "1");
    read_body(request, BODY_BYTES_MAX, &app.stopping).await?;
    let said = |status: StatusCode, text: &'static str| {
        Ok((status, [(header::CACHE_CONTROL, "no-store")], text).into_response())
    };
    match behaviour.as_str() {
        "ok" => said(StatusCode::OK, "caught"),
        "fail" => said(StatusCode::INTERNAL_SERVER_ERROR, "as you wish: 500"),
        "flaky" if first => said(StatusCode::INTERNAL_SERVER_ERROR, "not at the first attempt"),
        "flaky" => said(StatusCode::OK, "caught this time"),
        "wrong" => Ok((StatusCode::FOUND, [(header::LOCATION, "/v1/try")]).into_response()),
        "slow" => {
            // Where too many wait already, it is quick for once.
            if let Ok(_place) = app.playground.slow.try_acquire() {
                let _ = app.stopping.run_until_cancelled(tokio::time::sleep(SLOW)).await;
            }
            said(StatusCode::OK, "caught, slowly")
        }
        _ => Err(Problem::not_found("behaviour")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_ours_makes_no_sandbox() {
        let called = |host: &'static str| {
            let headers = HeaderMap::from_iter([(header::HOST, http::HeaderValue::from_static(host))]);
            is_called_rightly(&headers, "https://bells.example")
        };
        for host in ["127.0.0.1:4800", "[::1]:4800", "10.1.2.3", "localhost:4800", "try.localhost", "bells.example"] {
            assert!(called(host), "{host}");
        }
        for host in ["rebound.example:4800", "localhost.example", "bells.example.org", "a b", ""] {
            assert!(!called(host), "{host}");
        }
        assert!(is_called_rightly(&HeaderMap::new(), "https://bells.example"), "no browser leaves it out");
    }
}
