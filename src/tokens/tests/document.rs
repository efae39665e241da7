//! A document's count is the count of its text, whatever the edits were.

#[cfg(test)]
mod common;

use common::vocabulary;
use kumari_tokens::{Document, EditError, Encoding};
use proptest::prelude::*;

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Code units as an editor may hold them: text, and surrogates that are torn apart.
fn typed() -> impl Strategy<Value = Vec<u16>> {
    let text = prop_oneof![
        Just(String::new()),
        "[a-zA-Z' \n]{1,12}",
        r"\PC{1,6}",
        r"[ \t\r\n\u{3000}]{1,8}",
        r"[A中ʰ\u{301}7/!']{1,8}",
        "[😀👍🏽]{1,3}",
    ];
    let unit =
        prop_oneof![any::<u16>(), 0xd7ff_u16..0xe001, 0xd83d_u16..0xd83e, 0xde00_u16..0xde01];
    prop_oneof![
        3 => text.prop_map(|text| units(&text)),
        1 => proptest::collection::vec(unit, 1..4),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn count_after_edits_is_the_count_of_the_text(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..6, typed()), 1..24)
    ) {
        for encoding in Encoding::ALL {
            let vocabulary = vocabulary(encoding);
            let mut document = Document::new(vocabulary.clone());
            let mut model: Vec<u16> = Vec::new();
            for (place, deleted, inserted) in &edits {
                let offset = place.index(model.len() + 1);
                let deleted = (*deleted).min(model.len() - offset);
                match String::from_utf16(inserted) {
                    Ok(text) if place.index(2) == 0 => document.edit_text(offset, deleted, &text),
                    _ => document.edit(offset, deleted, inserted),
                }
                .unwrap();
                model.splice(offset..offset + deleted, inserted.iter().copied());
                prop_assert_eq!(document.length(), model.len());
                let text = String::from_utf16_lossy(&model);
                prop_assert_eq!(document.tokens(), vocabulary.tokens(&text), "{:?}", text);
            }
        }
    }

    #[test]
    fn an_edit_outside_is_an_error_and_changes_nothing(offset in 0_usize..20, deleted in 0_usize..20) {
        let mut document = Document::new(vocabulary(Encoding::O200kBase));
        document.edit(0, 0, &units("Hello world")).unwrap();
        let answer = document.edit(offset, deleted, &units("!"));
        if offset + deleted <= 11 {
            prop_assert_eq!(answer, Ok(()));
        } else {
            prop_assert_eq!(answer, Err(EditError::OutOfRange { offset, deleted, length: 11 }));
            prop_assert_eq!((document.length(), document.count()), (11, 2));
        }
    }
}

#[test]
fn a_torn_surrogate_counts_as_the_replacement_character() {
    for encoding in Encoding::ALL {
        let vocabulary = vocabulary(encoding);
        let check = |units: &[u16], text: &str| {
            let mut document = Document::new(vocabulary.clone());
            document.edit(0, 0, units).unwrap();
            assert_eq!(document.tokens(), vocabulary.tokens(text), "{encoding:?} {units:x?}");
        };
        check(&[0xd83d], "\u{fffd}");
        check(&[0x61, 0xd83d, 0x0a], "a\u{fffd}\n");
        check(&[0xde00], "\u{fffd}");
        check(&[0xd83d, 0xde00], "😀");
        check(&[0xde00, 0xd83d], "\u{fffd}\u{fffd}");
        check(&[0xd83d, 0xd83d, 0xde00], "\u{fffd}😀");
        check(&[0x61, 0xd83d, 0x62], "a\u{fffd}b");
    }
}

#[test]
fn an_edit_may_tear_a_pair_apart_and_join_it() {
    let vocabulary = vocabulary(Encoding::O200kBase);
    let mut document = Document::new(vocabulary.clone());
    document.edit(0, 0, &units("a😀b")).unwrap();
    document.edit(2, 1, &[]).unwrap();
    assert_eq!(document.count(), vocabulary.count("a\u{fffd}b"));
    document.edit(2, 0, &[0xde00]).unwrap();
    assert_eq!(document.count(), vocabulary.count("a😀b"));
    assert_eq!(document.encoding(), Encoding::O200kBase);
}

#[test]
fn limits_are_errors() {
    let mut document = Document::new(vocabulary(Encoding::O200kBase));
    let refused = document.edit(1, usize::MAX, &[]);
    assert_eq!(refused, Err(EditError::OutOfRange { offset: 1, deleted: usize::MAX, length: 0 }));
    let longest = vec![u16::from(b' '); Document::LENGTH_MAX];
    document.edit(0, 0, &longest).unwrap();
    let refused = document.edit(5, 0, &[0x61]);
    let (length, length_max) = (Document::LENGTH_MAX + 1, Document::LENGTH_MAX);
    assert_eq!(refused, Err(EditError::TooLong { length, length_max }));
    document.edit(5, 1, &[0x61]).unwrap();
    assert_eq!(document.length(), Document::LENGTH_MAX);
}
