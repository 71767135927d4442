//! Policies made, listed, changed and deleted.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults, PageQuery,
    approval::policy::{
        self, ATTACHED_MAX, CreatedPolicy, DeletedPolicy, POLICIES_MAX, Policy, Rows, UpdatePolicy, UpdatedPolicy,
    },
};
use bellwire_wire::{Namespace, PolicyId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    form::{PolicyChange, PolicyForm},
    policy_id, policy_of,
    view::PolicyView,
};
use crate::{
    api::{
        extract::{By, FromQuery, Idempotency, Json, Parameters, PoliciesManage, PoliciesRead, Query, Repeat},
        page,
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// Naming a namespace outright that the key may not touch is refused as such.
fn narrow_all(by: &By<PoliciesManage>, namespaces: &[Namespace]) -> Result<(), Problem> {
    namespaces.iter().try_for_each(|namespace| by.narrow(Some(namespace.clone())).map(drop))
}

fn other_namespace() -> Problem {
    Faults::from(("namespaces", "must be none but the policy's own namespace")).into()
}

fn crowded(whose: &str) -> Problem {
    let detail = format!("{whose} has {ATTACHED_MAX} policies, and can have no more: put rules together.");
    Problem::new(Code::StateConflict, detail)
}

/// Make a policy.
#[utoipa::path(post, path = "/v1/policies", operation_id = "create_policy", tag = "approval", request_body = PolicyForm,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = PolicyView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(in crate::api::approval) async fn create(
    State(app): State<Arc<App>>,
    by: By<PoliciesManage>,
    body: Json<PolicyForm>,
) -> Answer {
    let (form, faults, idempotency) = body.open();
    let (namespace, content) = form.check(faults)?;
    let namespace = by.narrow(namespace)?;
    narrow_all(&by, &content.namespaces)?;
    let principal = Arc::clone(&by.principal);
    app.command("policy_create", &by, idempotency, move |tx, ctx| {
        let (principal, namespace, content) = (Arc::clone(&principal), namespace.clone(), content.clone());
        Box::pin(async move {
            Ok(match policy::create_policy(tx, &ctx, &principal, namespace, content).await? {
                CreatedPolicy::Made(policy) => Ok(Reply::created(&PolicyView::new(&policy))),
                CreatedPolicy::OtherNamespace => Err(other_namespace()),
                CreatedPolicy::Crowded(whose) => Err(crowded(&whose)),
                CreatedPolicy::TooMany => {
                    let detail = format!("There are {POLICIES_MAX} policies, and there can be no more.");
                    Err(Problem::new(Code::StateConflict, detail))
                }
            })
        })
    })
    .await
}

/// Which policies are asked for.
pub(in crate::api::approval) struct ListQuery(PageQuery);

impl FromQuery for ListQuery {
    const NAMES: &'static [&'static str] = &page::PAGE;

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        Self(page::page(parameters, faults))
    }
}

/// Policies, newest first.
#[derive(Serialize, ToSchema)]
struct PolicyList<'a> {
    policies: Vec<PolicyView<'a>>,
    next_cursor: Option<String>,
}

/// The policies, newest first, each in the version that is in force.
#[utoipa::path(get, path = "/v1/policies", operation_id = "list_policies", tag = "approval",
    params(("namespace" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = PolicyList)))]
pub(in crate::api::approval) async fn list(
    State(app): State<Arc<App>>,
    by: By<PoliciesRead>,
    Query(ListQuery(page)): Query<ListQuery>,
) -> Answer {
    let (workspace, namespace) = (by.workspace().clone(), by.namespace.clone());
    let found = app
        .query("policies", move |tx| {
            let (workspace, namespace) = (workspace.clone(), namespace.clone());
            Box::pin(async move { tx.policies(&workspace, namespace.as_ref(), page).await })
        })
        .await?;
    Ok(Reply::ok(&PolicyList {
        policies: found.items.iter().map(PolicyView::new).collect(),
        next_cursor: found.next.map(page::encode),
    }))
}

/// One policy, in the version that is in force.
#[utoipa::path(get, path = "/v1/policies/{policy_id}", operation_id = "get_policy",
    tag = "approval", params(("policy_id" = String, Path)),
    responses((status = 200, body = PolicyView), (status = 404, body = ProblemBody)))]
pub(in crate::api::approval) async fn get(
    State(app): State<Arc<App>>,
    by: By<PoliciesRead>,
    Path(id): Path<String>,
) -> Answer {
    let policy = policy_of(&app, &by, &policy_id(&id)?).await?;
    Ok(Reply::ok(&PolicyView::new(&policy)))
}

