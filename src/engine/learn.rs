//! Learning a calibration from answers that were settled, in memory that does not grow with their
//! number.
//!
//! Lengths are counted in cells that are a sixteenth of their value wide at most, so a number that
//! is learned is true to that. For each task and model there are at most as many counts as pairs of
//! such cells for input and output. The bands are made of neighbouring cells of the input, each with
//! about as many answers as the others, so that there are more of them where inputs are frequent.
//!
//! An answer that was cut off, by its cap or by Stop, says only that it would have been at least so
//! long. Left out, long answers would be missing; taken for whole, they would be too short. So it is
//! counted as if it had ended as the longer ones of its band did (Kaplan and Meier's estimate, by
//! Efron's redistribution to the right).

use crate::account::Hold;
use crate::bounds;
use crate::calibration::{
    BANDS_MAX, Calibration, CalibrationBand, CalibrationRow, Quantiles, ROWS_MAX, SCHEMA,
    SETTLEMENTS_MIN,
};
use crate::id::ModelId;
use crate::meter::{Meter, QUANTITY_MAX};
use crate::price_book::{KindName, PublishedBook};
use crate::request::Task;
use crate::settle::{Finish, LegEnd, Settled, UsageSource};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// What was learned so far.
#[derive(Clone, Debug, Default)]
pub struct Learner {
    pairs: BTreeMap<(Task, ModelId), Answers>,
    /// The number of the account whose answers come now.
    account: u64,
}

/// The answers of one model to one task.
#[derive(Clone, Debug, Default)]
struct Answers {
    /// By the size of the input.
    inputs: BTreeMap<Cell, Lengths>,
    /// How many accounts they are of.
    accounts: u64,
    /// The number of the last of these.
    last_account: Option<u64>,
}

/// How long one answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// It came to its end after so many tokens, reasoning included.
    Ended(u64),
    /// It was cut off after so many.
    CutOff(u64),
}

/// How often each length was met.
type Lengths = BTreeMap<Cell, Counts>;

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    ended: u64,
    cut_off: u64,
}

impl Counts {
    const fn all(self) -> u64 {
        self.ended.saturating_add(self.cut_off)
    }
}

impl Learner {
    /// What is learned from here on is another account's. Nothing is kept of whose.
    pub const fn next_account(&mut self) {
        self.account = self.account.saturating_add(1);
    }

    /// Learns from an action: from those of its legs that made text, were settled, and whose usage
    /// the provider reported whole. `book` is the one that priced it.
    ///
    /// The size of the input is the one that the estimate expected: nobody knows before sending
    /// what it will have come to in the model's own tokens, and in how many rounds.
    pub fn take(&mut self, book: &PublishedBook, hold: &Hold) {
        let task = hold.request.task;
        for leg in &hold.legs {
            let Some(LegEnd::Settled(settled)) = &leg.end else { continue };
            if task.kind() != KindName::Text || settled.usage_source != UsageSource::Reported {
                continue;
            }
            let plan = bounds::plan(&book.book, &hold.request, &hold.caps, &settled.model);
            // A book that does not price it says nothing of it either.
            let Ok(plan) = plan else { continue };
            self.add(task, &settled.model, plan.bounds().input_tokens.expected, length_of(settled));
        }
    }

    /// Learns how long an answer to so many tokens of expected input was.
    pub fn add(&mut self, task: Task, model: &ModelId, input_tokens: u64, length: Length) {
        let answers = self.pairs.entry((task.priced_as(), model.clone())).or_default();
        if answers.last_account.replace(self.account) != Some(self.account) {
            answers.accounts = answers.accounts.saturating_add(1);
        }
        let (Length::Ended(tokens) | Length::CutOff(tokens)) = length;
        // Nothing and one token are of one band: the first begins at nothing.
        let lengths =
            answers.inputs.entry(Cell::of(input_tokens.clamp(1, QUANTITY_MAX))).or_default();
        let counts = lengths.entry(Cell::of(tokens.min(QUANTITY_MAX))).or_default();
        let count = match length {
            Length::Ended(_) => &mut counts.ended,
            Length::CutOff(_) => &mut counts.cut_off,
        };
        *count = count.saturating_add(1);
    }

    /// What was learned, of tasks and models with enough settlements of so many accounts; of too many
    /// such, those with the most settlements.
    pub fn calibration(&self, accounts_min: u64) -> Calibration {
        let known = self.pairs.iter().filter(|(_, answers)| answers.accounts >= accounts_min);
        let rows = known.map(|((task, model), answers)| CalibrationRow {
            task: *task,
            model: model.clone(),
            bands: bands_of(&answers.inputs),
        });
        let mut rows: Vec<CalibrationRow> = rows.filter(|row| !row.bands.is_empty()).collect();
        if rows.len() > ROWS_MAX {
            let settlements = |row: &CalibrationRow| {
                row.bands.iter().map(|band| band.settlements).fold(0, u64::saturating_add)
            };
            rows.sort_by_key(|row| Reverse(settlements(row)));
            rows.truncate(ROWS_MAX);
            rows.sort_by(|a, b| (a.task, &a.model).cmp(&(b.task, &b.model)));
        }
        Calibration { schema: SCHEMA, rows }
    }
}

