//! Settle: capture the exact charge of a leg that worked and release the rest (R22–R26).

use crate::account::{Account, Answer, Change, Hold, HoldLeg, LedgerFault, LotPart, Refused};
use crate::amount::Credits;
use crate::checked::{fields, names};
use crate::denial::Denial;
use crate::entry::{Event, LedgerAccount, Movements};
use crate::id::{ActionId, ModelId};
use crate::meter::Usage;
use crate::period;
use crate::price_book::PublishedBook;
use crate::rating;
use crate::time::Timestamp;
use crate::void::Voided;
use crate::written::format;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The command to settle a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settle {
    /// The action.
    pub action_id: ActionId,
    /// The leg's index in the hold.
    pub leg: u32,
    /// The model that answered, one of the leg's.
    pub model: ModelId,
    /// What it used.
    pub usage: Usage,
    /// Who counted that.
    pub usage_source: UsageSource,
    /// How the answer came to its end.
    pub finish: Finish,
}

fields! {
    Settle { action_id, leg, model, usage, usage_source, finish }
}

/// Who counted a usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum UsageSource {
    /// The provider reported it.
    Reported,
    /// The provider did not; what was visible was counted by our tokenizer.
    Counted,
}

names! {
    pub UsageSource {
        Reported = "reported",
        Counted = "counted",
    }
}

/// How an answer came to its end. All are answers, charged the exact price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum Finish {
    /// The model was done.
    Completed,
    /// The person pressed Stop.
    Stopped,
    /// The longest answer was reached.
    Length,
    /// The provider's filter cut it off.
    ContentFilter,
}

names! {
    pub Finish {
        Completed = "completed",
        Stopped = "stopped",
        Length = "length",
        ContentFilter = "content_filter",
    }
}

/// How a leg ended. It ends once (R24).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LegEnd {
    /// It worked and was charged.
    Settled(Settled),
    /// It did not work, nothing was charged.
    Voided(Voided),
    /// Its hold's deadline came first, nothing was charged.
    Expired {
        /// When.
        at: Timestamp,
        /// What a later settlement said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        late: Option<LateEnd>,
    },
}

/// A settled leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// When.
    pub at: Timestamp,
    /// The model that answered.
    pub model: ModelId,
    /// What it used.
    pub usage: Usage,
    /// Who counted that.
    pub usage_source: UsageSource,
    /// How the answer came to its end.
    pub finish: Finish,
    /// What was captured: the exact price, at most the leg's part.
    pub charge: Credits,
    /// What the price was above the leg's part; the platform bears it, now and later.
    pub absorbed: Credits,
    /// The lots that paid, in the order in which they were used.
    pub drawn: Vec<LotPart>,
}

/// A settlement that came after the hold had expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LateEnd {
    /// When.
    pub at: Timestamp,
    /// The model that answered.
    pub model: ModelId,
    /// What it used.
    pub usage: Usage,
    /// Who counted that.
    pub usage_source: UsageSource,
    /// How the answer came to its end.
    pub finish: Finish,
    /// Its price, all of it borne by the platform.
    pub absorbed: Credits,
}

/// Settles a leg: captures the price of its usage, at most its part, and releases the rest.
///
/// `book` is the one that the hold was priced with. The same settlement again gets the first
/// answer. After the hold's deadline nothing is captured and the settlement is recorded.
///
/// # Errors
/// [`Refused::Denied`] with `action_unknown`, `leg_already_ended`, or `request_invalid` where the
/// model is not one of the leg's or the usage has no price; [`Refused::Fault`] where the book is
/// another one.
pub fn settle(
    account: &Account,
    book: &PublishedBook,
    command: &Settle,
    now: Timestamp,
) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    let (hold, leg) = find(draft.account(), &command.action_id, command.leg)?;
    if let Some(end) = &leg.end {
        if is_same_end(end, command) {
            let end = end.clone();
            return Ok(draft.finish(Answer::Ended(end)));
        }
        if !matches!(end, LegEnd::Expired { late: None, .. }) {
            return Err(Denial::leg_already_ended(end).into());
        }
    }
    let price = price_of(book, hold, leg, &command.model, &command.usage)?;

    if let Some(LegEnd::Expired { at: expired_at, .. }) = leg.end {
        let late = LateEnd {
            at: now,
            model: command.model.clone(),
            usage: command.usage.clone(),
            usage_source: command.usage_source,
            finish: command.finish,
            absorbed: price,
        };
        let mut movements = Movements::default();
        movements.add(LedgerAccount::Absorbed, LedgerAccount::Revenue, price);
        let (action_id, leg) = (command.action_id.clone(), command.leg);
        let event = Event::SettledLate { action_id, leg, late: late.clone() };
        draft.append(now, event, movements)?;
        let end = LegEnd::Expired { at: expired_at, late: Some(late) };
        return Ok(draft.finish(Answer::Ended(end)));
    }

    let charge = price.min(leg.part);
    let absorbed = price.sub(charge)?;
    let mut movements = Movements::default();
    let drawn = capture(&mut movements, &hold.pool, charge)?;
    let rest = without(&hold.pool, &drawn)?;
    release(&mut movements, &rest, leg.part.sub(charge)?)?;
    movements.add(LedgerAccount::Absorbed, LedgerAccount::Revenue, absorbed);
    let end = LegEnd::Settled(Settled {
        at: now,
        model: command.model.clone(),
        usage: command.usage.clone(),
        usage_source: command.usage_source,
        finish: command.finish,
        charge,
        absorbed,
        drawn,
    });
    let (action_id, leg) = (command.action_id.clone(), command.leg);
    draft.append(now, Event::LegEnded { action_id, leg, end: end.clone() }, movements)?;
    period::settle_lots(&mut draft, now)?;
    Ok(draft.finish(Answer::Ended(end)))
}

