//! A hash table that is filled once: of the unions of tokens, and of the pieces that are tokens.
//!
//! Open addressing with linear probing, at most half full, so a search looks at a few slots and
//! always meets an empty one. What is looked for lies in the slots themselves: a search is one
//! miss of the processor's cache, not three. It never grows and never forgets.

use alloc::vec;
use alloc::vec::Vec;

/// Odd, with its bits well mixed; the golden ratio, as in Fibonacci hashing.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Slots, of which the default is an empty one.
pub(crate) struct Table<S> {
    slots: Vec<S>,
    /// Bits of a hash to drop, so that the rest is a slot's number.
    shift: u32,
}

impl<S: Copy + Default + PartialEq> Table<S> {
    /// An empty table for up to so many entries.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        let slots = (entries.max(1) * 2).next_power_of_two();
        Self { slots: vec![S::default(); slots], shift: u64::BITS - slots.trailing_zeros() }
    }

    /// Adds an entry under the hash of its key. One too many is left out.
    pub(crate) fn insert(&mut self, hash: u64, entry: S) {
        let free = self.probes(hash).find(|&at| self.slots.get(at) == Some(&S::default()));
        if let Some(slot) = free.and_then(|at| self.slots.get_mut(at)) {
            *slot = entry;
        }
    }

    /// The first entry under the hash of a key that is the one looked for.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(S) -> bool) -> Option<S> {
        for at in self.probes(hash) {
            let slot = *self.slots.get(at)?;
            if slot == S::default() {
                return None;
            }
            if is_it(slot) {
                return Some(slot);
            }
        }
        None
    }

    /// The slots of a hash, each once, in the order in which they are tried.
    #[inline]
    fn probes(&self, hash: u64) -> impl Iterator<Item = usize> + use<S> {
        let slots = self.slots.len();
        let home = usize::try_from(hash >> self.shift).unwrap_or(0);
        (0..slots).map(move |step| (home + step) & (slots - 1))
    }
}

/// The hash of a key; its high bits know of every bit of the key.
#[inline]
pub(crate) const fn hash(key: u64) -> u64 {
    key.wrapping_mul(MULTIPLIER)
}

/// The hash of two keys.
#[inline]
pub(crate) const fn hash_two(one: u64, other: u64) -> u64 {
    (one.wrapping_mul(MULTIPLIER).rotate_left(26) ^ other).wrapping_mul(MULTIPLIER)
}
