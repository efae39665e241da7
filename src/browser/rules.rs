//! The rules as JavaScript calls them.

use crate::convert::{
    denied, document_of, from_tree, read, tree_of, write, write_estimate, write_text,
};
use crate::handle::PriceBookHandle;
use crate::verdict::{Shown, denial, verdict};
use kumari_engine::eligibility::{Eligibility, eligibility as decide};
use kumari_engine::estimate::{Caps, estimate as uncapped, estimate_calibrated};
use kumari_engine::request::Request;
use kumari_wire::Tree;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = "import type { Caps, Eligibility, Estimate, Flag, Quote, Receipt, \
    Replay, Request, Standing } from './types/engine.js';";

#[wasm_bindgen]
extern "C" {
    /// A JSON text.
    #[wasm_bindgen(typescript_type = "string")]
    pub type JsText;
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
    let quote = quote.map(|quote| tree_of(&quote)).transpose()?;
    let decided = decided(book, &tree_of(standing)?, &tree_of(request)?, quote.as_ref())?;
    write(&verdict(&decided))
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

/// As `estimate`, JSON in and canonical JSON out: the bytes that the server makes (R11). A denial
/// is the answer `{"denial": …}` here, so that it can be compared too.
///
/// # Errors
/// The `Error` to throw where the JSON is malformed.
#[wasm_bindgen(js_name = estimateJson)]
pub fn estimate_json(book: &PriceBookHandle, request: &JsText) -> Result<String, JsValue> {
    let (request, caps) = (from_tree(&document_of(request)?)?, Caps::default());
    match estimate_calibrated(book.published(), &request, &caps, book.calibration()) {
        Ok(price) => write_text(&price),
        Err(denied) => write_text(&Refusal { denial: denial(&denied) }),
    }
}

/// As `eligibility`, JSON in and canonical JSON out.
///
/// # Errors
/// The `Error` to throw where the JSON is malformed.
#[wasm_bindgen(js_name = eligibilityJson)]
pub fn eligibility_json(
    book: &PriceBookHandle,
    standing: &JsText,
    request: &JsText,
    quote: Option<JsText>,
) -> Result<String, JsValue> {
    let quote = quote.map(|quote| document_of(&quote)).transpose()?;
    let decided = decided(book, &document_of(standing)?, &document_of(request)?, quote.as_ref())?;
    write_text(&verdict(&decided))
}

/// A denial in place of an estimate.
#[derive(serde::Serialize)]
struct Refusal<'a> {
    denial: Shown<'a>,
}

/// A request and its caps; nothing is capped where there are none.
pub(crate) fn asked(request: &JsRequest, caps: Option<JsCaps>) -> Result<(Request, Caps), JsValue> {
    let caps = caps.map(|caps| read(&caps)).transpose()?;
    Ok((read(request)?, caps.unwrap_or_default()))
}

fn decided(
    book: &PriceBookHandle,
    standing: &Tree,
    request: &Tree,
    quote: Option<&Tree>,
) -> Result<Eligibility, JsValue> {
    let (standing, request) = (from_tree(standing)?, from_tree(request)?);
    let quote = quote.map(from_tree).transpose()?;
    let book = book.published();
    let price = uncapped(book, &request);
    Ok(decide(book, &standing, &request, price, quote.as_ref()))
}
