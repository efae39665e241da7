//! What the patterns ask of a character, as one bit of eight.
//!
//! The classes are Unicode's general categories and `White_Space`, cut down to what the patterns
//! of the two encodings tell apart, so that each character is in exactly one class and each
//! bracket expression of a pattern is a set of bits. The two tables are generated from
//! `regex-syntax`, whose Unicode version tiktoken uses; `class_tests.rs` writes and checks
//! them. This module does not know the patterns.

/// `\p{Lu}` and `\p{Lt}`.
pub(crate) const UPPER: u8 = 1;
/// `\p{Ll}`.
pub(crate) const LOWER: u8 = 1 << 1;
/// `\p{Lm}` and `\p{Lo}`.
pub(crate) const CASELESS: u8 = 1 << 2;
/// `\p{M}`.
pub(crate) const MARK: u8 = 1 << 3;
/// `\p{N}`.
pub(crate) const NUMBER: u8 = 1 << 4;
/// `[\r\n]`.
pub(crate) const NEWLINE: u8 = 1 << 5;
/// `\s` without `\r` and `\n`.
pub(crate) const BLANK: u8 = 1 << 6;
/// Everything else: punctuation, symbols, control, private and unassigned characters.
pub(crate) const SYMBOL: u8 = 1 << 7;

/// Characters in a block of the table; a power of two.
const BLOCK: u32 = 128;

/// For each block of characters, in order, the number of its classes in `BLOCKS`. Characters past
/// its end are symbols.
static INDEX: &[u8] = include_bytes!("unicode/index.bin");

/// The different blocks, a byte (class) for each character.
static BLOCKS: &[u8] = include_bytes!("unicode/blocks.bin");

/// The classes of the ASCII characters, by their bytes; 0 for bytes of other characters.
static ASCII: [u8; 256] = {
    let mut classes = [0; 256];
    let mut rest = BLOCKS.split_at(0x80).0;
    let mut byte = 0;
    while let [class, others @ ..] = rest {
        let (_, from) = classes.split_at_mut(byte);
        if let [first, ..] = from {
            *first = *class;
        }
        byte += 1;
        rest = others;
    }
    classes
};

/// The class of a character: exactly one of the bits above.
#[inline]
pub(crate) fn class_of(character: char) -> u8 {
    #[cfg(test)]
    tests::LOOKS.set(tests::LOOKS.get() + 1);
    let code = u32::from(character);
    let at = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    INDEX
        .get(at(code / BLOCK))
        .and_then(|&block| BLOCKS.get(at(u32::from(block) * BLOCK + code % BLOCK)))
        .copied()
        .unwrap_or(SYMBOL)
}

/// The class of the character that is this byte; none for a byte of a longer character.
#[inline]
pub(crate) fn class_of_byte(byte: u8) -> u8 {
    #[cfg(test)]
    tests::LOOKS.set(tests::LOOKS.get() + 1);
    ASCII.get(usize::from(byte)).copied().unwrap_or(0)
}

#[cfg(test)]
pub(crate) use tests::looks;

#[cfg(test)]
#[path = "class_tests.rs"]
mod tests;
