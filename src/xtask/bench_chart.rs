//! A benchmark's rows as a chart: how far each figure with a target gets, as SVG.
//!
//! The scale is logarithmic, the target is one line for all rows, and right of it is better.

use std::fmt::Write as _;

use crate::bench_row::Row;
use crate::bench_table::figure;

const WIDTH: f64 = 960.0;
const ROW: f64 = 26.0;
const TOP: f64 = 56.0;
/// Where the names end.
const LEFT: f64 = 420.0;
/// Room for the figure behind the longest bar.
const RIGHT: f64 = 120.0;
/// The scale goes to this factor on both sides of the target.
const FACTOR_MAX: f64 = 16.0;

/// The chart of all rows of the benchmark `name` that can be judged.
pub(crate) fn chart(name: &str, rows: &[Row]) -> String {
    let judged: Vec<(&Row, f64)> =
        rows.iter().filter_map(|row| Some((row, row.reached()?))).collect();
    let height = judged.iter().fold(TOP, |height, _| height + ROW) + 12.0;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13">
<title>{name}: how far each figure gets, where 1 is its target</title>
<rect width="{WIDTH}" height="{height}" fill="white"/>
"#
    );
    for factor in [1.0 / FACTOR_MAX, 0.25, 1.0, 4.0, FACTOR_MAX] {
        let (x, is_target) = (place(factor), factor == 1.0);
        let (colour, label) = match is_target {
            true => ("#222", "target".to_owned()),
            false => ("#ddd", format!("{}x", figure(factor))),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(
            svg,
            r##"<line x1="{x:.1}" y1="{:.0}" x2="{x:.1}" y2="{height:.0}" stroke="{colour}"/><text x="{x:.1}" y="28" text-anchor="middle" fill="#555">{label}</text>"##,
            TOP - 16.0
        );
    }
    let mut y = TOP;
    for (row, reached) in judged {
        let _ = writeln!(svg, "{}", bar(row, reached, y));
        y += ROW;
    }
    svg + "</svg>\n"
}

/// A bar from the target to what was reached.
fn bar(row: &Row, reached: f64, y: f64) -> String {
    let (target, end) = (place(1.0), place(reached));
    let (from, width) = (target.min(end), (target - end).abs().max(1.0));
    let colour = if reached >= 1.0 { "#2a7a4b" } else { "#b3402e" };
    let text = format!("{} {}", figure(row.value), row.unit);
    format!(
        r##"<text x="{:.0}" y="{:.0}" text-anchor="end">{}</text><rect x="{from:.1}" y="{y:.0}" width="{width:.1}" height="18" fill="{colour}"/><text x="{:.1}" y="{:.0}" fill="#222">{}</text>"##,
        LEFT - 10.0,
        y + 13.0,
        escaped(&row.name),
        target.max(end) + 6.0,
        y + 13.0,
        escaped(&text),
    )
}

/// Where a factor is, from left to right.
fn place(factor: f64) -> f64 {
    let most = FACTOR_MAX.ln();
    let at = factor.max(f64::MIN_POSITIVE).ln().clamp(-most, most);
    let half = (WIDTH - LEFT - RIGHT) / 2.0;
    LEFT + half + half * at / most
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench_row::Target;

    #[test]
    fn a_bar_goes_right_of_the_target_where_it_is_met() {
        let row = |value| Row {
            name: "a < b".to_owned(),
            value,
            unit: "ms".to_owned(),
            ratio: None,
            target: Some(Target { of_ratio: false, at_least: false, target: 2.0, stretch: None }),
            note: None,
        };
        let svg = chart("ledger", &[row(1.0), row(4.0), Row { target: None, ..row(9.0) }]);
        assert_eq!(svg.matches("#2a7a4b").count(), 1);
        assert_eq!(svg.matches("#b3402e").count(), 1);
        assert!(svg.contains("a &lt; b") && !svg.contains("9.00 ms"));
        assert!(place(2.0) > place(1.0) && place(0.5) < place(1.0) && place(1e9) <= WIDTH - RIGHT);
    }
}
