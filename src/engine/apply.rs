//! Apply: the one function from entries to an account (R29).
//!
//! A command drafts its entries with it, an audit replays them with it. It trusts no entry: what
//! cannot follow is a fault.

use crate::account::{Account, Action, Answer, Change, Hold, HoldLeg, LedgerFault, LotPart};
use crate::amount::Credits;
use crate::entry::{Entry, Event, LedgerAccount, Movements, Posting, Side, is_balanced};
use crate::id::ActionId;
use crate::limits::SpentToday;
use crate::lot::{Lot, LotId, LotKind, burn_down};
use crate::payment::{Product, Purchase, Subscription, SubscriptionStatus};
use crate::settle::LegEnd;
use crate::statement::settled_change;
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::vec::Vec;

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
        self.append_entry(at, event, movements, None)
    }

    /// Appends what corrects the entry of that number.
    pub(crate) fn append_correction(
        &mut self,
        at: Timestamp,
        event: Event,
        movements: Movements,
        corrects: u64,
    ) -> Result<(), LedgerFault> {
        self.append_entry(at, event, movements, Some(corrects))
    }

    fn append_entry(
        &mut self,
        at: Timestamp,
        event: Event,
        movements: Movements,
        corrects: Option<u64>,
    ) -> Result<(), LedgerFault> {
        let postings = movements.into_postings();
        let entry = Entry { sequence: self.next_sequence(), at, event, postings, corrects };
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
    account.lots.retain(|lot| lot.is_kept(entry.at));
    account.disputed = account.lots.iter().any(Lot::blocks);
    Ok(())
}

/// What the event says beside its postings.
fn record(account: &mut Account, entry: &Entry) -> Result<(), LedgerFault> {
    match &entry.event {
        Event::Granted { action_id, grant } => {
            add_lot(account, grant.empty_lot(), entry)?;
            account.free_granted |= grant.kind == LotKind::Free;
            add_action(account, action_id, Action::Grant(grant.clone()))
        }
        Event::Paid { purchase } => {
            add_lot(account, purchase.empty_lot(), entry)?;
            add_action(account, &purchase.payment, Action::Purchase(purchase.clone()))?;
            pay_period(account, purchase)
        }
        Event::Refunded { payment, usd_cents } => {
            purchase_mut(account, payment)?.refunded_usd_cents = *usd_cents;
            claim_of(account, payment)
        }
        Event::Disputed { payment, dispute } => {
            purchase_mut(account, payment)?.put_dispute(dispute);
            claim_of(account, payment)
        }
        Event::SubscriptionChanged { subscription, status, status_at } => {
            change_status(account, subscription, *status, *status_at).map(|_| ())
        }
        Event::LotRevoked { lot, payment, revocation } => {
            lot_mut(account, *lot)?.revoked = true;
            if let Some(payment) = payment {
                purchase_mut(account, payment)?.revoked = true;
            }
            match revocation {
                Some(made) => {
                    add_action(account, &made.action_id, Action::Revocation(made.clone()))
                }
                None => Ok(()),
            }
        }
        Event::Authorized { hold } => {
            account.open_holds = account.open_holds.checked_add(1).ok_or(LedgerFault::Overflow)?;
            add_action(account, &hold.action_id, Action::Hold(hold.clone()))
        }
        Event::Renewed { action_id, deadline } => {
            hold_mut(account, action_id)?.deadline = *deadline;
            Ok(())
        }
        Event::Extended { action_id, caps, parts, lots } => {
            let mut order: Vec<&Lot> = account.lots.iter().collect();
            order.sort_by(|a, b| burn_down(a, b));
            let order: Vec<LotId> = order.into_iter().map(|lot| lot.id).collect();
            let hold = hold_mut(account, action_id)?;
            hold.caps = caps.clone();
            for (leg, part) in hold.legs.iter_mut().zip(parts) {
                leg.part = *part;
            }
            hold.amount = hold.amount.add(Credits::sum(lots.iter().map(|part| part.amount))?)?;
            for part in lots {
                join(&mut hold.lots, part)?;
                join(&mut hold.pool, part)?;
            }
            // What was added may have to be used before what was there (R23).
            hold.pool.sort_by_key(|part| order.iter().position(|lot| *lot == part.lot));
            Ok(())
        }
        Event::LegEnded { action_id, leg, end } => {
            let hold = hold_mut(account, action_id)?;
            let ended = leg_mut(hold, *leg)?.end.replace(end.clone());
            if ended.is_some() {
                return Err(LedgerFault::Repeated);
            }
            if !hold.is_open() {
                account.open_holds =
                    account.open_holds.checked_sub(1).ok_or(LedgerFault::Missing)?;
            }
            spend(account, entry)
        }
        Event::SettledLate { action_id, leg, late } => {
            match &mut leg_mut(hold_mut(account, action_id)?, *leg)?.end {
                Some(LegEnd::Expired { late: slot, .. }) => {
                    *slot = Some(late.clone());
                    Ok(())
                }
                Some(LegEnd::Settled(_) | LegEnd::Voided(_)) | None => Err(LedgerFault::Missing),
            }
        }
        Event::LimitsChanged { limits } => {
            account.limits = *limits;
            let new = SpentToday::new(entry.at);
            let spent = account.spent_today.unwrap_or(new);
            account.spent_today = limits.per_day.map(|_| spent);
            Ok(())
        }
        Event::LotExpired { .. } | Event::DebtCollected { .. } => Ok(()),
    }
}

