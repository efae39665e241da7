//! Documents in and out: JSON with the path of a fault, canonical form, hash.
//!
//! The engine's types are the contract; this crate turns bytes into them and back. It knows no
//! prices and no transport.

mod canonical;
mod hex;
mod parse;
mod path;
mod price_book;

pub use canonical::{CanonicalFault, canonical, fingerprint};
pub use parse::{Fault, FaultKind, from_slice, from_str};
pub use price_book::{BookFault, parse_price_book, publish, read_published};
