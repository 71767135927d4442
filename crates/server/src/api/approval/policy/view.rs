//! Policies as they are shown.
use bellwire_domain::approval::policy::{Line, Policy};
use bellwire_wire::{Namespace, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A policy, or one of its versions.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
pub(super) struct PolicyView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    /// The same, as events call it.
    #[schema(value_type = String)]
    policy_id: &'a str,
    /// Which version this is, from 1.
    version: u32,
    #[schema(value_type = String)]
    name: &'a str,
    /// The rules as they were written.
    #[schema(value_type = Vec<Object>)]
    rules: &'a RawValue,
    /// `allow` or `deny`: what is done where no rule says anything.
    default: &'static str,
    /// The agents that it is attached to.
    #[schema(value_type = Vec<String>)]
    agents: &'a [String],
    /// The namespaces that it is attached to.
    #[schema(value_type = Vec<String>)]
    namespaces: &'a [Namespace],
    /// Whose it is: it counts inside that namespace only.
    #[schema(value_type = Option<String>)]
    namespace: Option<&'a str>,
    created_at: Timestamp,
    /// Since when there is this version.
    updated_at: Timestamp,
    /// Who made this version.
    #[schema(value_type = String)]
    updated_by: &'a str,
}

impl<'a> PolicyView<'a> {
    pub(super) fn new(policy: &'a Policy) -> Self {
        let content = &*policy.content;
        Self {
            id: policy.id.as_str(),
            policy_id: policy.id.as_str(),
            version: policy.version,
            name: &content.name,
            rules: content.rules.source(),
            default: content.otherwise.as_str(),
            agents: &content.agents,
            namespaces: &content.namespaces,
            namespace: policy.namespace.as_ref().map(Namespace::as_str),
            created_at: policy.created_at,
            updated_at: policy.updated_at,
            updated_by: &policy.updated_by,
        }
    }
}

/// What one rule makes of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyLine)]
pub(super) struct LineView {
    /// The rule's key.
    rule: &'static str,
    /// The place in the list of what it was written in.
    index: usize,
    /// `allow`, `deny`, `require_approval` or `none`.
    effect: &'static str,
    /// Why.
    detail: String,
}

impl LineView {
    pub(super) fn new(line: Line) -> Self {
        Self { rule: line.rule, index: line.index, effect: line.effect.as_str(), detail: line.detail }
    }
}
