//! The account: a value that its entries make (R29–R31).
//!
//! A command takes an [`Account`] and gives a [`Change`]: the entries to append and the account
//! after them. [`apply()`] is the only code that turns entries into an account, in a command and in
//! an audit alike. What a store keeps of an account is a cache of that function.

use crate::amount::{AmountOverflow, Credits};
use crate::checked::fields;
use crate::denial::Denial;
use crate::eligibility::Standing;
use crate::entry::Entry;
use crate::estimate::Caps;
use crate::grant::Granted;
use crate::id::{AccountId, ActionId, BookVersion, Fingerprint, ModelId};
use crate::limits::{Limits, SpentToday, limit_left};
use crate::lot::{Lot, LotId, LotKind};
use crate::payment::{Purchase, Subscription};
use crate::price_book::PlanId;
use crate::request::Request;
use crate::revoke::Revocation;
use crate::settle::LegEnd;
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

pub(crate) use crate::apply::Draft;
pub use crate::apply::apply;

/// What a command needs of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Whose.
    pub id: AccountId,
    /// The number of its last entry; 0 before the first. Its version.
    pub sequence: u64,
    /// The time of its last entry.
    pub updated_at: Timestamp,
    /// Whether it is closed.
    pub closed: bool,
    /// Whether a payment is disputed, or was with success and is owed for (R39).
    pub disputed: bool,
    /// Whether it has had its free credits, which are given once.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub free_granted: bool,
    /// How many of its subscriptions are past due.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub past_due: u32,
    /// The person's own limits.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
    /// What was spent today, where there is a daily limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_today: Option<SpentToday>,
    /// The lots of which something is left, in the order of their ids. A running period's, one with
    /// debt and a frozen one stay when nothing is left.
    pub lots: Vec<Lot>,
    /// How many holds are open.
    pub open_holds: u32,
    /// What went through the platform's side of the books.
    pub totals: Totals,
    /// The actions that the command names, every hold whose deadline has come, and those that
    /// [`Account::payments_due`] names. Not part of the account's own state: a store keeps each by
    /// its id.
    #[serde(skip)]
    pub actions: BTreeMap<ActionId, Action>,
}

/// Sums of all postings on the platform's side, each in the direction in which it grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Granted, less what was clawed back.
    pub issued: Credits,
    /// Charged, and what the platform bore of the full price.
    pub revenue: Credits,
    /// Expired unused.
    pub breakage: Credits,
    /// Borne by the platform.
    pub absorbed: Credits,
    /// Owed for refunded or disputed purchases.
    pub debt: Credits,
}

/// What an action id was used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// An admitted action, open or ended.
    Hold(Box<Hold>),
    /// A grant.
    Grant(Granted),
    /// A payment that bought a lot.
    Purchase(Box<Purchase>),
    /// A subscription.
    Subscription(Box<Subscription>),
    /// A lot that was revoked.
    Revocation(Revocation),
}

/// Credits reserved for one action, and how its legs ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The action.
    pub action_id: ActionId,
    /// What was asked, the quote apart.
    pub fingerprint: Fingerprint,
    /// What it is priced by.
    pub request: Request,
    /// The book that prices it.
    pub price_book: BookVersion,
    /// The rules that admitted it.
    pub rules: String,
    /// What it was capped at.
    pub caps: Caps,
    /// When it was admitted.
    pub authorized_at: Timestamp,
    /// When it expires unless it ended before (R26).
    pub deadline: Timestamp,
    /// What was reserved at admission, and what extending added.
    pub amount: Credits,
    /// The lots that it is bound to, with what each of them gave: at admission in burn-down order,
    /// what extending added behind them.
    pub lots: Vec<LotPart>,
    /// What is still reserved of each, in burn-down order (R23).
    pub pool: Vec<LotPart>,
    /// One leg for each model of a comparison, else one.
    pub legs: Vec<HoldLeg>,
}

/// One leg's part of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct HoldLeg {
    /// The models that may answer.
    pub models: Vec<ModelId>,
    /// The most that it may capture.
    pub part: Credits,
    /// How it ended; open where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<LegEnd>,
}

/// A part of one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LotPart {
    /// The lot.
    pub lot: LotId,
    /// What granted it.
    pub kind: LotKind,
    /// How much of it.
    pub amount: Credits,
}

fields! {
    LotPart { lot, kind, amount }
}

/// What a command does: nothing has changed until a store has appended the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What to append, in order; empty for a repeat.
    pub entries: Vec<Entry>,
    /// The account after them.
    pub account: Account,
    /// The answer to the caller.
    pub answer: Answer,
}

/// What a command answers. A repeat gets the first answer again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The account was brought to now.
    Advanced,
    /// Credits were granted.
    Granted(Granted),
    /// The action was admitted; the hold as it is now.
    Authorized(Box<Hold>),
    /// The leg ended, or had ended so before.
    Ended(LegEnd),
    /// The purchase as it is now.
    Paid(Box<Purchase>),
    /// The subscription as it is now.
    Subscription(Box<Subscription>),
    /// The lot was revoked.
    Revoked(Revocation),
    /// The limits as they are now.
    Limited(Limits),
}

/// A "no", or a fault that no caller can mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The business says no.
    Denied(Denial),
    /// The account, the entries or the book at hand are not what they must be.
    Fault(LedgerFault),
}

