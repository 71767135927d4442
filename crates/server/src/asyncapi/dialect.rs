//! The bodies of the dialects, described. What they are is what `bellwire_wire::dialect` writes; a test compares.
use bellwire_wire::{Dialect, catalog};
use serde_json::{Map, Value, json};

use super::link;

fn text(meaning: &str) -> Value {
    json!({"type": "string", "description": meaning})
}

fn object(members: &[(&str, Value)], absent: &[&str]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).filter(|name| !absent.contains(name)).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// The body of any event in this dialect, with `kind` and `data` as the schemas of type and data.
pub(super) fn body(dialect: Dialect, kind: &Value, data: &Value) -> Value {
    let (id, kind, data) = (text("The event's id, the same on every attempt"), kind.clone(), data.clone());
    let workspace = || text("The workspace, `ws-…`");
    let time = || json!({"type": "string", "format": "date-time", "description": "When it happened"});
    let namespace =
        || json!({"type": ["string", "null"], "description": "The namespace; null for events of the whole workspace"});
    match dialect {
        Dialect::Standard => object(
            &[
                ("id", id),
                ("type", kind),
                ("timestamp", time()),
                ("workspace_id", workspace()),
                ("namespace", namespace()),
                ("source", text("`reported:<key_id>` if a key posted a built-in type; otherwise absent")),
                ("data", data),
            ],
            &["source"],
        ),
        Dialect::CloudEvents => object(
            &[
                ("specversion", json!({"const": "1.0"})),
                ("id", id),
                ("source", text("`/workspaces/` and the workspace")),
                ("type", kind),
                ("subject", text("The namespace; absent for events of the whole workspace")),
                ("time", time()),
                ("datacontenttype", json!({"const": "application/json"})),
                ("data", data),
            ],
            &["subject"],
        ),
        Dialect::Trove => flat(id, kind, time()),
        Dialect::TroveFiles => object(
            &[
                ("id", id),
                ("type", kind),
                ("api_version", text("The version of this envelope")),
                ("workspace_id", workspace()),
                ("namespace", namespace()),
                ("created_at", time()),
                ("data", data),
            ],
            &[],
        ),
        Dialect::PayGraph => {
            let approvals = catalog::types().iter().filter(|spec| spec.name.starts_with("approval."));
            let mut bodies: Vec<Value> =
                approvals.map(|spec| link(&format!("components/schemas/{}", spec.name))).collect();
            bodies.push(flat(id, kind, time()));
            json!({"anyOf": bodies})
        }
        Dialect::PacSpace => object(
            &[
                ("id", id),
                ("event", kind),
                ("tenantId", workspace()),
                ("createdAt", time()),
                ("data", json!({"type": "object", "description": "The data, its names in camelCase"})),
            ],
            &[],
        ),
        Dialect::Keystore => object(
            &[
                ("event", kind),
                ("timestamp", time()),
                ("data", json!({"type": "object", "description": "The data, its names in camelCase"})),
            ],
            &[],
        ),
    }
}

/// The fields of data beside those of the envelope.
fn flat(id: Value, kind: Value, time: Value) -> Value {
    let mut flat = object(&[("id", id), ("type", kind), ("timestamp", time)], &[]);
    flat["description"] = "The fields of `data` are beside these.".into();
    flat["additionalProperties"] = true.into();
    flat
}
