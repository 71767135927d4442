//! What a purchase or a hold is asked for with, and everything that can be wrong with it.
use std::time::Duration;

use bellwire_domain::{Faults, spend::Order};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    api::{
        form::{callback, needed, object, text},
        money::{Money, more_than_nothing},
        page::Span,
    },
    app::App,
};

/// How long a hold is kept that says nothing else.
const HELD: Duration = Duration::from_mins(15);
/// How long it may be kept.
const HELD_MAX: Duration = Duration::from_hours(7 * 24);

/// A purchase to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PurchaseForm)]
pub(in crate::api) struct PurchaseForm {
    /// How much, more than 0.
    #[serde(default)]
    #[schema(required = true)]
    pub(in crate::api) amount_usd: Money,
    /// Who is paid.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "anthropic")]
    pub(in crate::api) vendor: Option<String>,
    /// What for.
    #[schema(value_type = String, max_length = 1024)]
    pub(in crate::api) description: Option<String>,
    /// What kind it is, for analytics.
    #[schema(max_length = 128)]
    pub(in crate::api) category: Option<String>,
    /// For people.
    #[schema(max_length = 1024)]
    pub(in crate::api) memo: Option<String>,
    /// How it is paid.
    #[schema(max_length = 64)]
    pub(in crate::api) rail: Option<String>,
    /// In which run of the agent.
    #[schema(max_length = 128)]
    pub(in crate::api) run_id: Option<String>,
    /// Which agent buys: the key's own if it is an agent's, else the wallet's if absent.
    #[schema(max_length = 128)]
    pub(in crate::api) agent_id: Option<String>,
    /// For programs; at most 16 KiB, 100 members, 16 deep.
    #[schema(value_type = Option<Object>)]
    pub(in crate::api) metadata: Option<Box<RawValue>>,
    /// Where the decision is sent to, if people have to be asked.
    #[schema(value_type = Option<String>, max_length = 2048)]
    pub(in crate::api) callback_url: Option<String>,
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
    /// The order and where a decision is sent to, or everything that is wrong with it beside the `faults` of its form.
    pub(super) fn check(mut self, app: &App, mut faults: Faults) -> Result<(Order, Option<String>), Faults> {
        let callback_url = self.callback_url.take().and_then(|url| callback(app, url, &mut faults));
        match self.order(&mut faults) {
            Some(order) if faults.is_empty() => Ok((order, callback_url)),
            _ => Err(faults),
        }
    }

    /// The order, as far as it is one; what is wrong with it is noted.
    pub(in crate::api) fn order(self, faults: &mut Faults) -> Option<Order> {
        let amount = self.amount_usd.need("amount_usd", faults);
        let amount = more_than_nothing(amount, "amount_usd", faults);
        let vendor = needed("vendor", self.vendor, 1..=256, faults);
        let description = needed("description", self.description, 0..=1_024, faults);
        let mut some = |field, value, most| text(field, value, 1..=most, faults);
        let category = some("category", self.category, 128);
        let memo = some("memo", self.memo, 1_024);
        let rail = some("rail", self.rail, 64);
        let run_id = some("run_id", self.run_id, 128);
        let agent_id = some("agent_id", self.agent_id, 128);
        let metadata = self.metadata.map(|sent| object("metadata", sent, faults));
        let (amount, vendor, description) = (amount?, vendor?, description?);
        Some(Order { amount, vendor, description, category, memo, rail, run_id, agent_id, metadata })
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
