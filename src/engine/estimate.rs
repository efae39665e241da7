//! The estimate: low, expected and high price before use (R9, R10).
//!
//! `high` is a promise: no charge of an action that stays inside its bounds exceeds it, and the
//! server sends those bounds to the provider. `low` is the cheapest way the same bounds can end.

use crate::amount::Credits;
use crate::bounds::{self, LegBounds};
use crate::calibration::{self, Calibration};
use crate::checked::{fields, names};
use crate::denial::Denial;
use crate::id::{BookVersion, ModelId};
use crate::price_book::{LevelBand, PublishedBook};
use crate::rating::Line;
use crate::request::{Request, Task};
use crate::request_check::check_request;
use crate::routing;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The price of a request before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The version of the book that it was made with.
    pub price_book: BookVersion,
    /// The least that the action costs when every leg ends with complete usage.
    pub low: Credits,
    /// The likely price.
    pub expected: Credits,
    /// The most that it can cost; what a hold reserves.
    pub high: Credits,
    /// What it is likely to lie between, where that was learned of every leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely: Option<LikelyRange>,
    /// The level shown beside the price.
    pub level: LevelShown,
    /// The caps that these prices are for.
    pub caps: Caps,
    /// One leg for each model of a comparison, else one.
    pub legs: Vec<LegEstimate>,
}

/// The price of one leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct LegEstimate {
    /// The model that is likely to answer; in all tasks but routing the only one.
    pub model: ModelId,
    /// The cheapest candidate's low.
    pub low: Credits,
    /// The likely model's expected.
    pub expected: Credits,
    /// The dearest candidate's high.
    pub high: Credits,
    /// The likely model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely: Option<LikelyRange>,
    /// Which of the book's routing rules named the likely model, counted from 0; absent where none
    /// did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<u32>,
    /// Every model that may answer; one in all tasks but routing.
    pub candidates: Vec<CandidateEstimate>,
}

/// The price of one leg on one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct CandidateEstimate {
    /// The model.
    pub model: ModelId,
    /// The least that this leg costs with complete usage.
    pub low: Credits,
    /// The likely price.
    pub expected: Credits,
    /// The most that it can cost.
    pub high: Credits,
    /// What it is likely to lie between, where that was learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely: Option<LikelyRange>,
    /// The level of one unit, by the book alone.
    pub level: Level,
    /// How many units the leg makes: images, clips, 3D models; 1 for text.
    pub units: u32,
    /// What the leg may use.
    pub bounds: LegBounds,
    /// How `expected` comes about.
    pub lines: Vec<Line>,
}

/// What a price is likely to lie between: `low <= likely.low <= expected <= likely.high <= high`.
/// Of one leg: eight of ten answers to inputs like this one were so long that they would have cost
/// that, with the steps and searches that are expected. Of several legs: the sums of both ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LikelyRange {
    /// With the shortest of these answers.
    pub low: Credits,
    /// With the longest of them.
    pub high: Credits,
}

/// How dear one unit is, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum Level {
    /// The cheapest band.
    Low,
    /// The second band.
    Medium,
    /// The third band.
    High,
    /// The dearest band.
    VeryHigh,
}

names! {
    pub Level {
        Low = "low",
        Medium = "medium",
        High = "high",
        VeryHigh = "very_high",
    }
}

/// The level as it is shown (R9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LevelShown {
    /// Each level with how many units have it, in ascending order: "Low, Medium x 2".
    Units {
        /// At least one.
        units: Vec<LevelCount>,
    },
    /// The levels of the cheapest and the dearest candidate of a routed message.
    Range {
        /// The lowest.
        low: Level,
        /// The highest.
        high: Level,
    },
}

/// How many units have a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LevelCount {
    /// The level of each of them.
    pub level: Level,
    /// How many.
    pub count: u32,
}

/// Tighter bounds than the request's own, made to fit a balance (R15). Nothing is capped where a
/// field is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Caps {
    /// The longest answer of each leg, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub output_tokens: Option<u64>,
    /// The most steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub steps: Option<u64>,
    /// The most searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub searches: Option<u64>,
    /// The only candidates that a routed message may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<ModelId>>,
}

fields! {
    Caps {
        output_tokens or default, steps or default, searches or default, candidates or default,
    }
}

