//! Receipts: why one action cost what it cost, so that anyone can come to the same number (R33).

use crate::account::{Hold, HoldLeg, LotPart};
use crate::amount::{AmountOverflow, Credits};
use crate::checked::{fields, kinds};
use crate::denial::Denial;
use crate::estimate::Caps;
use crate::id::{ActionId, BookVersion, ModelId};
use crate::meter::Usage;
use crate::price_book::PublishedBook;
use crate::rating::{self, Line, RatingFault};
use crate::request::Task;
use crate::settle::{Finish, LegEnd, UsageSource};
use crate::time::Timestamp;
use crate::void::VoidReason;
use crate::written::{Plain, format};
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Why one action cost what it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Receipt {
    /// The action.
    pub action_id: ActionId,
    /// Its task.
    pub task: Task,
    /// The book that priced it.
    pub price_book: BookVersion,
    /// The rules that admitted it.
    pub rules: String,
    /// When it was admitted.
    pub authorized_at: Timestamp,
    /// What was held.
    pub hold: Credits,
    /// What it was capped at.
    pub caps: Caps,
    /// What each leg came to.
    pub legs: Vec<ReceiptLeg>,
    /// What was charged for all legs that ended so far.
    pub charge: Credits,
    /// What was given back of the hold so far.
    pub released: Credits,
}

fields! {
    Receipt {
        action_id, task, price_book, rules, authorized_at, hold, caps, legs, charge, released,
    }
}

/// One leg of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReceiptLeg {
    /// What was held for it.
    pub hold: Credits,
    /// How it ended.
    pub outcome: ReceiptOutcome,
}

fields! {
    ReceiptLeg { hold, outcome }
}

/// How a leg ended, with what explains its charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReceiptOutcome {
    /// It has not.
    Open,
    /// It was charged.
    Settled {
        /// When.
        at: Timestamp,
        /// The model that answered.
        model: ModelId,
        /// What it used.
        usage: Usage,
        /// Who counted that.
        usage_source: UsageSource,
        /// How the answer came to its end.
        finish: Finish,
        /// The price, line by line: they add up to `charge` and `absorbed`.
        lines: Vec<Line>,
        /// What was charged.
        charge: Credits,
        /// What the platform bore because the price was above the hold.
        absorbed: Credits,
        /// The lots that paid.
        drawn: Vec<LotPart>,
    },
    /// It was not charged.
    Voided {
        /// When.
        at: Timestamp,
        /// Why.
        reason: VoidReason,
    },
    /// Its hold expired, it was not charged.
    Expired {
        /// When.
        at: Timestamp,
    },
}

kinds! {
    ReceiptOutcome {
        Open {} = "open",
        Settled {
            at, model, usage, usage_source, finish, lines, charge, absorbed, drawn,
        } = "settled",
        Voided { at, reason } = "voided",
        Expired { at } = "expired",
    }
}

/// Whether a receipt comes to the same numbers again, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Replay {
    /// Whether every number is the same.
    pub matches: bool,
    /// The book that it was computed with.
    pub price_book: BookVersion,
    /// What the legs cost by this replay.
    pub charge: Credits,
    /// What each leg comes to, in the receipt's order.
    pub legs: Vec<ReplayLeg>,
    /// What differs, one sentence each.
    pub differences: Vec<String>,
}

/// One leg of a receipt, computed again; of nothing where it was not charged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReplayLeg {
    /// The price, line by line: they add up to `charge` and `absorbed`.
    pub lines: Vec<Line>,
    /// What is charged: the price, up to what was held.
    pub charge: Credits,
    /// What the platform bears because the price is above that.
    pub absorbed: Credits,
}

/// The receipt of an action.
///
/// # Errors
/// [`RatingFault`] where `book` has no price for what was used: it is not the hold's book.
pub fn receipt(book: &PublishedBook, hold: &Hold) -> Result<Receipt, RatingFault> {
    let legs: Vec<ReceiptLeg> =
        hold.legs.iter().map(|leg| receipt_leg(book, hold, leg)).collect::<Result<_, _>>()?;
    let charge = Credits::sum(legs.iter().map(ReceiptLeg::charge))?;
    let reserved = Credits::sum(hold.pool.iter().map(|part| part.amount))?;
    Ok(Receipt {
        action_id: hold.action_id.clone(),
        task: hold.request.task,
        price_book: hold.price_book.clone(),
        rules: hold.rules.clone(),
        authorized_at: hold.authorized_at,
        hold: hold.amount,
        caps: hold.caps.clone(),
        legs,
        charge,
        released: hold.amount.sub(charge)?.sub(reserved)?,
    })
}

