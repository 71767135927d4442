//! The built-in event types (spec wire, "Native envelope": each type has a schema, an example and a
//! version), one JSON file per family in `catalog/`, embedded and parsed once.
//!
//! Fields are only ever added, so every schema admits unknown ones and no version has had to change.
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use crate::json;

/// Families whose types are ours (spec conventions, "Built-in event families").
pub const FAMILIES: &[&str] = &[
    "file",
    "exec",
    "key",
    "snapshot",
    "namespace",
    "workspace",
    "webhook",
    "endpoint",
    "purchase",
    "budget",
    "wallet",
    "spend",
    "approval",
    "policy",
    "delta",
    "period",
    "plan",
    "chain",
    "agent",
    "provider",
    "abuse",
    "usage",
    "audit",
    "reactor",
];

/// A built-in event type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeSpec {
    /// `family.name`.
    pub name: &'static str,
    /// Version of the data; adding fields does not change it.
    pub version: u32,
    /// When it happens, in a sentence or two.
    pub description: &'static str,
    /// JSON Schema (draft 2020-12) of `data`.
    #[serde(deserialize_with = "compact")]
    pub schema: Box<RawValue>,
    /// Data that satisfies the schema.
    #[serde(deserialize_with = "compact")]
    pub example: Box<RawValue>,
}

/// JSON on one line, however the file lays it out.
fn compact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    RawValue::from_string(json::compact(raw.get())).map_err(de::Error::custom)
}

const FILES: &[&str] = &[
    include_str!("../catalog/abuse.json"),
    include_str!("../catalog/agent.json"),
    include_str!("../catalog/approval.json"),
    include_str!("../catalog/budget.json"),
    include_str!("../catalog/chain.json"),
    include_str!("../catalog/delta.json"),
    include_str!("../catalog/endpoint.json"),
    include_str!("../catalog/exec.json"),
    include_str!("../catalog/file.json"),
    include_str!("../catalog/key.json"),
    include_str!("../catalog/namespace.json"),
    include_str!("../catalog/period.json"),
    include_str!("../catalog/plan.json"),
    include_str!("../catalog/policy.json"),
    include_str!("../catalog/provider.json"),
    include_str!("../catalog/purchase.json"),
    include_str!("../catalog/snapshot.json"),
    include_str!("../catalog/spend.json"),
    include_str!("../catalog/usage.json"),
    include_str!("../catalog/wallet.json"),
    include_str!("../catalog/webhook.json"),
    include_str!("../catalog/workspace.json"),
];

static TYPES: LazyLock<Vec<TypeSpec>> = LazyLock::new(|| {
    let read = |file: &&'static str| -> Vec<TypeSpec> {
        serde_json::from_str(file).expect("the embedded catalog is valid; a test reads it")
    };
    FILES.iter().flat_map(read).collect()
});

/// Every built-in type, by name.
pub fn types() -> &'static [TypeSpec] {
    &TYPES
}

/// The built-in type of this name.
pub fn find(name: &str) -> Option<&'static TypeSpec> {
    let at = TYPES.binary_search_by(|known| known.name.cmp(name)).ok()?;
    TYPES.get(at)
}

/// Whether a family's types are ours, so that an unknown name in it is a mistake.
pub fn is_reserved_family(family: &str) -> bool {
    FAMILIES.contains(&family)
}
