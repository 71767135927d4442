//! Who am I, keys, workspaces, namespaces.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults, PageQuery,
    workspace::{self, CreateKey, CreatedKey, Key, KeyKind, Permission, Permissions, Principal, RevokedKey, Rows},
};
use bellwire_store::Vault;
use bellwire_wire::{KeyId, Namespace, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{AnyKey, By, FromQuery, Idempotency, Json, KeysManage, Parameters, Query},
    page::{self, NameQuery, PAGE},
    problem::{Code, Problem, ProblemBody},
    reply::{Answer, Reply},
};
use crate::app::App;

/// The routes of this slice.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(create_key, list_keys))
        .routes(routes!(revoke_key))
        .routes(routes!(create_workspace, list_workspaces))
        .routes(routes!(list_namespaces))
        .routes(routes!(delete_namespace))
}

/// Who a key is.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    workspace_id: String,
    /// The workspace's name.
    name: String,
    key_id: String,
    key_name: String,
    /// `owner`, `admin`, `workspace` or `scoped`.
    kind: &'static str,
    /// `admin` or `workspace`.
    scope: &'static str,
    /// The only namespace the key may touch.
    namespace: Option<String>,
    permissions: Vec<&'static str>,
}

/// Who the key is that asks.
#[utoipa::path(get, path = "/v1/me", operation_id = "get_me",
    tag = "workspace", responses((status = 200, body = Me), (status = 401, body = ProblemBody)))]
async fn me(by: By<AnyKey>) -> Reply {
    Reply::ok(&Me::of(&by.principal))
}

