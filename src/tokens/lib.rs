//! Token counting: exact on any Unicode, native and wasm, with the vocabulary loaded as data.
//!
//! The counts of `o200k_base` and `cl100k_base` equal those of OpenAI's tiktoken, special tokens
//! treated as plain text. A [`Vocabulary`] is one compact file that the server and the browser
//! load alike; it counts a whole text. A [`Document`] is a draft that takes an editor's edits in
//! and gives its count out.
//!
//! How a text is counted: pieces are cut off it by the encoding's pattern, and each
//! piece is merged from single bytes, lowest rank first, leftmost first among equals. Both steps
//! take time linear in the text but for a logarithm, whatever the text is.
//!
//! What is not here: token ids and decoding (nobody needs more than the count), other encodings
//! (the price book states ratios for those), messages' wrapping tokens, JavaScript (`src/browser`
//! wraps this crate), and files (the caller brings the bytes).

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod encoding;
mod vocabulary;
mod pairs;
mod document;
mod tokens;
mod spans;
mod halves;
mod cut;
mod split;
mod class;
mod run;
mod merge;
mod whole;
mod words;
mod table;
pub mod ranks;
#[cfg(test)]
#[path = "tests/corpus/mod.rs"]
mod corpus;

pub use document::{Document, EditError};
pub use encoding::Encoding;
pub use tokens::Tokens;
pub use vocabulary::{Vocabulary, VocabularyError};
