//! What each customer was charged and would be charged, summed while records go by.
//!
//! All threads add to one table, in parts so that they seldom meet; a table for each thread would
//! hold every customer as often as there are threads. Sums do not depend on the order in which
//! their parts come. It decides nothing about prices.

use kumari_engine::amount::Credits;
use kumari_engine::id::AccountId;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A power of two, many more than there are threads.
const PARTS: usize = 256;

/// The sums of all customers.
#[derive(Debug)]
pub(crate) struct Customers {
    parts: Vec<Mutex<HashMap<Box<str>, Sums>>>,
    hash: RandomState,
    count: AtomicUsize,
    max: usize,
}

/// The sums of one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) charged: Credits,
    pub(crate) would_be: Credits,
}

/// From when on somebody would pay much more: both must be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MuchMore {
    pub(crate) percent: u32,
    pub(crate) credits: Credits,
}

/// Who would pay much more.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many customers there are.
    pub(crate) all: u64,
    /// How many of them would pay much more.
    pub(crate) much_more: u64,
    /// Those to whom it makes the greatest difference, the greatest first.
    pub(crate) first: Vec<(Box<str>, Sums)>,
}

/// There are more customers than are to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Customers {
    /// None yet, and never more than `max`.
    pub(crate) fn new(max: usize) -> Self {
        let parts = (0..PARTS).map(|_| Mutex::default()).collect();
        Self { parts, hash: RandomState::new(), count: AtomicUsize::new(0), max }
    }

    /// Adds a leg of a customer. Who is one too many is only counted: whether there are too many
    /// is known when all are there, whoever came first.
    pub(crate) fn add(&self, customer: &AccountId, charged: Credits, would_be: Credits) {
        let name = customer.as_str();
        let Some(mut part) = self.part(name) else { return };
        if let Some(sums) = part.get_mut(name) {
            // Charges are never negative. So a sum that leaves its range here does so in the sum of
            // all customers too, which is an error; nobody sees this one.
            sums.charged = sums.charged.add(charged).unwrap_or(Credits::MAX);
            sums.would_be = sums.would_be.add(would_be).unwrap_or(Credits::MAX);
        } else if self.count.fetch_add(1, Ordering::Relaxed) < self.max {
            part.insert(name.into(), Sums { charged, would_be });
        }
    }

    /// The customers who would pay much more, and the `first` of them.
    ///
    /// # Errors
    /// [`TooMany`] where somebody is missing.
    pub(crate) fn find(&self, much_more: MuchMore, first: usize) -> Result<Found, TooMany> {
        if self.count.load(Ordering::Relaxed) > self.max {
            return Err(TooMany);
        }
        let mut found = Found::default();
        // By what it makes greater or less, then by name: the order is the same for the same sums.
        let mut kept = BTreeSet::new();
        for part in &self.parts {
            for (name, sums) in lock(part).iter() {
                found.all += 1;
                if !much_more.is(*sums) {
                    continue;
                }
                found.much_more += 1;
                let less = -sums.more();
                let is_before = |last: &(i128, Box<str>)| (less, name) < (last.0, &last.1);
                if kept.len() < first || kept.last().is_some_and(is_before) {
                    kept.insert((less, name.clone()));
                    if kept.len() > first {
                        kept.pop_last();
                    }
                }
            }
        }
        let with_sums = |(_, name): (i128, Box<str>)| {
            let sums = self.part(&name)?.get(&name).copied()?;
            Some((name, sums))
        };
        found.first = kept.into_iter().filter_map(with_sums).collect();
        Ok(found)
    }

    fn part(&self, name: &str) -> Option<MutexGuard<'_, HashMap<Box<str>, Sums>>> {
        let [first, ..] = self.hash.hash_one(name).to_le_bytes();
        self.parts.get(usize::from(first) % PARTS).map(lock)
    }
}

fn lock(part: &Mutex<HashMap<Box<str>, Sums>>) -> MutexGuard<'_, HashMap<Box<str>, Sums>> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sums {
    /// How many micro-credits more it would be; below zero where it would be less.
    fn more(self) -> i128 {
        i128::from(self.would_be.as_micros()) - i128::from(self.charged.as_micros())
    }
}

impl MuchMore {
    fn is(self, sums: Sums) -> bool {
        let more = sums.more();
        more >= i128::from(self.credits.as_micros())
            && more * 100 >= i128::from(sums.charged.as_micros()) * i128::from(self.percent)
            // Nobody pays more by nothing, whatever the thresholds are.
            && more > 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Customers, MuchMore, TooMany};
    use kumari_engine::amount::Credits;

    fn credits(text: &str) -> Credits {
        text.parse().unwrap()
    }

    fn customers(max: usize) -> Customers {
        let customers = Customers::new(max);
        for (name, charged, would_be) in [
            ("less", "10", "8"),
            ("same", "10", "10"),
            ("a-little", "100", "109.999999"),
            ("just", "100", "110"),
            ("few-credits", "1", "5"),
            ("from-nothing", "0", "10"),
            ("twice", "50", "55"),
            ("twice", "50", "65"),
            ("also-twenty", "100", "120"),
        ] {
            customers.add(&name.parse().unwrap(), credits(charged), credits(would_be));
        }
        customers
    }

    fn names(first: usize, percent: u32, least: &str) -> (u64, Vec<String>) {
        let much_more = MuchMore { percent, credits: credits(least) };
        let found = customers(8).find(much_more, first).unwrap();
        assert_eq!(found.all, 8);
        (found.much_more, found.first.iter().map(|(name, _)| name.to_string()).collect())
    }

    #[test]
    fn who_would_pay_much_more_reaches_both_thresholds_and_the_greatest_difference_comes_first() {
        let all = ["also-twenty", "twice", "from-nothing", "just"];
        assert_eq!(names(9, 10, "10"), (4, all.map(String::from).to_vec()));
        assert_eq!(names(3, 10, "10"), (4, all[..3].iter().map(ToString::to_string).collect()));
        assert_eq!(names(0, 10, "10"), (4, Vec::new()));
        assert_eq!(names(1, 20, "10.000001").1, ["also-twenty"]);
        assert_eq!(names(9, 21, "0").1, ["from-nothing", "few-credits"]);
        let nothing = names(9, 0, "0");
        assert!(!nothing.1.contains(&"same".to_owned()) && nothing.0 == 6, "{nothing:?}");
    }

    #[test]
    fn one_too_many_is_an_error_and_not_left_out() {
        let much_more = MuchMore { percent: 10, credits: credits("1") };
        assert_eq!(customers(7).find(much_more, 1).unwrap_err(), TooMany);
    }
}
