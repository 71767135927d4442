//! What people see in Slack: messages and the form, as blocks.
use bellwire_domain::spend::{Wallet, spendable};
use bellwire_wire::{Timestamp, UsdNanos};
use serde_json::{Value, json};

/// The button, and the form it opens.
pub(super) const INCREASE_BUDGET: &str = "increase_budget";
/// The input for the new budget, block and element.
pub(super) const AMOUNT: &str = "amount";
/// The input for the reason.
pub(super) const REASON: &str = "reason";
/// The longest reason.
pub(super) const REASON_CHARS_MAX: usize = 500;
/// The most that is shown of a wallet's name.
const NAME_CHARS_MAX: usize = 150;

/// `budget.exhausted`, as far as it is told.
pub(super) struct Exhausted<'a> {
    /// The wallet whose budget is short, and how it stands.
    pub(super) wallet: &'a Wallet,
    /// What was asked for.
    pub(super) requested: UsdNanos,
    /// The button's value.
    pub(super) token: &'a str,
}

/// The alert.
pub(super) fn alert(channel: &str, told: &Exhausted<'_>) -> Value {
    let wallet = told.wallet;
    let (name, left, budget) = (name(wallet), wallet.available(), wallet.budget());
    let text = format!(
        "Budget exhausted: {name} was asked for ${}, and ${left} is left of ${budget}.{}",
        told.requested,
        play(wallet)
    );
    let button = json!({"type": "button", "action_id": INCREASE_BUDGET, "style": "primary", "value": told.token,
        "text": plain("Increase budget")});
    json!({
        "channel": channel,
        "text": text,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [
            section(&format!(":rotating_light: *Budget exhausted* · {name}{}", play(wallet))),
            fields(&[
                ("Requested", format!("${}", told.requested)),
                ("Available", format!("${left}")),
                ("Budget", format!("${budget} {}", period(wallet))),
                ("Resets", resets(wallet)),
            ]),
            {"type": "actions", "block_id": INCREASE_BUDGET, "elements": [button]},
            context(&format!("Wallet `{}`. Until its budget is raised, purchases that do not fit are refused.", wallet.id())),
        ],
    })
}

/// The form. `kept` is what it remembers.
pub(super) fn form(trigger_id: &str, chain: &[Wallet], kept: &str) -> Option<Value> {
    let wallet = chain.first()?;
    let account = &wallet.account;
    let mut blocks = vec![
        section(&format!("{}{}", name(wallet), play(wallet))),
        fields(&[
            ("Budget", format!("${} {}", wallet.budget(), period(wallet))),
            ("Spent", format!("${}", account.spent)),
            ("Held", format!("${}", account.held)),
            ("Available", format!("${}", wallet.available())),
            ("Resets", resets(wallet)),
        ]),
    ];
    if let Some((left, above)) = spendable(chain)
        && above.id() != wallet.id()
    {
        let warning = format!(":warning: {} above it has only ${left} left, whatever is set here.", self::name(above));
        blocks.push(context(&warning));
    }
    if let Some(frozen) = chain.iter().find(|wallet| wallet.is_frozen()) {
        blocks.push(context(&format!(":warning: {} is frozen: nothing can be spent.", name(frozen))));
    }
    let hint = format!("More than {}: a plain number such as 1850.00, without $ and commas.", wallet.budget());
    blocks.push(
        json!({"type": "input", "block_id": AMOUNT, "label": plain("New budget in US dollars"), "hint": plain(&hint),
        "element": {"type": "plain_text_input", "action_id": AMOUNT, "max_length": 40}}),
    );
    blocks.push(json!({"type": "input", "block_id": REASON, "optional": true, "label": plain("Reason"),
        "element": {"type": "plain_text_input", "action_id": REASON, "multiline": true, "max_length": REASON_CHARS_MAX}}));
    let view = json!({"type": "modal", "callback_id": INCREASE_BUDGET, "private_metadata": kept,
        "title": plain("Increase budget"), "submit": plain("Confirm"), "close": plain("Cancel"), "blocks": blocks});
    Some(json!({"trigger_id": trigger_id, "view": view}))
}

/// A budget that was raised.
pub(super) struct Raised<'a> {
    /// How the wallet stands now.
    pub(super) wallet: &'a Wallet,
    /// The budget before.
    pub(super) before: UsdNanos,
    /// The budget set.
    pub(super) to: UsdNanos,
    /// Who did it.
    pub(super) user: &'a str,
}

/// What the alert becomes: without the button, with who raised it to what.
pub(super) fn done(raised: &Raised<'_>) -> Value {
    let line = format!("<@{}> raised the budget from ${} to ${}.", raised.user, raised.before, raised.to);
    let name = name(raised.wallet);
    json!({
        "text": format!("Budget exhausted: {name}. {line}"),
        "blocks": [
            section(&format!("*Budget was exhausted* · {name}{}", play(raised.wallet))),
            section(&format!(":white_check_mark: {line}")),
            context(&format!("Wallet `{}`", raised.wallet.id())),
        ],
    })
}

/// The line in the thread.
pub(super) fn success(raised: &Raised<'_>, reason: Option<&str>) -> String {
    let reason = reason.map_or_else(String::new, |reason| format!(" Reason: {}", escaped(reason)));
    format!(
        "Done: {} has a budget of ${} now (${} before), ${} of it available.{reason}",
        name(raised.wallet),
        raised.to,
        raised.before,
        raised.wallet.available()
    )
}

pub(super) fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

pub(super) fn context(text: &str) -> Value {
    json!({"type": "context", "elements": [mrkdwn(text)]})
}

pub(super) fn fields(all: &[(&str, String)]) -> Value {
    let all: Vec<Value> = all.iter().map(|(name, value)| mrkdwn(&format!("*{name}*\n{value}"))).collect();
    json!({"type": "section", "fields": all})
}

/// Verbatim: what looks like a link or a channel in somebody's text is none.
pub(super) fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

pub(super) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn name(wallet: &Wallet) -> String {
    let text = &wallet.card.terms.name;
    let shown: String = text.chars().take(NAME_CHARS_MAX).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{more}", escaped(&shown))
}

/// With these three escaped nobody is mentioned and nothing is linked; and a text is one line.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(['\n', '\r'], " ")
}

fn play(wallet: &Wallet) -> &'static str {
    if wallet.card.sandbox { " (sandbox: play money)" } else { "" }
}

fn period(wallet: &Wallet) -> &'static str {
    use bellwire_domain::spend::WindowKind;
    match wallet.card.terms.window.kind {
        WindowKind::Daily => "a day",
        WindowKind::Monthly => "a month",
        WindowKind::Total => "in total",
    }
}

/// In the reader's own time zone.
fn resets(wallet: &Wallet) -> String {
    wallet.account.period_end.map_or_else(|| "never: it is prepaid".to_owned(), date)
}

pub(super) fn date(at: Timestamp) -> String {
    format!("<!date^{}^{{date_short_pretty}} {{time}}|{at}>", at.seconds())
}
