//! Documents in and out: JSON with the path of a fault, canonical form, hash.
//!
//! The engine's types are the contract; this crate turns bytes into them and back. It knows no
//! prices and no transport.

mod calibration;
mod canonical;
mod hex;
mod parse;
mod price_book;
mod read;
mod scan;
mod tree;
mod write;

pub use calibration::{
    CalibrationFault, calibration_from_tree, calibration_version, read_calibration,
};
pub use canonical::{canonical, canonical_tree, fingerprint};
pub use kumari_engine::tree::Tree;
pub use parse::{from_slice, from_str, parse, parse_slice};
pub use price_book::{BookFault, Unreadable, publish, published_from_tree, read_published};
pub use read::{Fault, FaultKind, from_tree};
pub use scan::scan;
pub use write::CanonicalFault;
