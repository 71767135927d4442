//! The scenarios, one module each, in the order they run.

pub mod hanging;
pub mod idle;
pub mod latency;
pub mod limits;
pub mod pending;
pub mod postgres;
pub mod recovery;
pub mod saturation;
pub mod spend;

use anyhow::bail;

use super::bench::Bench;
use super::report::Report;

/// A scenario by name.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// As `--only` takes it.
    pub name: &'static str,
    /// Whether its figures are compared with the limits.
    pub needs_limits: bool,
    /// Measures and adds rows.
    pub run: fn(&Bench, &mut Report) -> anyhow::Result<()>,
}

const fn scenario(
    name: &'static str,
    needs_limits: bool,
    run: fn(&Bench, &mut Report) -> anyhow::Result<()>,
) -> Scenario {
    Scenario { name, needs_limits, run }
}

/// All of them.
pub const ALL: [Scenario; 12] = [
    scenario("single", true, saturation::single),
    scenario("fan-out", true, saturation::fan_out),
    scenario("batch", true, saturation::batch),
    scenario("latency", false, latency::run),
    scenario("hanging", false, hanging::run),
    scenario("recovery", false, recovery::run),
    scenario("pending", false, pending::run),
    scenario("idle", false, idle::run),
    scenario("spend", false, spend::run),
    scenario("analytics", false, spend::analytics),
    scenario("postgres", false, postgres::one),
    scenario("postgres-2", false, postgres::two),
];

/// Those named, in their own order; all if none is named. `limits` alone measures only these.
pub fn select(names: &[String]) -> anyhow::Result<Vec<Scenario>> {
    if names.is_empty() {
        return Ok(ALL.to_vec());
    }
    let known = |name: &str| name == "limits" || ALL.iter().any(|scenario| scenario.name == name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let all: Vec<_> = ALL.iter().map(|scenario| scenario.name).collect();
        bail!("no scenario {name}; there are limits, {}", all.join(", "));
    }
    let chosen = |name: &str| names.iter().any(|other| other == name);
    let limits = chosen("limits").then(|| scenario("limits", true, |_, _| Ok(())));
    Ok(limits.into_iter().chain(ALL.into_iter().filter(|scenario| chosen(scenario.name))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = select(&["sinlge".to_owned()]).expect_err("there is no such scenario");
        assert!(error.to_string().contains("single, fan-out"));
    }

    #[test]
    fn the_order_is_that_of_the_list() {
        let chosen = select(&["idle".to_owned(), "single".to_owned()]).expect("both are known");
        let names: Vec<_> = chosen.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names, ["single", "idle"]);
    }
}
