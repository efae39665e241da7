//! The rules for a book's tasks: every model that is offered has one price (R5).

use crate::check_models::is_positive;
use crate::meter::{Meter, QUANTITY_MAX};
use crate::price_book::{Bound, Offer, OfferedModels, PriceBook};
use crate::price_book_check::Faults;
use crate::rate::RATE_MAX;
use crate::request::Task;
use crate::written::format;

/// The longest hold, in seconds: a week.
const HOLD_SECONDS_MAX: u32 = 604_800;

/// Checks the row of every task.
pub(crate) fn check_tasks(book: &PriceBook, faults: &mut Faults) {
    faults.list_length(book.tasks.len(), "tasks");
    for (index, row) in book.tasks.iter().enumerate() {
        let path = format!("tasks[{index}]");
        let earlier = book.tasks.iter().take(index).any(|earlier| earlier.task == row.task);
        faults.unless(!earlier, &format!("{path}.task"), "has an earlier row; keep one");
        let priced = row.task.priced_as() == row.task;
        let message = "has no price of its own: its legs are priced as `direct`";
        faults.unless(priced, &format!("{path}.task"), message);
        let fits = (1..=HOLD_SECONDS_MAX).contains(&row.hold_seconds_max);
        let message = format!("must be 1 to {HOLD_SECONDS_MAX}");
        faults.unless(fits, &format!("{path}.hold_seconds_max"), &message);
        faults.list_length(row.offers.len(), &format!("{path}.offers"));
        for (index, offer) in row.offers.iter().enumerate() {
            let path = format!("{path}.offers[{index}]");
            check_models_of(book, row.task, offer, &path, faults);
            check_price(book, offer, &path, faults);
            check_meters(row.task, offer, &path, faults);
        }
        for model in &book.models {
            let count = row.offers.iter().filter(|offer| offer.models.include(model)).count();
            let message = format!("`{}` is in {count} offers; keep one", model.id);
            faults.unless(count <= 1, &format!("{path}.offers"), &message);
        }
    }
}

fn check_models_of(book: &PriceBook, task: Task, offer: &Offer, path: &str, faults: &mut Faults) {
    let path = format!("{path}.models");
    if let OfferedModels::Ids(ids) = &offer.models {
        for (index, id) in ids.iter().enumerate() {
            let message = format!("there is no model `{id}`");
            faults.unless(book.model(id).is_some(), &format!("{path}.ids[{index}]"), &message);
            let earlier = ids.iter().take(index).any(|earlier| earlier == id);
            faults.unless(!earlier, &format!("{path}.ids[{index}]"), "occurs twice; keep one");
        }
    }
    let offered = || book.models.iter().filter(|model| offer.models.include(model));
    faults.unless(offered().next().is_some(), &path, "includes no model of the book");
    for model in offered() {
        let message = format!("`{}` cannot do `{}`", model.id, task.name());
        faults.unless(model.kind.name() == task.kind(), &path, &message);
    }
}

fn check_price(book: &PriceBook, offer: &Offer, path: &str, faults: &mut Faults) {
    let field = |name: &str| format!("{path}.{name}");
    let message = "must be above zero; leave it out where there is none";
    if let Some(base) = offer.per_request {
        faults.unless(base.is_positive(), &field("per_request"), message);
        let limit = format!("is above {RATE_MAX} credits");
        faults.unless(base <= RATE_MAX, &field("per_request"), &limit);
    }
    if let Some(minimum) = offer.minimum {
        faults.unless(minimum.is_positive(), &field("minimum"), message);
        let stepped = minimum.is_multiple_of(book.charge_step);
        faults.unless(stepped, &field("minimum"), "must be a multiple of `charge_step`");
        let limit = format!("is above {RATE_MAX} credits");
        faults.unless(minimum <= RATE_MAX, &field("minimum"), &limit);
    }
    faults.unless(is_positive(offer.multiplier), &field("multiplier"), "must be above zero");
}

/// A task prices and bounds its own meters, all of them and no other.
fn check_meters(task: Task, offer: &Offer, path: &str, faults: &mut Faults) {
    let own = match task {
        Task::Agent => Some(Meter::Steps),
        Task::DeepResearch | Task::FinanceSearch | Task::SocialSearch => Some(Meter::Searches),
        Task::FileProcessing => Some(Meter::Pages),
        Task::Direct | Task::Compare | Task::Routing | Task::Image | Task::Video | Task::ThreeD => {
            None
        }
    };
    if let Some(meter) = own {
        let path = format!("{path}.rates.{}", meter.name());
        faults.unless(
            offer.rates.contains_key(&meter),
            &path,
            "is missing; the task is priced by it",
        );
    }
    for (meter, rate) in offer.rates.iter() {
        let path = format!("{path}.rates.{}", meter.name());
        faults.unless(Some(meter) == own, &path, "is not a meter of this task");
        faults.rate(rate, &path);
    }
    let bounds = &offer.bounds;
    let is_text = task.kind() == crate::price_book::KindName::Text;
    let has_rounds = matches!(own, Some(Meter::Steps | Meter::Searches));
    for (name, bound, needed, allowed, least) in [
        ("output_tokens", bounds.output_tokens, is_text, is_text, 1),
        ("steps", bounds.steps, own == Some(Meter::Steps), own == Some(Meter::Steps), 1),
        (
            "searches",
            bounds.searches,
            own == Some(Meter::Searches),
            own == Some(Meter::Searches),
            0,
        ),
        ("round_input_tokens", bounds.round_input_tokens, has_rounds, has_rounds, 0),
    ] {
        let path = format!("{path}.bounds.{name}");
        faults.unless(bound.is_some() || !needed, &path, "is missing; every task is bounded");
        faults.unless(bound.is_none() || allowed, &path, "does not belong to this task");
        if let Some(bound) = bound {
            check_bound(bound, least, &path, faults);
        }
    }
}

fn check_bound(bound: Bound, least: u64, path: &str, faults: &mut Faults) {
    let ordered = bound.floor <= bound.expected && bound.expected <= bound.max;
    faults.unless(ordered, path, "must have `floor` <= `expected` <= `max`");
    let message = format!("must be {least} to {QUANTITY_MAX}");
    faults.unless(bound.floor >= least, &format!("{path}.floor"), &message);
    faults.unless(bound.max <= QUANTITY_MAX, &format!("{path}.max"), &message);
}
