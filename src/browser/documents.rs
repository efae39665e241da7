//! Reading attached files as JavaScript calls it: bytes in, a plain object or an `Error` out.

use crate::object::set;
use crate::thrown::thrown;
use js_sys::{Array, JsString, Object};
use kumari_documents::{Hint, Limits, Warning};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Reads a file, within the limits that the server has too.
///
/// # Errors
/// The `Error` to throw, with the fault's `code`.
#[wasm_bindgen(js_name = readDocument)]
pub fn read_document(
    bytes: &[u8],
    name: Option<String>,
    media_type: Option<String>,
) -> Result<JsValue, JsValue> {
    let hint = Hint { name: name.as_deref(), media_type: media_type.as_deref() };
    let document = kumari_documents::read(bytes, &hint, &Limits::DEFAULT)
        .map_err(|fault| thrown(fault.code(), "", &fault.to_string()))?;
    let warnings: Array =
        document.warnings.iter().map(|warning| JsString::from(Warning::code(*warning))).collect();
    let object = Object::new();
    set(&object, "kind", &document.kind.name().into());
    set(&object, "pages", &number(document.pages));
    set(&object, "characters", &number(document.characters));
    set(&object, "text", &document.text.into());
    set(&object, "warnings", &warnings);
    Ok(object.into())
}

/// A document as a model is shown it: the string whose tokens are counted.
#[wasm_bindgen(js_name = documentAsSent)]
pub fn document_as_sent(name: &str, text: &str) -> String {
    kumari_documents::as_sent(name, text)
}

/// A file's name in one line, of at most 200 characters.
#[wasm_bindgen(js_name = harmlessName)]
pub fn harmless_name(name: &str) -> String {
    kumari_documents::harmless_name(name)
}

/// Pages and characters of a file within the limits are far below this one.
fn number(count: u64) -> JsValue {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}
