//! What one leg may use on one model, and the cheapest, likely and dearest way it can end.

use crate::amount::Credits;
use crate::attachment::beside_text;
use crate::denial::Denial;
use crate::encoding::{Counted, ModelEncoding, TokenRange};
use crate::estimate::Caps;
use crate::id::ModelId;
use crate::meter::{Meter, QUANTITY_MAX};
use crate::price_book::{Bound, KindName, ModelKind, Price, PriceBook, TextModel};
use crate::rating::{self, Line, Rates, RatingFault};
use crate::request::{CacheWrite, Request, Task};
use crate::written::format;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What a leg may use: the server sends the maxima to the provider and enforces them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct LegBounds {
    /// Total input in the model's own tokens, attachments among it; zero for media.
    pub input_tokens: TokenRange,
    /// The longest answer, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub output_tokens_max: Option<u64>,
    /// The shortest answer that a cap may be lowered to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub output_tokens_floor: Option<u64>,
    /// The most steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub steps_max: Option<u64>,
    /// The fewest steps that a cap may be lowered to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub steps_floor: Option<u64>,
    /// The most searches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub searches_max: Option<u64>,
    /// The fewest searches that a cap may be lowered to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub searches_floor: Option<u64>,
}

impl LegBounds {
    /// Whether nothing is capped below the least that it may be lowered to (R15).
    pub(crate) fn are_above_floors(&self) -> bool {
        let above = |max: Option<u64>, floor: Option<u64>| max >= floor;
        above(self.output_tokens_max, self.output_tokens_floor)
            && above(self.steps_max, self.steps_floor)
            && above(self.searches_max, self.searches_floor)
    }
}

/// A quantity of the leg: its range, and the least that a cap may be lowered to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) low: u64,
    pub(crate) expected: u64,
    pub(crate) high: u64,
    floor: u64,
}

impl Span {
    /// The same with at most `room` of it.
    pub(crate) fn within(self, room: u64) -> Self {
        Self {
            low: self.low.min(room),
            expected: self.expected.min(room),
            high: self.high.min(room),
            floor: self.floor.min(room),
        }
    }

    /// `count`, as far as it lies in the range.
    pub(crate) fn clamp(self, count: u64) -> u64 {
        count.max(self.low).min(self.high)
    }
}

/// One leg on one model, bounded.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'book> {
    pub(crate) price: Price<'book>,
    cache_write: Option<CacheWrite>,
    /// All of the input, once it is counted.
    input: TokenRange,
    /// Of text, of images, of sound, of clips: at first what is no text, then all of every round.
    pub(crate) parts: [TokenRange; 4],
    /// Within the room that the input leaves, once that is known.
    pub(crate) output: Option<Span>,
    pub(crate) steps: Option<Span>,
    pub(crate) searches: Option<Span>,
    /// What is made or read whatever happens: pages, images, blocks, 3D models.
    pub(crate) made: Option<(Meter, u64)>,
    /// The part of `made` that one unit has.
    made_per_unit: u64,
    /// How many units a person counts.
    pub(crate) units: u32,
}

/// What the leg may use on `model`.
pub(crate) fn plan<'book>(
    book: &'book PriceBook,
    request: &Request,
    caps: &Caps,
    model: &ModelId,
) -> Result<Plan<'book>, Denial> {
    let mut plan = plan_uncounted(book, request, caps, model)?;
    if let ModelKind::Text(text) = &plan.price.model.kind {
        count_input(&mut plan, prompt_tokens(request, text)?, text)?;
    }
    Ok(plan)
}

/// As [`plan`], as far as that does not depend on the counts of the input.
pub(crate) fn plan_uncounted<'book>(
    book: &'book PriceBook,
    request: &Request,
    caps: &Caps,
    model: &ModelId,
) -> Result<Plan<'book>, Denial> {
    let price =
        book.price(request.task, model).ok_or_else(|| Denial::not_offered(request.task, model))?;
    let mut plan = Plan {
        price,
        cache_write: request.cache_write,
        input: TokenRange::default(),
        parts: beside_text(request, price.model)?,
        output: None,
        steps: None,
        searches: None,
        made: None,
        made_per_unit: 1,
        units: 1,
    };
    match &price.model.kind {
        ModelKind::Text(text) => plan_text(&mut plan, request, caps, text)?,
        ModelKind::Image => plan_units(&mut plan, Meter::Images, request.images, 1),
        ModelKind::ThreeD => plan_units(&mut plan, Meter::ThreeDModels, request.three_d_models, 1),
        ModelKind::Video(video) => {
            let seconds = request.clip_seconds.unwrap_or(video.block_seconds);
            if seconds > video.clip_seconds_max {
                let message = format!(
                    "`{model}` makes clips of at most {} seconds, not {seconds}",
                    video.clip_seconds_max
                );
                return Err(Denial::request_invalid("clip_seconds", &message));
            }
            let blocks = u64::from(seconds.div_ceil(video.block_seconds.max(1)));
            plan_units(&mut plan, Meter::VideoBlocks, request.clips, blocks);
        }
    }
    Ok(plan)
}

