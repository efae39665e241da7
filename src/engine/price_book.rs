//! The price book: the versioned catalogue of prices, plans and packs in force (R4).
//!
//! These types are its JSON form. Reading one checks its shape; [`crate::price_book_check::check`]
//! checks that it is complete (R5). Nothing here depends on the time.

use crate::amount::Credits;
use crate::attachment::AttachmentTokens;
use crate::checked::{fields, names, variants};
use crate::encoding::ModelEncoding;
use crate::estimate::Level;
use crate::id::{BookVersion, ModelId};
use crate::meter::Meter;
use crate::ordered::OrderedMap;
use crate::rate::{Factor, Rate};
use crate::request::{Request, Task};
use crate::routing_policy::RoutingPolicy;
use crate::time::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The schema of price books that this engine reads.
pub const SCHEMA: u32 = 1;

/// One price book, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PriceBook {
    /// The form of this document; [`SCHEMA`] for this engine.
    pub schema: u32,
    /// The catalogue's name, the same for all its versions.
    pub id: String,
    /// When it comes into force.
    pub effective_at: Timestamp,
    /// Every charge is rounded up to a multiple of this, once per leg.
    pub charge_step: Credits,
    /// The bands that turn an expected price into a level, ascending from zero.
    pub levels: Vec<LevelBand>,
    /// Every model that can be named.
    pub models: Vec<Model>,
    /// The price of every task that is priced on its own.
    pub tasks: Vec<TaskPrice>,
    /// Compare mode.
    pub compare: Compare,
    /// Routing mode.
    pub routing: RoutingPolicy,
    /// What a person can subscribe to, `free` and `pro`.
    pub plans: Vec<Plan>,
    /// What a Custom Pack costs.
    pub packs: Packs,
    /// One typical request for each row of the product's table, with the level it must show (R9).
    pub references: Vec<Reference>,
}

fields! {
    PriceBook {
        schema, id, effective_at, charge_step, levels, models, tasks, compare, routing, plans,
        packs, references,
    }
}

/// A book with its version: what both sides price with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedBook {
    /// The SHA-256 of the book's canonical form.
    pub version: BookVersion,
    /// The book.
    pub book: PriceBook,
}

/// One band of expected price: from `from` up to the next band's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LevelBand {
    /// The level's name.
    pub level: Level,
    /// The lowest expected price of one unit in this band.
    pub from: Credits,
}

fields! {
    LevelBand { level, from }
}

/// A model and its list prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Model {
    /// Its id, unique in the book.
    pub id: ModelId,
    /// Its name as people know it.
    pub name: String,
    /// Who runs it.
    pub provider: String,
    /// What it makes, with the facts that only this kind has.
    pub kind: ModelKind,
    /// Its rates, by meter.
    #[cfg_attr(test, ts(type = "{ [meter in Meter]?: Rate }"))]
    pub rates: OrderedMap<Meter, Rate>,
    /// Other rates above some size of the input, ascending (R8).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<Tier>>"))]
    pub tiers: Vec<Tier>,
    /// Where the rates come from.
    pub source: Source,
}

fields! {
    Model { id, name, provider, kind, rates, tiers or default, source }
}

/// What a model makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "nearly every model is of text")]
pub enum ModelKind {
    /// Text, priced by tokens.
    Text(TextModel),
    /// Images, priced by `images`.
    Image,
    /// Video clips, priced by `video_blocks`.
    Video(VideoModel),
    /// 3D models, priced by `three_d_models`.
    ThreeD,
}

variants! {
    ModelKind {
        Text(TextModel) = "text",
        Image = "image",
        Video(VideoModel) = "video",
        ThreeD = "three_d",
    }
}

/// The facts of a text model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TextModel {
    /// Its tier in the product's table.
    pub tier: ModelTier,
    /// How its tokens follow from counted ones.
    pub encoding: ModelEncoding,
    /// How its tokens follow from an image; it takes none where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub image_tokens: Option<AttachmentTokens>,
    /// The same from a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub audio_tokens: Option<AttachmentTokens>,
    /// The same from a clip with its sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub video_tokens: Option<AttachmentTokens>,
    /// How many tokens fit in it, input and output together.
    pub context_tokens_max: u64,
    /// How many tokens one answer may have.
    pub output_tokens_max: u64,
}

fields! {
    TextModel {
        tier, encoding, image_tokens or default, audio_tokens or default, video_tokens or default,
        context_tokens_max, output_tokens_max,
    }
}

