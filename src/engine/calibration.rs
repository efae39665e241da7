//! Calibration: how long an answer is likely to be, learned from those that were settled before.
//!
//! For a task and a model it has, by the size of the input, three numbers of output tokens. It
//! moves the likely price of an estimate, which then has a likely range too, and nothing else:
//! neither the least and the most that something costs, nor its level, its caps, a hold or a book's
//! version (R11). Where it says nothing, the book's own likely price stays. It is learned in
//! [`crate::learn`].

use crate::checked::fields;
use crate::id::ModelId;
use crate::meter::QUANTITY_MAX;
use crate::price_book::KindName;
use crate::price_book_check::{Faults, RuleFault};
use crate::request::Task;
use crate::written::format;
use alloc::vec::Vec;
use serde::Serialize;

/// The schema of calibrations that this engine reads.
pub const SCHEMA: u32 = 1;
/// The most pairs of task and model.
pub const ROWS_MAX: usize = 1_000;
/// The most bands of one of them.
pub const BANDS_MAX: usize = 16;
/// The fewest settlements that a band tells of: fewer say little of others, and too much of whoever
/// made them.
pub const SETTLEMENTS_MIN: u64 = 30;
/// The fewest accounts whose answers a row is learned from, unless an operator says otherwise: what is
/// one customer's alone would tell everybody how long that customer's answers are.
pub const ACCOUNTS_MIN: u64 = 5;

/// How long answers were; nothing of whose they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Calibration {
    /// The form of this document; [`SCHEMA`] for this engine.
    pub schema: u32,
    /// What is known of each task and model, ascending by both.
    pub rows: Vec<CalibrationRow>,
}

fields! {
    Calibration { schema, rows }
}

/// Nothing is known.
impl Default for Calibration {
    fn default() -> Self {
        Self { schema: SCHEMA, rows: Vec::new() }
    }
}

/// How long the answers of a model to a task were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CalibrationRow {
    /// The task, one that is priced on its own: a leg of a comparison and a routed message are
    /// `direct`.
    pub task: Task,
    /// The model.
    pub model: ModelId,
    /// By the input, ascending; the first from no tokens on.
    pub bands: Vec<CalibrationBand>,
}

fields! {
    CalibrationRow { task, model, bands }
}

/// How long the answers to inputs of about one size were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CalibrationBand {
    /// It begins above so much total input, as an estimate expects it.
    pub above_input_tokens: u64,
    /// How long the answers were, reasoning included.
    pub output_tokens: Quantiles,
    /// How many of them there were, at least [`SETTLEMENTS_MIN`].
    pub settlements: u64,
}

fields! {
    CalibrationBand { above_input_tokens, output_tokens, settlements }
}

/// Three quantiles of what was counted, ascending: eight of ten lie between the outer ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Quantiles {
    /// One of ten was at most that.
    pub p10: u64,
    /// Half of them were.
    pub p50: u64,
    /// Nine of ten were.
    pub p90: u64,
}

fields! {
    Quantiles { p10, p50, p90 }
}

impl Calibration {
    /// How long answers of `model` to `task` are likely to be.
    pub(crate) fn bands(&self, task: Task, model: &ModelId) -> &[CalibrationBand] {
        let task = task.priced_as();
        let row = self.rows.iter().find(|row| row.task == task && row.model == *model);
        row.map_or(&[], |row| &row.bands)
    }
}

/// What `bands` say of an input that is expected to have so many tokens; nothing where there are
/// none.
pub(crate) fn likely_output(bands: &[CalibrationBand], input_tokens: u64) -> Option<Quantiles> {
    let reached = bands.iter().rev().find(|band| input_tokens > band.above_input_tokens);
    reached.or_else(|| bands.first()).map(|band| band.output_tokens)
}

/// Everything that is wrong with `calibration`; nothing, where it can be used.
pub fn check(calibration: &Calibration) -> Vec<RuleFault> {
    let mut faults = Faults::default();
    let rows = &calibration.rows;
    let message = format!("has {} entries; at most {ROWS_MAX} are allowed", rows.len());
    faults.unless(rows.len() <= ROWS_MAX, "rows", &message);
    let mut before = None;
    for (index, row) in rows.iter().enumerate() {
        let path = format!("rows[{index}]");
        let priced = row.task.priced_as() == row.task && row.task.kind() == KindName::Text;
        let message = "must be a task that is priced on its own and makes text";
        faults.unless(priced, &format!("{path}.task"), message);
        let key = Some((row.task, &row.model));
        let message = "must come after the row before it, by task and by model";
        faults.unless(before < key, &path, message);
        before = key;
        check_bands(&row.bands, &path, &mut faults);
    }
    faults.into_list()
}

fn check_bands(bands: &[CalibrationBand], row: &str, faults: &mut Faults) {
    let message = format!("has {} entries; 1 to {BANDS_MAX} are allowed", bands.len());
    faults.unless((1..=BANDS_MAX).contains(&bands.len()), &format!("{row}.bands"), &message);
    let mut before = None;
    for (index, band) in bands.iter().enumerate() {
        let path = |field: &str| format!("{row}.bands[{index}].{field}");
        let begins = band.above_input_tokens;
        let ascends = before.map_or(begins == 0, |before| begins > before);
        let message = "must be 0 in the first band, and above the one before it in the others";
        faults.unless(ascends && begins <= QUANTITY_MAX, &path("above_input_tokens"), message);
        before = Some(begins);
        let Quantiles { p10, p50, p90 } = band.output_tokens;
        let ascends = p10 <= p50 && p50 <= p90 && p90 <= QUANTITY_MAX;
        let message = format!("must ascend, up to {QUANTITY_MAX} at most");
        faults.unless(ascends, &path("output_tokens"), &message);
        let message = format!("must be at least {SETTLEMENTS_MIN}");
        faults.unless(band.settlements >= SETTLEMENTS_MIN, &path("settlements"), &message);
    }
}
