//! Characters that may be taken whole where merging would begin with their bytes.
//!
//! A character of two or three bytes that is a token by itself becomes that token, whatever is
//! around it, if no union crosses its borders before it is whole. Few tokens hold a part of a
//! character beside another one (` \xe5` is one, 794 of `o200k_base` are); all of those are known
//! by the two bytes that meet at a border in them. A border of two other bytes is *sound*: each
//! token that crosses it consists of whole characters, so a union can cross it only once the
//! characters at both sides are whole.
//!
//! A character with two sound borders may be whole from the start, because that changes no order:
//! its inner unions are lower than itself (each token's parts are), so they are made before any
//! union that has the character in it, which is higher; and they are made by themselves alone.
//! What begins with bytes beside it does not matter to this.

use alloc::vec;
use alloc::vec::Vec;

use crate::merge::{Merges, NONE};

/// The borders that are not sound.
pub(crate) struct Borders {
    /// A bit for each two bytes.
    bits: Vec<u64>,
}

impl Borders {
    pub(crate) fn new() -> Self {
        Self { bits: vec![0; (1 << 16) / 64] }
    }

    /// Notes the borders in a token, if it does not consist of whole characters.
    pub(crate) fn note(&mut self, token: &[u8]) {
        if is_whole(token) {
            return;
        }
        for pair in token.windows(2) {
            if let &[left, right] = pair
                && !is_inside(right)
            {
                let (word, bit) = place(left, right);
                if let Some(bits) = self.bits.get_mut(word) {
                    *bits |= bit;
                }
            }
        }
    }

    /// Whether the border between two bytes of a text is sound; also its beginning or end.
    #[inline]
    fn is_sound(&self, left: Option<u8>, right: Option<u8>) -> bool {
        let (Some(left), Some(right)) = (left, right) else {
            return true;
        };
        let (word, bit) = place(left, right);
        self.bits.get(word).is_some_and(|bits| bits & bit == 0)
    }

    /// Appends the tokens that merging may begin with.
    pub(crate) fn begin(&self, merges: &impl Merges, bytes: &[u8], tokens: &mut Vec<u32>) {
        let mut rest = bytes;
        let mut before = None;
        while let Some(&first) = rest.first() {
            let length = match first {
                0xc0..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 1,
            };
            let (character, behind) = rest.split_at(length.min(rest.len()));
            let token = whole(merges, character);
            let is_sound = token != NONE
                && self.is_sound(before, Some(first))
                && self.is_sound(character.last().copied(), behind.first().copied());
            if is_sound {
                tokens.push(token);
            } else {
                tokens.extend(character.iter().map(|&byte| merges.byte(byte)));
            }
            before = character.last().copied();
            rest = behind;
        }
    }
}

/// The token that a character merges to by itself, or `NONE` where they are several.
#[inline]
fn whole(merges: &impl Merges, character: &[u8]) -> u32 {
    match *character {
        [byte] => merges.byte(byte),
        [first, second] => merges.double(first, second),
        [first, second, third] => {
            let (left, right) = (merges.double(first, second), merges.double(second, third));
            if left == NONE && right == NONE {
                NONE
            } else if left <= right {
                merges.union(left, merges.byte(third))
            } else {
                merges.union(merges.byte(first), right)
            }
        }
        _ => NONE,
    }
}

/// Whether bytes of a text begin and end with whole characters.
fn is_whole(token: &[u8]) -> bool {
    let behind = token.iter().rev().take_while(|&&byte| is_inside(byte)).count();
    let last = token.iter().nth_back(behind).copied();
    let needed = match last {
        Some(0xc0..0xe0) => 1,
        Some(0xe0..0xf0) => 2,
        Some(0xf0..) => 3,
        _ => 0,
    };
    behind == needed && !token.first().copied().is_some_and(is_inside)
}

/// Whether a byte is behind the first of its character.
const fn is_inside(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[inline]
fn place(left: u8, right: u8) -> (usize, u64) {
    (usize::from(left) * 4 + usize::from(right >> 6), 1 << (right & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_whole_characters_are_known() {
        let check =
            |token: &[u8], expected: bool| assert_eq!(is_whole(token), expected, "{token:?}");
        for token in ["a", "abc", "é", " 中", "中文", "😀", "a😀"] {
            check(token.as_bytes(), true);
            check(&token.as_bytes()[..token.len() - 1], token.len() == 1 || token == "abc");
        }
        check(b"\xb8", false);
        check(b"\xb8\xad a", false);
        check(b" \xe4", false);
        check(b" \xe4\xb8", false);
    }

    #[test]
    fn a_border_is_sound_unless_a_token_has_it_with_part_of_a_character() {
        let mut borders = Borders::new();
        borders.note(" 中文".as_bytes());
        borders.note(b" \xe5");
        borders.note(b"\xad\xe6\x96");
        let check = |left: u8, right: u8, expected: bool| {
            assert_eq!(borders.is_sound(Some(left), Some(right)), expected, "{left:x} {right:x}");
        };
        check(b' ', 0xe4, true);
        check(b' ', 0xe5, false);
        check(0xad, 0xe6, false);
        check(0xad, 0xe5, true);
        assert!(borders.is_sound(None, Some(b' ')) && borders.is_sound(Some(0xad), None));
    }
}
