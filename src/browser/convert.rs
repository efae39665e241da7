//! Values across the boundary.
//!
//! What comes in is turned into a tree and read by `kumari-wire`, as on the server: one reader, so
//! an unknown field is refused here too, with the same path and the same words (a reader of live
//! objects would look up the fields that it knows and never see the others). What goes out is
//! written as a tree and built as plain objects. Text is parsed by JavaScript's own parser, which
//! the page has anyway.

use crate::thrown::thrown;
use js_sys::{Array, Number, Object};
use kumari_engine::denial::Denial;
use kumari_engine::read::Read;
use kumari_wire::{CanonicalFault, Tree, Unreadable};
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue};

/// Reads a plain object; `undefined` and `null` are an `Option`'s `None`.
///
/// # Errors
/// The `Error` to throw: `request_invalid` with the path of the field at fault.
pub(crate) fn read<T: Read>(value: &JsValue) -> Result<T, JsValue> {
    kumari_engine::read::read(&tree_of(value)?)
        .map_err(|fault| thrown("request_invalid", &fault.path, &fault.message))
}

/// What JavaScript's own parser makes of a text.
///
/// # Errors
/// The `Error` to throw: `json_malformed`.
pub(crate) fn parsed(text: &str) -> Result<JsValue, JsValue> {
    js_sys::JSON::parse(text).map_err(|error| {
        let message = js_sys::Reflect::get(&error, &"message".into());
        let message = message.ok().and_then(|message| message.as_string());
        thrown("json_malformed", "", &message.unwrap_or_default())
    })
}

/// A plain object as a tree.
///
/// # Errors
/// The `Error` to throw where it holds what JSON cannot: a function, a symbol.
pub(crate) fn tree_of(value: &JsValue) -> Result<Tree, JsValue> {
    if value.is_null() || value.is_undefined() {
        return Ok(Tree::Null);
    }
    if let Some(value) = value.as_bool() {
        return Ok(Tree::Bool(value));
    }
    if let Some(number) = value.as_f64() {
        return Ok(if Number::is_safe_integer(value) { integer(number) } else { Tree::Number });
    }
    if let Some(text) = value.as_string() {
        return Ok(Tree::Text(text));
    }
    if Array::is_array(value) {
        let list: &Array = value.unchecked_ref();
        return Ok(Tree::List(
            list.iter().map(|element| tree_of(&element)).collect::<Result<_, _>>()?,
        ));
    }
    if !value.is_object() {
        return Err(thrown("request_invalid", "", "not a plain object; pass one as JSON has it"));
    }
    let entries = Object::entries(value.unchecked_ref());
    let mut map = Vec::new();
    for entry in entries.iter() {
        let entry: Array = entry.unchecked_into();
        let value = entry.get(1);
        // As in JSON: a field that is undefined is not there.
        if !value.is_undefined() {
            map.push((entry.get(0).as_string().unwrap_or_default(), tree_of(&value)?));
        }
    }
    Ok(Tree::Map(map))
}

/// A safe integer, which fits exactly.
#[expect(clippy::as_conversions, reason = "a safe integer lies within 2^53")]
#[expect(clippy::cast_possible_truncation, reason = "a safe integer lies within 2^53")]
const fn integer(number: f64) -> Tree {
    Tree::Integer(number as i64)
}

/// Makes a plain object: maps are objects, absent options are absent, 64-bit counts are numbers.
///
/// # Errors
/// Never for the engine's values; an `Error` to throw for what has no JSON form.
pub(crate) fn write<T, J>(value: &T) -> Result<J, JsValue>
where
    T: Serialize + ?Sized,
    J: wasm_bindgen::JsCast,
{
    // One text and one parser's run: setting each property by itself takes a third longer.
    Ok(parsed(&write_text(value)?)?.unchecked_into())
}

/// The canonical JSON, the bytes that the server makes of the same value (R11).
///
/// # Errors
/// Never for the engine's values.
pub(crate) fn write_text<T: Serialize + ?Sized>(value: &T) -> Result<String, JsValue> {
    kumari_wire::canonical(value).map_err(|fault| unwritable(&fault))
}

fn unwritable(fault: &CanonicalFault) -> JsValue {
    thrown("request_invalid", "", &fault.to_string())
}

/// A denial to throw: an `Error` with all fields of the denial.
pub(crate) fn denied(denial: &Denial) -> JsValue {
    let error = thrown(denial.code.name(), "", &denial.message);
    match write::<_, js_sys::Object>(denial) {
        Ok(fields) => js_sys::Object::assign(error.unchecked_ref(), &fields).into(),
        Err(_) => error,
    }
}

/// A price book that cannot be read, to throw.
pub(crate) fn unreadable(fault: &Unreadable) -> JsValue {
    match fault {
        Unreadable::Shape(fault) => thrown("price_book_invalid", &fault.path, &fault.message),
        Unreadable::EngineOutdated { .. } => {
            thrown("engine_outdated", "schema", &fault.to_string())
        }
    }
}
