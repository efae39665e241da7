//! A prepared price: for a request whose models and bounds stay, while the counts of its text change
//! with each letter.
//!
//! For each leg, what does not depend on these counts is worked out once, and what does comes down
//! to `fixed + input x rate + output x rate` in whole numbers of 64 bits. It comes to the low,
//! expected and high of [`crate::estimate`], or to nothing: it says no reasons, has no lines and
//! levels, does not route, and leaves to the estimate media, where no text matters, and attachments
//! that are not priced as text is. Whoever gets nothing asks for the estimate.

use crate::amount::Credits;
use crate::bounds::{self, Extreme, Plan, Rounds, Span};
use crate::calibration::{Calibration, CalibrationBand, Quantiles, likely_output};
use crate::denial::Denial;
use crate::encoding::{Counted, Encoding, ModelEncoding, TokenKind, TokenRange};
use crate::estimate::{Caps, LikelyRange};
use crate::meter::{Meter, QUANTITY_MAX};
use crate::price_book::{ModelKind, PublishedBook};
use crate::rating::{self, Rates};
use crate::request::{MESSAGES_MAX, Request};
use crate::request_check::check_request;
use alloc::vec::Vec;

/// The most that one leg is priced at here, in micro-credits: so the sum of a comparison's is a
/// whole number that JavaScript holds exactly too.
const LEG_MICROS_MAX: u64 = 1 << 50;
/// How many units of 10^-16 credits make a micro-credit: a price by rate is exact in them, with the
/// four decimals of a multiplier.
const UNITS_PER_MICRO: u64 = 10_000_000_000;

/// What a request costs, at least, likely and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PriceRange {
    /// The least.
    pub low: Credits,
    /// The likely price.
    pub expected: Credits,
    /// The most.
    pub high: Credits,
    /// What it is likely to lie between, where that was learned of every leg.
    pub likely: Option<LikelyRange>,
}

/// A request that is priced again and again with other counts of its text.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// None where a leg needs more than 64 bits, or makes something else than text, or has images
    /// or sound at rates of their own, or where the counts decide who answers.
    legs: Vec<Leg>,
    /// Something was learned of every leg.
    is_likely: bool,
}

/// Prepares the price of `request` under `caps`. The counts that it has itself are checked like any
/// and not priced.
///
/// # Errors
/// A [`Denial`] as [`crate::estimate::estimate`], as far as it does not depend on the counts.
pub fn prepare(
    book: &PublishedBook,
    request: &Request,
    caps: &Caps,
    calibration: &Calibration,
) -> Result<Prepared, Denial> {
    check_request(&book.book, request)?;
    let mut prepared = Prepared { legs: Vec::new(), is_likely: true };
    let mut is_whole = true;
    for model in &request.models {
        let plan = bounds::plan_uncounted(&book.book, request, caps, model)?;
        let bands = calibration.bands(request.task, model);
        prepared.is_likely &= !bands.is_empty();
        match Leg::of(&plan, bands) {
            Some(leg) => prepared.legs.push(leg),
            None => is_whole = false,
        }
    }
    Ok(if is_whole { prepared } else { Prepared::default() })
}

impl Prepared {
    /// The price with these counts of the whole input, and so many messages: what
    /// [`crate::estimate::estimate_calibrated`] comes to with them. Nothing where that is a denial,
    /// or where nothing could be prepared.
    pub fn price(
        &self,
        count: impl Fn(TokenKind) -> Option<u64>,
        messages: u32,
    ) -> Option<PriceRange> {
        let is_sound = |encoding: &Encoding| {
            let all = count(encoding.all());
            all <= Some(QUANTITY_MAX) && count(encoding.latin()) <= all.or(Some(0))
        };
        let is_priced = !self.legs.is_empty() && u64::from(messages) <= MESSAGES_MAX;
        if !is_priced || !Encoding::ALL.iter().all(is_sound) {
            return None;
        }
        let mut sum = [0_u64; 5];
        for leg in &self.legs {
            let name = leg.encoding.name;
            let counted = Counted::of(count(name.all()), count(name.latin()))?;
            let price = leg.price(counted, messages)?;
            for (sum, price) in sum.iter_mut().zip(price) {
                *sum = sum.saturating_add(price);
            }
        }
        let [low, expected, high, likely_low, likely_high] =
            sum.map(|micros| Credits::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)));
        let likely = LikelyRange { low: likely_low, high: likely_high };
        let likely = self.is_likely.then_some(likely);
        Some(PriceRange { low, expected, high, likely })
    }
}

