//! What a payment provider tells, and what is kept of it (R35–R39).
//!
//! One type for every provider: a shell maps its events to [`Payment`], and [`crate::pay`] says what
//! each does to an account. Events may come twice, late and in any order, so each is a fact that can
//! be told again: what is refunded *so far*, how a dispute *stands*, what a subscription has been
//! *since when*. Nothing here talks to anybody or knows a currency but US dollars.

use crate::amount::{AmountOverflow, Credits};
use crate::checked::{names, variants};
use crate::grant::Granted;
use crate::id::ActionId;
use crate::lot::{Lot, LotDispute};
use crate::period::Periods;
use crate::time::Timestamp;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The most disputes of one payment.
pub const DISPUTES_MAX: usize = 16;

/// How far ahead of `now` what is told of a subscription may be, in seconds: clocks differ a little.
/// What is further ahead would stand against all that is told of the time until then.
pub const AHEAD_SECONDS_MAX: u32 = 300;

/// One fact about money. Amounts are in US cents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Payment {
    /// Money came in: the only thing that makes a pack or a Pro period (R36).
    Paid {
        /// The payment's id.
        payment: ActionId,
        /// When it was paid; what is told of a later time counts as paid now.
        at: Timestamp,
        /// How much.
        usd_cents: u32,
        /// What for.
        product: Product,
    },
    /// An attempt to pay did not work.
    Failed {
        /// The payment's id; it may be paid later.
        payment: ActionId,
        /// When it failed, at most [`AHEAD_SECONDS_MAX`] from now.
        at: Timestamp,
        /// The subscription that it was to renew, which is then past due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subscription: Option<ActionId>,
    },
    /// Money went back (R39).
    Refunded {
        /// The payment that is refunded.
        payment: ActionId,
        /// All that was refunded of it so far.
        usd_cents: u32,
    },
    /// The payer's bank disputes a payment (R39).
    Disputed {
        /// The payment that is disputed.
        payment: ActionId,
        /// The dispute's id.
        dispute: ActionId,
        /// How much of the payment.
        usd_cents: u32,
    },
    /// A dispute was decided for us: the money stays.
    DisputeWon {
        /// The payment that was disputed.
        payment: ActionId,
        /// The dispute's id.
        dispute: ActionId,
        /// How much of the payment.
        usd_cents: u32,
    },
    /// A dispute was decided against us: the money is gone, as with a refund.
    DisputeLost {
        /// The payment that was disputed.
        payment: ActionId,
        /// The dispute's id.
        dispute: ActionId,
        /// How much of the payment.
        usd_cents: u32,
    },
    /// A subscription has another status. It grants nothing and takes nothing.
    SubscriptionChanged {
        /// The subscription's id.
        subscription: ActionId,
        /// Since when, at most [`AHEAD_SECONDS_MAX`] from now; of two changes the later one stands, in
        /// whatever order they are told.
        at: Timestamp,
        /// What it is since then.
        status: SubscriptionStatus,
    },
}

variants! {
    Payment {
        Paid { payment, at, usd_cents, product } = "paid",
        Failed { payment, at, subscription or default } = "failed",
        Refunded { payment, usd_cents } = "refunded",
        Disputed { payment, dispute, usd_cents } = "disputed",
        DisputeWon { payment, dispute, usd_cents } = "dispute_won",
        DisputeLost { payment, dispute, usd_cents } = "dispute_lost",
        SubscriptionChanged { subscription, at, status } = "subscription_changed",
    }
}

/// What was paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Product {
    /// A Custom Pack: a whole number of dollars, priced by the book's brackets.
    Pack,
    /// One period of Pro.
    Pro {
        /// The subscription's id. A subscription whose anchor or months change is another one, and
        /// the shell gives it another id.
        subscription: ActionId,
        /// Its periods.
        periods: Periods,
        /// When the period began, as the provider reports it; it belongs to the nearest start.
        period_start: Timestamp,
    },
}

variants! {
    Product {
        Pack = "pack",
        Pro { subscription, periods, period_start } = "pro",
    }
}

/// What a subscription is, in the order in which they win at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum SubscriptionStatus {
    /// A payment is missing: no new period, and what is denied for lack of credits says so.
    PastDue,
    /// It runs, or runs again.
    Active,
    /// It ends with the period that is paid.
    Cancelled,
}

names! {
    pub SubscriptionStatus {
        PastDue = "past_due",
        Active = "active",
        Cancelled = "cancelled",
    }
}

/// A payment that bought a lot, and what became of it. The account keeps it by the payment's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Purchase {
    /// The payment's id.
    pub payment: ActionId,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// How much, in US cents.
    pub usd_cents: u32,
    /// What for.
    pub product: Product,
    /// The lot that it bought.
    pub grant: Granted,
    /// How much of it was refunded so far, in US cents.
    pub refunded_usd_cents: u32,
    /// Its disputes, in the order in which they were heard of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(as = "Option<Vec<Dispute>>"))]
    pub disputes: Vec<Dispute>,
    /// What was taken of the grant, debt included: by refunds, lost disputes and the operator.
    pub claimed: Credits,
    /// What of its lot expired unused and was not claimed since.
    pub expired: Credits,
    /// Whether an operator revoked its lot: it stays so, also where a claim brings the lot back.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub revoked: bool,
}

