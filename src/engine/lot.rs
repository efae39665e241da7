//! Lots: what is left of each grant, and the order in which lots are used (R17–R19).

use crate::amount::Credits;
use crate::checked::{fields, names};
use crate::id::ActionId;
use crate::read::{Read, Reader};
use crate::time::Timestamp;
use alloc::vec::Vec;
use core::cmp::Ordering;
use serde::{Deserialize, Serialize};

/// The most lots that an account gets by grants and payments. What is used up, expired or revoked is
/// no lot of the account any more and does not count, so a life of months and packs stays far below.
/// What a refund or a dispute brings back comes on top: it is a fact, and is never denied.
pub const LOTS_MAX: usize = 1_000;

/// How many of those places are kept for what is paid for: a grant is denied before a payment is.
pub const LOTS_FOR_PAYMENTS: usize = 100;

/// A lot's id: the sequence number of the entry that granted it, unique in its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "number"))]
#[serde(transparent)]
pub struct LotId(pub u64);

impl Read for LotId {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self(u64::read(reader))
    }
}

/// What is left of one grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// What granted it.
    pub kind: LotKind,
    /// Lots of a lower priority are used first; 0 where nobody set one.
    pub priority: i32,
    /// From when it can be used.
    pub effective_at: Timestamp,
    /// From when it can no longer be used; never, where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What was granted.
    pub granted: Credits,
    /// What is left and not held.
    pub available: Credits,
    /// What open holds have taken from it.
    pub held: Credits,
    /// The payment that it was bought with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<ActionId>,
    /// What its refunded or disputed payment had already spent: taken from whatever comes back to
    /// it (R39).
    #[serde(skip_serializing_if = "Credits::is_zero")]
    #[cfg_attr(test, ts(as = "Option<Credits>"))]
    pub debt: Credits,
    /// Whether its payment is disputed, or was with success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute: Option<LotDispute>,
    /// Whether an operator revoked it: whatever comes back to it is taken.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub revoked: bool,
}

fields! {
    Lot {
        id, kind, priority, effective_at, expires_at or default, granted, available, held,
        payment or default, debt or default, dispute or default, revoked or default,
    }
}

/// What a dispute means for the lot that its payment bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum LotDispute {
    /// It is open: the lot is frozen.
    Open,
    /// It was lost: the account may send again once nothing is owed for it.
    Lost,
}

names! {
    pub LotDispute {
        Open = "open",
        Lost = "lost",
    }
}

/// What granted a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum LotKind {
    /// The credits that everybody starts with, once per verified identity.
    Free,
    /// A promotion.
    Promo,
    /// An operator's correction, or goodwill.
    Adjustment,
    /// One period of the Pro plan.
    Pro,
    /// A Custom Pack.
    Pack,
}

names! {
    pub LotKind {
        Free = "free",
        Promo = "promo",
        Adjustment = "adjustment",
        Pro = "pro",
        Pack = "pack",
    }
}

/// The class that a kind belongs to, in burn-down order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LotClass {
    /// Given away.
    Promo,
    /// Part of a plan.
    Plan,
    /// Bought.
    Paid,
}

impl LotKind {
    /// Its class (R17).
    pub const fn class(self) -> LotClass {
        match self {
            Self::Free | Self::Promo | Self::Adjustment => LotClass::Promo,
            Self::Pro => LotClass::Plan,
            Self::Pack => LotClass::Paid,
        }
    }
}

impl Lot {
    /// Whether it can be used at `now`: `effective_at <= now < expires_at`, neither frozen nor
    /// revoked (R18).
    pub fn is_usable(&self, now: Timestamp) -> bool {
        let frozen = self.dispute == Some(LotDispute::Open);
        self.effective_at <= now && !self.has_expired(now) && !frozen && !self.revoked
    }

    /// Whether a dispute of its payment keeps the account from sending: while it is open, or lost
    /// with debt (R39).
    pub fn blocks(&self) -> bool {
        match self.dispute {
            Some(LotDispute::Open) => true,
            Some(LotDispute::Lost) => self.debt.is_positive(),
            None => false,
        }
    }

    /// Whether what comes back to it at `now` goes elsewhere and its payment must know: it has
    /// expired or was revoked.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.revoked || self.has_expired(now)
    }

    /// Whether its time is over at `now`.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Whether it tells that a Pro period runs, which it does to its end, used up or not.
    pub fn marks_a_period(&self, now: Timestamp) -> bool {
        self.kind == LotKind::Pro && !self.is_over(now)
    }

    /// Whether nothing is left of it and nothing can come back to it.
    pub fn is_used_up(&self) -> bool {
        self.available == Credits::ZERO && self.held == Credits::ZERO
    }

    /// Whether an account keeps it at `now`: something is left of it, or it says something still.
    pub(crate) fn is_kept(&self, now: Timestamp) -> bool {
        let claimed = self.debt.is_positive() || self.dispute == Some(LotDispute::Open);
        !self.is_used_up() || claimed || self.marks_a_period(now)
    }
}

/// Burn-down order, the one comparator: `(priority, expires_at or infinity, class, effective_at,
/// sequence)` (R18).
pub fn burn_down(a: &Lot, b: &Lot) -> Ordering {
    let end = |lot: &Lot| lot.expires_at.map_or(i64::MAX, Timestamp::as_millis);
    let key = |lot: &Lot| (lot.priority, end(lot), lot.kind.class(), lot.effective_at, lot.id);
    key(a).cmp(&key(b))
}

/// The lots that can be used at `now`, in burn-down order.
pub fn usable(lots: &[Lot], now: Timestamp) -> Vec<&Lot> {
    let mut usable: Vec<&Lot> =
        lots.iter().filter(|lot| lot.is_usable(now) && lot.available.is_positive()).collect();
    usable.sort_by(|a, b| burn_down(a, b));
    usable
}