/// The hold and the leg that a command names.
pub(crate) fn find<'account>(
    account: &'account Account,
    action_id: &ActionId,
    leg: u32,
) -> Result<(&'account Hold, &'account HoldLeg), Denial> {
    let hold = account
        .hold(action_id)
        .ok_or_else(|| Denial::action_unknown(&format!("action `{action_id}` with a hold")))?;
    let leg = hold
        .leg(leg)
        .ok_or_else(|| Denial::action_unknown(&format!("leg {leg} of action `{action_id}`")))?;
    Ok((hold, leg))
}

/// What an open leg would be charged if it ended now with `usage`: the price, at most its part. It
/// decides nothing and changes nothing.
///
/// `book` is the one that the hold was priced with.
///
/// # Errors
/// As [`settle`], where the leg is not there, the model is not one of the leg's or the usage has no
/// price.
pub fn charge_so_far(
    book: &PublishedBook,
    hold: &Hold,
    leg: u32,
    model: &ModelId,
    usage: &Usage,
) -> Result<Credits, Refused> {
    let leg = hold.leg(leg).ok_or_else(|| Denial::action_unknown("leg of that number"))?;
    Ok(price_of(book, hold, leg, model, usage)?.min(leg.part))
}

/// What `usage` of the leg costs on `model`.
pub(crate) fn price_of(
    book: &PublishedBook,
    hold: &Hold,
    leg: &HoldLeg,
    model: &ModelId,
    usage: &Usage,
) -> Result<Credits, Refused> {
    if book.version != hold.price_book {
        return Err(LedgerFault::WrongBook.into());
    }
    if !leg.models.contains(model) {
        let message = format!("`{model}` is not a model of this leg");
        return Err(Denial::request_invalid("model", &message).into());
    }
    let price = book.book.price(hold.request.task, model);
    let price = price.ok_or_else(|| Denial::not_offered(hold.request.task, model))?;
    rating::charge(&price, usage)
        .map_err(|fault| Denial::request_invalid("usage", &format!("{fault}")).into())
}

/// Takes `amount` from the head of the pool (R23).
fn capture(
    movements: &mut Movements,
    pool: &[LotPart],
    amount: Credits,
) -> Result<Vec<LotPart>, LedgerFault> {
    let parts = split(pool.iter(), amount)?;
    for part in &parts {
        movements.add(LedgerAccount::Held(part.lot), LedgerAccount::Revenue, part.amount);
    }
    Ok(parts)
}

/// Gives `amount` back from the tail of the pool (R23).
pub(crate) fn release(
    movements: &mut Movements,
    pool: &[LotPart],
    amount: Credits,
) -> Result<(), LedgerFault> {
    for part in split(pool.iter().rev(), amount)? {
        movements.add(LedgerAccount::Held(part.lot), LedgerAccount::Lots(part.lot), part.amount);
    }
    Ok(())
}

/// The first parts of the pool that make up `amount`.
fn split<'pool>(
    pool: impl Iterator<Item = &'pool LotPart>,
    amount: Credits,
) -> Result<Vec<LotPart>, LedgerFault> {
    let mut missing = amount;
    let mut parts = Vec::new();
    for part in pool {
        let taken = missing.min(part.amount);
        if taken.is_positive() {
            parts.push(LotPart { amount: taken, ..*part });
            missing = missing.sub(taken)?;
        }
    }
    if missing.is_positive() { Err(LedgerFault::Overdrawn) } else { Ok(parts) }
}

/// The pool less some of its parts.
fn without(pool: &[LotPart], taken: &[LotPart]) -> Result<Vec<LotPart>, LedgerFault> {
    let left = |part: &LotPart| {
        let gone = taken.iter().find(|gone| gone.lot == part.lot);
        let amount = part.amount.sub(gone.map_or(Credits::ZERO, |gone| gone.amount))?;
        Ok(LotPart { amount, ..*part })
    };
    pool.iter().map(left).collect()
}

fn is_same_end(end: &LegEnd, command: &Settle) -> bool {
    let (model, usage, usage_source, finish) = match end {
        LegEnd::Settled(settled) => {
            (&settled.model, &settled.usage, settled.usage_source, settled.finish)
        }
        LegEnd::Expired { late: Some(late), .. } => {
            (&late.model, &late.usage, late.usage_source, late.finish)
        }
        LegEnd::Expired { late: None, .. } | LegEnd::Voided(_) => return false,
    };
    *model == command.model
        && *usage == command.usage
        && usage_source == command.usage_source
        && finish == command.finish
}
