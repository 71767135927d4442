//! Signatures made by other people's libraries (`vectors/signatures.json`) and our own with times
//! in milliseconds (`vectors/milliseconds.json`): every one is verified, and the valid ones are
//! made again.
use base64::{Engine, engine::general_purpose::STANDARD};
use bellwire_wire::{EndpointSecret, PublicKey, Scheme, SignatureError, Timestamp, sign, verify, verify::TOLERANCE};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    scheme: Scheme,
    secrets: Vec<String>,
    now: i64,
    /// Milliseconds beside the whole seconds of `now`.
    #[serde(default)]
    now_millis: i64,
    headers: serde_json::Map<String, serde_json::Value>,
    body_base64: String,
    valid: bool,
    error: Option<String>,
}

impl Vector {
    fn headers(&self) -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        let pairs = self.headers.iter();
        pairs.map(|(name, value)| (name.clone(), text(value))).collect()
    }

    fn header(&self, name: &str) -> String {
        let found = self.headers().into_iter();
        found
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .unwrap_or_else(|| panic!("{}: {name}", self.name))
            .1
    }

    fn body(&self) -> Vec<u8> {
        STANDARD.decode(&self.body_base64).expect("base64")
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros((self.now * 1_000 + self.now_millis) * 1_000)
    }
}

fn all() -> Vec<Vector> {
    let texts = [include_str!("vectors/signatures.json"), include_str!("vectors/milliseconds.json")];
    let read = |text| serde_json::from_str::<Vectors>(text).expect("vectors").vectors;
    texts.into_iter().flat_map(read).collect()
}

fn kind(error: SignatureError) -> &'static str {
    match error {
        SignatureError::MissingHeader(_) => "MissingHeader",
        SignatureError::MalformedHeader(_) => "MalformedHeader",
        SignatureError::TimestampOutOfTolerance { .. } => "TimestampOutOfTolerance",
        SignatureError::NoMatch => "NoMatch",
        SignatureError::BadSecret => "BadSecret",
    }
}

#[test]
fn every_vector_is_judged_as_it_should() {
    let vectors = all();
    assert_eq!(vectors.len(), 156 + 10);
    for vector in vectors {
        let secrets: Vec<&str> = vector.secrets.iter().map(String::as_str).collect();
        let headers = vector.headers();
        let body = vector.body();
        let (scheme, now) = (vector.scheme, vector.now());
        let result = verify(scheme, &secrets, &headers, &body, now, TOLERANCE);
        assert_eq!(result.is_ok(), vector.valid, "{} {result:?}", vector.name);
        if let (Err(error), Some(expected)) = (result, &vector.error) {
            assert_eq!(kind(error), expected, "{}", vector.name);
        }
    }
}

/// The header that signing with the vector's secret gives, for each way of signing.
fn made_again(vector: &Vector, secret: &EndpointSecret, body: &[u8]) -> String {
    let text = secret.as_str().as_bytes();
    match vector.scheme {
        Scheme::Standard | Scheme::CloudEvents => {
            let id = vector.header("webhook-id");
            let at = vector.header("webhook-timestamp").parse().expect("seconds");
            sign::standard_v1(secret.key(), &id, at, body)
        }
        Scheme::Keystore => sign::hex_signature(text, &[body]),
        Scheme::GitHub => format!("sha256={}", sign::hex_signature(text, &[body])),
        Scheme::Slack => {
            let at = vector.header("x-slack-request-timestamp");
            let content: [&[u8]; 4] = [b"v0:", at.as_bytes(), b":", body];
            format!("v0={}", sign::hex_signature(text, &content))
        }
        Scheme::PacSpace => {
            let at = vector.header("x-pacspace-timestamp");
            let content: [&[u8]; 3] = [at.as_bytes(), b".", body];
            format!("v1={}", sign::hex_signature(text, &content))
        }
        Scheme::Trove | Scheme::TroveFiles | Scheme::PayGraph | Scheme::Stripe => {
            let header = vector.header(vector.scheme.signature_header());
            let at = header.split([',', '=']).nth(1).expect("t");
            sign::stamped_hex(&[secret], at.parse().expect("seconds"), body)
        }
    }
}

#[test]
fn signing_gives_the_header_of_every_valid_vector() {
    let mut made = 0;
    for vector in all().into_iter().filter(|vector| vector.valid) {
        if PublicKey::parse(&vector.secrets[0]).is_ok() {
            continue;
        }
        let secret = EndpointSecret::parse(&vector.secrets[0]).expect("whsec_");
        let ours = made_again(&vector, &secret, &vector.body());
        let header = vector.header(vector.scheme.signature_header());
        // A rotated header holds ours beside the one by the other secret.
        assert!(
            header.split([' ']).any(|part| part == ours)
                || header.split(',').any(|part| part == ours)
                || header == ours,
            "{}: {header} has no {ours}",
            vector.name
        );
        made += 1;
    }
    assert!(made >= 57, "{made}");
}
