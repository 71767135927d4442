//! What each dialect's body looks like, byte for byte.
mod common;

use bellwire_wire::{Dialect, EventType, json};

const DATA: &str = r#"{ "wallet_id": "wal_1", "amount_usd": 1850.00, "timestamp": "own",
    "tiny_number": 1e-7, "metadata": {"user_key": [{"in_list": 1}]}, "top_vendor": {"vendor_name": "a_b \u00e9 : {"} }"#;

fn encoded(dialect: Dialect, kind: &str, data: &str) -> String {
    String::from_utf8(dialect.encode(&common::event(kind, data))).expect("UTF-8")
}

#[test]
fn every_dialect_writes_these_bytes() {
    let body = |dialect| encoded(dialect, "purchase.succeeded", DATA);
    assert_eq!(
        body(Dialect::Standard),
        r#"{"id":"evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B","type":"purchase.succeeded","timestamp":"2026-11-21T22:01:02.345Z","workspace_id":"ws-01KAJ0Q8ZV8J6N2T4R5W7X9Y1A","namespace":"customer-acme","data":{"wallet_id":"wal_1","amount_usd":1850.00,"timestamp":"own","tiny_number":1e-7,"metadata":{"user_key":[{"in_list":1}]},"top_vendor":{"vendor_name":"a_b \u00e9 : {"}}}"#
    );
    assert_eq!(
        body(Dialect::CloudEvents),
        r#"{"specversion":"1.0","id":"evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B","source":"/workspaces/ws-01KAJ0Q8ZV8J6N2T4R5W7X9Y1A","type":"purchase.succeeded","subject":"customer-acme","time":"2026-11-21T22:01:02.345Z","datacontenttype":"application/json","data":{"wallet_id":"wal_1","amount_usd":1850.00,"timestamp":"own","tiny_number":1e-7,"metadata":{"user_key":[{"in_list":1}]},"top_vendor":{"vendor_name":"a_b \u00e9 : {"}}}"#
    );
    let trove = r#"{"id":"evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B","type":"purchase.succeeded","timestamp":"2026-11-21T22:01:02.345Z","wallet_id":"wal_1","amount_usd":1850.00,"tiny_number":1e-7,"metadata":{"user_key":[{"in_list":1}]},"top_vendor":{"vendor_name":"a_b \u00e9 : {"}}"#;
    assert_eq!(body(Dialect::Trove), trove);
    assert_eq!(body(Dialect::PayGraph), trove);
    assert_eq!(
        body(Dialect::TroveFiles),
        r#"{"id":"evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B","type":"purchase.succeeded","api_version":"2026-01-01","workspace_id":"ws-01KAJ0Q8ZV8J6N2T4R5W7X9Y1A","namespace":"customer-acme","created_at":"2026-11-21T22:01:02.345Z","data":{"wallet_id":"wal_1","amount_usd":1850.00,"timestamp":"own","tiny_number":1e-7,"metadata":{"user_key":[{"in_list":1}]},"top_vendor":{"vendor_name":"a_b \u00e9 : {"}}}"#
    );
    assert_eq!(
        body(Dialect::PacSpace),
        r#"{"id":"evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B","event":"purchase.succeeded","tenantId":"ws-01KAJ0Q8ZV8J6N2T4R5W7X9Y1A","createdAt":"2026-11-21T22:01:02.345Z","data":{"walletId":"wal_1","amountUsd":1850.00,"timestamp":"own","tinyNumber":1e-7,"metadata":{"user_key":[{"in_list":1}]},"topVendor":{"vendorName":"a_b \u00e9 : {"}}}"#
    );
    assert_eq!(
        body(Dialect::Keystore),
        r#"{"event":"purchase.succeeded","timestamp":"2026-11-21T22:01:02.345Z","data":{"walletId":"wal_1","amountUsd":1850.00,"timestamp":"own","tinyNumber":1e-7,"metadata":{"user_key":[{"in_list":1}]},"topVendor":{"vendorName":"a_b \u00e9 : {"}}}"#
    );
}

#[test]
fn an_approval_is_the_whole_body_in_paygraph() {
    let data = r#"{"approval_id":"apr_1","created_at":"2026-11-21T22:00:00.000Z"}"#;
    assert_eq!(encoded(Dialect::PayGraph, "approval.requested", data), data);
}