/// A provider's filter cuts off as Stop does.
fn length_of(settled: &Settled) -> Length {
    let count = |meter| settled.usage.quantity(meter);
    let tokens = count(Meter::OutputTokens).saturating_add(count(Meter::ReasoningTokens));
    match settled.finish {
        Finish::Completed => Length::Ended(tokens),
        Finish::Stopped | Finish::Length | Finish::ContentFilter => Length::CutOff(tokens),
    }
}

/// Neighbouring cells of the input together, until they have their share of all answers; what is
/// left in the end goes to the last.
fn bands_of(inputs: &BTreeMap<Cell, Lengths>) -> Vec<CalibrationBand> {
    let all = inputs.values().map(settlements_of).fold(0, u64::saturating_add);
    let share = all.div_ceil(u64::try_from(BANDS_MAX).unwrap_or(1));
    let enough = share.max(SETTLEMENTS_MIN);
    let mut bands: Vec<(u64, Lengths)> = Vec::new();
    let (mut above, mut open) = (0, Lengths::new());
    for (cell, lengths) in inputs {
        merge(&mut open, lengths);
        if settlements_of(&open) >= enough {
            bands.push((above, core::mem::take(&mut open)));
            above = cell.last();
        }
    }
    if let Some((_, last)) = bands.last_mut() {
        merge(last, &open);
    }
    let band = |(above_input_tokens, lengths): &(u64, Lengths)| CalibrationBand {
        above_input_tokens: *above_input_tokens,
        output_tokens: quantiles_of(lengths),
        settlements: settlements_of(lengths),
    };
    bands.iter().map(band).collect()
}

fn settlements_of(lengths: &Lengths) -> u64 {
    lengths.values().map(|counts| counts.all()).fold(0, u64::saturating_add)
}

fn merge(into: &mut Lengths, from: &Lengths) {
    for (cell, counts) in from {
        let merged = into.entry(*cell).or_default();
        merged.ended = merged.ended.saturating_add(counts.ended);
        merged.cut_off = merged.cut_off.saturating_add(counts.cut_off);
    }
}

/// What each answer weighs at first; those that were cut off leave theirs to the longer ones.
const WEIGHT: u128 = 1 << 32;

fn quantiles_of(lengths: &Lengths) -> Quantiles {
    let all = u128::from(settlements_of(lengths)).saturating_mul(WEIGHT);
    let tenths = |count: u128| all.saturating_mul(count).div_ceil(10);
    let [p10, p50, p90] = [tenths(1), tenths(5), tenths(9)].map(|weight| cell_at(lengths, weight));
    Quantiles {
        p10: p10.first(),
        p50: p50.first().midpoint(p50.last()),
        p90: p90.last().min(QUANTITY_MAX),
    }
}

/// The shortest length that answers of so much weight do not exceed.
fn cell_at(lengths: &Lengths, wanted: u128) -> Cell {
    let mut left = settlements_of(lengths);
    let (mut each, mut reached) = (WEIGHT, 0_u128);
    let mut last = Cell::default();
    for (cell, counts) in lengths {
        last = *cell;
        left = left.saturating_sub(counts.all());
        reached = reached.saturating_add(each.saturating_mul(counts.ended.into()));
        if reached >= wanted {
            break;
        }
        // Nothing is longer than the longest: those cut off there end there.
        let given = each.saturating_mul(counts.cut_off.into());
        each = each.saturating_add(given.checked_div(left.into()).unwrap_or(0));
    }
    last
}

/// A range of whole numbers: of those below 16 one each, then 16 for each doubling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cell(u64);

impl Cell {
    const BITS: u32 = 4;

    fn of(number: u64) -> Self {
        let bits = u64::BITS.saturating_sub(number.leading_zeros());
        let shift = bits.saturating_sub(Self::BITS.saturating_add(1));
        // The leading bits, which count on from one doubling to the next.
        Self((number >> shift).saturating_add(Self::start_of(shift)))
    }

    fn start_of(shift: u32) -> u64 {
        u64::from(shift).saturating_mul(1 << Self::BITS)
    }

    /// The smallest of its numbers.
    fn first(self) -> u64 {
        let doubling = u32::try_from(self.0 >> Self::BITS).unwrap_or(u32::MAX);
        let shift = doubling.saturating_sub(1);
        self.0.saturating_sub(Self::start_of(shift)).checked_shl(shift).unwrap_or(u64::MAX)
    }

    /// The largest of its numbers.
    fn last(self) -> u64 {
        Self(self.0.saturating_add(1)).first().saturating_sub(1)
    }
}
