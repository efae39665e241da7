//! The engine for JavaScript: what the npm package is built from.
//!
//! A boundary function is three lines: convert, call, convert. Each cargo feature is one module of
//! the package: `rules` (pure functions), `client` (rules and everything that talks to a server),
//! `prepared` (rules with prices of which only the counts change), `tokens` (counting while typing)
//! and `documents` (files that are attached). What the functions decide is decided in
//! `kumari-engine`; an `if` about a price, a balance or a verdict does not belong here.

// A third of the code of the standard library's. Counting tokens keeps that one, for its speed.
#[cfg(all(target_family = "wasm", any(feature = "rules", feature = "documents")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[cfg(feature = "rules")]
mod boundary;
#[cfg(feature = "rules")]
mod convert;
#[cfg(feature = "rules")]
mod estimate_parts;
#[cfg(feature = "rules")]
pub mod handle;
#[cfg(feature = "rules")]
pub mod rules;
#[cfg(feature = "prepared")]
pub mod prepared;
#[cfg(any(feature = "client", feature = "documents"))]
mod object;
#[cfg(any(feature = "rules", feature = "tokens", feature = "documents"))]
mod thrown;
#[cfg(feature = "rules")]
mod verdict;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
mod client_cache;
#[cfg(feature = "client")]
mod client_commands;
#[cfg(feature = "client")]
mod client_events;
#[cfg(feature = "client")]
mod client_http;
#[cfg(feature = "client")]
mod client_id;
#[cfg(feature = "client")]
mod client_live;
#[cfg(feature = "client")]
mod client_platform;
#[cfg(feature = "client")]
mod client_read;
#[cfg(feature = "client")]
mod client_retry;
#[cfg(feature = "client")]
mod client_state;
#[cfg(feature = "client")]
mod client_types;
#[cfg(all(test, feature = "client"))]
mod typescript_test;

#[cfg(feature = "tokens")]
pub mod tokens;

#[cfg(feature = "documents")]
pub mod documents;