fn plan_units(plan: &mut Plan<'_>, meter: Meter, units: Option<u32>, made_per_unit: u64) {
    plan.units = units.unwrap_or(1);
    plan.made_per_unit = made_per_unit;
    plan.made = Some((meter, made_per_unit.saturating_mul(u64::from(plan.units))));
}

fn plan_text(
    plan: &mut Plan<'_>,
    request: &Request,
    caps: &Caps,
    text: &TextModel,
) -> Result<(), Denial> {
    let bounds = plan.price.offer.bounds;
    plan.steps = span(bounds.steps, request.steps_max, caps.steps, 1);
    plan.searches = span(bounds.searches, request.searches_max, caps.searches, 0);
    if request.task == Task::FileProcessing {
        let pages = request.pages.ok_or_else(|| {
            Denial::request_invalid("pages", "file processing needs the number of pages")
        })?;
        plan.made = Some((Meter::Pages, pages));
    }

    let model_max = request
        .output_tokens_max
        .map_or(text.output_tokens_max, |wanted| wanted.min(text.output_tokens_max));
    plan.output = span(
        bounds.output_tokens.map(|bound| Bound { max: bound.max.min(model_max), ..bound }),
        request.output_tokens_max.map(|_| model_max),
        caps.output_tokens,
        0,
    );
    Ok(())
}

/// What the input leaves of the model's context for the answer, and what it comes to with rounds.
fn count_input(plan: &mut Plan<'_>, counted: TokenRange, text: &TextModel) -> Result<(), Denial> {
    let [tools, images, sound, clips] = plan.parts;
    let of_text = counted.and(tools);
    let prompt = of_text.and(images).and(sound).and(clips);
    let room = text.context_tokens_max.saturating_sub(prompt.high);
    plan.output = plan.output.map(|output| output.within(room));
    let longest = plan.output.map_or(0, |output| output.high);
    if longest == 0 {
        let message = format!(
            "the input may have {} tokens and `{}` takes {} with its answer: shorten it, or choose \
             a model with a larger context",
            prompt.high, plan.price.model.id, text.context_tokens_max
        );
        return Err(Denial::request_invalid("input_tokens", &message));
    }
    let rounds = Rounds::of(plan);
    let again = Rounds { expected: (0, rounds.expected.1), high: (0, rounds.high.1) };
    let [images, sound, clips] = [images, sound, clips].map(|part| again.total(part));
    let of_text = rounds.total(of_text);
    plan.input = of_text.and(images).and(sound).and(clips);
    plan.parts = [of_text, images, sound, clips];
    Ok(())
}

/// The range of a bounded quantity: the request's own limit before the book's, a cap before both.
fn span(bound: Option<Bound>, wanted: Option<u64>, cap: Option<u64>, low: u64) -> Option<Span> {
    let bound = bound?;
    let uncapped = wanted.unwrap_or(bound.max);
    let high = uncapped.min(cap.unwrap_or(u64::MAX));
    Some(Span {
        low: low.min(high),
        expected: bound.expected.min(high),
        high,
        // Of what the request itself allows, whatever the cap: a cap below it can be recognised.
        floor: bound.floor.min(uncapped),
    })
}

/// The prompt in the model's own tokens.
fn prompt_tokens(request: &Request, text: &TextModel) -> Result<TokenRange, Denial> {
    let encoding = &text.encoding;
    let counted = request.counted(encoding.name).ok_or_else(|| {
        let path = format!("input_tokens.{}", encoding.name);
        Denial::request_invalid(&path, "the count of the input in this encoding is missing")
    })?;
    Ok(prompt_range(encoding, counted, request.messages))
}

/// A prompt that was counted in `encoding`, in the model's own tokens; one message where it is not
/// said how many it has.
pub(crate) fn prompt_range(
    encoding: &ModelEncoding,
    counted: Counted,
    messages: Option<u32>,
) -> TokenRange {
    let framing =
        u64::from(encoding.message_tokens).saturating_mul(u64::from(messages.unwrap_or(1)));
    let framed = |tokens: u64| tokens.saturating_add(framing).min(QUANTITY_MAX);
    TokenRange {
        low: encoding.low(counted),
        expected: framed(encoding.expected(counted)),
        high: framed(encoding.high(counted)),
    }
}

