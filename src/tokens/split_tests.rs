//! The pieces against the published patterns in a regex engine, and the steps against a bound.

use std::string::String;
use std::vec::Vec;

use fancy_regex::Regex;

use super::*;
use crate::class::looks;
use crate::corpus;

/// The patterns as tiktoken's npm package spells them.
fn oracle(encoding: Encoding) -> Regex {
    let pattern = match encoding {
        Encoding::Cl100kBase => concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ),
        Encoding::O200kBase => concat!(
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ),
    };
    Regex::new(pattern).unwrap()
}

fn check_oracle(encoding: Encoding, regex: &Regex, text: &str) {
    let expected: Vec<&str> = regex.find_iter(text).map(|found| found.unwrap().as_str()).collect();
    let found: Vec<&str> = pieces(encoding, text).collect();
    assert_eq!(found, expected, "{encoding:?} {text:?}");
}

#[test]
fn corner_cases() {
    let check = |text: &str, cl100k: &[&str], o200k: &[&str]| {
        for (encoding, expected) in [(Encoding::Cl100kBase, cl100k), (Encoding::O200kBase, o200k)] {
            let found: Vec<&str> = pieces(encoding, text).collect();
            assert_eq!(found, expected, "{encoding:?} {text:?}");
            check_oracle(encoding, &oracle(encoding), text);
        }
    };
    let same = |text: &str, expected: &[&str]| check(text, expected, expected);
    same("", &[]);
    same("Hello world", &["Hello", " world"]);
    same("a  b", &["a", " ", " b"]);
    same("a   ", &["a", "   "]);
    same("a \n \n  b", &["a", " \n \n", " ", " b"]);
    same("a\n  ", &["a", "\n", "  "]);
    same("\t\tb", &["\t", "\tb"]);
    same("\u{3000}\u{3000}。", &["\u{3000}", "\u{3000}", "。"]);
    same("1234567", &["123", "456", "7"]);
    same("a1b", &["a", "1", "b"]);
    same("  !?\r\n\n x", &[" ", " !?\r\n\n", " x"]);
    same("\n!", &["\n", "!"]);
    same("👍🏽", &["👍🏽"]);
    check("x\n/\n", &["x", "\n", "/\n"], &["x", "\n", "/\n"]);
    check("!\n/\n/a", &["!\n", "/\n", "/a"], &["!\n/\n/", "a"]);
    check("don't", &["don", "'t"], &["don't"]);
    check("DON'T'S", &["DON", "'T", "'S"], &["DON'T", "'S"]);
    check("it'ſ", &["it", "'ſ"], &["it'ſ"]);
    check("we'RElated", &["we", "'RE", "lated"], &["we'RE", "lated"]);
    check("'stop", &["'s", "top"], &["'stop"]);
    check("a'rx", &["a", "'rx"], &["a", "'rx"]);
    check("camelCase", &["camelCase"], &["camel", "Case"]);
    check("XMLHttp", &["XMLHttp"], &["XMLHttp"]);
    check("ǅungla", &["ǅungla"], &["ǅungla"]);
    // Heads are given back up to the last that is a tail too.
    check("中AB", &["中AB"], &["中", "AB"]);
    check("A中B中CD!", &["A中B中CD", "!"], &["A中B中", "CD", "!"]);
    check(" 中AB'sx", &[" 中AB", "'s", "x"], &[" 中", "AB's", "x"]);
    check("ABʰC", &["ABʰC"], &["ABʰ", "C"]);
    // A mark leads a word, unless the word would have no tail: then it is the word.
    check("\u{301}abc", &["\u{301}abc"], &["\u{301}abc"]);
    check("\u{301}ABC", &["\u{301}ABC"], &["\u{301}", "ABC"]);
    check("\u{301}'s", &["\u{301}'", "s"], &["\u{301}'s"]);
    check("e\u{301}a", &["e", "\u{301}a"], &["e\u{301}a"]);
    check(" \u{301}\u{302}A", &[" \u{301}\u{302}", "A"], &[" \u{301}\u{302}", "A"]);
    check("!\u{301}B\n", &["!\u{301}", "B", "\n"], &["!\u{301}", "B", "\n"]);
}

#[test]
fn pieces_are_those_of_the_pattern() {
    for encoding in Encoding::ALL {
        let regex = oracle(encoding);
        (0..20_000).for_each(|number| check_oracle(encoding, &regex, &corpus::text(number)));
    }
}

#[test]
fn short_texts_of_all_classes() {
    // Every text of up to four characters out of one or two of each class, exhaustively.
    let alphabet = ['A', 'a', '中', '\u{301}', '7', '\n', ' ', '\t', '\'', '/', 's'];
    for encoding in Encoding::ALL {
        let regex = oracle(encoding);
        let mut texts: Vec<String> = Vec::from([String::new()]);
        for _ in 0..4 {
            texts = texts
                .iter()
                .flat_map(|text| alphabet.map(|next| text.chars().chain([next]).collect()))
                .collect();
            texts.iter().for_each(|text| check_oracle(encoding, &regex, text));
        }
    }
}

#[test]
fn steps_are_linear() {
    let units = [
        "a", "A", "中", "中A", "\u{301}", "\u{301}A", "7", " ", "\n", " \n", "\t", "'", "'s", "!",
        "/\n", "😀", "  a", "'l",
    ];
    let ends = ["", "a", "A", "!", "\n", " ", "7", "中"];
    for encoding in Encoding::ALL {
        for (unit, end) in units.iter().flat_map(|unit| ends.map(|end| (unit, end))) {
            let text = unit.repeat(10_000) + end;
            let before = looks();
            let length: usize = pieces(encoding, &text).map(str::len).sum();
            assert_eq!(length, text.len());
            let steps = (looks() - before) / text.chars().count();
            assert!(steps <= 8, "{encoding:?} {unit:?} {end:?}: {steps} looks for each character");
        }
    }
}

#[test]
fn lower_case_letters_end_where_another_byte_is() {
    for byte in 0..=u8::MAX {
        let expected = if byte.is_ascii_lowercase() { 0 } else { 0x80 };
        for place in 0..8 {
            let mut eight = *b"azmnbycx";
            eight[place] = byte;
            let others = others_than_lower(u64::from_le_bytes(eight));
            assert_eq!(others, expected << (8 * place), "{byte:02x} at {place}");
        }
    }
    let letters = [b'q'; 40];
    for begin in 0..=letters.len() {
        for end in begin..=letters.len() {
            let mut text = letters;
            if let Some(byte) = text.get_mut(end) {
                *byte = b'Q';
            }
            assert_eq!(lower_end(&text, begin), end);
            assert_eq!(lower_end(&letters[..end], begin), end);
        }
    }
}
