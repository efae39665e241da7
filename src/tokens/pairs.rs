//! The pairs of a vocabulary, small: which two earlier tokens merge to each token.
//!
//! Few tokens are parts of many, and most of none. So each side keeps all tokens in the order of
//! how often they were a part on that side so far, and a part is told by its place in that order,
//! which is mostly low. A place is a class (how many bits it has, and the first three behind its
//! highest one) and the bits that are left. The classes are a byte each, first those of all left
//! parts and then of all right ones, and compress to two thirds; the bits that are left are
//! written as they are, for nothing makes them smaller. Both sides learn the same order while they
//! write and read, so it is nowhere in the file.
//!
//! It is 665 KB of `o200k_base` with gzip or brotli alike, where the plain columns of the tokens'
//! numbers were 737 and 705 KB: a host that compresses badly or not at all loses little.

use alloc::vec::Vec;
use core::slice::Iter;

use crate::vocabulary::AT_A_TIME;

/// Bits of a place that are told by its class, behind the highest.
const CLASS_BITS: u32 = 3;

/// Tokens of one side in the order of how often they were a part: most often first.
struct Order {
    /// Each token with the number of its uses.
    tokens: Vec<(u32, u32)>,
    /// By a number of uses: how many tokens have more, so where those with this many begin.
    above: Vec<usize>,
}

impl Order {
    /// The first tokens, none of them used.
    fn new(tokens: u32) -> Self {
        let mut order = Self { tokens: Vec::new(), above: Vec::from([0]) };
        (0..tokens).for_each(|token| order.add(token));
        order
    }

    /// Adds a token behind all others.
    fn add(&mut self, token: u32) {
        self.tokens.push((token, 0));
    }

    /// The token at a place, which is now used once more: it changes places with the first of
    /// those that were used as often.
    fn take(&mut self, place: usize) -> Option<u32> {
        let (token, uses) = self.tokens.get_mut(place)?;
        let (token, used) = (*token, usize::try_from(*uses).ok()?);
        *uses += 1;
        let first = self.above.get_mut(used)?;
        self.tokens.swap(place, *first);
        *first += 1;
        if self.above.len() == used + 1 {
            self.above.push(0);
        }
        Some(token)
    }
}

/// The pairs as a file has them. Each part must be a token before its union.
pub(crate) fn write(singles: u32, pairs: &[(u32, u32)]) -> Option<Vec<u8>> {
    let (mut lefts, mut rights) = (Order::new(singles), Order::new(singles));
    let (mut left_classes, mut right_classes) = (Vec::new(), Vec::new());
    let mut bits = Bits::default();
    for (&(left, right), token) in pairs.iter().zip(singles..) {
        for (order, classes, part) in
            [(&mut lefts, &mut left_classes, left), (&mut rights, &mut right_classes, right)]
        {
            let place = order.tokens.iter().position(|&(token, _)| token == part)?;
            order.take(place)?;
            order.add(token);
            classes.push(bits.push_place(u32::try_from(place).ok()?)?);
        }
    }
    bits.flush();
    Some([left_classes, right_classes, bits.bytes].concat())
}

/// Reads so many pairs, and nothing must be left.
pub(crate) fn read(singles: u32, count: usize, file: &[u8]) -> Option<Vec<(u32, u32)>> {
    let (left_classes, rest) = file.split_at_checked(count)?;
    let (right_classes, rest) = rest.split_at_checked(count)?;
    let mut reader = Reader {
        lefts: Order::new(singles),
        rights: Order::new(singles),
        bits: Bits { bytes: Vec::new(), held: 0, count: 0 },
        rest: rest.iter(),
        pairs: Vec::with_capacity(count),
    };
    let classes = left_classes.chunks(AT_A_TIME).zip(right_classes.chunks(AT_A_TIME));
    for ((left_classes, right_classes), first) in classes.zip((singles..).step_by(AT_A_TIME)) {
        reader.read(left_classes, right_classes, first)?;
    }
    reader.rest.next().is_none().then_some(reader.pairs)
}

