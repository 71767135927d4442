//! Makes what differs from run to run the same in all of them: ids, times, secrets, hashes, addresses, durations. What
//! was one thing stays one thing, wherever it is named.
use std::collections::{BTreeMap, HashMap};

use bellwire_e2e::Dice;
use bellwire_wire::Timestamp;
use serde_json::Value;

use crate::exact;

/// When the story is told: 2026-09-01T09:00:00Z, a Tuesday.
pub(crate) const MORNING: i64 = 1_788_253_200;
/// What happens in the story happens at such steps after that: it is quicker than half a step.
const STEP_US: i64 = 300_000_000;
/// The time of a ULID made at that time.
const ULID_TIME: &str = "01M1E34QM0";

/// Members that are measured, and what is written in their place.
const MEASURED: [(&str, &str); 9] = [
    ("connect_ms", "0.41"),
    ("first_byte_ms", "37.52"),
    ("total_ms", "38.1"),
    ("latency_ms", "38.1"),
    ("latency_p50_ms", "64"),
    ("latency_p95_ms", "128"),
    ("disk_free_bytes", "412316860416"),
    ("writer_waiting_ms", "0"),
    ("per_second", "0.05"),
];

/// Members whose text is made of chance: each is another one's in every run.
const RANDOM: [&str; 5] = ["csrf_token", "receipt", "link", "next_cursor", "private_metadata"];

/// What was given in the place of what.
#[derive(Default)]
pub(crate) struct Calm {
    /// Texts that are replaced wherever they stand, longest first.
    known: Vec<(String, String)>,
    given: HashMap<String, String>,
    counts: BTreeMap<String, u64>,
}

impl Calm {
    /// Replaces these texts as they are told.
    pub(crate) fn knowing(mut known: Vec<(String, String)>) -> Self {
        known.sort_by_key(|(text, _)| usize::MAX - text.len());
        Self { known, ..Self::default() }
    }

    /// Makes a value calm.
    pub(crate) fn apply(&mut self, value: &mut Value) {
        exact::each_member(value, &mut |name, member| self.member(name, member));
        exact::each_text(value, &mut |text| *text = self.text(text));
    }

    fn member(&mut self, name: &str, value: &mut Value) {
        // The time at which a lease ends, in microseconds.
        if name == "lease_id"
            && let Some(at) = value.as_str().and_then(|at| at.parse().ok())
        {
            *value = calm_time(Timestamp::from_micros(at)).micros().to_string().into();
        }
        if let Some((_, calm)) = MEASURED.iter().find(|(known, _)| *known == name && !value.is_null()) {
            *value = exact::number(calm);
        }
        if RANDOM.contains(&name)
            && let Some(text) = value.as_str().filter(|text| name != "next_cursor" || text.starts_with("c."))
        {
            let calm = self.random(name, text);
            self.known.push((text.to_owned(), calm));
        }
    }

    /// What stands for a text that is made of chance.
    fn random(&mut self, kind: &str, text: &str) -> String {
        if let Some(known) = self.given.get(text) {
            return known.clone();
        }
        let nth = self.counts.entry(kind.to_owned()).or_default();
        *nth += 1;
        let calm = like(kind, text, *nth);
        self.given.insert(text.to_owned(), calm.clone());
        // What was given stays what it is if it is met again.
        self.given.insert(calm.clone(), calm.clone());
        calm
    }

    fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (known, calm) in &self.known {
            text = text.replace(known, calm);
        }
        if let Some((before, token)) = text.split_once("#link=") {
            text = format!("{before}#link={}", self.random("link", token));
        }
        let (mut calm, mut rest) = (String::with_capacity(text.len()), text.as_str());
        while let Some(c) = rest.chars().next() {
            let length = time_length(rest).unwrap_or_else(|| word_length(rest));
            if length == 0 {
                calm.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let (token, after) = rest.split_at(length);
            calm.push_str(&self.token(token));
            rest = after;
        }
        calm
    }

    fn token(&mut self, token: &str) -> String {
        if let Ok(at) = token.parse::<Timestamp>() {
            return calm_time(at).to_string();
        }
        let body =
            token.len().checked_sub(26).and_then(|from| token.is_char_boundary(from).then(|| token.split_at(from)));
        if let Some((prefix, _)) = body.filter(|(prefix, body)| prefix.ends_with(['_', '-']) && is_ulid(body)) {
            // One is as good as another: they are named in no second place.
            if prefix == "req_" {
                return format!("req_{ULID_TIME}0000000000000001");
            }
            return self.random(prefix, token);
        }
        for kind in ["bw_", "whsec_", "whpk_", "v1,", "v1a,", "00-"] {
            if token.starts_with(kind) && token.len() > 40 {
                return self.random(kind, token);
            }
        }
        if token.starts_with("bw_") {
            return key_like(token, token.len());
        }
        match token.len() {
            64 if token.bytes().all(|c| c.is_ascii_hexdigit()) && !token.trim_matches('0').is_empty() => {
                self.random("hash", token)
            }
            10 if token.parse::<i64>().is_ok_and(|at| (at - MORNING).abs() < 3_600) => MORNING.to_string(),
            _ => token.to_owned(),
        }
    }
}