/// A dispute of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// Its id.
    pub dispute: ActionId,
    /// How much of the payment, in US cents.
    pub usd_cents: u32,
    /// How it stands.
    pub status: DisputeStatus,
}

/// How a dispute stands. Once decided it stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum DisputeStatus {
    /// Nobody has decided yet.
    Open,
    /// The money stays.
    Won,
    /// The money is gone.
    Lost,
}

names! {
    pub DisputeStatus {
        Open = "open",
        Won = "won",
        Lost = "lost",
    }
}

/// A subscription, as far as the ledger cares. The account keeps it by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Its id.
    pub subscription: ActionId,
    /// Its periods; unknown before the first was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub periods: Option<Periods>,
    /// The numbers of the periods that were paid, ascending: each makes one lot (R36).
    pub paid: Vec<u32>,
    /// What it is.
    pub status: SubscriptionStatus,
    /// Since when.
    pub status_at: Timestamp,
}

impl Payment {
    /// The actions that the command [`crate::pay::pay`] looks at: a store loads them with the
    /// account.
    pub fn actions(&self) -> Vec<ActionId> {
        let (payment, subscription) = match self {
            Self::Paid { payment, product, .. } => (Some(payment), product.subscription()),
            Self::Failed { payment, subscription, .. } => (Some(payment), subscription.as_ref()),
            Self::Refunded { payment, .. }
            | Self::Disputed { payment, .. }
            | Self::DisputeWon { payment, .. }
            | Self::DisputeLost { payment, .. } => (Some(payment), None),
            Self::SubscriptionChanged { subscription, .. } => (None, Some(subscription)),
        };
        payment.into_iter().chain(subscription).cloned().collect()
    }
}

impl Product {
    /// The subscription that it renews.
    pub const fn subscription(&self) -> Option<&ActionId> {
        match self {
            Self::Pack => None,
            Self::Pro { subscription, .. } => Some(subscription),
        }
    }

    /// Whether both are the same thing: of a period its number counts, not how it was reported.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Pro { subscription: one, periods, period_start: start },
                Self::Pro { subscription: two, periods: others, period_start: reported },
            ) => {
                one == two
                    && periods == others
                    && periods.nearest(*start) == periods.nearest(*reported)
            }
            (Self::Pack, Self::Pack) => true,
            (Self::Pack, Self::Pro { .. }) | (Self::Pro { .. }, Self::Pack) => false,
        }
    }
}

impl Purchase {
    /// Its lot before the postings of the payment fill it.
    pub(crate) fn empty_lot(&self) -> Lot {
        let payment = Some(self.payment.clone());
        let (dispute, revoked) = (self.lot_dispute(), self.revoked);
        Lot { payment, dispute, revoked, ..self.grant.empty_lot() }
    }

    /// What its disputes mean for its lot.
    pub(crate) fn lot_dispute(&self) -> Option<LotDispute> {
        let any = |status| self.disputes.iter().any(|dispute| dispute.status == status);
        if any(DisputeStatus::Open) {
            Some(LotDispute::Open)
        } else {
            any(DisputeStatus::Lost).then_some(LotDispute::Lost)
        }
    }

    /// What is due for the money that went back: its share of the grant, rounded down (R39).
    ///
    /// # Errors
    /// [`AmountOverflow`] where it leaves the range.
    pub(crate) fn due(&self) -> Result<Credits, AmountOverflow> {
        let lost = self.disputes.iter().filter(|dispute| dispute.status == DisputeStatus::Lost);
        let returned = lost
            .fold(self.refunded_usd_cents, |sum, dispute| sum.saturating_add(dispute.usd_cents));
        self.grant.amount.share_rounded_down(returned.min(self.usd_cents), self.usd_cents)
    }

    /// Takes over how a dispute stands.
    pub(crate) fn put_dispute(&mut self, dispute: &Dispute) {
        match self.disputes.iter_mut().find(|known| known.dispute == dispute.dispute) {
            Some(known) => *known = dispute.clone(),
            None => self.disputes.push(dispute.clone()),
        }
    }
}

impl Subscription {
    /// One of which a status is the first word.
    pub(crate) const fn new(
        subscription: ActionId,
        status: SubscriptionStatus,
        status_at: Timestamp,
    ) -> Self {
        Self { subscription, periods: None, paid: Vec::new(), status, status_at }
    }

    /// Whether a status of that instant takes the place of the one that is known.
    pub(crate) fn is_older(&self, status: SubscriptionStatus, at: Timestamp) -> bool {
        (self.status_at, self.status) < (at, status)
    }
}
