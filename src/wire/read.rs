//! From a tree to a value of the engine's types. Every fault says where in the document it is.

use kumari_engine::read::{self, Read};
use kumari_engine::tree::Tree;
use std::fmt;

/// Why a document was refused: what, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether it is no JSON at all, or JSON of another shape.
    pub kind: FaultKind,
    /// The field, as `legs[1].usage`; empty where it is the document itself.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not JSON.
    Syntax,
    /// It is JSON, but a field is missing, unknown, of the wrong type or out of range.
    Shape,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            f.write_str("`")?;
            f.write_str(&self.path)?;
            f.write_str("`: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl From<read::Fault> for Fault {
    fn from(read::Fault { path, message }: read::Fault) -> Self {
        Self { kind: FaultKind::Shape, path, message }
    }
}

/// Reads a value from a tree.
///
/// # Errors
/// [`Fault`] at the first thing that is wrong.
pub fn from_tree<T: Read>(tree: &Tree<'_>) -> Result<T, Fault> {
    Ok(read::read(tree)?)
}
