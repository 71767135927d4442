//! The figures of a run, each beside its limit and its target.

use serde::Serialize;

use super::bench::Settings;
use super::machine::Machine;

/// Median, minimum and maximum over the runs of a scenario.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spread {
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// How many there were.
    pub runs: usize,
}

impl Spread {
    /// Of at least one value.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        assert!(!values.is_empty(), "a spread is of at least one run");
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        Self {
            median: f64::midpoint(values[last / 2], values[last.div_ceil(2)]),
            min: values[0],
            max: values[last],
            runs: values.len(),
        }
    }
}

/// What is asked of a figure.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
    /// No less than this share of the figure it is compared with.
    ShareAtLeast(f64),
    /// No more than this multiple of the figure it is compared with.
    ShareAtMost(f64),
}

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The scenario it belongs to.
    pub scenario: &'static str,
    /// What was measured.
    pub what: String,
    /// The unit of the value.
    pub unit: &'static str,
    /// The value; absent if it could not be measured.
    pub value: Option<Spread>,
    /// Its ratio to the figure it is compared with, a limit of the same run or a run without load.
    pub ratio: Option<f64>,
    /// What must be reached.
    pub target: Option<Target>,
    /// Whether the median reached it.
    pub met: Option<bool>,
    /// What is hoped for beyond.
    pub goal: Option<Target>,
    /// Whether the median reached that.
    pub goal_met: Option<bool>,
    /// Why there is no value, or what else must be known to read it.
    pub note: Option<String>,
}

impl Row {
    /// A figure with nothing asked of it yet.
    pub fn new(scenario: &'static str, what: impl Into<String>, unit: &'static str, value: Spread) -> Self {
        Self {
            scenario,
            what: what.into(),
            unit,
            value: Some(value),
            ratio: None,
            target: None,
            met: None,
            goal: None,
            goal_met: None,
            note: None,
        }
    }

    /// Compares the median with another figure.
    #[must_use]
    pub fn compared_with(mut self, other: Option<f64>) -> Self {
        if let (Some(value), Some(other)) = (self.value, other) {
            self.ratio = Some(value.median / other);
        }
        self
    }

    /// Asks for something; call after [`Self::compared_with`] if it is a share.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.met = self.reaches(target);
        self.target = Some(target);
        self
    }

    /// Hopes for more.
    #[must_use]
    pub fn goal(mut self, goal: Target) -> Self {
        self.goal_met = self.reaches(goal);
        self.goal = Some(goal);
        self
    }

    /// Adds a word.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    fn reaches(&self, target: Target) -> Option<bool> {
        let median = self.value?.median;
        match target {
            Target::AtLeast(least) => Some(median >= least),
            Target::AtMost(most) => Some(median <= most),
            Target::ShareAtLeast(least) => Some(self.ratio? >= least),
            Target::ShareAtMost(most) => Some(self.ratio? <= most),
        }
    }
}

/// Everything a run found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where it ran.
    pub machine: Machine,
    /// With which settings.
    pub settings: Settings,
    /// Requests/s of the pooled client to the sink: what the delivery rows are compared with.
    pub pooled_limit: Option<f64>,
    /// Deliveries/s of the `single` scenario, for the latency at a share of it.
    pub single_peak: Option<f64>,
    /// The lines of the table.
    pub rows: Vec<Row>,
}

impl Report {
    /// An empty one.
    pub fn new(machine: Machine, settings: Settings) -> Self {
        Self { machine, settings, pooled_limit: None, single_peak: None, rows: Vec::new() }
    }

    /// Adds a line.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Notes that a scenario could not be measured.
    pub fn failed(&mut self, scenario: &'static str, error: &anyhow::Error) {
        let mut row = Row::new(scenario, "failed", "", Spread::of([0.0])).note(format!("{error:#}"));
        row.value = None;
        row.met = Some(false);
        self.add(row);
    }

    /// Whether every scenario could be measured.
    pub fn is_complete(&self) -> bool {
        self.rows.iter().all(|row| row.value.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_ones() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]);
        assert!((spread.median - 2.5).abs() < 1e-9);
        assert!((Spread::of([7.0]).median - 7.0).abs() < 1e-9);
    }

    #[test]
    fn a_share_is_judged_by_the_ratio_and_not_at_all_without_one() {
        let row = || Row::new("single", "deliveries", "/s", Spread::of([25.0]));
        let judged =
            row().compared_with(Some(100.0)).target(Target::ShareAtLeast(0.2)).goal(Target::ShareAtLeast(0.35));
        assert_eq!((judged.met, judged.goal_met), (Some(true), Some(false)));
        let alone = row().compared_with(None).target(Target::ShareAtLeast(0.2));
        assert_eq!(alone.met, None);
    }
}
