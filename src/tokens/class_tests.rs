//! The class tables are those of `regex-syntax`, whose Unicode version tiktoken has.
//!
//! `KUMARI_UPDATE=1 cargo test -p kumari-tokens class` writes them anew.

use core::cell::Cell;
use std::path::Path;
use std::string::String;
use std::vec;
use std::vec::Vec;

use regex_syntax::hir::{Class, HirKind};

use super::*;

std::thread_local! {
    /// Characters looked at by this thread: the steps that a test bounds.
    pub(super) static LOOKS: Cell<usize> = const { Cell::new(0) };
}

/// Characters looked at so far.
pub(crate) fn looks() -> usize {
    LOOKS.get()
}

/// Pattern of each class; what none of them has is a symbol.
const CLASSES: [(u8, &str); 7] = [
    (UPPER, r"[\p{Lu}\p{Lt}]"),
    (LOWER, r"\p{Ll}"),
    (CASELESS, r"[\p{Lm}\p{Lo}]"),
    (MARK, r"\p{M}"),
    (NUMBER, r"\p{N}"),
    (NEWLINE, r"[\r\n]"),
    (BLANK, r"[\s--[\r\n]]"),
];

#[test]
fn each_class_has_its_characters() {
    let check = |characters: &str, class: u8| {
        for character in characters.chars() {
            assert_eq!(class_of(character), class, "{character:?}");
        }
    };
    check("AZÄΩЖǅ𝐀", UPPER);
    check("azßωжſ𝐚", LOWER);
    check("中あאعʰª한", CASELESS);
    check("\u{301}\u{20dd}\u{fe0f}\u{e01ef}", MARK);
    check("09²½Ⅷ٣〇", NUMBER);
    check("\r\n", NEWLINE);
    check("\t\u{b}\u{c} \u{85}\u{a0}\u{1680}\u{2003}\u{2028}\u{3000}", BLANK);
    check("!_'$€😀\0\u{ad}\u{200b}\u{200d}\u{feff}\u{fffd}\u{e000}\u{378}\u{10ffff}", SYMBOL);
}

#[test]
fn bytes_have_the_classes_of_their_characters() {
    for byte in 0..=u8::MAX {
        let expected = if byte.is_ascii() { class_of(char::from(byte)) } else { 0 };
        assert_eq!(class_of_byte(byte), expected, "{byte:#x}");
    }
}

#[test]
fn tables_are_those_of_regex_syntax() {
    let (index, blocks) = compress(&classes());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("unicode");
    for (name, table) in [("index.bin", index), ("blocks.bin", blocks)] {
        let path = folder.join(name);
        if std::env::var_os("KUMARI_UPDATE").is_some() {
            std::fs::write(&path, &table).unwrap();
        }
        assert!(
            std::fs::read(&path).unwrap() == table,
            "{name} is stale: run this test again with KUMARI_UPDATE=1"
        );
    }
}

#[test]
fn contractions_have_one_more_form() {
    // `split.rs` spells the letters of `(?i:'s|'t|'re|'ve|'m|'ll|'d)` out.
    let forms: String = ranges("(?i:[strvmlde])").flatten().filter_map(char::from_u32).collect();
    assert_eq!(forms, "DELMRSTVdelmrstvſ");
}

/// The class of every code point.
fn classes() -> Vec<u8> {
    let mut classes = vec![0_u8; 0x11_0000];
    for (bit, pattern) in CLASSES {
        for code in ranges(pattern).flatten() {
            let class = &mut classes[usize::try_from(code).unwrap()];
            assert_eq!(*class, 0, "U+{code:04X} is in two classes");
            *class = bit;
        }
    }
    classes.iter_mut().filter(|class| **class == 0).for_each(|class| *class = SYMBOL);
    classes
}

fn ranges(pattern: &str) -> impl Iterator<Item = std::ops::RangeInclusive<u32>> {
    let hir = regex_syntax::parse(pattern).unwrap();
    let HirKind::Class(Class::Unicode(class)) = hir.into_kind() else {
        panic!("`{pattern}` is no class")
    };
    let ranges: Vec<_> = class.iter().map(|range| (range.start(), range.end())).collect();
    ranges.into_iter().map(|(start, end)| u32::from(start)..=u32::from(end))
}

/// Equal blocks once, and where each block of code points is found; without the symbols at the
/// end.
fn compress(classes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let block_length = usize::try_from(BLOCK).unwrap();
    let used = classes.iter().rposition(|&class| class != SYMBOL).unwrap() + 1;
    let mut blocks: Vec<&[u8]> = Vec::new();
    let index = classes[..used.next_multiple_of(block_length)].chunks(block_length).map(|block| {
        let at = blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        u8::try_from(at).expect("the index has a byte for a block")
    });
    (index.collect(), blocks.concat())
}
