//! A benchmark's rows as a table for the terminal.

use std::fmt::Write as _;

use crate::bench_row::{Row, Target};

/// One line a figure: what it is, the ratio, the target and whether it is met.
pub(crate) fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or_default();
    let (what, value, ratio, target) = ("what", "value", "ratio", "target");
    let mut table = format!("\n{what:width$}  {value:>10} {:8} {ratio:>7}  {target}", "");
    for row in rows {
        let ratio = row.ratio.map(|ratio| format!("{}x", figure(ratio))).unwrap_or_default();
        let target = row.target.map(|target| says(target, &row.unit)).unwrap_or_default();
        let verdict = match row.is_met() {
            Some(true) => ", met",
            Some(false) => ", MISSED",
            None => "",
        };
        let note = row.note.as_deref().map(|note| format!("; {note}")).unwrap_or_default();
        let (name, value) = (&row.name, figure(row.value));
        // Writing to a text cannot fail.
        let _ = write!(
            table,
            "\n{name:width$}  {value:>10} {:8} {ratio:>7}  {target}{verdict}{note}",
            row.unit
        );
    }
    table
}

/// As many digits as say something.
pub(crate) fn figure(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

fn says(target: Target, unit: &str) -> String {
    let word = if target.at_least { "at least" } else { "at most" };
    let unit = if target.of_ratio { "x".to_owned() } else { format!(" {unit}") };
    let stretch = target.stretch.map(|stretch| format!(" (stretch {}{unit})", figure(stretch)));
    format!("{word} {}{unit}{}", figure(target.target), stretch.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_figure_ratio_target_and_verdict() {
        let target = Target { of_ratio: true, at_least: true, target: 2.0, stretch: Some(4.2) };
        let row = Row {
            name: "pairs".to_owned(),
            value: 9_400.4,
            unit: "pairs/s".to_owned(),
            ratio: Some(1.5),
            target: Some(target),
            note: Some("alone".to_owned()),
        };
        let table = table(&[row]);
        let line = table.lines().last().unwrap();
        assert_eq!(
            line,
            "pairs        9400 pairs/s    1.50x  at least 2.00x (stretch 4.20x), MISSED; alone"
        );
    }
}
