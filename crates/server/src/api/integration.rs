//! How this server is set up, and whether the systems it speaks to can be reached.
use std::{sync::Arc, time::Duration};

use axum::extract::{Path, State};
use bellwire_domain::{Faults, workspace::Permission};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{AnyKey, By, KeysManage, Nothing, Query},
    problem::{Code, Problem, ProblemBody},
    reply::{Answer, Reply},
};
use crate::{app::App, publish::nats::Nats};

/// How long a trial may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one request of it may.
const STEP: Duration = Duration::from_secs(4);

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(settings)).routes(routes!(test))
}

/// A system that this server speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Integration {
    Slack,
    PagerDuty,
    Nats,
}

impl Integration {
    const ALL: [Self; 3] = [Self::Slack, Self::PagerDuty, Self::Nats];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::PagerDuty => "pagerduty",
            Self::Nats => "nats",
        }
    }

    /// What is set, in words; nothing if it is not set up for this workspace.
    fn detail<R>(self, app: &App, by: &By<R>) -> Option<String> {
        match self {
            Self::Slack => {
                let slack = app.slack.as_ref().filter(|slack| slack.workspace() == by.workspace())?;
                Some(format!("posts to {}", slack.channel()))
            }
            Self::PagerDuty => {
                app.pagerduty.as_ref().filter(|pagerduty| pagerduty.workspace() == by.workspace())?;
                app.config.pagerduty.as_ref().map(|config| format!("tells {}", config.base_url))
            }
            Self::Nats => {
                let nats = app.config.nats.as_ref()?;
                Some(format!("publishes {}.> to the stream {}", nats.subject, nats.stream))
            }
        }
    }

    /// Tries it once; what came of it, in words.
    async fn try_out(self, app: &App) -> Result<String, String> {
        let gone = || Err("It is not set up.".to_owned());
        match self {
            Self::Slack => match &app.slack {
                Some(slack) => slack.try_out(STEP).await,
                None => gone(),
            },
            Self::PagerDuty => match &app.pagerduty {
                Some(pagerduty) => pagerduty.try_out(STEP).await,
                None => gone(),
            },
            Self::Nats => match app.config.nats.clone() {
                Some(nats) => Nats::try_out(nats, app.config.delivery.ca_files.clone()).await,
                None => gone(),
            },
        }
    }
}

/// A system that this server speaks to.
#[derive(Serialize, ToSchema)]
struct IntegrationView {
    /// `slack`, `pagerduty` or `nats`.
    name: &'static str,
    /// Whether it is set up for this workspace.
    configured: bool,
    /// What is set, in words; null for keys without `keys:manage`. Never a secret.
    detail: Option<String>,
}

/// How this server is set up.
#[derive(Serialize, ToSchema)]
struct SettingsView {
    version: &'static str,
    /// Where links and callbacks start.
    public_url: String,
    /// `embedded` or `postgres`.
    storage: &'static str,
    /// Nodes on this storage.
    nodes: u32,
    /// Whether loopback and plain http are allowed outwards.
    dev: bool,
    playground: bool,
    /// Events, deliveries and attempts are kept so many seconds.
    retention_s: u64,
    integrations: Vec<IntegrationView>,
}

/// How this server is set up.
#[utoipa::path(get, path = "/v1/settings", operation_id = "get_settings",
    tag = "system", responses((status = 200, body = SettingsView)))]
async fn settings(State(app): State<Arc<App>>, by: By<AnyKey>, Query(Nothing): Query<Nothing>) -> Reply {
    let manages = by.principal.may(Permission::KeysManage) && by.principal.bound().is_none();
    let view = |integration: Integration| {
        let detail = integration.detail(&app, &by);
        IntegrationView { name: integration.as_str(), configured: detail.is_some(), detail: detail.filter(|_| manages) }
    };
    Reply::ok(&SettingsView {
        version: crate::VERSION,
        public_url: app.public_url.clone(),
        storage: if app.config.database_url.is_some() { "postgres" } else { "embedded" },
        nodes: app.store.nodes(),
        dev: app.config.dev,
        playground: app.playground.is_on(),
        retention_s: app.config.retention.as_secs(),
        integrations: Integration::ALL.into_iter().map(view).collect(),
    })
}

/// What came of a trial.
#[derive(Serialize, ToSchema)]
struct TrialView {
    ok: bool,
    /// In a sentence.
    detail: String,
}

/// Try an integration, within five seconds: a message to the Slack channel, an alert that PagerDuty is told of and that is
/// resolved again, or a connection to NATS and a look at its stream. For keys that are not bound to a namespace.
#[utoipa::path(post, path = "/v1/integrations/{name}/test", operation_id = "test_integration",
    tag = "integration", params(("name" = String, Path)),
    responses((status = 200, body = TrialView), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn test(State(app): State<Arc<App>>, by: By<KeysManage>, Path(name): Path<String>) -> Answer {
    let integration = Integration::ALL.into_iter().find(|integration| integration.as_str() == name);
    let integration = integration.ok_or_else(|| Problem::not_found("integration"))?;
    if by.principal.bound().is_some() {
        return Err(Problem::new(
            Code::Forbidden,
            "Integrations are the workspace's: a key of one namespace cannot try them.",
        ));
    }
    if integration.detail(&app, &by).is_none() {
        return Err(Faults::from(("name", "is not set up for this workspace")).into());
    }
    let Ok(_place) = app.trials.try_acquire() else {
        return Err(Problem::new(Code::TooManyRequests, "Other trials are under way.").retry_after(5));
    };
    let tried = tokio::time::timeout(PATIENCE, integration.try_out(&app)).await;
    let tried = tried.unwrap_or_else(|_| Err("It did not answer within 5 s.".to_owned()));
    let ok = tried.is_ok();
    let (Ok(detail) | Err(detail)) = tried;
    Ok(Reply::ok(&TrialView { ok, detail }))
}
