//! A second merge, by nothing but the published ranks: for pieces that take tiktoken minutes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Tokens of one piece: the lowest union of bytes, the leftmost first, until there is none.
pub(crate) fn count(ranks: &HashMap<Vec<u8>, usize>, piece: &[u8]) -> usize {
    // Where each part ends; past all for a part which is gone.
    let mut ends: Vec<usize> = (1..=piece.len()).collect();
    let mut befores: Vec<usize> = (0..piece.len()).map(|at| at.wrapping_sub(1)).collect();
    let mut heap = BinaryHeap::new();
    let union = |ends: &[usize], at: usize| {
        let end = *ends.get(*ends.get(at)?)?;
        Some((*ranks.get(piece.get(at..end)?)?, at, end))
    };
    heap.extend((0..piece.len()).filter_map(|at| union(&ends, at)).map(Reverse));
    let mut count = piece.len();
    while let Some(Reverse((rank, at, end))) = heap.pop() {
        if union(&ends, at) != Some((rank, at, end)) {
            continue;
        }
        let gone = std::mem::replace(&mut ends[at], end);
        ends[gone] = usize::MAX;
        if let Some(before) = befores.get_mut(end) {
            *before = at;
        }
        count -= 1;
        let before = befores[at];
        heap.extend(union(&ends, at).into_iter().chain(union(&ends, before)).map(Reverse));
    }
    count
}
