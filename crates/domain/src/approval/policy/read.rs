//! Rules as they are sent. No float is made of an amount on the way, and nothing is guessed: what is unknown, of
//! another type, or there twice, is a fault with its path.
use bellwire_wire::UsdNanos;
use serde_json::value::RawValue;

use super::{
    hours::{DAYS, Hours, minute_of},
    names::{NAMES_MAX, Names, Pattern},
    parts::{list, members, text, texts, whole},
    rule::{Check, Field, Rule, Span, Then},
    when::When,
};
use crate::{Faults, Zone, approval::Terms};

/// Rules that a policy may have. Keeps I12.
const RULES_MAX: usize = 100;
/// The most that they may measure, in bytes.
const RULES_BYTES_MAX: usize = 64 * 1024;
/// What an object of the list may have.
const KEYS: [&str; 11] = [
    "max_transaction_usd",
    "daily_cap_usd",
    "monthly_cap_usd",
    "vendors",
    "categories",
    "require_approval_above_usd",
    "require_justification",
    "hours",
    "when",
    "then",
    "approval",
];

/// All rules of a list, or nothing if one is wrong.
pub(super) fn rules(json: &RawValue, field: &str, faults: &mut Faults) -> Option<Vec<Rule>> {
    if json.get().len() > RULES_BYTES_MAX {
        faults.add(field, format!("must be at most {RULES_BYTES_MAX} bytes"));
        return None;
    }
    let before = faults.len();
    let entries = list(field, json, faults)?;
    let mut all = Vec::new();
    for (index, json) in entries.into_iter().enumerate() {
        let field = format!("{field}[{index}]");
        if let Some(entry) = Entry::read(&field, json, faults) {
            all.extend(entry.rules(faults).into_iter().map(|check| Rule { index, check }));
        }
    }
    faults.check(all.len() <= RULES_MAX, field, format!("must have at most {RULES_MAX} rules"));
    (faults.len() == before).then_some(all)
}

/// What `then` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Allow,
    Deny,
    Ask,
}

/// One object of the list: each of its keys is a rule, but for `then` and `approval`, which are about those.
struct Entry<'a> {
    field: String,
    members: Vec<(String, &'a RawValue)>,
    then: Option<Word>,
    approval: Option<Terms>,
}

impl<'a> Entry<'a> {
    fn read(field: &str, json: &'a RawValue, faults: &mut Faults) -> Option<Self> {
        let members = members(field, json, &KEYS, faults)?;
        let mut entry = Self { field: field.to_owned(), members, then: None, approval: None };
        if let Some(json) = entry.get("then") {
            entry.then = word(&entry.at("then"), json, faults);
        }
        if let Some(json) = entry.get("approval") {
            entry.approval = approval(&entry.at("approval"), json, faults);
        }
        let has = |name: &str| entry.get(name).is_some();
        let (hours, when, then) = (has("hours"), has("when"), has("then"));
        let bare = entry.members.iter().all(|(name, _)| matches!(name.as_str(), "then" | "approval"));
        faults.check(!bare, field, format!("must have a rule: {}", KEYS[..9].join(", ")));
        faults.check(bare || !then || hours || when, &entry.at("then"), "goes with `hours` or `when` only");
        faults.check(!when || then, &entry.at("then"), "is required beside `when`");
        let outside = entry.then != Some(Word::Allow) || !hours;
        faults.check(outside, &entry.at("then"), "must be deny or require_approval beside `hours`");
        let asks = has("require_approval_above_usd") || entry.then == Some(Word::Ask) || (hours && !then);
        let asks = asks || bare || (then && entry.then.is_none());
        faults.check(!has("approval") || asks, &entry.at("approval"), "is only for a rule that asks for approval");
        Some(entry)
    }

    fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.field)
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, json)| *json)
    }

    /// Its rules, in the order in which they are written.
    fn rules(&self, faults: &mut Faults) -> Vec<Check> {
        self.members.iter().filter_map(|(name, json)| self.rule(name, json, faults)).collect()
    }

    fn rule(&self, name: &str, json: &RawValue, faults: &mut Faults) -> Option<Check> {
        let at = self.at(name);
        let amount = |faults: &mut Faults| faults.take(&at, UsdNanos::from_json(json.get()));
        match name {
            "max_transaction_usd" => amount(faults).map(Check::Most),
            "daily_cap_usd" => amount(faults).map(|cap| Check::Cap(Span::Day, cap)),
            "monthly_cap_usd" => amount(faults).map(|cap| Check::Cap(Span::Month, cap)),
            "vendors" => names(&at, json, faults).map(|names| Check::Named(Field::Vendor, names)),
            "categories" => names(&at, json, faults).map(|names| Check::Named(Field::Category, names)),
            "require_approval_above_usd" => {
                amount(faults).map(|above| Check::AskAbove(above, self.approval.clone().unwrap_or_default()))
            }
            "require_justification" => {
                faults.check(json.get() == "true", &at, "must be true; leave it out otherwise");
                Some(Check::Justified)
            }
            "hours" => {
                let asks = self.then == Some(Word::Ask) || (self.then.is_none() && self.approval.is_some());
                let then = if asks { self.ask() } else { Then::Deny };
                hours(&at, json, faults).map(|hours| Check::Outside(hours, then))
            }
            "when" => {
                let when = text(&at, json, faults).and_then(|text| faults.take(&at, When::read(&text)))?;
                let then = match self.then? {
                    Word::Allow => Then::Allow,
                    Word::Deny => Then::Deny,
                    Word::Ask => self.ask(),
                };
                Some(Check::When(when, then))
            }
            _ => None,
        }
    }

    fn ask(&self) -> Then {
        Then::Ask(self.approval.clone().unwrap_or_default())
    }
}

