//! Any document: what can be read has one canonical form, and that form is its own.

#![no_main]

use kumari_wire::{canonical_tree, parse, parse_slice};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(tree) = parse_slice(bytes) else { return };
    let canonical = canonical_tree(&tree);
    let again = parse(&canonical).expect("a canonical form can be read");
    assert_eq!(canonical_tree(&again), canonical);
});
