//! The journal: every change of an account is an entry, and the account is a function of its
//! entries alone (R29, R30).
//!
//! Money moves between seven accounts that hang under each customer's own: what lots hold, what is
//! held, and the sides it comes from and goes to. An amount on `lots` is what is left and not
//! held; on `held`, what open holds have taken. Both together are the lot that [`crate::lot::Lot`]
//! describes.

use crate::account::{Hold, LotPart};
use crate::amount::{AmountOverflow, Credits};
use crate::estimate::Caps;
use crate::grant::Granted;
use crate::id::ActionId;
use crate::limits::Limits;
use crate::lot::LotId;
use crate::payment::{Dispute, Purchase, SubscriptionStatus};
use crate::revoke::Revocation;
use crate::settle::{LateEnd, LegEnd};
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One dated, balanced change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number in the account, from 1 without gaps.
    #[cfg_attr(test, ts(type = "number"))]
    pub sequence: u64,
    /// When it took effect; never before the entry before it.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// What moved: nothing, or two or more that sum to zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<Posting>>"))]
    pub postings: Vec<Posting>,
    /// The entry that this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub corrects: Option<u64>,
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Credits were granted and made a lot.
    Granted {
        /// By which action.
        action_id: ActionId,
        /// The grant.
        grant: Granted,
    },
    /// A payment bought a lot.
    Paid {
        /// The payment and the grant.
        purchase: Box<Purchase>,
    },
    /// Money of a payment went back, and its share of the grant with it (R39).
    Refunded {
        /// Which payment.
        payment: ActionId,
        /// All that was refunded of it so far, in US cents.
        usd_cents: u32,
    },
    /// A dispute of a payment stands otherwise; lost, it takes what a refund would.
    Disputed {
        /// Which payment.
        payment: ActionId,
        /// How the dispute stands now.
        dispute: Dispute,
    },
    /// A subscription has another status.
    SubscriptionChanged {
        /// Which subscription.
        subscription: ActionId,
        /// What it is.
        status: SubscriptionStatus,
        /// Since when, as its provider says.
        status_at: Timestamp,
    },
    /// A lot's time was over.
    LotExpired {
        /// Which lot.
        lot: LotId,
        /// The payment that it was bought with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        payment: Option<ActionId>,
    },
    /// An operator took what is left of a lot; the entry corrects the one that granted it.
    LotRevoked {
        /// Which lot.
        lot: LotId,
        /// The payment that it was bought with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        payment: Option<ActionId>,
        /// The operator's action; absent for what came back to the lot later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        revocation: Option<Revocation>,
    },
    /// What came back to a lot paid for its debt (R39).
    DebtCollected {
        /// Which lot.
        lot: LotId,
    },
    /// The person changed their own limits.
    LimitsChanged {
        /// What they are now.
        limits: Limits,
    },
    /// An action was admitted.
    Authorized {
        /// Its hold, with every leg open.
        hold: Box<Hold>,
    },
    /// A hold's work still runs, so its deadline is later (R26).
    Renewed {
        /// Of which action.
        action_id: ActionId,
        /// When it expires now, unless it ends or is renewed again.
        deadline: Timestamp,
    },
    /// A hold got larger caps (R28).
    Extended {
        /// Of which action.
        action_id: ActionId,
        /// The caps from now on.
        caps: Caps,
        /// Each leg's part from now on.
        parts: Vec<Credits>,
        /// What lots gave in addition, in burn-down order.
        lots: Vec<LotPart>,
    },
    /// A leg ended: settled, voided or expired.
    LegEnded {
        /// Of which action.
        action_id: ActionId,
        /// Its index in the hold.
        leg: u32,
        /// How.
        end: LegEnd,
    },
    /// A settlement came after the hold had expired: nothing was captured (R26).
    SettledLate {
        /// Of which action.
        action_id: ActionId,
        /// The leg's index in the hold.
        leg: u32,
        /// What it used.
        late: LateEnd,
    },
}

impl Event {
    /// The action whose hold it is about, where it is about one.
    pub const fn hold(&self) -> Option<&ActionId> {
        match self {
            Self::Renewed { action_id, .. }
            | Self::Extended { action_id, .. }
            | Self::LegEnded { action_id, .. }
            | Self::SettledLate { action_id, .. } => Some(action_id),
            Self::Authorized { hold } => Some(&hold.action_id),
            Self::Granted { .. }
            | Self::Paid { .. }
            | Self::Refunded { .. }
            | Self::Disputed { .. }
            | Self::SubscriptionChanged { .. }
            | Self::LotExpired { .. }
            | Self::LotRevoked { .. }
            | Self::DebtCollected { .. }
            | Self::LimitsChanged { .. } => None,
        }
    }