fn word(field: &str, json: &RawValue, faults: &mut Faults) -> Option<Word> {
    match serde_json::from_str::<String>(json.get()).as_deref() {
        Ok("allow") => Some(Word::Allow),
        Ok("deny") => Some(Word::Deny),
        Ok("require_approval") => Some(Word::Ask),
        _ => {
            faults.add(field, "must be \"allow\", \"deny\" or \"require_approval\"");
            None
        }
    }
}

fn approval(field: &str, json: &RawValue, faults: &mut Faults) -> Option<Terms> {
    let (mut timeout, mut approvers, mut quorum, mut channels) = (None, None, None, None);
    for (name, json) in members(field, json, &["timeout", "approvers", "quorum", "channels"], faults)? {
        let at = format!("{field}.{name}");
        match name.as_str() {
            "timeout" => timeout = text(&at, json, faults),
            "approvers" => approvers = texts(&at, json, faults),
            "quorum" => quorum = whole(&at, json, faults),
            _ => channels = texts(&at, json, faults),
        }
    }
    Some(Terms::read(&format!("{field}."), timeout.as_deref(), approvers, quorum, channels, faults))
}

fn names(field: &str, json: &RawValue, faults: &mut Faults) -> Option<Names> {
    let sent = members(field, json, &["allow", "deny"], faults)?;
    faults.check(!sent.is_empty(), field, "must have `allow` or `deny`");
    let mut names = Names::default();
    for (name, json) in sent {
        let at = format!("{field}.{name}");
        let Some(texts) = texts(&at, json, faults) else { continue };
        faults.check(texts.len() <= NAMES_MAX, &at, format!("must have at most {NAMES_MAX} names"));
        let pattern = |(index, text): (usize, &String)| faults.take(&format!("{at}[{index}]"), Pattern::read(text));
        let patterns = texts.iter().enumerate().take(NAMES_MAX).filter_map(pattern).collect();
        match name.as_str() {
            "allow" => names.allow = Some(patterns),
            _ => names.deny = patterns,
        }
    }
    Some(names)
}

fn hours(field: &str, json: &RawValue, faults: &mut Faults) -> Option<Hours> {
    let (mut days, mut from, mut to, mut zone) = ([true; 7], None, None, Zone::UTC);
    let sent = members(field, json, &["days", "from", "to", "tz"], faults)?;
    for needed in ["from", "to"] {
        let is_there = sent.iter().any(|(name, _)| name == needed);
        faults.check(is_there, &format!("{field}.{needed}"), "is required");
    }
    for (name, json) in sent {
        let at = format!("{field}.{name}");
        match name.as_str() {
            "days" => days = days_of(&at, json, faults)?,
            "from" => from = text(&at, json, faults).and_then(|text| faults.take(&at, minute_of(&text))),
            "to" => to = text(&at, json, faults).and_then(|text| faults.take(&at, minute_of(&text))),
            _ => zone = text(&at, json, faults).and_then(|text| faults.take(&at, text.parse())).unwrap_or(zone),
        }
    }
    let (from, to) = (from?, to?);
    // A day's end is the beginning of the next: a span begins before it.
    let begins = from < minute_of("24:00").unwrap_or(from);
    faults.check(begins, &format!("{field}.from"), "must be before 24:00");
    faults.check(from != to, &format!("{field}.to"), "must be another time than `from`; 00:00 to 24:00 is all day");
    Some(Hours { days, from, to, zone })
}

fn days_of(field: &str, json: &RawValue, faults: &mut Faults) -> Option<[bool; 7]> {
    let names = texts(field, json, faults)?;
    faults.check(!names.is_empty(), field, "must have a day; leave it out for all of them");
    let mut days = [false; 7];
    for (index, name) in names.iter().enumerate() {
        match DAYS.iter().position(|day| day == name) {
            Some(day) => days[day] = true,
            None => faults.add(format!("{field}[{index}]"), format!("must be one of {}", DAYS.join(", "))),
        }
    }
    Some(days)
}
