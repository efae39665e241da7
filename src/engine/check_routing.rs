//! The rules for a book's routing (R5, R12), and what its writer should know beside them.

use crate::amount::Credits;
use crate::encoding::Encoding;
use crate::id::ModelId;
use crate::price_book::{Model, ModelKind, PriceBook};
use crate::price_book_check::Faults;
use crate::request::{MESSAGES_MAX, Request, Task};
use crate::routing::{COMPLEXITY_MAX, likely_cost};
use crate::routing_policy::{RoutingCondition, RoutingRule};
use crate::written::format;
use alloc::vec::Vec;

/// The most candidates or rules of routing.
const ROUTING_LENGTH_MAX: usize = 64;

/// Checks the candidates and rules of routing.
pub(crate) fn check_routing(book: &PriceBook, faults: &mut Faults) {
    let routing = &book.routing;
    faults.list_length(routing.candidates.len(), "routing.candidates");
    for (length, path) in
        [(routing.candidates.len(), "routing.candidates"), (routing.rules.len(), "routing.rules")]
    {
        let message = format!("has {length} entries; at most {ROUTING_LENGTH_MAX} are allowed");
        faults.unless(length <= ROUTING_LENGTH_MAX, path, &message);
    }
    for (index, id) in routing.candidates.iter().enumerate() {
        let path = format!("routing.candidates[{index}]");
        let earlier = routing.candidates.iter().take(index).any(|earlier| earlier == id);
        faults.unless(!earlier, &path, "occurs twice");
        let offered = book.price(Task::Direct, id).is_some();
        let message = format!("`{id}` is not offered with `direct`, which prices a routed message");
        faults.unless(offered, &path, &message);
    }
    let is_candidate = |id| routing.candidates.contains(id);
    let message = "is not one of the candidates";
    faults.unless(is_candidate(&routing.default), "routing.default", message);
    for (index, RoutingRule { when, model, use_cheapest_of }) in routing.rules.iter().enumerate() {
        let path = format!("routing.rules[{index}]");
        let is_named = match model {
            Some(_) => use_cheapest_of.is_empty(),
            None => use_cheapest_of.len() > 1,
        };
        let names = "must have either `use`, or `use_cheapest_of` with two models or more";
        faults.unless(is_named, &path, names);
        faults.unless(model.iter().all(is_candidate), &format!("{path}.use"), message);
        for (index, id) in use_cheapest_of.iter().enumerate() {
            let path = format!("{path}.use_cheapest_of[{index}]");
            faults.unless(is_candidate(id), &path, message);
            let earlier = use_cheapest_of.iter().take(index).any(|earlier| earlier == id);
            faults.unless(!earlier, &path, "occurs twice");
        }
        check_condition(when, &format!("{path}.when"), faults);
    }
}

/// Every rule of routing that names no model, whatever is asked, where the one at fault is another
/// rule or a model. Such a book is complete, and yet hardly what its writer meant.
pub(crate) fn advise_on_routing(book: &PriceBook, faults: &mut Faults) {
    let rules = &book.routing.rules;
    for (index, rule) in rules.iter().enumerate() {
        let path = format!("routing.rules[{index}]");
        let earlier = rules.iter().take(index).position(|earlier| earlier.covers(rule));
        if let Some(earlier) = earlier {
            let message = format!(
                "`routing.rules[{earlier}]` holds whenever this one does, so this one decides only \
                 where that one's models cannot answer; move it up, or leave it out"
            );
            faults.unless(false, &path, &message);
        }
        let models = || rule.models().filter_map(|id| book.model(id));
        let longest = models().filter_map(context_tokens_max).max();
        let above = rule.when.input_tokens_above;
        let message = "is more than its models take, so the rule never holds";
        let path = format!("{path}.when");
        let is_reachable = above.is_none() || longest > above;
        faults.unless(is_reachable, &format!("{path}.input_tokens_above"), message);
        if let Some(most) = rule.when.cost_at_most
            && let Some(least) = rule.models().filter_map(|id| cost_of_nothing(book, id)).min()
        {
            let message = format!(
                "is below {least}, which an empty message is likely to cost with its cheapest \
                 model, so the rule never holds"
            );
            faults.unless(least <= most, &format!("{path}.cost_at_most"), &message);
        }
    }
}

/// Only what no request and no other part of the book could meet.
fn check_condition(when: &RoutingCondition, path: &str, faults: &mut Faults) {
    let within = when.complexity_at_least.is_none_or(|least| (1..=COMPLEXITY_MAX).contains(&least));
    let message = format!("must be 1 to {COMPLEXITY_MAX}");
    faults.unless(within, &format!("{path}.complexity_at_least"), &message);
    let message = format!("must be below {MESSAGES_MAX}, the most messages of a request");
    let within = when.messages_above.is_none_or(|above| u64::from(above) < MESSAGES_MAX);
    faults.unless(within, &format!("{path}.messages_above"), &message);
    let within = when.cost_at_most.is_none_or(Credits::is_positive);
    faults.unless(within, &format!("{path}.cost_at_most"), "must be above zero");
}

impl RoutingRule {
    /// Whether it holds, and names a model, wherever `later` does.
    fn covers(&self, later: &Self) -> bool {
        let (when, after) = (&self.when, &later.when);
        // `None` is less than any bound that is exceeded or reached.
        when.flag.is_none_or(|flag| after.flag == Some(flag))
            && when.input_tokens_above <= after.input_tokens_above
            && when.messages_above <= after.messages_above
            && when.complexity_at_least <= after.complexity_at_least
            && when.cost_at_most.is_none_or(|most| {
                // The price is that of its own models.
                after.cost_at_most.is_some_and(|later| later <= most)
                    && later.models().all(|id| self.models().any(|own| own == id))
            })
    }
}

const fn context_tokens_max(model: &Model) -> Option<u64> {
    match &model.kind {
        ModelKind::Text(text) => Some(text.context_tokens_max),
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => None,
    }
}

/// What an empty message is likely to cost with a model.
fn cost_of_nothing(book: &PriceBook, id: &ModelId) -> Option<Credits> {
    let mut request = Request::new(Task::Routing, Vec::new());
    for encoding in Encoding::ALL {
        request.input_tokens.insert(encoding.all(), 0);
    }
    likely_cost(book, &request, id)
}
