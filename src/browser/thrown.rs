//! Errors as JavaScript meets them: an `Error` with `name`, `code`, `path` and `message`.

use wasm_bindgen::JsValue;

/// An `Error` to throw. `code` is the contract, `message` is for people; `path` names the field at
/// fault, or is empty where that is the document itself.
pub(crate) fn thrown(code: &str, path: &str, message: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    error.set_name("CreditsError");
    set(&error, "code", &code.into());
    set(&error, "path", &path.into());
    error.into()
}

/// Sets a property of an object that was just made, which cannot fail.
pub(crate) fn set(object: &JsValue, key: &str, value: &JsValue) {
    let set = js_sys::Reflect::set(object, &key.into(), value);
    debug_assert!(set.is_ok(), "a new object takes any property");
}
