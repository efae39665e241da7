//! The part of a price book that says who answers a routed message (R12). [`crate::routing`] goes by
//! it.

use crate::amount::Credits;
use crate::checked::fields;
use crate::id::ModelId;
use crate::request::Flag;
use alloc::vec::Vec;
use serde::Serialize;

/// Routing mode: who may answer, and who is likely to (R12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RoutingPolicy {
    /// Every model that may answer, fallbacks included.
    pub candidates: Vec<ModelId>,
    /// The model for a request that no rule names.
    pub default: ModelId,
    /// Tried in order; the first that holds, and whose model may answer, names it.
    pub rules: Vec<RoutingRule>,
}

fields! {
    RoutingPolicy { candidates, default, rules }
}

/// One rule of routing. It names one model, or leaves the choice to the price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct RoutingRule {
    /// What must hold, all of it; nothing always holds.
    pub when: RoutingCondition,
    /// The model then, one of the candidates.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// In its place: of these candidates the one that this request is likely to cost least with;
    /// of equals the first candidate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<ModelId>>"))]
    pub use_cheapest_of: Vec<ModelId>,
}

fields! {
    RoutingRule { when, model = "use" or default, use_cheapest_of or default }
}

/// What a routing rule looks at: counts, flags and the price, never a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct RoutingCondition {
    /// The request has this flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
    /// The prompt, with the conversation so far, has more `o200k_base` tokens than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens_above: Option<u64>,
    /// The prompt has more messages than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_above: Option<u32>,
    /// The request is at least so demanding, as [`crate::routing::complexity`] tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complexity_at_least: Option<u32>,
    /// The request is likely to cost at most this with the rule's model, by the book alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_at_most: Option<Credits>,
}

fields! {
    RoutingCondition {
        flag or default, input_tokens_above or default, messages_above or default,
        complexity_at_least or default, cost_at_most or default,
    }
}

impl RoutingRule {
    /// Its models, of which one answers.
    pub fn models(&self) -> impl Iterator<Item = &ModelId> {
        self.model.iter().chain(&self.use_cheapest_of)
    }

    /// Whether `model` is one of them.
    pub fn names(&self, model: &ModelId) -> bool {
        self.model.as_ref() == Some(model) || self.use_cheapest_of.contains(model)
    }
}
