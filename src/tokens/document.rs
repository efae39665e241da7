//! A draft that is counted while it is typed: edits in, count out.
//!
//! The text is kept as spans, each counted on its own; where a text may be cut so is proven in
//! `cut`. An edit takes out the spans that it touches, cuts and counts their new text, and puts
//! that in: its cost is that of the spans around it (some hundred bytes each) and of what was
//! inserted. A run without a cut is one span, however long; then its text is passed over anew, at
//! the speed of memory and of `split`, and only the tokens around the edit are merged anew
//! (`run`). It does not keep styles, cursors or undo; the editor does.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::cut::CONTEXT;
use crate::run::Change;
use crate::spans::{Span, Spans};
use crate::tokens::Tokens;
use crate::{Encoding, Vocabulary, halves};

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
    spans: Spans,
}

impl Document {
    /// The longest text that a document takes, in UTF-16 code units: far above what any model
    /// reads, and well below what a browser's memory holds.
    pub const LENGTH_MAX: usize = 1 << 23;

    /// An empty document. Documents share their vocabulary.
    #[must_use]
    pub const fn new(vocabulary: Arc<Vocabulary>) -> Self {
        Self { vocabulary, spans: Spans::new() }
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
        self.spans.units()
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
        self.check(offset, deleted, inserted.len())?;
        self.replace(offset, deleted, &halves::from_units(inserted));
        Ok(())
    }

    /// The same with a text that has no halves of pairs: a paste need not be taken apart into code
    /// units. Offset and deletion are in code units as ever.
    ///
    /// # Errors
    /// Those of [`edit`](Self::edit).
    pub fn edit_text(
        &mut self,
        offset: usize,
        deleted: usize,
        inserted: &str,
    ) -> Result<(), EditError> {
        self.check(offset, deleted, halves::units(inserted.as_bytes()))?;
        self.replace(offset, deleted, inserted.as_bytes());
        Ok(())
    }

    fn check(&self, offset: usize, deleted: usize, inserted: usize) -> Result<(), EditError> {
        let length = self.length();
        let end = offset.checked_add(deleted).filter(|&end| end <= length);
        end.ok_or(EditError::OutOfRange { offset, deleted, length })?;
        let edited = (length - deleted).saturating_add(inserted);
        if edited > Self::LENGTH_MAX {
            return Err(EditError::TooLong { length: edited, length_max: Self::LENGTH_MAX });
        }
        Ok(())
    }

    fn replace(&mut self, offset: usize, deleted: usize, inserted: &[u8]) {
        let around = offset.saturating_sub(CONTEXT)..offset + deleted + CONTEXT;
        let vocabulary = &*self.vocabulary;
        self.spans.replace(around, |begin, touched| {
            let mut old = Span::join(touched);
            let change = change(&mut old.text, offset - begin, deleted, inserted);
            Span::cut(vocabulary, &old, &change)
        });
    }

    #[cfg(test)]
    pub(crate) const fn spans(&self) -> &Spans {
        &self.spans
    }

    /// Tokens of the whole text.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.tokens().all
    }

    /// The same, and how many of them are of Latin words.
    #[must_use]
    pub const fn tokens(&self) -> Tokens {
        self.spans.tokens()
    }
}

/// Carries an edit out on a part of the text, and says what it left as it was.
fn change(text: &mut Vec<u8>, offset: usize, deleted: usize, inserted: &[u8]) -> Change {
    let old_length = text.len();
    let start = halves::tear(text, offset);
    let end = halves::tear(text, offset + deleted);
    let behind = text.len() - end;
    text.splice(start..end, inserted.iter().copied());
    // The seam at the back first: the one in front moves it.
    let back = text.len() - behind;
    halves::join(text, back);
    halves::join(text, start);
    Change {
        // Up to a half before and behind the edit was torn off or joined on.
        before: start.saturating_sub(halves::HALF),
        behind: behind.saturating_sub(halves::HALF),
        old_length,
        new_length: text.len(),
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
