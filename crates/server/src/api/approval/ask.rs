//! Asking people about anything, not only money.
use std::sync::Arc;

use axum::extract::State;
use bellwire_domain::{
    Faults,
    approval::{self, NewApproval, Question, Terms},
    spend::Buyer,
};
use bellwire_wire::{ApprovalId, Namespace};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use utoipa::ToSchema;

use super::view::ApprovalView;
use crate::{
    api::{
        extract::{ApprovalsRequest, By, Json},
        form::{callback, needed, object, text},
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// When whoever may not ask yet should try again, in seconds.
const CROWDED_RETRY: u32 = 30;

/// A question to people.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalForm)]
pub(super) struct AskForm {
    /// The question, for people.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "Delete the staging database?")]
    title: Option<String>,
    /// What would be done, for programs.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "database.delete")]
    action: Option<String>,
    /// With what exactly: the answer is bound to it. At most 16 KiB, 100 members, 16 deep.
    #[schema(value_type = Option<Object>)]
    details: Option<Box<RawValue>>,
    /// How long silence is no answer, `1s` to `7d`; `15m` if absent.
    timeout: Option<String>,
    /// Where it is asked: `webhook`, the id of an endpoint, `slack`, `pagerduty`, `console`; every subscribed
    /// endpoint and every integration that is set up, if absent.
    channels: Option<Vec<String>>,
    /// Who may decide: `person:ana` (or just `ana`), `slack:U012`, `key:key_…`, `endpoint:whk_…`; whoever has the
    /// permission, if absent.
    approvers: Option<Vec<String>>,
    /// So many different people must agree; 1 if absent.
    #[schema(minimum = 1, maximum = 20)]
    quorum: Option<u32>,
    /// Which agent would do it: the key's own if it is an agent's.
    #[schema(max_length = 128)]
    agent_id: Option<String>,
    /// In which of its runs.
    #[schema(max_length = 128)]
    run_id: Option<String>,
    #[schema(max_length = 63)]
    namespace: Option<String>,
    /// Where the decision is sent to.
    #[schema(max_length = 2048)]
    callback_url: Option<String>,
}

/// A question as it was checked.
#[derive(Clone)]
struct Asked {
    title: String,
    action: String,
    parameters: Map<String, Value>,
    agent_id: Option<String>,
    run_id: Option<String>,
    callback_url: Option<String>,
    terms: Terms,
    namespace: Option<Namespace>,
}

impl AskForm {
    fn check(self, app: &App, mut faults: Faults) -> Result<Asked, Faults> {
        let title = needed("title", self.title, 1..=256, &mut faults);
        let action = needed("action", self.action, 1..=128, &mut faults);
        let agent_id = text("agent_id", self.agent_id, 1..=128, &mut faults);
        let run_id = text("run_id", self.run_id, 1..=128, &mut faults);
        let details = self.details.map(|sent| object("details", sent, &mut faults));
        let parameters: Map<String, Value> =
            details.and_then(|details| serde_json::from_str(details.get()).ok()).unwrap_or_default();
        if let Some(field) = inexact("details", &Value::Object(parameters.clone())) {
            faults.add(
                field,
                "must be at most 9007199254740991 either way: send larger numbers as strings, since not \
                every language hashes them alike",
            );
        }
        let timeout = self.timeout.as_deref();
        let terms = Terms::read("", timeout, self.approvers, self.quorum, self.channels, &mut faults);
        let namespace = self.namespace.and_then(|text| faults.take("namespace", text.parse::<Namespace>()));
        let callback_url = self.callback_url.and_then(|url| callback(app, url, &mut faults));
        match (title, action, faults.is_empty()) {
            (Some(title), Some(action), true) => {
                Ok(Asked { title, action, parameters, agent_id, run_id, callback_url, terms, namespace })
            }
            _ => Err(faults),
        }
    }
}

/// People have enough questions before them.
pub(in crate::api) fn crowded() -> Problem {
    let detail = format!(
        "{} questions of this workspace wait for people already: have some decided or cancelled first.",
        approval::OPEN_MAX
    );
    Problem::new(Code::TooManyRequests, detail).retry_after(CROWDED_RETRY)
}

/// A whole number that some languages would round: two of them could have one digest (RFC 8785, section 6).
fn inexact(at: &str, value: &Value) -> Option<String> {
    const SAFE: u64 = (1 << 53) - 1;
    match value {
        Value::Number(number) => {
            let large = number.as_i64().is_some_and(|int| int.unsigned_abs() > SAFE)
                || number.as_u64().is_some_and(|int| int > SAFE);
            large.then(|| at.to_owned())
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(nth, item)| inexact(&format!("{at}[{nth}]"), item)),
        Value::Object(members) => members.iter().find_map(|(name, item)| inexact(&format!("{at}.{name}"), item)),
        _ => None,
    }
}

/// Ask people whether something may be done. The answer is bound to exactly what was asked and is used once.
#[utoipa::path(post, path = "/v1/approvals", operation_id = "create_approval", tag = "approval", request_body = AskForm,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = ApprovalView), (status = 403, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(super) async fn create(State(app): State<Arc<App>>, by: By<ApprovalsRequest>, body: Json<AskForm>) -> Answer {
    let raw = body.raw();
    let (form, faults, idempotency) = body.open();
    let mut asked = form.check(&app, faults)?;
    asked.namespace = by.narrow(asked.namespace)?;
    asked.agent_id = match (&by.principal.key.agent_id, asked.agent_id) {
        (Some(own), Some(named)) if *own != named => {
            let detail = format!("This key is the agent `{own}`'s: it asks for no other one.");
            return Err(Problem::new(Code::Forbidden, detail));
        }
        (Some(own), _) => Some(own.clone()),
        (None, named) => named,
    };
    let (principal, office) = (Arc::clone(&by.principal), app.office.clone());
    app.command("approval_ask", &by, idempotency, move |tx, ctx| {
        let (principal, office, raw, asked) = (Arc::clone(&principal), office.clone(), Arc::clone(&raw), asked.clone());
        Box::pin(async move {
            if !approval::may_ask(tx, principal.workspace()).await? {
                return Ok(Err(crowded()));
            }
            let new = NewApproval {
                id: ApprovalId::from_ulid(ctx.mint.ulid()),
                workspace_id: principal.workspace().clone(),
                namespace: asked.namespace,
                question: Question {
                    title: asked.title,
                    action: asked.action,
                    parameters: asked.parameters,
                    transaction: None,
                    policy: None,
                    agent_id: asked.agent_id,
                    run_id: asked.run_id,
                    operator: principal.key.person.clone(),
                    callback_url: asked.callback_url,
                    requested_by: principal.actor(),
                    subject: None,
                },
                terms: asked.terms,
                request_body: raw.to_string(),
            };
            let approval = approval::ask::<Buyer, _>(tx, &ctx, &office, new).await?;
            let callback_url = office.callback_url(&approval.id);
            Ok(Ok(Reply::created(&ApprovalView::new(&approval, callback_url))))
        })
    })
    .await
}
