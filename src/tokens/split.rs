//! The pre-tokenizer: cuts a text into the pieces that are merged each on its own.
//!
//! tiktoken does it with a regular expression for each encoding. The functions here are those
//! expressions by hand, an alternative of the pattern each, with the engine's leftmost-first
//! choice and its backtracking resolved in the comments; a regex engine and its Unicode tables
//! would be many times the size of this crate. Each piece looks at most at the whole of the
//! character run that it begins in, and each run is looked at by a bounded number of pieces, so
//! a text is cut in linear time. What a piece counts is not decided here.

use crate::Encoding;
use crate::class::{
    BLANK, CASELESS, LOWER, MARK, NEWLINE, NUMBER, SYMBOL, UPPER, class_of, class_of_byte,
};

/// `\p{L}`
pub(crate) const LETTER: u8 = UPPER | LOWER | CASELESS;
/// `\s`
pub(crate) const SPACE: u8 = BLANK | NEWLINE;
/// `[^\r\n\p{L}\p{N}]`
const LEAD: u8 = BLANK | MARK | SYMBOL;
/// `[^\s\p{L}\p{N}]`
pub(crate) const SIGN: u8 = MARK | SYMBOL;
/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
const HEAD: u8 = UPPER | CASELESS | MARK;
/// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
const TAIL: u8 = LOWER | CASELESS | MARK;

/// The pieces of a text, in order; joined they are the text.
pub(crate) fn pieces(encoding: Encoding, text: &str) -> impl Iterator<Item = &str> {
    let length = match encoding {
        Encoding::Cl100kBase => cl100k_piece,
        Encoding::O200kBase => o200k_piece,
    };
    let mut rest = text;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at_checked(length(rest))?;
        rest = after;
        Some(piece)
    })
}

/// Bytes of the first piece of a text that is not empty, by the pattern of `cl100k_base`:
///
/// ```text
/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
/// |\s*[\r\n]+|\s+(?!\S)|\s+
/// ```
///
/// Newer tiktoken spells the end `|\s++$|\s*[\r\n]|\s+(?!\S)|\s`, which leaves white space with a
/// line break at the very end of a text in one piece. The count is the same: no token ends in
/// white space that follows a line break, so nothing is merged across that cut (a test of the
/// vocabulary holds this).
fn cl100k_piece(text: &str) -> usize {
    contraction(text)
        .or_else(|| cl100k_word(text))
        .or_else(|| number(text))
        .or_else(|| signs(text, |byte| matches!(byte, b'\r' | b'\n')))
        .unwrap_or_else(|| white_space(text))
}

