//! PagerDuty, by its Events API v2: an alert while somebody is asked, resolved when it has ended. Both have the
//! approval's id as their key, so that however often they are sent there is one alert.
use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use bellwire_domain::approval::{Approval, Office, Post, Said, Saying};
use bellwire_store::Store;
use bellwire_wire::WorkspaceId;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{PATIENCE, said, unsaid};
use crate::{
    config::Secret,
    egress::{AddressPolicy, Egress, OutboundRequest, Response, Target},
    slack,
};

/// Where PagerDuty takes events; `https://events.eu.pagerduty.com` for accounts in the EU.
pub const BASE_URL: &str = "https://events.pagerduty.com";
/// The longest summary that PagerDuty takes, in characters.
const SUMMARY_CHARS_MAX: usize = 1_024;

/// What is set.
#[derive(Debug, Clone)]
pub struct PagerDutyConfig {
    /// The integration key of the service.
    pub routing_key: Secret,
    /// Whose approvals are told; the first workspace's if absent.
    pub workspace: Option<WorkspaceId>,
    /// Where the API is, without a slash at the end.
    pub base_url: String,
}

/// `[pagerduty]` in the file, or what flags and environment say.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilePagerDuty {
    /// See [`PagerDutyConfig::routing_key`].
    pub routing_key: Option<Secret>,
    /// A file with the routing key.
    pub routing_key_file: Option<PathBuf>,
    /// See [`PagerDutyConfig::workspace`].
    pub workspace: Option<String>,
    /// See [`PagerDutyConfig::base_url`].
    pub base_url: Option<String>,
}

impl FilePagerDuty {
    /// These settings over others. The key and the file it may be in are one setting.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let own = self.routing_key.is_some() || self.routing_key_file.is_some();
        let (routing_key, routing_key_file) =
            if own { (self.routing_key, self.routing_key_file) } else { (below.routing_key, below.routing_key_file) };
        Self {
            routing_key,
            routing_key_file,
            workspace: self.workspace.or(below.workspace),
            base_url: self.base_url.or(below.base_url),
        }
    }

    /// Checks what is set; nothing if nothing is.
    pub fn resolve(self, policy: &AddressPolicy) -> anyhow::Result<Option<PagerDutyConfig>> {
        let alone = self.workspace.is_none() && self.base_url.is_none();
        let Some(routing_key) = Secret::given("pagerduty.routing_key", self.routing_key, self.routing_key_file)? else {
            anyhow::ensure!(alone, "pagerduty.routing_key is missing: PagerDuty needs it, or none of its settings");
            return Ok(None);
        };
        let workspace = self.workspace.map(|id| id.parse().context("pagerduty.workspace")).transpose()?;
        let base_url = self.base_url.as_deref().unwrap_or(BASE_URL).trim_end_matches('/').to_owned();
        policy.check_url(&base_url).map_err(|error| anyhow::anyhow!("pagerduty.base_url: {error}"))?;
        Ok(Some(PagerDutyConfig { routing_key, workspace, base_url }))
    }
}

/// What speaks to PagerDuty, and for whom.
pub struct PagerDuty {
    egress: Egress,
    target: Target,
    routing_key: Secret,
    workspace: WorkspaceId,
    office: Office,
}

impl PagerDuty {
    /// Gets ready for the workspace that is set, or the first one.
    pub async fn new(config: &PagerDutyConfig, store: &Store, egress: Egress, office: Office) -> anyhow::Result<Self> {
        let workspace = slack::workspace(store, "pagerduty", config.workspace.as_ref()).await?;
        let target = egress.policy().check_url(&format!("{}/v2/enqueue", config.base_url))?;
        Ok(Self { egress, target, routing_key: config.routing_key.clone(), workspace, office })
    }

    /// The workspace it speaks for.
    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// Says a post once.
    pub(super) async fn say(&self, approval: &Approval, post: &Post) -> Said {
        if approval.workspace_id != self.workspace {
            return unsaid("PagerDuty is not this workspace's any more", true);
        }
        let body = Bytes::from(self.body(approval, post.saying).to_string());
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let request = OutboundRequest::post(self.target.clone(), headers, body, PATIENCE);
        said(self.egress.send(request).await, |response| read(response).map(|()| Some(approval.id.to_string())))
    }

    /// Triggers an alert that says it is a test, and resolves it; what came of it, in words.
    pub async fn try_out(&self, patience: Duration) -> Result<String, String> {
        let trigger = json!({"event_action": "trigger", "dedup_key": "bellwire-test", "payload":
            {"summary": "A test of Bellwire", "source": &*self.office.public_url, "severity": "info"}});
        let resolve = json!({"event_action": "resolve", "dedup_key": "bellwire-test"});
        for mut body in [trigger, resolve] {
            body["routing_key"] = self.routing_key.expose().into();
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
            let request = OutboundRequest::post(self.target.clone(), headers, Bytes::from(body.to_string()), patience);
            let outcome = self.egress.send(request).await.outcome.map_err(|error| error.to_string());
            let taken = outcome.and_then(|response| read(&response).map_err(|(why, _)| why));
            taken.map_err(|why| format!("PagerDuty did not take an event: {why}."))?;
        }
        Ok("An alert was triggered and resolved.".to_owned())
    }

