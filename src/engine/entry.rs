//! The journal: every change of an account is an entry, and the account is a function of its
//! entries alone (R29, R30).
//!
//! Money moves between seven accounts that hang under each customer's own: what lots hold, what is
//! held, and the sides it comes from and goes to. An amount on `lots` is what is left and not
//! held; on `held`, what open holds have taken. Both together are the lot that [`crate::lot::Lot`]
//! describes.

use crate::account::Hold;
use crate::amount::{AmountOverflow, Credits};
use crate::grant::Granted;
use crate::id::ActionId;
use crate::lot::LotId;
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
        /// By which action or payment.
        action_id: ActionId,
        /// The grant.
        grant: Granted,
    },
    /// A lot's time was over.
    LotExpired {
        /// Which lot.
        lot: LotId,
    },
    /// An action was admitted.
    Authorized {
        /// Its hold, with every leg open.
        hold: Box<Hold>,
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
    /// The action that it is about, where it is about one.
    pub const fn action_id(&self) -> Option<&ActionId> {
        match self {
            Self::Granted { action_id, .. }
            | Self::LegEnded { action_id, .. }
            | Self::SettledLate { action_id, .. } => Some(action_id),
            Self::Authorized { hold } => Some(&hold.action_id),
            Self::LotExpired { .. } => None,
        }
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
    /// What a refunded or disputed purchase had already spent.
    Debt,
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
