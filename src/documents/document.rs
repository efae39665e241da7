//! What is known of a file once it was read.

use crate::{DocumentFault, Kind, Limits};

/// Characters of a page, where a file has no pages of its own (`file_processing`, RULES).
const PAGE_CHARACTERS: u64 = 3_000;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// Pages to charge for: a PDF's own, else each started 3 000 characters of its text; none
    /// where the text is empty, for none was started.
    pub pages: u64,
    /// Characters of the text: Unicode scalar values, however many bytes or code units they take.
    pub characters: u64,
    /// Its text, without a byte order mark.
    pub text: String,
    /// What a person should know before relying on the text.
    pub warnings: Vec<Warning>,
}

/// What is missing from a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// There are pages, but no text on them: they were probably scanned.
    NoText,
    /// Parts of the text could not be read: a font does not say which characters its glyphs are,
    /// or a page's content is damaged.
    TextIncomplete,
}

impl Warning {
    /// The warning's name for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoText => "no_text",
            Self::TextIncomplete => "text_incomplete",
        }
    }

    /// The same for people.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoText => "the pages have no text: they were probably scanned",
            Self::TextIncomplete => "parts of the text could not be read and are left out",
        }
    }
}

impl Document {
    /// A document whose pages are counted by its text.
    pub(crate) fn of_text(
        kind: Kind,
        text: String,
        limits: &Limits,
    ) -> Result<Self, DocumentFault> {
        limits.check_text(text.len())?;
        let characters = characters(&text);
        Ok(Self { kind, pages: text_pages(characters), characters, text, warnings: Vec::new() })
    }
}

/// Unicode scalar values of a text.
pub(crate) fn characters(text: &str) -> u64 {
    // A length fits 64 bits on every machine.
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

/// Pages of a text without pages of its own: each started 3 000 characters.
///
/// ```
/// assert_eq!([0, 1, 3_000, 3_001].map(kumari_documents::text_pages), [0, 1, 1, 2]);
/// ```
#[must_use]
pub const fn text_pages(characters: u64) -> u64 {
    characters.div_ceil(PAGE_CHARACTERS)
}