/// Computes a receipt's charge again from its usage and the book.
///
/// # Errors
/// A [`Denial`] where a leg's model has no price in `book`, or an amount is out of range.
pub fn replay(book: &PublishedBook, receipt: &Receipt) -> Result<Replay, Denial> {
    let mut differences = Vec::new();
    if book.version != receipt.price_book {
        differences.push(format!(
            "the receipt was priced with book {} and this is {}",
            receipt.price_book, book.version
        ));
    }
    let mut charge = Credits::ZERO;
    let mut legs = Vec::new();
    for (leg, index) in receipt.legs.iter().zip(0_u32..) {
        let again = replay_leg(book, receipt.task, leg, index, &mut differences)?;
        charge = charge.add(again.charge)?;
        legs.push(again);
    }
    let held = Credits::sum(receipt.legs.iter().map(|leg| leg.hold))?;
    if held != receipt.hold {
        differences.push(format!("the legs hold {held} and the receipt says {}", receipt.hold));
    }
    let is_open = receipt.legs.iter().any(|leg| leg.outcome == ReceiptOutcome::Open);
    let released = receipt.hold.sub(charge)?;
    if !is_open && released != receipt.released {
        let said = receipt.released;
        differences.push(format!("{released} was not needed and the receipt says {said}"));
    }
    if receipt.rules != crate::RULES_VERSION {
        differences.push(format!(
            "the receipt was made by rules {} and these are {}",
            Plain(&receipt.rules),
            Plain(crate::RULES_VERSION)
        ));
    }
    if charge != receipt.charge {
        differences.push(format!("the legs cost {charge} and the receipt says {}", receipt.charge));
    }
    let matches = differences.is_empty();
    Ok(Replay { matches, price_book: book.version.clone(), charge, legs, differences })
}

impl ReceiptLeg {
    /// What was charged for it.
    pub fn charge(&self) -> Credits {
        match &self.outcome {
            ReceiptOutcome::Settled { charge, .. } => *charge,
            ReceiptOutcome::Open
            | ReceiptOutcome::Voided { .. }
            | ReceiptOutcome::Expired { .. } => Credits::ZERO,
        }
    }
}

fn receipt_leg(
    book: &PublishedBook,
    hold: &Hold,
    leg: &HoldLeg,
) -> Result<ReceiptLeg, RatingFault> {
    let outcome = match &leg.end {
        None => ReceiptOutcome::Open,
        Some(LegEnd::Voided(voided)) => {
            ReceiptOutcome::Voided { at: voided.at, reason: voided.reason }
        }
        Some(LegEnd::Expired { at, .. }) => ReceiptOutcome::Expired { at: *at },
        Some(LegEnd::Settled(settled)) => {
            let price = book.book.price(hold.request.task, &settled.model);
            let lines = price.map(|price| rating::lines(&price, &settled.usage)).transpose()?;
            ReceiptOutcome::Settled {
                at: settled.at,
                model: settled.model.clone(),
                usage: settled.usage.clone(),
                usage_source: settled.usage_source,
                finish: settled.finish,
                lines: lines.map(|(lines, _)| lines).unwrap_or_default(),
                charge: settled.charge,
                absorbed: settled.absorbed,
                drawn: settled.drawn.clone(),
            }
        }
    };
    Ok(ReceiptLeg { hold: leg.part, outcome })
}

fn replay_leg(
    book: &PublishedBook,
    task: Task,
    leg: &ReceiptLeg,
    index: u32,
    differences: &mut Vec<String>,
) -> Result<ReplayLeg, Denial> {
    let ReceiptOutcome::Settled { model, usage, lines, charge, absorbed, drawn, .. } = &leg.outcome
    else {
        return Ok(ReplayLeg::default());
    };
    let price = book.book.price(task, model).ok_or_else(|| Denial::not_offered(task, model))?;
    let (lines_now, price_now) = rating::lines(&price, usage)?;
    let charge_now = price_now.min(leg.hold);
    let absorbed_now = price_now.sub(charge_now)?;
    let mut differ = |what: Plain<'_>, was: Credits, now: Credits| {
        if was != now {
            differences
                .push(format!("leg {index}, {model}: {what} is {now} and the receipt says {was}"));
        }
    };
    differ(Plain("the charge"), *charge, charge_now);
    differ(Plain("what the platform bears"), *absorbed, absorbed_now);
    differ(Plain("what the lots paid"), sum_of(drawn)?, charge_now);
    if lines_now != *lines {
        differences.push(format!("leg {index}, {model}: the price lines differ"));
    }
    Ok(ReplayLeg { lines: lines_now, charge: charge_now, absorbed: absorbed_now })
}

fn sum_of(parts: &[LotPart]) -> Result<Credits, AmountOverflow> {
    Credits::sum(parts.iter().map(|part| part.amount))
}
