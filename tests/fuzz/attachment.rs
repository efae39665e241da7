//! Any file that somebody attaches: reading it ends, gives the same answer twice and keeps to its
//! limits.

#![no_main]

use kumari_documents::{Hint, Kind, Limits, read, text_pages};
use libfuzzer_sys::fuzz_target;

/// Small, so that an input of some kilobytes can reach each of them.
const LIMITS: Limits = Limits {
    file_bytes_max: 1 << 20,
    pages_max: 50,
    inflated_bytes_max: 1 << 20,
    text_bytes_max: 64 << 10,
    nesting_max: 32,
    work_bytes_max: 8 << 20,
};

fuzz_target!(|bytes: &[u8]| {
    let hint = Hint { name: Some("a.csv"), media_type: None };
    let first = read(bytes, &hint, &LIMITS);
    assert_eq!(first, read(bytes, &hint, &LIMITS));
    let Ok(document) = first else { return };
    let characters = document.text.chars().count() as u64;
    assert_eq!(document.characters, characters);
    assert!(document.text.len() <= LIMITS.text_bytes_max);
    match document.kind {
        Kind::Pdf => assert!((1..=LIMITS.pages_max).contains(&document.pages)),
        Kind::Docx | Kind::Txt | Kind::Csv => assert_eq!(document.pages, text_pages(characters)),
    }
});
