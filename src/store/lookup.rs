//! Tables that are led by their own key, not by an account: sessions, whose a payment is, and price
//! books.

use kumari_engine::id::{AccountId, ActionId, BookVersion};
use kumari_engine::time::Timestamp;

/// The SHA-256 of a session's token. The token itself is never stored.
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

impl Session {
    /// Whether it counts at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
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