impl Caps {
    /// Whether nothing is capped.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The price of `request` in `book`, uncapped and by the book alone (R10).
///
/// # Errors
/// A [`Denial`] with `request_invalid` where a count is missing or contradicts the task, or
/// `not_offered` where the book has no price for it.
pub fn estimate(book: &PublishedBook, request: &Request) -> Result<Estimate, Denial> {
    estimate_capped(book, request, &Caps::default())
}

/// The price of `request` in `book` under `caps`, by the book alone.
///
/// # Errors
/// As [`estimate`].
pub fn estimate_capped(
    book: &PublishedBook,
    request: &Request,
    caps: &Caps,
) -> Result<Estimate, Denial> {
    estimate_calibrated(book, request, caps, &Calibration::default())
}

/// As [`estimate_capped`], with the likely price and range that `calibration` knows of; nothing
/// else depends on it (R11). It is for what people are shown: a hold, and whether there may be one,
/// follow from the rest.
///
/// # Errors
/// As [`estimate`].
pub fn estimate_calibrated(
    book: &PublishedBook,
    request: &Request,
    caps: &Caps,
    calibration: &Calibration,
) -> Result<Estimate, Denial> {
    check_request(&book.book, request)?;
    let asked = Asked { book, request, caps, calibration };
    let legs = if request.task == Task::Routing {
        let routed = routing::route(&book.book, request, caps)?;
        Vec::from([asked.leg(&routed.candidates, &routed.likely, routed.rule)?])
    } else {
        let mut legs = Vec::with_capacity(request.models.len());
        for model in &request.models {
            legs.push(asked.leg(core::slice::from_ref(model), model, None)?);
        }
        legs
    };
    Ok(Estimate {
        price_book: book.version.clone(),
        low: Credits::sum(legs.iter().map(|leg| leg.low))?,
        expected: Credits::sum(legs.iter().map(|leg| leg.expected))?,
        high: Credits::sum(legs.iter().map(|leg| leg.high))?,
        likely: likely_of_all(&legs)?,
        level: level_shown(request.task, &legs),
        caps: caps.clone(),
        legs,
    })
}

/// The band of `levels` that the expected price of one unit falls into.
pub fn level_of(levels: &[LevelBand], expected: Credits) -> Level {
    let reached = levels.iter().rev().find(|band| expected >= band.from);
    reached.or_else(|| levels.first()).map_or(Level::Low, |band| band.level)
}

/// What is priced, and by what.
struct Asked<'a> {
    book: &'a PublishedBook,
    request: &'a Request,
    caps: &'a Caps,
    calibration: &'a Calibration,
}

impl Asked<'_> {
    fn leg(
        &self,
        models: &[ModelId],
        likely: &ModelId,
        rule: Option<u32>,
    ) -> Result<LegEstimate, Denial> {
        let mut candidates: Vec<CandidateEstimate> = Vec::with_capacity(models.len());
        for model in models {
            candidates.push(self.candidate(model)?);
        }
        let answering = candidates.iter().find(|candidate| candidate.model == *likely);
        Ok(LegEstimate {
            model: likely.clone(),
            low: candidates.iter().map(|candidate| candidate.low).min().unwrap_or_default(),
            expected: answering.map(|candidate| candidate.expected).unwrap_or_default(),
            high: candidates.iter().map(|candidate| candidate.high).max().unwrap_or_default(),
            likely: answering.and_then(|candidate| candidate.likely),
            rule,
            candidates,
        })
    }

    fn candidate(&self, model: &ModelId) -> Result<CandidateEstimate, Denial> {
        let book = &self.book.book;
        let plan = bounds::plan(book, self.request, self.caps, model)?;
        let bounds = plan.bounds();
        let bands = self.calibration.bands(self.request.task, model);
        let output = calibration::likely_output(bands, bounds.input_tokens.expected);
        let price = |tokens| plan.expecting(tokens).expected_of_one_unit();
        let likely = match output {
            Some(output) => Some(LikelyRange { low: price(output.p10)?, high: price(output.p90)? }),
            None => None,
        };
        let (lines, expected) =
            output.map_or(plan, |output| plan.expecting(output.p50)).expected()?;
        // By the book alone, so that what was learned does not show in it.
        let of_one_unit = if plan.units == 1 && output.is_none() {
            expected
        } else {
            plan.expected_of_one_unit()?
        };
        Ok(CandidateEstimate {
            model: model.clone(),
            low: plan.low()?,
            expected,
            high: plan.high()?,
            likely,
            level: level_of(&book.levels, of_one_unit),
            units: plan.units,
            bounds,
            lines,
        })
    }
}

/// The sum of the legs' ranges, where each has one.
fn likely_of_all(legs: &[LegEstimate]) -> Result<Option<LikelyRange>, Denial> {
    let mut sum = LikelyRange::default();
    for leg in legs {
        let Some(LikelyRange { low, high }) = leg.likely else { return Ok(None) };
        sum = LikelyRange { low: sum.low.add(low)?, high: sum.high.add(high)? };
    }
    Ok(Some(sum))
}

fn level_shown(task: Task, legs: &[LegEstimate]) -> LevelShown {
    let candidates = || legs.iter().flat_map(|leg| &leg.candidates);
    if task == Task::Routing {
        let levels = || candidates().map(|candidate| candidate.level);
        return LevelShown::Range {
            low: levels().min().unwrap_or(Level::Low),
            high: levels().max().unwrap_or(Level::Low),
        };
    }
    let count = |level: Level| {
        let units = candidates().filter(|candidate| candidate.level == level);
        units.fold(0, |sum: u32, candidate| sum.saturating_add(candidate.units))
    };
    let counted = Level::ALL.map(|level| LevelCount { level, count: count(level) });
    let units = counted.into_iter().filter(|counted| counted.count > 0).collect();
    LevelShown::Units { units }
}
