//! Price books in: parsed, checked and given their version.

use crate::canonical::{canonical, canonical_tree, sha256};
use crate::parse::parse;
use crate::read::{Fault, FaultKind, from_tree};
use crate::write::CanonicalFault;
use kumari_engine::id::IdFault;
use kumari_engine::price_book::{PriceBook, PublishedBook, SCHEMA};
use kumari_engine::price_book_check::{RuleFault, check};
use kumari_engine::tree::Tree;
use kumari_engine::written::written;

/// Why a price book that was published before cannot be read, or a calibration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON of the right shape; the first fault.
    #[error("{0}")]
    Shape(Fault),
    /// It is of a schema that this engine does not read: load a newer engine.
    #[error(
        "`schema`: this is schema {found} and this engine reads {known}; use the version that goes with it"
    )]
    EngineOutdated {
        /// The schema of the document.
        found: i64,
        /// The one that this engine reads.
        known: u32,
    },
}

/// Why a price book was refused. Nothing of it is in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookFault {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalFault),
    /// It has the right shape and breaks rules; all of them.
    #[error("{}", list(.0))]
    Rules(Vec<RuleFault>),
}

/// Reads a price book, checks that it is complete (R5) and computes its version: the SHA-256 of
/// its canonical form (R4).
///
/// # Errors
/// [`BookFault`] with the first fault of its shape, or all faults of its rules.
pub fn publish(text: &str) -> Result<PublishedBook, BookFault> {
    let tree = parse(text).map_err(Unreadable::Shape)?;
    let published = published_from_tree(&tree)?;
    let mut faults = check(&published.book);
    if canonical(&published.book)? != canonical_tree(&tree) {
        // Whoever writes the book again would come to another version.
        let message =
            "spells out a default (`\"free\": false`, an empty list, a null): leave it out";
        faults.push(RuleFault { path: String::new(), message: message.to_owned() });
    }
    if faults.is_empty() { Ok(published) } else { Err(BookFault::Rules(faults)) }
}

/// Reads a book that was published before, without asking today's rules: what was in force stays
/// readable for ever (R4), even where a later engine would no longer accept it.
///
/// # Errors
/// [`Unreadable`] with the first fault of its shape.
pub fn read_published(text: &str) -> Result<PublishedBook, Unreadable> {
    published_from_tree(&parse(text).map_err(Unreadable::Shape)?)
}

/// As [`read_published`], from a tree.
///
/// # Errors
/// As [`read_published`].
pub fn published_from_tree(tree: &Tree<'_>) -> Result<PublishedBook, Unreadable> {
    check_schema(tree, SCHEMA)?;
    let book: PriceBook = from_tree(tree).map_err(Unreadable::Shape)?;
    let version = sha256(&canonical_tree(tree)).parse().map_err(|fault: IdFault| {
        let (path, message) = (String::new(), written(format_args!("{fault}")));
        Unreadable::Shape(Fault { kind: FaultKind::Shape, path, message })
    })?;
    Ok(PublishedBook { version, book })
}

/// The schema comes first: a newer document may well have fields that this engine does not know.
pub(crate) fn check_schema(tree: &Tree<'_>, known: u32) -> Result<(), Unreadable> {
    match schema_of(tree) {
        Some(found) if found != i64::from(known) => {
            Err(Unreadable::EngineOutdated { found, known })
        }
        Some(_) | None => Ok(()),
    }
}

fn schema_of(tree: &Tree<'_>) -> Option<i64> {
    let Tree::Map(fields) = tree else { return None };
    match fields.iter().find(|(name, _)| name == "schema") {
        Some((_, Tree::Integer(schema))) => Some(*schema),
        _ => None,
    }
}

pub(crate) fn list(faults: &[RuleFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