/// Bytes of the first piece of a text that is not empty, by the pattern of `o200k_base`:
///
/// ```text
/// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|…)?
/// |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|…)?
/// |\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
/// ```
fn o200k_piece(text: &str) -> usize {
    if let Some(end) = plain_word(text.as_bytes()) {
        return end;
    }
    o200k_word(text)
        .map(|end| end + contraction(after(text, end)).unwrap_or(0))
        .or_else(|| number(text))
        .or_else(|| signs(text, |byte| matches!(byte, b'\r' | b'\n' | b'/')))
        .unwrap_or_else(|| white_space(text))
}

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)`. Without regard to case, `s` is also `ſ`; the other letters
/// have no such third form.
fn contraction(text: &str) -> Option<usize> {
    let mut characters = text.strip_prefix('\'')?.chars();
    let first = characters.next()?;
    let mut pair = |second: char| {
        let next = characters.next()?;
        next.eq_ignore_ascii_case(&second).then_some(3)
    };
    match first {
        's' | 'S' | 't' | 'T' | 'm' | 'M' | 'd' | 'D' => Some(2),
        'ſ' => Some('\''.len_utf8() + 'ſ'.len_utf8()),
        'r' | 'R' | 'v' | 'V' => pair('e'),
        'l' | 'L' => pair('l'),
        _ => None,
    }
}

/// `[^\r\n\p{L}\p{N}]?\p{L}+`. The lead is no letter, so giving it back never helps.
fn cl100k_word(text: &str) -> Option<usize> {
    let begin = lead(text);
    let end = run_end(text, begin, LETTER);
    (end > begin).then_some(end)
}

/// The first two alternatives of `o200k_base` up to their contraction: a lead, then `HEAD*TAIL+`
/// or else `HEAD+TAIL*`.
///
/// `HEAD*` first takes the whole run of heads. What follows that run is no head, so it is a tail
/// only if it is a lower-case letter, and then `TAIL+` goes on from there. If not, `HEAD*` gives
/// back characters until `TAIL+` can begin: at the last character of the run that is a tail
/// too, and `TAIL+` is that one, since whatever is behind it in the run is upper case. If there
/// is none, the lead is given back: it can begin a word only if it is a mark, which is head and
/// tail, and then it is the word alone, by the same argument. Only then comes the second
/// alternative, for which the run is heads alone: upper case.
fn o200k_word(text: &str) -> Option<usize> {
    let begin = lead(text);
    let mut heads_end = begin;
    let mut both_end = None;
    for character in after(text, begin).chars() {
        let class = class_of(character);
        if class & HEAD == 0 {
            if class == LOWER {
                return Some(run_end(text, heads_end, TAIL));
            }
            break;
        }
        heads_end += character.len_utf8();
        if class & TAIL != 0 {
            both_end = Some(heads_end);
        }
    }
    let mark_lead = || text.starts_with(|first| class_of(first) == MARK).then_some(begin);
    let upper_case = || (heads_end > begin).then_some(heads_end);
    both_end.or_else(mark_lead).or_else(upper_case)
}

/// The piece that most are, found without looking at each byte: a lead or none, a capital or none,
/// lower-case ASCII letters, and then neither an apostrophe nor a character that is not ASCII.
#[inline]
fn plain_word(text: &[u8]) -> Option<usize> {
    let class = |at: usize| text.get(at).map_or(0, |&byte| class_of_byte(byte));
    let lead = usize::from(class(0) & LEAD != 0);
    let begin = lead + usize::from(class(lead) == UPPER);
    let end = lower_end(text, begin);
    let is_whole = text.get(end).is_none_or(|&next| next.is_ascii() && next != b'\'');
    (end > begin && is_whole).then_some(end)
}

/// Where the lower-case ASCII letters end that begin at a byte.
#[inline]
fn lower_end(text: &[u8], begin: usize) -> usize {
    let mut at = begin;
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let others = others_than_lower(u64::from_le_bytes(*eight));
        if others != 0 {
            return at + usize::try_from(others.trailing_zeros() / u8::BITS).unwrap_or(0);
        }
        at += eight.len();
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !byte.is_ascii_lowercase()).unwrap_or(rest.len())
}

/// The highest bit of each byte that is no lower-case ASCII letter.
const fn others_than_lower(eight: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = EACH << 7;
    let low = eight & !HIGHEST;
    // No sum is above a byte's: what is at least the letter reaches the highest bit.
    let from_a = low.wrapping_add(EACH * 0x1f);
    let from_behind_z = low.wrapping_add(EACH * 0x05);
    (eight | !from_a | from_behind_z) & HIGHEST
}

/// `\p{N}{1,3}`
fn number(text: &str) -> Option<usize> {
    let digits = text.chars().take(3).take_while(|&next| class_of(next) == NUMBER);
    Some(digits.map(char::len_utf8).sum()).filter(|&end| end > 0)
}

/// ` ?[^\s\p{L}\p{N}]+[\r\n]*`, or with a slash in the last brackets. A space is no sign, so
/// giving it back never helps.
fn signs(text: &str, is_closer: impl Fn(u8) -> bool) -> Option<usize> {
    let begin = usize::from(text.as_bytes().first() == Some(&b' '));
    let end = run_end(text, begin, SIGN);
    let closers = text.as_bytes().get(end..).unwrap_or_default();
    let closed = closers.iter().take_while(|&&byte| is_closer(byte)).count();
    (end > begin).then_some(end + closed)
}

/// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line break of the white space; else, where something
/// follows it, all but its last character, which belongs to what follows; else all of it.
fn white_space(text: &str) -> usize {
    let end = run_end(text, 0, SPACE);
    let space = text.get(..end).unwrap_or(text);
    if let Some(last_break) = space.bytes().rposition(|byte| matches!(byte, b'\r' | b'\n')) {
        return last_break + 1;
    }
    let last = space.chars().next_back().map_or(0, char::len_utf8);
    if end == text.len() || end == last { end } else { end - last }
}

/// `[^\r\n\p{L}\p{N}]?`
#[inline]
fn lead(text: &str) -> usize {
    if let Some(&first) = text.as_bytes().first()
        && first.is_ascii()
    {
        return usize::from(class_of_byte(first) & LEAD != 0);
    }
    let first = text.chars().next().filter(|&first| class_of(first) & LEAD != 0);
    first.map_or(0, char::len_utf8)
}

/// Where the characters of a set end that begin at `begin`.
#[inline]
pub(crate) fn run_end(text: &str, begin: usize, set: u8) -> usize {
    let mut at = begin;
    loop {
        let bytes = text.as_bytes().get(at..).unwrap_or_default();
        let others = |&byte: &u8| class_of_byte(byte) & set == 0;
        at += bytes.iter().position(others).unwrap_or(bytes.len());
        match after(text, at).chars().next() {
            Some(next) if !next.is_ascii() && class_of(next) & set != 0 => at += next.len_utf8(),
            _ => return at,
        }
    }
}

/// The text from a byte on that begins a character.
fn after(text: &str, begin: usize) -> &str {
    text.get(begin..).unwrap_or("")
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
