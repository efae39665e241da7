//! A calibration: what can be used is read again as it is written, and leaves the least, the likely
//! and the most of every price in their order (R11).

#![no_main]

use kumari_engine::encoding::TokenKind;
use kumari_engine::estimate::{Caps, LikelyRange, estimate_calibrated};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Request;
use kumari_server::price::DEFAULT_PRICE_BOOK;
use kumari_wire::{canonical, read_calibration};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static BOOK: LazyLock<PublishedBook> =
    LazyLock::new(|| kumari_wire::publish(DEFAULT_PRICE_BOOK).expect("the default book"));

fuzz_target!(|text: &str| {
    let Ok(calibration) = read_calibration(text) else { return };
    let written = canonical(&calibration).expect("a calibration has a canonical form");
    assert_eq!(read_calibration(&written).as_ref(), Ok(&calibration));
    for row in &calibration.rows {
        let above = row.bands.iter().map(|band| band.above_input_tokens);
        for tokens in above.flat_map(|above| [above, above.saturating_add(1)]) {
            let mut request = Request::new(row.task, vec![row.model.clone()]);
            request.pages = Some(1);
            request.input_tokens.insert(TokenKind::O200kBase, tokens);
            let price = estimate_calibrated(&BOOK, &request, &Caps::default(), &calibration);
            let Ok(price) = price else { continue };
            let LikelyRange { low, high } = price.likely.expect("the row is of this model");
            assert!([price.low, low, price.expected, high, price.high].is_sorted(), "{price:?}");
        }
    }
});
