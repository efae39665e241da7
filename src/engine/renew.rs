//! Renew: say that the work of a hold still runs (R26).
//!
//! It moves a deadline and no credits. Who stops renewing, because it crashed, gives the credits
//! back within [`crate::authorize::HOLD_TTL_SECONDS`].

use crate::account::{Account, Answer, Change, Hold, LedgerFault, Refused};
use crate::authorize::HOLD_TTL_SECONDS;
use crate::checked::fields;
use crate::denial::Denial;
use crate::entry::{Event, Movements};
use crate::id::ActionId;
use crate::period;
use crate::price_book::{PriceBook, PublishedBook};
use crate::settle::LegEnd;
use crate::time::Timestamp;
use crate::written::format;
use serde::Serialize;

/// The command to renew a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renew {
    /// The action.
    pub action_id: ActionId,
}

fields! {
    Renew { action_id }
}

/// Moves the deadline of a hold to [`HOLD_TTL_SECONDS`] from now, at most to the task's longest
/// hold after its admission. Where it is as late already nothing changes.
///
/// `book` is the one that the hold was priced with.
///
/// # Errors
/// [`Refused::Denied`] with `action_unknown`, or `leg_already_ended` where no leg is open any more;
/// [`Refused::Fault`] where the book is another one.
pub fn renew(
    account: &Account,
    book: &PublishedBook,
    command: &Renew,
    now: Timestamp,
) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    let hold = open_hold(draft.account(), &command.action_id)?;
    if book.version != hold.price_book {
        return Err(LedgerFault::WrongBook.into());
    }
    let deadline = now.plus_seconds(HOLD_TTL_SECONDS).min(last_deadline(&book.book, hold));
    if deadline > hold.deadline {
        let action_id = command.action_id.clone();
        draft.append(now, Event::Renewed { action_id, deadline }, Movements::default())?;
    }
    let hold = draft.account().hold(&command.action_id).ok_or(LedgerFault::Missing)?.clone();
    Ok(draft.finish(Answer::Authorized(hold.into())))
}

/// The latest that the deadline of a hold can be: the task's longest hold after its admission.
///
/// `book` is the one that the hold was priced with.
pub fn last_deadline(book: &PriceBook, hold: &Hold) -> Timestamp {
    let seconds_max = book.task(hold.request.task).map_or(0, |task| task.hold_seconds_max);
    hold.authorized_at.plus_seconds(seconds_max)
}

/// The hold of an action of which a leg is open.
pub(crate) fn open_hold<'account>(
    account: &'account Account,
    id: &ActionId,
) -> Result<&'account Hold, Denial> {
    let unknown = || Denial::action_unknown(&format!("action `{id}` with a hold"));
    let hold = account.hold(id).ok_or_else(unknown)?;
    let last_end: Option<&LegEnd> = hold.legs.iter().rev().find_map(|leg| leg.end.as_ref());
    match last_end {
        Some(end) if !hold.is_open() => Err(Denial::leg_already_ended(end)),
        Some(_) | None => Ok(hold),
    }
}
