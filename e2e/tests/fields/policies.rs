//! The calls about policies. What is wrong inside of rules is told apart in the tests of policies.
use serde_json::{Value, json};

use crate::{
    forms::{Form, form},
    spend::{all, bought, texts},
};

pub(crate) fn forms() -> Vec<Form> {
    let policy = json!({"name": "p", "rules": []});
    vec![
        form("POST", "/v1/policies", policy.clone(), whole()),
        form("PUT", "/v1/policies/{policy}", policy, all(vec![whole(), vec![("namespace", json!("acme"))]])),
        form("PATCH", "/v1/policies/{policy}", json!({}), all(vec![some(), vec![("namespace", Value::Null)]])),
        form("POST", "/v1/policies/{policy}/evaluate", json!({"amount_usd": 1, "vendor": "v"}), {
            let more = vec![("wallet_id", json!("x")), ("wallet_id", unknown_wallet()), ("at", json!("noon"))];
            all(vec![bought(), tried(), more])
        }),
        form("POST", "/v1/policies/{policy}/replay", json!({"since": "1h"}), {
            let more = vec![
                ("since", Value::Null),
                ("since", json!("soon")),
                ("until", json!("soon")),
                ("until", json!("2h")),
                ("wallet_id", json!("wal_1")),
                ("wallet_id", unknown_wallet()),
            ];
            all(vec![tried(), more])
        }),
    ]
}

fn unknown_wallet() -> Value {
    json!("wal_01ARZ3NDEKTSV4RRFFQ69G5FAV")
}

fn tried() -> Vec<(&'static str, Value)> {
    vec![
        ("rules", json!({})),
        ("rules", json!([1])),
        ("rules", json!([{}])),
        ("rules", json!([{"max_usd": 1}])),
        ("rules", json!([{"when": "true"}])),
        ("rules", json!(vec![json!({"require_justification": true}); 101])),
        ("default", json!("ask")),
    ]
}

fn some() -> Vec<(&'static str, Value)> {
    let many: Vec<String> = (0..101).map(|nth| format!("a{nth}")).collect();
    all(vec![
        texts("name", 128),
        tried(),
        vec![
            ("agents", json!([""])),
            ("agents", json!([1])),
            ("agents", json!(many)),
            ("namespaces", json!(["Bad Name"])),
            ("namespaces", json!(many)),
        ],
    ])
}

fn whole() -> Vec<(&'static str, Value)> {
    all(vec![some(), vec![("name", Value::Null), ("rules", Value::Null), ("namespace", json!("Bad Name"))]])
}
