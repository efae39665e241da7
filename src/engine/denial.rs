//! Denials: a business "no", as data (R16). A fault of a machine or a document is an error, not a
//! denial.

use crate::amount::{AmountOverflow, Credits};
use crate::checked::names;
use crate::estimate::{Caps, Estimate};
use crate::id::ModelId;
use crate::rating::RatingFault;
use crate::request::{Request, Task};
use crate::settle::LegEnd;
use crate::time::Timestamp;
use crate::written::format;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Why a command was not applied. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// The contract: which "no" this is.
    pub code: DenialCode,
    /// For people, in English; not a contract.
    pub message: String,
    /// Whether the same command may succeed later without the caller doing anything.
    pub transient: bool,
    /// What would help, most useful first.
    pub remedies: Vec<Remedy>,
    /// The field of the request that is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The price now, where it is not the one that was quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Box<Estimate>>,
    /// How the leg ended, where it already has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Box<LegEnd>>,
}

/// Every "no" there is. Those of a new action come first, in order of precedence; the rest are
/// about actions that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum DenialCode {
    /// The account is closed.
    AccountClosed,
    /// A payment of the account is disputed.
    PaymentDisputed,
    /// The request contradicts itself or lacks something.
    RequestInvalid,
    /// The price book has no price for it.
    NotOffered,
    /// The price is not the one that was quoted.
    PriceChanged,
    /// The person's own limit is reached.
    LimitReached,
    /// Too many actions are running.
    TooManyOpen,
    /// All credits are held by running actions.
    CreditsHeld,
    /// There are no credits.
    CreditsExhausted,
    /// There are credits, but too few.
    CreditsInsufficient,
    /// The action id belongs to another request.
    ActionIdReused,
    /// There is no such action or leg.
    ActionUnknown,
    /// The leg ended before, otherwise.
    LegAlreadyEnded,
    /// What is granted once was granted before.
    AlreadyGranted,
    /// There is no such payment, yet.
    PaymentUnknown,
    /// What is told of a payment contradicts what is known of it.
    PaymentConflict,
    /// The account has as many lots as it can.
    TooManyLots,
}

names! {
    pub DenialCode {
        AccountClosed = "account_closed",
        PaymentDisputed = "payment_disputed",
        RequestInvalid = "request_invalid",
        NotOffered = "not_offered",
        PriceChanged = "price_changed",
        LimitReached = "limit_reached",
        TooManyOpen = "too_many_open",
        CreditsHeld = "credits_held",
        CreditsExhausted = "credits_exhausted",
        CreditsInsufficient = "credits_insufficient",
        ActionIdReused = "action_id_reused",
        ActionUnknown = "action_unknown",
        LegAlreadyEnded = "leg_already_ended",
        AlreadyGranted = "already_granted",
        PaymentUnknown = "payment_unknown",
        PaymentConflict = "payment_conflict",
        TooManyLots = "too_many_lots",
    }
}

/// What would help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Remedy {
    /// Subscribe to Pro.
    UpgradeToPro,
    /// Give Pro a way to pay that works: its last payment did not go through.
    MendPayment,
    /// Buy a Custom Pack.
    BuyPack {
        /// The smallest, in US dollars.
        usd_min: u32,
    },
    /// Wait for the Pro period's end.
    WaitForReset {
        /// When the next period begins.
        at: Timestamp,
    },
    /// Wait until a running action ends.
    WaitForHolds,
    /// Ask for something cheaper that the balance covers.
    Cheaper {
        /// The whole request to make instead.
        request: Box<Request>,
        /// The caps that it fits with.
        caps: Caps,
        /// The most that it costs.
        high: Credits,
    },
    /// Look at the new price and send again.
    ReviewPrice,
    /// Change the field that `path` names.
    FixRequest,
    /// Raise or lift the person's own limit.
    RaiseLimit,
    /// Write to the platform's support.
    ContactSupport,
}

impl DenialCode {
    /// Whether the same command may succeed later by itself: a hold ends, a limit's day passes, a
    /// payment is heard of, a lot is used up.
    const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::LimitReached
                | Self::TooManyOpen
                | Self::CreditsHeld
                | Self::PaymentUnknown
                | Self::TooManyLots
        )
    }
}

impl Denial {
    /// A denial with nothing but its code, message and remedies.
    pub fn new(code: DenialCode, message: impl Into<String>, remedies: Vec<Remedy>) -> Self {
        Self {
            code,
            message: message.into(),
            transient: code.is_transient(),
            remedies,
            path: None,
            estimate: None,
            end: None,
        }
    }

    /// The request is at fault, in the field that `path` names.
    pub fn request_invalid(path: &str, message: &str) -> Self {
        let mut denial =
            Self::new(DenialCode::RequestInvalid, message, Vec::from([Remedy::FixRequest]));
        denial.path = Some(path.to_string());
        denial
    }

    /// The book does not offer `task` with `model`.
    pub fn not_offered(task: Task, model: &ModelId) -> Self {
        let message = format!("`{task}` is not offered with the model `{model}`: choose another");
        Self::new(DenialCode::NotOffered, message, Vec::from([Remedy::FixRequest]))
    }

    /// There is no such action.
    pub fn action_unknown(what: &str) -> Self {
        Self::new(DenialCode::ActionUnknown, format!("there is no {what}"), Vec::new())
    }

    /// The leg ended before, otherwise.
    pub fn leg_already_ended(end: &LegEnd) -> Self {
        let mut denial =
            Self::new(DenialCode::LegAlreadyEnded, "the leg has already ended", Vec::new());
        denial.end = Some(Box::new(end.clone()));
        denial
    }
}

impl core::fmt::Display for Denial {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {path}: {}", self.code, self.message),
            None => write!(f, "{}: {}", self.code, self.message),
        }
    }
}

impl core::error::Error for Denial {}

impl From<AmountOverflow> for Denial {
    fn from(overflow: AmountOverflow) -> Self {
        Self::new(
            DenialCode::RequestInvalid,
            format!("{overflow}"),
            Vec::from([Remedy::FixRequest]),
        )
    }
}

impl From<RatingFault> for Denial {
    fn from(fault: RatingFault) -> Self {
        Self::new(DenialCode::RequestInvalid, format!("{fault}"), Vec::from([Remedy::FixRequest]))
    }
}
