//! Texts from storage and from the server's events.

use kumari_wire::{Fault, from_tree, scan};

/// A document.
///
/// # Errors
/// What is wrong with it, and where.
pub(crate) fn document<T: kumari_engine::read::Read>(text: &str) -> Result<T, Fault> {
    from_tree(&scan(text)?)
}
