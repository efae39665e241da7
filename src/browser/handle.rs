//! A price book that was read and checked once, held on this side of the boundary: it is far too
//! large to cross at every keystroke.

use crate::convert::{book_refused, write_text};
use kumari_engine::price_book::PublishedBook;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A price book, ready to price with. Its memory is given back by `free()`, or when JavaScript
/// collects it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct PriceBookHandle {
    published: PublishedBook,
}

/// Reads, checks and hashes a price book. Throws an `Error` with `code` (`price_book_invalid`,
/// `engine_outdated`), `path` and `message`; `faults` lists every rule that it breaks.
///
/// # Errors
/// The `Error` to throw.
#[wasm_bindgen(js_name = loadPriceBook)]
pub fn load_price_book(json: &str) -> Result<PriceBookHandle, JsValue> {
    let published = kumari_wire::publish(json).map_err(|fault| book_refused(&fault))?;
    Ok(PriceBookHandle { published })
}

#[wasm_bindgen]
impl PriceBookHandle {
    /// Its version: the SHA-256 of its canonical JSON, in hexadecimal.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> String {
        self.published.version.to_string()
    }

    /// Its canonical JSON.
    ///
    /// # Errors
    /// Never: a book that was read has one.
    pub fn json(&self) -> Result<String, JsValue> {
        write_text(&self.published.book)
    }
}

impl PriceBookHandle {
    pub(crate) const fn published(&self) -> &PublishedBook {
        &self.published
    }
}
