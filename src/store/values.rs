//! Values as a database keeps them: of the engine as its own JSON, ids as texts, times as
//! milliseconds.

use crate::error::StoreError;
use kumari_engine::account::Action;
use kumari_engine::payment::Purchase;
use kumari_engine::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value of the engine as it is stored.
pub(crate) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|fault| StoreError::corrupt(what, fault))
}

/// A value of the engine as it was stored.
pub(crate) fn from_json<T: DeserializeOwned>(
    what: &'static str,
    json: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|fault| StoreError::corrupt(what, fault))
}

/// The purchase that an action is.
pub(crate) fn purchase_of(state: &str) -> Result<Purchase, StoreError> {
    match from_json("a purchase", state)? {
        Action::Purchase(purchase) => Ok(*purchase),
        Action::Hold(_) | Action::Grant(_) | Action::Subscription(_) | Action::Revocation(_) => {
            Err(StoreError::corrupt("a purchase", "it is another action"))
        }
    }
}

/// A text that is a value of its own.
pub(crate) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|fault| StoreError::corrupt(what, fault))
}

/// A time as it is stored.
pub(crate) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millis(millis).map_err(|fault| StoreError::corrupt("a time", fault))
}