impl Me {
    /// Who this key is.
    pub(super) fn of(Principal { key, workspace_name }: &Principal) -> Self {
        Self {
            workspace_id: key.workspace_id.to_string(),
            name: workspace_name.to_string(),
            key_id: key.id.to_string(),
            key_name: key.name.clone(),
            kind: key.kind.as_str(),
            scope: match key.kind {
                KeyKind::Owner | KeyKind::Admin => "admin",
                KeyKind::Workspace | KeyKind::Scoped => "workspace",
            },
            namespace: key.namespace.as_ref().map(ToString::to_string),
            permissions: key.permissions.iter().map(Permission::as_str).collect(),
        }
    }
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateKeyBody {
    /// What people call it; 1 to 128 characters.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    name: Option<String>,
    /// `admin`, `workspace` or `scoped`.
    #[schema(value_type = String, example = "scoped")]
    kind: Option<String>,
    /// Needed for a scoped key, and only for one.
    namespace: Option<String>,
    /// What it may do; what its kind may do if absent.
    permissions: Option<Vec<String>>,
    /// The agent whose key it is.
    #[schema(max_length = 128)]
    agent_id: Option<String>,
    /// Who holds it.
    #[schema(max_length = 128)]
    person: Option<String>,
    /// Until when it is good (RFC 3339).
    expires_at: Option<String>,
}

/// An API key; its secret is in the answer that made it, and nowhere else.
#[derive(Serialize, ToSchema)]
struct KeyView {
    id: String,
    key_id: String,
    name: String,
    kind: &'static str,
    prefix: String,
    namespace: Option<String>,
    permissions: Vec<&'static str>,
    agent_id: Option<String>,
    person: Option<String>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    /// The secret, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
}

impl KeyView {
    fn new(key: &Key, api_key: Option<String>) -> Self {
        Self {
            id: key.id.to_string(),
            key_id: key.id.to_string(),
            name: key.name.clone(),
            kind: key.kind.as_str(),
            prefix: key.prefix.clone(),
            namespace: key.namespace.as_ref().map(ToString::to_string),
            permissions: key.permissions.iter().map(Permission::as_str).collect(),
            agent_id: key.agent_id.clone(),
            person: key.person.clone(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            api_key,
        }
    }
}

/// A new secret: what begins it, then 256 random bits.
pub(crate) fn new_secret(app: &App, kind: KeyKind) -> String {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    app.mint.random(bytes.as_mut());
    format!("bw_{}_{}", kind.as_str(), hex::encode(*bytes))
}

/// The characters of a secret that tell keys apart.
pub(crate) fn prefix_of(secret: &str) -> String {
    secret.chars().take(if secret.starts_with("bw_") { 16 } else { 4 }).collect()
}

/// A name that people give: there, not blank, and short.
fn name_of(name: Option<String>, faults: &mut Faults) -> Option<String> {
    let name = faults.need("name", name)?;
    faults.check((1..=128).contains(&name.len()) && !name.trim().is_empty(), "name", "must be 1 to 128 characters");
    Some(name)
}

fn check_key(
    by: &By<KeysManage>,
    body: CreateKeyBody,
    mut faults: Faults,
    secret: &str,
    vault: &Vault,
    now: Timestamp,
) -> Result<CreateKey, Problem> {
    let named = |text: &Option<String>| text.as_ref().is_none_or(|text| (1..=128).contains(&text.len()));
    let name = name_of(body.name, &mut faults);
    let kind = faults.need("kind", body.kind).and_then(|text| faults.take("kind", text.parse::<KeyKind>()));
    let kind = match kind {
        Some(KeyKind::Owner) => {
            faults.add("kind", "must be admin, workspace or scoped: there is one owner key");
            None
        }
        kind => kind,
    };
    let namespace = body.namespace.and_then(|text| faults.take("namespace", text.parse::<Namespace>()));
    if kind == Some(KeyKind::Scoped) {
        faults.check(namespace.is_some() || by.namespace.is_some(), "namespace", "is required for a scoped key");
    } else if kind.is_some() {
        faults.check(namespace.is_none(), "namespace", "is only for a scoped key");
    }
    let permissions = body.permissions.map(|names| {
        let mut permissions = Vec::new();
        for (index, name) in names.iter().enumerate() {
            permissions.extend(faults.take(&format!("permissions[{index}]"), name.parse::<Permission>()));
        }
        permissions.into_iter().collect::<Permissions>()
    });
    let expires_at = body.expires_at.and_then(|text| faults.take("expires_at", text.parse::<Timestamp>()));
    faults.check(expires_at.is_none_or(|at| at > now), "expires_at", "must be in the future");
    faults.check(named(&body.agent_id), "agent_id", "must be 1 to 128 characters");
    faults.check(named(&body.person), "person", "must be 1 to 128 characters");
    let (Some(name), Some(kind), true) = (name, kind, faults.is_empty()) else { return Err(faults.into()) };
    let namespace = if kind == KeyKind::Scoped { by.narrow(namespace)? } else { None };
    Ok(CreateKey {
        name,
        kind,
        namespace,
        permissions,
        agent_id: body.agent_id,
        person: body.person,
        expires_at,
        prefix: prefix_of(secret),
        hash: vault.hash(secret),
    })
}

/// An answer with an API key is given again to the key that asked for it, and to no other.
pub(super) fn own<R>(by: &By<R>, idempotency: Option<Idempotency>) -> Option<Idempotency> {
    idempotency.map(|key| Idempotency { route: format!("{} by {}", key.route, by.principal.key.id), ..key })
}

/// Make a key. Its secret is in this answer only.
#[utoipa::path(post, path = "/v1/keys", tag = "workspace", request_body = CreateKeyBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = KeyView), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn create_key(State(app): State<Arc<App>>, by: By<KeysManage>, body: Json<CreateKeyBody>) -> Answer {
    // Made before the command, which may run more than once.
    let (form, faults, idempotency) = body.open();
    let kind = form.kind.as_ref().and_then(|kind| kind.parse().ok()).unwrap_or(KeyKind::Workspace);
    let secret = new_secret(&app, kind);
    let create = check_key(&by, form, faults, &secret, &app.vault, app.clock.now())?;
    let principal = Arc::clone(&by.principal);
    app.command("key_create", &by, own(&by, idempotency), move |tx, ctx| {
        let (create, principal, secret) = (create.clone(), Arc::clone(&principal), secret.clone());
        Box::pin(async move {
            Ok(match workspace::create_key(tx, &ctx, &principal, create).await? {
                CreatedKey::Made(key) => Ok(Reply::created(&KeyView::new(&key, Some(secret)))),
                CreatedKey::Refused(refusal) => Err(Problem::new(Code::Forbidden, format!("{refusal}."))),
            })
        })
    })
    .await
}

/// A page's parameters alone.
pub(crate) struct PageOnly(pub(crate) PageQuery);

impl FromQuery for PageOnly {
    const NAMES: &'static [&'static str] = &PAGE;

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        Self(page::page(parameters, faults))
    }
}

