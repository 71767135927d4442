//! The calls about wallets and what is bought from them.
use serde_json::{Value, json};

use crate::forms::{Form, deep, form};

/// No amounts at all.
fn no_amounts() -> Vec<Value> {
    let mut wrong = vec![
        json!(-1),
        json!(-0.5),
        json!(0.000_000_000_1),
        json!(1_000_000_001),
        json!(1e10),
        json!(true),
        json!([]),
        json!({}),
        json!({"usd": 1}),
    ];
    wrong.extend(
        ["", "x", "NaN", "-NaN", "Infinity", "-1", "-0", "1e400", "1e-400", "0.0000000001", "1000000000.000000001"]
            .map(Value::from),
    );
    wrong.extend(["1,5", "$1", "1 ", "+1", "01", "0x10", "null"].map(Value::from));
    wrong
}

/// What a field that holds an amount refuses.
fn amount(field: &'static str) -> Vec<(&'static str, Value)> {
    no_amounts().into_iter().chain([Value::Null]).map(|wrong| (field, wrong)).collect()
}

/// The same where it must be more than nothing.
fn more(field: &'static str) -> Vec<(&'static str, Value)> {
    let nothing = [json!(0), json!("0.00"), json!(0.0)].map(|nothing| (field, nothing));
    amount(field).into_iter().chain(nothing).collect()
}

/// Texts of the wrong length.
pub(crate) fn texts(field: &'static str, most: usize) -> Vec<(&'static str, Value)> {
    [json!(""), json!("  "), json!("x".repeat(most + 1))].map(|wrong| (field, wrong)).to_vec()
}

pub(crate) fn all(parts: Vec<Vec<(&'static str, Value)>>) -> Vec<(&'static str, Value)> {
    parts.into_iter().flatten().collect()
}

pub(crate) fn forms() -> Vec<Form> {
    let order = json!({"amount_usd": 1, "vendor": "v", "description": "d"});
    vec![
        form("POST", "/v1/wallets", json!({"name": "w", "budget_usd": 1}), wallet()),
        form("PATCH", "/v1/wallets/{wallet}", json!({"reason": "r"}), change()),
        form("POST", "/v1/wallets/{wallet}/purchases", order.clone(), {
            all(vec![bought(), callback(), vec![("description", Value::Null)]])
        }),
        form("POST", "/v1/wallets/{wallet}/holds", order, {
            let spans = ["0s", "999ms", "8d", "soon", "", "-1h"].map(|span| ("expires_in", json!(span)));
            all(vec![bought(), callback(), spans.to_vec()])
        }),
        form("POST", "/v1/holds/{hold}/capture", json!({}), {
            all(vec![more("amount_usd"), vec![("amount_usd", json!(1.01)), ("amount_usd", json!("1.000000001"))]])
        }),
        form("POST", "/v1/holds/{hold}/fail", json!({"error_code": "c", "error_message": "m"}), {
            let absent = vec![("error_code", Value::Null), ("error_message", Value::Null)];
            all(vec![texts("error_code", 64), texts("error_message", 1_024), absent])
        }),
        form("POST", "/v1/purchases/{purchase}/refund", json!({"reason": "r"}), {
            let rest = vec![("amount_usd", json!(2.01)), ("reason", Value::Null)];
            all(vec![more("amount_usd"), texts("reason", 1_024), rest])
        }),
    ]
}

/// Where no decision is sent to.
fn callback() -> Vec<(&'static str, Value)> {
    ["", "x", "ftp://127.0.0.1/"].map(|url| ("callback_url", json!(url))).to_vec()
}

/// What buying and holding both refuse.
pub(crate) fn bought() -> Vec<(&'static str, Value)> {
    let keys: serde_json::Map<String, Value> = (0..101).map(|nth| (format!("k{nth}"), json!(nth))).collect();
    all(vec![
        more("amount_usd"),
        texts("vendor", 256),
        vec![("vendor", Value::Null), ("description", json!("x".repeat(1_025)))],
        texts("category", 128),
        texts("memo", 1_024),
        texts("rail", 64),
        texts("run_id", 128),
        texts("agent_id", 128),
        vec![
            ("metadata", json!([])),
            ("metadata", json!("x")),
            ("metadata", json!({"a": "x".repeat(17_000)})),
            ("metadata", deep(17)),
            ("metadata", keys.into()),
        ],
    ])
}

/// Limits and thresholds.
fn pace() -> Vec<(&'static str, Value)> {
    let maxima = ["max_transaction_usd", "max_per_minute_usd"];
    let mut wrong: Vec<Value> =
        maxima.iter().flat_map(|field| no_amounts().into_iter().map(move |wrong| json!({*field: wrong}))).collect();
    wrong.extend(no_amounts().into_iter().chain([Value::Null]).map(|wrong| json!({"spike": {"floor_usd": wrong}})));
    wrong.extend([
        json!({"max_count_per_minute": 0}),
        json!({"max_count_per_minute": 1_000_001}),
        json!({"max_count_per_minute": -1}),
        json!({"repeat": true}),
        json!({"repeat": 5}),
        json!({"repeat": {"same_vendor_and_amount": 1}}),
        json!({"repeat": {"same_vendor_and_amount": 1_001}}),
        json!({"repeat": {"within": "500ms"}}),
        json!({"repeat": {"within": "61m"}}),
        json!({"repeat": {"within": "soon"}}),
        json!({"repeat": {"times": 3}}),
        json!({"spike": true}),
        json!({"spike": {"ratio": 1}}),
        json!({"spike": {"ratio": 1_001}}),
        json!({"spike": {"ratio": 2.5}}),
        json!({"on_breach": "explode"}),
        json!({"on_breach": 1}),
        json!({"max_per_hour_usd": 1}),
        json!([]),
    ]);
    let mut wrong: Vec<(&'static str, Value)> = wrong.into_iter().map(|wrong| ("limits", wrong)).collect();
    wrong.extend(
        [json!([0]), json!([101]), json!([80, 50]), json!([50, 50]), json!([-1]), json!(["x"]), json!([1.5])]
            .map(|wrong| ("thresholds", wrong)),
    );
    wrong.push(("thresholds", json!((1..=21).collect::<Vec<u32>>())));
    wrong
}

fn wallet() -> Vec<(&'static str, Value)> {
    all(vec![
        texts("name", 128),
        texts("agent_id", 128),
        amount("budget_usd"),
        pace(),
        vec![
            ("name", Value::Null),
            ("namespace", json!("Bad Name")),
            ("parent_id", json!("x")),
            ("parent_id", json!("wal_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("window", json!("weekly")),
            ("tz", json!("UTC")),
            ("tz", json!("Mars/Base")),
            ("policy_id", json!("pol_1")),
            ("policy_id", json!("pol_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("policy_id", json!(1)),
            ("sandbox", json!("yes")),
        ],
    ])
}

fn change() -> Vec<(&'static str, Value)> {
    all(vec![
        texts("name", 128),
        texts("reason", 1_024),
        amount("budget_usd"),
        pace(),
        vec![
            ("reason", Value::Null),
            ("status", json!("closed")),
            ("policy_id", json!("pol_1")),
            ("policy_id", json!("pol_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("parent_id", Value::Null),
            ("parent_id", json!("wal_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("window", json!("daily")),
            ("tz", json!("UTC")),
            ("sandbox", json!(true)),
            ("namespace", json!("acme")),
            ("agent_id", json!("a")),
        ],
    ])
}
