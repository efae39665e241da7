//! What JavaScript does for the modules: `pkg/src/boundary.ts` and `pkg/src/estimate-parts.ts`.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "./boundary.js")]
extern "C" {
    /// A plain object as JSON text; a text is itself where it may be one already. Throws the error
    /// to hand on where JSON has no form for it.
    #[wasm_bindgen(catch, js_name = jsonOf)]
    pub(crate) fn json_of(value: &JsValue, may_be_text: bool) -> Result<String, JsValue>;

    /// What a JSON text of ours says.
    #[wasm_bindgen(js_name = valueOf)]
    pub(crate) fn value_of(json: &str) -> JsValue;

    /// An `Error` with all fields of a denial.
    #[wasm_bindgen(js_name = denialOf)]
    pub(crate) fn denial_of(denial: &str) -> JsValue;
}

#[wasm_bindgen(raw_module = "./estimate-parts.js")]
extern "C" {
    /// The estimate of these parts.
    #[wasm_bindgen(js_name = estimateOf)]
    pub(crate) fn estimate_of(texts: &[u8], numbers: &[f64]) -> JsValue;
}