/// Facts that contradict each other: a store or a caller is broken, and nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerFault {
    /// An entry does not follow the one before it.
    OutOfSequence,
    /// An entry's postings do not sum to zero.
    Unbalanced,
    /// An entry names a lot, an action or a leg that is not there.
    Missing,
    /// An entry does again what was done: ends a leg, or uses an action's or a lot's id.
    Repeated,
    /// An entry takes more than there is.
    Overdrawn,
    /// An amount left its range.
    Overflow,
    /// The book given is not the one that the hold was priced with.
    WrongBook,
}

impl fmt::Display for LedgerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfSequence => "a journal entry does not follow the one before it",
            Self::Unbalanced => "a journal entry's postings do not sum to zero",
            Self::Missing => "a journal entry names something that the account does not have",
            Self::Repeated => "a journal entry does again what an earlier one did",
            Self::Overdrawn => "a journal entry takes more than there is",
            Self::Overflow => "an amount of the account is out of range",
            Self::WrongBook => "the price book is not the one that the hold was priced with",
        })
    }
}

impl core::error::Error for LedgerFault {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => denial.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl core::error::Error for Refused {}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<LedgerFault> for Refused {
    fn from(fault: LedgerFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<AmountOverflow> for LedgerFault {
    fn from(_: AmountOverflow) -> Self {
        Self::Overflow
    }
}

impl From<AmountOverflow> for Refused {
    fn from(overflow: AmountOverflow) -> Self {
        Self::Fault(overflow.into())
    }
}

impl Account {
    /// An account without entries.
    pub fn new(id: AccountId) -> Self {
        Self {
            id,
            sequence: 0,
            updated_at: Timestamp::default(),
            closed: false,
            disputed: false,
            free_granted: false,
            past_due: 0,
            limits: Limits::default(),
            spent_today: None,
            lots: Vec::new(),
            open_holds: 0,
            totals: Totals::default(),
            actions: BTreeMap::new(),
        }
    }

    /// What open holds reserve (R31).
    ///
    /// # Errors
    /// [`LedgerFault::Overflow`] where the sum leaves the range.
    pub fn held(&self) -> Result<Credits, LedgerFault> {
        Ok(Credits::sum(self.lots.iter().map(|lot| lot.held))?)
    }

    /// What all lots hold, held parts included: what the header shows and statements are about
    /// (R31). What is frozen, or can be used only later, is the account's own all the same.
    ///
    /// # Errors
    /// [`LedgerFault::Overflow`] where the sum leaves the range.
    pub fn settled(&self) -> Result<Credits, LedgerFault> {
        Ok(Credits::sum(self.lots.iter().map(|lot| lot.available))?.add(self.held()?)?)
    }

    /// What eligibility looks at (R13). Bring the account to `now` first: see
    /// [`crate::period::advance`].
    ///
    /// # Errors
    /// [`LedgerFault::Overflow`] where a sum leaves the range.
    pub fn standing(&self, now: Timestamp) -> Result<Standing, LedgerFault> {
        let usable = self.lots.iter().filter(|lot| lot.is_usable(now));
        let available = Credits::sum(usable.map(|lot| lot.available))?;
        let period = self.lots.iter().find(|lot| lot.kind == LotKind::Pro && lot.is_usable(now));
        let held = self.held()?;
        Ok(Standing {
            settled: self.settled()?,
            held,
            available,
            open_holds: self.open_holds,
            plan: if period.is_some() { PlanId::Pro } else { PlanId::Free },
            resets_at: period.and_then(|lot| lot.expires_at),
            limit_left: limit_left(self, held, now),
            limits: self.limits,
            closed: self.closed,
            disputed: self.disputed,
            past_due: self.past_due > 0,
        })
    }

    /// The payments of lots that have ended and to which something may still come back: bringing
    /// the account to `now` tells them what expired, so a store loads them too.
    pub fn payments_due(&self, now: Timestamp) -> impl Iterator<Item = &ActionId> {
        let over = self.lots.iter().filter(move |lot| lot.is_over(now) && !lot.is_used_up());
        over.filter_map(|lot| lot.payment.as_ref())
    }

    /// Whether it has had its free credits. Accounts of before that was noted have a lot of them.
    pub(crate) fn has_had_free(&self) -> bool {
        self.free_granted || self.lots.iter().any(|lot| lot.kind == LotKind::Free)
    }

    /// The hold of that action, open or ended.
    pub fn hold(&self, action_id: &ActionId) -> Option<&Hold> {
        match self.actions.get(action_id) {
            Some(Action::Hold(hold)) => Some(hold),
            Some(
                Action::Grant(_)
                | Action::Purchase(_)
                | Action::Subscription(_)
                | Action::Revocation(_),
            )
            | None => None,
        }
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Hold {
    /// Whether a leg has not ended.
    pub fn is_open(&self) -> bool {
        self.legs.iter().any(|leg| leg.end.is_none())
    }

    /// What is still reserved.
    ///
    /// # Errors
    /// [`LedgerFault::Overflow`] where the sum leaves the range.
    pub fn reserved(&self) -> Result<Credits, LedgerFault> {
        Ok(Credits::sum(self.pool.iter().map(|part| part.amount))?)
    }

    /// The leg of that index.
    pub fn leg(&self, index: u32) -> Option<&HoldLeg> {
        self.legs.get(usize::try_from(index).ok()?)
    }
}
