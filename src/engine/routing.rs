//! Routing: which model answers, as a pure function of the book and of a request's counts and
//! flags (R12). The browser and the server call the same one.

use crate::amount::Credits;
use crate::attachment::beside_text;
use crate::bounds::{plan, prompt_range};
use crate::denial::Denial;
use crate::encoding::{Encoding, TokenRange};
use crate::estimate::Caps;
use crate::id::ModelId;
use crate::price_book::{Model, ModelKind, PriceBook};
use crate::request::{Flag, Request, Task};
use crate::routing_policy::{RoutingCondition, RoutingRule};
use alloc::vec::Vec;

/// Who may answer a routed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// The model that answers unless it fails.
    pub likely: ModelId,
    /// The rule that named it, counted from 0; nothing where none did.
    pub rule: Option<u32>,
    /// Every model that may answer, the likely one and its fallbacks, in the book's order.
    pub candidates: Vec<ModelId>,
}

/// The highest complexity that a request can have.
pub const COMPLEXITY_MAX: u32 = 10;
/// A point of complexity for each of these that the input's `o200k_base` tokens exceed.
const LONG_INPUT_TOKENS: [u64; 4] = [500, 2_000, 8_000, 32_000];
/// A point for a conversation of more messages.
const LONG_CONVERSATION_MESSAGES: u32 = 10;

/// Routes `request`: the candidates that take its input, and the first of the policy's rules that
/// holds.
///
/// # Errors
/// A [`Denial`] with `request_invalid` where no candidate takes the input.
pub fn route(book: &PriceBook, request: &Request, caps: &Caps) -> Result<Routed, Denial> {
    let may_answer = |id: &ModelId| {
        caps.candidates.as_ref().is_none_or(|some| some.contains(id))
            && book.price(Task::Routing, id).is_some_and(|price| takes_input(price.model, request))
    };
    let mut candidates = Vec::new();
    for id in &book.routing.candidates {
        if may_answer(id) {
            candidates.push(id.clone());
        }
    }
    for (rule, index) in book.routing.rules.iter().zip(0_u32..) {
        if let Some(likely) = chosen(book, request, rule, &candidates) {
            return Ok(Routed { likely, rule: Some(index), candidates });
        }
    }
    let default = candidates.iter().find(|id| **id == book.routing.default);
    match default.or_else(|| candidates.first()).cloned() {
        Some(likely) => Ok(Routed { likely, rule: None, candidates }),
        None => Err(none_takes(book, request)),
    }
}

/// Why there is no candidate: none takes what is attached, or none takes so much.
fn none_takes(book: &PriceBook, request: &Request) -> Denial {
    let models = book.routing.candidates.iter().filter_map(|id| book.model(id));
    if models.into_iter().any(|model| beside_text(request, model).is_ok()) {
        let message = "no model that routing may use takes so much: shorten the input";
        return Denial::request_invalid("input_tokens", message);
    }
    let message = "no model that routing may use takes all of these: remove some, or name a model";
    Denial::request_invalid("attachments", message)
}

/// How demanding a request looks by its counts and flags, 0 to [`COMPLEXITY_MAX`].
///
/// A point for each of 500, 2 000, 8 000 and 32 000 input tokens that are exceeded, one for more
/// than 10 messages, one for `several`, two for `code` and two for `math`.
pub fn complexity(request: &Request) -> u32 {
    let input = input_tokens(request);
    let mut points = 0_u32;
    let mut count = |holds: bool, worth: u32| {
        if holds {
            points = points.saturating_add(worth);
        }
    };
    for length in LONG_INPUT_TOKENS {
        count(input > length, 1);
    }
    count(request.messages.is_some_and(|count| count > LONG_CONVERSATION_MESSAGES), 1);
    for (flag, worth) in [(Flag::Several, 1), (Flag::Code, 2), (Flag::Math, 2)] {
        count(request.flags.contains(&flag), worth);
    }
    points
}

/// What a flag is told by: one of these texts, at least so often. Words without their first letter
/// are found with a capital too.
const SIGNS: [(Flag, usize, &[&str]); 6] = [
    (
        Flag::Code,
        1,
        &["```", "fn ", "def ", "class ", "import ", "#include", "SELECT ", "();", "=> "],
    ),
    (Flag::Math, 1, &["\\frac", "\\sum", "\\int", "∑", "∫", "√", "equation", "prove that"]),
    (Flag::Translation, 1, &["ranslate ", "bersetze ", "raduis ", "raduce ", "翻译", "翻訳"]),
    (
        Flag::Writing,
        1,
        &["rite an essay", "rite an article", "rite a story", "rite a report", "rite a letter"],
    ),
    (Flag::Several, 1, &["\n3. ", "\n3) "]),
    (Flag::Several, 3, &["?", "？", "\n- "]),
];

/// What `text` looks like, for [`Request::flags`]: cheap signs, the same on both sides.
pub fn flags(text: &str) -> Vec<Flag> {
    let mut flags = Vec::new();
    for (flag, times, signs) in SIGNS {
        if !flags.contains(&flag) && signs.iter().any(|sign| occurs(text, sign, times)) {
            flags.push(flag);
        }
    }
    flags
}

/// Whether `sign` is in `text` so often. As `str::contains`, whose search for long texts would be a
/// twentieth of the browser's module.
fn occurs(text: &str, sign: &str, times: usize) -> bool {
    let rest_at = |at| text.as_bytes().get(at..).unwrap_or_default();
    let places = (0..text.len()).filter(|at| rest_at(*at).starts_with(sign.as_bytes()));
    places.take(times).count() == times
}

/// The candidate that `rule` names, where it holds.
fn chosen(
    book: &PriceBook,
    request: &Request,
    rule: &RoutingRule,
    candidates: &[ModelId],
) -> Option<ModelId> {
    if !holds(&rule.when, request) {
        return None;
    }
    let mut least = rule.when.cost_at_most.unwrap_or(Credits::MAX);
    let mut found = None;
    for model in candidates.iter().filter(|model| rule.names(model)) {
        let cost = likely_cost(book, request, model).unwrap_or(Credits::MAX);
        if cost < least || (cost == least && found.is_none()) {
            (least, found) = (cost, Some(model));
        }
    }
    found.cloned()
}

/// What `request` is likely to cost with `model`, by the book alone and without caps: neither what
/// was learned of answers nor a shorter answer that a balance allows must change who answers.
pub(crate) fn likely_cost(book: &PriceBook, request: &Request, model: &ModelId) -> Option<Credits> {
    plan(book, request, &Caps::default(), model).ok()?.expected_of_one_unit().ok()
}

/// What does not depend on the model.
fn holds(when: &RoutingCondition, request: &Request) -> bool {
    when.flag.is_none_or(|flag| request.flags.contains(&flag))
        && when.input_tokens_above.is_none_or(|above| input_tokens(request) > above)
        && when.messages_above.is_none_or(|above| request.messages.unwrap_or(1) > above)
        && when.complexity_at_least.is_none_or(|least| complexity(request) >= least)
}

fn input_tokens(request: &Request) -> u64 {
    request.input_tokens.get(&Encoding::O200kBase.all()).copied().unwrap_or(0)
}

fn takes_input(model: &Model, request: &Request) -> bool {
    match &model.kind {
        ModelKind::Text(text) => {
            let Ok(beside) = beside_text(request, model) else { return false };
            let counted = request.counted(text.encoding.name);
            counted.is_none_or(|counted| {
                let prompt = prompt_range(&text.encoding, counted, request.messages);
                beside.into_iter().fold(prompt, TokenRange::and).high < text.context_tokens_max
            })
        }
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => false,
    }
}
