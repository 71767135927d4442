//! Whatever is changed in a chain is found, and where.
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn workspace() -> WorkspaceId {
    "ws-00000000000000000000000001".parse().expect("an id")
}

fn detail() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn new_audit()(
        actor in "(person|key):[ -~é]{0,12}",
        action in prop::sample::select(vec!["wallet.update", "key.create"]),
        subject in any::<String>(),
        within in any::<bool>(),
        detail in detail(),
    ) -> NewAudit {
        NewAudit { actor, action, subject, namespace: within.then(|| Namespace::from_stored("acme")), detail }
    }
}

/// The entries that these become, one after the other.
fn chained(news: Vec<NewAudit>) -> Vec<AuditEntry> {
    let (mut entries, mut head) = (Vec::new(), None);
    for (nth, new) in (0..).zip(news) {
        let ctx = Ctx {
            now: Timestamp::from_micros(1_800_000_000_123_456 + nth),
            mint: std::sync::Arc::new(NoDice),
            origin: crate::Origin {
                request_id: (nth % 2 == 0).then(|| RequestId::from_ulid(ulid::Ulid::from(7_u128))),
                traceparent: None,
                via: None,
            },
        };
        let entry = AuditEntry::following(head, &ctx, &workspace(), new);
        head = Some(Head { seq: entry.seq, hash: entry.hash });
        entries.push(entry);
    }
    entries
}

struct NoDice;

impl crate::Mint for NoDice {
    fn ulid(&self) -> ulid::Ulid {
        unreachable!("an entry needs no id")
    }

    fn random(&self, _: &mut [u8]) {
        unreachable!("an entry needs no dice")
    }

    fn roll(&self) -> u32 {
        unreachable!("an entry needs no dice")
    }
}

fn chain() -> impl Strategy<Value = Vec<AuditEntry>> {
    prop::collection::vec(new_audit(), 1..6).prop_map(chained)
}

fn lines(entries: &[AuditEntry]) -> Vec<String> {
    entries.iter().map(|entry| serde_json::to_string(entry).expect("an entry is JSON")).collect()
}

/// The place of the first line that is refused, and why.
fn first_bad(lines: &[String]) -> Option<(usize, Broken)> {
    let mut chain = Chain::whole();
    lines.iter().enumerate().find_map(|(place, line)| chain.push_line(line).err().map(|broken| (place, broken)))
}

/// Another value than this.
fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!("x"),
        Value::Bool(is) => json!(!is),
        Value::Number(number) => json!(number.as_i64().unwrap_or(0) ^ 1),
        Value::String(text) => Value::String(match text.char_indices().next_back() {
            Some((at, 'a')) => format!("{}b", &text[..at]),
            Some((at, _)) => format!("{}a", &text[..at]),
            None => "a".into(),
        }),
        Value::Array(items) => json!([items, 1]),
        Value::Object(members) => match members.iter().next() {
            Some((name, value)) => {
                let mut members = members.clone();
                members.insert(name.clone(), other(value));
                members.into()
            }
            None => json!({"x": 1}),
        },
    }
}

const FIELDS: [&str; 11] = [
    "workspace_id",
    "seq",
    "at",
    "actor",
    "action",
    "subject",
    "namespace",
    "detail",
    "request_id",
    "prev_hash",
    "hash",
];

proptest! {
    #[test]
    fn a_chain_holds_and_comes_back_as_it_was(entries in chain()) {
        let mut chain = Chain::whole();
        for (entry, line) in entries.iter().zip(lines(&entries)) {
            prop_assert_eq!(&chain.push_line(&line), &Ok(entry.clone()));
        }
        prop_assert_eq!(chain.head().map(|head| head.seq), entries.last().map(|entry| entry.seq));
    }

    #[test]
    fn any_change_of_any_field_is_found_where_it_is(entries in chain(), which in any::<prop::sample::Index>()) {
        let place = which.index(entries.len());
        for field in FIELDS {
            let mut all = lines(&entries);
            let mut line: Value = serde_json::from_str(&all[place]).expect("JSON");
            line[field] = other(&line[field]);
            all[place] = line.to_string();
            let bad = first_bad(&all).map(|(place, _)| place);
            prop_assert_eq!(bad, Some(place), "{} in {}", field, line);
        }
    }

    #[test]
    fn a_changed_byte_is_found_or_means_the_same(
        entries in chain(),
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut all = lines(&entries);
        let place = which.index(all.len());
        let mut bytes = all[place].clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            all[place] = text;
            if let Some((found, _)) = first_bad(&all) {
                prop_assert_eq!(found, place);
            } else {
                let again: AuditEntry = serde_json::from_str(&all[place]).expect("it was accepted");
                prop_assert_eq!(&again, &entries[place]);
            }
        }
    }

    #[test]
    fn an_entry_that_is_missing_doubled_or_moved_is_found(entries in chain(), which in any::<prop::sample::Index>()) {
        let all = lines(&entries);
        let place = which.index(all.len());
        let mut doubled = all.clone();
        doubled.insert(place, all[place].clone());
        prop_assert_eq!(first_bad(&doubled).map(|(found, _)| found), Some(place + 1));
        if place + 1 < all.len() {
            let mut missing = all.clone();
            missing.remove(place);
            prop_assert_eq!(first_bad(&missing).map(|(found, _)| found), Some(place));
            let mut moved = all.clone();
            moved.swap(place, place + 1);
            prop_assert_eq!(first_bad(&moved).map(|(found, _)| found), Some(place));
            // Some of a chain is good as such, in order.
            let mut some = Chain::selection();
            prop_assert!(missing.iter().all(|line| some.push_line(line).is_ok()));
            let mut some = Chain::selection();
            prop_assert!(!moved.iter().all(|line| some.push_line(line).is_ok()));
        }
    }
}

#[test]
fn what_reads_in_two_ways_is_refused() {
    let new = |detail| NewAudit {
        actor: SYSTEM.into(),
        action: "wallet.update",
        subject: "wal_1".into(),
        namespace: None,
        detail,
    };
    let line = lines(&chained(vec![new(json!({"budget": "5.00", "n": 1}))])).remove(0);
    assert_eq!(first_bad(std::slice::from_ref(&line)), None);
    for (from, to) in [
        (r#""budget":"#, r#""budget":"9.00","budget":"#),
        (r#""actor":"#, r#""actor":"key:x","actor":"#),
        (r#""n":1"#, r#""n":1.0"#),
        (".123Z", ".123456Z"),
        (r#""namespace":null,"#, ""),
        (r#""seq":1"#, r#""seq":1,"note":"x""#),
    ] {
        let changed = line.replace(from, to);
        assert_ne!(changed, line, "{from}");
        assert!(matches!(first_bad(&[changed]), Some((0, Broken::Form(_)))), "{to}");
    }
}

#[test]
fn a_detail_is_an_object_of_what_every_language_reads_alike() {
    let detail = object(json!({"a": [1, -9_007_199_254_740_991_i64, 0.1], "b": {"c": u64::MAX}, "d": null}), None);
    let kept = json!({"a": [1, -9_007_199_254_740_991_i64, "0.1"], "b": {"c": "18446744073709551615"}, "d": null});
    assert_eq!(Value::Object(detail), kept);
    assert_eq!(Value::Object(object(json!("why"), None)), json!({"value": "why"}));
    assert_eq!(Value::Object(object(Value::Null, None)), json!({}));
    assert_eq!(Value::Object(object(json!({"a": 1}), Some("console"))), json!({"a": 1, "via": "console"}));
    assert_eq!(storable("a\0b".into()), "a\u{fffd}b");
}
