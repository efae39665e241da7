//! A price book: what is published can be read again, under the same version.

#![no_main]

use kumari_wire::{canonical, publish, read_published};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(published) = publish(text) else { return };
    let canonical = canonical(&published.book).expect("a published book has a canonical form");
    let again = read_published(&canonical).expect("a published book can be read");
    assert_eq!(again.version, published.version);
});