/// Change a policy: absent fields stay. It becomes a new version.
#[utoipa::path(patch, path = "/v1/policies/{policy_id}", operation_id = "update_policy",
    tag = "approval", params(("policy_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PolicyChange,
    responses((status = 200, body = PolicyView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(in crate::api::approval) async fn update(
    State(app): State<Arc<App>>,
    by: By<PoliciesManage>,
    Path(id): Path<String>,
    body: Json<PolicyChange>,
) -> Answer {
    let id = policy_id(&id)?;
    let (form, faults, idempotency) = body.open();
    policy_of(&app, &by, &id).await?;
    change(&app, &by, id, form.check(faults)?, idempotency).await
}

/// Replace what people set of a policy, all of it. It becomes a new version.
#[utoipa::path(put, path = "/v1/policies/{policy_id}", operation_id = "replace_policy",
    tag = "approval", params(("policy_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PolicyForm,
    responses((status = 200, body = PolicyView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(in crate::api::approval) async fn replace(
    State(app): State<Arc<App>>,
    by: By<PoliciesManage>,
    Path(id): Path<String>,
    body: Json<PolicyForm>,
) -> Answer {
    let id = policy_id(&id)?;
    let (form, faults, idempotency) = body.open();
    policy_of(&app, &by, &id).await?;
    change(&app, &by, id, form.check_change(faults)?, idempotency).await
}

async fn change(
    app: &App,
    by: &By<PoliciesManage>,
    id: PolicyId,
    change: UpdatePolicy,
    idempotency: Option<Idempotency>,
) -> Answer {
    narrow_all(by, change.namespaces.as_deref().unwrap_or_default())?;
    let principal = Arc::clone(&by.principal);
    app.command("policy_update", by, idempotency, move |tx, ctx| {
        let (principal, id, change) = (Arc::clone(&principal), id.clone(), change.clone());
        Box::pin(async move {
            Ok(match policy::update_policy(tx, &ctx, &principal, &id, change).await? {
                UpdatedPolicy::Done(policy) => Ok(Reply::ok(&PolicyView::new(&policy))),
                UpdatedPolicy::Unknown => Err(Problem::not_found("policy")),
                UpdatedPolicy::OtherNamespace => Err(other_namespace()),
                UpdatedPolicy::Crowded(whose) => Err(crowded(&whose)),
            })
        })
    })
    .await
}

/// Delete a policy that is attached to nothing. Its versions stay, since decisions name them.
#[utoipa::path(delete, path = "/v1/policies/{policy_id}", operation_id = "delete_policy",
    tag = "approval", params(("policy_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api::approval) async fn delete(
    State(app): State<Arc<App>>,
    by: By<PoliciesManage>,
    Path(id): Path<String>,
    Repeat(idempotency): Repeat,
) -> Answer {
    let (id, principal) = (policy_id(&id)?, Arc::clone(&by.principal));
    app.command("policy_delete", &by, idempotency, move |tx, ctx| {
        let (principal, id) = (Arc::clone(&principal), id.clone());
        Box::pin(async move {
            Ok(match policy::delete_policy(tx, &ctx, &principal, &id).await? {
                DeletedPolicy::Done => Ok(Reply::gone()),
                DeletedPolicy::Unknown => Err(Problem::not_found("policy")),
                DeletedPolicy::Attached(to) => {
                    Err(Problem::new(Code::StateConflict, format!("The policy is attached to {to}; detach it first.")))
                }
            })
        })
    })
    .await
}

/// The versions of a policy, newest first.
#[derive(Serialize, ToSchema)]
struct PolicyVersions<'a> {
    versions: Vec<PolicyView<'a>>,
    next_cursor: Option<String>,
}

/// Every version of a policy, newest first.
#[utoipa::path(get, path = "/v1/policies/{policy_id}/versions", operation_id = "list_policy_versions", tag = "approval",
    params(("policy_id" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = PolicyVersions), (status = 404, body = ProblemBody)))]
pub(in crate::api::approval) async fn versions(
    State(app): State<Arc<App>>,
    by: By<PoliciesRead>,
    Path(id): Path<String>,
    Query(ListQuery(page)): Query<ListQuery>,
) -> Answer {
    let (workspace, id) = (by.workspace().clone(), policy_id(&id)?);
    let found = app
        .query("policy_versions", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move { tx.policy_versions(&workspace, &id, page).await })
        })
        .await?;
    // Those of a policy that was deleted can be looked up still: decisions name them.
    let sees = |policy: &Policy| by.principal.sees(policy.namespace.as_ref());
    let none = found.items.is_empty() && page.before.is_none();
    if none || !found.items.iter().all(sees) {
        return Err(Problem::not_found("policy"));
    }
    Ok(Reply::ok(&PolicyVersions {
        versions: found.items.iter().map(PolicyView::new).collect(),
        next_cursor: found.next.map(page::encode),
    }))
}
