//! Long pieces: merged window by window, and merged anew only around an edit.
//!
//! A run of one class (letters without a space, a line of dashes, an indented void) is one piece,
//! however long. What makes its merge local is this law: **a sequence of tokens is the merge of
//! its bytes if each two neighbours are the merge of theirs.** Suppose it were not. Then some
//! union crosses the border of two neighbours, and one is the first to do so. Up to it everything
//! was merged inside of single tokens, and which inner unions of the two neighbours were made, in
//! which order, did not depend on the others: the lowest union of all is also the lowest of the
//! two that it lies in. So the merge of the two neighbours alone makes the same crossing union,
//! and is not the two. No union crosses a border, then, and each token merges as it does beside
//! its neighbour: to itself.
//!
//! So a guess is proven by looking at neighbours. The guess is that a merge looks little ahead:
//! a union gives way only to a lower one that overlaps it on its right, that one to a still lower
//! one, and so on. A window is merged alone; its tokens are kept but for those near its
//! end; the next window begins there. Where the two tokens at a joint are no merge, the guess
//! reached too short, and everything is tried again from farther back with a window of twice the
//! length, for good: so at most logarithmically many joints fail, whatever the text is. What an
//! edit leaves is joined on likewise: tokens well before it, and tokens behind it as soon as a
//! border coincides with an old one.
//!
//! Behind an edit that shifts a repetition (one letter put into 100 000 equal ones) no border ever
//! coincides. There the tokens repeat as well, and a repetition is continued by comparing bytes.

use alloc::vec::Vec;

/// Bytes of the longest piece that is merged in one go.
pub(crate) const PIECE_MAX: usize = 1 << 10;

/// Bytes before the end of a window, and before an edit, that are not relied upon at first: a guess
/// (the longest token has as many), which has failed in no text that is known. Tests give less.
pub(crate) const MARGIN: usize = 128;

/// The longest repetition that is looked for, in tokens.
const PERIOD_MAX: usize = 4;

/// A long piece as it was merged: where it begins, and the bytes of each token.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) start: usize,
    pub(crate) lengths: Vec<u8>,
}

impl Run {
    /// Where it ends.
    pub(crate) fn end(&self) -> usize {
        self.start + bytes_of(&self.lengths)
    }
}

/// Appends the bytes of each token that a text merges to.
pub(crate) trait Merge {
    /// `lengths` may hold others already; they stay as they are.
    fn merge(&mut self, text: &[u8], lengths: &mut Vec<u8>);
}

/// What is known of a piece before it is merged: the tokens of some first bytes and of some last
/// bytes, each the merge of those bytes. They do not overlap.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known<'a> {
    pub(crate) first: &'a [u8],
    pub(crate) last: &'a [u8],
}

impl<'a> Known<'a> {
    /// What earlier runs tell of the piece from `start` to `end`, when nothing before the byte
    /// `before` has changed, nor anything in the `behind` last bytes; `old_length` and
    /// `new_length` are those of all the text. The piece's right end need not be where it was:
    /// whatever is kept is proven anew at its joints.
    pub(crate) fn of(
        runs: &'a [Run],
        piece: (usize, usize),
        change: &Change,
        margin: usize,
    ) -> Self {
        let (start, end) = piece;
        let first = runs.iter().find(|run| run.start == start).map_or(&[][..], |run| {
            let kept = change.before.min(end).saturating_sub(start + margin);
            run.lengths.get(..tokens_within(run.lengths.iter(), kept)).unwrap_or_default()
        });
        let behind = change.new_length.saturating_sub(end);
        let is_it = |run: &&Run| change.old_length.checked_sub(run.end()) == Some(behind);
        let last = runs.iter().find(is_it).map_or(&[][..], |run| {
            let kept = change.behind.saturating_sub(behind).min(end - start - bytes_of(first));
            let tokens = tokens_within(run.lengths.iter().rev(), kept);
            run.lengths.get(run.lengths.len() - tokens..).unwrap_or_default()
        });
        Self { first, last }
    }
}

/// Where a text has changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// First bytes that stayed as they were.
    pub(crate) before: usize,
    /// Last bytes that stayed as they were.
    pub(crate) behind: usize,
    pub(crate) old_length: usize,
    pub(crate) new_length: usize,
}

