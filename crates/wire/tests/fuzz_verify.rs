//! Nothing panics on any bytes. `PROPTEST_CASES=1000000 cargo test --release --test fuzz_verify`
//! turns these tests into a fuzzing run; a failing input is printed, shrunk.
mod common;

use std::time::Duration;

use bellwire_wire::{Dialect, EndpointSecret, PublicKey, Scheme, SigningKey, Timestamp, explain, json, verify};
use proptest::prelude::*;

const NAMES: [&str; 12] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-trove-signature",
    "x-paygraph-signature",
    "x-pacspace-signature",
    "x-pacspace-timestamp",
    "x-webhook-signature",
    "stripe-signature",
    "x-hub-signature-256",
    "x-slack-signature",
    "x-slack-request-timestamp",
];

/// Bytes that look like a header value, or do not.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "(t=|v1=|v1,|v1a,|v0=|sha256=|[0-9]{1,20}|[0-9a-f]{64}|[A-Za-z0-9+/]{43}=|[,= .]){0,12}"
            .prop_map(String::into_bytes),
        "-?[0-9]{0,25}".prop_map(String::into_bytes),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    // Mostly each header once, so that reading gets past the first check.
    let once = prop::collection::vec(value(), NAMES.len());
    let once = once.prop_map(|values| NAMES.into_iter().zip(values).collect());
    let any = prop::collection::vec((prop::sample::select(NAMES.to_vec()), value()), 0..16);
    prop_oneof![once, any]
}

fn secrets() -> impl Strategy<Value = String> {
    prop_oneof![".*", "(v1,)?(whsec_|whpk_|whsk_)?[A-Za-z0-9+/]{0,90}={0,3}\\s?"]
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(Scheme::ALL.to_vec())
}

/// Bytes that look like JSON, or do not.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "([{}\\[\\]:, \n]|\"[a-z_\\\\u0-9]{0,6}\"|[0-9.eE+-]{1,6}|true|null|é){0,60}".prop_map(String::into_bytes),
    ]
}

fn instant() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_micros)
}

proptest! {
    #[test]
    fn verifying_never_panics_and_never_believes(
        scheme in scheme(),
        texts in prop::collection::vec(secrets(), 0..4),
        headers in headers(),
        body in body(),
        now in instant(),
        tolerance: Duration,
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        prop_assert!(verify(scheme, &texts, &headers, &body, now, tolerance).is_err());
    }

    #[test]
    fn explaining_never_panics_and_always_says_something(
        scheme in scheme(),
        secret in secrets(),
        headers in headers(),
        body in body(),
        now in instant(),
    ) {
        prop_assert!(!explain(scheme, &secret, &headers, &body, now).is_empty());
    }

    #[test]
    fn keys_never_panic(text in secrets(), bytes: Vec<u8>) {
        if let Ok(secret) = EndpointSecret::parse(&text) {
            prop_assert!((16..=64).contains(&secret.key().len()));
        }
        let _ = PublicKey::parse(&text);
        let _ = SigningKey::parse(&text);
        let _ = EndpointSecret::from_random(&bytes);
    }

    #[test]
    fn rewriting_text_that_is_no_json_never_panics(body in body()) {
        let text = String::from_utf8_lossy(&body);
        let mut out = String::new();
        json::camel_case_into(&text, &mut out);
        json::members_into(&text, &["id"], &mut out);
        json::spaced(&text);
        json::compact(&text);
    }

    #[test]
    fn whatever_json_an_event_has_its_body_is_json(body in body(), value in json_value()) {
        let texts = [String::from_utf8_lossy(&body).into_owned(), value];
        for text in texts {
            if serde_json::from_str::<serde_json::Value>(&text).is_err() {
                continue;
            }
            for dialect in Dialect::ALL {
                let event = common::event("purchase.succeeded", &text);
                let encoded = dialect.encode(&event);
                prop_assert_eq!(&encoded, &dialect.encode(&event));
                let read = serde_json::from_slice::<serde_json::Value>(&encoded);
                prop_assert!(read.is_ok(), "{dialect}: {}", String::from_utf8_lossy(&encoded));
                // Where data is written as it is, it means the same.
                if matches!(dialect, Dialect::Standard | Dialect::CloudEvents | Dialect::TroveFiles) {
                    let data: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                    prop_assert_eq!(&read.expect("JSON")["data"], &data);
                }
            }
        }
    }
}

fn json_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?",
        ".*".prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    let key = "[a-z_]{0,5}|.{0,3}|metadata|id|type";
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let members = prop::collection::vec((key, inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| format!("[ {} ]", items.join(" ,\n"))),
            members.prop_map(|members| {
                let member = |(key, value): (String, String)| format!("{} : {value}", serde_json::Value::from(key));
                let members: Vec<String> = members.into_iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}
