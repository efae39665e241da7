//! The rules of credits: what a message costs, whether an account may send it, and what that does
//! to the account.
//!
//! Every rule is `fn(facts, request, now) -> decision`. The crate has no clock, no random source,
//! no float, no I/O and no cargo feature, so there is one build of the rules: the browser shows
//! with it what the server then enforces. It does not parse documents (`kumari-wire` does), count
//! tokens (`kumari-tokens`) or keep anything (`kumari-store`).
//!
//! The story in five words: `price_book -> estimate -> authorize -> settle -> statement`.
//!
//! Modules are listed in reading order.
#![no_std]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::integer_division
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod decimal;
mod unique_map;

pub mod id;

pub mod account;
pub mod amount;
pub mod authorize;
pub mod bounds;
pub mod denial;
pub mod eligibility;
pub mod entry;
pub mod estimate;
mod fit;
pub mod grant;
pub mod lot;
pub mod meter;
pub mod period;
pub mod price_book;
pub mod price_book_check;
pub mod rate;
pub mod rating;
pub mod receipt;
pub mod request;
pub mod routing;
pub mod settle;
pub mod time;
pub mod void;

/// The version of the rules in this build, sent with every quote.
///
/// It changes when the same book and request could come to another number, so that a page that
/// was loaded before an upgrade is asked to show the new price instead of being charged another.
pub const RULES_VERSION: &str = "1";