/// Keys, newest first.
#[derive(Serialize, ToSchema)]
struct KeyList {
    keys: Vec<KeyView>,
    next_cursor: Option<String>,
}

/// The keys that are not revoked.
#[utoipa::path(get, path = "/v1/keys", tag = "workspace",
    params(("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query), ("namespace" = Option<String>, Query)),
    responses((status = 200, body = KeyList)))]
async fn list_keys(State(app): State<Arc<App>>, by: By<KeysManage>, Query(PageOnly(query)): Query<PageOnly>) -> Answer {
    let (workspace, namespace) = (by.workspace().clone(), by.namespace.clone());
    let page = app
        .query("keys", move |tx| {
            let (workspace, namespace) = (workspace.clone(), namespace.clone());
            Box::pin(async move { tx.keys(&workspace, namespace.as_ref(), query).await })
        })
        .await?;
    Ok(Reply::ok(&KeyList {
        keys: page.items.iter().map(|key| KeyView::new(key, None)).collect(),
        next_cursor: page.next.map(page::encode),
    }))
}

/// Revoke a key: its next request is refused.
#[utoipa::path(delete, path = "/v1/keys/{key_id}", tag = "workspace", params(("key_id" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn revoke_key(State(app): State<Arc<App>>, by: By<KeysManage>, Path(id): Path<String>) -> Answer {
    let id: KeyId = id.parse().map_err(|_| Problem::not_found("key"))?;
    let principal = Arc::clone(&by.principal);
    let answer = app
        .command("key_revoke", &by, None, move |tx, ctx| {
            let (id, principal) = (id.clone(), Arc::clone(&principal));
            Box::pin(async move {
                Ok(match workspace::revoke_key(tx, &ctx, &principal, &id).await? {
                    RevokedKey::Done => Ok(Reply::gone()),
                    RevokedKey::Unknown => Err(Problem::not_found("key")),
                    RevokedKey::Beyond => {
                        Err(Problem::new(Code::Forbidden, "Only an admin or owner key can revoke an admin key."))
                    }
                    RevokedKey::Owner => Err(Problem::new(
                        Code::StateConflict,
                        "The owner key cannot be revoked: nobody could get in any more.",
                    )),
                })
            })
        })
        .await;
    app.auth.forget();
    answer
}

/// A workspace to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateWorkspaceBody {
    /// What people call it; 1 to 128 characters.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    name: Option<String>,
}

/// A workspace.
#[derive(Serialize, ToSchema)]
struct WorkspaceView {
    id: String,
    name: String,
    created_at: Timestamp,
    /// The secret of its admin key, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
}

fn owner_only(by: &By<AnyKey>) -> Result<(), Problem> {
    if by.principal.key.kind == KeyKind::Owner {
        Ok(())
    } else {
        Err(Problem::new(Code::Forbidden, "Only the owner key may do this."))
    }
}

/// Make a workspace with an admin key (owner only).
#[utoipa::path(post, path = "/v1/workspaces", tag = "workspace", request_body = CreateWorkspaceBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = WorkspaceView), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn create_workspace(State(app): State<Arc<App>>, by: By<AnyKey>, body: Json<CreateWorkspaceBody>) -> Answer {
    owner_only(&by)?;
    let (form, mut faults, idempotency) = body.open();
    let name = name_of(form.name, &mut faults);
    let (Some(name), true) = (name, faults.is_empty()) else { return Err(faults.into()) };
    let secret = new_secret(&app, KeyKind::Admin);
    let key = CreateKey {
        name: "admin".into(),
        kind: KeyKind::Admin,
        namespace: None,
        permissions: None,
        agent_id: None,
        person: None,
        expires_at: None,
        prefix: prefix_of(&secret),
        hash: app.vault.hash(&secret),
    };
    let principal = Arc::clone(&by.principal);
    app.command("workspace_create", &by, own(&by, idempotency), move |tx, ctx| {
        let (name, key, secret, principal) = (name.clone(), key.clone(), secret.clone(), Arc::clone(&principal));
        Box::pin(async move {
            let (workspace, _) = workspace::create_workspace(tx, &ctx, &principal, &name, key).await?;
            Ok(Ok(Reply::created(&WorkspaceView {
                id: workspace.id.to_string(),
                name: workspace.name,
                created_at: workspace.created_at,
                api_key: Some(secret),
            })))
        })
    })
    .await
}

