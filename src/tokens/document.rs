//! A draft that is counted while it is typed: edits in, count out.
//!
//! It does not keep styles, cursors or undo; the editor does.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::{Encoding, Vocabulary};

/// A text under edit and its count of tokens in one encoding.
///
/// Positions and lengths are in UTF-16 code units, as editors in browsers have them. A surrogate
/// without its other half counts as U+FFFD (three bytes in UTF-8), which is what JavaScript makes
/// of it when it hands a string on as UTF-8; an edit may tear a pair apart, and a later one may
/// join it again.
///
/// ```no_run
/// # use kumari_tokens::{Document, Vocabulary};
/// # fn draft(vocabulary: std::sync::Arc<Vocabulary>) -> Result<(), kumari_tokens::EditError> {
/// let mut draft = Document::new(vocabulary);
/// let typed: Vec<u16> = "Hello world".encode_utf16().collect();
/// draft.edit(0, 0, &typed)?;
/// assert_eq!(draft.count(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    vocabulary: Arc<Vocabulary>,
    units: Vec<u16>,
    /// Of the text as it is; forgotten by an edit.
    count: Option<u64>,
}

impl Document {
    /// The longest text that a document takes, in UTF-16 code units: far above what any model
    /// reads, and well below what a browser's memory holds.
    pub const LENGTH_MAX: usize = 1 << 23;

    /// An empty document. Documents share their vocabulary.
    #[must_use]
    pub const fn new(vocabulary: Arc<Vocabulary>) -> Self {
        Self { vocabulary, units: Vec::new(), count: Some(0) }
    }

    /// The encoding that it is counted in.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.vocabulary.encoding()
    }

    /// Length of the text in UTF-16 code units. A shell compares it with the editor's own length:
    /// where they differ an edit was lost.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.units.len()
    }

    /// Replaces `deleted` code units at `offset` by the inserted ones, as an editor reports it.
    ///
    /// # Errors
    /// Where the deleted stretch is not inside the text, or the text would grow above
    /// [`LENGTH_MAX`](Self::LENGTH_MAX). The document is then as it was before.
    pub fn edit(
        &mut self,
        offset: usize,
        deleted: usize,
        inserted: &[u16],
    ) -> Result<(), EditError> {
        let length = self.units.len();
        let end = offset.checked_add(deleted).filter(|&end| end <= length);
        let end = end.ok_or(EditError::OutOfRange { offset, deleted, length })?;
        let edited = (length - deleted).saturating_add(inserted.len());
        if edited > Self::LENGTH_MAX {
            return Err(EditError::TooLong { length: edited, length_max: Self::LENGTH_MAX });
        }
        self.units.splice(offset..end, inserted.iter().copied());
        self.count = None;
        Ok(())
    }

    /// Tokens of the whole text. Counted when it is first asked for after an edit, so a batch of
    /// edits costs one count.
    pub fn count(&mut self) -> u64 {
        let count = self.count.unwrap_or_else(|| self.vocabulary.count(&self.text()));
        self.count = Some(count);
        count
    }

    /// The text as JavaScript hands it on.
    fn text(&self) -> String {
        char::decode_utf16(self.units.iter().copied())
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    }
}

/// Why an edit was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The stretch to delete is not inside the text; the document and its editor have parted.
    #[error(
        "an edit deletes {deleted} code units at {offset}, but the document has {length}; \
         start the document again from the editor's whole text"
    )]
    OutOfRange {
        /// Where the edit begins, in UTF-16 code units.
        offset: usize,
        /// Code units to delete.
        deleted: usize,
        /// Code units of the document.
        length: usize,
    },
    /// The text would be longer than a document may be.
    #[error(
        "an edit would make the document {length} code units long, at most {length_max} are \
         counted; shorten the text"
    )]
    TooLong {
        /// Length after the edit, in UTF-16 code units.
        length: usize,
        /// [`Document::LENGTH_MAX`].
        length_max: usize,
    },
}
