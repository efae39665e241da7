//! UTF-16 code units kept as bytes: UTF-8 that may also hold half of a surrogate pair (WTF-8).
//!
//! Editors in browsers work in code units, and an edit may tear a pair apart or join one. A half
//! without its other half is kept as the three bytes that UTF-8 would give its number, and is
//! counted as U+FFFD, which has three bytes as well: so positions in a text and in what is
//! counted of it are the same. Two halves that meet are always joined at once, so there is one
//! way to write a text.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes of a half, and of the U+FFFD that it counts as.
pub(crate) const HALF: usize = 3;

/// Bytes of a character that is a pair in UTF-16.
const PAIR: usize = 4;

/// How much of a text is looked at in one go.
const STRIDE: usize = 64;

/// The code units as bytes.
pub(crate) fn from_units(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len());
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(character) => push(&mut bytes, character),
            Err(half) => bytes.extend(from_half(half.unpaired_surrogate())),
        }
    }
    bytes
}

/// The text that is counted: what JavaScript makes of a string when it hands it on as UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut bytes = bytes.to_vec();
            for at in 0..bytes.len() {
                // No character has these two bytes, and none has the first elsewhere than in front.
                if let Some(half @ &mut [0xed, 0xa0..=0xbf, _]) = bytes.get_mut(at..at + HALF) {
                    half.copy_from_slice("\u{fffd}".as_bytes());
                }
            }
            Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
        }
    }
}

/// The byte at which a code unit begins, or the end. Where it is the second of a pair, the pair is
/// torn into its halves.
pub(crate) fn tear(bytes: &mut Vec<u8>, unit: usize) -> usize {
    let (at, before) = find(bytes, unit);
    if before == unit {
        return at;
    }
    let begin = at.saturating_sub(PAIR);
    let pair = bytes.get(begin..at).and_then(|pair| core::str::from_utf8(pair).ok());
    let halves: Vec<u8> = pair.unwrap_or("").encode_utf16().flat_map(from_half).collect();
    bytes.splice(begin..at, halves);
    begin + HALF
}

/// Joins the two halves that meet at a byte, if they are those of a pair.
pub(crate) fn join(bytes: &mut Vec<u8>, at: usize) {
    let begin = at.saturating_sub(HALF);
    let Some(&[0xed, high @ 0xa0..=0xaf, low, 0xed, next @ 0xb0..=0xbf, last]) =
        bytes.get(begin..at + HALF)
    else {
        return;
    };
    let to_half =
        |second, third| 0xd000 | (u16::from(second & 0x3f_u8) << 6) | u16::from(third & 0x3f_u8);
    let pair = [to_half(high, low), to_half(next, last)];
    bytes.splice(begin..at + HALF, from_units(&pair));
}

/// The first byte that begins a character and has at least so many code units before it, and how
/// many it has.
fn find(bytes: &[u8], unit: usize) -> (usize, usize) {
    let mut before = 0;
    let mut at = 0;
    for stride in bytes.chunks(STRIDE) {
        // Where the sum reaches the place, it is in here or at the beginning of what follows.
        let sum = units(stride);
        if before + sum >= unit {
            break;
        }
        before += sum;
        at += stride.len();
    }
    for byte in bytes.get(at..).unwrap_or_default() {
        if before >= unit && !is_inside(*byte) {
            break;
        }
        before += usize::from(width(*byte));
        at += 1;
    }
    (at, before)
}

/// Code units of a text.
pub(crate) fn units(bytes: &[u8]) -> usize {
    // A byte holds the sum of a stride, and the processor adds many bytes at once.
    let sum = |stride: &[u8]| stride.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(width(byte)));
    bytes.chunks(STRIDE).map(|stride| usize::from(sum(stride))).sum()
}

/// Code units of the character that begins with the byte; 0 for a byte that begins none.
fn width(byte: u8) -> u8 {
    u8::from(!is_inside(byte)).wrapping_add(u8::from(byte >= 0xf0))
}

/// Whether a byte is behind the first of its character.
const fn is_inside(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

fn push(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

const fn from_half(half: u16) -> [u8; HALF] {
    let [high, low] = half.to_be_bytes();
    [0xed, 0x80 | ((high << 2) & 0x3f) | (low >> 6), 0x80 | (low & 0x3f)]
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    #[test]
    fn code_units_become_what_is_counted() {
        let check = |units: &[u16]| {
            let bytes = from_units(units);
            assert_eq!(super::units(&bytes), units.len());
            assert_eq!(text(&bytes), String::from_utf16_lossy(units), "{units:x?}");
            assert_eq!(text(&bytes).len(), bytes.len());
        };
        check(&[]);
        check(&[0x61, 0xe9, 0x4e2d, 0xd83d, 0xde00, 0x62]);
        check(&[0xd83d]);
        check(&[0xde00, 0xd83d]);
        check(&[0xd800, 0xdbff, 0xdfff, 0xdc00]);
        check(&[0xd7ff, 0xd83d, 0xe000]);
        check(&[0x61; 200]);
    }

    #[test]
    fn pairs_are_torn_and_joined() {
        let text: Vec<u16> = "a".repeat(63).encode_utf16().chain([0xd83d, 0xde00, 0x62]).collect();
        let whole = from_units(&text);
        for (unit, expected) in [(0, 0), (62, 62), (63, 63), (65, 67), (66, 68)] {
            let mut bytes = whole.clone();
            assert_eq!(tear(&mut bytes, unit), expected, "{unit}");
            assert_eq!(bytes, whole);
        }
        let mut bytes = whole.clone();
        assert_eq!(tear(&mut bytes, 64), 66);
        assert_eq!(bytes[63..], [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, b'b']);
        join(&mut bytes, 63);
        join(&mut bytes, 69);
        assert_eq!(bytes.len(), 70);
        join(&mut bytes, 66);
        assert_eq!(bytes, whole);
    }

    #[test]
    fn every_pair_survives() {
        for character in ['\u{10000}', '\u{103ff}', '\u{10400}', '😀', '\u{10fc00}', '\u{10ffff}']
        {
            let mut bytes = vec![];
            push(&mut bytes, character);
            let whole = bytes.clone();
            assert_eq!(tear(&mut bytes, 1), 3);
            join(&mut bytes, 3);
            assert_eq!(bytes, whole, "{character:?}");
        }
    }
}
