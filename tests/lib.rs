//! Laws, corpus, contract, crash and end-to-end tests: what no single room can prove.
//!
//! This library holds what several of them need: small price books, and accounts with lots.

pub mod accounts;
pub mod books;
