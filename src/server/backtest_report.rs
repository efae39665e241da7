//! What a backtest found, for programs and for people.
//!
//! It adds up and compares; which price a leg has was decided before. Dollars are made of credits
//! here and nowhere else.

use crate::backtest_customers::{Found, MuchMore};
use crate::backtest_tally::{Costed, Counted, Sums};
use crate::dollars::{Dollars, DollarsFault};
use crate::price_book_walk::{percent, share};
use kumari_engine::amount::{AmountOverflow, Credits};
use kumari_engine::id::{BookVersion, ModelId};
use kumari_engine::meter::Meter;
use kumari_engine::request::Task;
use kumari_engine::time::Timestamp;
use serde::Serialize;

/// What was asked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Asked {
    /// The book that legs would be priced with.
    pub(crate) book: BookVersion,
    /// The book that prices legs which do not say what they were charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<BookVersion>,
    /// How many credits are worth one dollar of revenue.
    pub(crate) credits_per_usd: Credits,
}

/// What a backtest found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    pub(crate) asked: Asked,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<Timestamp>,
    /// All legs that were read, those without a price in the other book included.
    pub(crate) legs: u64,
    /// Those with a price in the other book, by task and model.
    pub(crate) rows: Vec<Row>,
    /// All of the rows.
    pub(crate) total: Amounts,
    /// Legs that the other book has no price for.
    pub(crate) not_offered: Vec<NotOffered>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customers: Option<Customers>,
    pub(crate) faulty: u64,
    /// The first faulty lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) faults: Vec<Fault>,
}

/// The legs of a task with a model.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) task: Task,
    pub(crate) model: ModelId,
    #[serde(flatten)]
    pub(crate) amounts: Amounts,
}

/// What legs were charged and would be charged.
#[derive(Debug, Serialize)]
pub(crate) struct Amounts {
    pub(crate) legs: u64,
    pub(crate) charged: Credits,
    pub(crate) would_be: Credits,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<String>,
    /// Of the legs that say their cost; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) costed: Option<Margins>,
}

/// What is left of revenue after the provider's bill.
#[derive(Debug, Serialize)]
pub(crate) struct Margins {
    pub(crate) legs: u64,
    pub(crate) cost_usd: Dollars,
    pub(crate) charged: Margin,
    pub(crate) would_be: Margin,
}

/// Revenue less cost.
#[derive(Debug, Serialize)]
pub(crate) struct Margin {
    pub(crate) revenue_usd: Dollars,
    pub(crate) margin_usd: Dollars,
    /// Of the revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<String>,
}

/// Legs that the other book has no price for.
#[derive(Debug, Serialize)]
pub(crate) struct NotOffered {
    pub(crate) task: Task,
    pub(crate) model: ModelId,
    /// The meter that has no rate, where it is only that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meter: Option<Meter>,
    pub(crate) legs: u64,
    pub(crate) charged: Credits,
}

/// Who would pay much more, of the legs that have a price in the other book.
#[derive(Debug, Serialize)]
pub(crate) struct Customers {
    pub(crate) all: u64,
    pub(crate) much_more: u64,
    pub(crate) at_least_percent: u32,
    pub(crate) at_least_credits: Credits,
    /// Legs of nobody, which are in no customer's sums.
    pub(crate) legs_without_customer: u64,
    /// Those to whom it makes the greatest difference.
    pub(crate) first: Vec<Customer>,
}

/// A customer who would pay much more.
#[derive(Debug, Serialize)]
pub(crate) struct Customer {
    pub(crate) customer: Box<str>,
    pub(crate) charged: Credits,
    pub(crate) would_be: Credits,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<String>,
}

/// A line that was left out.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    pub(crate) line: u64,
    pub(crate) fault: String,
}

/// A sum cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sum is larger than any amount can be: split the usage into several runs")]
pub(crate) struct OutOfRange;

impl From<AmountOverflow> for OutOfRange {
    fn from(_: AmountOverflow) -> Self {
        Self
    }
}

impl From<DollarsFault> for OutOfRange {
    fn from(_: DollarsFault) -> Self {
        Self
    }
}

impl Report {
    /// Of what was counted.
    pub(crate) fn new(
        asked: Asked,
        counted: Counted,
        found: Option<(MuchMore, Found)>,
    ) -> Result<Self, OutOfRange> {
        if counted.is_out_of_range {
            return Err(OutOfRange);
        }
        let per_usd = asked.credits_per_usd;
        let (mut rows, mut total) = (Vec::new(), Sums::default());
        for ((task, model), sums) in counted.sums {
            total.add(&sums)?;
            if sums.legs > 0 {
                rows.push(Row { task, model, amounts: Amounts::of(&sums, per_usd)? });
            }
        }
        let not_offered = counted.unpriced.into_iter().map(|((task, model, meter), unpriced)| {
            NotOffered { task, model, meter, legs: unpriced.legs, charged: unpriced.charged }
        });
        let without_customer = counted.without_customer;
        let faults = counted.faults.into_iter();
        Ok(Self {
            asked,
            from: counted.times.map(|(from, _)| from),
            to: counted.times.map(|(_, to)| to),
            legs: counted.legs,
            rows,
            total: Amounts::of(&total, per_usd)?,
            not_offered: not_offered.collect(),
            customers: found.map(|found| Customers::of(found, without_customer)),
            faulty: counted.faulty,
            faults: faults.map(|one| Fault { line: one.line, fault: one.message }).collect(),
        })
    }
}

impl Amounts {
    fn of(sums: &Sums, credits_per_usd: Credits) -> Result<Self, OutOfRange> {
        let Sums { legs, charged, would_be, costed } = sums;
        let margins =
            (costed.legs > 0).then(|| Margins::of(costed, credits_per_usd)).transpose()?;
        Ok(Self {
            legs: *legs,
            charged: *charged,
            would_be: *would_be,
            percent: change(*charged, *would_be),
            costed: margins,
        })
    }
}

impl Margins {
    fn of(costed: &Costed, credits_per_usd: Credits) -> Result<Self, OutOfRange> {
        let margin = |credits| -> Result<Margin, OutOfRange> {
            let revenue_usd = Dollars::worth_rounded_down(credits, credits_per_usd)?;
            let margin_usd = revenue_usd.sub(costed.cost)?;
            let percent = share(margin_usd.micros_cut_off(), revenue_usd.micros_cut_off());
            Ok(Margin { revenue_usd, margin_usd, percent })
        };
        Ok(Self {
            legs: costed.legs,
            cost_usd: costed.cost,
            charged: margin(costed.charged)?,
            would_be: margin(costed.would_be)?,
        })
    }
}

impl Customers {
    fn of((much_more, found): (MuchMore, Found), legs_without_customer: u64) -> Self {
        let first = found.first.into_iter().map(|(customer, sums)| Customer {
            customer,
            charged: sums.charged,
            would_be: sums.would_be,
            percent: change(sums.charged, sums.would_be),
        });
        Self {
            all: found.all,
            much_more: found.much_more,
            at_least_percent: much_more.percent,
            at_least_credits: much_more.credits,
            legs_without_customer,
            first: first.collect(),
        }
    }
}

/// By how many percent the price changes; nobody can say that of nothing.
fn change(charged: Credits, would_be: Credits) -> Option<String> {
    percent(charged.as_micros().into(), would_be.as_micros().into())
}
