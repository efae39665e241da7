//! Errors as JavaScript meets them: an `Error` with `name`, `code`, `path` and `message`, made by
//! `pkg/src/error-of.ts`.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "./error-of.js")]
extern "C" {
    /// An `Error` to throw. `code` is the contract, `message` is for people; `path` names the field
    /// at fault, or is empty where that is the document itself.
    #[wasm_bindgen(js_name = errorOf)]
    pub(crate) fn thrown(code: &str, path: &str, message: &str) -> JsValue;
}
