//! Every mistake that `explain` knows is recognised, and nothing else is claimed.
mod common;

use base64::{Engine, engine::general_purpose::STANDARD};
use bellwire_wire::{
    Dialect, EndpointSecret, Scheme, Timestamp,
    explain::{Code, explain},
    sign,
};
use common::{Attempt, EVENT, NOW, secret};

type Pairs = Vec<(&'static str, String)>;

const DATA: &str = r#"{"zebra":"Zoë 😀","amount_usd":1850.00,"apple":[1,{"b":2,"a":1}]}"#;

fn codes(scheme: Scheme, secret: &str, headers: &Pairs, body: &[u8]) -> Vec<Code> {
    codes_at(scheme, secret, headers, body, Timestamp::from_seconds(NOW))
}

fn codes_at(scheme: Scheme, secret: &str, headers: &Pairs, body: &[u8], now: Timestamp) -> Vec<Code> {
    let findings = explain(scheme, secret, headers, body, now);
    for finding in &findings {
        assert!(finding.sentence.ends_with('.'), "{finding:?}");
        assert!(!finding.sentence.contains(secret) || secret.len() < 8, "{finding:?}");
    }
    findings.iter().map(|finding| finding.code).collect()
}

fn sent(dialect: Dialect) -> (Pairs, Vec<u8>) {
    let attempt = Attempt::new(dialect, common::event("purchase.succeeded", DATA));
    (attempt.headers(&[secret(1)]), attempt.body)
}

fn signed(key: &[u8], body: &[u8]) -> Pairs {
    vec![
        ("webhook-id", EVENT.to_owned()),
        ("webhook-timestamp", NOW.to_string()),
        ("webhook-signature", sign::standard_v1(key, EVENT, NOW, body)),
    ]
}

#[test]
fn a_good_request_is_called_good_in_every_scheme() {
    for dialect in Dialect::ALL {
        let (headers, body) = sent(dialect);
        let found = codes(dialect.into(), secret(1).as_str(), &headers, &body);
        assert_eq!(found, [Code::Valid], "{dialect}");
    }
}

#[test]
fn another_secret_is_no_known_mistake() {
    for dialect in Dialect::ALL {
        let (headers, body) = sent(dialect);
        let found = codes(dialect.into(), secret(2).as_str(), &headers, &body);
        assert_eq!(found, [Code::NoMatch], "{dialect}");
    }
}

#[test]
fn missing_and_malformed_headers_and_unreadable_secrets_are_named() {
    let (mut headers, body) = sent(Dialect::Standard);
    assert_eq!(codes(Scheme::Slack, secret(1).as_str(), &headers, &body)[0], Code::MissingHeader);
    assert_eq!(codes(Scheme::Standard, "whsec_%", &headers, &body)[0], Code::BadSecret);
    headers.retain(|(name, _)| *name != "webhook-signature");
    headers.push(("webhook-signature", "nonsense".to_owned()));
    assert_eq!(codes(Scheme::Standard, secret(1).as_str(), &headers, &body)[0], Code::MalformedHeader);
}

#[test]
fn clocks_and_units_of_time_are_told_apart() {
    let (headers, body) = sent(Dialect::Trove);
    for late in [NOW + 301, NOW - 4000] {
        let now = Timestamp::from_seconds(late);
        let found = codes_at(Scheme::Trove, secret(1).as_str(), &headers, &body, now);
        assert_eq!(found, [Code::ClockSkew]);
    }
    // The header and the content in milliseconds.
    let millis = NOW * 1_000 + 7;
    let headers = vec![("x-trove-signature", sign::stamped_hex(&[&secret(1)], millis, b"{}"))];
    let found = codes(Scheme::Trove, secret(1).as_str(), &headers, b"{}");
    assert_eq!(found, [Code::TimestampUnit]);
    // The header in seconds, the content in milliseconds.
    let signature = sign::standard_v1(secret(1).key(), EVENT, NOW * 1_000, b"{}");
    let mut headers = signed(&[], b"{}");
    headers[2].1 = signature;
    let found = codes(Scheme::Standard, secret(1).as_str(), &headers, b"{}");
    assert_eq!(found, [Code::TimestampUnit]);
}

#[test]
fn an_id_in_the_place_of_the_time_is_noticed() {
    let key = secret(1);
    let content = format!("{NOW}.{EVENT}.{{}}");
    let mac = hex::decode(sign::hex_signature(key.key(), &[content.as_bytes()])).expect("hex");
    let mut headers = signed(&[], b"{}");
    headers[2].1 = format!("v1,{}", STANDARD.encode(mac));
    assert_eq!(codes(Scheme::Standard, key.as_str(), &headers, b"{}"), [Code::IdTimestampSwapped]);
}

#[test]
fn a_body_that_was_parsed_and_written_again_is_recognised() {
    let key = secret(1);
    let compact = r#"{"zebra":"Zoë 😀","apple":[1,{"b":2,"a":1.5}],"n":18}"#;
    let spaced = r#"{"zebra": "Zo\u00eb \ud83d\ude00", "apple": [1, {"b": 2, "a": 1.5}], "n": 18}"#;
    let sorted = r#"{"apple":[1,{"a":1.5,"b":2}],"n":18,"zebra":"Zoë 😀"}"#;
    let pretty = "{\n  \"zebra\": \"Zoë 😀\",\n  \"apple\": [\n    1,\n    {\n      \"b\": 2,\n      \"a\": 1.5\n    }\n  ],\n  \"n\": 18\n}";
    let all = [compact, spaced, pretty];
    for original in all {
        for received in all.iter().filter(|other| **other != original) {
            let headers = signed(key.key(), original.as_bytes());
            let found = codes(Scheme::Standard, key.as_str(), &headers, received.as_bytes());
            assert_eq!(found, [Code::BodyReserialised], "{original} as {received}");
        }
    }
    let headers = signed(key.key(), sorted.as_bytes());
    let found = codes(Scheme::Standard, key.as_str(), &headers, compact.as_bytes());
    assert_eq!(found, [Code::BodyReserialised]);
}

#[test]
fn whitespace_around_the_body_is_recognised() {
    let key = secret(1);
    for (original, received) in
        [("{}", "{}\n"), ("{}\n", "{}"), ("{}\r\n", "{}"), ("{}", "\u{feff}{}"), ("{\n}", "{\r\n}"), ("{\r\n}", "{\n}")]
    {
        let headers = signed(key.key(), original.as_bytes());
        let found = codes(Scheme::Standard, key.as_str(), &headers, received.as_bytes());
        assert_eq!(found, [Code::BodyWhitespace], "{original:?} as {received:?}");
    }
}

#[test]
fn a_secret_pasted_wrongly_is_recognised() {
    let key = secret(1);
    let text = key.as_str();
    let bare = text.trim_start_matches("whsec_");
    let (standard, body) = sent(Dialect::Standard);
    let (trove, trove_body) = sent(Dialect::Trove);
    for (given, code) in [
        (format!(" {text}\n"), Code::SecretWhitespace),
        (format!("\"{text}\""), Code::SecretQuoted),
        (format!("v1,{text}"), Code::SecretVersionPrefix),
    ] {
        let found = codes(Scheme::Standard, &given, &standard, &body);
        assert!(found.contains(&code), "{found:?}");
        assert_eq!(codes(Scheme::Trove, &given, &trove, &trove_body), [code]);
    }
    assert_eq!(codes(Scheme::Standard, bare, &standard, &body), [Code::Valid]);
    let found = codes(Scheme::Trove, bare, &trove, &trove_body);
    assert_eq!(found, [Code::SecretPrefixMissing]);
    let content: [&[u8]; 1] = [b"{}"];
    let headers = vec![("x-webhook-signature", sign::hex_signature(bare.as_bytes(), &content))];
    assert_eq!(codes(Scheme::Keystore, text, &headers, b"{}"), [Code::SecretPrefixExtra]);
}

#[test]
fn a_key_decoded_or_not_decoded_is_recognised() {
    let key = secret(1);
    let headers = vec![("x-webhook-signature", sign::hex_signature(key.key(), &[b"{}"]))];
    assert_eq!(codes(Scheme::Keystore, key.as_str(), &headers, b"{}"), [Code::SecretDecoded]);
    let headers = signed(key.as_str().as_bytes(), b"{}");
    assert_eq!(codes(Scheme::Standard, key.as_str(), &headers, b"{}"), [Code::SecretNotDecoded]);
}

#[test]
fn a_signature_in_another_encoding_is_recognised() {
    let key = secret(1);
    let content: Vec<u8> = format!("{EVENT}.{NOW}.{{}}").into();
    let hex = sign::hex_signature(key.key(), &[&content]);
    let mut headers = signed(&[], b"{}");
    headers[2].1 = format!("v1,{hex}");
    assert_eq!(codes(Scheme::Standard, key.as_str(), &headers, b"{}"), [Code::SignatureEncoding]);
    let mac = sign::hex_signature(key.as_str().as_bytes(), &[b"{}"]);
    for written in [mac.to_uppercase(), STANDARD.encode(hex::decode(&mac).expect("hex"))] {
        let headers = vec![("x-webhook-signature", written)];
        let found = codes(Scheme::Keystore, key.as_str(), &headers, b"{}");
        assert_eq!(found, [Code::MalformedHeader, Code::SignatureEncoding]);
    }
}

#[test]
fn a_request_of_another_scheme_is_recognised() {
    let key: EndpointSecret = secret(1);
    let headers = vec![("stripe-signature", sign::stamped_hex(&[&key], NOW, b"{}"))];
    let found = codes(Scheme::Trove, key.as_str(), &headers, b"{}");
    assert_eq!(found, [Code::MissingHeader, Code::WrongScheme]);
}

#[test]
fn codes_are_words() {
    let json = serde_json::to_value(Code::BodyReserialised).expect("text");
    assert_eq!(json, "body_reserialised");
}