/// The bytes of each token of a long piece. The margin is not zero.
pub(crate) fn merge_run(
    merge: &mut impl Merge,
    text: &[u8],
    known: Known<'_>,
    mut margin: usize,
) -> Vec<u8> {
    let mut joiner = Joiner {
        merge,
        text,
        at: bytes_of(known.first),
        lengths: known.first.to_vec(),
        old: known.last,
        old_at: text.len() - bytes_of(known.last),
        scratch: Vec::new(),
    };
    let mut window = Vec::new();
    while joiner.at < text.len() {
        let begin = joiner.at;
        let end = (begin + 4 * margin).min(text.len());
        window.clear();
        joiner.merge.merge(text.get(begin..end).unwrap_or_default(), &mut window);
        if !joiner.joins(window.first()) {
            margin *= 2;
            joiner.go_back(margin);
            continue;
        }
        if joiner.take(&window, if end == text.len() { end } else { end - margin }) {
            break;
        }
        if joiner.at == begin {
            margin *= 2;
        }
        joiner.repeat(margin);
    }
    joiner.lengths
}

struct Joiner<'a, M> {
    merge: &'a mut M,
    text: &'a [u8],
    /// The tokens so far, and where they end.
    lengths: Vec<u8>,
    at: usize,
    /// Tokens to join on to, and where they begin.
    old: &'a [u8],
    old_at: usize,
    scratch: Vec<u8>,
}

impl<M: Merge> Joiner<'_, M> {
    /// Whether the last token and one that begins where it ends are the merge of their bytes.
    fn joins(&mut self, next: Option<&u8>) -> bool {
        let (Some(&last), Some(&next)) = (self.lengths.last(), next) else {
            return true;
        };
        let range = self.at - usize::from(last)..self.at + usize::from(next);
        self.scratch.clear();
        self.merge.merge(self.text.get(range).unwrap_or_default(), &mut self.scratch);
        self.scratch == [last, next]
    }

    /// Forgets the tokens of at least so many last bytes.
    fn go_back(&mut self, bytes: usize) {
        let goal = self.at.saturating_sub(bytes);
        while self.at > goal
            && let Some(last) = self.lengths.pop()
        {
            self.at -= usize::from(last);
        }
    }

    /// Takes a window's tokens up to a byte, or up to an old border where the old tokens join on:
    /// then all of them, and nothing is left to do.
    fn take(&mut self, window: &[u8], relied_upon: usize) -> bool {
        for &length in window {
            if self.at + usize::from(length) > relied_upon {
                return false;
            }
            self.lengths.push(length);
            self.at += usize::from(length);
            while self.old_at < self.at
                && let Some((&first, rest)) = self.old.split_first()
            {
                self.old_at += usize::from(first);
                self.old = rest;
            }
            if self.old_at == self.at && !self.old.is_empty() && self.joins(self.old.first()) {
                self.lengths.extend_from_slice(self.old);
                self.at = self.text.len();
                return true;
            }
        }
        false
    }

    /// Where the last tokens repeat the ones before, and the text goes on so, lets the tokens go
    /// on so too. Each two neighbours of them are already among the tokens.
    fn repeat(&mut self, margin: usize) {
        for period in 1..=PERIOD_MAX.min(self.lengths.len() / 2) {
            let (before, block) = self.lengths.split_at(self.lengths.len() - period);
            let bytes = bytes_of(block);
            let from = |back: usize| self.text.get(self.at - back..).unwrap_or_default();
            let is_repeated =
                before.ends_with(block) && from(2 * bytes).get(..bytes) == from(bytes).get(..bytes);
            if !is_repeated {
                continue;
            }
            let equal = equal_bytes(from(0), from(bytes));
            let times = equal.saturating_sub(margin) / bytes;
            let block = block.to_vec();
            (0..times).for_each(|_| self.lengths.extend_from_slice(&block));
            self.at += times * bytes;
            return;
        }
    }
}

/// How many first bytes are the same.
fn equal_bytes(one: &[u8], other: &[u8]) -> usize {
    let strides = one.chunks(64).zip(other.chunks(64)).take_while(|(one, other)| one == other);
    let equal: usize = strides.map(|(stride, _)| stride.len()).sum();
    let tail = one.iter().skip(equal).zip(other.iter().skip(equal));
    equal + tail.take_while(|(one, other)| one == other).count()
}

/// How many tokens fit into so many bytes.
fn tokens_within<'a>(lengths: impl Iterator<Item = &'a u8>, bytes: usize) -> usize {
    let mut sum = 0;
    let fits = |length: &&u8| {
        sum += usize::from(**length);
        sum <= bytes
    };
    lengths.take_while(fits).count()
}

/// The bytes of some tokens: no more than a text has, which is far less than a `u32`.
fn bytes_of(lengths: &[u8]) -> usize {
    let sum = lengths.iter().fold(0_u32, |sum, &length| sum.wrapping_add(u32::from(length)));
    usize::try_from(sum).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
