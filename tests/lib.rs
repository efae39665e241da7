//! Laws, corpus, contract, crash and end-to-end tests: what no single room can prove.
//!
//! This library holds what several of them need: small price books, accounts with lots, and random
//! cases for the proof that both sides agree.

pub mod accounts;
pub mod arithmetic_cases;
pub mod books;
pub mod parity_cases;
pub mod payments;
