//! Void: end a leg that did not work, capturing nothing (R22–R24).

use crate::account::{Account, Answer, Change, Refused};
use crate::amount::Credits;
use crate::checked::{fields, names};
use crate::denial::Denial;
use crate::entry::{Event, LedgerAccount, Movements};
use crate::id::{ActionId, ModelId};
use crate::meter::Usage;
use crate::period;
use crate::price_book::PublishedBook;
use crate::settle::{LegEnd, find, price_of, release};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The command to void a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Void {
    /// The action.
    pub action_id: ActionId,
    /// The leg's index in the hold.
    pub leg: u32,
    /// Why.
    pub reason: VoidReason,
    /// What was used all the same, for the platform to bear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Used>,
}

fields! {
    Void { action_id, leg, reason, used or default }
}

/// What a voided leg used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Used {
    /// On which model, one of the leg's.
    pub model: ModelId,
    /// How much.
    pub usage: Usage,
}

fields! {
    Used { model, usage }
}

/// Why a leg is voided: the table of outcomes in the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum VoidReason {
    /// The provider did not accept the request.
    Refused,
    /// The provider failed, before or after some output.
    Failed,
    /// The person pressed Stop before there was any output.
    Stopped,
    /// The job got lost.
    Lost,
}

names! {
    pub VoidReason {
        Refused = "refused",
        Failed = "failed",
        Stopped = "stopped",
        Lost = "lost",
    }
}

/// A voided leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Voided {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: VoidReason,
    /// What was used all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Used>,
    /// The price of that, borne by the platform.
    pub absorbed: Credits,
}

/// Voids a leg: releases its part, and books what it used as borne by the platform.
///
/// `book` is the one that the hold was priced with. The same void again gets the first answer.
///
/// # Errors
/// [`Refused::Denied`] with `action_unknown`, `leg_already_ended`, or `request_invalid` where the
/// usage has no price; [`Refused::Fault`] where the book is another one.
pub fn void(
    account: &Account,
    book: &PublishedBook,
    command: &Void,
    now: Timestamp,
) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    let (hold, leg) = find(draft.account(), &command.action_id, command.leg)?;
    match &leg.end {
        None => {}
        Some(LegEnd::Voided(voided))
            if voided.reason == command.reason && voided.used == command.used =>
        {
            let end = LegEnd::Voided(voided.clone());
            return Ok(draft.finish(Answer::Ended(end)));
        }
        Some(end) => return Err(Denial::leg_already_ended(end).into()),
    }
    let absorbed = match &command.used {
        None => Credits::ZERO,
        Some(used) => price_of(book, hold, leg, &used.model, &used.usage)?,
    };
    let mut movements = Movements::default();
    release(&mut movements, &hold.pool, leg.part)?;
    movements.add(LedgerAccount::Absorbed, LedgerAccount::Revenue, absorbed);
    let (reason, used) = (command.reason, command.used.clone());
    let end = LegEnd::Voided(Voided { at: now, reason, used, absorbed });
    let (action_id, leg) = (command.action_id.clone(), command.leg);
    draft.append(now, Event::LegEnded { action_id, leg, end: end.clone() }, movements)?;
    period::settle_lots(&mut draft, now)?;
    Ok(draft.finish(Answer::Ended(end)))
}