/// How often a prompt is sent: a step or a search sends it again with what came before it, so the
/// total input grows with their number. Each is what a round adds, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounds {
    expected: (u64, u64),
    high: (u64, u64),
}

impl Rounds {
    /// The rounds of a leg; a single one that adds nothing where its price has none.
    pub(crate) fn of(plan: &Plan<'_>) -> Self {
        let Some(round) = plan.price.offer.bounds.round_input_tokens else {
            return Self { expected: (0, 1), high: (0, 1) };
        };
        let rounds = |of: fn(&Span) -> u64| {
            let each = [plan.steps, plan.searches];
            each.iter().flatten().fold(0, |sum: u64, span| sum.saturating_add(of(span))).max(1)
        };
        Self {
            expected: (round.expected, rounds(|span| span.expected)),
            high: (round.max, rounds(|span| span.high)),
        }
    }

    /// What a prompt comes to.
    pub(crate) fn total(self, prompt: TokenRange) -> TokenRange {
        let total = |tokens: u64, (extra, rounds): (u64, u64)| {
            tokens.saturating_add(extra).saturating_mul(rounds).min(QUANTITY_MAX)
        };
        TokenRange {
            low: prompt.low,
            expected: total(prompt.expected, self.expected),
            high: total(prompt.high, self.high),
        }
    }
}

