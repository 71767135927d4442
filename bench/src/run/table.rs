//! The report as text.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::report::{Report, Row, Spread, Target};

/// The machine, the settings, the table, and the notes below it.
pub fn render(report: &Report) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["scenario", "what", "median", "min", "max", "unit", "ratio", "target", "", "goal", ""]);
    let mut notes = String::new();
    for row in &report.rows {
        table.add_row(cells(row));
        if let Some(note) = &row.note {
            notes.extend(["\n", row.scenario, ", ", &row.what, ": ", note]);
        }
    }
    for column in 2..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let settings = &report.settings;
    let quick = if settings.quick { "\nA quick run shows that everything works; its figures mean little." } else { "" };
    format!(
        "{}\n{} runs of {} s, {} connections{quick}\n{table}\n\
         ratio: to the pooled-client limit of this run, or to what the row names{notes}",
        report.machine, settings.runs, settings.seconds, settings.connections,
    )
}

fn cells(row: &Row) -> [String; 11] {
    let value = |pick: fn(Spread) -> f64| row.value.map(|v| number(pick(v))).unwrap_or_default();
    [
        row.scenario.to_owned(),
        row.what.clone(),
        value(|v| v.median),
        value(|v| v.min),
        value(|v| v.max),
        row.unit.to_owned(),
        row.ratio.map(percent).unwrap_or_default(),
        row.target.map(asked).unwrap_or_default(),
        verdict(row.met, "met", "NOT MET"),
        row.goal.map(asked).unwrap_or_default(),
        verdict(row.goal_met, "met", "not yet"),
    ]
}

fn verdict(met: Option<bool>, yes: &str, no: &str) -> String {
    met.map(|met| if met { yes } else { no }.to_owned()).unwrap_or_default()
}

fn asked(target: Target) -> String {
    match target {
        Target::AtLeast(least) => format!("≥ {}", number(least)),
        Target::AtMost(most) => format!("≤ {}", number(most)),
        Target::ShareAtLeast(least) => format!("≥ {}", percent(least)),
        Target::ShareAtMost(most) => format!("≤ {}", percent(most)),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Three digits that count; thousands apart.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 10_000.0 => {
            format!("{},{:03.0}", (value / 1_000.0).trunc(), (value % 1_000.0).abs().trunc())
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_about_three_digits() {
        assert_eq!(number(0.347), "0.35");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(1_234.4), "1234");
        assert_eq!(number(88_005.0), "88,005");
    }
}
