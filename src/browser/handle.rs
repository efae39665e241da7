//! A price book that was read once, held on this side of the boundary: it is far too
//! large to cross at every keystroke.

use crate::convert::{parsed, text_of, unreadable, whole};
use kumari_engine::calibration::Calibration;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::written::written;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A price book, ready to price with. Its memory is given back by `free()`, or when JavaScript
/// collects it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct PriceBookHandle {
    published: PublishedBook,
    canonical: String,
    calibration: Calibration,
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = "import type { Calibration, PriceBook } from './types/engine.js';";

#[wasm_bindgen]
extern "C" {
    /// A price book.
    #[wasm_bindgen(typescript_type = "PriceBook | string")]
    pub type JsPriceBook;
    /// A calibration, or nothing.
    #[wasm_bindgen(typescript_type = "Calibration | string | null | undefined")]
    pub type JsCalibration;
}

/// Reads and hashes a price book that was published, with the calibration in force to estimate by;
/// each as JSON text or as the object that it says. Throws an `Error` with `code` (`price_book_invalid`, `calibration_invalid`, `engine_outdated`),
/// `path` and `message`.
///
/// # Errors
/// The `Error` to throw.
#[wasm_bindgen(js_name = loadPriceBook)]
pub fn load_price_book(
    book: &JsPriceBook,
    calibration: Option<JsCalibration>,
) -> Result<PriceBookHandle, JsValue> {
    let text = text_of(book)?;
    let tree = parsed(&text)?;
    let published = kumari_wire::published_from_tree(&tree);
    let published = published.map_err(|fault| unreadable("price_book_invalid", &fault))?;
    let calibration = match calibration {
        Some(calibration) => read_calibration(&text_of(&calibration)?)?,
        None => Calibration::default(),
    };
    Ok(PriceBookHandle { published, canonical: kumari_wire::canonical_tree(&tree), calibration })
}

/// A calibration, or the `Error` to throw.
pub(crate) fn read_calibration(text: &str) -> Result<Calibration, JsValue> {
    let calibration = kumari_wire::calibration_from_tree(&parsed(text)?);
    calibration.map_err(|fault| unreadable("calibration_invalid", &fault))
}

#[wasm_bindgen]
impl PriceBookHandle {
    /// Its version: the SHA-256 of its canonical JSON, in hexadecimal.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> String {
        self.published.version.as_str().to_owned()
    }

    /// Its canonical JSON.
    pub fn json(&self) -> String {
        self.canonical.clone()
    }

    /// The credits that a Custom Pack of so many whole US dollars gives; undefined where the book
    /// sells no pack of that size.
    #[wasm_bindgen(js_name = packCredits)]
    pub fn pack_credits(&self, usd: f64) -> Option<String> {
        let usd = u32::try_from(whole(usd)?).ok()?;
        self.published.book.pack_credits(usd).map(|credits| written(format_args!("{credits}")))
    }
}

impl PriceBookHandle {
    pub(crate) const fn published(&self) -> &PublishedBook {
        &self.published
    }

    pub(crate) const fn calibration(&self) -> &Calibration {
        &self.calibration
    }
}
