//! What people see of an approval: the question with its buttons, and what became of it.
//!
//! Whatever somebody wrote is escaped and cut to what Slack takes; where that leaves something out, it is said.
use bellwire_domain::approval::{Approval, ApprovalStatus, AskedBy, Question};
use serde_json::{Map, Value, json};

use super::form::{APPROVE, DENY};
use crate::slack::message::{context, date, escaped, fields, plain, section};

/// The most that is shown of one text: escaped it is at most five times as long, and a field takes 2000.
const LINE_CHARS_MAX: usize = 390;
/// The most that is shown of the details.
const DETAILS_CHARS_MAX: usize = 2_400;
/// The most that is shown of several texts together: a section takes 3000.
const TEXT_CHARS_MAX: usize = 2_900;
/// The fields that one section takes.
pub(super) const FIELDS_MAX: usize = 10;
/// How much of a digest people compare.
const DIGEST_CHARS: usize = 12;
/// So many names are shown.
const NAMES_MAX: usize = 10;

/// The two buttons' values.
pub(super) struct Tokens {
    pub(super) approve: String,
    pub(super) deny: String,
}

/// The question.
pub(super) fn requested(channel: &str, approval: &Approval, tokens: &Tokens, shown: impl Fn(&str) -> String) -> Value {
    let (question, id) = (&approval.question, &approval.id);
    let mut blocks = vec![section(&format!(":raised_hand: *Approval needed* · {}", line(&question.title)))];
    let mut facts = facts(question);
    facts.push(("Answer by", date(approval.expires_at)));
    blocks.extend(facts.chunks(FIELDS_MAX).map(fields));
    blocks.extend(details(approval));
    let button = |action: &str, style: &str, text: &str, value: &str| json!({"type": "button", "action_id": action, "style": style, "value": value, "text": plain(text)});
    blocks.push(json!({"type": "actions", "block_id": "approval", "elements": [
        button(APPROVE, "primary", "Approve", &tokens.approve),
        button(DENY, "danger", "Deny", &tokens.deny),
    ]}));
    let mut small = vec![format!("Approval `{id}` · digest `{}` · no answer is a no.", digest(approval))];
    if approval.quorum > 1 {
        small.push(format!("{} people must agree.", approval.quorum));
    }
    if !approval.approvers.is_empty() {
        let names: Vec<String> = approval.approvers.iter().take(NAMES_MAX).map(|name| shown(name)).collect();
        let more = if approval.approvers.len() > NAMES_MAX { ", …" } else { "" };
        small.push(format!("May decide: {}{more}.", names.join(", ")));
    }
    blocks.push(context(&cut(&small.join(" "), TEXT_CHARS_MAX)));
    let text = format!("Approval needed: {}{}", line(&question.title), price(question));
    json!({"channel": channel, "text": text, "unfurl_links": false, "unfurl_media": false, "blocks": blocks})
}

/// What the question becomes: without buttons, with how it ended.
pub(super) fn decided(approval: &Approval, shown: impl Fn(&str) -> String) -> Value {
    let question = &approval.question;
    let (mark, how) = match approval.status {
        ApprovalStatus::Approved => (":white_check_mark:", "Approved"),
        ApprovalStatus::Denied => (":no_entry:", "Denied"),
        ApprovalStatus::Expired => (":hourglass:", "Expired"),
        ApprovalStatus::Undeliverable => (":warning:", "Undeliverable"),
        ApprovalStatus::Cancelled => (":leftwards_arrow_with_hook:", "Cancelled"),
        ApprovalStatus::Pending => (":raised_hand:", "Pending"),
    };
    let outcome = approval.outcome.as_ref();
    let names: Vec<String> =
        outcome.into_iter().flat_map(|outcome| &outcome.approvers).take(NAMES_MAX).map(|name| shown(name)).collect();
    let by = if names.is_empty() { String::new() } else { format!(" by {}", names.join(", ")) };
    let mut ended = Vec::new();
    if let Some(outcome) = outcome {
        ended.push(("When", date(outcome.at)));
        ended.extend(outcome.reason.as_deref().map(|reason| ("Reason", line(reason))));
    }
    let lower = approval.granted().filter(|granted| granted.amount_usd != approval.amount());
    ended.extend(lower.and_then(|granted| granted.amount_usd).map(|amount| ("Allowed", format!("${amount} at most"))));
    let mut blocks = vec![section(&cut(&format!("{mark} *{how}*{by} · {}", line(&question.title)), TEXT_CHARS_MAX))];
    if !ended.is_empty() {
        blocks.push(fields(&ended));
    }
    blocks.extend(facts(question).chunks(FIELDS_MAX).map(fields));
    blocks.extend(details(approval));
    blocks.push(context(&format!("Approval `{}` · digest `{}`", approval.id, digest(approval))));
    let text = cut(&format!("{how}{by}: {}{}", line(&question.title), price(question)), TEXT_CHARS_MAX);
    json!({"text": text, "blocks": blocks})
}

