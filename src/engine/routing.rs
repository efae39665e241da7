//! Routing: which model answers, as a pure function of the book and of a request's counts and
//! flags (R12). The browser and the server call the same one.

use crate::bounds::prompt_range;
use crate::denial::Denial;
use crate::encoding::Encoding;
use crate::estimate::Caps;
use crate::id::ModelId;
use crate::price_book::{Model, ModelKind, PriceBook, RoutingCondition};
use crate::request::{Flag, Request, Task};
use alloc::vec::Vec;

/// Who may answer a routed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// The model that answers unless it fails.
    pub likely: ModelId,
    /// Every model that may answer, the likely one and its fallbacks, in the book's order.
    pub candidates: Vec<ModelId>,
}

/// Routes `request`: the candidates that take its input, and the first of the policy's rules that
/// holds.
///
/// # Errors
/// A [`Denial`] with `request_invalid` where no candidate takes the input.
pub fn route(book: &PriceBook, request: &Request, caps: &Caps) -> Result<Routed, Denial> {
    let allowed = |id: &&ModelId| caps.candidates.as_ref().is_none_or(|some| some.contains(*id));
    let takes = |id: &&ModelId| book.model(id).is_some_and(|model| takes_input(model, request));
    let priced = |id: &&ModelId| book.price(Task::Routing, id).is_some();
    let candidates: Vec<ModelId> = book
        .routing
        .candidates
        .iter()
        .filter(allowed)
        .filter(priced)
        .filter(takes)
        .cloned()
        .collect();

    let named = book.routing.rules.iter().filter(|rule| holds(&rule.when, request));
    let likely = named
        .map(|rule| &rule.model)
        .chain([&book.routing.default])
        .find(|model| candidates.contains(model))
        .or_else(|| candidates.first())
        .cloned();
    match likely {
        Some(likely) => Ok(Routed { likely, candidates }),
        None => Err(Denial::request_invalid(
            "input_tokens",
            "no model that routing may use takes an input of this length: shorten it",
        )),
    }
}

/// What `text` looks like, for [`Request::flags`]: cheap signs, the same on both sides.
pub fn flags(text: &str) -> Vec<Flag> {
    let has = |signs: &[&str]| signs.iter().any(|sign| contains(text, sign));
    let code =
        has(&["```", "fn ", "def ", "class ", "import ", "#include", "SELECT ", "();", "=> "]);
    let math = has(&["\\frac", "\\sum", "\\int", "∑", "∫", "√", "equation", "prove that"]);
    [(code, Flag::Code), (math, Flag::Math)]
        .into_iter()
        .filter_map(|(found, flag)| found.then_some(flag))
        .collect()
}

/// As `str::contains`, whose search for long texts would be a twentieth of the browser's module.
fn contains(text: &str, sign: &str) -> bool {
    text.as_bytes().windows(sign.len()).any(|window| window == sign.as_bytes())
}

fn holds(when: &RoutingCondition, request: &Request) -> bool {
    let input = request.input_tokens.get(&Encoding::O200kBase.all()).copied().unwrap_or(0);
    when.input_tokens_above.is_none_or(|above| input > above)
        && when.flag.is_none_or(|flag| request.flags.contains(&flag))
}

fn takes_input(model: &Model, request: &Request) -> bool {
    match &model.kind {
        ModelKind::Text(text) => {
            let counted = request.counted(text.encoding.name);
            counted.is_none_or(|counted| {
                let prompt = prompt_range(&text.encoding, counted, request.messages);
                prompt.high < text.context_tokens_max
            })
        }
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => false,
    }
}
