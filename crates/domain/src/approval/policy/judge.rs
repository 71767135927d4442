//! What policies make of a request: pure.
use bellwire_wire::{PolicyId, UsdNanos};

use super::{
    Otherwise, Policy, Request, Totals,
    rule::{Check, Outcome, Rule, Span},
    when::View,
};
use crate::approval::Terms;

/// The name of what applies when no rule says anything.
pub const DEFAULT: &str = "default";

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// It lets it through.
    Allow,
    /// It does not.
    Deny,
    /// It has a person asked.
    Ask,
}

impl Effect {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Ask => "require_approval",
        }
    }
}

/// Which rule decided, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of which policy.
    pub policy_id: PolicyId,
    /// Of which version of it.
    pub version: u32,
    /// The rule's key, or [`DEFAULT`].
    pub rule: &'static str,
    /// The place in the list of what the rule was written in.
    pub index: Option<usize>,
    /// Why, without the end of the sentence.
    pub detail: String,
    /// The amount that the rule begins above.
    pub threshold: Option<UsdNanos>,
}

/// A person is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Why: the first rule that asks.
    pub finding: Finding,
    /// How, so that every rule that asks has what it wants.
    pub terms: Terms,
    /// What was granted on the day, over what the first such policy is attached to, if it counts that.
    pub day_spent: Option<UsdNanos>,
    /// How much may be, by that policy.
    pub day_cap: Option<UsdNanos>,
}

/// What policies make of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is let through; by which rule, if a policy applies.
    Allow(Option<Finding>),
    /// It is not.
    Deny(Finding),
    /// A person decides.
    Ask(Box<Asked>),
}

impl Verdict {
    /// In a word.
    pub const fn effect(&self) -> Effect {
        match self {
            Self::Allow(_) => Effect::Allow,
            Self::Deny(_) => Effect::Deny,
            Self::Ask(_) => Effect::Ask,
        }
    }

    /// Which rule, and why.
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Allow(finding) => finding.as_ref(),
            Self::Deny(finding) => Some(finding),
            Self::Ask(asked) => Some(&asked.finding),
        }
    }

    /// What this one and another one come to: a no before a question, a question before a yes. Where both ask,
    /// whoever answers must be somebody whom both would ask: if nobody is, the answer is no.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Deny(finding), _) | (_, Self::Deny(finding)) => Self::Deny(finding),
            (Self::Ask(mut one), Self::Ask(other)) => match one.terms.and(other.terms) {
                Some(terms) => {
                    one.terms = terms;
                    Self::Ask(one)
                }
                None => Self::Deny(nobody(other.finding)),
            },
            (Self::Ask(asked), Self::Allow(_)) | (Self::Allow(_), Self::Ask(asked)) => Self::Ask(asked),
            (Self::Allow(one), Self::Allow(other)) => Self::Allow(one.or(other)),
        }
    }
}

fn nobody(finding: Finding) -> Finding {
    let detail = format!("{}, and too few of those who may decide it may decide the other rules too", finding.detail);
    Finding { detail, ..finding }
}

/// What one rule makes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The rule's key.
    pub rule: &'static str,
    /// The place in the list of what it was written in.
    pub index: usize,
    /// What it does.
    pub effect: Effect,
    /// Why, without the end of the sentence.
    pub detail: String,
}

impl Policy {
    /// What this policy makes of a request: any rule that denies, then any that asks, then any that lets it
    /// through by name, then what it says otherwise.
    pub fn judge(&self, request: &Request<'_>, totals: Totals) -> Verdict {
        let view = View::new(request, totals);
        let (mut asked, mut allowed): (Option<Box<Asked>>, Option<Finding>) = (None, None);
        let mut divided = None;
        for rule in self.content.rules.all() {
            let outcome = rule.outcome(&view);
            match &outcome {
                Outcome::Nothing => {}
                Outcome::Deny | Outcome::Failed(_) => return Verdict::Deny(self.finding(rule, &view, &outcome)),
                Outcome::Allow if allowed.is_some() => {}
                Outcome::Allow => allowed = Some(self.finding(rule, &view, &outcome)),
                Outcome::Ask(terms) => match &mut asked {
                    None => asked = Some(Box::new(self.ask(rule, &view, (*terms).clone()))),
                    // Later rules may still deny in words of their own.
                    Some(asked) => match asked.terms.clone().and((*terms).clone()) {
                        Some(both) => asked.terms = both,
                        None => divided = divided.or_else(|| Some(nobody(self.finding(rule, &view, &outcome)))),
                    },
                },
            }
        }
        match (divided, asked, allowed, self.content.otherwise) {
            (Some(finding), ..) => Verdict::Deny(finding),
            (_, Some(asked), ..) => Verdict::Ask(asked),
            (_, _, Some(finding), _) => Verdict::Allow(Some(finding)),
            (.., Otherwise::Allow) => Verdict::Allow(Some(self.otherwise("no rule denies it"))),
            (.., Otherwise::Deny) => Verdict::Deny(self.otherwise("no rule allows it by name")),
        }
    }

    /// What each rule makes of a request, in order.
    pub fn explain(&self, request: &Request<'_>, totals: Totals) -> Vec<Line> {
        let view = View::new(request, totals);
        let line = |rule: &Rule| {
            let outcome = rule.outcome(&view);
            let effect = match &outcome {
                Outcome::Nothing => Effect::Nothing,
                Outcome::Allow => Effect::Allow,
                Outcome::Deny | Outcome::Failed(_) => Effect::Deny,
                Outcome::Ask(_) => Effect::Ask,
            };
            Line { rule: rule.name(), index: rule.index, effect, detail: rule.say(&view, &outcome) }
        };
        self.content.rules.all().iter().map(line).collect()
    }

    fn ask(&self, rule: &Rule, view: &View<'_>, terms: Terms) -> Asked {
        let finding = self.finding(rule, view, &Outcome::Ask(&terms));
        let day_cap = |rule: &Rule| match rule.check {
            Check::Cap(Span::Day, cap) => Some(cap),
            _ => None,
        };
        let day_spent = self.content.rules.counted().day.then(|| {
            // Only sums of many purses are more than an amount can be.
            UsdNanos::from_nanos(i64::try_from(view.totals.day).unwrap_or(i64::MAX))
        });
        let day_cap = self.content.rules.all().iter().filter_map(day_cap).min();
        Asked { finding, terms, day_spent, day_cap }
    }

    fn finding(&self, rule: &Rule, view: &View<'_>, outcome: &Outcome<'_>) -> Finding {
        Finding {
            policy_id: self.id.clone(),
            version: self.version,
            rule: rule.name(),
            index: Some(rule.index),
            detail: rule.say(view, outcome),
            threshold: rule.threshold(),
        }
    }

    fn otherwise(&self, detail: &str) -> Finding {
        Finding {
            policy_id: self.id.clone(),
            version: self.version,
            rule: DEFAULT,
            index: None,
            detail: detail.to_owned(),
            threshold: None,
        }
    }
}
