//! Conditions of tenants, over `purchase`, `wallet`, `agent` and `spent`.
use std::cell::OnceCell;

use bellwire_wire::UsdNanos;
use cel::Value;

use super::{Request, Totals};
use crate::{
    expression::{Expression, ExpressionError, Scene, map_of, value_of},
    vocabulary::{Type, Vocabulary},
};

static VOCABULARY: Vocabulary = Vocabulary {
    variables: &[
        (
            "purchase",
            &[
                ("amount_usd", Type::Money),
                ("vendor", Type::Text),
                ("category", Type::Text),
                ("description", Type::Text),
                ("memo", Type::Text),
                ("rail", Type::Text),
                ("run_id", Type::Text),
                ("metadata", Type::Map),
            ],
        ),
        (
            "wallet",
            &[
                ("id", Type::Text),
                ("name", Type::Text),
                ("namespace", Type::Text),
                ("budget_usd", Type::Money),
                ("spent_usd", Type::Money),
                ("held_usd", Type::Money),
                ("available_usd", Type::Money),
                ("sandbox", Type::Bool),
            ],
        ),
        ("agent", &[("id", Type::Text)]),
        ("spent", &[("day_usd", Type::Money), ("month_usd", Type::Money)]),
    ],
    money: true,
    sees: "a rule sees `purchase` with amount_usd, vendor, category, description, memo, rail, run_id and metadata; \
           `wallet` with id, name, namespace, budget_usd, spent_usd, held_usd, available_usd and sandbox; `agent` \
           with id; and `spent` with day_usd and month_usd",
};

/// A condition, checked when saved.
#[derive(Debug, Clone)]
pub(super) struct When(Expression);

impl When {
    pub(super) fn read(text: &str) -> Result<Self, ExpressionError> {
        Expression::compile(text, &VOCABULARY).map(Self)
    }

    /// Whether it looks at what was granted before.
    pub(super) fn counts(&self) -> bool {
        self.0.names("spent")
    }

    /// Whether it is met; a sentence if that cannot be said.
    pub(super) fn is_met(&self, view: &View<'_>) -> Result<bool, String> {
        self.0.answer(view.scene.get_or_init(|| scene(view.request, view.totals)))
    }
}

/// A request and what was granted before, as conditions see it; made when the first of them looks.
pub(super) struct View<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) totals: Totals,
    scene: OnceCell<Scene>,
}

impl<'a> View<'a> {
    pub(super) fn new(request: &'a Request<'a>, totals: Totals) -> Self {
        Self { request, totals, scene: OnceCell::new() }
    }
}

fn scene(request: &Request<'_>, totals: Totals) -> Scene {
    let text = |text: &str| Value::from(text);
    let perhaps = |text: Option<&str>| Value::from(text.unwrap_or_default());
    let usd = |amount: UsdNanos| Value::Int(amount.nanos());
    // More than an integer holds is more than anything it is compared with.
    let sum = |nanos: i128| Value::Int(i64::try_from(nanos).unwrap_or(i64::MAX));
    let purse = &request.purse;
    let metadata = request.metadata.and_then(|sent| serde_json::from_str(sent.get()).ok());
    let metadata = value_of(metadata.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new())));
    let variable = |members: Vec<(&str, Value)>| map_of(members.into_iter().map(|(name, of)| (name.to_owned(), of)));
    let purchase = variable(vec![
        ("amount_usd", usd(request.amount)),
        ("vendor", text(request.vendor)),
        ("category", perhaps(request.category)),
        ("description", text(request.description)),
        ("memo", perhaps(request.memo)),
        ("rail", perhaps(request.rail)),
        ("run_id", perhaps(request.run_id)),
        ("metadata", metadata),
    ]);
    let wallet = variable(vec![
        ("id", text(purse.id)),
        ("name", text(purse.name)),
        ("namespace", perhaps(purse.namespace)),
        ("budget_usd", usd(purse.budget)),
        ("spent_usd", usd(purse.spent)),
        ("held_usd", usd(purse.held)),
        ("available_usd", usd(purse.available)),
        ("sandbox", Value::Bool(purse.sandbox)),
    ]);
    let agent = variable(vec![("id", perhaps(request.agent_id))]);
    let spent = variable(vec![("day_usd", sum(totals.day)), ("month_usd", sum(totals.month))]);
    let variables = [("purchase", purchase), ("wallet", wallet), ("agent", agent), ("spent", spent)];
    Scene::new(&VOCABULARY, variables)
}
