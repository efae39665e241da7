//! Making a request fit a balance (R15): tighter caps first, then cheaper choices to offer.

use crate::amount::Credits;
use crate::denial::Remedy;
use crate::estimate::{CandidateEstimate, Caps, Estimate, estimate, estimate_capped};
use crate::id::ModelId;
use crate::price_book::PublishedBook;
use crate::request::{Request, Task};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The request under the loosest caps whose high price is at most `available`: fewer routing
/// candidates, else one output cap common to all legs, else fewer steps or searches, each at least
/// the book's floor. `None` where nothing fits.
pub(crate) fn fit(
    book: &PublishedBook,
    request: &Request,
    price: &Estimate,
    available: Credits,
) -> Option<Estimate> {
    let mut caps = price.caps.clone();
    if price.high > available && request.task == Task::Routing {
        caps.candidates = Some(affordable_candidates(book, request, price, available)?);
    }
    let capped = estimate_capped(book, request, &caps).ok()?;
    if capped.high <= available {
        return Some(capped);
    }
    // The bounds that each knob may move in: down to the highest floor of any leg.
    let candidates = || capped.legs.iter().flat_map(|leg| &leg.candidates);
    let highest = |of: fn(&CandidateEstimate) -> Option<u64>| candidates().filter_map(of).max();
    let knobs = [
        Knob {
            floor: highest(|candidate| candidate.bounds.output_tokens_floor),
            max: highest(|candidate| candidate.bounds.output_tokens_max),
            set: |caps, value| caps.output_tokens = Some(value),
        },
        Knob {
            floor: highest(|candidate| candidate.bounds.steps_floor),
            max: highest(|candidate| candidate.bounds.steps_max),
            set: |caps, value| caps.steps = Some(value),
        },
        Knob {
            floor: highest(|candidate| candidate.bounds.searches_floor),
            max: highest(|candidate| candidate.bounds.searches_max),
            set: |caps, value| caps.searches = Some(value),
        },
    ];
    for knob in knobs {
        if let Some(fitting) = turn_down(book, request, &mut caps, &knob, available) {
            return Some(fitting);
        }
    }
    None
}

/// What a person could ask for instead, with its price: fewer models or units, or another model.
pub(crate) fn cheaper_choices(
    book: &PublishedBook,
    request: &Request,
    available: Credits,
) -> Vec<Remedy> {
    let fewer = match request.task {
        Task::Compare => fewer_models(book, request, available),
        Task::Image => fewer_units(book, request, available, |request| &mut request.images),
        Task::Video => fewer_units(book, request, available, |request| &mut request.clips),
        Task::ThreeD => {
            fewer_units(book, request, available, |request| &mut request.three_d_models)
        }
        Task::Direct
        | Task::Routing
        | Task::Agent
        | Task::DeepResearch
        | Task::FinanceSearch
        | Task::SocialSearch
        | Task::FileProcessing => None,
    };
    fewer.into_iter().chain(other_model(book, request, available)).collect()
}

/// One quantity that can be lowered.
struct Knob {
    floor: Option<u64>,
    max: Option<u64>,
    set: fn(&mut Caps, u64),
}

/// Sets `knob` in `caps` to the largest value that fits, or to its floor where none does: the next
/// knob starts from there.
fn turn_down(
    book: &PublishedBook,
    request: &Request,
    caps: &mut Caps,
    knob: &Knob,
    available: Credits,
) -> Option<Estimate> {
    let (floor, max) = (knob.floor?, knob.max?);
    let mut at = |value: u64| {
        (knob.set)(caps, value);
        estimate_capped(book, request, caps).ok().filter(|price| price.high <= available)
    };
    let mut best = at(floor)?;
    // A higher cap never costs less, so the values that fit are those up to some point.
    let (mut fits, mut too_much) = (floor, max.saturating_add(1));
    while too_much.saturating_sub(fits) > 1 {
        let middle = fits.midpoint(too_much);
        match at(middle) {
            Some(price) => (best, fits) = (price, middle),
            None => too_much = middle,
        }
    }
    Some(best)
}

