//! The engine for JavaScript: what the npm package is built from.
