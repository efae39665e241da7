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
    ///
    /// A call of its own: a browser makes code quick that is called often, not a loop that runs on.
    #[inline(never)]
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

/// Tells of most keys that a table lacks that it does, from a thirtieth of its memory: what fits a
/// processor's cache answers there, and the table is asked for little more than what it has.
pub(crate) struct Filter {
    bits: Vec<u64>,
    /// Bits of a hash to drop, so that the rest is a bit's number.
    shift: u32,
}

impl Filter {
    /// An empty one for up to so many entries: at most one key of eight passes by chance.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        let bits = (entries.max(1) * 8).next_power_of_two().max(64);
        Self { bits: vec![0; bits / 64], shift: u64::BITS - bits.trailing_zeros() }
    }

    /// Lets a key through from now on, by its hash.
    pub(crate) fn insert(&mut self, hash: u64) {
        let (word, bit) = self.place(hash);
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= bit;
        }
    }

    /// Whether a key may have been let through.
    #[inline]
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    #[inline]
    fn place(&self, hash: u64) -> (usize, u64) {
        let number = hash >> self.shift;
        (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
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
