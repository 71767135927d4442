//! What the audit log is told of endpoints: never a secret, nor what may hold one.
use bellwire_domain::{
    Ctx, Stored,
    delivery::Endpoint,
    workspace::{
        Principal,
        audit::{self, NewAudit},
    },
};
use bellwire_store::Tx;
use serde_json::{Map, Value, json};

pub(in crate::api) async fn created(tx: &mut Tx, ctx: &Ctx, by: &Principal, endpoint: &Endpoint) -> Stored<()> {
    let after: Map<String, Value> = fields(endpoint).into_iter().map(shown).collect();
    record(tx, ctx, by, "endpoint.create", endpoint, json!({"after": after})).await
}

pub(super) async fn updated(tx: &mut Tx, ctx: &Ctx, by: &Principal, before: &Endpoint, after: &Endpoint) -> Stored<()> {
    record(tx, ctx, by, "endpoint.update", after, change(&fields(before), &fields(after))).await
}

pub(super) async fn deleted(tx: &mut Tx, ctx: &Ctx, by: &Principal, endpoint: &Endpoint) -> Stored<()> {
    let before: Map<String, Value> = fields(endpoint).into_iter().map(shown).collect();
    record(tx, ctx, by, "endpoint.delete", endpoint, json!({"before": before})).await
}

/// Something else that was done to an endpoint.
pub(super) async fn record(
    tx: &mut Tx,
    ctx: &Ctx,
    by: &Principal,
    action: &'static str,
    endpoint: &Endpoint,
    detail: Value,
) -> Stored<()> {
    let new = NewAudit {
        actor: by.actor(),
        action,
        subject: endpoint.at.endpoint_id.to_string(),
        namespace: endpoint.config.namespace.clone(),
        detail,
    };
    audit::record(tx, ctx, &endpoint.at.workspace_id, new).await
}

/// What its owner chose.
fn fields(endpoint: &Endpoint) -> Map<String, Value> {
    let mut fields = match serde_json::to_value(&endpoint.config) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    fields.insert("status".into(), endpoint.status.as_str().into());
    fields
}

/// The fields that differ, before and after.
fn change(before: &Map<String, Value>, after: &Map<String, Value>) -> Value {
    let only = |fields: &Map<String, Value>| -> Map<String, Value> {
        let changed = fields.iter().filter(|(name, _)| before.get(*name) != after.get(*name));
        changed.map(|(name, value)| shown((name.clone(), value.clone()))).collect()
    };
    json!({"before": only(before), "after": only(after)})
}

/// A field without what may be secret in it: of headers and metadata the names, of a URL what comes
/// before its query.
fn shown((name, value): (String, Value)) -> (String, Value) {
    let value = match (name.as_str(), value) {
        ("headers" | "metadata", Value::Object(members)) => members.into_iter().map(|(name, _)| name).collect(),
        ("url", Value::String(url)) => Value::String(url.split(['?', '#']).next().unwrap_or_default().to_owned()),
        (_, value) => value,
    };
    (name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_what_differs_and_shows_nothing_secret() {
        let fields = |url: &str, token: &str| {
            let fields =
                json!({"url": url, "headers": {"authorization": token}, "metadata": {"a": 1}, "ordered": true});
            fields.as_object().cloned().expect("an object")
        };
        let changed =
            change(&fields("https://a.example/x?token=1", "one"), &fields("https://b.example/x?token=2", "two"));
        let one = json!({"url": "https://a.example/x", "headers": ["authorization"]});
        let two = json!({"url": "https://b.example/x", "headers": ["authorization"]});
        assert_eq!(changed, json!({"before": one, "after": two}));
    }
}
