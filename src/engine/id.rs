//! Names of things: short printable texts made outside (the engine never makes an id).

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;
use serde::Serialize;

/// The longest id, in bytes.
pub const ID_LENGTH_MAX: usize = 128;

/// Why a text cannot be an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdFault;

impl fmt::Display for IdFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not an id: use 1 to {ID_LENGTH_MAX} characters out of letters, digits and `-_.:/@+`"
        )
    }
}

impl core::error::Error for IdFault {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdFault;

            fn from_str(text: &str) -> Result<Self, IdFault> {
                check(text).map(|()| Self(text.to_string()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        crate::checked::read_text!($name, "an id", Self(String::new()));
    };
}

id! {
    /// A customer's account.
    AccountId
}
id! {
    /// The caller-made id that makes a repeat safe (R27): one per account-changing command.
    ///
    /// People's actions use a UUIDv7, a purchase its payment's id; the boundary that takes the
    /// command checks which.
    ActionId
}
id! {
    /// A model's id in the price book.
    ModelId
}
id! {
    /// A price book's version: the SHA-256 of its canonical form, in lower-case hexadecimal (R4).
    BookVersion
}
id! {
    /// A calibration's version: the SHA-256 of its canonical form, in lower-case hexadecimal.
    CalibrationVersion
}
id! {
    /// What the caller asked for, hashed, the quote apart: the same action id with another
    /// fingerprint is another request (R27).
    Fingerprint
}

fn check(text: &str) -> Result<(), IdFault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@+".contains(&byte);
    if text.is_empty() || text.len() > ID_LENGTH_MAX || !text.bytes().all(allowed) {
        return Err(IdFault);
    }
    Ok(())
}
