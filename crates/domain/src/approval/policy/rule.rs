//! One rule: what it makes of a request, and how that is said.
use bellwire_wire::{UsdNanos, UsdSum};

use super::{
    hours::Hours,
    names::{Names, Said},
    when::{View, When},
};
use crate::approval::Terms;

/// What is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    Allow,
    Deny,
    Ask(Terms),
}

/// Which window a cap is for: of the calendar of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    Month,
}

/// Which name lists are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Vendor,
    Category,
}

#[derive(Debug, Clone)]
pub(super) enum Check {
    /// No more than this at once.
    Most(UsdNanos),
    /// No more than this in a window.
    Cap(Span, UsdNanos),
    /// By name.
    Named(Field, Names),
    /// A person is asked above this.
    AskAbove(UsdNanos, Terms),
    /// It must be said what for.
    Justified,
    /// Outside of these hours.
    Outside(Hours, Then),
    /// If a condition is met.
    When(When, Then),
}

/// A rule, and its place in the list that it was written in.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) index: usize,
    pub(super) check: Check,
}

/// What a rule makes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome<'r> {
    /// Nothing.
    Nothing,
    Allow,
    Deny,
    Ask(&'r Terms),
    /// It cannot be said, and that denies.
    Failed(String),
}

impl<'r> From<&'r Then> for Outcome<'r> {
    fn from(then: &'r Then) -> Self {
        match then {
            Then::Allow => Self::Allow,
            Then::Deny => Self::Deny,
            Then::Ask(terms) => Self::Ask(terms),
        }
    }
}

impl Rule {
    /// Its name: the key that it was written under.
    pub(super) fn name(&self) -> &'static str {
        match &self.check {
            Check::Most(_) => "max_transaction_usd",
            Check::Cap(Span::Day, _) => "daily_cap_usd",
            Check::Cap(Span::Month, _) => "monthly_cap_usd",
            Check::Named(Field::Vendor, _) => "vendors",
            Check::Named(Field::Category, _) => "categories",
            Check::AskAbove(..) => "require_approval_above_usd",
            Check::Justified => "require_justification",
            Check::Outside(..) => "hours",
            Check::When(..) => "when",
        }
    }

    /// The amount that it begins above.
    pub(super) fn threshold(&self) -> Option<UsdNanos> {
        match &self.check {
            Check::Most(amount) | Check::Cap(_, amount) | Check::AskAbove(amount, _) => Some(*amount),
            _ => None,
        }
    }

    pub(super) fn outcome(&self, view: &View<'_>) -> Outcome<'_> {
        let request = view.request;
        let deny = |denies: bool| if denies { Outcome::Deny } else { Outcome::Nothing };
        match &self.check {
            Check::Most(most) => deny(request.amount > *most),
            Check::Cap(span, cap) => deny(total(view, *span) > i128::from(cap.nanos())),
            Check::Named(field, names) => match names.say(name(view, *field)) {
                Said::Denied | Said::NotAllowed => Outcome::Deny,
                Said::Allowed => Outcome::Allow,
                Said::Nothing => Outcome::Nothing,
            },
            Check::AskAbove(threshold, terms) if request.amount > *threshold => Outcome::Ask(terms),
            Check::AskAbove(..) => Outcome::Nothing,
            Check::Justified => deny(request.description.trim().is_empty()),
            Check::Outside(hours, _) if hours.cover(request.at) => Outcome::Nothing,
            Check::Outside(_, then) => then.into(),
            Check::When(when, then) => match when.is_met(view) {
                Ok(true) => then.into(),
                Ok(false) => Outcome::Nothing,
                Err(error) => Outcome::Failed(error),
            },
        }
    }

    /// The outcome in a sentence without its end.
    pub(super) fn say(&self, view: &View<'_>, outcome: &Outcome<'_>) -> String {
        let amount = view.request.amount;
        let nothing = *outcome == Outcome::Nothing;
        match &self.check {
            Check::Most(most) if nothing => format!("{amount} USD is within {most} USD"),
            Check::Most(most) => format!("{amount} USD is more than the {most} USD that one purchase may cost"),
            Check::Cap(span, cap) => {
                let window = if *span == Span::Day { "day" } else { "month" };
                let total = UsdSum::from_nanos(total(view, *span));
                let which = if nothing { "within" } else { "more than" };
                format!("with these {amount} USD the {window} comes to {total} USD, {which} {cap} USD")
            }
            Check::Named(field, names) => {
                let sent = name(view, *field);
                let name = match (sent, field) {
                    ("", Field::Vendor) => "no vendor",
                    ("", Field::Category) => "no category",
                    (name, _) => name,
                };
                match names.say(sent) {
                    Said::Denied => format!("{name} is on the deny list"),
                    Said::NotAllowed => format!("{name} is not on the allow list"),
                    Said::Allowed => format!("{name} is on the allow list"),
                    Said::Nothing => format!("{name} is not on the deny list"),
                }
            }
            Check::AskAbove(above, _) if nothing => format!("{amount} USD is not more than {above} USD"),
            Check::AskAbove(above, _) => format!("{amount} USD is more than {above} USD, so a person is asked"),
            Check::Justified if nothing => "a description is given".into(),
            Check::Justified => "no description is given".into(),
            Check::Outside(..) if nothing => "it is inside of the hours".into(),
            Check::Outside(..) => "it is outside of the hours".into(),
            Check::When(..) => match outcome {
                Outcome::Failed(error) => format!("the condition failed, which denies: {error}"),
                Outcome::Nothing => "the condition is not met".into(),
                _ => "the condition is met".into(),
            },
        }
    }
}

/// What a window comes to with the request.
fn total(view: &View<'_>, span: Span) -> i128 {
    let before = if span == Span::Day { view.totals.day } else { view.totals.month };
    before.saturating_add(view.request.amount.nanos().into())
}

fn name<'a>(view: &View<'a>, field: Field) -> &'a str {
    match field {
        Field::Vendor => view.request.vendor,
        Field::Category => view.request.category.unwrap_or_default(),
    }
}
