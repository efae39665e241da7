//! Counts equal to tiktoken's, and vocabulary files that are refused.

#[cfg(test)]
mod common;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod effort;
#[cfg(test)]
mod naive;

use std::collections::HashMap;

use common::{file, oracle, tokens, vocabulary};
use effort::{cases, first_number};
use kumari_tokens::{Encoding, Vocabulary, VocabularyError, ranks};

#[test]
fn published_examples() {
    let check = |text: &str, cl100k: u64, o200k: u64| {
        for (encoding, expected) in [(Encoding::Cl100kBase, cl100k), (Encoding::O200kBase, o200k)] {
            assert_eq!(vocabulary(encoding).count(text), expected, "{encoding:?} {text:?}");
        }
    };
    // The four of the OpenAI cookbook, "How to count tokens with tiktoken".
    check("tiktoken is great!", 6, 6);
    check("antidisestablishmentarianism", 6, 6);
    check("2 + 2 = 4", 7, 7);
    check("お誕生日おめでとう", 9, 8);
    check("", 0, 0);
    check("<|endoftext|>", 7, 7);
}

/// 20 000 texts, the first half of them with a block of Unicode each.
#[test]
fn counts_are_those_of_tiktoken() {
    for encoding in Encoding::ALL {
        let vocabulary = vocabulary(encoding);
        for number in 0..cases(20_000) {
            let text = corpus::text(first_number() + number * 2);
            let expected = oracle(encoding).encode_ordinary(&text).len();
            assert_eq!(
                usize::try_from(vocabulary.count(&text)),
                Ok(expected),
                "{encoding:?} {text:?}"
            );
        }
    }
}

#[test]
fn long_pieces_are_those_of_tiktoken() {
    for encoding in Encoding::ALL {
        for unit in ["a", "Ab", "=", " ", "\n", "\u{301}", "中", "xyz", "aab", "/", "👍"] {
            let text = unit.repeat(3_000);
            let expected = oracle(encoding).encode_ordinary(&text).len();
            let found = vocabulary(encoding).count(&text);
            assert_eq!(usize::try_from(found), Ok(expected), "{encoding:?} {unit:?}");
        }
    }
}

/// tiktoken takes minutes for these. The pieces are whole texts: one class throughout.
#[test]
fn long_runs_are_those_of_a_naive_merge() {
    for encoding in Encoding::ALL {
        let ranks: HashMap<Vec<u8>, usize> = tokens(encoding).into_iter().zip(0..).collect();
        let dice = &mut corpus::Dice(u64::try_from(first_number()).unwrap());
        let mut check = |name: &str, alphabet: &[&str]| {
            let length = 30_001 + dice.below(10_000);
            let text: String = (0..length).map(|_| dice.of(alphabet)).collect();
            let found = usize::try_from(vocabulary(encoding).count(&text));
            assert_eq!(
                found,
                Ok(naive::count(&ranks, text.as_bytes())),
                "{encoding:?} {name} {length}"
            );
        };
        check("a letter", &["a"]);
        check("two letters", &["a", "b"]);
        check("bases", &["A", "C", "G", "T"]);
        check("lower case", &["a", "e", "i", "n", "o", "r", "s", "t", "the", "ing", "q", "z"]);
        check("blanks", &[" "]);
        check("tabs and blanks", &[" ", "\t", "    "]);
        check("line breaks", &["\n"]);
        check("dashes", &["-", "=", "--", "-=", "#"]);
        check("marks", &["\u{301}", "\u{302}", "\u{20dd}"]);
        check("Chinese", &["中", "文", "的", "是", "不", "一", "人"]);
        check("Thai", &["ส", "ว", "ั", "ด", "ี", "ค", "ร"]);
    }
}

#[test]
fn a_megabyte_of_one_letter() {
    for encoding in Encoding::ALL {
        let vocabulary = vocabulary(encoding);
        // Merges of one letter repeat, so a long run is a multiple of a shorter one.
        let part = vocabulary.count(&"a".repeat(1 << 10));
        assert_eq!(vocabulary.count(&"a".repeat(1 << 20)), part << 10, "{encoding:?}");
    }
}

/// tiktoken changed how `cl100k_base` cuts white space at the end of a text; see `split.rs`.
#[test]
fn no_token_ends_in_blanks_behind_a_line_break() {
    for encoding in Encoding::ALL {
        for token in tokens(encoding) {
            let text = String::from_utf8_lossy(&token);
            let space = text.trim_start_matches(|next: char| !next.is_whitespace());
            let behind = space.rfind(['\r', '\n']).map_or("", |at| &space[at + 1..]);
            assert!(
                behind.is_empty() || behind.contains(|next: char| !next.is_whitespace()),
                "{text:?}"
            );
        }
    }
}

#[test]
fn a_file_that_is_not_sound_is_refused() {
    for encoding in Encoding::ALL {
        let file = file(encoding);
        assert_eq!(Vocabulary::from_bytes(&file).unwrap().encoding(), encoding);
        let mut flipped = file.clone();
        flipped[file.len() / 2] ^= 1;
        let longer = [file.as_slice(), b"\0"].concat();
        for faulty in [&file[..file.len() - 1], &file[..100], &flipped, &longer] {
            let refused = Vocabulary::from_bytes(faulty).unwrap_err();
            assert!(matches!(refused, VocabularyError::Damaged { .. }), "{refused}");
            assert!(refused.to_string().contains(encoding.name()));
        }
    }
    for strange in [&b""[..], b"<!doctype html>\n<html><head><title>Not found", &[0xff; 64]] {
        let refused = Vocabulary::from_bytes(strange).unwrap_err();
        assert!(matches!(refused, VocabularyError::NotVocabulary { .. }), "{refused}");
    }
}

#[test]
fn ranks_of_another_encoding_are_refused() {
    let check = |tokens: &[Vec<u8>], expected: &str| {
        let refused = ranks::build(Encoding::Cl100kBase, tokens).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    let sound = tokens(Encoding::Cl100kBase);
    check(&[], "single bytes");
    check(&sound[1..], "single bytes");
    check(&sound[..1_000], "fingerprint");
    check(&[&sound[..256], &[b"abc".to_vec()]].concat(), "rank 256");
    // Its parts exist, but one of them only later.
    check(&[&sound[..256], &[b"abc".to_vec(), b"ab".to_vec()]].concat(), "rank 256");
    check(&tokens(Encoding::O200kBase), "fingerprint");
}
