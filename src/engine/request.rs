//! What a person asks for, as counts and flags: a request never contains their words.

use crate::attachment::Attachment;
use crate::checked::{fields, names};
use crate::encoding::{Counted, Encoding, TokenKind};
use crate::id::ModelId;
use crate::ordered::OrderedMap;
use crate::price_book::KindName;
use alloc::vec::Vec;
use serde::Serialize;

/// The most messages that a request may count.
pub const MESSAGES_MAX: u64 = 100_000;
/// The most tools that a request may count.
pub const TOOLS_MAX: u64 = 1_000;
/// The most images, clips or 3D models of one action.
pub const UNITS_MAX: u64 = 100;

/// The most flags that a request may carry.
pub const FLAGS_MAX: usize = 8;

/// One thing to do, priced before it is done.
///
/// What is absent is bounded by the book. Counts cover everything that is sent to the model:
/// conversation, system prompt, tools and draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Request {
    /// The task.
    pub task: Task,
    /// The models: one, 2 to 4 in compare, none in routing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<ModelId>>"))]
    pub models: Vec<ModelId>,
    /// Text tokens of the whole input, in each encoding that the models need, and how many of them
    /// are of Latin words; where that is not said, none.
    #[serde(skip_serializing_if = "OrderedMap::is_empty")]
    #[cfg_attr(test, ts(type = "{ [kind in TokenKind]?: number }", optional))]
    pub input_tokens: OrderedMap<TokenKind, u64>,
    /// Images, recordings and clips of the whole input; each model counts them by its own formula.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<Attachment>>"))]
    pub attachments: Vec<Attachment>,
    /// How many messages the input has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u32>,
    /// How many tools the model may call; their definitions are among the tokens of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<u32>,
    /// The longest answer wanted, for each leg, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub output_tokens_max: Option<u64>,
    /// The most steps of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub steps_max: Option<u64>,
    /// The most searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub searches_max: Option<u64>,
    /// Pages to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub pages: Option<u64>,
    /// Images to make; one where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
    /// Clips to make; one where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clips: Option<u32>,
    /// How long each clip is; one block of the model where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_seconds: Option<u32>,
    /// 3D models to make; one where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub three_d_models: Option<u32>,
    /// A cache that the caller asks the provider to write; without it none is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<CacheWrite>,
    /// What the text looks like; see [`crate::routing::flags`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<Flag>>"))]
    pub flags: Vec<Flag>,
}

fields! {
    Request {
        task, models or default, input_tokens or default, attachments or default,
        messages or default, tools or default, output_tokens_max or default, steps_max or default, searches_max or default,
        pages or default, images or default, clips or default, clip_seconds or default,
        three_d_models or default, cache_write or default, flags or default,
    }
}

impl Request {
    /// A request for `task` on `models` that says nothing else.
    pub fn new(task: Task, models: Vec<ModelId>) -> Self {
        Self {
            task,
            models,
            input_tokens: OrderedMap::default(),
            attachments: Vec::new(),
            messages: None,
            tools: None,
            output_tokens_max: None,
            steps_max: None,
            searches_max: None,
            pages: None,
            images: None,
            clips: None,
            clip_seconds: None,
            three_d_models: None,
            cache_write: None,
            flags: Vec::new(),
        }
    }

    /// What the input was counted to be in `encoding`, if it was.
    pub fn counted(&self, encoding: Encoding) -> Option<Counted> {
        let count = |kind| self.input_tokens.get(&kind).copied();
        Counted::of(count(encoding.all()), count(encoding.latin()))
    }
}

/// A kind of work, a row of the product's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum Task {
    /// One model answers.
    Direct,
    /// 2 to 4 models answer side by side.
    Compare,
    /// The book's policy picks the model.
    Routing,
    /// A single agent works in steps.
    Agent,
    /// Long research with searches.
    DeepResearch,
    /// Search in financial sources.
    FinanceSearch,
    /// Search in social media.
    SocialSearch,
    /// Large documents are read.
    FileProcessing,
    /// Images are made.
    Image,
    /// Video clips are made.
    Video,
    /// 3D models are made.
    ThreeD,
}

names! {
    pub Task {
        Direct = "direct",
        Compare = "compare",
        Routing = "routing",
        Agent = "agent",
        DeepResearch = "deep_research",
        FinanceSearch = "finance_search",
        SocialSearch = "social_search",
        FileProcessing = "file_processing",
        Image = "image",
        Video = "video",
        ThreeD = "three_d",
    }
}

impl Task {
    /// The task whose row prices a leg of this one.
    pub const fn priced_as(self) -> Self {
        match self {
            Self::Direct | Self::Compare | Self::Routing => Self::Direct,
            Self::Agent
            | Self::DeepResearch
            | Self::FinanceSearch
            | Self::SocialSearch
            | Self::FileProcessing
            | Self::Image
            | Self::Video
            | Self::ThreeD => self,
        }
    }

    /// The kind of model that does it.
    pub const fn kind(self) -> KindName {
        match self {
            Self::Image => KindName::Image,
            Self::Video => KindName::Video,
            Self::ThreeD => KindName::ThreeD,
            Self::Direct
            | Self::Compare
            | Self::Routing
            | Self::Agent
            | Self::DeepResearch
            | Self::FinanceSearch
            | Self::SocialSearch
            | Self::FileProcessing => KindName::Text,
        }
    }
}

/// How long a cache that is written lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum CacheWrite {
    /// The provider's default, five minutes for most.
    #[cfg_attr(test, ts(rename = "default"))]
    Default,
    /// An hour.
    #[cfg_attr(test, ts(rename = "1h"))]
    OneHour,
}

names! {
    pub CacheWrite {
        Default = "default",
        OneHour = "1h",
    }
}

/// What a text looks like, for routing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum Flag {
    /// It contains program code.
    Code,
    /// It contains formulas or asks to calculate.
    Math,
    /// It asks to translate.
    Translation,
    /// It asks for a long text, such as an essay.
    Writing,
    /// It asks several things: a list of three, or three questions.
    Several,
}

names! {
    pub Flag {
        Code = "code",
        Math = "math",
        Translation = "translation",
        Writing = "writing",
        Several = "several",
    }
}