/// A text of the same form.
fn like(kind: &str, text: &str, nth: u64) -> String {
    let mut dice = Dice::new(Some(kind.bytes().fold(nth, |seed, c| seed.wrapping_mul(257) + u64::from(c))));
    let mut of = |text: &str, letters: &[u8]| -> String {
        let mut roll = || letters.get(usize::try_from(dice.below(letters.len() as u64)).unwrap_or(0)).copied();
        text.chars().map(|c| if "=.,".contains(c) { c } else { roll().map_or('0', char::from) }).collect()
    };
    let (hex, base64) = (b"0123456789abcdef", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    match kind {
        "hash" => of(text, hex),
        "next_cursor" => format!("c.{}", of(&text[2..], hex)),
        "00-" => format!("00-{}-{}-01", of(&text[3..35], hex), of(&text[36..52], hex)),
        "bw_" => format!("{}{nth:02x}", key_like(text, text.len() - 2)),
        "receipt" => {
            format!("eyJ{}.eyJ{}.{}", of(&text[..48], base64), of(&text[..96], base64), of(&text[..86], base64))
        }
        "whsec_" => format!("whsec_{}{nth:02}", "ExampleOnly".chars().cycle().take(text.len() - 8).collect::<String>()),
        "whpk_" | "v1," | "v1a," => format!("{kind}{}", of(&text[kind.len()..], base64)),
        member if RANDOM.contains(&member) => of(text, base64),
        prefix => format!("{prefix}{ULID_TIME}{nth:016}"),
    }
}

/// The first characters of an API key that nobody takes for one.
fn key_like(text: &str, length: usize) -> String {
    let kind = text.rfind('_').map_or(0, |at| at + 1);
    text[..kind].chars().chain("0123456789abcdef".chars().cycle()).take(length).collect()
}

fn is_ulid(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit() || (c.is_ascii_uppercase() && !b"ILOU".contains(&c)))
}

/// How long the time is that a text begins with.
fn time_length(text: &str) -> Option<usize> {
    let end = text.find('Z').filter(|end| (19..=26).contains(end))? + 1;
    text[..end].parse::<Timestamp>().ok().map(|_| end)
}

/// How long the word is that a text begins with; signatures and keys in base64 are words too.
fn word_length(text: &str) -> usize {
    let signed = ["v1,", "v1a,"].into_iter().find(|kind| text.starts_with(kind)).map_or(0, str::len);
    let base64 = signed > 0 || text.starts_with("whsec_") || text.starts_with("whpk_");
    let more = if base64 { "_-+/=" } else { "_-" };
    let rest = &text[signed..];
    signed + rest.find(|c: char| !(c.is_ascii_alphanumeric() || more.contains(c))).unwrap_or(rest.len())
}

/// A whole minute is the calendar's and stays. Everything else is the story's.
fn calm_time(at: Timestamp) -> Timestamp {
    let since = at.micros() - MORNING * 1_000_000;
    if since % 60_000_000 == 0 {
        return at;
    }
    let steps = (since + STEP_US / 2).div_euclid(STEP_US);
    Timestamp::from_micros(MORNING * 1_000_000 + steps * STEP_US)
}

#[test]
fn what_was_one_thing_stays_one_thing() {
    let mut calm = Calm::knowing(vec![("http://127.0.0.1:9".into(), "https://example.com".into())]);
    let mut value = serde_json::json!({
        "id": "evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B",
        "said": "evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B at http://127.0.0.1:9/hook until 2026-09-01T09:15:02.123Z",
        "other": "evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1C",
        "resets_at": "2026-09-02T00:00:00.000Z",
        "total_ms": 3,
    });
    calm.apply(&mut value);
    let wanted = serde_json::json!({
        "id": "evt_01M1E34QM00000000000000001",
        "said": "evt_01M1E34QM00000000000000001 at https://example.com/hook until 2026-09-01T09:15:00.000Z",
        "other": "evt_01M1E34QM00000000000000002",
        "resets_at": "2026-09-02T00:00:00.000Z",
        "total_ms": exact::number("38.1"),
    });
    assert_eq!(value, wanted);
}
