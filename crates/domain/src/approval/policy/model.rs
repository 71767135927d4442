//! Policies and their versions.
use std::{str::FromStr, sync::Arc};

use bellwire_wire::{Namespace, PolicyId, Timestamp, WorkspaceId};

use super::Rules;

/// What a policy says of what no rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Otherwise {
    /// It is let through.
    #[default]
    Allow,
    /// It is not.
    Deny,
}

impl Otherwise {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl FromStr for Otherwise {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            _ => Err("must be allow or deny"),
        }
    }
}

/// What people set of a policy. Every change of it is a new version.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What people call it.
    pub name: String,
    /// Its rules, in order.
    pub rules: Rules,
    /// What it says of what no rule speaks of.
    pub otherwise: Otherwise,
    /// The agents that it is attached to.
    pub agents: Vec<String>,
    /// The namespaces that it is attached to.
    pub namespaces: Vec<Namespace>,
}

/// A policy, or one of its versions.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its place among all policies, in order of creation.
    pub seq: i64,
    /// Its id.
    pub id: PolicyId,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which customer's; it counts inside that namespace only.
    pub namespace: Option<Namespace>,
    /// Which version this is, from 1.
    pub version: u32,
    /// What people set.
    pub content: Arc<Content>,
    /// Since when there is the policy.
    pub created_at: Timestamp,
    /// Since when there is this version.
    pub updated_at: Timestamp,
    /// Who made this version, as the audit log names them.
    pub updated_by: String,
}