/// The facts of a video model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VideoModel {
    /// How many seconds one `video_blocks` unit has; a started block counts.
    pub block_seconds: u32,
    /// The longest clip it makes.
    pub clip_seconds_max: u32,
}

fields! {
    VideoModel { block_seconds, clip_seconds_max }
}

/// The tier of a text model: it decides the base price and the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum ModelTier {
    /// Cheap and quick.
    Lightweight,
    /// The best that its provider has.
    Frontier,
}

names! {
    pub ModelTier {
        Lightweight = "lightweight",
        Frontier = "frontier",
    }
}

/// Rates that hold strictly above a total input (R8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Tier {
    /// The last total input that is still priced below this tier.
    pub above_input_tokens: u64,
    /// The whole leg's rates, for the same meters as the model's.
    #[cfg_attr(test, ts(type = "{ [meter in Meter]?: Rate }"))]
    pub rates: OrderedMap<Meter, Rate>,
}

fields! {
    Tier { above_input_tokens, rates }
}

/// Where a price was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Source {
    /// The package and its version, or `own price`.
    pub package: String,
    /// The provider's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The day, as `2026-11-23`.
    pub read_on: String,
    /// What a reader should know: disagreements, assumptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

fields! {
    Source { package, page or default, read_on, note or default }
}

/// The price of one task, for the models that it is offered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TaskPrice {
    /// The task; `compare` and `routing` have no row, their legs are priced as `direct`.
    pub task: Task,
    /// The longest that a hold for it may stay open (R26).
    pub hold_seconds_max: u32,
    /// Its prices. No model is in two of them.
    pub offers: Vec<Offer>,
}

fields! {
    TaskPrice { task, hold_seconds_max, offers }
}

/// One price of a task, for some models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Offer {
    /// The models that it is for.
    pub models: OfferedModels,
    /// The base, before the multiplier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_request: Option<Credits>,
    /// The stated markup on base and rates.
    pub multiplier: Factor,
    /// The least that a leg costs, a multiple of `charge_step`, untouched by the multiplier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Credits>,
    /// Rates of the task's own meters (steps, searches, pages), beside the model's.
    #[serde(skip_serializing_if = "OrderedMap::is_empty")]
    #[cfg_attr(test, ts(type = "{ [meter in Meter]?: Rate }", optional))]
    pub rates: OrderedMap<Meter, Rate>,
    /// What a request that says nothing is bounded by.
    #[serde(skip_serializing_if = "Bounds::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Bounds>"))]
    pub bounds: Bounds,
}

fields! {
    Offer {
        models, per_request or default, multiplier, minimum or default, rates or default,
        bounds or default,
    }
}

/// The models of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OfferedModels {
    /// All text models of a tier.
    Tier(ModelTier),
    /// All models of a kind that the task can use.
    Kind(KindName),
    /// These models.
    Ids(Vec<ModelId>),
}

variants! {
    OfferedModels {
        Tier(ModelTier) = "tier",
        Kind(KindName) = "kind",
        Ids(Vec<ModelId>) = "ids",
    }
}

/// The name of a [`ModelKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum KindName {
    /// [`ModelKind::Text`].
    Text,
    /// [`ModelKind::Image`].
    Image,
    /// [`ModelKind::Video`].
    Video,
    /// [`ModelKind::ThreeD`].
    ThreeD,
}

names! {
    pub KindName {
        Text = "text",
        Image = "image",
        Video = "video",
        ThreeD = "three_d",
    }
}

/// What a task may use, where the request does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Bounds {
    /// Output tokens of the leg, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<Bound>,
    /// Steps of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Bound>,
    /// Searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searches: Option<Bound>,
    /// Input tokens that each step or search adds, beyond the prompt that it sends again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_input_tokens: Option<Bound>,
}

fields! {
    Bounds {
        output_tokens or default, steps or default, searches or default,
        round_input_tokens or default,
    }
}

