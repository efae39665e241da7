//! A request: it is priced or denied, and what it may cost is a range (R10).

#![no_main]

use kumari_engine::estimate::estimate;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Request;
use kumari_server::price::DEFAULT_PRICE_BOOK;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static BOOK: LazyLock<PublishedBook> =
    LazyLock::new(|| kumari_wire::publish(DEFAULT_PRICE_BOOK).expect("the default book"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = kumari_wire::from_slice::<Request>(bytes) else { return };
    let Ok(estimate) = estimate(&BOOK, &request) else { return };
    assert!(
        estimate.low <= estimate.expected && estimate.expected <= estimate.high,
        "{estimate:?}"
    );
});