/// Workspaces, newest first.
#[derive(Serialize, ToSchema)]
struct WorkspaceList {
    workspaces: Vec<WorkspaceView>,
    next_cursor: Option<String>,
}

/// The workspaces of this deployment, newest first (owner only).
#[utoipa::path(get, path = "/v1/workspaces", tag = "workspace",
    params(("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = WorkspaceList), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn list_workspaces(
    State(app): State<Arc<App>>,
    by: By<AnyKey>,
    Query(PageOnly(query)): Query<PageOnly>,
) -> Answer {
    owner_only(&by)?;
    let page = app.query("workspaces", move |tx| Box::pin(tx.workspaces(query))).await?;
    let view = |workspace: workspace::Workspace| WorkspaceView {
        id: workspace.id.to_string(),
        name: workspace.name,
        created_at: workspace.created_at,
        api_key: None,
    };
    Ok(Reply::ok(&WorkspaceList {
        workspaces: page.items.into_iter().map(view).collect(),
        next_cursor: page.next.map(page::encode),
    }))
}

/// A namespace.
#[derive(Serialize, ToSchema)]
struct NamespaceView {
    name: String,
    created_at: Timestamp,
}

/// Namespaces, by name.
#[derive(Serialize, ToSchema)]
struct NamespaceList {
    namespaces: Vec<NamespaceView>,
    next_cursor: Option<String>,
}

/// The namespaces of the workspace, by name.
#[utoipa::path(get, path = "/v1/namespaces", tag = "workspace",
    params(("namespace" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = NamespaceList), (status = 422, body = ProblemBody)))]
async fn list_namespaces(State(app): State<Arc<App>>, by: By<AnyKey>, Query(query): Query<NameQuery>) -> Answer {
    // A key of one namespace asks for its own alone: it sees no other.
    let (workspace, only) = (by.workspace().clone(), by.namespace.clone());
    let (after, fetch) = (query.after.clone(), query.fetch());
    let rows = app
        .query("namespaces", move |tx| {
            let (workspace, only, after) = (workspace.clone(), only.clone(), after.clone());
            Box::pin(async move { tx.namespaces(&workspace, only.as_ref(), &after, fetch).await })
        })
        .await?;
    let (rows, next_cursor) = query.cut(rows, |(name, _)| name.as_str());
    let namespaces =
        rows.into_iter().map(|(name, created_at)| NamespaceView { name: name.to_string(), created_at }).collect();
    Ok(Reply::ok(&NamespaceList { namespaces, next_cursor }))
}

/// Remove a namespace with its endpoints and keys.
#[utoipa::path(delete, path = "/v1/namespaces/{namespace}", tag = "workspace", params(("namespace" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn delete_namespace(State(app): State<Arc<App>>, by: By<KeysManage>, Path(name): Path<String>) -> Answer {
    let namespace: Namespace = name.parse().map_err(|_| Problem::not_found("namespace"))?;
    if !by.principal.sees(Some(&namespace)) {
        return Err(Problem::not_found("namespace"));
    }
    if by.principal.bound().is_some() {
        return Err(Problem::new(Code::Forbidden, "A key of one namespace cannot remove it."));
    }
    let principal = Arc::clone(&by.principal);
    let answer = app
        .command("namespace_delete", &by, None, move |tx, ctx| {
            let (principal, namespace) = (Arc::clone(&principal), namespace.clone());
            Box::pin(async move {
                let known = workspace::delete_namespace(tx, &ctx, &principal, &namespace).await?;
                Ok(if known { Ok(Reply::gone()) } else { Err(Problem::not_found("namespace")) })
            })
        })
        .await;
    app.auth.forget();
    answer
}
