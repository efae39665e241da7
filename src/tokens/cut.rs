//! Where a text may be cut so that its two sides are counted each on its own, whatever they are.
//!
//! Between two characters `x|y`, the pieces of a text are those of its left side followed by those
//! of its right side in the cases of [`is_cut`]. For the right side it is enough that a piece
//! begins at `y`: no pattern looks behind. For the left side it is enough that each thing that a
//! pattern may ask of what follows has the same answer for `y` as for the end of a text, and that
//! it is asked of `y` alone. Rule by rule, for both encodings (`split` has the patterns):
//!
//! * **A run** (`\p{L}+`, `HEAD*TAIL+`, `\p{N}{1,3}`, `[^\s\p{L}\p{N}]+`, `[\r\n]*`, `[\r\n/]*`,
//!   `\s+`) that reaches `x` stops at `y`, as it would at the end, if `y` is not in its set. The
//!   runs that reach a letter are those of letters and, in `o200k_base`, of heads and tails: `y`
//!   is no letter and no mark. Those that reach a number: of numbers, and `y` is none. Those that
//!   reach a mark or a symbol: of signs, of heads and tails, and (`/`) of closers; `y` is a blank
//!   or a number. Those that reach a line break: of white space and of closers; `y` is neither
//!   white space nor `/`. A number run counts its threes from its own beginning, so there is no
//!   cut inside one, and how it ends says nothing of what follows.
//! * **Giving back** (`HEAD*` for `TAIL+`) asks whether the run of heads is followed by a
//!   lower-case letter; `y` is no letter where a run of heads reaches `x`.
//! * **A lead** (`[^\r\n\p{L}\p{N}]?`) at `x` asks whether a letter (in `o200k_base` also a mark)
//!   follows. `x` is then a mark or a symbol, and `y` a blank or a number. The space of
//!   ` ?[^\s\p{L}\p{N}]+` cannot be `x`, which is no blank.
//! * **A contraction** (`'s`, `'re`, …) begins behind a word only with `'`, and `y` is no `'`
//!   where `x` is a letter. One that begins at or before `x` asks up to two letters of what
//!   follows: `y` is no letter where `x` is a letter or `'`.
//! * **White space** that reaches `x` ends in a line break there, so the last line break is `x`
//!   and the piece ends with it, whatever follows; `(?!\S)` is not asked. `x` is never a blank:
//!   whether the last blank belongs to what follows is asked behind it.
//!
//! A run of one class therefore has no cut in it, however long it is. `run` is for those.

use crate::class::{BLANK, CASELESS, LOWER, MARK, NEWLINE, NUMBER, SYMBOL, UPPER, class_of};
use crate::split::{LETTER, SIGN, SPACE, run_end};

/// Code units to each side of a cut that it depends on: `x` and `y`, which may be pairs.
pub(crate) const CONTEXT: usize = 2;

/// Whether a text may be cut between two neighbours.
pub(crate) fn is_cut(x: char, y: char) -> bool {
    let next = class_of(y);
    match class_of(x) {
        UPPER | LOWER | CASELESS => match next {
            SYMBOL => y != '\'',
            next => next & (NUMBER | BLANK | NEWLINE) != 0,
        },
        NUMBER => next != NUMBER,
        MARK | SYMBOL => next & (NUMBER | BLANK) != 0,
        NEWLINE => next & (BLANK | NEWLINE) == 0 && y != '/',
        _ => false,
    }
}

/// The first cut of a text at a byte or behind it. Only where a run of letters, of numbers, of signs
/// or of white space ends can there be one.
pub(crate) fn next_cut(text: &str, from: usize) -> Option<usize> {
    let mut at = (from..=text.len()).find(|&at| text.is_char_boundary(at))?;
    let mut before = text.get(..at)?.chars().next_back();
    loop {
        let next = text.get(at..)?.chars().next()?;
        if before.is_some_and(|before| is_cut(before, next)) {
            return Some(at);
        }
        let class = class_of(next);
        let run = [LETTER, NUMBER, SIGN, SPACE].into_iter().find(|run| run & class != 0)?;
        at = run_end(text, at, run);
        before = text.get(..at)?.chars().next_back();
    }
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
