//! The set of all tokens by their bytes: whether a piece is one token, which most pieces are.
//!
//! Short tokens are numbers, with their length in the top byte, so that a table holds them
//! themselves; the few that are longer are found by a part of their hash and then compared.

use alloc::vec::Vec;

use crate::table::{Table, hash, hash_two};

/// Bytes of a token that is one number.
const SHORT: usize = 7;
/// Bytes of a token that is two.
const MIDDLE: usize = 15;

/// Tokens by their bytes.
pub(crate) struct Words {
    short: Table<u64>,
    middle: Table<(u64, u64)>,
    /// Where in `bytes` a token begins (32 bits), its hash (24) and its length (8).
    long: Table<u64>,
    /// The long tokens, one after another.
    bytes: Vec<u8>,
}

impl Words {
    /// An empty set for tokens of these lengths.
    pub(crate) fn with_capacity(lengths: &[u8]) -> Self {
        let count =
            |most: usize| lengths.iter().filter(|&&length| usize::from(length) <= most).count();
        let (short, middle) = (count(SHORT), count(MIDDLE));
        Self {
            short: Table::with_capacity(short),
            middle: Table::with_capacity(middle - short),
            long: Table::with_capacity(lengths.len() - middle),
            bytes: Vec::new(),
        }
    }

    /// Adds a token: the bytes from one place to another, read as those of [`Self::contains`].
    #[inline(never)]
    pub(crate) fn insert(&mut self, bytes: &[u8], begin: usize, end: usize) {
        let length = end - begin;
        if length <= SHORT {
            let key = short_key(bytes, begin, length);
            self.short.insert(hash(key), key);
        } else if length <= MIDDLE {
            let (one, other) = middle_key(bytes, begin, length);
            self.middle.insert(hash_two(one, other), (one, other));
        } else if let Some(token) = bytes.get(begin..end) {
            let hash = long_hash(token);
            let begin = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
            self.long.insert(hash, (begin << 32) | mark(hash, length));
            self.bytes.extend_from_slice(token);
        }
    }

    /// Whether the bytes of a text from one place to another are a token. Bytes behind them are
    /// read, and do not matter.
    #[inline]
    pub(crate) fn contains(&self, text: &[u8], begin: usize, end: usize) -> bool {
        let length = end - begin;
        if length <= SHORT {
            let key = short_key(text, begin, length);
            self.short.find(hash(key), |slot| slot == key).is_some()
        } else if length <= MIDDLE {
            let (one, other) = middle_key(text, begin, length);
            self.middle.find(hash_two(one, other), |slot| slot == (one, other)).is_some()
        } else {
            text.get(begin..end).is_some_and(|word| self.contains_long(word))
        }
    }

    fn contains_long(&self, word: &[u8]) -> bool {
        if word.len() > usize::from(u8::MAX) {
            return false;
        }
        let hash = long_hash(word);
        let mark = mark(hash, word.len());
        let is_it = |slot: u64| {
            let begin = usize::try_from(slot >> 32).unwrap_or(usize::MAX);
            slot & u64::from(u32::MAX) == mark
                && self.bytes.get(begin..).is_some_and(|bytes| bytes.starts_with(word))
        };
        self.long.find(hash, is_it).is_some()
    }
}

#[inline]
fn short_key(text: &[u8], begin: usize, length: usize) -> u64 {
    number(text, begin, length) | top(length)
}

#[inline]
fn middle_key(text: &[u8], begin: usize, length: usize) -> (u64, u64) {
    let one = number(text, begin, 8);
    (one, number(text, begin + 8, length - 8) | top(length))
}

/// A length in the top byte.
#[inline]
fn top(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(0) << 56
}

/// Up to eight bytes as a number, the first lowest.
#[inline]
fn number(text: &[u8], begin: usize, length: usize) -> u64 {
    let rest = text.get(begin..).unwrap_or_default();
    let eight = rest.first_chunk().map_or_else(
        || rest.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)),
        |eight| u64::from_le_bytes(*eight),
    );
    let unused = u32::try_from(8 - length.min(8)).unwrap_or(0) * 8;
    // Not shifted by all bits at once, which is an overflow.
    if unused == 64 { 0 } else { eight << unused >> unused }
}

fn long_hash(word: &[u8]) -> u64 {
    let eights = (0..word.len()).step_by(8);
    eights.fold(0, |hash, at| hash_two(hash, number(word, at, 8)))
}

/// What a slot says of a long token beside its place: never zero.
fn mark(hash: u64, length: usize) -> u64 {
    // The high bits choose the slot, so those that tell its tokens apart are lower ones.
    (hash >> 8 & 0x00ff_ffff) << 8 | u64::try_from(length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::*;

    /// Tokens of every length, with zeros that must not pass for nothing.
    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        let words: Vec<Vec<u8>> = (1..=128)
            .flat_map(|length| {
                let letters = String::from("kumari ").repeat(20).into_bytes();
                let mut zeros = letters.clone();
                zeros[length - 1] = 0;
                [letters[..length].to_vec(), zeros[..length].to_vec()]
            })
            .collect();
        let lengths: Vec<u8> = words.iter().map(|word| u8::try_from(word.len()).unwrap()).collect();
        let mut set = Words::with_capacity(&lengths);
        words.iter().for_each(|word| set.insert(word, 0, word.len()));
        for word in &words {
            assert!(set.contains(word, 0, word.len()), "{word:?}");
            let inside = [b"xy", word.as_slice(), b"z and more behind it"].concat();
            assert!(set.contains(&inside, 2, 2 + word.len()), "{word:?}");
            for at in 0..word.len() {
                let mut other = word.clone();
                other[at] ^= 1;
                assert!(!set.contains(&other, 0, other.len()), "{other:?}");
            }
        }
        let longer = [0; 300];
        assert!(!set.contains(&longer, 0, 300) && !set.contains(&longer, 0, 2));
    }
}
