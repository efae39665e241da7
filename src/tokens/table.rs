//! A hash table of token ids whose keys are kept elsewhere, in the vocabulary.
//!
//! Open addressing with linear probing, filled once and at most half full, so a search looks at
//! a few slots and always meets an empty one. It never grows and never forgets.

use alloc::vec;
use alloc::vec::Vec;

const EMPTY: u32 = u32::MAX;

/// Odd, with its bits well mixed; the golden ratio, as in Fibonacci hashing.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Token ids, found by the hash of a key.
pub(crate) struct Table {
    slots: Vec<u32>,
    /// Bits of a hash to drop, so that the rest is a slot's number.
    shift: u32,
}

impl Table {
    /// An empty table for up to so many ids.
    pub(crate) fn with_capacity(ids: u32) -> Self {
        let bits = (u64::from(ids).max(1) * 2).next_power_of_two().trailing_zeros();
        Self { slots: vec![EMPTY; 1 << bits], shift: u64::BITS - bits }
    }

    /// Adds an id under a hash, in front of no other.
    pub(crate) fn insert(&mut self, hash: u64, id: u32) {
        let probes = self.probes(hash);
        for at in probes {
            if let Some(slot) = self.slots.get_mut(at)
                && *slot == EMPTY
            {
                *slot = id;
                return;
            }
        }
    }

    /// The first id under a hash whose key is the one looked for.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.probes(hash)
            .map_while(|at| self.slots.get(at).copied().filter(|&id| id != EMPTY))
            .find(|&id| is_it(id))
    }

    /// The slots of a hash, each once, in the order in which they are tried.
    fn probes(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len() - 1;
        let home = usize::try_from(hash.wrapping_mul(MULTIPLIER) >> self.shift).unwrap_or(0);
        (0..=mask).map(move |step| (home + step) & mask)
    }
}

/// The hash of a pair of tokens.
pub(crate) fn hash_pair(left: u32, right: u32) -> u64 {
    (u64::from(left) << 32) | u64::from(right)
}

/// The hash of a token's bytes.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let mix = |hash: u64, word: [u8; 8]| {
        (hash.rotate_left(26) ^ u64::from_le_bytes(word)).wrapping_mul(MULTIPLIER)
    };
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let hash = mix(words.iter().fold(length, |hash, &word| mix(hash, word)), last);
    // The product's high bits know of every bit of the word, its low bits only of the lowest.
    hash ^ (hash >> 32)
}
