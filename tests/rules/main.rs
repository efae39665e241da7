//! The rules of credits, one test for each, found by its number; the worked examples by theirs.

mod arithmetic;
mod attachments;
mod authorize;
mod calibration;
mod eligibility;
mod estimate;
mod found;
mod history;
mod laws;
mod laws_price;
mod limits;
mod own_limits;
mod payments;
mod period;
mod prepared;
mod price_book;
mod rating;
mod reading;
mod receipt;
mod refunds;
mod routing;
mod settle;
mod spending;
mod statement;
