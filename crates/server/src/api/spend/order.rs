//! What a purchase or a hold is asked for with, and everything that can be wrong with it.
use std::time::Duration;

use bellwire_domain::{Faults, event, spend::Order};
use bellwire_wire::json;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use utoipa::ToSchema;

use super::form::{needed, text};
use crate::{
    api::{
        money::{Money, more_than_nothing},
        page::Span,
    },
    app::App,
};

/// The most that `metadata` may measure, in bytes.
const METADATA_BYTES_MAX: usize = 16 * 1024;
/// How deep it may nest.
const METADATA_DEPTH_MAX: usize = 16;
/// How many members it may have.
const METADATA_KEYS_MAX: usize = 100;
/// The longest URL.
const URL_BYTES_MAX: usize = 2_048;
/// How long a hold is kept that says nothing else.
const HELD: Duration = Duration::from_mins(15);
/// How long it may be kept.
const HELD_MAX: Duration = Duration::from_hours(7 * 24);

/// A purchase to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PurchaseForm)]
pub(super) struct PurchaseForm {
    /// How much, more than 0.
    #[serde(default)]
    #[schema(required = true)]
    amount_usd: Money,
    /// Who is paid.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "anthropic")]
    vendor: Option<String>,
    /// What for.
    #[schema(value_type = String, max_length = 1024)]
    description: Option<String>,
    /// What kind it is, for analytics.
    #[schema(max_length = 128)]
    category: Option<String>,
    /// For people.
    #[schema(max_length = 1024)]
    memo: Option<String>,
    /// How it is paid.
    #[schema(max_length = 64)]
    rail: Option<String>,
    /// In which run of the agent.
    #[schema(max_length = 128)]
    run_id: Option<String>,
    /// Which agent buys: the key's own if it is an agent's, else the wallet's if absent.
    #[schema(max_length = 128)]
    agent_id: Option<String>,
    /// For programs; at most 16 KiB, 100 members, 16 deep.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// Where the decision is sent to, if people have to be asked.
    #[schema(value_type = Option<String>, max_length = 2048)]
    callback_url: Option<String>,
}

/// A hold to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HoldForm)]
pub(super) struct HoldForm {
    /// How much is set aside, more than 0.
    #[serde(default)]
    #[schema(required = true)]
    amount_usd: Money,
    /// Who is paid.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "anthropic")]
    vendor: Option<String>,
    /// How long it is held: `1s` to `7d`; `15m` if absent.
    expires_in: Option<String>,
    /// What for.
    #[schema(max_length = 1024)]
    description: Option<String>,
    /// What kind it is, for analytics.
    #[schema(max_length = 128)]
    category: Option<String>,
    /// For people.
    #[schema(max_length = 1024)]
    memo: Option<String>,
    /// How it is paid.
    #[schema(max_length = 64)]
    rail: Option<String>,
    /// In which run of the agent.
    #[schema(max_length = 128)]
    run_id: Option<String>,
    /// Which agent buys: the key's own if it is an agent's, else the wallet's if absent.
    #[schema(max_length = 128)]
    agent_id: Option<String>,
    /// For programs; at most 16 KiB, 100 members, 16 deep.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// Where the decision is sent to, if people have to be asked.
    #[schema(value_type = Option<String>, max_length = 2048)]
    callback_url: Option<String>,
}

impl PurchaseForm {
    /// The order, or everything that is wrong with it beside the `faults` of its form.
    pub(super) fn check(self, app: &App, mut faults: Faults) -> Result<(Order, Option<String>), Faults> {
        let callback_url = self.callback_url.and_then(|url| callback(app, url, &mut faults));
        let amount = self.amount_usd.need("amount_usd", &mut faults);
        let amount = more_than_nothing(amount, "amount_usd", &mut faults);
        let vendor = needed("vendor", self.vendor, 1..=256, &mut faults);
        let description = needed("description", self.description, 0..=1_024, &mut faults);
        let mut some = |field, value, most| text(field, value, 1..=most, &mut faults);
        let category = some("category", self.category, 128);
        let memo = some("memo", self.memo, 1_024);
        let rail = some("rail", self.rail, 64);
        let run_id = some("run_id", self.run_id, 128);
        let agent_id = some("agent_id", self.agent_id, 128);
        let metadata = self.metadata.map(|sent| object("metadata", sent, &mut faults));
        let (Some(amount), Some(vendor), Some(description), true) = (amount, vendor, description, faults.is_empty())
        else {
            return Err(faults);
        };
        let order = Order { amount, vendor, description, category, memo, rail, run_id, agent_id, metadata };
        Ok((order, callback_url))
    }
}

impl HoldForm {
    /// The order and how long it is held, or everything that is wrong with it beside the `faults` of its form.
    pub(super) fn check(self, app: &App, mut faults: Faults) -> Result<(Order, Duration, Option<String>), Faults> {
        let span = self.expires_in.and_then(|text| faults.take("expires_in", text.parse::<Span>()));
        let span = span.map_or(HELD, |span| span.0);
        faults.check((Duration::from_secs(1)..=HELD_MAX).contains(&span), "expires_in", "must be 1s to 7d");
        let form = PurchaseForm {
            amount_usd: self.amount_usd,
            vendor: self.vendor,
            description: Some(self.description.unwrap_or_default()),
            category: self.category,
            memo: self.memo,
            rail: self.rail,
            run_id: self.run_id,
            agent_id: self.agent_id,
            metadata: self.metadata,
            callback_url: self.callback_url,
        };
        form.check(app, faults).map(|(order, callback_url)| (order, span, callback_url))
    }
}

/// An object of the caller's own, kept on one line, as every event's data is.
pub(in crate::api) fn object(field: &str, sent: Box<RawValue>, faults: &mut Faults) -> Box<RawValue> {
    let text = json::compact(sent.get());
    let members = serde_json::from_str::<Map<String, Value>>(&text).map(|members| members.len());
    let detail = if !text.starts_with('{') {
        Some("must be a JSON object".to_owned())
    } else if text.len() > METADATA_BYTES_MAX {
        Some(format!("must be at most {METADATA_BYTES_MAX} bytes"))
    } else if event::depth(&text) > METADATA_DEPTH_MAX {
        Some(format!("must nest at most {METADATA_DEPTH_MAX} deep"))
    } else {
        match members {
            Err(_) => Some(
                "must hold whole characters and numbers that fit: half a surrogate pair and 1e999 do not".to_owned(),
            ),
            Ok(count) if count > METADATA_KEYS_MAX => Some(format!("must have at most {METADATA_KEYS_MAX} members")),
            Ok(_) => None,
        }
    };
    if let Some(detail) = detail {
        faults.add(field, detail);
    }
    RawValue::from_string(text).unwrap_or(sent)
}

/// An outward URL, by the one address rule.
pub(in crate::api) fn callback(app: &App, url: String, faults: &mut Faults) -> Option<String> {
    faults.check(url.len() <= URL_BYTES_MAX, "callback_url", format!("must be at most {URL_BYTES_MAX} characters"));
    faults.take("callback_url", app.egress.policy().check_url(&url)).map(|_| url)
}
