//! The rules as JavaScript calls them.

use crate::convert::{denied, read, read_document, write, write_estimate};
use crate::handle::PriceBookHandle;
use crate::verdict::verdict;
use kumari_engine::eligibility::eligibility as decide;
use kumari_engine::estimate::{Caps, estimate as uncapped, estimate_calibrated};
use kumari_engine::request::Request;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = "import type { Caps, Eligibility, Estimate, Flag, Quote, Receipt, \
    Replay, Request, Standing } from './types/engine.js';";

#[wasm_bindgen]
extern "C" {
    /// A request as JavaScript has it.
    #[wasm_bindgen(typescript_type = "Request")]
    pub type JsRequest;
    /// Caps, or nothing.
    #[wasm_bindgen(typescript_type = "Caps | null | undefined")]
    pub type JsCaps;
    /// A quote, or nothing.
    #[wasm_bindgen(typescript_type = "Quote | null | undefined")]
    pub type JsQuote;
    /// A standing.
    #[wasm_bindgen(typescript_type = "Standing")]
    pub type JsStanding;
    /// A receipt.
    #[wasm_bindgen(typescript_type = "Receipt")]
    pub type JsReceipt;
    /// An estimate.
    #[wasm_bindgen(typescript_type = "Estimate")]
    pub type JsEstimate;
    /// A verdict.
    #[wasm_bindgen(typescript_type = "Eligibility")]
    pub type JsEligibility;
    /// A replay.
    #[wasm_bindgen(typescript_type = "Replay")]
    pub type JsReplay;
    /// Flags.
    #[wasm_bindgen(typescript_type = "Flag[]")]
    pub type JsFlags;
}

/// What a request costs: low, expected and high, with caps or without, and by the calibration that
/// the book was loaded with. Throws an `Error` that has the fields of a `Denial` where the book has
/// no price for it.
///
/// # Errors
/// The `Error` to throw.
#[wasm_bindgen]
pub fn estimate(
    book: &PriceBookHandle,
    request: &JsRequest,
    caps: Option<JsCaps>,
) -> Result<JsEstimate, JsValue> {
    let (request, caps) = asked(request, caps)?;
    let made = estimate_calibrated(book.published(), &request, &caps, book.calibration());
    Ok(write_estimate(&made.map_err(|denial| denied(&denial))?))
}

/// Whether this account may send this request now, and if not, why and what would help.
///
/// # Errors
/// The `Error` to throw where an argument is malformed; a "no" is a value.
#[wasm_bindgen]
pub fn eligibility(
    book: &PriceBookHandle,
    standing: &JsStanding,
    request: &JsRequest,
    quote: Option<JsQuote>,
) -> Result<JsEligibility, JsValue> {
    let (standing, request) = (read_document(standing)?, read_document(request)?);
    let quote = quote.map(|quote| read_document(&quote)).transpose()?;
    let book = book.published();
    let price = uncapped(book, &request);
    write(&verdict(&decide(book, &standing, &request, price, quote.as_ref())))
}

/// Computes the charge of a receipt again, from its usage and the book that it names.
///
/// # Errors
/// The `Error` to throw where the receipt is malformed or the book has no price for it.
#[wasm_bindgen]
pub fn replay(book: &PriceBookHandle, receipt: &JsReceipt) -> Result<JsReplay, JsValue> {
    let receipt = read(receipt)?;
    let replayed = kumari_engine::receipt::replay(book.published(), &receipt);
    write(&replayed.map_err(|denial| denied(&denial))?)
}

/// What a text looks like, for `Request.flags`.
///
/// # Errors
/// Never.
#[wasm_bindgen]
pub fn flags(text: &str) -> Result<JsFlags, JsValue> {
    write(&kumari_engine::routing::flags(text))
}

/// The version of the rules in this build, for `Quote.rules`.
#[wasm_bindgen(js_name = rulesVersion)]
pub fn rules_version() -> String {
    kumari_engine::RULES_VERSION.to_owned()
}

/// A request and its caps; nothing is capped where there are none.
pub(crate) fn asked(request: &JsRequest, caps: Option<JsCaps>) -> Result<(Request, Caps), JsValue> {
    let caps = caps.map(|caps| read(&caps)).transpose()?;
    Ok((read_document(request)?, caps.unwrap_or_default()))
}
