//! Plain objects, built property by property.

use wasm_bindgen::JsValue;

/// Sets a property of an object that was just made, which cannot fail.
pub(crate) fn set(object: &JsValue, key: &str, value: &JsValue) {
    let set = js_sys::Reflect::set(object, &key.into(), value);
    debug_assert!(set.is_ok(), "a new object takes any property");
}
