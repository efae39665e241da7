//! What an edit looks at, and what is kept of a text, by count.

use std::sync::Arc;

use super::*;
use crate::class::looks;
use crate::corpus::Dice;
use crate::{Document, Encoding};

/// Single bytes are its only tokens: a count is a length, and nothing needs loading.
fn document(text: &str) -> Document {
    let mut document = Document::new(Arc::new(Vocabulary::of_bytes(Encoding::O200kBase)));
    edit(&mut document, 0, 0, text);
    assert_eq!(document.count(), u64::try_from(text.len()).unwrap());
    document
}

fn edit(document: &mut Document, offset: usize, deleted: usize, inserted: &str) {
    let inserted: Vec<u16> = inserted.encode_utf16().collect();
    document.edit(offset, deleted, &inserted).unwrap();
}

#[test]
fn an_edit_looks_at_what_is_around_it() {
    let text = "It was a bright cold day in April, and the clocks were striking 13. ".repeat(8_000);
    let mut document = document(&text);
    let dice = &mut Dice(1);
    for _ in 0..1_000 {
        let offset = dice.below(document.length());
        let before = looks();
        edit(&mut document, offset, 0, dice.of(&["a", " ", "\n", "7", "'", "中"]));
        let seen = looks() - before;
        assert!(seen < 20 * SPAN_BYTES, "an edit at {offset} looked at {seen} characters");
    }
}

#[test]
fn blocks_keep_their_sums() {
    let mut document = document(&"a few words ".repeat(20_000));
    let dice = &mut Dice(2);
    for _ in 0..2_000 {
        let offset = dice.below(document.length() + 1);
        let most = [3, 3_000][dice.below(2)];
        let deleted = dice.below(most).min(document.length() - offset);
        let inserted = "so it goes on ".repeat([0, 1, 200][dice.below(3)]);
        edit(&mut document, offset, deleted, &inserted);
        let spans = document.spans();
        let kept = spans.blocks.iter().flat_map(|block| &block.spans);
        let text: Vec<u8> = kept.flat_map(|span| span.text.clone()).collect();
        assert_eq!(
            (spans.units(), spans.tokens().all),
            (text.len(), u64::try_from(text.len()).unwrap())
        );
        for block in &spans.blocks {
            assert_eq!(Block::of(block.spans.clone()).sum.units, block.sum.units);
            assert!((1..=2 * BLOCK_SPANS).contains(&block.spans.len()));
        }
    }
}

/// Edits that leave a little of each span must not leave a span for each little.
#[test]
fn what_is_deleted_is_given_back() {
    let mut document = document(&"some of the words ".repeat(20_000));
    let mut at = 0;
    while at < document.length() {
        let deleted = 120.min(document.length() - at);
        edit(&mut document, at, deleted, "");
        at += 3;
    }
    let spans = document.spans();
    let count: usize = spans.blocks.iter().map(|block| block.spans.len()).sum();
    assert!(count <= document.length() / 30 + 1, "{count} spans of {}", document.length());
    let kept = spans.blocks.iter().flat_map(|block| &block.spans);
    assert!(kept.map(|span| span.text.capacity()).sum::<usize>() <= 2 * document.length());
    let length = document.length();
    edit(&mut document, 0, length, "");
    assert!(document.spans().blocks.is_empty());
}

/// A span is cut where it grows long, wherever in it that is.
#[test]
fn typing_cuts_spans() {
    let mut document = document("");
    for words in 0..5_000 {
        edit(&mut document, words / 2 * "word ".len(), 0, "word ");
    }
    let spans = document.spans().blocks.iter().flat_map(|block| &block.spans);
    let longest = spans.map(|span| span.text.len()).max().unwrap();
    assert!(longest <= 2 * SPAN_BYTES + 10, "{longest} bytes");
}