    fn body(&self, approval: &Approval, saying: Saying) -> Value {
        let mut body = match saying {
            Saying::Requested => trigger(approval, &self.office),
            Saying::Decided => json!({"event_action": "resolve", "dedup_key": approval.id}),
        };
        body["routing_key"] = self.routing_key.expose().into();
        body
    }
}

/// Only 202 is a success. What PagerDuty finds wrong with an event it will find wrong again.
fn read(response: &Response) -> Result<(), (String, bool)> {
    match response.status {
        202 => Ok(()),
        status @ (408 | 429 | 500..) => Err((format!("status {status}"), false)),
        status => Err((format!("status {status}"), true)),
    }
}

/// The alert: everything that was asked, so that nobody needs a second system to understand it.
fn trigger(approval: &Approval, office: &Office) -> Value {
    let question = &approval.question;
    let url = office.callback_url(&approval.id);
    let group = approval.namespace.as_ref().map_or(approval.workspace_id.as_str(), |namespace| namespace.as_str());
    json!({
        "event_action": "trigger",
        "dedup_key": approval.id,
        "client": "Bellwire",
        "client_url": &*office.public_url,
        "links": [{"href": url, "text": "The approval"}],
        "payload": {
            "summary": summary(approval),
            "source": &*office.public_url,
            "severity": "warning",
            "timestamp": approval.created_at,
            "component": question.agent_id.as_deref().unwrap_or(&question.requested_by),
            "group": group,
            "class": question.action,
            "custom_details": {
                "approval_id": approval.id,
                "title": question.title,
                "action": question.action,
                "details": question.parameters,
                "action_digest": approval.digest,
                "transaction": question.transaction,
                "policy": question.policy,
                "agent_id": question.agent_id,
                "run_id": question.run_id,
                "operator": question.operator,
                "requested_by": question.requested_by,
                "expires_at": approval.expires_at,
                "approvers": approval.approvers,
                "quorum": approval.quorum,
                "decide": format!("bellwire approve {0} --reason … or bellwire deny {0} --reason …", approval.id),
            },
        },
    })
}

fn summary(approval: &Approval) -> String {
    let question = &approval.question;
    let money = question
        .transaction
        .as_ref()
        .map_or_else(String::new, |transaction| format!(" · ${} to {}", transaction.amount_usd, transaction.vendor));
    let text = format!("Approval needed by {}: {}{money}", approval.expires_at, question.title);
    text.chars().take(SUMMARY_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> FilePagerDuty {
        FilePagerDuty { routing_key: Some(Secret::new("planted")), ..FilePagerDuty::default() }
    }

    #[test]
    fn it_needs_its_key_alone_and_no_secret_is_shown() {
        let policy = AddressPolicy::default();
        assert!(FilePagerDuty::default().resolve(&policy).expect("nothing is set").is_none());
        let config = set().resolve(&policy).expect("it is whole").expect("it is set");
        assert_eq!(config.base_url, BASE_URL);
        assert!(!format!("{config:?} {:?}", set()).contains("planted"));
        let wrong: [fn(&mut FilePagerDuty); 5] = [
            |set| *set = FilePagerDuty { workspace: Some("ws-1".into()), ..FilePagerDuty::default() },
            |set| set.routing_key = Some(Secret::new("planted in two\nlines")),
            |set| set.routing_key_file = Some("planted".into()),
            |set| set.workspace = Some("default".into()),
            |set| set.base_url = Some("http://127.0.0.1".into()),
        ];
        for (nth, change) in wrong.into_iter().enumerate() {
            let mut some = set();
            change(&mut some);
            let error = format!("{:#}", some.resolve(&policy).expect_err("it is refused"));
            assert!(error.contains("pagerduty.") && !error.contains("planted"), "{nth}: {error}");
        }
        let below = FilePagerDuty { routing_key_file: Some("/nowhere".into()), ..FilePagerDuty::default() };
        assert!(set().over(below).resolve(&policy).is_ok());
    }

    #[test]
    fn only_202_is_a_success_and_a_wrong_event_is_not_sent_again() {
        let answer = |status| {
            read(&Response { status, headers: HeaderMap::new(), body_prefix: Bytes::new(), body_truncated: false })
                .map_err(|(_, lasting)| lasting)
        };
        assert_eq!(answer(202), Ok(()));
        for status in [200, 301, 400, 403] {
            assert_eq!(answer(status), Err(true), "{status}");
        }
        for status in [408, 429, 500, 503] {
            assert_eq!(answer(status), Err(false), "{status}");
        }
    }
}