/// What an entry took counts for its day, where there is a daily limit.
fn spend(account: &mut Account, entry: &Entry) -> Result<(), LedgerFault> {
    if let Some(spent) = &mut account.spent_today {
        if spent.day != entry.at.midnight() {
            *spent = SpentToday::new(entry.at);
        }
        spent.amount = spent.amount.sub(settled_change(entry)?)?;
    }
    Ok(())
}

fn add_lot(account: &mut Account, lot: Lot, entry: &Entry) -> Result<(), LedgerFault> {
    if lot.id.0 != entry.sequence {
        return Err(LedgerFault::Repeated);
    }
    account.lots.push(lot);
    Ok(())
}

fn add_action(account: &mut Account, id: &ActionId, action: Action) -> Result<(), LedgerFault> {
    match account.actions.insert(id.clone(), action) {
        None => Ok(()),
        Some(_) => Err(LedgerFault::Repeated),
    }
}

/// A payment for a period is paid once, and shows that the subscription runs.
fn pay_period(account: &mut Account, purchase: &Purchase) -> Result<(), LedgerFault> {
    let Product::Pro { subscription, periods, period_start } = &purchase.product else {
        return Ok(());
    };
    let status = SubscriptionStatus::Active;
    let subscription = change_status(account, subscription, status, purchase.paid_at)?;
    let n = periods.nearest(*period_start);
    let known = subscription.periods.replace(*periods);
    match subscription.paid.binary_search(&n) {
        Err(place) if known.is_none_or(|known| known == *periods) => {
            subscription.paid.insert(place, n);
            Ok(())
        }
        Ok(_) | Err(_) => Err(LedgerFault::Repeated),
    }
}

/// Takes over a status, unless a later one is known.
fn change_status<'account>(
    account: &'account mut Account,
    id: &ActionId,
    status: SubscriptionStatus,
    at: Timestamp,
) -> Result<&'account mut Subscription, LedgerFault> {
    let counts = |status: SubscriptionStatus| u32::from(status == SubscriptionStatus::PastDue);
    let is_new = !account.actions.contains_key(id);
    let first = || Action::Subscription(Box::new(Subscription::new(id.clone(), status, at)));
    let action = account.actions.entry(id.clone()).or_insert_with(first);
    let Action::Subscription(subscription) = action else { return Err(LedgerFault::Repeated) };
    let before = if is_new { 0 } else { counts(subscription.status) };
    if subscription.is_older(status, at) {
        (subscription.status, subscription.status_at) = (status, at);
    }
    let past_due = account.past_due.checked_add(counts(subscription.status));
    let past_due = past_due.ok_or(LedgerFault::Overflow)?.checked_sub(before);
    account.past_due = past_due.ok_or(LedgerFault::Missing)?;
    Ok(subscription)
}

