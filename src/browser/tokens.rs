//! Token counting as JavaScript calls it: a vocabulary, and drafts that are counted while they are
//! typed. An edit crosses as (offset, deleted, inserted), never as the whole text.

use crate::thrown::thrown;
use js_sys::JsString;
use kumari_tokens::EditError;
use std::sync::Arc;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The tokens of one encoding. It takes about 11 MB; share one between documents.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Vocabulary {
    inner: Arc<kumari_tokens::Vocabulary>,
}

#[wasm_bindgen]
impl Vocabulary {
    /// Loads a vocabulary file.
    ///
    /// # Errors
    /// The `Error` to throw, with `code` `vocabulary_invalid`.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &[u8]) -> Result<Vocabulary, JsValue> {
        let loaded = kumari_tokens::Vocabulary::from_bytes(file);
        let inner = loaded.map_err(|fault| thrown("vocabulary_invalid", "", &fault.to_string()))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The name of the encoding, as price book and requests have it.
    #[wasm_bindgen(getter)]
    pub fn encoding(&self) -> String {
        self.inner.encoding().name().to_owned()
    }

    /// Tokens of a whole text.
    #[wasm_bindgen(js_name = countText)]
    pub fn count_text(&self, text: &str) -> u32 {
        number(self.inner.count(text))
    }

    /// Tokens of a whole text: all of them, and those that are of Latin words.
    #[wasm_bindgen(js_name = countTextParts)]
    pub fn count_text_parts(&self, text: &str) -> Vec<u32> {
        let tokens = self.inner.tokens(text);
        Vec::from([number(tokens.all), number(tokens.latin)])
    }
}

/// A draft that is counted while it is typed. Positions and lengths are in UTF-16 code units, as
/// strings and editors have them.
#[wasm_bindgen]
#[derive(Debug)]
pub struct TokenDocument {
    inner: kumari_tokens::Document,
}

#[wasm_bindgen]
impl TokenDocument {
    /// An empty draft.
    #[wasm_bindgen(constructor)]
    pub fn new(vocabulary: &Vocabulary) -> Self {
        Self { inner: kumari_tokens::Document::new(Arc::clone(&vocabulary.inner)) }
    }

    /// Replaces `deleted` code units at `offset` by `inserted`.
    ///
    /// # Errors
    /// The `Error` to throw, with `code` `edit_out_of_range` or `text_too_long`; the draft is then
    /// as it was.
    pub fn edit(&mut self, offset: u32, deleted: u32, inserted: &JsString) -> Result<(), JsValue> {
        let place = |units: u32| usize::try_from(units).unwrap_or(usize::MAX);
        let (offset, deleted) = (place(offset), place(deleted));
        let text = String::from(inserted);
        // U+FFFD, which is what became of a half of a pair, begins with these bytes.
        let edited = if text.as_bytes().windows(2).any(|two| two == [0xef, 0xbf]) {
            let units: Vec<u16> = inserted.iter().collect();
            self.inner.edit(offset, deleted, &units)
        } else {
            self.inner.edit_text(offset, deleted, &text)
        };
        edited.map_err(|fault| thrown(code(&fault), "", &fault.to_string()))
    }

    /// Tokens of the whole draft.
    pub fn count(&self) -> u32 {
        number(self.inner.count())
    }

    /// Those of its tokens that are of Latin words.
    #[wasm_bindgen(js_name = countLatin)]
    pub fn count_latin(&self) -> u32 {
        number(self.inner.tokens().latin)
    }

    /// Length of the draft; where it is not the editor's own an edit was lost.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> u32 {
        u32::try_from(self.inner.length()).unwrap_or(u32::MAX)
    }
}

const fn code(fault: &EditError) -> &'static str {
    if matches!(fault, EditError::OutOfRange { .. }) {
        "edit_out_of_range"
    } else {
        "text_too_long"
    }
}

/// A document has at most 2^23 code units, so its tokens are far below the limit.
fn number(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
