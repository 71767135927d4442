//! What verifies, what does not, and why not.
mod common;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bellwire_wire::{
    Dialect, PublicKey, Scheme, SignatureError, SigningKey, Timestamp, Verified, sign, verify, verify::TOLERANCE,
};
use common::{Attempt, EVENT, NOW, secret};
use proptest::prelude::*;

const PUBLISHED: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PUBLISHED_BODY: &[u8] = br#"{"test": 2432232314}"#;
const V1: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const V1A: &str = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

fn published(secrets: &[&str], list: &str) -> Result<Verified, SignatureError> {
    let headers = [
        ("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("Webhook-Timestamp", "1614265330"),
        ("Webhook-Signature", list),
    ];
    let now = Timestamp::from_seconds(1_614_265_330);
    verify(Scheme::Standard, secrets, &headers, PUBLISHED_BODY, now, TOLERANCE)
}

#[test]
fn standard_lists_are_read_as_the_official_verifiers_read_them() {
    let verified = Verified {
        id: Some("msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
        timestamp: Some(Timestamp::from_seconds(1_614_265_330)),
        secret_index: 0,
    };
    let bare = PUBLISHED.trim_start_matches("whsec_");
    for secret in [PUBLISHED, bare] {
        assert_eq!(published(&[secret], V1), Ok(verified.clone()));
    }
    assert_eq!(published(&[PUBLIC], V1A), Ok(verified.clone()));
    for list in [format!("v2,zzz {V1}"), format!("{V1A} {V1}"), format!("junk  {V1} "), format!("v1,AAAA {V1}")] {
        assert_eq!(published(&[PUBLISHED], &list), Ok(verified.clone()), "{list}");
    }
    // A public key proves nothing about v1, nor a shared secret about v1a.
    assert_eq!(published(&[PUBLIC], V1), Err(SignatureError::NoMatch));
    assert_eq!(published(&[PUBLISHED], V1A), Err(SignatureError::NoMatch));
    let crossed = V1.replace("v1,", "v1a,");
    assert_eq!(published(&[PUBLISHED], &crossed), Err(SignatureError::NoMatch));
    let second = published(&["whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=", PUBLIC], V1A);
    assert_eq!(second.map(|v| v.secret_index), Ok(1));
}

#[test]
fn secrets_that_cannot_be_read_are_passed_over_unless_none_can() {
    for bad in ["", "whsec_", "whsec_AAAA", "whsec_%%%", "whpk_AAAA", "whpk_"] {
        assert_eq!(published(&[bad], V1), Err(SignatureError::BadSecret), "{bad}");
        let index = published(&[bad, PUBLISHED], V1).map(|v| v.secret_index);
        assert_eq!(index, Ok(1), "{bad}");
    }
    assert_eq!(published(&[], V1), Err(SignatureError::BadSecret));
    let headers = [("x-hub-signature-256", format!("sha256={}", "0".repeat(64)))];
    let result = verify(Scheme::GitHub, &[""], &headers, b"", now(), TOLERANCE);
    assert_eq!(result, Err(SignatureError::BadSecret));
}

#[test]
fn githubs_and_slacks_documented_examples_verify() {
    let headers = [("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")];
    let secret = "It's a Secret to Everybody";
    let body = b"Hello, World!";
    let verified = verify(Scheme::GitHub, &[secret], &headers, body, now(), TOLERANCE);
    assert_eq!(verified.map(|v| (v.id, v.timestamp)), Ok((None, None)));

    let headers = [
        ("X-Slack-Request-Timestamp", "1531420618"),
        ("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
    ];
    let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let now = Timestamp::from_seconds(1_531_420_618);
    let secrets = ["8f742231b10e8888abcd99yyyzzz85a5"];
    let verified = verify(Scheme::Slack, &secrets, &headers, body, now, TOLERANCE);
    assert_eq!(verified.map(|v| v.timestamp), Ok(Some(now)));
}

#[test]
fn what_everybody_knows_is_no_secret() {
    let signed = |key: &str| [("x-webhook-signature", sign::hex_signature(key.as_bytes(), &[b"body"]))];
    let check = |secrets: &[&str], by: &str| {
        verify(Scheme::Keystore, secrets, &signed(by), b"body", now(), TOLERANCE).map(|v| v.secret_index)
    };
    assert_eq!(check(&[PUBLIC], PUBLIC), Err(SignatureError::BadSecret));
    assert_eq!(check(&["own", PUBLIC], PUBLIC), Err(SignatureError::NoMatch));
    assert_eq!(check(&[PUBLIC, "own"], "own"), Ok(1));
}

#[test]
fn headers_that_are_twice_huge_or_not_ascii_are_malformed() {
    let name = "x-webhook-signature";
    let good = sign::hex_signature(b"secret", &[b"body"]);
    let check =
        |headers: &[(&str, Vec<u8>)]| verify(Scheme::Keystore, &["secret"], headers, b"body", now(), TOLERANCE).err();
    let malformed = Some(SignatureError::MalformedHeader(name));
    assert_eq!(check(&[(name, good.clone().into())]), None);
    assert_eq!(check(&[("X-WEBHOOK-Signature", format!(" {good}\t").into())]), None);
    assert_eq!(check(&[]), Some(SignatureError::MissingHeader(name)));
    for value in [
        Vec::new(),
        b" ".to_vec(),
        good.to_uppercase().into(),
        vec![b'a'; 9000],
        "é".repeat(32).into(),
        vec![0xff; 64],
        vec![0; 64],
        good[..63].into(),
    ] {
        assert_eq!(check(&[(name, value)]), malformed);
    }
    let twice = [(name, good.clone().into()), (name, good.into())];
    assert_eq!(check(&twice), malformed);
}

#[test]
fn lists_have_an_end_and_one_time() {
    let body = b"{}";
    let good = sign::stamped_hex(&[&secret(1)], NOW, body);
    let (t, v1) = good.split_once(',').expect("two entries");
    let check = |list: String| {
        let headers = [("stripe-signature", list)];
        let secrets = [secret(1)];
        verify(Scheme::Stripe, &[secrets[0].as_str()], &headers, body, now(), TOLERANCE)
    };
    let zeros = format!("v1={}", "0".repeat(64));
    assert!(check(format!("{t},{zeros},{v1},v0=old,x=")).is_ok());
    assert!(check(format!("{v1},{t}")).is_ok());
    let many = |count| [t.to_owned(), vec![zeros.clone(); count].join(","), v1.to_owned()].join(",");
    assert!(check(many(30)).is_ok());
    for bad in [
        many(31),
        format!("{t},{t},{v1}"),
        format!("{t}, {v1}"),
        format!("{t},{v1},"),
        v1.to_owned(),
        t.to_owned(),
        format!("t=-1,{v1}"),
        format!("t=,{v1}"),
        format!("t=99999999999999999999,{v1}"),
        format!("t=1e9,{v1}"),
    ] {
        let malformed = SignatureError::MalformedHeader("stripe-signature");
        assert_eq!(check(bad.clone()), Err(malformed), "{bad}");
    }
    assert_eq!(
        published(&[PUBLISHED], &["v1,AAAA"; 33].join(" ")),
        Err(SignatureError::MalformedHeader("webhook-signature"))
    );
}

#[test]
fn age_counts_both_ways_to_the_second_and_is_told() {
    let attempt = Attempt::new(Dialect::Standard, common::event("a.b", "{}"));
    let secrets = [secret(1)];
    let headers = attempt.headers(&secrets);
    let at = |seconds: i64, tolerance| {
        let now = Timestamp::from_seconds(NOW + seconds);
        let texts = [secrets[0].as_str()];
        verify(Scheme::Standard, &texts, &headers, &attempt.body, now, tolerance).err()
    };
    let off = |age_seconds| Some(SignatureError::TimestampOutOfTolerance { age_seconds });
    assert_eq!(at(300, TOLERANCE), None);
    assert_eq!(at(-300, TOLERANCE), None);
    assert_eq!(at(301, TOLERANCE), off(301));
    assert_eq!(at(-301, TOLERANCE), off(-301));
    assert_eq!(at(0, Duration::ZERO), None);
    assert_eq!(at(-1, Duration::ZERO), off(-1));
    assert_eq!(at(1_000_000, Duration::MAX), None);
}

#[test]
fn an_id_with_a_dot_cannot_borrow_from_the_time() {
    let body = b"7.{}";
    let signature = sign::standard_v1(secret(1).key(), "evt_1", NOW, body);
    let shifted = [
        ("webhook-id", format!("evt_1.{NOW}")),
        ("webhook-timestamp", "7".to_owned()),
        ("webhook-signature", signature),
    ];
    let secret = secret(1);
    let result = verify(Scheme::Standard, &[secret.as_str()], &shifted, b"{}", Timestamp::EPOCH, TOLERANCE);
    assert_eq!(result, Err(SignatureError::MalformedHeader("webhook-id")));
}

#[test]
fn the_official_crate_verifies_what_we_send_and_signs_the_same() {
    #[allow(clippy::disallowed_methods, reason = "the official verifier reads the real clock and takes no other")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let now = i64::try_from(now.as_secs()).expect("before the end of time");
    for dialect in Dialect::ALL {
        let attempt = Attempt::new(dialect, common::event("file.written", r#"{"path":"日本/ü.md"}"#));
        let live = [secret(2), secret(1)];
        let mut outgoing = attempt.outgoing(&live);
        outgoing.now = Timestamp::from_seconds(now);
        let mut headers = http::HeaderMap::new();
        for (name, value) in sign::headers(&outgoing) {
            headers.insert(name, value.parse().expect("a header value"));
        }
        for secret in &live {
            let official = standardwebhooks::Webhook::new(secret.as_str()).expect("secret");
            official.verify(&attempt.body, &headers).expect("verifies");
            assert_eq!(
                official.sign(EVENT, now, &attempt.body).expect("signs"),
                sign::standard_v1(secret.key(), EVENT, now, &attempt.body)
            );
        }
    }
}

fn any_dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(Dialect::ALL.to_vec())
}

fn any_data() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".*".prop_map(serde_json::Value::from),
    ];
    let tree = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec(("[a-z_]{0,6}|.{0,4}", inner), 0..6)
                .prop_map(|members| { serde_json::Value::Object(members.into_iter().collect()) }),
        ]
    });
    tree.prop_map(|value| value.to_string())
}

