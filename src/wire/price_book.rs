//! Price books in: parsed, checked and given their version.

use crate::canonical::{CanonicalFault, canonical, sha256};
use crate::parse::{Fault, from_str};
use kumari_engine::price_book::{PriceBook, PublishedBook, SCHEMA};
use kumari_engine::price_book_check::{RuleFault, check};
use serde::Deserialize;

/// Why a price book was refused. Nothing of it is in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookFault {
    /// It is not JSON of a price book's shape; the first fault.
    #[error("{0}")]
    Shape(Fault),
    /// It is of a schema that this engine does not read: load a newer engine.
    #[error("`schema`: this is schema {found} and this engine reads {SCHEMA}; use a newer version")]
    EngineOutdated {
        /// The schema of the document.
        found: u32,
    },
    /// It has the right shape and breaks rules; all of them.
    #[error("{}", list(.0))]
    Rules(Vec<RuleFault>),
    /// It has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalFault),
}

/// Reads a price book and checks that it is complete (R5).
///
/// # Errors
/// [`BookFault`] with the first fault of its shape, or all faults of its rules.
pub fn parse_price_book(text: &str) -> Result<PriceBook, BookFault> {
    let book = read(text)?;
    match check(&book) {
        faults if faults.is_empty() => Ok(book),
        faults => Err(BookFault::Rules(faults)),
    }
}

/// Reads and checks a price book and computes its version: the SHA-256 of its canonical form (R4).
///
/// # Errors
/// As [`parse_price_book`].
pub fn publish(text: &str) -> Result<PublishedBook, BookFault> {
    versioned(parse_price_book(text)?)
}

/// Reads a book that was published before, without asking today's rules: what was in force stays
/// readable for ever (R4), even where a later engine would no longer accept it.
///
/// # Errors
/// [`BookFault`] with the first fault of its shape.
pub fn read_published(text: &str) -> Result<PublishedBook, BookFault> {
    versioned(read(text)?)
}

fn versioned(book: PriceBook) -> Result<PublishedBook, BookFault> {
    let hash = sha256(&canonical(&book)?);
    match hash.parse() {
        Ok(version) => Ok(PublishedBook { version, book }),
        Err(_) => Err(CanonicalFault(hash).into()),
    }
}

/// The schema comes first: a newer book may well have fields that this engine does not know.
fn read(text: &str) -> Result<PriceBook, BookFault> {
    #[derive(Deserialize)]
    struct Schema {
        schema: u32,
    }
    match from_str::<Schema>(text) {
        Ok(Schema { schema: SCHEMA }) | Err(_) => from_str(text).map_err(BookFault::Shape),
        Ok(Schema { schema }) => Err(BookFault::EngineOutdated { found: schema }),
    }
}

fn list(faults: &[RuleFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
