//! What the demo models say of documents that they were given to work through: what is in them, and
//! what of it bears on the question, in the documents' own words.
//!
//! It understands nothing: it looks for words of the question, for figures, and for what occurs often.

use crate::provider::{ProviderContent, ProviderFile};
use crate::provider_demo_phrases::STOP_WORDS;
use crate::provider_demo_words::{sentences, words};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The most of a document's text that is looked at, in bytes.
const LOOKED_AT_MAX: usize = 1 << 20;
/// How many documents are told of one by one.
const DOCUMENTS_MAX: usize = 8;
/// How many of the words that occur most are named.
const COMMON_WORDS: usize = 5;
/// How many figures are repeated.
const FIGURES_MAX: usize = 6;
/// The shortest word that tells something, in characters.
const WORD_CHARS_MIN: usize = 4;

/// A paragraph and lists for each document that has a text.
pub(crate) fn read(
    files: &[ProviderFile],
    asked: &str,
    bullet: &str,
    sentences_max: usize,
) -> Vec<String> {
    let documents = files.iter().filter_map(|file| match &file.content {
        ProviderContent::Document { text, pages } if !text.is_empty() => {
            Some((file.name.as_str(), cut(text), *pages))
        }
        ProviderContent::Document { .. } | ProviderContent::Media { .. } => None,
    });
    let documents = documents.take(DOCUMENTS_MAX);
    documents
        .flat_map(|(name, text, pages)| of_one(name, text, pages, asked, bullet, sentences_max))
        .collect()
}

/// The sentences of `text` that share most words with `asked`, in their order in it; none where none
/// shares any.
pub(crate) fn bearing_on(text: &str, asked: &str, most: usize) -> Vec<String> {
    let wanted: BTreeSet<String> = telling(asked).collect();
    let shared = |sentence: &String| {
        telling(sentence).filter(|word| wanted.contains(word)).collect::<BTreeSet<_>>().len()
    };
    best(sentences(cut(text)), shared, most)
}

fn of_one(
    name: &str,
    text: &str,
    pages: u64,
    asked: &str,
    bullet: &str,
    sentences_max: usize,
) -> Vec<String> {
    let name = words(name).collect::<Vec<_>>().join(" ");
    let count = words(text).count();
    let common = common(text);
    let mut parts = vec![format!(
        "## {name}\n\nI read {}, {}.{}",
        counted(pages, "page"),
        counted(u64::try_from(count).unwrap_or(u64::MAX), "word"),
        match common.is_empty() {
            true => String::new(),
            false => format!(" It says most often: {}.", common.join(", ")),
        }
    )];
    let list = |lines: Vec<String>| {
        let quoted = lines.iter().map(|line| format!("{bullet} “{line}”"));
        quoted.collect::<Vec<_>>().join("\n")
    };
    let found = bearing_on(text, asked, sentences_max);
    if found.is_empty() {
        // What says most of the words that occur often is what it is about.
        let often: BTreeSet<String> = common.into_iter().map(|word| word.to_lowercase()).collect();
        let of_often = |sentence: &String| {
            telling(sentence).filter(|word| often.contains(word)).collect::<BTreeSet<_>>().len()
        };
        let main = best(sentences(text), of_often, sentences_max);
        if !main.is_empty() {
            parts.push(format!("What it is mainly about:\n\n{}", list(main)));
        }
    } else {
        parts.push(format!("What bears on your question:\n\n{}", list(found)));
    }
    let figures = figures(text);
    if !figures.is_empty() {
        parts.push(format!("Figures in it: {}.", figures.join("; ")));
    }
    parts
}

/// The sentences with the highest rank above zero, in their order; of two alike the first.
fn best(sentences: Vec<String>, rank: impl Fn(&String) -> usize, most: usize) -> Vec<String> {
    let mut ranked: Vec<(usize, usize, String)> = sentences
        .into_iter()
        .enumerate()
        .map(|(place, sentence)| (rank(&sentence), place, sentence))
        .filter(|(rank, _, _)| *rank > 0)
        .collect();
    ranked.sort_by_key(|(rank, place, _)| (Reverse(*rank), *place));
    ranked.truncate(most);
    ranked.sort_by_key(|(_, place, _)| *place);
    ranked.into_iter().map(|(_, _, sentence)| sentence).collect()
}

/// The words that say something, in small letters.
fn telling(text: &str) -> impl Iterator<Item = String> {
    let words = words(text).map(str::to_lowercase);
    words.filter(|word| {
        word.chars().count() >= WORD_CHARS_MIN && !STOP_WORDS.contains(&word.as_str())
    })
}

/// The words that occur most, each more than once; of two as often the first by the alphabet.
fn common(text: &str) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in telling(text).filter(|word| word.chars().all(char::is_alphabetic)) {
        *counts.entry(word).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> =
        counts.into_iter().filter(|(_, count)| *count > 1).collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts.into_iter().take(COMMON_WORDS).map(|(word, _)| word).collect()
}

/// The first numbers, each with the words of its sentence that are before and behind it.
fn figures(text: &str) -> Vec<String> {
    let is_number = |word: &str| word.chars().any(|sign| sign.is_ascii_digit());
    let of_sentence = |sentence: String| {
        let words: Vec<&str> = words(&sentence).collect();
        let numbers = words.iter().enumerate().filter(|(_, word)| is_number(word));
        let around = numbers.map(|(at, number)| {
            let before = at.checked_sub(1).and_then(|at| words.get(at)).copied();
            let behind = words.get(at.saturating_add(1)).copied();
            let number = format!("**{number}**");
            let words = [before, Some(number.as_str()), behind];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        around.collect::<Vec<_>>()
    };
    sentences(cut(text)).into_iter().flat_map(of_sentence).take(FIGURES_MAX).collect()
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LOOKED_AT_MAX)).unwrap_or(text)
}

fn counted(count: u64, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{bearing_on, common, figures};

    const LEASE: &str = "The lease begins on 1 March 2027. The rent is 1450 euros a month. \
        Pets need the landlord's consent. The rent rises by 2 percent a year.";

    #[test]
    fn sentences_that_share_words_with_the_question_bear_on_it() {
        let found = bearing_on(LEASE, "How high is the rent?", 3);
        assert_eq!(found, ["The rent is 1450 euros a month", "The rent rises by 2 percent a year"]);
        assert_eq!(bearing_on(LEASE, "May I keep pets?", 1), ["Pets need the landlord's consent"]);
        assert!(bearing_on(LEASE, "Who wrote it?", 3).is_empty());
    }

    #[test]
    fn figures_come_with_the_words_around_them() {
        let expected =
            ["on **1** March", "March **2027**", "is **1450** euros", "by **2** percent"];
        assert_eq!(figures(LEASE), expected);
    }

    #[test]
    fn what_occurs_once_is_not_common() {
        assert_eq!(common(LEASE), ["rent"]);
    }
}
