//! Values across the boundary.
//!
//! What comes in is read from its JSON by `kumari-wire`, as on the server: one reader, so an
//! unknown field is refused here too, with the same path and the same words (a reader of live
//! objects would look up the fields that it knows and never see the others). What goes out is
//! built as plain objects.

use crate::thrown::{set, thrown};
use kumari_engine::denial::Denial;
use kumari_wire::{BookFault, CanonicalFault, Fault, FaultKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast as _, JsValue};

/// Reads a plain object.
///
/// # Errors
/// The `Error` to throw: `request_invalid` with the path of the field at fault.
pub(crate) fn read<T: DeserializeOwned>(value: &JsValue) -> Result<T, JsValue> {
    let text =
        js_sys::JSON::stringify(value).ok().and_then(|text| text.as_string()).ok_or_else(|| {
            thrown("request_invalid", "", "not a plain object; pass one as JSON has it")
        })?;
    read_text(&text)
}

/// Reads a plain object that may be `undefined` or `null`.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_optional<T: DeserializeOwned>(value: &JsValue) -> Result<Option<T>, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    read(value).map(Some)
}

/// Reads JSON text.
///
/// # Errors
/// The `Error` to throw: `json_malformed`, or `request_invalid` with the path of the field.
pub(crate) fn read_text<T: DeserializeOwned>(text: &str) -> Result<T, JsValue> {
    kumari_wire::from_str(text).map_err(|fault| malformed(&fault))
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
    let made = value.serialize(&Serializer::json_compatible())?;
    Ok(made.unchecked_into())
}

/// The canonical JSON, the bytes that the server makes of the same value (R11).
///
/// # Errors
/// Never for the engine's values.
pub(crate) fn write_text<T: Serialize>(value: &T) -> Result<String, JsValue> {
    kumari_wire::canonical(value)
        .map_err(|fault: CanonicalFault| thrown("request_invalid", "", &fault.to_string()))
}

/// A denial to throw: an `Error` with all fields of the denial.
pub(crate) fn denied(denial: &Denial) -> JsValue {
    let error = thrown(denial.code.name(), "", &denial.message);
    match write::<_, js_sys::Object>(denial) {
        Ok(fields) => js_sys::Object::assign(error.unchecked_ref(), &fields).into(),
        Err(_) => error,
    }
}

/// A document that was refused, to throw.
pub(crate) fn malformed(fault: &Fault) -> JsValue {
    let code = match fault.kind {
        FaultKind::Syntax => "json_malformed",
        FaultKind::Shape => "request_invalid",
    };
    thrown(code, &fault.path, &fault.message)
}

/// A price book that was refused, to throw; every rule that it breaks is in `faults`.
pub(crate) fn book_refused(fault: &BookFault) -> JsValue {
    let message = fault.to_string();
    match fault {
        BookFault::Shape(fault) => thrown("price_book_invalid", &fault.path, &fault.message),
        BookFault::EngineOutdated { .. } => thrown("engine_outdated", "schema", &message),
        BookFault::Canonical(_) => thrown("price_book_invalid", "", &message),
        BookFault::Rules(rules) => {
            let first = rules.first().map_or("", |rule| rule.path.as_str());
            let error = thrown("price_book_invalid", first, &message);
            let list = js_sys::Array::new();
            for rule in rules {
                let object: JsValue = js_sys::Object::new().into();
                set(&object, "path", &rule.path.as_str().into());
                set(&object, "message", &rule.message.as_str().into());
                list.push(&object);
            }
            set(&error, "faults", &list);
            error
        }
    }
}
