//! What a wallet is made or changed with, and everything that can be wrong with it.
use bellwire_domain::{
    Faults,
    spend::{CreateWallet, Limits, THRESHOLDS_MAX, Terms, UpdateWallet, WalletStatus, Window, WindowKind, Zone},
};
use bellwire_wire::{Namespace, PolicyId, WalletId};
use serde::{Deserialize, de::IgnoredAny};
use utoipa::ToSchema;

use super::limits::LimitsForm;
use crate::api::{
    change::Change,
    form::{needed, text},
    money::Money,
};

/// Percents that are told where nothing else is said.
pub(in crate::api) const THRESHOLDS: [u8; 3] = [50, 80, 95];

/// A wallet to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WalletForm)]
pub(super) struct WalletForm {
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    name: Option<String>,
    /// Which customer's; its parent's if absent.
    namespace: Option<String>,
    /// The agent that spends from it.
    #[schema(max_length = 128)]
    agent_id: Option<String>,
    /// The wallet above it, in whose budget its spending must fit too. At most 8 deep; cannot be changed.
    parent_id: Option<String>,
    /// How much may be spent in a period.
    #[serde(default)]
    #[schema(required = true)]
    budget_usd: Money,
    /// `total` (never starts anew; if absent), `daily` or `monthly`.
    window: Option<String>,
    /// Whose midnight ends a day or a month: an IANA time zone; `UTC` if absent.
    tz: Option<String>,
    /// How fast it may be spent.
    limits: Option<LimitsForm>,
    /// Percents of the budget that are told when they are passed: rising, 1 to 100; 50, 80 and 95 if absent.
    #[schema(value_type = Option<Vec<u32>>, max_items = 20)]
    thresholds: Option<Vec<u32>>,
    /// The policy that it, and all below it, is spent by.
    policy_id: Option<String>,
    /// Whether its money is play money.
    sandbox: Option<bool>,
}

impl WalletForm {
    /// The wallet, or everything that is wrong with it beside the `faults` of its form.
    pub(super) fn check(self, mut faults: Faults) -> Result<CreateWallet, Faults> {
        let name = needed("name", self.name, 1..=128, &mut faults);
        let namespace = self.namespace.and_then(|text| faults.take("namespace", text.parse::<Namespace>()));
        let agent_id = text("agent_id", self.agent_id, 1..=128, &mut faults);
        let parent_id = self.parent_id.and_then(|text| faults.take("parent_id", text.parse::<WalletId>()));
        let budget = self.budget_usd.need("budget_usd", &mut faults);
        let kind = self.window.and_then(|text| faults.take("window", text.parse::<WindowKind>()));
        let kind = kind.unwrap_or(WindowKind::Total);
        faults.check(
            self.tz.is_none() || kind != WindowKind::Total,
            "tz",
            "is only for a daily or monthly window: a total one never starts anew",
        );
        let zone = self.tz.and_then(|text| faults.take("tz", text.parse::<Zone>())).unwrap_or(Zone::UTC);
        let limits = self.limits.map(|form| form.read(&mut faults)).unwrap_or_default();
        let thresholds = self.thresholds.map(|percents| rising(&percents, &mut faults));
        let policy_id = self.policy_id.and_then(|text| faults.take("policy_id", text.parse::<PolicyId>()));
        let (Some(name), Some(budget), true) = (name, budget, faults.is_empty()) else { return Err(faults) };
        Ok(CreateWallet {
            terms: Terms {
                name,
                budget,
                window: Window { kind, zone },
                limits,
                thresholds: thresholds.unwrap_or_else(|| THRESHOLDS.to_vec()),
                policy_id,
                status: WalletStatus::Active,
                status_reason: None,
            },
            namespace,
            agent_id,
            parent_id,
            sandbox: self.sandbox.unwrap_or(false),
        })
    }
}