/// Flips one bit of one byte.
fn flip(bytes: &mut [u8], at: prop::sample::Index, bit: u8) -> bool {
    if bytes.is_empty() {
        return false;
    }
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << bit;
    true
}

type Wire = Vec<(&'static str, Vec<u8>)>;

fn sent(attempt: &Attempt) -> Wire {
    let headers = attempt.headers(&[secret(1)]);
    headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}

fn check(scheme: Scheme, headers: &Wire, body: &[u8], secrets: &[&str]) -> bool {
    verify(scheme, secrets, headers, body, now(), Duration::MAX).is_ok()
}

proptest! {
    #[test]
    fn what_is_signed_in_any_dialect_verifies_in_it(dialect in any_dialect(), data in any_data(), asymmetric: bool) {
        let mut attempt = Attempt::new(dialect, common::event("approval.requested", &data));
        let shared = secret(1);
        let mut secrets = vec![shared.as_str().to_owned()];
        if asymmetric {
            let key = SigningKey::from_seed(&[5; 32]);
            secrets = vec![key.public().to_string(), secrets.remove(0)];
            attempt.ed25519 = Some(key);
        }
        let texts: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let headers = sent(&attempt);
        prop_assert!(check(dialect.into(), &headers, &attempt.body, &texts));
        prop_assert!(check(Scheme::Standard, &headers, &attempt.body, &texts));
    }

    #[test]
    fn any_flipped_bit_of_what_is_signed_is_noticed(
        dialect in any_dialect(),
        data in any_data(),
        at: prop::sample::Index,
        bit in 0_u8..8,
        asymmetric: bool,
        standard: bool,
    ) {
        let mut attempt = Attempt::new(dialect, common::event("purchase.succeeded", &data));
        let key = SigningKey::from_seed(&[5; 32]);
        let shared = secret(1);
        let public: PublicKey = key.public();
        let public = public.to_string();
        if asymmetric {
            attempt.ed25519 = Some(key);
        }
        let secrets = [public.as_str(), shared.as_str()];
        let scheme = if standard { Scheme::Standard } else { Scheme::from(dialect) };
        let headers = sent(&attempt);

        let mut body = attempt.body.clone();
        if flip(&mut body, at, bit) {
            prop_assert!(!check(scheme, &headers, &body, &secrets));
        }
        let signed = [
            scheme.signature_header(),
            if scheme.keyed_by_text() { "" } else { "webhook-id" },
            if scheme.keyed_by_text() { "" } else { "webhook-timestamp" },
            if scheme == Scheme::PacSpace { "x-pacspace-timestamp" } else { "" },
        ];
        for name in signed {
            let mut headers = headers.clone();
            if let Some((_, value)) = headers.iter_mut().find(|(known, _)| *known == name) {
                flip(value, at, bit);
                prop_assert!(!check(scheme, &headers, &attempt.body, &secrets), "{name}");
            }
        }
    }
}
