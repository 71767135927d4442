//! What every call with a body takes, and what each of its fields refuses.
use serde_json::{Value, json};

/// A call, a body it takes, and what each field of it refuses, with the name the refusal gives.
pub(crate) struct Form {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) good: Value,
    pub(crate) wrong: Vec<(&'static str, Value)>,
}

fn many(count: usize) -> Value {
    json!(vec!["a.b"; count])
}

/// Every call with a body.
pub(crate) fn forms() -> Vec<Form> {
    let mut all = about_events();
    all.extend(about_endpoints());
    all.extend(crate::spend::forms());
    all.extend(crate::policies::forms());
    all.extend(about_sessions());
    all
}

pub(crate) fn form(method: &'static str, path: &'static str, good: Value, wrong: Vec<(&'static str, Value)>) -> Form {
    Form { method, path, good, wrong }
}

fn about_events() -> Vec<Form> {
    vec![
        form(
            "POST",
            "/v1/keys",
            json!({"name": "k", "kind": "workspace"}),
            vec![
                ("name", json!("")),
                ("name", json!(" ")),
                ("name", json!("x".repeat(129))),
                ("name", Value::Null),
                ("kind", json!("owner")),
                ("kind", json!("root")),
                ("kind", Value::Null),
                ("namespace", json!("acme")),
                ("namespace", json!("Bad Name")),
                ("permissions", json!(["all"])),
                ("permissions", json!(["events:read", "x"])),
                ("agent_id", json!("")),
                ("agent_id", json!("x".repeat(129))),
                ("person", json!("")),
                ("person", json!("x".repeat(129))),
                ("expires_at", json!("tomorrow")),
                ("expires_at", json!("2020-01-01T00:00:00Z")),
            ],
        ),
        form(
            "POST",
            "/v1/try",
            json!({}),
            vec![
                ("url", json!("")),
                ("url", json!("nonsense")),
                ("url", json!("ftp://example.com/")),
                ("url", json!("https://10.0.0.1/")),
                ("url", json!(format!("https://example.com/{}", "x".repeat(2_048)))),
            ],
        ),
        form(
            "POST",
            "/v1/workspaces",
            json!({"name": "w"}),
            vec![("name", json!("")), ("name", json!("  ")), ("name", json!("x".repeat(129))), ("name", Value::Null)],
        ),
        form(
            "POST",
            "/v1/event-types",
            json!({"name": "order.sent"}),
            vec![
                ("name", json!("Order Sent")),
                ("name", json!("order")),
                ("name", json!("purchase.mine")),
                ("name", json!("x".repeat(200))),
                ("name", Value::Null),
                ("schema", json!({"type": 5})),
                ("schema", json!({"$ref": "https://example.com/s.json"})),
                ("schema", json!({"a": "x".repeat(70_000)})),
                ("description", json!("x".repeat(1025))),
            ],
        ),
        form(
            "POST",
            "/v1/events",
            json!({"type": "order.paid", "data": {}}),
            vec![
                ("type", json!("Order.Paid")),
                ("type", json!("order")),
                ("type", json!("")),
                ("type", Value::Null),
                ("type", json!("purchase.nonsense")),
                ("type", json!("a.b c")),
                ("namespace", json!("Bad Name")),
                ("namespace", json!("")),
                ("namespace", json!("x".repeat(64))),
                ("data", json!([])),
                ("data", json!("x")),
                ("data", Value::Null),
                ("data", deep(200)),
                ("id", json!("a b")),
                ("id", json!("")),
                ("id", json!("x".repeat(65))),
                ("id", json!("a.b")),
                ("timestamp", json!("yesterday")),
                ("timestamp", json!("2026-13-01T00:00:00Z")),
            ],
        ),
    ]
}

fn about_sessions() -> Vec<Form> {
    vec![
        form(
            "POST",
            "/v1/session",
            json!({"api_key": bellwire_e2e::OWNER_KEY}),
            vec![
                ("api_key", json!("")),
                ("api_key", json!("x".repeat(257))),
                ("api_key", Value::Null),
                // One of them, not both.
                ("link", json!("x")),
                ("link", json!("")),
                ("link", json!("x".repeat(257))),
            ],
        ),
        form(
            "POST",
            "/v1/namespaces/{namespace}/portal-link",
            json!({}),
            vec![
                ("expires_in_s", json!(59)),
                ("expires_in_s", json!(604_801)),
                ("expires_in_s", json!(-1)),
                ("expires_in_s", json!("1h")),
                ("read_only", json!("yes")),
            ],
        ),
    ]
}

fn about_endpoints() -> Vec<Form> {
    let endpoint = endpoint_faults();
    let mut changed = endpoint.clone();
    changed.extend([("kind", json!("pull")), ("url", Value::Null), ("events", json!([]))]);
    let mut made = endpoint;
    made.push(("retry", json!({})));
    let lease = |extra: Vec<(&'static str, Value)>| {
        let mut wrong = vec![("lease_id", json!("soon"))];
        wrong.extend(extra);
        wrong
    };
    vec![
        form("POST", "/v1/webhooks", json!({"url": "http://127.0.0.1:8009/", "events": ["order.*"]}), made),
        form("PATCH", "/v1/webhooks/{endpoint}", json!({}), changed),
        form(
            "POST",
            "/v1/webhooks/{endpoint}/rotate-secret",
            json!({}),
            vec![
                ("overlap", json!("8d")),
                ("overlap", json!("soon")),
                ("overlap", json!("-1h")),
                ("overlap", json!("")),
            ],
        ),
        form(
            "POST",
            "/v1/webhooks/{endpoint}/replay",
            json!({"dry_run": true}),
            vec![
                ("since", json!("soon")),
                ("until", json!("later")),
                ("status", json!("pending")),
                ("status", json!("x")),
                ("types", json!(["Not A Type"])),
                ("types", many(101)),
                ("missing", json!("yes")),
                ("dry_run", json!(1)),
            ],
        ),
        form(
            "POST",
            "/v1/webhooks/{pull}/pull",
            json!({}),
            vec![
                ("max", json!(0)),
                ("max", json!(101)),
                ("max", json!(-1)),
                ("max", json!(1.5)),
                ("lease", json!("0s")),
                ("lease", json!("13h")),
                ("lease", json!("x")),
                ("wait", json!("61s")),
                ("wait", json!("x")),
            ],
        ),
        form(
            "POST",
            "/v1/deliveries/retry",
            json!({"endpoint_id": "{endpoint}"}),
            vec![("endpoint_id", Value::Null), ("status", json!("lost")), ("since", json!("x")), ("until", json!("x"))],
        ),
        form("POST", "/v1/deliveries/{held}/ack", json!({}), lease(vec![])),
        form(
            "POST",
            "/v1/deliveries/{held}/nack",
            json!({}),
            lease(vec![("delay", json!("25h")), ("delay", json!("x"))]),
        ),
        form(
            "POST",
            "/v1/deliveries/{held}/extend",
            json!({}),
            lease(vec![("lease", json!("13h")), ("lease", json!("0s"))]),
        ),
    ]
}

/// What making and changing an endpoint both refuse.
fn endpoint_faults() -> Vec<(&'static str, Value)> {
    let headers: serde_json::Map<String, Value> = (0..33).map(|nth| (format!("x-{nth}"), json!("v"))).collect();
    vec![
        ("url", json!("")),
        ("url", json!("ftp://127.0.0.1/")),
        ("url", json!("http://127.0.0.1:22/")),
        ("url", json!("http://10.0.0.8/")),
        ("url", json!("http://u:p@127.0.0.1/")),
        ("url", json!("nonsense")),
        ("url", json!(format!("http://127.0.0.1:8009/{}", "x".repeat(2100)))),
        ("events", json!(["Not A Type"])),
        ("events", json!(["purchase.nonsense"])),
        ("events", many(101)),
        ("kind", json!("poke")),
        ("signing", json!("rsa")),
        ("namespace", json!("Bad Name")),
        ("filter", json!("event.data.")),
        ("filter", json!("1 + 1")),
        ("filter", json!("nothing.known == 1")),
        ("filter", json!("event.type == 1")),
        ("filter", json!("'x' != true")),
        ("filter", json!(format!("event.type == '{}'", "x".repeat(2100)))),
        ("dialect", json!("latin")),
        ("retry", json!({"preset": "none", "schedule": ["1s"]})),
        ("retry", json!({"preset": "often"})),
        ("retry", json!({"schedule": []})),
        ("retry", json!({"schedule": vec!["1s"; 21]})),
        ("retry", json!({"schedule": ["0s"]})),
        ("retry", json!({"schedule": ["25h"]})),
        ("retry", json!({"schedule": ["1500ms"]})),
        ("retry", json!({"schedule": ["soon"]})),
        ("retry", json!({"schedule": ["1s"], "jitter": "yes"})),
        ("retry", json!({"presets": "none"})),
        ("timeout_ms", json!(499)),
        ("timeout_ms", json!(30_001)),
        ("timeout_ms", json!(-1)),
        ("rate_limit", json!(0)),
        ("rate_limit", json!(10_001)),
        ("rate_limit", json!(0.5)),
        ("max_in_flight", json!(0)),
        ("max_in_flight", json!(257)),
        ("max_in_flight", json!(70_000)),
        ("ordered", json!("yes")),
        ("headers", headers.into()),
        ("headers", json!({"webhook-id": "x"})),
        ("headers", json!({"host": "x"})),
        ("headers", json!({"bad name": "x"})),
        ("headers", json!({"x-a": "a\nb"})),
        ("headers", json!({"x-a": "x".repeat(4097)})),
        ("headers", json!({"X-A": "1", "x-a": "2"})),
        ("headers", json!({"x-a": 1})),
        ("status", json!("disabled")),
        ("status", json!("asleep")),
        ("description", json!("x".repeat(1025))),
        ("metadata", json!({"a": "x".repeat(17_000)})),
        ("metadata", json!([])),
    ]
}

pub(crate) fn deep(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({"a": inner}))
}
