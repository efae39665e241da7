//! Eligibility: may this account do this now, and if not, why and what would help (R13–R16).
//!
//! One function: the composer enables Send with it and the server admits with it. For the same
//! inputs they cannot contradict each other.

use crate::amount::Credits;
use crate::checked::fields;
use crate::denial::{Denial, DenialCode, Remedy};
use crate::estimate::{Caps, Estimate, estimate_capped};
use crate::fit::{cheaper_choices, fit};
use crate::id::BookVersion;
use crate::limits::Limits;
use crate::price_book::{PlanId, PublishedBook};
use crate::request::Request;
use crate::time::Timestamp;
use crate::written::{Plain, format};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The most open holds of one account.
pub const OPEN_HOLDS_MAX: u32 = 1_000;

/// What eligibility looks at: an account at one instant, the same in the browser and on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Standing {
    /// All lots, held parts included: what the header shows, and what a statement closes with.
    pub settled: Credits,
    /// What open holds reserve.
    pub held: Credits,
    /// What can be spent now: what is settled and not held, less what is frozen or begins later.
    pub available: Credits,
    /// How many holds are open.
    pub open_holds: u32,
    /// The plan.
    pub plan: PlanId,
    /// When a Pro period ends; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
    /// What the person's own limits leave; absent where they set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_left: Option<Credits>,
    /// These limits.
    #[serde(skip_serializing_if = "Limits::is_none")]
    #[cfg_attr(test, ts(as = "Option<Limits>"))]
    pub limits: Limits,
    /// Whether the account is closed.
    pub closed: bool,
    /// Whether a payment is disputed.
    pub disputed: bool,
    /// Whether a payment for Pro is missing.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub past_due: bool,
}

fields! {
    Standing {
        settled, held, available, open_holds, plan, resets_at or default, limit_left or default, limits or default,
        closed, disputed, past_due or default,
    }
}

/// What a person saw before they sent: the charge never exceeds it (R20).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Quote {
    /// The version of the book that priced it.
    pub price_book: BookVersion,
    /// The version of the rules that priced it, [`crate::RULES_VERSION`].
    pub rules: String,
    /// The most that it was said to cost.
    pub high: Credits,
    /// The caps that were shown.
    #[serde(skip_serializing_if = "Caps::is_none")]
    #[cfg_attr(test, ts(optional, as = "Option<Caps>"))]
    pub caps: Caps,
}

fields! {
    Quote { price_book, rules, high, caps or default }
}

/// Yes, or no with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Eligibility {
    /// It may be sent.
    Allowed(Allowed),
    /// It may not.
    Denied(Box<Denial>),
}

/// What sending would reserve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Allowed {
    /// The credits to hold: the high price at `caps`.
    pub hold: Credits,
    /// What the hold fits with; nothing is capped where the balance covers all of it.
    pub caps: Caps,
}

/// Whether `request`, priced as `estimate`, may be sent (R13).
///
/// `estimate` is what [`crate::estimate::estimate`] said of the same book and request, a denial
/// included. `quote` is what the person saw; the composer, which shows the price itself, has none.
/// Of several reasons the first in the order of [`DenialCode`] is given.
pub fn eligibility(
    book: &PublishedBook,
    standing: &Standing,
    request: &Request,
    estimate: Result<Estimate, Denial>,
    quote: Option<&Quote>,
) -> Eligibility {
    match decide(book, standing, request, estimate, quote) {
        Ok(allowed) => Eligibility::Allowed(allowed),
        Err(denial) => Eligibility::Denied(Box::new(denial)),
    }
}

fn decide(
    book: &PublishedBook,
    standing: &Standing,
    request: &Request,
    estimate: Result<Estimate, Denial>,
    quote: Option<&Quote>,
) -> Result<Allowed, Denial> {
    check_access(standing)?;
    let uncapped = estimate?;
    let price = match quote {
        None => uncapped,
        Some(quote) => honour(book, request, uncapped, quote)?,
    };
    check_standing(book, standing)?;

    let allow = |price: Estimate| Ok(Allowed { hold: price.high, caps: price.caps });
    let room = standing.limit_left.map_or(standing.available, |left| left.min(standing.available));
    if price.high <= room {
        return allow(price);
    }
    match (fit(book, request, &price, room), quote) {
        (Some(fitting), None) => allow(fitting),
        // A tighter cap than the one shown is another offer than the one accepted (R20).
        (Some(fitting), Some(_)) => Err(price_changed(fitting)),
        (None, _) if fit(book, request, &price, standing.available).is_some() => {
            Err(limit_reached())
        }
        (None, _) => Err(insufficient(book, standing, request, price)),
    }
}

/// Whether `more` may be held for an action that was admitted before (R28).
pub(crate) fn may_hold_more(
    book: &PublishedBook,
    standing: &Standing,
    more: Credits,
) -> Result<(), Denial> {
    check_access(standing)?;
    if standing.limit_left.is_some_and(|left| left < more) {
        return Err(limit_reached());
    }
    if more.is_positive() {
        check_available(book, standing)?;
    }
    if more > standing.available {
        let message = format!(
            "this holds up to {more} credits more and {} are available",
            standing.available
        );
        let code = DenialCode::CreditsInsufficient;
        return Err(Denial::new(code, message, ways_on(book, standing)));
    }
    Ok(())
}

