//! Sums by task and model: each leg as it was charged beside what another price book asks for it.
//!
//! Prices come from the engine's rating and from nowhere else. A tally is filled by one thread;
//! tallies are added up in the end, and come to the same in whatever order: sums are exact, no part
//! of one is negative, and of faults the first lines count.

use crate::backtest_customers::Customers;
use crate::backtest_record::Record;
use crate::dollars::Dollars;
use kumari_engine::amount::{AmountOverflow, Credits};
use kumari_engine::id::ModelId;
use kumari_engine::meter::Meter;
use kumari_engine::price_book::{Price, PriceBook};
use kumari_engine::rating::{self, RatingFault};
use kumari_engine::request::Task;
use kumari_engine::time::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// The most pairs of task and model; a book has some hundred.
pub(crate) const PAIRS_MAX: usize = 10_000;
/// How many faulty lines are named.
pub(crate) const FAULTS_NAMED: usize = 5;

/// With what legs are priced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prices<'book> {
    /// What they would cost.
    pub(crate) other: &'book PriceBook,
    /// What they were charged, where a record does not say it.
    pub(crate) baseline: Option<&'book PriceBook>,
    /// Who is asked for, where anybody is.
    pub(crate) customers: Option<&'book Customers>,
}

/// What some legs come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) legs: u64,
    pub(crate) charged: Credits,
    pub(crate) would_be: Credits,
    /// Those of the legs that say their cost.
    pub(crate) costed: Costed,
}

/// What those legs come to that say their cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Costed {
    pub(crate) legs: u64,
    pub(crate) charged: Credits,
    pub(crate) would_be: Credits,
    pub(crate) cost: Dollars,
}

/// Legs for which the other book has no price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unpriced {
    pub(crate) legs: u64,
    pub(crate) charged: Credits,
}

/// Why the other book has no price: it lacks the model with this task, or the rate of a meter.
pub(crate) type Lack = Option<Meter>;

/// Everything that was counted.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// Of each pair that occurs, also where no leg of it has a price.
    pub(crate) sums: BTreeMap<(Task, ModelId), Sums>,
    pub(crate) unpriced: BTreeMap<(Task, ModelId, Lack), Unpriced>,
    pub(crate) legs: u64,
    pub(crate) without_customer: u64,
    /// The first and the last time that a record names.
    pub(crate) times: Option<(Timestamp, Timestamp)>,
    pub(crate) faulty: u64,
    /// The first lines at fault, in their order.
    pub(crate) faults: Vec<LineFault>,
    /// A sum is larger than any balance can be. What is here is of no use then.
    pub(crate) is_out_of_range: bool,
    pub(crate) has_too_many_pairs: bool,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineFault {
    /// Which, from 1.
    pub(crate) line: u64,
    /// What is wrong, with the path of the field.
    pub(crate) message: String,
}

/// What one thread counts.
#[derive(Debug)]
pub(crate) struct Tally<'book> {
    prices: Prices<'book>,
    /// Where in `pairs` a model's tasks are.
    places: HashMap<ModelId, Vec<(Task, usize)>>,
    pairs: Vec<Pair<'book>>,
    counted: Counted,
}

/// A task with a model: its prices, looked up once, and its sums.
#[derive(Debug)]
struct Pair<'book> {
    other: Option<Price<'book>>,
    baseline: Option<Price<'book>>,
    sums: Sums,
    unpriced: BTreeMap<Lack, Unpriced>,
}

impl<'book> Tally<'book> {
    /// Nothing was counted yet.
    pub(crate) fn new(prices: Prices<'book>) -> Self {
        let counted = Counted::default();
        Self { prices, places: HashMap::new(), pairs: Vec::new(), counted }
    }

    /// Counts a leg.
    ///
    /// # Errors
    /// What is wrong with it, with the path of the field; then nothing of it is counted.
    pub(crate) fn add(&mut self, record: &Record) -> Result<(), String> {
        let Some(place) = self.place(record.task, &record.model) else {
            self.counted.has_too_many_pairs = true;
            return Ok(());
        };
        let Some(pair) = self.pairs.get_mut(place) else { return Ok(()) };
        let charged = pair.charged(record, self.prices.baseline.is_some())?;
        let priced = pair.other.as_ref().map_or(Ok(Err(None)), |price| {
            match rating::charge(price, &record.usage) {
                Ok(would_be) => Ok(Ok(would_be)),
                Err(RatingFault::Unpriced(meter)) => Ok(Err(Some(meter))),
                Err(fault @ RatingFault::Overflow) => Err(format!("`usage`: {fault}")),
            }
        })?;
        let added = match priced {
            Ok(would_be) => {
                if let (Some(customers), Some(customer)) = (self.prices.customers, &record.customer)
                {
                    customers.add(customer, charged, would_be);
                }
                self.counted.without_customer += u64::from(record.customer.is_none());
                pair.sums.add(&Sums::of_one(charged, would_be, record.cost_usd))
            }
            Err(lack) => {
                let one = Unpriced { legs: 1, charged };
                pair.unpriced.entry(lack).or_default().add(one)
            }
        };
        self.counted.is_out_of_range |= added.is_err();
        self.counted.legs += 1;
        self.counted.times = joined(self.counted.times, record.at.map(|at| (at, at)));
        Ok(())
    }

