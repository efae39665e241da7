//! Long pieces against the merge of the whole, with vocabularies made up at random.

use std::cell::Cell;
use std::collections::HashMap;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::corpus;
use crate::merge::{Merger, Merges, NONE};

/// Merges of a few letters, each of two earlier tokens, as in a real vocabulary.
struct Toy {
    letters: usize,
    unions: HashMap<(u32, u32), u32>,
    /// Bytes merged so far.
    merged: Cell<usize>,
}

impl Merges for Toy {
    fn byte(&self, byte: u8) -> u32 {
        u32::from(byte)
    }

    fn union(&self, left: u32, right: u32) -> u32 {
        self.unions.get(&(left, right)).copied().unwrap_or(NONE)
    }
}

impl Merge for &Toy {
    fn merge(&mut self, text: &[u8], lengths: &mut Vec<u8>) {
        self.merged.set(self.merged.get() + text.len());
        Merger::default().lengths(*self, text, lengths);
    }
}

impl Toy {
    fn new(dice: &mut corpus::Dice) -> Self {
        let letters = 1 + dice.below(4);
        let mut lengths = vec![1; letters];
        let mut unions = HashMap::new();
        for _ in 0..dice.below(60) {
            // Letters are 0 to 3, the unions of them from 256 on.
            let mut of = || dice.below(lengths.len());
            let (left, right) = (of(), of());
            let id = |at: usize| {
                u32::try_from(if at < letters { at } else { at - letters + 256 }).unwrap()
            };
            let length = lengths[left] + lengths[right];
            if length <= 64 && !unions.contains_key(&(id(left), id(right))) {
                unions.insert((id(left), id(right)), id(lengths.len()));
                lengths.push(length);
            }
        }
        Self { letters, unions, merged: Cell::new(0) }
    }

    fn whole(&self, text: &[u8]) -> Vec<u8> {
        let mut lengths = Vec::new();
        Merger::default().lengths(self, text, &mut lengths);
        lengths
    }

    /// Letters at random, repetitions, and some of both.
    fn text(&self, dice: &mut corpus::Dice, length: usize) -> Vec<u8> {
        let mut text = Vec::new();
        while text.len() < length {
            let block: Vec<u8> = (0..1 + dice.below(6))
                .map(|_| u8::try_from(dice.below(self.letters)).unwrap())
                .collect();
            let times = [1, 3, 40, 400][dice.below(4)];
            (0..times).for_each(|_| text.extend_from_slice(&block));
        }
        text
    }
}

#[test]
fn windows_merge_as_the_whole() {
    for seed in 0..400 {
        let dice = &mut corpus::Dice(seed);
        let toy = Toy::new(dice);
        let length = dice.below(6_000);
        let text = toy.text(dice, length);
        for margin in [1, 2, 5, MARGIN] {
            let found = merge_run(&mut &toy, &text, Known::default(), margin);
            assert_eq!(found, toy.whole(&text), "seed {seed} margin {margin}");
        }
    }
}

#[test]
fn an_edited_run_merges_as_the_whole() {
    for seed in 0..400 {
        let dice = &mut corpus::Dice(seed);
        let toy = Toy::new(dice);
        let mut text = toy.text(dice, 4_000);
        let mut run = Run { start: 0, lengths: toy.whole(&text) };
        for step in 0..10 {
            let margin = [1, 2, 5, MARGIN][step % 4];
            let old_length = text.len();
            let at = dice.below(text.len() + 1);
            let end = (at + dice.below(3)).min(text.len());
            let length = dice.below(3);
            let inserted = toy.text(dice, length);
            text.splice(at..end, inserted);
            let change =
                Change { before: at, behind: old_length - end, old_length, new_length: text.len() };
            let known = Known::of(core::slice::from_ref(&run), (0, text.len()), &change, margin);
            run.lengths = merge_run(&mut &toy, &text, known, margin);
            assert_eq!(run.lengths, toy.whole(&text), "seed {seed} margin {margin}");
        }
    }
}

/// One letter, doubled seven times.
fn doubling() -> Toy {
    let doubled = |at: u32| ((at + 255, at + 255), at + 256);
    let unions = [((0, 0), 256)].into_iter().chain((1..7).map(doubled)).collect();
    Toy { letters: 1, unions, merged: Cell::new(0) }
}

#[test]
fn a_repetition_is_compared_and_not_merged() {
    let toy = doubling();
    let text = vec![0; 1 << 20];
    assert_eq!(merge_run(&mut &toy, &text, Known::default(), MARGIN), vec![128; 1 << 13]);
    assert!(toy.merged.get() < 20_000, "{} bytes merged", toy.merged.get());
}

#[test]
fn an_edit_merges_what_is_around_it() {
    let dice = &mut corpus::Dice(7);
    let toy = loop {
        let toy = Toy::new(dice);
        if toy.letters == 4 && toy.unions.len() > 40 {
            break toy;
        }
    };
    let mut text: Vec<u8> = (0..100_000).map(|_| u8::try_from(dice.below(4)).unwrap()).collect();
    let run = Run { start: 0, lengths: toy.whole(&text) };
    toy.merged.set(0);
    text.insert(50_000, 3);
    let change =
        Change { before: 50_000, behind: 50_000, old_length: 100_000, new_length: 100_001 };
    let known = Known::of(core::slice::from_ref(&run), (0, 100_001), &change, MARGIN);
    assert_eq!(merge_run(&mut &toy, &text, known, MARGIN), toy.whole(&text));
    assert!(toy.merged.get() < 2_000, "{} bytes merged", toy.merged.get());
}
