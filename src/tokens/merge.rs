//! The merge: how many tokens a piece is.
//!
//! A piece begins as single bytes; again and again the two neighbours whose union is the token of
//! the lowest rank become that token, the leftmost first among equals, until no union is a token.
//! The lowest union of a short piece is found by looking at all of them. In a longer one
//! the neighbours stand in a linked list and the possible unions in a heap, so that n bytes take
//! n log n steps even where they are one letter over and over. tiktoken compares the *bytes*
//! of a union with its tokens; here a union is a pair of tokens. It comes to the same: the merges
//! within a stretch of bytes do not depend on what is around it until one crosses its border, so
//! a token's last two parts are always the same two (`Vocabulary` keeps that pair).

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// No token: what two neighbours make that do not merge.
pub(crate) const NONE: u32 = u32::MAX;

/// Bytes of a piece whose lowest union is found by looking at all of them; a heap costs more.
const FEW: usize = 96;

/// Finds the token that two neighbouring tokens merge to.
pub(crate) trait Merges {
    /// The token of a single byte.
    fn byte(&self, byte: u8) -> u32;
    /// The union of two neighbours, or `NONE`.
    fn union(&self, left: u32, right: u32) -> u32;
    /// The union of two bytes, or `NONE`.
    fn double(&self, first: u8, second: u8) -> u32 {
        self.union(self.byte(first), self.byte(second))
    }

    /// Appends the tokens of single bytes, or of more bytes where nothing else can come of these
    /// (`whole` says where).
    fn begin(&self, bytes: &[u8], tokens: &mut Vec<u32>) {
        tokens.extend(bytes.iter().map(|&byte| self.byte(byte)));
    }
}

/// The work space of merging, kept from piece to piece.
#[derive(Debug, Default)]
pub(crate) struct Merger {
    /// The tokens that a short piece begins with.
    tokens: Vec<u32>,
    /// The tokens of a short piece, each with what it makes with the next.
    few: Vec<(u32, u32)>,
    parts: Vec<Part>,
    /// (union, position of its left part), lowest first. An entry is out of date, and passed over,
    /// unless the part at the position still has that union.
    unions: BinaryHeap<Reverse<(u32, usize)>>,
}

#[derive(Debug)]
struct Part {
    token: u32,
    /// What it makes with the next part; `NONE` also once it was merged into the one before.
    union: u32,
    /// Position of the part before; past the end for the first.
    previous: usize,
    /// Position of the part after; past the end for the last.
    next: usize,
}

impl Merger {
    /// Appends the bytes of each token that the bytes merge to. No token is longer than a byte can
    /// say (`Vocabulary` sees to that).
    pub(crate) fn lengths(&mut self, merges: &impl Merges, bytes: &[u8], lengths: &mut Vec<u8>) {
        self.count_many(merges, bytes);
        let mut at = 0;
        while let Some(part) = self.parts.get(at) {
            lengths.push(u8::try_from(part.next - at).unwrap_or(u8::MAX));
            at = part.next;
        }
    }

    /// Tokens that the bytes merge to.
    pub(crate) fn count(&mut self, merges: &impl Merges, bytes: &[u8]) -> usize {
        if bytes.len() <= FEW {
            self.count_few(merges, bytes)
        } else {
            self.count_many(merges, bytes)
        }
    }

    fn count_few(&mut self, merges: &impl Merges, bytes: &[u8]) -> usize {
        let Self { tokens, few, .. } = self;
        few.clear();
        if bytes.is_ascii() {
            let doubles = bytes.iter().zip(bytes.iter().skip(1));
            few.extend(
                doubles.map(|(&first, &second)| (merges.byte(first), merges.double(first, second))),
            );
            few.extend(bytes.last().map(|&last| (merges.byte(last), NONE)));
        } else {
            tokens.clear();
            merges.begin(bytes, tokens);
            let pairs = tokens.iter().zip(tokens.iter().skip(1));
            few.extend(pairs.map(|(&left, &right)| (left, merges.union(left, right))));
            few.extend(tokens.last().map(|&last| (last, NONE)));
        }
        while let Some((at, union)) = lowest(few) {
            few.remove(at + 1);
            let next = few.get(at + 1).map(|&(next, _)| merges.union(union, next));
            if let Some(part) = few.get_mut(at) {
                *part = (union, next.unwrap_or(NONE));
            }
            if let Some((before, made)) = at.checked_sub(1).and_then(|before| few.get_mut(before)) {
                *made = merges.union(*before, union);
            }
        }
        few.len()
    }

