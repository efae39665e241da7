//! Tables that are led by their own key, not by an account: sessions, service keys, whose a payment
//! is, price books, and the calibration.

use kumari_engine::id::{AccountId, ActionId, BookVersion, CalibrationVersion};
use kumari_engine::time::Timestamp;
use std::str::FromStr;
use thiserror::Error;

/// The SHA-256 of a session's token or a service key's secret, neither of which is ever stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// Whose a session's token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token.
    pub token_hash: TokenHash,
    /// The account that it speaks for.
    pub account: AccountId,
    /// When it began.
    pub created_at: Timestamp,
    /// From when it no longer counts; never, where absent.
    pub expires_at: Option<Timestamp>,
    /// Whether who has it has not shown who they are.
    pub is_guest: bool,
    /// Browser and system that it began in, in words; at most [`crate::DEVICE_BYTES_MAX`].
    pub device: String,
    /// When it was used last, to the hour or so.
    pub seen_at: Timestamp,
}

/// Whose an object of a payment provider is: a payment or a subscription.
///
/// Its events name nothing else, so it is claimed for its account before the account hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentClaim {
    /// The object, by the id that the account knows it by.
    pub object: ActionId,
    /// The account that it belongs to, for good.
    pub account: AccountId,
}

/// What a backend shows instead of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// The hash of its secret.
    pub secret_hash: TokenHash,
    /// What people call it, at most [`crate::KEY_NAME_BYTES_MAX`].
    pub name: String,
    /// What it may do.
    pub scope: KeyScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it no longer counts; not revoked, where absent.
    pub revoked_at: Option<Timestamp>,
}

/// What a service key may do, for every account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// Read accounts and change them.
    Ledger,
    /// Read accounts.
    Read,
}

/// Why a text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a scope: use `ledger` or `read`")]
pub struct ScopeFault;

/// A published price book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBook {
    /// The SHA-256 of its canonical form.
    pub version: BookVersion,
    /// Its canonical JSON, at most [`crate::BOOK_BYTES_MAX`].
    pub json: String,
    /// When it comes into force.
    pub effective_at: Timestamp,
    /// When it was published.
    pub published_at: Timestamp,
}

/// A published price book, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookListing {
    /// The SHA-256 of its canonical form.
    pub version: BookVersion,
    /// When it comes into force.
    pub effective_at: Timestamp,
    /// When it was published.
    pub published_at: Timestamp,
}

/// The calibration that was put into force last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCalibration {
    /// The SHA-256 of its canonical form.
    pub version: CalibrationVersion,
    /// Its canonical JSON, at most [`crate::CALIBRATION_BYTES_MAX`].
    pub json: String,
    /// When it was put into force.
    pub published_at: Timestamp,
}

impl Session {
    /// Whether it counts at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl ServiceKey {
    /// Whether it counts at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none_or(|end| now < end)
    }
}

impl KeyScope {
    /// Its name, as it is stored and written on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Read => "read",
        }
    }

    /// Whether it may change accounts.
    pub const fn may_change(self) -> bool {
        matches!(self, Self::Ledger)
    }
}

impl FromStr for KeyScope {
    type Err = ScopeFault;

    fn from_str(name: &str) -> Result<Self, ScopeFault> {
        let scopes = [Self::Ledger, Self::Read];
        scopes.into_iter().find(|scope| scope.name() == name).ok_or(ScopeFault)
    }
}

impl StoredBook {
    /// Whether both are one book, whenever they were published.
    pub(crate) fn is_same_book(&self, other: &Self) -> bool {
        self.version == other.version
            && self.json == other.json
            && self.effective_at == other.effective_at
    }
}
