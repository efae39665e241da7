//! What a backtest found as a picture: for each task and model what was charged, and what would be.
//!
//! The picture is SVG, which every browser shows; its figures are those of the table.

use crate::backtest_report::{Amounts, Report};
use crate::backtest_table::legs;
use kumari_engine::amount::Credits;
use std::fmt::Write as _;

const WIDTH: i128 = 960;
/// Room for the two bars of a row.
const ROW: i128 = 34;
const BAR: i128 = 12;
const TOP: i128 = 76;
/// Where the names end.
const LEFT: i128 = 330;
/// Room for the figures behind the longest bar.
const RIGHT: i128 = 190;
/// More rows than this nobody tells apart; the others are one row.
const ROWS_MAX: usize = 40;
/// A name may be longer than there is room for.
const NAME_MAX: usize = 42;

const CHARGED: &str = "#7a8794";
const WOULD_BE: &str = "#1f6f8b";

/// A row of the picture.
struct Bars {
    name: String,
    charged: i128,
    would_be: i128,
    percent: Option<String>,
}

/// The picture.
pub(crate) fn chart(report: &Report) -> String {
    let bars = bars(report);
    let most = bars.iter().map(|row| row.charged.max(row.would_be)).max().unwrap_or(0).max(1);
    let height = bars.iter().fold(TOP, |height, _| height + ROW) + 12;
    let total = escaped(&words(&report.total));
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13">
<title>Credits by task and model: what was charged, and what would be</title>
<desc>{total}</desc>
<rect width="{WIDTH}" height="{height}" fill="white"/>
<text x="20" y="26" font-size="15" fill="#222">{total}</text>
<rect x="{LEFT}" y="42" width="12" height="12" fill="{CHARGED}"/><text x="{}" y="53" fill="#222">was charged</text>
<rect x="{}" y="42" width="12" height="12" fill="{WOULD_BE}"/><text x="{}" y="53" fill="#222">would be charged</text>
"##,
        LEFT + 18,
        LEFT + 130,
        LEFT + 148,
    );
    let mut y = TOP;
    for row in &bars {
        let length = |amount: i128| amount * (WIDTH - LEFT - RIGHT) / most;
        let (charged, would_be) = (length(row.charged), length(row.would_be));
        let [from, to] = [row.charged, row.would_be].map(credits);
        let percent = row.percent.as_deref().unwrap_or_default();
        let (name_y, below, to_y) = (y + 17, y + BAR, y + BAR + 11);
        // Writing to a text cannot fail.
        let _ = writeln!(
            svg,
            r##"<text x="{}" y="{name_y}" text-anchor="end" fill="#222">{}</text><rect x="{LEFT}" y="{y}" width="{charged}" height="{BAR}" fill="{CHARGED}"/><text x="{}" y="{}" font-size="11" fill="#555">{from}</text><rect x="{LEFT}" y="{below}" width="{would_be}" height="{BAR}" fill="{WOULD_BE}"/><text x="{}" y="{to_y}" font-size="11" fill="#222">{to} {percent}</text>"##,
            LEFT - 10,
            escaped(&shortened(&row.name)),
            LEFT + charged + 6,
            y + 10,
            LEFT + would_be + 6,
        );
        y += ROW;
    }
    svg + "</svg>\n"
}

/// The rows with the most credits, in the order of the table, and one for all others.
fn bars(report: &Report) -> Vec<Bars> {
    let mut by_size: Vec<usize> = (0..report.rows.len()).collect();
    let size = |place: &usize| {
        report.rows.get(*place).map(|row| row.amounts.charged.max(row.amounts.would_be))
    };
    by_size.sort_by_key(|place| std::cmp::Reverse(size(place)));
    let (shown, others) = by_size.split_at(by_size.len().min(ROWS_MAX));
    let mut bars = Vec::new();
    for (row, place) in report.rows.iter().zip(0_usize..) {
        if shown.contains(&place) {
            let name = format!("{} {}", row.task.name(), row.model);
            let percent = row.amounts.percent.clone();
            bars.push(Bars { name, percent, ..Bars::of(&row.amounts) });
        }
    }
    if !others.is_empty() {
        let name = format!("{} others", others.len());
        let mut all = Bars { name, charged: 0, would_be: 0, percent: None };
        for row in others.iter().filter_map(|place| report.rows.get(*place)) {
            let one = Bars::of(&row.amounts);
            all.charged += one.charged;
            all.would_be += one.would_be;
        }
        bars.push(all);
    }
    bars
}

impl Bars {
    fn of(amounts: &Amounts) -> Self {
        let [charged, would_be] =
            [amounts.charged, amounts.would_be].map(|credits| i128::from(credits.as_micros()));
        Self { name: String::new(), charged, would_be, percent: None }
    }
}

fn words(amounts: &Amounts) -> String {
    let percent = amounts.percent.as_ref().map(|percent| format!(" ({percent})"));
    let percent = percent.unwrap_or_default();
    let Amounts { charged, would_be, .. } = amounts;
    format!("{}: {charged} credits were charged, {would_be} would be{percent}", legs(amounts.legs))
}

/// The sum of all rows is in range, so that of some is.
fn credits(micros: i128) -> Credits {
    i64::try_from(micros).map_or(Credits::MAX, Credits::from_micros)
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME_MAX) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::{ROWS_MAX, chart};
    use crate::backtest_report::{Asked, Report};
    use crate::backtest_tally::{Counted, Sums};
    use kumari_engine::request::Task;

    #[test]
    fn the_largest_rows_are_drawn_and_one_for_the_others() {
        let mut counted = Counted::default();
        let name = |number: usize| format!("{}-{number}", "m".repeat(60 * (number % 2)));
        for number in 1..=ROWS_MAX + 3 {
            let charged = number.to_string().parse().unwrap();
            let sums = Sums { legs: 1, charged, would_be: charged, ..Sums::default() };
            counted.sums.insert((Task::Direct, name(number).parse().unwrap()), sums);
        }
        let [book, credits_per_usd] = ["b", "100"];
        let asked = Asked {
            book: book.parse().unwrap(),
            against: None,
            credits_per_usd: credits_per_usd.parse().unwrap(),
        };
        let picture = chart(&Report::new(asked, counted, None).unwrap());
        // Two bars a row, beside two in the legend and the ground.
        assert_eq!(picture.matches("<rect").count(), (ROWS_MAX + 1) * 2 + 3);
        // 1, 2 and 3 credits are the least.
        assert!(picture.contains(">3 others<") && picture.contains(">6 <"), "{picture}");
        assert!(picture.contains("m…<") && !picture.contains(&name(1)), "{picture}");
    }
}
