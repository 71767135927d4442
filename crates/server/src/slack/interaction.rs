//! What Slack tells us that people did: a form with JSON in its field `payload`. Anything may be in it, so
//! only what is needed is read, and what is not ours is none of our business.
use serde_json::Value;

use super::{
    Answer, Click, Submission,
    approval::{APPROVE, DENY},
    message::{AMOUNT, INCREASE_BUDGET, REASON},
    token::MessageRef,
};

/// Something that somebody did in Slack.
#[derive(Debug)]
pub enum Interaction {
    /// The button of an alert was clicked.
    Click(Click),
    /// The form was sent.
    Submission(Submission),
    /// A button of an approval was clicked.
    Choice(Click),
    /// The form of an approval was sent.
    Answer(Answer),
    /// Something else.
    Other,
}

impl Interaction {
    /// Reads the body of a request; nothing if it has no payload.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (_, payload) = url::form_urlencoded::parse(body).find(|(name, _)| name == "payload")?;
        let payload: Value = serde_json::from_str(&payload).ok()?;
        let known = match payload["type"].as_str()? {
            "block_actions" => click(&payload, &[INCREASE_BUDGET])
                .map(Self::Click)
                .or_else(|| click(&payload, &[APPROVE, DENY]).map(Self::Choice)),
            "view_submission" => {
                submission(&payload).map(Self::Submission).or_else(|| answer(&payload).map(Self::Answer))
            }
            _ => None,
        };
        Some(known.unwrap_or(Self::Other))
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn click(payload: &Value, buttons: &[&str]) -> Option<Click> {
    let ours = |action: &&Value| action["action_id"].as_str().is_some_and(|id| buttons.contains(&id));
    let action = payload["actions"].as_array()?.iter().find(ours)?;
    let container = &payload["container"];
    Some(Click {
        user: text(&payload["user"]["id"])?,
        token: text(&action["value"])?,
        message: MessageRef { channel: text(&container["channel_id"])?, ts: text(&container["message_ts"])? },
        trigger_id: text(&payload["trigger_id"])?,
        response_url: text(&payload["response_url"]),
    })
}

fn submission(payload: &Value) -> Option<Submission> {
    let view = &payload["view"];
    if view["callback_id"] != INCREASE_BUDGET {
        return None;
    }
    let input = |name: &str| text(&view["state"]["values"][name][name]["value"]);
    Some(Submission {
        user: text(&payload["user"]["id"])?,
        view: text(&view["id"])?,
        kept: text(&view["private_metadata"])?,
        amount: input(AMOUNT).unwrap_or_default(),
        reason: input(REASON).unwrap_or_default(),
    })
}

/// Which button opened the form is sealed in it: what its name says decides nothing.
fn answer(payload: &Value) -> Option<Answer> {
    let view = &payload["view"];
    if view["callback_id"] != APPROVE && view["callback_id"] != DENY {
        return None;
    }
    let input = |name: &str| text(&view["state"]["values"][name][name]["value"]);
    Some(Answer {
        user: text(&payload["user"]["id"])?,
        kept: text(&view["private_metadata"])?,
        amount: input(AMOUNT).unwrap_or_default(),
        reason: input(REASON).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(payload: &Value) -> Option<Interaction> {
        let body: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
        Interaction::read(body.as_bytes())
    }

    #[test]
    fn a_click_and_a_form_are_read_and_the_rest_is_not_ours() {
        let click = json!({"type": "block_actions", "team": null, "user": {"id": "U1", "team_id": "T9"},
            "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1"}, "trigger_id": "t",
            "actions": [{"action_id": "other"}, {"action_id": "increase_budget", "value": "v"}]});
        let Some(Interaction::Click(read_click)) = read(&click) else { panic!("a click") };
        assert_eq!((read_click.user.as_str(), read_click.message.key().as_str()), ("U1", "C1/1.2"));
        let form = json!({"type": "view_submission", "user": {"id": "U1"}, "view": {"id": "V1",
            "callback_id": "increase_budget", "private_metadata": "k",
            "state": {"values": {"amount": {"amount": {"value": "5"}}, "reason": {"reason": {"value": null}}}}}});
        let Some(Interaction::Submission(sent)) = read(&form) else { panic!("a form") };
        assert_eq!((sent.amount.as_str(), sent.reason.as_str()), ("5", ""));
        for action in [APPROVE, DENY] {
            let click = json!({"type": "block_actions", "user": {"id": "U1"}, "trigger_id": "t",
                "container": {"message_ts": "1.2", "channel_id": "C1"}, "actions": [{"action_id": action, "value": "v"}]});
            assert!(matches!(read(&click), Some(Interaction::Choice(_))), "{click}");
            let form = json!({"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": action,
                "private_metadata": "k", "state": {"values": {"reason": {"reason": {"value": "why"}}}}}});
            let Some(Interaction::Answer(sent)) = read(&form) else { panic!("an answer") };
            assert_eq!((sent.amount.as_str(), sent.reason.as_str()), ("", "why"));
        }
        for other in [
            json!({"type": "view_closed"}),
            json!({"type": "shortcut", "actions": 7}),
            json!({"type": "block_actions", "actions": [{"action_id": "approve", "value": "x"}]}),
            json!({"type": "block_actions", "actions": [{"action_id": "increase_budget", "value": {"odd": 1}}]}),
            json!({"type": "view_submission", "view": {"callback_id": "deny"}}),
        ] {
            assert!(matches!(read(&other), Some(Interaction::Other)), "{other}");
        }
        for none in [json!({}), json!([]), json!("text")] {
            assert!(read(&none).is_none(), "{none}");
        }
        assert!(Interaction::read(b"ssl_check=1").is_none());
        assert!(Interaction::read(b"payload=%7B").is_none());
    }
}
