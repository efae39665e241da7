//! The account: a value that its entries make (R29–R31).
//!
//! A command takes an [`Account`] and gives a [`Change`]: the entries to append and the account
//! after them. [`apply`] is the only code that turns entries into an account, in a command and in
//! an audit alike. What a store keeps of an account is a cache of that function.

use crate::amount::{AmountOverflow, Credits};
use crate::denial::Denial;
use crate::eligibility::Standing;
use crate::entry::{Entry, Event, LedgerAccount, Movements, Posting, Side, is_balanced};
use crate::estimate::Caps;
use crate::grant::Granted;
use crate::id::{AccountId, ActionId, BookVersion, Fingerprint, ModelId};
use crate::lot::{Lot, LotId, LotKind, usable};
use crate::price_book::PlanId;
use crate::request::Request;
use crate::settle::LegEnd;
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

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
    /// Whether a payment is disputed.
    pub disputed: bool,
    /// The lots of which something is left, in the order of their ids, and a running period's even
    /// when nothing is.
    pub lots: Vec<Lot>,
    /// How many holds are open.
    pub open_holds: u32,
    /// What went through the platform's side of the books.
    pub totals: Totals,
    /// The actions that the command names, and every hold whose deadline has come. Not part of the
    /// account's own state: a store keeps each by its id.
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
    /// What was reserved at admission.
    pub amount: Credits,
    /// The lots that it is bound to, in burn-down order, with what each of them gave (R23).
    pub lots: Vec<LotPart>,
    /// What is still reserved of each.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LotPart {
    /// The lot.
    pub lot: LotId,
    /// What granted it.
    pub kind: LotKind,
    /// How much of it.
    pub amount: Credits,
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

    /// What eligibility looks at (R13). A lot counts from the time that it can be used. Bring the account to `now` first: see
    /// [`crate::period::advance`].
    ///
    /// # Errors
    /// [`LedgerFault::Overflow`] where a sum leaves the range.
    pub fn standing(&self, now: Timestamp) -> Result<Standing, LedgerFault> {
        let held = self.held()?;
        let available = Credits::sum(usable(&self.lots, now).iter().map(|lot| lot.available))?;
        let period = self.lots.iter().find(|lot| lot.kind == LotKind::Pro && lot.is_usable(now));
        Ok(Standing {
            settled: available.add(held)?,
            held,
            available,
            open_holds: self.open_holds,
            plan: if period.is_some() { PlanId::Pro } else { PlanId::Free },
            resets_at: period.and_then(|lot| lot.expires_at),
            limit_left: None,
            closed: self.closed,
            disputed: self.disputed,
        })
    }

    /// The hold of that action, open or ended.
    pub fn hold(&self, action_id: &ActionId) -> Option<&Hold> {
        match self.actions.get(action_id) {
            Some(Action::Hold(hold)) => Some(hold),
            Some(Action::Grant(_)) | None => None,
        }
    }

    fn hold_mut(&mut self, action_id: &ActionId) -> Result<&mut Hold, LedgerFault> {
        match self.actions.get_mut(action_id) {
            Some(Action::Hold(hold)) => Ok(hold),
            Some(Action::Grant(_)) | None => Err(LedgerFault::Missing),
        }
    }

    fn lot_mut(&mut self, id: LotId) -> Result<&mut Lot, LedgerFault> {
        self.lots.iter_mut().find(|lot| lot.id == id).ok_or(LedgerFault::Missing)
    }
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

    fn leg_mut(&mut self, index: u32) -> Result<&mut HoldLeg, LedgerFault> {
        let index = usize::try_from(index).map_err(|_| LedgerFault::Missing)?;
        self.legs.get_mut(index).ok_or(LedgerFault::Missing)
    }
}

/// A change under construction: the account so far and the entries that made it so.
pub(crate) struct Draft {
    account: Account,
    entries: Vec<Entry>,
}

impl Draft {
    /// Starts from `account`.
    pub(crate) fn new(account: &Account) -> Self {
        Self { account: account.clone(), entries: Vec::new() }
    }

    /// The account after the entries so far.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// The number that the next entry gets.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.account.sequence.saturating_add(1)
    }

    /// Appends what happened at `at` and what it moved.
    pub(crate) fn append(
        &mut self,
        at: Timestamp,
        event: Event,
        movements: Movements,
    ) -> Result<(), LedgerFault> {
        let postings = movements.into_postings();
        let entry = Entry { sequence: self.next_sequence(), at, event, postings, corrects: None };
        apply(&mut self.account, &entry)?;
        self.entries.push(entry);
        Ok(())
    }

    /// The change, with its answer.
    pub(crate) fn finish(self, answer: Answer) -> Change {
        Change { entries: self.entries, account: self.account, answer }
    }
}