fn check_access(standing: &Standing) -> Result<(), Denial> {
    if standing.closed {
        let message = "the account is closed";
        return Err(Denial::new(DenialCode::AccountClosed, message, support()));
    }
    if standing.disputed {
        let message =
            "a payment of this account is disputed; it can send again once that is settled";
        return Err(Denial::new(DenialCode::PaymentDisputed, message, support()));
    }
    Ok(())
}

/// The price at the caps that were quoted, if the quote still stands (R20).
fn honour(
    book: &PublishedBook,
    request: &Request,
    uncapped: Estimate,
    quote: &Quote,
) -> Result<Estimate, Denial> {
    if quote.price_book != book.version || quote.rules != crate::RULES_VERSION {
        return Err(price_changed(uncapped));
    }
    let capped = estimate_capped(book, request, &quote.caps);
    match capped {
        Ok(capped) if !are_above_floors(&capped) => Err(price_changed(uncapped)),
        Ok(capped) if capped.high <= quote.high => Ok(capped),
        Ok(capped) => Err(price_changed(capped)),
        Err(_) => Err(price_changed(uncapped)),
    }
}

fn are_above_floors(price: &Estimate) -> bool {
    let mut candidates = price.legs.iter().flat_map(|leg| &leg.candidates);
    candidates.all(|candidate| candidate.bounds.are_above_floors())
}

fn check_standing(book: &PublishedBook, standing: &Standing) -> Result<(), Denial> {
    if standing.limit_left.is_some_and(|left| !left.is_positive()) {
        return Err(limit_reached());
    }
    if standing.open_holds >= OPEN_HOLDS_MAX {
        let message = format!("{OPEN_HOLDS_MAX} actions are running; wait until one ends");
        let remedies = Vec::from([Remedy::WaitForHolds]);
        return Err(Denial::new(DenialCode::TooManyOpen, message, remedies));
    }
    check_available(book, standing)
}

fn check_available(book: &PublishedBook, standing: &Standing) -> Result<(), Denial> {
    if standing.available.is_positive() {
        return Ok(());
    }
    if standing.held.is_positive() {
        let message =
            "all your credits are held by answers that are still running; wait until one ends";
        let remedies = Vec::from([Remedy::WaitForHolds]);
        return Err(Denial::new(DenialCode::CreditsHeld, message, remedies));
    }
    let message = if standing.past_due {
        "your last payment for Pro did not go through; new messages are paused, everything else \
         stays open"
    } else {
        "you have no credits left; new messages are paused, everything else stays open"
    };
    Err(Denial::new(DenialCode::CreditsExhausted, message, ways_on(book, standing)))
}

pub(crate) fn limit_reached() -> Denial {
    let message = "this would exceed the limit that you set yourself";
    Denial::new(DenialCode::LimitReached, message, Vec::from([Remedy::RaiseLimit]))
}

fn price_changed(estimate: Estimate) -> Denial {
    let message =
        format!("the price is now up to {} credits; look at it and send again", estimate.high);
    let mut denial =
        Denial::new(DenialCode::PriceChanged, message, Vec::from([Remedy::ReviewPrice]));
    denial.estimate = Some(Box::new(estimate));
    denial
}

fn insufficient(
    book: &PublishedBook,
    standing: &Standing,
    request: &Request,
    price: Estimate,
) -> Denial {
    let problem =
        if standing.past_due { "; your last payment for Pro did not go through" } else { "" };
    let message = format!(
        "this may cost up to {} credits and {} are available{}",
        price.high,
        standing.available,
        Plain(problem)
    );
    // What running answers hold and do not use comes back.
    let with_held = standing.available.add(standing.held);
    let wait = standing.held.is_positive() && with_held.is_ok_and(|most| price.high <= most);
    let mut remedies: Vec<Remedy> = wait.then_some(Remedy::WaitForHolds).into_iter().collect();
    remedies.extend(cheaper_choices(book, request, standing.available));
    remedies.extend(ways_on(book, standing));
    let mut denial = Denial::new(DenialCode::CreditsInsufficient, message, remedies);
    denial.transient = wait;
    denial.estimate = Some(Box::new(price));
    denial
}

/// A pack, and Pro, or for a Pro account its reset date (R16); what is past due is to be paid.
fn ways_on(book: &PublishedBook, standing: &Standing) -> Vec<Remedy> {
    let pack = Remedy::BuyPack { usd_min: book.book.packs.usd_min };
    let plan = match (standing.plan, standing.resets_at) {
        _ if standing.past_due => Some(Remedy::MendPayment),
        (PlanId::Free, _) => Some(Remedy::UpgradeToPro),
        (PlanId::Pro, Some(at)) => Some(Remedy::WaitForReset { at }),
        (PlanId::Pro, None) => None,
    };
    plan.into_iter().chain([pack]).collect()
}

fn support() -> Vec<Remedy> {
    Vec::from([Remedy::ContactSupport])
}
