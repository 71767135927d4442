//! The form: why, and for money how much at most.
use bellwire_domain::approval::Approval;
use serde_json::{Value, json};

use super::message::{FIELDS_MAX, facts, line};
use crate::slack::message::{AMOUNT, REASON, context, date, fields, plain, section};

/// The button that approves, and the form it opens.
pub(in crate::slack) const APPROVE: &str = "approve_approval";
/// The button that denies, and the form it opens.
pub(in crate::slack) const DENY: &str = "deny_approval";
/// The longest reason.
pub(super) const REASON_CHARS_MAX: usize = 2_000;

/// The form. `kept` is what it remembers.
pub(super) fn form(trigger_id: &str, approval: &Approval, approve: bool, kept: &str) -> Value {
    let question = &approval.question;
    let mut blocks = vec![section(&line(&question.title))];
    let mut facts = facts(question);
    facts.push(("Answer by", date(approval.expires_at)));
    blocks.extend(facts.chunks(FIELDS_MAX).map(fields));
    if approve && let Some(asked) = approval.amount() {
        let hint = format!("At most {asked}, which is what is asked for if this is left empty. A plain number.");
        blocks.push(json!({"type": "input", "block_id": AMOUNT, "optional": true, "hint": plain(&hint),
            "label": plain("Allow at most, in US dollars"),
            "element": {"type": "plain_text_input", "action_id": AMOUNT, "max_length": 40}}));
    }
    blocks.push(json!({"type": "input", "block_id": REASON, "label": plain("Reason"), "element":
        {"type": "plain_text_input", "action_id": REASON, "multiline": true, "max_length": REASON_CHARS_MAX}}));
    let what = if approve {
        "It is approved for exactly this, and once. The reason is kept in the audit log."
    } else {
        "It is denied for good. The reason is kept in the audit log, and whoever asked is told."
    };
    blocks.push(context(what));
    let (callback_id, title) = if approve { (APPROVE, "Approve") } else { (DENY, "Deny") };
    json!({"trigger_id": trigger_id, "view": {"type": "modal", "callback_id": callback_id, "private_metadata": kept,
        "title": plain(title), "submit": plain(title), "close": plain("Cancel"), "blocks": blocks}})
}
