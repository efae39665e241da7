//! The text of a document as spans that are counted each on its own, in blocks that keep sums.
//!
//! Finding a place costs a look at each block and at each span of one block, so tens of steps for
//! a long draft and a thousand for the longest: less than the counting of a span, and so there is
//! no third level. A rope crate would not serve: the ones that are kept well (`ropey`, `crop`)
//! hold UTF-8 only, where an editor's text may have half a surrogate pair, and cut where it suits
//! their size, where here a cut must be one that the count allows.

use alloc::vec::Vec;
use core::ops::Range;

use crate::cut::next_cut;
use crate::halves;
use crate::merge::Merger;
use crate::run::{Change, Known, MARGIN, Run, merge_run};
use crate::tokens::Tokens;
use crate::vocabulary::Vocabulary;

/// Bytes from which on a cut is taken: few, for each edit counts a span or two; and many beside
/// what is kept of a span.
const SPAN_BYTES: usize = 128;

/// Spans of a block; it may have up to twice as many.
const BLOCK_SPANS: usize = 64;

/// A stretch of the text between two cuts, never empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    /// As `halves` keeps it.
    pub(crate) text: Vec<u8>,
    /// Code units of the text.
    units: usize,
    tokens: Tokens,
    /// Its long pieces.
    runs: Vec<Run>,
}

impl Span {
    /// The text and the long pieces of neighbours as those of one; it is not counted.
    pub(crate) fn join(spans: Vec<Self>) -> Self {
        let mut spans = spans.into_iter();
        let mut joined = spans.next().unwrap_or_default();
        for span in spans {
            let begin = joined.text.len();
            let moved = span.runs.into_iter();
            joined.runs.extend(moved.map(|run| Run { start: begin + run.start, ..run }));
            joined.text.extend_from_slice(&span.text);
        }
        joined
    }

    /// The counted spans of a text, which is that of `old` after a change.
    pub(crate) fn cut(vocabulary: &Vocabulary, old: &Self, change: &Change) -> Vec<Self> {
        let text = halves::text(&old.text);
        let mut spans = Vec::new();
        let mut merger = Merger::default();
        let mut begin = 0;
        while begin < text.len() {
            let rest = text.get(begin..).unwrap_or_default();
            let is_short = rest.len() <= 2 * SPAN_BYTES;
            let cut = if is_short { None } else { next_cut(rest, SPAN_BYTES) };
            let end = cut.map_or(text.len(), |cut| begin + cut);
            let (part, bytes) = (text.get(begin..end), old.text.get(begin..end));
            let (Some(part), Some(bytes)) = (part, bytes) else { break };
            let mut runs = Vec::new();
            let tokens = vocabulary.count_pieces(part, &mut merger, |merge, start, piece| {
                let place = begin + start;
                let known = Known::of(&old.runs, (place, place + piece.len()), change, MARGIN);
                let lengths = merge_run(merge, piece, known, MARGIN);
                let tokens = lengths.len();
                runs.push(Run { start, lengths });
                tokens
            });
            spans.push(Self { text: bytes.to_vec(), units: halves::units(bytes), tokens, runs });
            begin = end;
        }
        spans
    }
}

/// All spans, in order.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    blocks: Vec<Block>,
    /// The sum of all.
    sum: Sum,
}

#[derive(Clone, Debug)]
struct Block {
    spans: Vec<Span>,
    /// The sum of them.
    sum: Sum,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    units: usize,
    tokens: Tokens,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.units += other.units;
        self.tokens.add(other.tokens);
    }

    fn take(&mut self, part: Self) {
        self.units -= part.units;
        self.tokens.take(part.tokens);
    }
}

impl Spans {
    pub(crate) const fn new() -> Self {
        Self { blocks: Vec::new(), sum: Sum { units: 0, tokens: Tokens { all: 0, latin: 0 } } }
    }

    /// Code units of the text.
    pub(crate) const fn units(&self) -> usize {
        self.sum.units
    }

    /// Tokens of the text.
    pub(crate) const fn tokens(&self) -> Tokens {
        self.sum.tokens
    }

    /// Replaces the spans that have a code unit in the range. `renew` is given where the first of
    /// them begins and all of them.
    pub(crate) fn replace(
        &mut self,
        range: Range<usize>,
        renew: impl FnOnce(usize, Vec<Span>) -> Vec<Span>,
    ) {
        let (blocks, begin) = overlap(self.blocks.iter().map(|block| block.sum.units), &range);
        let mut out: Vec<Block> = self.blocks.drain(blocks.clone()).collect();
        for block in &out {
            self.sum.take(block.sum);
        }
        let mut spans = out.pop().map(|last| last.spans).unwrap_or_default();
        if !out.is_empty() {
            spans = out.into_iter().flat_map(|block| block.spans).chain(spans).collect();
        }
        let inner = range.start.saturating_sub(begin)..range.end - begin;
        let (touched, skipped) = overlap(spans.iter().map(|span| span.units), &inner);
        let (touched, skipped) = grow(&spans, touched, skipped, range.len());
        let at = touched.start;
        let renewed = renew(begin + skipped, spans.drain(touched).collect());
        spans.splice(at..at, renewed);
        self.insert(blocks.start, spans);
    }

    /// Puts spans in as blocks before the block of that number, with those of that block where
    /// they are few.
    fn insert(&mut self, at: usize, mut spans: Vec<Span>) {
        if spans.len() < BLOCK_SPANS / 2 && at < self.blocks.len() {
            let next = self.blocks.remove(at);
            self.sum.take(next.sum);
            spans.extend(next.spans);
        }
        let mut blocks = Vec::new();
        let mut spans = spans.into_iter();
        while spans.len() > 0 {
            let size = if spans.len() > 2 * BLOCK_SPANS { BLOCK_SPANS } else { spans.len() };
            blocks.push(Block::of(spans.by_ref().take(size).collect()));
        }
        for block in &blocks {
            self.sum.add(block.sum);
        }
        self.blocks.splice(at..at, blocks);
    }
}

impl Block {
    fn of(spans: Vec<Span>) -> Self {
        let mut sum = Sum::default();
        for span in &spans {
            sum.add(Sum { units: span.units, tokens: span.tokens });
        }
        Self { spans, sum }
    }
}

/// Which of the neighbours that have so many code units each overlap a range of them, and where
/// the first of those begins.
fn overlap(lengths: impl Iterator<Item = usize>, range: &Range<usize>) -> (Range<usize>, usize) {
    let (mut from, mut to, mut skipped, mut begin) = (0, 0, 0, 0);
    for length in lengths {
        if begin >= range.end {
            break;
        }
        to += 1;
        if begin + length <= range.start {
            from = to;
            skipped = begin + length;
        }
        begin += length;
    }
    (from..to, skipped)
}

/// Adds a neighbour to spans of which an edit may leave little, or edits here and there would
/// leave a span for each of a few characters.
fn grow(
    spans: &[Span],
    touched: Range<usize>,
    skipped: usize,
    deleted: usize,
) -> (Range<usize>, usize) {
    let units: usize =
        spans.get(touched.clone()).unwrap_or_default().iter().map(|span| span.units).sum();
    if units >= deleted + SPAN_BYTES / 2 {
        return (touched, skipped);
    }
    if touched.end < spans.len() {
        return (touched.start..touched.end + 1, skipped);
    }
    let before = touched.start.checked_sub(1).and_then(|at| Some((at, spans.get(at)?.units)));
    before.map_or((touched.clone(), skipped), |(at, units)| (at..touched.end, skipped - units))
}

#[cfg(test)]
#[path = "spans_tests.rs"]
mod tests;
