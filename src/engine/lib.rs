//! The rules of credits: what a message costs, whether an account may send it, and what that does
//! to the account.
//!
//! Every rule is `fn(facts, request, now) -> decision`. The crate has no clock, no random source,
//! no float, no I/O and no cargo feature, so there is one build of the rules: the browser shows
//! with it what the server then enforces. It says what each type takes of a document, and does not
//! parse one (`kumari-wire` does), count tokens (`kumari-tokens`) or keep anything (`kumari-store`).
//!
//! The story in five words: `price_book -> estimate -> authorize -> settle -> statement`.
//!
//! Modules are listed in reading order.
// The test build has the standard library, for the derives that write TypeScript.
#![cfg_attr(not(test), no_std)]
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic, clippy::integer_division)]

extern crate alloc;

pub mod written;
pub mod tree;
pub mod read;
mod checked;
pub mod decimal;

pub mod id;
pub mod ordered;

pub mod amount;
pub mod rate;
pub mod time;
pub mod meter;
pub mod encoding;
pub mod attachment;
pub mod routing_policy;
pub mod price_book;
mod check_models;
mod check_tasks;
mod check_routing;
pub mod price_book_check;
pub mod rating;
pub mod request;
mod request_check;
pub mod calibration;
pub mod bounds;
pub mod estimate;
pub mod routing;
pub mod prepared;
pub mod lot;
pub mod account;
pub mod limits;
mod apply;
mod fit;
pub mod eligibility;
pub mod authorize;
pub mod renew;
pub mod extend;
pub mod settle;
pub mod void;
pub mod grant;
pub mod revoke;
pub mod payment;
pub mod pay;
pub mod period;
pub mod entry;
pub mod receipt;
pub mod statement;
pub mod spending;
pub mod learn;
pub mod denial;

#[cfg(test)]
mod typescript_test;

/// The version of the rules in this build, sent with every quote.
///
/// It changes when the same book and request could come to another number, so that a page that
/// was loaded before an upgrade is asked to show the new price instead of being charged another.
pub const RULES_VERSION: &str = "1";