/// What is to change of a wallet. Absent fields keep what is there.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WalletChange)]
pub(super) struct WalletChange {
    /// Why; it is kept in the audit log.
    #[schema(value_type = String, min_length = 1, max_length = 1024)]
    reason: Option<String>,
    /// What people call it.
    #[schema(min_length = 1, max_length = 128)]
    name: Option<String>,
    /// How much may be spent in a period. Less than is spent is allowed: it leaves nothing.
    #[serde(default)]
    budget_usd: Money,
    /// How fast it may be spent, all of it anew; null for what every wallet has.
    #[serde(default)]
    #[schema(value_type = Option<LimitsForm>)]
    limits: Change<LimitsForm>,
    /// Percents of the budget that are told when they are passed: rising, 1 to 100.
    #[schema(value_type = Option<Vec<u32>>, max_items = 20)]
    thresholds: Option<Vec<u32>>,
    /// The policy that it, and all below it, is spent by; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    policy_id: Change<String>,
    /// `active` or `frozen`.
    status: Option<String>,
    /// Cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    parent_id: Change<IgnoredAny>,
    /// Cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    window: Change<IgnoredAny>,
    /// Cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tz: Change<IgnoredAny>,
    /// Cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    sandbox: Change<IgnoredAny>,
    /// Cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    namespace: Change<IgnoredAny>,
    /// Cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent_id: Change<IgnoredAny>,
}

impl WalletChange {
    /// The change, or everything that is wrong with it beside the `faults` of its form.
    pub(super) fn check(self, mut faults: Faults) -> Result<UpdateWallet, Faults> {
        let reason = needed("reason", self.reason, 1..=1_024, &mut faults);
        let name = text("name", self.name, 1..=128, &mut faults);
        let budget = self.budget_usd.take("budget_usd", &mut faults);
        let limits = match self.limits {
            Change::Absent => None,
            Change::Null => Some(Limits::default()),
            Change::To(form) => Some(form.read(&mut faults)),
        };
        let thresholds = self.thresholds.map(|percents| rising(&percents, &mut faults));
        let policy_id = match self.policy_id {
            Change::Absent => None,
            Change::Null => Some(None),
            Change::To(text) => faults.take("policy_id", text.parse::<PolicyId>()).map(Some),
        };
        let status = self.status.and_then(|text| faults.take("status", text.parse::<WalletStatus>()));
        let place = "cannot be changed: a wallet stays where it was made, so a tree has no cycles";
        let other = "cannot be changed: make another wallet";
        for (field, sent, detail) in [
            ("parent_id", &self.parent_id, place),
            ("window", &self.window, other),
            ("tz", &self.tz, other),
            ("sandbox", &self.sandbox, other),
            ("namespace", &self.namespace, other),
            ("agent_id", &self.agent_id, other),
        ] {
            faults.check(matches!(sent, Change::Absent), field, detail);
        }
        let (Some(reason), true) = (reason, faults.is_empty()) else { return Err(faults) };
        Ok(UpdateWallet { name, budget, limits, thresholds, policy_id, status, reason })
    }
}

/// Percents that rise.
fn rising(percents: &[u32], faults: &mut Faults) -> Vec<u8> {
    let detail = format_args!("must have at most {THRESHOLDS_MAX} items");
    faults.check(percents.len() <= THRESHOLDS_MAX, "thresholds", detail);
    let mut checked: Vec<u8> = Vec::with_capacity(percents.len().min(THRESHOLDS_MAX));
    for (index, percent) in percents.iter().enumerate().take(THRESHOLDS_MAX) {
        let field = format!("thresholds[{index}]");
        match u8::try_from(*percent).ok().filter(|percent| (1..=100).contains(percent)) {
            None => faults.add(field, "must be 1 to 100"),
            Some(percent) if checked.last().is_some_and(|last| *last >= percent) => {
                faults.add(field, "must be more than the one before");
            }
            Some(percent) => checked.push(percent),
        }
    }
    checked
}