/// A leg that makes text: what its price is made of but for the counts.
#[derive(Clone, Debug)]
struct Leg {
    encoding: ModelEncoding,
    /// What is no text, at the rates of text.
    beside: TokenRange,
    context_tokens_max: u64,
    output: Span,
    /// What was learned of its answers.
    bands: Vec<CalibrationBand>,
    rounds: Rounds,
    /// The largest counts with which nothing below leaves its type.
    tokens_max: u64,
    /// Ascending, the first from no tokens on.
    tiers: Vec<Tier>,
    /// How many units of the tiers' prices make a charge step.
    step_units: u64,
    step_micros: u64,
    minimum_micros: u64,
}

/// The prices that hold above some input: low, expected and high.
#[derive(Clone, Copy, Debug)]
struct Tier {
    above_input_tokens: u64,
    terms: [Terms; 3],
}

/// What is fixed, what a token of input costs, and what one of output does.
type Terms = [u64; 3];

impl Leg {
    fn of(plan: &Plan<'_>, bands: &[CalibrationBand]) -> Option<Self> {
        let price = &plan.price;
        let ModelKind::Text(text) = &price.model.kind else { return None };
        let step_micros = u64::try_from(price.charge_step.as_micros()).ok()?;
        let minimum = price.offer.minimum.unwrap_or_default();
        // A multiplier of two decimals, like 1.25, leaves room for amounts a hundred times as large.
        let parts = u64::from(price.offer.multiplier.as_parts());
        let spare: u64 = if parts.checked_rem(100) == Some(0) { 100 } else { 1 };
        let units_per_micro = UNITS_PER_MICRO.checked_div(spare)?;
        let [tools, images, sound, clips] = plan.parts;
        let is_apart =
            |meter, part: TokenRange| part.high > 0 && price.model.rates.contains_key(&meter);
        if is_apart(Meter::ImageInputTokens, images.and(clips))
            || is_apart(Meter::AudioInputTokens, sound.and(clips))
        {
            return None;
        }
        let mut leg = Self {
            encoding: text.encoding.clone(),
            beside: tools.and(images).and(sound).and(clips),
            context_tokens_max: text.context_tokens_max,
            output: plan.output?,
            bands: bands.into(),
            rounds: Rounds::of(plan),
            tokens_max: 0,
            tiers: tiers_of(plan, parts.checked_div(spare)?)?,
            step_units: step_micros.checked_mul(units_per_micro)?,
            step_micros,
            minimum_micros: u64::try_from(minimum.as_micros()).ok()?,
        };
        leg.tokens_max = leg.largest_counts()?;
        Some(leg)
    }

    /// The largest counts for which no price is above [`LEG_MICROS_MAX`], nor its units beyond 63
    /// bits.
    fn largest_counts(&self) -> Option<u64> {
        let steps_max = LEG_MICROS_MAX.checked_div(self.step_micros)?;
        let units_max = steps_max.saturating_mul(self.step_units).min(1 << 63);
        let most = units_max.checked_sub(self.step_units)?;
        // Sums end at the most that may be counted, and the estimate's by parts: they may differ there.
        let mut largest = QUANTITY_MAX.saturating_sub(1);
        for tier in &self.tiers {
            for [fixed, input, output] in tier.terms {
                let (room, each) = (most.checked_sub(fixed)?, input.checked_add(output)?);
                largest = largest.min(room.checked_div(each).unwrap_or(largest));
            }
        }
        (self.minimum_micros <= LEG_MICROS_MAX).then_some(largest)
    }