impl Bounds {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The range of one quantity: `floor <= expected <= max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Bound {
    /// A cap made to fit a balance is never below this (R15).
    pub floor: u64,
    /// The likely quantity.
    pub expected: u64,
    /// The most, unless the request says otherwise.
    pub max: u64,
}

fields! {
    Bound { floor, expected, max }
}

/// Compare mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Compare {
    /// How many models one comparison may have, 2 to 4.
    pub models_max: u32,
}

fields! {
    Compare { models_max }
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Plan {
    /// Which one.
    pub id: PlanId,
    /// Its name as people know it.
    pub name: String,
    /// The credits it grants: once for `free`, each period for `pro`.
    pub credits: Credits,
    /// Its price in whole US dollars for a period; absent for `free`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_usd: Option<u32>,
    /// How many months a period has, 1 or 12; absent for `free`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months: Option<u32>,
}

fields! {
    Plan { id, name, credits, price_usd or default, months or default }
}

/// The plans there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum PlanId {
    /// No subscription.
    #[default]
    Free,
    /// The subscription.
    Pro,
}

names! {
    pub PlanId {
        Free = "free",
        Pro = "pro",
    }
}

/// Custom Packs: any whole-dollar amount, priced by brackets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Packs {
    /// The smallest amount, in US dollars.
    pub usd_min: u32,
    /// The largest amount, in US dollars.
    pub usd_max: u32,
    /// What a dollar buys, by the amount spent; ascending, the first from `usd_min`.
    pub brackets: Vec<PackBracket>,
}

fields! {
    Packs { usd_min, usd_max, brackets }
}

/// One bracket: the whole amount is priced by the bracket that it falls in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PackBracket {
    /// The smallest amount in this bracket, in US dollars.
    pub from_usd: u32,
    /// Credits for each dollar of the amount.
    pub credits_per_usd: Credits,
}

fields! {
    PackBracket { from_usd, credits_per_usd }
}

/// A typical request of one row of the product's table, and the levels it may show (R9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Reference {
    /// The row: a task, with the model's tier where that matters.
    pub row: String,
    /// The request.
    pub request: Request,
    /// The levels that one unit of it may show.
    pub levels: Vec<Level>,
}

fields! {
    Reference { row, request, levels }
}

/// What a leg of a task costs on one model: an offer and a model put together.
#[derive(Clone, Copy, Debug)]
pub struct Price<'book> {
    /// The model.
    pub model: &'book Model,
    /// The task's part of the price.
    pub offer: &'book Offer,
    /// The book's step.
    pub charge_step: Credits,
}

impl<'book> Price<'book> {
    /// The model's rates for a leg with this total input (R8).
    pub fn model_rates(&self, input_tokens_total: u64) -> &'book OrderedMap<Meter, Rate> {
        self.model
            .tiers
            .iter()
            .rev()
            .find(|tier| input_tokens_total > tier.above_input_tokens)
            .map_or(&self.model.rates, |tier| &tier.rates)
    }
}

impl PriceBook {
    /// The model of that id.
    pub fn model(&self, id: &ModelId) -> Option<&Model> {
        self.models.iter().find(|model| model.id == *id)
    }

    /// The row of `task`; compare and routing share that of `direct`.
    pub fn task(&self, task: Task) -> Option<&TaskPrice> {
        self.tasks.iter().find(|row| row.task == task.priced_as())
    }

    /// What a leg of `task` costs on `model`, where the book offers it.
    pub fn price(&self, task: Task, model: &ModelId) -> Option<Price<'_>> {
        let model = self.model(model)?;
        let offer = self.task(task)?.offers.iter().find(|offer| offer.models.include(model))?;
        Some(Price { model, offer, charge_step: self.charge_step })
    }

    /// The models that `task` is offered with, in the book's order.
    pub fn models_of(&self, task: Task) -> impl Iterator<Item = &Model> + '_ {
        self.models.iter().filter(move |model| self.price(task, &model.id).is_some())
    }

    /// The plan of that id.
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    /// The credits that a Custom Pack of `usd` whole dollars buys, where it is sold.
    pub fn pack_credits(&self, usd: u32) -> Option<Credits> {
        if usd < self.packs.usd_min || usd > self.packs.usd_max {
            return None;
        }
        let bracket = self.packs.brackets.iter().rev().find(|bracket| usd >= bracket.from_usd)?;
        bracket.credits_per_usd.times(u64::from(usd)).ok()
    }
}

impl OfferedModels {
    /// Whether `model` is one of them.
    pub fn include(&self, model: &Model) -> bool {
        match self {
            Self::Tier(tier) => {
                matches!(&model.kind, ModelKind::Text(text) if text.tier == *tier)
            }
            Self::Kind(kind) => model.kind.name() == *kind,
            Self::Ids(ids) => ids.contains(&model.id),
        }
    }
}

impl ModelKind {
    /// Which kind it is.
    pub const fn name(&self) -> KindName {
        match self {
            Self::Text(_) => KindName::Text,
            Self::Image => KindName::Image,
            Self::Video(_) => KindName::Video,
            Self::ThreeD => KindName::ThreeD,
        }
    }
}
