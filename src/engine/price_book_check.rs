//! The completeness of a price book (R5): a book is complete or it is refused.
//!
//! All faults are listed, each with its path, so that an operator mends a book in one go. The
//! shape of the document is not checked here but where it is read.

use crate::amount::Credits;
use crate::check_models::check_models;
use crate::check_routing::{advise_on_routing, check_routing};
use crate::check_tasks::check_tasks;
use crate::estimate::estimate;
use crate::id::BookVersion;
use crate::price_book::{PlanId, PriceBook, PublishedBook, SCHEMA};
use crate::rate::{RATE_MAX, Rate};
use crate::written::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The most entries of one list of a book.
pub const LIST_LENGTH_MAX: usize = 10_000;

/// One rule that a book breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// Where, as `models[3].rates.input_tokens`.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.message)
    }
}

/// Everything that is wrong with `book`; nothing, where it is complete.
pub fn check(book: &PriceBook) -> Vec<RuleFault> {
    let mut faults = Faults::default();
    check_frame(book, &mut faults);
    check_levels(book, &mut faults);
    check_models(book, &mut faults);
    check_tasks(book, &mut faults);
    check_routing(book, &mut faults);
    check_plans(book, &mut faults);
    check_packs(book, &mut faults);
    if faults.0.is_empty() {
        // A reference can only be priced with a book that holds together.
        check_references(book, &mut faults);
    }
    faults.0
}

/// What the writer of a complete book should look at: it can be used, and yet a part of it does
/// nothing.
pub fn advice(book: &PriceBook) -> Vec<RuleFault> {
    let mut faults = Faults::default();
    advise_on_routing(book, &mut faults);
    faults.0
}

/// The faults found so far.
#[derive(Default)]
pub(crate) struct Faults(Vec<RuleFault>);

impl Faults {
    /// All of them.
    pub(crate) fn into_list(self) -> Vec<RuleFault> {
        self.0
    }

    /// Adds a fault where `fine` does not hold.
    pub(crate) fn unless(&mut self, fine: bool, path: &str, message: &str) {
        if !fine {
            self.0.push(RuleFault { path: path.into(), message: message.into() });
        }
    }

    /// A list has at least one entry and is not longer than any list may be.
    pub(crate) fn list_length(&mut self, length: usize, path: &str) {
        self.unless(length > 0, path, "is empty; it needs at least one entry");
        let message = format!("has {length} entries; at most {LIST_LENGTH_MAX} are allowed");
        self.unless(length <= LIST_LENGTH_MAX, path, &message);
    }

    /// A rate is inside its limits, and zero only where it says so.
    pub(crate) fn rate(&mut self, rate: &Rate, path: &str) {
        self.unless(!rate.credits.is_negative(), path, "is negative");
        self.unless(rate.credits <= RATE_MAX, path, &format!("is above {RATE_MAX} credits"));
        let is_zero = rate.credits == Credits::ZERO;
        self.unless(
            !is_zero || rate.free,
            path,
            "is zero; mark it `\"free\": true` if it is meant",
        );
        self.unless(is_zero || !rate.free, path, "is marked free and not zero");
    }
}

fn check_frame(book: &PriceBook, faults: &mut Faults) {
    let message = format!("is {} and this engine reads {SCHEMA}", book.schema);
    faults.unless(book.schema == SCHEMA, "schema", &message);
    faults.unless(!book.id.is_empty(), "id", "is empty; give the catalogue a name");
    faults.unless(book.charge_step.is_positive(), "charge_step", "must be above zero");
    let models_max = book.compare.models_max;
    faults.unless((2..=4).contains(&models_max), "compare.models_max", "must be 2, 3 or 4");
}

fn check_levels(book: &PriceBook, faults: &mut Faults) {
    faults.list_length(book.levels.len(), "levels");
    let first = book.levels.first().map(|band| band.from);
    let message = "must be \"0\", so that every price has a level";
    faults.unless(first.is_none_or(|from| from == Credits::ZERO), "levels[0].from", message);
    for (index, (below, above)) in book.levels.iter().zip(book.levels.iter().skip(1)).enumerate() {
        let path = format!("levels[{}]", index.saturating_add(1));
        let ascending = below.from < above.from && below.level < above.level;
        faults.unless(ascending, &path, "must be above the level before it, by name and by `from`");
    }
}

