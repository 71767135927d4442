//! What is judged: somebody wants to pay somebody.
use bellwire_wire::{Timestamp, UsdNanos};
use serde_json::value::RawValue;

/// What is to be paid, by whom, out of what, and when.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: UsdNanos,
    /// Who is paid.
    pub vendor: &'a str,
    /// What kind it is.
    pub category: Option<&'a str>,
    /// What for.
    pub description: &'a str,
    /// For people.
    pub memo: Option<&'a str>,
    /// How it is paid.
    pub rail: Option<&'a str>,
    /// In which run of the agent.
    pub run_id: Option<&'a str>,
    /// For programs.
    pub metadata: Option<&'a RawValue>,
    /// Which agent asks.
    pub agent_id: Option<&'a str>,
    /// What it is paid out of.
    pub purse: Purse<'a>,
}

/// What a request is paid out of, as it stands before.
#[derive(Debug, Clone, Default)]
pub struct Purse<'a> {
    /// Its id.
    pub id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// Whose it is.
    pub namespace: Option<&'a str>,
    /// How much may be spent in its period.
    pub budget: UsdNanos,
    /// What was.
    pub spent: UsdNanos,
    /// What is set aside.
    pub held: UsdNanos,
    /// What is left.
    pub available: UsdNanos,
    /// Whether it is play money.
    pub sandbox: bool,
}

/// What was granted before a request, in the day and the month of UTC that it is made in, in nano-dollars.
/// Many purses may come to more than an amount can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// On the day.
    pub day: i128,
    /// In the month.
    pub month: i128,
}