impl Plan<'_> {
    /// The least that the leg costs with complete usage: at the bounds and just above every tier
    /// threshold between them, since a tier may be cheaper than the one below it.
    pub(crate) fn low(&self) -> Result<Credits, RatingFault> {
        let above = self.thresholds().map(|threshold| threshold.saturating_add(1));
        let mut least = self.extreme(self.input.low, Extreme::Low)?;
        for input in above {
            least = least.min(self.extreme(input, Extreme::Low)?);
        }
        Ok(least)
    }

    /// The most that the leg can cost: at the bounds and at every tier threshold between them.
    pub(crate) fn high(&self) -> Result<Credits, RatingFault> {
        let mut most = self.extreme(self.input.high, Extreme::High)?;
        for input in self.thresholds() {
            most = most.max(self.extreme(input, Extreme::High)?);
        }
        Ok(most)
    }

    /// The likely price, with its lines.
    pub(crate) fn expected(&self) -> Result<(Vec<Line>, Credits), RatingFault> {
        let (input, counts) = self.expected_counts(self.made)?;
        rating::lines_of(&self.price, input, &mut counts.into_iter())
    }

    /// The likely price of one image, clip, 3D model or leg: what the level is derived from.
    pub(crate) fn expected_of_one_unit(&self) -> Result<Credits, RatingFault> {
        let made = match self.price.model.kind.name() {
            KindName::Text => self.made,
            KindName::Image | KindName::Video | KindName::ThreeD => {
                self.made.map(|(meter, _)| (meter, self.made_per_unit))
            }
        };
        let (input, counts) = self.expected_counts(made)?;
        rating::charge_of(&self.price, input, &mut counts.into_iter())
    }

    /// The same where so long an answer is likely, as far as its bounds allow.
    pub(crate) fn expecting(self, output_tokens: u64) -> Self {
        let expecting = |output: Span| Span { expected: output.clamp(output_tokens), ..output };
        Self { output: self.output.map(expecting), ..self }
    }

    /// What the leg may use.
    pub(crate) fn bounds(&self) -> LegBounds {
        LegBounds {
            input_tokens: self.input,
            output_tokens_max: self.output.map(|output| output.high),
            output_tokens_floor: self.output.map(|output| output.floor),
            steps_max: self.steps.map(|steps| steps.high),
            steps_floor: self.steps.map(|steps| steps.floor),
            searches_max: self.searches.map(|searches| searches.high),
            searches_floor: self.searches.map(|searches| searches.floor),
        }
    }

    /// The total input, and every count in the order of the meters.
    fn expected_counts(
        &self,
        made: Option<(Meter, u64)>,
    ) -> Result<(u64, [(Meter, u64); 7]), RatingFault> {
        let of = |span: Option<Span>| span.map_or(0, |span| span.expected);
        let [of_text, images, sound, clips] = self.parts;
        let counts = [
            (Meter::InputTokens, of_text.expected),
            (Meter::ImageInputTokens, images.and(clips).expected),
            (Meter::AudioInputTokens, sound.expected),
            (Meter::OutputTokens, of(self.output)),
            (Meter::Steps, of(self.steps)),
            (Meter::Searches, of(self.searches)),
            made.unwrap_or((Meter::Pages, 0)),
        ];
        if counts.iter().any(|(_, count)| *count > QUANTITY_MAX) {
            return Err(RatingFault::Overflow);
        }
        let input =
            counts.iter().take(3).fold(0, |sum: u64, (_, count)| sum.saturating_add(*count));
        Ok((input, counts))
    }

    /// The tier thresholds at which the input can lie and above which it can also lie.
    fn thresholds(&self) -> impl Iterator<Item = u64> + '_ {
        let tiers = self.price.model.tiers.iter().map(|tier| tier.above_input_tokens);
        tiers.filter(|threshold| self.input.low <= *threshold && *threshold < self.input.high)
    }

    fn extreme(&self, input: u64, extreme: Extreme) -> Result<Credits, RatingFault> {
        let of = |span: Option<Span>| {
            span.map_or(0, |span| match extreme {
                Extreme::Low => span.low,
                Extreme::High => span.high,
            })
        };
        let rates = Rates::of(&self.price, input);
        let [input_meter, output_meter] = self.meters(rates, extreme);
        let mut spare = input.saturating_sub(self.input.low);
        let [first, second] = self.attached(rates, extreme, input_meter, &mut spare);
        let counts = [
            first,
            second,
            (input_meter, self.parts[0].low.saturating_add(spare)),
            (output_meter, of(self.output)),
            (Meter::Steps, of(self.steps)),
            (Meter::Searches, of(self.searches)),
            self.made.unwrap_or((Meter::Pages, 0)),
        ];
        rating::charge_of(&self.price, input, &mut counts.into_iter())
    }

    /// What is no text, by its meters, with the part of `spare` that is taken for it: what may be of
    /// this or that is of the one that is cheaper or dearer than the others, of text last, whose
    /// meters the others have too.
    fn attached(
        &self,
        rates: Rates<'_>,
        extreme: Extreme,
        input_meter: Meter,
        spare: &mut u64,
    ) -> [(Meter, u64); 2] {
        let [_, images, sound, clips] = self.parts;
        if images.and(sound).and(clips).high == 0 {
            return [(input_meter, 0); 2];
        }
        // Images and sound may be counted as they are, or as text is that a cache knows.
        let own = |own: Meter| pick(rates, extreme, &[input_meter, own]);
        let meters = [own(Meter::ImageInputTokens), own(Meter::AudioInputTokens)];
        let [image_meter, sound_meter] = meters;
        let is_sound_first = pick(rates, extreme, &meters) != image_meter;
        let (images, sound) = ((image_meter, images), (sound_meter, sound));
        let [(meter, first), second] =
            if is_sound_first { [sound, images] } else { [images, sound] };
        // A clip's frames are images and its sound is sound, and nobody says how much is which.
        let first = first.and(clips).take(spare);
        [(meter, first), (second.0, second.1.take(spare))]
    }

    /// The meters by which an input and an output token are counted in the cheapest or dearest way.
    pub(crate) fn meters(&self, rates: Rates<'_>, extreme: Extreme) -> [Meter; 2] {
        [
            pick(rates, extreme, self.input_meters()),
            pick(rates, extreme, &[Meter::OutputTokens, Meter::ReasoningTokens]),
        ]
    }

    /// The meters that an input token can be counted by: a provider may find it in its cache or
    /// write it there unasked; one that lives an hour is written only where the caller asked.
    const fn input_meters(&self) -> &'static [Meter] {
        match self.cache_write {
            Some(CacheWrite::OneHour) => &[
                Meter::InputTokens,
                Meter::CacheReadTokens,
                Meter::CacheWriteTokens,
                Meter::CacheWrite1hTokens,
            ],
            Some(CacheWrite::Default) | None => {
                &[Meter::InputTokens, Meter::CacheReadTokens, Meter::CacheWriteTokens]
            }
        }
    }
}

/// The cheapest or the dearest of `meters` that have a rate.
fn pick(rates: Rates<'_>, extreme: Extreme, meters: &[Meter]) -> Meter {
    let mut picked = None;
    for meter in meters {
        let Ok(rate) = rates.get(*meter) else { continue };
        // Rates may be per 1, 1 000 or 1 000 000; brought to a million they can be compared.
        let price = rate.micros_per_million();
        let is_better = picked.is_none_or(|(_, other)| match extreme {
            Extreme::Low => price < other,
            Extreme::High => price >= other,
        });
        if is_better {
            picked = Some((*meter, price));
        }
    }
    let unpriced = meters.first().copied().unwrap_or(Meter::InputTokens);
    picked.map_or(unpriced, |(meter, _)| meter)
}

/// Which end of the range.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extreme {
    /// The cheapest.
    Low,
    /// The dearest.
    High,
}