    /// Says that a line was no record. Lines come in their order.
    pub(crate) fn fault(&mut self, line: u64, message: String) {
        self.counted.faulty += 1;
        if self.counted.faults.len() < FAULTS_NAMED {
            self.counted.faults.push(LineFault { line, message });
        }
    }

    fn place(&mut self, task: Task, model: &ModelId) -> Option<usize> {
        let known = self.places.get(model).and_then(|tasks| {
            tasks.iter().find(|(other, _)| *other == task).map(|(_, place)| *place)
        });
        if known.is_some() {
            return known;
        }
        let place = self.pairs.len();
        if place == PAIRS_MAX {
            return None;
        }
        self.pairs.push(Pair {
            other: self.prices.other.price(task, model),
            baseline: self.prices.baseline.and_then(|book| book.price(task, model)),
            sums: Sums::default(),
            unpriced: BTreeMap::new(),
        });
        self.places.entry(model.clone()).or_default().push((task, place));
        Some(place)
    }

    /// What was counted.
    pub(crate) fn counted(mut self) -> Counted {
        for (model, tasks) in self.places {
            for (task, place) in tasks {
                let Some(pair) = self.pairs.get_mut(place) else { continue };
                let sums = std::mem::take(&mut pair.sums);
                self.counted.sums.insert((task, model.clone()), sums);
                for (lack, unpriced) in std::mem::take(&mut pair.unpriced) {
                    self.counted.unpriced.insert((task, model.clone(), lack), unpriced);
                }
            }
        }
        self.counted
    }
}

impl Pair<'_> {
    /// What was charged for a leg: what it says, or else what the baseline asks for it.
    fn charged(&self, record: &Record, has_baseline: bool) -> Result<Credits, String> {
        if let Some(charged) = record.charged {
            return Ok(charged);
        }
        let Some(price) = &self.baseline else {
            let (task, model) = (record.task.name(), &record.model);
            return Err(if has_baseline {
                format!(
                    "`model`: the baseline does not offer `{task}` with `{model}`: say what was \
                     `charged`, or name the book that it was sold from by --against"
                )
            } else {
                "`charged`: missing; say it, or name the book that it was sold from by --against"
                    .to_owned()
            });
        };
        rating::charge(price, &record.usage).map_err(|fault| {
            format!("`usage`: with the baseline, {fault}; or say what was `charged`")
        })
    }
}

impl Sums {
    fn of_one(charged: Credits, would_be: Credits, cost: Option<Dollars>) -> Self {
        let costed = cost.map(|cost| Costed { legs: 1, charged, would_be, cost });
        Self { legs: 1, charged, would_be, costed: costed.unwrap_or_default() }
    }

    /// Adds others.
    ///
    /// # Errors
    /// [`AmountOverflow`]; no sum is of use then.
    pub(crate) fn add(&mut self, other: &Self) -> Result<(), AmountOverflow> {
        self.legs += other.legs;
        self.charged = self.charged.add(other.charged)?;
        self.would_be = self.would_be.add(other.would_be)?;
        if other.costed.legs > 0 {
            let (all, more) = (&mut self.costed, &other.costed);
            all.legs += more.legs;
            all.charged = all.charged.add(more.charged)?;
            all.would_be = all.would_be.add(more.would_be)?;
            all.cost = all.cost.add(more.cost).map_err(|_| AmountOverflow)?;
        }
        Ok(())
    }
}

impl Unpriced {
    fn add(&mut self, other: Self) -> Result<(), AmountOverflow> {
        self.legs += other.legs;
        self.charged = self.charged.add(other.charged)?;
        Ok(())
    }
}

impl Counted {
    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: Self) {
        let mut is_out_of_range = other.is_out_of_range;
        for (pair, sums) in other.sums {
            is_out_of_range |= self.sums.entry(pair).or_default().add(&sums).is_err();
        }
        for (pair, unpriced) in other.unpriced {
            is_out_of_range |= self.unpriced.entry(pair).or_default().add(unpriced).is_err();
        }
        self.is_out_of_range |= is_out_of_range;
        self.has_too_many_pairs |= other.has_too_many_pairs || self.sums.len() > PAIRS_MAX;
        self.legs += other.legs;
        self.without_customer += other.without_customer;
        self.times = joined(self.times, other.times);
        self.faulty += other.faulty;
        self.faults.extend(other.faults);
        self.faults.sort_by_key(|fault| fault.line);
        self.faults.truncate(FAULTS_NAMED);
    }
}

fn joined(
    one: Option<(Timestamp, Timestamp)>,
    other: Option<(Timestamp, Timestamp)>,
) -> Option<(Timestamp, Timestamp)> {
    match (one, other) {
        (Some((from, to)), Some((other_from, other_to))) => {
            Some((from.min(other_from), to.max(other_to)))
        }
        (one, other) => one.or(other),
    }
}