/// The candidates that fit as they are; else those that fit with the shortest answer that all of
/// them can be capped to; else the one whose own shortest answer is cheapest.
fn affordable_candidates(
    book: &PublishedBook,
    request: &Request,
    price: &Estimate,
    available: Credits,
) -> Option<Vec<ModelId>> {
    let candidates = &price.legs.first()?.candidates;
    let fitting = |highs: Vec<Option<Credits>>| -> Vec<ModelId> {
        let priced = candidates.iter().zip(highs);
        let fits = priced.filter(|(_, high)| high.is_some_and(|high| high <= available));
        fits.map(|(candidate, _)| candidate.model.clone()).collect()
    };
    let uncapped = fitting(candidates.iter().map(|one| Some(one.high)).collect());
    if !uncapped.is_empty() {
        return Some(uncapped);
    }
    let at = |one: &CandidateEstimate, output_tokens: Option<u64>| {
        let candidates = Some(Vec::from([one.model.clone()]));
        let caps = Caps { output_tokens, candidates, ..price.caps.clone() };
        estimate_capped(book, request, &caps).ok().map(|price| price.high)
    };
    let floor = candidates.iter().filter_map(|one| one.bounds.output_tokens_floor).max();
    let shortened = fitting(candidates.iter().map(|one| at(one, floor)).collect());
    if !shortened.is_empty() {
        return Some(shortened);
    }
    let shortest = |one: &CandidateEstimate| at(one, one.bounds.output_tokens_floor);
    let priced = candidates.iter().filter_map(|one| Some((shortest(one)?, one)));
    let (_, cheapest) = priced.min_by_key(|(high, _)| *high)?;
    Some(Vec::from([cheapest.model.clone()]))
}

/// The comparison without its dearest models, as many as fit; a single one is a direct message.
fn fewer_models(book: &PublishedBook, request: &Request, available: Credits) -> Option<Remedy> {
    // With the shortest answer: that is what decides whether a comparison can be made to fit.
    let price = estimate(book, request).ok()?;
    let candidates = price.legs.iter().flat_map(|leg| &leg.candidates);
    let output_tokens = candidates.filter_map(|one| one.bounds.output_tokens_floor).max();
    let caps = Caps { output_tokens, ..Caps::default() };
    let mut legs = estimate_capped(book, request, &caps).ok()?.legs;
    let mut cheaper = request.clone();
    while legs.len() > 1 {
        let dearest = legs.iter().map(|leg| leg.high).max();
        let last = legs.iter().rposition(|leg| Some(leg.high) == dearest)?;
        legs.remove(last);
        cheaper.models = legs.iter().map(|leg| leg.model.clone()).collect();
        if legs.len() == 1 {
            cheaper.task = Task::Direct;
        }
        if let Some(remedy) = offer(book, cheaper.clone(), available) {
            return Some(remedy);
        }
    }
    None
}

fn fewer_units(
    book: &PublishedBook,
    request: &Request,
    available: Credits,
    units: fn(&mut Request) -> &mut Option<u32>,
) -> Option<Remedy> {
    let mut cheaper = request.clone();
    let wanted = (*units(&mut cheaper))?;
    (1..wanted).rev().find_map(|count| {
        *units(&mut cheaper) = Some(count);
        offer(book, cheaper.clone(), available)
    })
}

/// The cheapest other model of the same task that fits, where the request names a single one.
fn other_model(book: &PublishedBook, request: &Request, available: Credits) -> Option<Remedy> {
    let [named] = request.models.as_slice() else {
        return None;
    };
    let others = book.book.models_of(request.task).filter(|model| model.id != *named);
    let requests = others.map(|model| {
        let mut cheaper = request.clone();
        cheaper.models = Vec::from([model.id.clone()]);
        cheaper
    });
    let mut cheapest: Option<(Credits, Remedy)> = None;
    for cheaper in requests {
        let Ok(price) = estimate(book, &cheaper) else { continue };
        if cheapest.as_ref().is_none_or(|(least, _)| price.high < *least)
            && let Some(remedy) = offer(book, cheaper, available)
        {
            cheapest = Some((price.high, remedy));
        }
    }
    cheapest.map(|(_, remedy)| remedy)
}

fn offer(book: &PublishedBook, request: Request, available: Credits) -> Option<Remedy> {
    let price = estimate(book, &request).ok()?;
    let fitting = fit(book, &request, &price, available)?;
    Some(Remedy::Cheaper { request: Box::new(request), caps: fitting.caps, high: fitting.high })
}
