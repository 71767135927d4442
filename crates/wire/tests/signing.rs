//! The headers of an attempt, and signatures published elsewhere.
mod common;

use std::time::Duration;

use bellwire_wire::{Dialect, EndpointSecret, SigningKey, is_reserved_header, sign};
use common::{Attempt, NOW, secret, value};

#[test]
fn published_signatures_are_reproduced() {
    let secret = EndpointSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("secret");
    let (id, at, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
    assert_eq!(sign::standard_v1(secret.key(), id, at, body), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    let key = SigningKey::parse(
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
    )
    .expect("key");
    assert_eq!(
        sign::standard_v1a(&key, id, at, body),
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    );
    let secret = EndpointSecret::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").expect("secret");
    assert_eq!(
        sign::standard_v1(
            secret.key(),
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            br#"{"email":"test@example.com","username":"test_user"}"#
        ),
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
    );
    // GitHub's documented example.
    assert_eq!(
        sign::hex_signature(b"It's a Secret to Everybody", &[b"Hello, World!"]),
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    );
}

#[test]
fn headers_come_in_a_fixed_order_and_the_optional_ones_only_when_they_say_something() {
    let attempt = Attempt::new(Dialect::Trove, common::event("a.b", "{}"));
    let secrets = [secret(1)];
    let mut outgoing = attempt.outgoing(&secrets);
    let names =
        |headers: &[(&'static str, String)]| -> Vec<&'static str> { headers.iter().map(|(name, _)| *name).collect() };
    let common = [
        "content-type",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "bellwire-event",
        "bellwire-delivery-id",
        "bellwire-attempt-id",
        "bellwire-attempt",
    ];
    let own = ["x-trove-signature", "x-trove-event", "x-trove-event-id"];
    let short = sign::headers(&outgoing);
    assert_eq!(names(&short), [&common[..], &own].concat());
    outgoing.will_retry_after = Some(Duration::from_millis(4_001));
    outgoing.replay = true;
    outgoing.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let long = sign::headers(&outgoing);
    let optional = ["bellwire-will-retry-after", "bellwire-replay", "traceparent"];
    assert_eq!(names(&long), [&common[..], &optional, &own].concat());
    assert_eq!(value(&long, "bellwire-will-retry-after"), "5");
    assert_eq!(value(&long, "bellwire-replay"), "true");
    assert_eq!(value(&long, "user-agent"), "Bellwire/0.1.0");
    assert_eq!(value(&long, "webhook-timestamp"), NOW.to_string());
}

#[test]
fn whatever_we_send_is_reserved_and_lower_case() {
    for dialect in Dialect::ALL {
        let attempt = Attempt::new(dialect, common::event("a.b", "{}"));
        let headers = attempt.headers(&[secret(1)]);
        for (name, _) in &headers {
            assert!(is_reserved_header(name), "{name}");
            assert_eq!(*name, name.to_ascii_lowercase());
        }
        for name in dialect.own_headers() {
            assert!(headers.iter().any(|(sent, _)| sent == name), "{name}");
        }
    }
}

#[test]
fn during_a_rotation_each_dialect_carries_what_its_clients_can_read() {
    let (new, old) = (secret(2), secret(1));
    let live = [new.clone(), old.clone()];
    let at = NOW.to_string();
    for (dialect, header, lists_both) in [
        (Dialect::Trove, "x-trove-signature", false),
        (Dialect::TroveFiles, "x-trove-signature", false),
        (Dialect::PayGraph, "x-paygraph-signature", true),
        (Dialect::PacSpace, "x-pacspace-signature", true),
        (Dialect::Keystore, "x-webhook-signature", false),
    ] {
        let attempt = Attempt::new(dialect, common::event("a.b", "{}"));
        let body = attempt.body.as_slice();
        let content: &[&[u8]] = match dialect {
            Dialect::Keystore => &[body],
            _ => &[at.as_bytes(), b".", body],
        };
        let hex = |secret: &EndpointSecret| sign::hex_signature(secret.as_str().as_bytes(), content);
        let headers = attempt.headers(&live);
        let prefix = match dialect {
            Dialect::Keystore => String::new(),
            Dialect::PacSpace => "v1=".to_owned(),
            _ => format!("t={at},v1="),
        };
        let expected = if lists_both {
            format!("{prefix}{},v1={}", hex(&new), hex(&old))
        } else {
            format!("{prefix}{}", hex(&old))
        };
        assert_eq!(value(&headers, header), expected, "{dialect}");
        let v1 = |secret: &EndpointSecret| sign::standard_v1(secret.key(), common::EVENT, NOW, body);
        let both = format!("{} {}", v1(&new), v1(&old));
        assert_eq!(value(&headers, "webhook-signature"), both, "{dialect}");
    }
}

#[test]
fn an_endpoint_that_asks_for_ed25519_gets_it_instead() {
    let mut attempt = Attempt::new(Dialect::PacSpace, common::event("a.b", "{}"));
    attempt.ed25519 = Some(SigningKey::from_seed(&[3; 32]));
    let headers = attempt.headers(&[secret(1)]);
    assert!(value(&headers, "webhook-signature").starts_with("v1a,"));
    assert!(!value(&headers, "webhook-signature").contains(' '));
    assert!(value(&headers, "x-pacspace-signature").starts_with("v1="));
}

#[test]
fn paygraph_signs_the_creation_of_the_approval_on_every_attempt() {
    let data = r#"{"approval_id":"apr_1","created_at":"2026-11-21T20:00:00.999Z"}"#;
    for (kind, data, t) in [
        ("approval.requested", data, 1_795_291_200),
        ("approval.decided", data, 1_795_291_200),
        ("approval.requested", "{}", NOW),
        ("approval.requested", r#"{"created_at":7}"#, NOW),
        ("purchase.succeeded", data, NOW),
    ] {
        let attempt = Attempt::new(Dialect::PayGraph, common::event(kind, data));
        let headers = attempt.headers(&[secret(1)]);
        let signature = value(&headers, "x-paygraph-signature");
        assert!(signature.starts_with(&format!("t={t},v1=")), "{signature}");
        assert_eq!(value(&headers, "x-paygraph-delivery-id"), attempt.attempt_id.as_str());
        assert_eq!(value(&headers, "x-paygraph-attempt"), "2");
    }
}

#[test]
fn without_a_secret_nothing_is_signed_and_nothing_panics() {
    for dialect in Dialect::ALL {
        let attempt = Attempt::new(dialect, common::event("a.b", "{}"));
        let headers = attempt.headers(&[]);
        assert!(headers.iter().all(|(name, _)| !name.ends_with("signature")));
    }
}