    fn count_many(&mut self, merges: &impl Merges, bytes: &[u8]) -> usize {
        self.start(merges, bytes);
        let mut count = bytes.len();
        while let Some(Reverse((union, at))) = self.unions.pop() {
            if self.join(union, at) {
                count -= 1;
                let previous = self.parts.get(at).map_or(usize::MAX, |part| part.previous);
                self.propose(merges, at);
                self.propose(merges, previous);
            }
        }
        count
    }

    fn start(&mut self, merges: &impl Merges, bytes: &[u8]) {
        self.unions.clear();
        self.parts.clear();
        self.parts.extend(bytes.iter().enumerate().map(|(at, &byte)| Part {
            token: merges.byte(byte),
            union: NONE,
            previous: at.checked_sub(1).unwrap_or(usize::MAX),
            next: at + 1,
        }));
        (0..bytes.len()).for_each(|at| self.propose(merges, at));
    }

    /// Notes what the part at a position makes with the next one. A part whose neighbour changed
    /// makes something longer than before, so an old entry of the heap never passes for a new one.
    fn propose(&mut self, merges: &impl Merges, at: usize) {
        let Some(part) = self.parts.get(at) else {
            return;
        };
        let right = self.parts.get(part.next);
        let union = right.map_or(NONE, |right| merges.union(part.token, right.token));
        if union != NONE {
            self.unions.push(Reverse((union, at)));
        }
        if let Some(part) = self.parts.get_mut(at) {
            part.union = union;
        }
    }

    /// Merges the part at a position with the next one, unless the union is out of date.
    fn join(&mut self, union: u32, at: usize) -> bool {
        let Some(left) = self.parts.get(at).filter(|left| left.union == union) else {
            return false;
        };
        let gone = left.next;
        let Some(right) = self.parts.get_mut(gone) else {
            return false;
        };
        right.union = NONE;
        let next = right.next;
        if let Some(after) = self.parts.get_mut(next) {
            after.previous = at;
        }
        if let Some(left) = self.parts.get_mut(at) {
            left.token = union;
            left.next = next;
        }
        true
    }
}

/// The leftmost of the lowest unions.
fn lowest(few: &[(u32, u32)]) -> Option<(usize, u32)> {
    let mut found = (0, NONE);
    for (at, &(_, union)) in few.iter().enumerate() {
        if union < found.1 {
            found = (at, union);
        }
    }
    (found.1 != NONE).then_some(found)
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// Tokens are runs of one letter, of a power of two of it; a token's id is the exponent.
    #[derive(Default)]
    struct Doubling {
        asked: Cell<usize>,
    }

    impl Merges for Doubling {
        fn byte(&self, _: u8) -> u32 {
            0
        }

        fn union(&self, left: u32, right: u32) -> u32 {
            self.asked.set(self.asked.get() + 1);
            if left == right && left < 7 { left + 1 } else { NONE }
        }
    }

    #[test]
    fn counts_are_those_of_the_rule() {
        let check = |bytes: &[u8], expected: usize| {
            assert_eq!(Merger::default().count(&Doubling::default(), bytes), expected);
            assert_eq!(Merger::default().count_many(&Doubling::default(), bytes), expected);
        };
        check(b"", 0);
        check(b"a", 1);
        check(b"aa", 1);
        check(b"aaa", 2);
        check(b"aaaaaaa", 3);
        check(&[0; 128], 1);
        check(&[0; 1_000], 7 + 3);
    }

    #[test]
    fn a_merger_forgets_the_piece_before() {
        let mut merger = Merger::default();
        merger.count(&Doubling::default(), &[0; 1_001]);
        assert_eq!(merger.count(&Doubling::default(), b"aaa"), 2);
    }

    #[test]
    fn steps_are_linear() {
        let merges = Doubling::default();
        let bytes = alloc::vec![0; 1 << 20];
        assert_eq!(Merger::default().count(&merges, &bytes), 1 << 13);
        // One question for each pair at first, and two after each merge.
        assert!(merges.asked.get() <= 3 * bytes.len());
    }
}