/// How an approval ended, in plain words, for those who come late.
pub(super) fn ended(approval: &Approval) -> String {
    let outcome = approval.outcome.as_ref();
    let by = outcome.map(|outcome| outcome.approvers.join(", ")).filter(|by| !by.is_empty());
    let by = by.map_or_else(String::new, |by| format!(" by {by}"));
    let reason = outcome.and_then(|outcome| outcome.reason.as_deref());
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    let how = match approval.status {
        ApprovalStatus::Approved => "It was approved",
        ApprovalStatus::Denied => "It was denied",
        ApprovalStatus::Expired => "Its time is up",
        ApprovalStatus::Undeliverable => "It was denied, since nobody could be asked",
        ApprovalStatus::Cancelled => "It was taken back",
        ApprovalStatus::Pending => "It is pending",
    };
    cut(&format!("{how}{by}{reason}"), LINE_CHARS_MAX)
}

/// What there is to know besides title and details, by name.
pub(super) fn facts(question: &Question) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut add = |name, value: Option<&str>| facts.extend(value.map(|value| (name, line(value))));
    if let Some(bought) = &question.transaction {
        add("Amount", Some(&format!("${}", bought.amount_usd)));
        add("To", Some(&bought.vendor));
        add("Category", bought.category.as_deref());
        add("Why", bought.memo.as_deref());
        add("Paid with", bought.rail.as_deref());
    } else {
        add("Action", Some(&question.action));
    }
    if let Some(asked) = &question.policy {
        add("Rule", Some(&rule(asked)));
        add("Spent today", spent(asked).as_deref());
    }
    add("Agent", question.agent_id.as_deref());
    add("Run", question.run_id.as_deref());
    add("Operator", question.operator.as_deref());
    if question.agent_id.is_none() {
        add("Asked by", Some(&question.requested_by));
    }
    facts
}

fn rule(asked: &AskedBy) -> String {
    match asked.threshold_usd {
        Some(threshold) => format!("{}: ${threshold}", asked.rule),
        None => asked.rule.clone(),
    }
}

fn spent(asked: &AskedBy) -> Option<String> {
    let spent = asked.daily_spent_usd?;
    Some(match asked.daily_cap_usd {
        Some(cap) => format!("${spent} of ${cap}"),
        None => format!("${spent}"),
    })
}

fn price(question: &Question) -> String {
    let bought = question.transaction.as_ref();
    bought.map_or_else(String::new, |bought| format!(" (${} to {})", bought.amount_usd, line(&bought.vendor)))
}

/// The details of what is no purchase, as they are: nothing in them is a mention or a link.
fn details(approval: &Approval) -> Vec<Value> {
    let question = &approval.question;
    if question.transaction.is_some() || question.parameters.is_empty() {
        return Vec::new();
    }
    let whole = visible(&pretty(&question.parameters));
    let shown = cut(&whole, DETAILS_CHARS_MAX);
    let mut blocks = vec![json!({"type": "rich_text", "elements": [
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown}]}]})];
    if shown.len() < whole.len() {
        let more = format!(
            ":warning: These details are cut. Read all of them before you decide: `bellwire approvals get {}`",
            approval.id
        );
        blocks.push(context(&more));
    }
    blocks
}

fn pretty(details: &Map<String, Value>) -> String {
    serde_json::to_string_pretty(details).unwrap_or_default()
}

/// A text of somebody's as one escaped line.
pub(super) fn line(text: &str) -> String {
    escaped(&cut(&visible(text), LINE_CHARS_MAX))
}

/// At most so many characters; where some are left out, the last says so.
fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// With characters that are not seen, or that turn others around, written out: what is read is what is there.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        if hidden {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

fn digest(approval: &Approval) -> String {
    approval.digest.to_string().chars().take(DIGEST_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_one_short_line_that_hides_nothing() {
        assert_eq!(line("a <!here> & <@U1>\nb"), "a &lt;!here&gt; &amp; &lt;@U1&gt; b");
        assert_eq!(line("pay \u{202e}eve"), "pay \\u{202e}eve");
        let long = line(&"&".repeat(5_000));
        assert!(long.len() < 2_000 && long.ends_with("&amp;…"), "{}", long.len());
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