    /// The payment whose lot it is about, where it must know.
    pub(crate) const fn payment(&self) -> Option<&ActionId> {
        match self {
            Self::Paid { purchase } => Some(&purchase.payment),
            Self::Refunded { payment, .. } | Self::Disputed { payment, .. } => Some(payment),
            Self::LotExpired { payment, .. } | Self::LotRevoked { payment, .. } => payment.as_ref(),
            Self::Granted { .. }
            | Self::SubscriptionChanged { .. }
            | Self::DebtCollected { .. }
            | Self::LimitsChanged { .. }
            | Self::Authorized { .. }
            | Self::Renewed { .. }
            | Self::Extended { .. }
            | Self::LegEnded { .. }
            | Self::SettledLate { .. } => None,
        }
    }

    /// The action that it is about in the first place, where it is about one.
    pub fn action_id(&self) -> Option<&ActionId> {
        match self {
            Self::Granted { action_id, .. } => Some(action_id),
            Self::SubscriptionChanged { subscription, .. } => Some(subscription),
            Self::LotRevoked { revocation: Some(revocation), .. } => Some(&revocation.action_id),
            Self::Paid { .. }
            | Self::Refunded { .. }
            | Self::Disputed { .. }
            | Self::LotExpired { .. }
            | Self::LotRevoked { revocation: None, .. }
            | Self::DebtCollected { .. }
            | Self::LimitsChanged { .. }
            | Self::Authorized { .. }
            | Self::Renewed { .. }
            | Self::Extended { .. }
            | Self::LegEnded { .. }
            | Self::SettledLate { .. } => self.hold().or(self.payment()),
        }
    }

    /// Every action that it changes: a store keeps each of them as it is after the entry.
    pub fn actions(&self) -> impl Iterator<Item = &ActionId> {
        let subscription = match self {
            Self::Paid { purchase } => purchase.product.subscription(),
            Self::Granted { .. }
            | Self::Refunded { .. }
            | Self::Disputed { .. }
            | Self::SubscriptionChanged { .. }
            | Self::LotExpired { .. }
            | Self::LotRevoked { .. }
            | Self::DebtCollected { .. }
            | Self::LimitsChanged { .. }
            | Self::Authorized { .. }
            | Self::Renewed { .. }
            | Self::Extended { .. }
            | Self::LegEnded { .. }
            | Self::SettledLate { .. } => None,
        };
        let first = self.action_id();
        let payment = self.payment().filter(|payment| Some(*payment) != first);
        first.into_iter().chain(payment).chain(subscription)
    }
}

/// One side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// Where.
    pub account: LedgerAccount,
    /// Which side.
    pub side: Side,
    /// How much; above zero.
    pub amount: Credits,
}

/// The chart of accounts under each customer (R30).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LedgerAccount {
    /// What is left of a lot and not held.
    Lots(LotId),
    /// What open holds have taken from a lot.
    Held(LotId),
    /// What was granted.
    Issued,
    /// What was charged.
    Revenue,
    /// What expired unused.
    Breakage,
    /// What the platform bears.
    Absorbed,
    /// What the refunded or disputed purchase of a lot had already spent.
    Debt(LotId),
}

/// The two sides of a posting. A customer's credits are what the platform owes them: they grow on
/// the credit side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The left side.
    Debit,
    /// The right side.
    Credit,
}

/// Postings under construction: each movement is added as both of its sides, so what comes out is
/// balanced by construction. Movements of nothing are left out.
#[derive(Debug, Default)]
pub(crate) struct Movements(Vec<Posting>);

impl Movements {
    /// Moves `amount` from one account to another.
    pub(crate) fn add(&mut self, from: LedgerAccount, to: LedgerAccount, amount: Credits) {
        if amount.is_positive() {
            self.0.push(Posting { account: from, side: Side::Debit, amount });
            self.0.push(Posting { account: to, side: Side::Credit, amount });
        }
    }

    /// The postings.
    pub(crate) fn into_postings(self) -> Vec<Posting> {
        self.0
    }
}

/// Whether debits and credits are equal and every amount is above zero.
///
/// # Errors
/// [`AmountOverflow`] where a sum leaves the range.
pub fn is_balanced(postings: &[Posting]) -> Result<bool, AmountOverflow> {
    let side = |side: Side| {
        Credits::sum(
            postings.iter().filter(|posting| posting.side == side).map(|posting| posting.amount),
        )
    };
    let positive = postings.iter().all(|posting| posting.amount.is_positive());
    Ok(positive && side(Side::Debit)? == side(Side::Credit)?)
}
