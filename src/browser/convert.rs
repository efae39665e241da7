//! Values across the boundary, as JSON texts.
//!
//! What comes in is written as a text in JavaScript and read by `kumari-wire` here, as on the
//! server: one reader, so an unknown field is refused here too, with the same path and the same
//! words (a reader of live objects would look up the fields that it knows and never see the
//! others). What goes out is the canonical text, which JavaScript parses; an estimate, which is
//! made with every letter that is typed, goes out in parts.

use crate::boundary::{denial_of, estimate_of, json_of, value_of};
use crate::estimate_parts::parts_of;
use crate::thrown::thrown;
use crate::verdict;
use kumari_engine::denial::Denial;
use kumari_engine::estimate::Estimate;
use kumari_engine::read::Read;
use kumari_engine::written::written;
use kumari_wire::{Tree, Unreadable};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

/// Reads a plain object; `undefined` and `null` are an `Option`'s `None`.
///
/// # Errors
/// The `Error` to throw: `request_invalid` with the path of the field at fault.
pub(crate) fn read<T: Read>(value: &JsValue) -> Result<T, JsValue> {
    read_text(&json_of(value, false)?)
}

/// Reads a document, which is a JSON text or the object that it says.
///
/// # Errors
/// As [`read`], and as [`parsed`].
pub(crate) fn read_document<T: Read>(value: &JsValue) -> Result<T, JsValue> {
    read_text(&text_of(value)?)
}

fn read_text<T: Read>(text: &str) -> Result<T, JsValue> {
    kumari_engine::read::read(&parsed(text)?)
        .map_err(|fault| thrown("request_invalid", &fault.path, &fault.message))
}

/// The JSON text of a document.
///
/// # Errors
/// The `Error` to throw where an object holds what JSON cannot: a function, a symbol, itself.
pub(crate) fn text_of(document: &JsValue) -> Result<String, JsValue> {
    json_of(document, true)
}

/// A JSON text as a tree.
///
/// # Errors
/// The `Error` to throw: `json_malformed`.
pub(crate) fn parsed(text: &str) -> Result<Tree<'_>, JsValue> {
    kumari_wire::scan(text).map_err(|fault| thrown("json_malformed", "", &fault.message))
}

/// A count, where the number is one.
#[expect(
    clippy::as_conversions,
    reason = "a whole number of at most 2^53 is the same as an integer"
)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
pub(crate) fn whole(number: f64) -> Option<u64> {
    let is_whole = (0.0..=9_007_199_254_740_991.0).contains(&number) && number.fract() == 0.0;
    is_whole.then_some(number as u64)
}

/// Makes a plain object: maps are objects, absent options are absent, 64-bit counts are numbers.
///
/// # Errors
/// Never for the engine's values; an `Error` to throw for what has no JSON form.
pub(crate) fn write<T, J>(value: &T) -> Result<J, JsValue>
where
    T: Serialize + ?Sized,
    J: JsCast,
{
    Ok(value_of(&write_text(value)?).unchecked_into())
}

/// Makes a plain object of an estimate, the same that [`write`] makes and much sooner.
pub(crate) fn write_estimate<J: JsCast>(estimate: &Estimate) -> J {
    let parts = parts_of(estimate);
    estimate_of(&parts.texts, &parts.numbers).unchecked_into()
}

/// The canonical JSON, the bytes that the server makes of the same value (R11).
///
/// # Errors
/// Never for the engine's values.
pub(crate) fn write_text<T: Serialize + ?Sized>(value: &T) -> Result<String, JsValue> {
    kumari_wire::canonical(value).map_err(|_| thrown("request_invalid", "", "it has no JSON form"))
}

/// A denial to throw: an `Error` with all fields of the denial.
pub(crate) fn denied(denial: &Denial) -> JsValue {
    match write_text(&verdict::denial(denial)) {
        Ok(fields) => denial_of(&fields),
        Err(error) => error,
    }
}

/// A price book or a calibration that cannot be read, to throw; `code` says which.
pub(crate) fn unreadable(code: &str, fault: &Unreadable) -> JsValue {
    match fault {
        Unreadable::Shape(fault) => thrown(code, &fault.path, &fault.message),
        Unreadable::EngineOutdated { .. } => {
            thrown("engine_outdated", "schema", &written(format_args!("{fault}")))
        }
    }
}