    /// In micro-credits: low, expected and high, and the ends of the likely range where something
    /// was learned.
    fn price(&self, counted: Counted, messages: u32) -> Option<[u64; 5]> {
        let prompt = bounds::prompt_range(&self.encoding, counted, Some(messages));
        let prompt = prompt.and(self.beside);
        let output = self.output.within(self.context_tokens_max.saturating_sub(prompt.high));
        let input = self.rounds.total(prompt);
        let largest = input.low.max(input.expected).max(input.high).max(output.high);
        if output.high == 0 || largest > self.tokens_max {
            return None;
        }
        let low = |input| Some(self.charge(self.tier(input)?.terms[0], input, output.low));
        let high = |input| Some(self.charge(self.tier(input)?.terms[2], input, output.high));
        let terms = self.tier(input.expected)?.terms[1];
        let expecting = |tokens| self.charge(terms, input.expected, output.clamp(tokens));
        let [likely_low, expected, likely_high] = match likely_output(&self.bands, input.expected) {
            None => [0, expecting(output.expected), 0],
            Some(Quantiles { p10, p50, p90 }) => [p10, p50, p90].map(expecting),
        };
        let (mut least, mut most) = (low(input.low)?, high(input.high)?);
        // The extremes may lie at a tier's threshold between the bounds, as for the estimate.
        for tier in self.tiers.iter().skip(1) {
            let threshold = tier.above_input_tokens;
            if input.low <= threshold && threshold < input.high {
                least = least.min(low(threshold.saturating_add(1))?);
                most = most.max(high(threshold)?);
            }
        }
        Some([least, expected, most, likely_low, likely_high])
    }

    fn tier(&self, input: u64) -> Option<&Tier> {
        let reached = self.tiers.iter().rev().find(|tier| input > tier.above_input_tokens);
        reached.or_else(|| self.tiers.first())
    }

    /// The charge in micro-credits: rounded up to a step, then raised to the minimum (R6).
    fn charge(&self, [fixed, each_input, each_output]: Terms, input: u64, output: u64) -> u64 {
        // Up to `tokens_max` nothing wraps.
        let units = fixed
            .wrapping_add(each_input.wrapping_mul(input))
            .wrapping_add(each_output.wrapping_mul(output));
        let up = units.wrapping_add(self.step_units.wrapping_sub(1));
        let steps = up.checked_div(self.step_units).unwrap_or(0);
        steps.wrapping_mul(self.step_micros).max(self.minimum_micros)
    }
}

/// The tiers, where they ascend.
fn tiers_of(plan: &Plan<'_>, multiplier: u64) -> Option<Vec<Tier>> {
    let mut tiers = Vec::new();
    let mut above_input_tokens: u64 = 0;
    let mut others = plan.price.model.tiers.iter();
    loop {
        let input = above_input_tokens.saturating_add(1);
        let rates = Rates::of(&plan.price, input);
        let plain = [Meter::InputTokens, Meter::OutputTokens];
        let mut terms = [
            terms(plan, input, plan.meters(rates, Extreme::Low), |span| span.low)?,
            terms(plan, input, plain, |span| span.expected)?,
            terms(plan, input, plan.meters(rates, Extreme::High), |span| span.high)?,
        ];
        for term in terms.iter_mut().flatten() {
            *term = term.checked_mul(multiplier)?;
        }
        tiers.push(Tier { above_input_tokens, terms });
        match others.next() {
            None => return Some(tiers),
            Some(next) if next.above_input_tokens > above_input_tokens => {
                above_input_tokens = next.above_input_tokens;
            }
            Some(_) => return None,
        }
    }
}

/// The terms at the rates of this input, by these meters of input and output, before the multiplier.
fn terms(
    plan: &Plan<'_>,
    input: u64,
    [input_meter, output_meter]: [Meter; 2],
    pick: fn(&Span) -> u64,
) -> Option<Terms> {
    let price = &plan.price;
    let rates = Rates::of(price, input);
    let units = |meter: Meter, count: u64| match count {
        0 => Some(0),
        _ if count > QUANTITY_MAX => None,
        _ => {
            let rate = rates.get(meter).ok()?;
            u64::try_from(rating::meter_units(count, rate).ok()?).ok()
        }
    };
    let (made, made_count) = plan.made.unwrap_or((Meter::Pages, 0));
    let base = price.offer.per_request.unwrap_or_default();
    let fixed = u64::try_from(base.as_micros())
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(units(Meter::Steps, plan.steps.as_ref().map_or(0, pick))?)?
        .checked_add(units(Meter::Searches, plan.searches.as_ref().map_or(0, pick))?)?
        .checked_add(units(made, made_count)?)?;
    Some([fixed, units(input_meter, 1)?, units(output_meter, 1)?])
}