/// A file on its way to its pairs.
struct Reader<'a> {
    lefts: Order,
    rights: Order,
    bits: Bits,
    /// The bits that are left.
    rest: Iter<'a, u8>,
    pairs: Vec<(u32, u32)>,
}

impl Reader<'_> {
    /// Reads the pairs of the tokens from `first` on, of these classes.
    #[inline(never)]
    fn read(&mut self, left_classes: &[u8], right_classes: &[u8], first: u32) -> Option<()> {
        for ((&left, &right), token) in left_classes.iter().zip(right_classes).zip(first..) {
            let left = self.lefts.take(self.bits.pull_place(left, &mut self.rest)?)?;
            let right = self.rights.take(self.bits.pull_place(right, &mut self.rest)?)?;
            self.lefts.add(token);
            self.rights.add(token);
            self.pairs.push((left, right));
        }
        Some(())
    }
}

/// Bits behind one another, the lowest of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits that are no whole byte yet.
    held: u64,
    count: u32,
}

impl Bits {
    /// Writes what the class of a place does not tell, and gives the class.
    fn push_place(&mut self, place: u32) -> Option<u8> {
        let number = place + 1;
        let length = number.ilog2();
        let left = length.saturating_sub(CLASS_BITS);
        self.held |= u64::from(number & ((1 << left) - 1)) << self.count;
        self.count += left;
        while self.count >= 8 {
            self.flush();
        }
        let told = (number >> left) - (1 << (length - left));
        u8::try_from(length << CLASS_BITS | told).ok()
    }

    fn flush(&mut self) {
        if self.count > 0 {
            self.bytes.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.count = self.count.saturating_sub(8);
        }
    }

    /// The place of that class whose other bits come next.
    fn pull_place(&mut self, class: u8, bytes: &mut Iter<'_, u8>) -> Option<usize> {
        let length = u32::from(class >> CLASS_BITS);
        let told = u32::from(class & ((1 << CLASS_BITS) - 1));
        let left = length.saturating_sub(CLASS_BITS);
        while self.count < left {
            self.held |= u64::from(*bytes.next()?) << self.count;
            self.count += 8;
        }
        let low = self.held & ((1 << left) - 1);
        self.held >>= left;
        self.count -= left;
        let high = (1 << (length - left)) + told;
        let number = (u64::from(high) << left) | low;
        usize::try_from(number - 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Dice;

    #[test]
    fn pairs_are_read_as_they_were_written() {
        for seed in 0..200 {
            let dice = &mut Dice(seed);
            let singles = 1 + dice.below(300);
            let count = dice.below(2_000);
            // Some parts often, any part sometimes.
            let mut part = |token: usize| {
                let most = if dice.below(3) == 0 { token } else { token.min(7) };
                u32::try_from(dice.below(most)).unwrap()
            };
            let pairs: Vec<_> =
                (singles..singles + count).map(|token| (part(token), part(token))).collect();
            let singles = u32::try_from(singles).unwrap();
            let file = write(singles, &pairs).unwrap();
            assert_eq!(read(singles, count, &file), Some(pairs), "seed {seed}");
            let longer = [file.as_slice(), &[0]].concat();
            assert_eq!(read(singles, count, &longer), None);
            assert_eq!(read(singles, count + 1, &file), None);
            if let Some((_, shorter)) = file.split_last() {
                assert_eq!(read(singles, count, &file[..shorter.len()]), None);
            }
        }
    }

    #[test]
    fn a_part_that_is_no_token_yet_is_not_written() {
        assert_eq!(write(2, &[(0, 1), (2, 1)]).map(|file| file.len()), Some(4));
        assert_eq!(write(2, &[(0, 1), (3, 1)]), None);
    }

    #[test]
    fn strange_bytes_are_refused() {
        for seed in 0..2_000 {
            let dice = &mut Dice(seed);
            let file: Vec<u8> =
                (0..dice.below(64)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
            // Whatever it answers, every part is an earlier token.
            let pairs = read(256, 1 + dice.below(20), &file).unwrap_or_default();
            for (&(left, right), token) in pairs.iter().zip(256..) {
                assert!(left < token && right < token);
            }
        }
    }
}
