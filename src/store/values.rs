//! Values as a database keeps them: of the engine as its own JSON, ids as texts, times as
//! milliseconds.

use crate::error::StoreError;
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
