//! What a policy is made or changed with, and everything that can be wrong with it.
use std::sync::Arc;

use bellwire_domain::{
    Faults,
    approval::policy::{Content, Otherwise, Policy, Rules, UpdatePolicy},
};
use bellwire_wire::Namespace;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::{
    change::Change,
    form::{needed, text},
};

/// Things of one kind that a policy may be attached to.
const ATTACHED_MAX: usize = 100;

/// A policy to be made, or to take the place of another.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyForm)]
pub(in crate::api::approval) struct PolicyForm {
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "production spending")]
    name: Option<String>,
    /// Its rules, in order. In each object every key is a rule, but for `then` and `approval`, which are about those.
    #[schema(value_type = Vec<Object>, max_items = 100, example = json!([{"max_transaction_usd": 100}]))]
    rules: Option<Box<RawValue>>,
    /// `allow` or `deny`: what is done where no rule says anything; `allow` if absent.
    default: Option<String>,
    /// The agents that it is attached to.
    #[schema(max_items = 100)]
    agents: Option<Vec<String>>,
    /// The namespaces that it is attached to.
    #[schema(max_items = 100)]
    namespaces: Option<Vec<String>>,
    /// Which customer's it is: then it counts inside that namespace only. Cannot be changed.
    #[schema(max_length = 63)]
    namespace: Option<String>,
}

impl PolicyForm {
    /// What to make, and of which namespace; or everything that is wrong with it beside the `faults` of its form.
    pub(super) fn check(self, mut faults: Faults) -> Result<(Option<Namespace>, Content), Faults> {
        let name = needed("name", self.name, 1..=128, &mut faults);
        let sent = faults.need("rules", self.rules);
        let rules = sent.and_then(|json| Rules::read(&json, "rules", &mut faults));
        let otherwise = otherwise(self.default, &mut faults).unwrap_or_default();
        let agents = self.agents.map(|names| agents(names, &mut faults)).unwrap_or_default();
        let namespaces = self.namespaces.map(|names| namespaces(&names, &mut faults)).unwrap_or_default();
        let namespace = self.namespace.and_then(|text| faults.take("namespace", text.parse::<Namespace>()));
        match (name, rules, faults.is_empty()) {
            (Some(name), Some(rules), true) => Ok((namespace, Content { name, rules, otherwise, agents, namespaces })),
            _ => Err(faults),
        }
    }

    /// The same as a change of all that can be changed.
    pub(super) fn check_change(self, mut faults: Faults) -> Result<UpdatePolicy, Faults> {
        faults.check(self.namespace.is_none(), "namespace", OTHER_NAMESPACE);
        let (_, content) = self.check(faults)?;
        Ok(UpdatePolicy {
            name: Some(content.name),
            rules: Some(content.rules),
            otherwise: Some(content.otherwise),
            agents: Some(content.agents),
            namespaces: Some(content.namespaces),
        })
    }
}

const OTHER_NAMESPACE: &str = "cannot be changed: make another policy";

/// What is to change of a policy. Absent fields keep what is there.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyChange)]
pub(in crate::api::approval) struct PolicyChange {
    /// What people call it.
    #[schema(min_length = 1, max_length = 128)]
    name: Option<String>,
    /// Its rules, all of them anew.
    #[schema(value_type = Option<Vec<Object>>, max_items = 100)]
    rules: Option<Box<RawValue>>,
    /// `allow` or `deny`: what is done where no rule says anything.
    default: Option<String>,
    /// The agents that it is attached to, all of them anew.
    #[schema(max_items = 100)]
    agents: Option<Vec<String>>,
    /// The namespaces that it is attached to, all of them anew.
    #[schema(max_items = 100)]
    namespaces: Option<Vec<String>>,
    /// Cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    namespace: Change<IgnoredAny>,
}

impl PolicyChange {
    /// The change, or everything that is wrong with it beside the `faults` of its form.
    pub(super) fn check(self, mut faults: Faults) -> Result<UpdatePolicy, Faults> {
        faults.check(self.namespace.is_absent(), "namespace", OTHER_NAMESPACE);
        let change = UpdatePolicy {
            name: text("name", self.name, 1..=128, &mut faults),
            rules: self.rules.and_then(|json| Rules::read(&json, "rules", &mut faults)),
            otherwise: otherwise(self.default, &mut faults),
            agents: self.agents.map(|names| agents(names, &mut faults)),
            namespaces: self.namespaces.map(|names| namespaces(&names, &mut faults)),
        };
        faults.or(change)
    }
}

/// A policy with other rules, if any are given; and whether it is another than the one that is saved.
pub(super) fn candidate(
    policy: Policy,
    rules: Option<&RawValue>,
    default: Option<String>,
    faults: &mut Faults,
) -> (Policy, bool) {
    let rules = rules.and_then(|json| Rules::read(json, "rules", faults));
    let otherwise = otherwise(default, faults);
    let other = rules.is_some() || otherwise.is_some();
    let content = Content {
        rules: rules.unwrap_or_else(|| policy.content.rules.clone()),
        otherwise: otherwise.unwrap_or(policy.content.otherwise),
        ..(*policy.content).clone()
    };
    (Policy { content: Arc::new(content), ..policy }, other)
}

fn otherwise(sent: Option<String>, faults: &mut Faults) -> Option<Otherwise> {
    sent.and_then(|text| faults.take("default", text.parse()))
}

fn agents(names: Vec<String>, faults: &mut Faults) -> Vec<String> {
    faults.check(names.len() <= ATTACHED_MAX, "agents", format!("must have at most {ATTACHED_MAX} items"));
    let mut all = Vec::new();
    for (index, name) in names.into_iter().enumerate().take(ATTACHED_MAX) {
        let name = text(&format!("agents[{index}]"), Some(name), 1..=128, faults);
        all.extend(name.filter(|name| !all.contains(name)));
    }
    all
}

fn namespaces(names: &[String], faults: &mut Faults) -> Vec<Namespace> {
    faults.check(names.len() <= ATTACHED_MAX, "namespaces", format!("must have at most {ATTACHED_MAX} items"));
    let mut all = Vec::new();
    for (index, name) in names.iter().enumerate().take(ATTACHED_MAX) {
        let namespace = faults.take(&format!("namespaces[{index}]"), name.parse::<Namespace>());
        all.extend(namespace.filter(|namespace| !all.contains(namespace)));
    }
    all
}
