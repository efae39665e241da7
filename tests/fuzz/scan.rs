//! Any document, as the browser reads it: the tree that the server reads, or a fault where there is
//! one; and whether there is one shows before anything behind it is looked at.

#![no_main]

use kumari_wire::{parse, scan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match (scan(text), parse(text)) {
        (Ok(tree), Ok(expected)) => assert_eq!(tree, expected),
        // Beyond every float; no reader takes such a number.
        (Ok(_), Err(fault)) => assert!(fault.message.contains("number out of range"), "{fault}"),
        (Err(fault), Ok(_)) => panic!("{fault}, says only the browser"),
        (Err(fault), Err(_)) => {
            let at = fault.message.strip_prefix("not JSON at byte ").expect("a place");
            let at = at.parse().expect("a number");
            match scan(text.get(..at).expect("a place between characters")) {
                Ok(_) => assert!(at < text.len(), "{fault}"),
                Err(earlier) => assert_eq!(earlier, fault),
            }
        }
    }
});
