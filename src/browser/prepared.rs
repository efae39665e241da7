//! A prepared price for JavaScript: numbers in, numbers out. `pkg/src/prepared-estimate.ts` is what
//! people meet; it asks for the whole estimate where there is nothing here.

use crate::convert::{denied, whole};
use crate::handle::PriceBookHandle;
use crate::rules::{JsCaps, JsRequest, asked};
use kumari_engine::amount::Credits;
use kumari_engine::encoding::TokenKind;
use kumari_engine::prepared::{Prepared, PriceRange, prepare};
use std::cell::Cell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// What [`PreparedHandle::price`] answers where there is no price.
const NONE: f64 = -1.0;

/// A request whose price is prepared. Its memory is given back by `free()`, or when JavaScript
/// collects it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct PreparedHandle {
    prepared: Prepared,
    /// What was priced last.
    price: Cell<PriceRange>,
}

/// Prepares the price of a request.
///
/// # Errors
/// The `Error` to throw where the request is malformed, or the book has no price for it whatever
/// its counts are.
#[wasm_bindgen(js_name = prepareHandle)]
pub fn prepare_handle(
    book: &PriceBookHandle,
    request: &JsRequest,
    caps: Option<JsCaps>,
) -> Result<PreparedHandle, JsValue> {
    let (request, caps) = asked(request, caps)?;
    let prepared = prepare(book.published(), &request, &caps, book.calibration());
    let prepared = prepared.map_err(|denial| denied(&denial))?;
    Ok(PreparedHandle { prepared, price: Cell::default() })
}

#[wasm_bindgen]
impl PreparedHandle {
    /// The low price in micro-credits with these counts, -1 for one that is not there; -1 where
    /// there is no price.
    pub fn price(
        &self,
        o200k_base: f64,
        o200k_base_latin: f64,
        cl100k_base: f64,
        cl100k_base_latin: f64,
        messages: f64,
    ) -> f64 {
        let counted = |kind| match kind {
            TokenKind::O200kBase => whole(o200k_base),
            TokenKind::O200kBaseLatin => whole(o200k_base_latin),
            TokenKind::Cl100kBase => whole(cl100k_base),
            TokenKind::Cl100kBaseLatin => whole(cl100k_base_latin),
        };
        let messages = whole(messages).and_then(|messages| u32::try_from(messages).ok());
        match messages.and_then(|messages| self.prepared.price(counted, messages)) {
            Some(price) => {
                self.price.set(price);
                micros(price.low)
            }
            None => NONE,
        }
    }

    /// Of the last call: the expected price in micro-credits, or the high one, or the low or high
    /// end of the likely range, -1 where there is none.
    pub fn last(&self, which: u8) -> f64 {
        let price = self.price.get();
        match which {
            0 => micros(price.expected),
            1 => micros(price.high),
            2 => price.likely.map_or(NONE, |likely| micros(likely.low)),
            _ => price.likely.map_or(NONE, |likely| micros(likely.high)),
        }
    }
}

/// Exact: a leg is below 2^50, and there are at most four.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "see above")]
const fn micros(credits: Credits) -> f64 {
    credits.as_micros() as f64
}
