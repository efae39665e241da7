//! Token counting: exact on any Unicode, native and wasm, with the vocabulary loaded as data.
