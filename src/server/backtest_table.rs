//! What a backtest found, in words and columns for a terminal.

use crate::backtest_report::{Amounts, Customers, Margin, Report};
use std::fmt;

const HEAD: [&str; 10] = [
    "task",
    "model",
    "legs",
    "charged",
    "would be",
    "change",
    "with cost",
    "cost $",
    "margin $",
    "would be $",
];
/// How many columns are words; the others are figures.
const WORDS: usize = 2;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", legs(self.legs))?;
        if let (Some(from), Some(to)) = (self.from, self.to) {
            write!(f, ", from {from} to {to}")?;
        }
        writeln!(f, "\nprice book {}", self.asked.book)?;
        match &self.asked.against {
            Some(book) => writeln!(f, "beside what was charged, or else price book {book}")?,
            None => writeln!(f, "beside what was charged")?,
        }
        writeln!(f, "{} credits are worth a dollar", self.asked.credits_per_usd)?;

        let mut table = vec![HEAD.map(str::to_owned).to_vec()];
        for row in &self.rows {
            table.push(cells(row.task.name(), row.model.as_str(), &row.amounts));
        }
        table.push(cells("all", "", &self.total));
        write!(f, "{}", columns(&table, WORDS))?;
        let with_cost = self.total.costed.as_ref().map_or(0, |costed| costed.legs);
        if with_cost < self.total.legs {
            let without = self.total.legs - with_cost;
            write!(f, "\n{} without a cost, which no margin counts", legs(without))?;
        }
        self.not_offered(f)?;
        if let Some(customers) = &self.customers {
            write!(f, "\n\n{customers}")?;
        }
        if self.faulty > 0 {
            write!(f, "\n\nleft out {}, the first of them:", counted(self.faulty, "faulty line"))?;
            for fault in &self.faults {
                write!(f, "\n  line {}: {}", fault.line, fault.fault)?;
            }
        }
        Ok(())
    }
}

impl Report {
    fn not_offered(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not_offered.is_empty() {
            return Ok(());
        }
        write!(f, "\n\nThe price book has no price for these, and no sum above counts them:")?;
        let rows = self.not_offered.iter().map(|one| {
            let why = one.meter.map_or("", |meter| meter.name());
            let charged = format!("charged {}", one.charged);
            [one.task.name(), one.model.as_str(), why, &legs(one.legs), &charged]
                .map(str::to_owned)
                .to_vec()
        });
        write!(f, "{}", columns(&rows.collect::<Vec<_>>(), 3))
    }
}

impl fmt::Display for Customers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { all, much_more, at_least_percent, at_least_credits, .. } = self;
        write!(
            f,
            "{much_more} of {} would pay much more, at least {at_least_percent} % and \
             {at_least_credits} credits",
            counted(*all, "customer")
        )?;
        if self.legs_without_customer > 0 {
            write!(f, "; {} without a customer", legs(self.legs_without_customer))?;
        }
        if self.first.is_empty() {
            return Ok(());
        }
        let mut table =
            vec![["customer", "charged", "would be", "change"].map(str::to_owned).to_vec()];
        for customer in &self.first {
            let change = customer.percent.clone().unwrap_or_default();
            let [charged, would_be] =
                [customer.charged, customer.would_be].map(|it| it.to_string());
            table.push(vec![customer.customer.to_string(), charged, would_be, change]);
        }
        write!(f, "{}", columns(&table, 1))
    }
}

fn cells(task: &str, model: &str, amounts: &Amounts) -> Vec<String> {
    let mut cells = vec![
        task.to_owned(),
        model.to_owned(),
        amounts.legs.to_string(),
        amounts.charged.to_string(),
        amounts.would_be.to_string(),
        amounts.percent.clone().unwrap_or_default(),
    ];
    match &amounts.costed {
        Some(costed) => cells.extend([
            costed.legs.to_string(),
            costed.cost_usd.shown(),
            margin(&costed.charged),
            margin(&costed.would_be),
        ]),
        None => cells.extend(["0", "", "", ""].map(str::to_owned)),
    }
    cells
}

fn margin(margin: &Margin) -> String {
    match &margin.percent {
        Some(percent) => format!("{} ({percent})", margin.margin_usd.shown()),
        None => margin.margin_usd.shown(),
    }
}

/// How many legs.
pub(crate) fn legs(count: u64) -> String {
    counted(count, "leg")
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Each row on a line of its own, the first `words` columns to the left and the others to the right.
fn columns(rows: &[Vec<String>], words: usize) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, width), place) in row.iter().zip(&widths).zip(0..) {
            line += &match place < words {
                true => format!("{cell:<width$}  "),
                false => format!("{cell:>width$}  "),
            };
        }
        text += "\n";
        text += line.trim_end();
    }
    text
}
