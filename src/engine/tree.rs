//! A JSON document as a tree: what every reader and writer goes through.
//!
//! Text and JavaScript's objects are turned into it by one function each, in their own rooms; the
//! engine's types meet only this tree, so that the browser loads each type's reader once. Its texts
//! are pieces of the text that it was made of where they stand there as they are.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// A JSON value. Objects keep their order; that each key occurs once is for the readers to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree<'text> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that JavaScript holds exactly too: at most 2^53 - 1, either way.
    Integer(i64),
    /// Any other number; no document of ours has one.
    Number,
    /// A string.
    Text(Cow<'text, str>),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Map(Vec<Named<'text>>),
}

/// An object's entry: a name and what is there.
pub type Named<'text> = (Cow<'text, str>, Tree<'text>);

impl Tree<'_> {
    /// What it is, in words.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Number => "a number that is not whole or too large",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
        }
    }
}