#[test]
fn without_a_namespace_null_is_written_and_the_subject_is_absent() {
    let mut event = common::event("endpoint.disabled", "{}");
    event.namespace = None;
    event.source = Some("reported:key_1".into());
    let text = |dialect: Dialect| String::from_utf8(dialect.encode(&event)).expect("UTF-8");
    assert_eq!(text(Dialect::Standard), serde_json::to_string(&event).expect("serde"));
    assert!(text(Dialect::TroveFiles).contains(r#""namespace":null,"#));
    assert!(!text(Dialect::CloudEvents).contains("subject"));
    assert_eq!(
        text(Dialect::Trove),
        r#"{"id":"evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B","type":"endpoint.disabled","timestamp":"2026-11-21T22:01:02.345Z"}"#
    );
}

#[test]
fn data_that_is_no_object_stays_under_data_in_trove() {
    for data in ["[1, 2]", "7", "null", "\"{\""] {
        let body = encoded(Dialect::Trove, "a.b", data);
        let value: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let expected: serde_json::Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(value["data"], expected, "{body}");
    }
}

#[test]
fn keys_turn_into_camel_case_and_nothing_else_does() {
    for (from, to) in [
        (r#"{"a_b":1}"#, r#"{"aB":1}"#),
        (r#"{"previous_proof_hash":"a_b"}"#, r#"{"previousProofHash":"a_b"}"#),
        (r#"{"a_1":1,"sha256_2b":2}"#, r#"{"a1":1,"sha2562b":2}"#),
        (r#"[{"a_b":[{"c_d":[]}]}]"#, r#"[{"aB":[{"cD":[]}]}]"#),
        // No pure snake_case: left alone.
        (
            r#"{"_a":1,"a_":2,"a__b":3,"A_b":4,"a_B":5,"a-b_c":6,"":7,"_":8}"#,
            r#"{"_a":1,"a_":2,"a__b":3,"A_b":4,"a_B":5,"a-b_c":6,"":7,"_":8}"#,
        ),
        (r#"{"a_\u0062":1,"\"_b":2,"é_b":3}"#, r#"{"a_\u0062":1,"\"_b":2,"é_b":3}"#),
        // Keys that collide: the first stays.
        (r#"{"a_b":1,"aB":2,"c":3}"#, r#"{"aB":1,"c":3}"#),
        (r#"{"aB":{"x_y":1},"a_b":{"q":[1,{}]},"c":3}"#, r#"{"aB":{"xY":1},"c":3}"#),
        (r#"{"a_b":1,"\u0061B":[2,{"z":[]}]}"#, r#"{"aB":1}"#),
        // What belongs to the user is the user's, duplicates included.
        (
            r#"{"metadata":{"a_b":{"c_d":1},"x":1,"x":2},"e_f":2}"#,
            r#"{"metadata":{"a_b":{"c_d":1},"x":1,"x":2},"eF":2}"#,
        ),
        (
            r#"{"x_y":{"details":[{"a_b":1}],"c_d":1},"parameters":{"p_q":1},"extra":"a_b","g_h":3}"#,
            r#"{"xY":{"details":[{"a_b":1}],"cD":1},"parameters":{"p_q":1},"extra":"a_b","gH":3}"#,
        ),
        // Numbers keep their digits.
        (
            r#"{"n_1":1850.00,"n_2":-0.0,"n_3":1E400,"n_4":123456789012345678901234567890}"#,
            r#"{"n1":1850.00,"n2":-0.0,"n3":1E400,"n4":123456789012345678901234567890}"#,
        ),
        (r"{}", r"{}"),
        (r"7", r"7"),
    ] {
        let mut out = String::new();
        json::camel_case_into(from, &mut out);
        assert_eq!(out, to);
    }
}

#[test]
fn names_that_the_envelope_takes_are_dropped_however_they_are_spelt() {
    let mut out = String::new();
    let data = r#"{"\u0069d":{"x":[1]},"type":2,"keep_me":{"id":1},"timestamp":null,"keep_me":4}"#;
    assert!(json::members_into(data, &["id", "type", "timestamp"], &mut out));
    assert_eq!(out, r#","keep_me":{"id":1}"#);
}

#[test]
fn depth_costs_no_stack() {
    let depth = 200_000;
    let data = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for dialect in Dialect::ALL {
        assert!(dialect.encode(&common::event("a.b", &data)).len() > data.len());
    }
}

#[test]
fn names_read_back() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.as_str().parse::<Dialect>(), Ok(dialect));
        let json = serde_json::to_string(&dialect).expect("text");
        assert_eq!(serde_json::from_str::<Dialect>(&json).expect("text"), dialect);
    }
    assert!("Standard".parse::<Dialect>().is_err());
    assert_eq!("approval.requested".parse::<EventType>().map(|t| t.family().len()), Ok(8));
}