/// Adds one entry to the account: the function that an account is of its entries.
///
/// # Errors
/// [`LedgerFault`] where the entry cannot follow; the account is then to be thrown away.
pub fn apply(account: &mut Account, entry: &Entry) -> Result<(), LedgerFault> {
    if Some(entry.sequence) != account.sequence.checked_add(1) || entry.at < account.updated_at {
        return Err(LedgerFault::OutOfSequence);
    }
    if !is_balanced(&entry.postings)? {
        return Err(LedgerFault::Unbalanced);
    }
    account.sequence = entry.sequence;
    account.updated_at = entry.at;
    record(account, entry)?;
    for posting in &entry.postings {
        post(account, posting, &entry.event)?;
    }
    account.lots.retain(|lot| !lot.is_used_up() || lot.marks_a_period(entry.at));
    Ok(())
}

/// What the event says beside its postings.
fn record(account: &mut Account, entry: &Entry) -> Result<(), LedgerFault> {
    match &entry.event {
        Event::Granted { action_id, grant } => {
            if grant.lot.0 != entry.sequence || account.actions.contains_key(action_id) {
                return Err(LedgerFault::Repeated);
            }
            account.lots.push(grant.empty_lot());
            account.actions.insert(action_id.clone(), Action::Grant(*grant));
        }
        Event::Authorized { hold } => {
            if account.actions.contains_key(&hold.action_id) {
                return Err(LedgerFault::Repeated);
            }
            account.open_holds = account.open_holds.checked_add(1).ok_or(LedgerFault::Overflow)?;
            account.actions.insert(hold.action_id.clone(), Action::Hold(hold.clone()));
        }
        Event::LegEnded { action_id, leg, end } => {
            let hold = account.hold_mut(action_id)?;
            let ended = hold.leg_mut(*leg)?.end.replace(end.clone());
            if ended.is_some() {
                return Err(LedgerFault::Repeated);
            }
            if !hold.is_open() {
                account.open_holds =
                    account.open_holds.checked_sub(1).ok_or(LedgerFault::Missing)?;
            }
        }
        Event::SettledLate { action_id, leg, late } => {
            let leg = account.hold_mut(action_id)?.leg_mut(*leg)?;
            match &mut leg.end {
                Some(LegEnd::Expired { late: slot, .. }) => *slot = Some(late.clone()),
                Some(LegEnd::Settled(_) | LegEnd::Voided(_)) | None => {
                    return Err(LedgerFault::Missing);
                }
            }
        }
        Event::LotExpired { .. } => {}
    }
    Ok(())
}

fn post(account: &mut Account, posting: &Posting, event: &Event) -> Result<(), LedgerFault> {
    let amount = posting.amount;
    let credited = posting.side == Side::Credit;
    let grow = |sum: &mut Credits, grows: bool| -> Result<(), LedgerFault> {
        *sum = if grows { sum.add(amount)? } else { sum.sub(amount)? };
        Ok(())
    };
    let totals = &mut account.totals;
    match posting.account {
        LedgerAccount::Issued => grow(&mut totals.issued, !credited),
        LedgerAccount::Revenue => grow(&mut totals.revenue, credited),
        LedgerAccount::Breakage => grow(&mut totals.breakage, credited),
        LedgerAccount::Absorbed => grow(&mut totals.absorbed, !credited),
        LedgerAccount::Debt => grow(&mut totals.debt, !credited),
        LedgerAccount::Lots(id) => {
            let lot = account.lot_mut(id)?;
            grow(&mut lot.available, credited)?;
            not_negative(lot.available)
        }
        LedgerAccount::Held(id) => {
            if let (false, Some(action_id)) = (credited, event.action_id()) {
                take_from_pool(account.hold_mut(action_id)?, id, amount)?;
            }
            let lot = account.lot_mut(id)?;
            grow(&mut lot.held, credited)?;
            not_negative(lot.held)
        }
    }
}

fn take_from_pool(hold: &mut Hold, lot: LotId, amount: Credits) -> Result<(), LedgerFault> {
    let part = hold.pool.iter_mut().find(|part| part.lot == lot).ok_or(LedgerFault::Missing)?;
    part.amount = part.amount.sub(amount)?;
    not_negative(part.amount)?;
    hold.pool.retain(|part| part.amount.is_positive());
    Ok(())
}

fn not_negative(amount: Credits) -> Result<(), LedgerFault> {
    if amount.is_negative() { Err(LedgerFault::Overdrawn) } else { Ok(()) }
}
