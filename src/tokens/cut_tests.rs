//! Cuts against the pieces: what is to the left and to the right of one never matters.

use std::string::String;
use std::vec::Vec;

use super::*;
use crate::Encoding;
use crate::corpus;
use crate::split::pieces;

/// One or two characters of each class, and those that a pattern names.
const ALPHABET: [char; 13] =
    ['A', 'a', 's', '中', '\u{301}', '7', '\n', ' ', '\t', '\'', '/', '!', 'r'];

fn check(encoding: Encoding, left: &str, right: &str) {
    let whole = String::from(left) + right;
    let apart: Vec<&str> = pieces(encoding, left).chain(pieces(encoding, right)).collect();
    let found: Vec<&str> = pieces(encoding, &whole).collect();
    assert_eq!(found, apart, "{encoding:?} {left:?} | {right:?}");
}

fn texts(length: usize) -> Vec<String> {
    let longer = |text: &String| ALPHABET.map(|next| text.chars().chain([next]).collect());
    (0..length).fold(Vec::from([String::new()]), |texts, _| texts.iter().flat_map(longer).collect())
}

#[test]
fn short_texts_may_be_cut() {
    let mut cuts = 0;
    for (left, right) in [(3, 2), (1, 3), (4, 1)].map(|(left, right)| (texts(left), texts(right))) {
        for (left, right) in
            left.iter().flat_map(|left| right.iter().map(move |right| (left, right)))
        {
            let (x, y) = (left.chars().next_back().unwrap(), right.chars().next().unwrap());
            if is_cut(x, y) {
                cuts += 1;
                Encoding::ALL.iter().for_each(|&encoding| check(encoding, left, right));
            }
        }
    }
    assert!(cuts > 100_000, "{cuts}");
}

#[test]
fn every_cut_of_the_corpus_may_be_cut() {
    for number in 0..10_000 {
        let text = corpus::text(number * 7);
        let mut cut = next_cut(&text, 1);
        while let Some(at) = cut {
            let (left, right) = text.split_at(at);
            Encoding::ALL.iter().for_each(|&encoding| check(encoding, left, right));
            cut = next_cut(&text, at + 1);
        }
    }
}

#[test]
fn cuts_are_where_the_table_says() {
    let check = |pair: &str, expected: bool| {
        let mut pair = pair.chars();
        let (x, y) = (pair.next().unwrap(), pair.next().unwrap());
        assert_eq!(is_cut(x, y), expected, "{x:?} | {y:?}");
    };
    for pair in ["a ", "A\n", "中,", "a1", "1a", "1\n", "1'", "! ", "\u{301} ", "!1", "\na", "\n!"]
    {
        check(pair, true);
    }
    for pair in
        ["aa", "aA", "a'", "a\u{301}", "12", "!!", "!\n", "!a", " a", "  ", "\n ", "\n\n", "\n/"]
    {
        check(pair, false);
    }
}

#[test]
fn the_next_cut_is_the_first_of_all() {
    for number in 0..2_000 {
        let text = corpus::text(number * 17);
        let places = text.char_indices().zip(text.char_indices().skip(1));
        let cuts: Vec<usize> =
            places.filter(|((_, x), (_, y))| is_cut(*x, *y)).map(|(_, (at, _))| at).collect();
        for from in 0..text.len() {
            let expected = cuts.iter().copied().find(|&cut| cut >= from.max(1));
            assert_eq!(next_cut(&text, from), expected, "{text:?} {from}");
        }
    }
}

#[test]
fn the_next_cut_is_at_or_behind_a_byte() {
    let check = |text: &str, from: usize, expected: Option<usize>| {
        assert_eq!(next_cut(text, from), expected, "{text:?} {from}");
    };
    check("", 0, None);
    check("ab cd ef", 0, Some(2));
    check("ab cd ef", 2, Some(2));
    check("ab cd ef", 3, Some(5));
    check("ab cd ef", 6, None);
    check("中中,中", 4, Some(6));
    check("ab", 9, None);
}
