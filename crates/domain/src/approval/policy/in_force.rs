//! The policies of a workspace, found by what they are attached to.
use std::{collections::HashMap, sync::Arc};

use bellwire_wire::{Namespace, PolicyId};

use super::{Content, Policy};

/// Over what a policy counts what was granted: what it is attached to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A purse and all below it.
    Purse(String),
    /// An agent; inside one namespace, if the policy is that namespace's.
    Agent(String, Option<Namespace>),
    /// A namespace.
    Namespace(Namespace),
}

impl Target {
    /// What kind it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Purse(_) => "wallet",
            Self::Agent(..) => "agent",
            Self::Namespace(_) => "namespace",
        }
    }

    /// Which of its kind.
    pub fn name(&self) -> &str {
        match self {
            Self::Purse(name) | Self::Agent(name, _) => name,
            Self::Namespace(namespace) => namespace.as_str(),
        }
    }

    /// Inside of which namespace alone.
    pub fn within(&self) -> Option<&Namespace> {
        match self {
            Self::Agent(_, within) => within.as_ref(),
            Self::Purse(_) | Self::Namespace(_) => None,
        }
    }
}

/// A policy that applies, and by way of what.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The policy.
    pub policy: Arc<Policy>,
    /// What it is attached to.
    pub target: Target,
}

/// Policies that one agent, or one namespace, may have: each is looked at for every purchase. Keeps I12.
pub const ATTACHED_MAX: usize = 10;

/// The policies of a workspace.
#[derive(Debug, Default)]
pub struct InForce {
    by_id: HashMap<PolicyId, Arc<Policy>>,
    of_agents: HashMap<String, Vec<Arc<Policy>>>,
    of_namespaces: HashMap<Namespace, Vec<Arc<Policy>>>,
}

impl InForce {
    /// These policies, in the order in which they were made.
    pub fn new(policies: impl IntoIterator<Item = Policy>) -> Self {
        let mut all = Self::default();
        for policy in policies {
            let policy = Arc::new(policy);
            for agent in &policy.content.agents {
                all.of_agents.entry(agent.clone()).or_default().push(Arc::clone(&policy));
            }
            for namespace in &policy.content.namespaces {
                all.of_namespaces.entry(namespace.clone()).or_default().push(Arc::clone(&policy));
            }
            all.by_id.insert(policy.id.clone(), policy);
        }
        all
    }

    /// An agent or a namespace that a policy is to be attached to, was not before, and that has as many as it may.
    pub fn crowded(&self, was: Option<&Content>, content: &Content) -> Option<String> {
        let full = |policies: Option<&Vec<Arc<Policy>>>| policies.is_some_and(|all| all.len() >= ATTACHED_MAX);
        let (agents, namespaces) = was.map_or((&[][..], &[][..]), |was| (&was.agents, &was.namespaces));
        let agent = content.agents.iter().find(|agent| !agents.contains(agent) && full(self.of_agents.get(*agent)));
        let namespace = || {
            let mut new = content.namespaces.iter().filter(|namespace| !namespaces.contains(namespace));
            new.find(|namespace| full(self.of_namespaces.get(*namespace)))
        };
        agent
            .map(|agent| format!("the agent `{agent}`"))
            .or_else(|| namespace().map(|namespace| format!("the namespace `{namespace}`")))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Those that apply to what an agent pays in a namespace out of the first of these purses, each with the policy
    /// that it names: in this order, which decides only whose words are heard.
    pub fn applying<'a>(
        &self,
        purses: impl IntoIterator<Item = (&'a str, Option<&'a PolicyId>)>,
        agent: Option<&str>,
        namespace: Option<&Namespace>,
    ) -> Vec<Applied> {
        let mut all = Vec::new();
        for (purse, policy) in purses {
            let policy = policy.and_then(|id| self.by_id.get(id));
            all.extend(
                policy.map(|policy| Applied { policy: Arc::clone(policy), target: Target::Purse(purse.to_owned()) }),
            );
        }
        if let Some((agent, policies)) = agent.and_then(|agent| Some((agent, self.of_agents.get(agent)?))) {
            let inside = |policy: &&Arc<Policy>| policy.namespace.is_none() || policy.namespace.as_ref() == namespace;
            all.extend(policies.iter().filter(inside).map(|policy| Applied {
                policy: Arc::clone(policy),
                target: Target::Agent(agent.to_owned(), policy.namespace.clone()),
            }));
        }
        if let Some((namespace, policies)) = namespace.and_then(|of| Some((of, self.of_namespaces.get(of)?))) {
            all.extend(
                policies
                    .iter()
                    .map(|policy| Applied { policy: Arc::clone(policy), target: Target::Namespace(namespace.clone()) }),
            );
        }
        all
    }
}