fn check_plans(book: &PriceBook, faults: &mut Faults) {
    for (id, name) in [(PlanId::Free, "free"), (PlanId::Pro, "pro")] {
        let count = book.plans.iter().filter(|plan| plan.id == id).count();
        faults.unless(count == 1, "plans", &format!("must have exactly one plan `{name}`"));
    }
    for (index, plan) in book.plans.iter().enumerate() {
        let path = |field: &str| format!("plans[{index}].{field}");
        faults.unless(!plan.name.is_empty(), &path("name"), "is empty");
        faults.unless(plan.credits.is_positive(), &path("credits"), "must be above zero");
        match plan.id {
            PlanId::Free => {
                let message = "the free plan has no price and no period; leave it out";
                faults.unless(plan.price_usd.is_none(), &path("price_usd"), message);
                faults.unless(plan.months.is_none(), &path("months"), message);
            }
            PlanId::Pro => {
                let priced = plan.price_usd.is_some_and(|usd| usd > 0);
                faults.unless(priced, &path("price_usd"), "must be above zero");
                let months = matches!(plan.months, Some(1 | 12));
                faults.unless(months, &path("months"), "must be 1 or 12");
            }
        }
    }
}

fn check_packs(book: &PriceBook, faults: &mut Faults) {
    let packs = &book.packs;
    faults.unless(packs.usd_min > 0, "packs.usd_min", "must be above zero");
    faults.unless(packs.usd_max >= packs.usd_min, "packs.usd_max", "is below `usd_min`");
    faults.list_length(packs.brackets.len(), "packs.brackets");
    let first = packs.brackets.first().map(|bracket| bracket.from_usd);
    let begins = first.is_none_or(|from| from == packs.usd_min);
    faults.unless(begins, "packs.brackets[0].from_usd", "must be `usd_min`");
    for (index, bracket) in packs.brackets.iter().enumerate() {
        let path = format!("packs.brackets[{index}].credits_per_usd");
        faults.unless(bracket.credits_per_usd.is_positive(), &path, "must be above zero");
        let reachable = bracket.from_usd <= packs.usd_max;
        let from = format!("packs.brackets[{index}].from_usd");
        faults.unless(reachable, &from, "is above `usd_max`, so nobody can reach it");
        let largest = bracket.credits_per_usd.times(u64::from(packs.usd_max));
        faults.unless(largest.is_ok(), &path, "makes packs larger than any balance can be");
    }
    let pairs = packs.brackets.iter().zip(packs.brackets.iter().skip(1));
    for (index, (below, above)) in pairs.enumerate() {
        let path = format!("packs.brackets[{}]", index.saturating_add(1));
        faults.unless(below.from_usd < above.from_usd, &path, "must begin above the one before it");
        let cheaper = below.credits_per_usd <= above.credits_per_usd;
        faults.unless(cheaper, &path, "must not give less per dollar than the one before it");
    }
}

/// Every reference request shows its level (R9).
fn check_references(book: &PriceBook, faults: &mut Faults) {
    faults.list_length(book.references.len(), "references");
    // Levels do not depend on the version, which nobody knows before the book is accepted.
    let Ok(version) = "unpublished".parse::<BookVersion>() else {
        return;
    };
    let published = PublishedBook { version, book: book.clone() };
    for (index, reference) in book.references.iter().enumerate() {
        let path = format!("references[{index}]");
        let earlier = book.references.iter().take(index).any(|one| one.row == reference.row);
        let named = !reference.row.is_empty() && !earlier;
        faults.unless(named, &format!("{path}.row"), "must name a row, and no row twice");
        match estimate(&published, &reference.request) {
            Err(denial) => faults.unless(false, &format!("{path}.request"), &format!("{denial}")),
            Ok(price) => {
                for candidate in price.legs.iter().flat_map(|leg| &leg.candidates) {
                    let message = format!(
                        "`{}` on `{}` costs {} for one unit or more, level {:?}, and the table says {:?}",
                        reference.row,
                        candidate.model,
                        candidate.expected,
                        candidate.level,
                        reference.levels
                    );
                    let listed = reference.levels.contains(&candidate.level);
                    faults.unless(listed, &format!("{path}.levels"), &message);
                }
            }
        }
    }
}