/// The lot of a purchase that something is claimed of: put back where nothing was left of it, and
/// told how the disputes stand.
fn claim_of(account: &mut Account, payment: &ActionId) -> Result<(), LedgerFault> {
    let purchase = purchase_mut(account, payment)?;
    let (empty, dispute) = (purchase.empty_lot(), purchase.lot_dispute());
    match account.lots.binary_search_by_key(&empty.id, |lot| lot.id) {
        Ok(_) => lot_mut(account, empty.id)?.dispute = dispute,
        Err(place) => account.lots.insert(place, empty),
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
    match posting.account {
        LedgerAccount::Issued => {
            if let (true, Some(payment)) = (credited, event.payment()) {
                grow(&mut purchase_mut(account, payment)?.claimed, true)?;
            }
            grow(&mut account.totals.issued, !credited)
        }
        LedgerAccount::Breakage => {
            if let Some(payment) = event.payment() {
                let purchase = purchase_mut(account, payment)?;
                grow(&mut purchase.expired, credited)?;
                not_negative(purchase.expired)?;
            }
            grow(&mut account.totals.breakage, credited)
        }
        LedgerAccount::Revenue => grow(&mut account.totals.revenue, credited),
        LedgerAccount::Absorbed => grow(&mut account.totals.absorbed, !credited),
        LedgerAccount::Debt(id) => {
            let lot = lot_mut(account, id)?;
            grow(&mut lot.debt, !credited)?;
            not_negative(lot.debt)?;
            grow(&mut account.totals.debt, !credited)
        }
        LedgerAccount::Lots(id) => {
            let lot = lot_mut(account, id)?;
            grow(&mut lot.available, credited)?;
            not_negative(lot.available)
        }
        LedgerAccount::Held(id) => {
            if let (false, Some(action_id)) = (credited, event.hold()) {
                take_from_pool(hold_mut(account, action_id)?, id, amount)?;
            }
            let lot = lot_mut(account, id)?;
            grow(&mut lot.held, credited)?;
            not_negative(lot.held)
        }
    }
}

/// Adds a part at the end, or to the part of the same lot: each lot occurs once.
fn join(parts: &mut Vec<LotPart>, added: &LotPart) -> Result<(), LedgerFault> {
    match parts.iter_mut().find(|part| part.lot == added.lot) {
        Some(part) => part.amount = part.amount.add(added.amount)?,
        None => parts.push(*added),
    }
    Ok(())
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

fn lot_mut(account: &mut Account, id: LotId) -> Result<&mut Lot, LedgerFault> {
    account.lots.iter_mut().find(|lot| lot.id == id).ok_or(LedgerFault::Missing)
}

fn hold_mut<'account>(
    account: &'account mut Account,
    id: &ActionId,
) -> Result<&'account mut Hold, LedgerFault> {
    match account.actions.get_mut(id) {
        Some(Action::Hold(hold)) => Ok(hold),
        Some(_) | None => Err(LedgerFault::Missing),
    }
}

fn leg_mut(hold: &mut Hold, index: u32) -> Result<&mut HoldLeg, LedgerFault> {
    let index = usize::try_from(index).map_err(|_| LedgerFault::Missing)?;
    hold.legs.get_mut(index).ok_or(LedgerFault::Missing)
}

fn purchase_mut<'account>(
    account: &'account mut Account,
    id: &ActionId,
) -> Result<&'account mut Purchase, LedgerFault> {
    match account.actions.get_mut(id) {
        Some(Action::Purchase(purchase)) => Ok(purchase),
        Some(_) | None => Err(LedgerFault::Missing),
    }
}
