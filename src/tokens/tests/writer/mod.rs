//! Edits at random, most of them where they hurt: near the last one, where classes meet, in long runs.

use crate::corpus::{self, Dice};

/// What trips the patterns: each class, each character that a rule names, halves of pairs.
pub(crate) const NASTY: &[&[u16]] = &[
    &[0x61],
    &[0x41],
    &[0x73],
    &[0x27],
    &[0x27, 0x73],
    &[0x27, 0x72, 0x65],
    &[0x72],
    &[0x6c],
    &[0x76, 0x45],
    &[0x17f],
    &[0x1c5],
    &[0x2b0],
    &[0x4e2d],
    &[0x301],
    &[0xfe0f],
    &[0x37],
    &[0x37, 0x37],
    &[0x663],
    &[0x2160],
    &[0x20],
    &[0x20, 0x20],
    &[0x9],
    &[0xa],
    &[0xd, 0xa],
    &[0xd],
    &[0x85],
    &[0xa0],
    &[0x3000],
    &[0x2028],
    &[0x21],
    &[0x2f],
    &[0x2f, 0xa],
    &[0x200d],
    &[0x3c, 0x7c],
    &[0xfffd],
    &[0xd83d],
    &[0xde00],
    &[0xd83d, 0xde00],
    &[0xd800],
    &[0xdfff],
    &[0xd840, 0xdc00],
    &[0x20, 0x61, 0x62],
    &[0x65, 0x301],
    &[0x4e2d, 0x41],
    &[0x20, 0xa, 0x20],
];

/// Somebody who edits a text.
pub(crate) struct Writer {
    pub(crate) dice: Dice,
    /// The text so far.
    pub(crate) text: Vec<u16>,
    /// Where the last edit was: the next is often near.
    cursor: usize,
}

impl Writer {
    /// Somebody with an empty text.
    pub(crate) const fn new(dice: Dice) -> Self {
        Self { dice, text: Vec::new(), cursor: 0 }
    }

    /// The next edit, which is also done to the text.
    pub(crate) fn edit(&mut self) -> (usize, usize, Vec<u16>) {
        let dice = &mut self.dice;
        let length = self.text.len();
        let offset = match dice.below(8) {
            0 | 1 => dice.below(length + 1),
            2 => length,
            3 => self.near_a_change(),
            _ => (self.cursor + dice.below(7)).saturating_sub(3).min(length),
        };
        let dice = &mut self.dice;
        let deleted = match dice.below(12) {
            0..6 => 0,
            6..11 => dice.below(4),
            _ => dice.below(if length > 3_000 { 2_500 } else { 300 }),
        };
        let deleted = deleted.min(length - offset);
        let mut inserted = Vec::new();
        let parts = match dice.below(16) {
            0 => 0,
            1..14 => 1,
            14 => dice.below(40),
            _ => dice.below(150),
        };
        for _ in 0..parts {
            let part = NASTY[dice.below(NASTY.len())];
            let times = if dice.below(60) == 0 { 1 + dice.below(1_500) } else { 1 };
            (0..times).for_each(|_| inserted.extend_from_slice(part));
        }
        if parts > 1 && dice.below(2) == 0 {
            inserted = corpus::text(dice.below(1 << 30)).encode_utf16().collect();
        }
        if length > 8_000 {
            inserted.truncate(1);
        }
        self.cursor = offset + inserted.len();
        self.text.splice(offset..offset + deleted, inserted.iter().copied());
        (offset, deleted, inserted)
    }

    /// A place where one thing ends and another begins.
    fn near_a_change(&mut self) -> usize {
        let from = self.dice.below(self.text.len() + 1);
        let kind = |unit: u16| match unit {
            0x20 | 0x9 | 0xa | 0xd | 0x3000 => 0,
            0x30..0x3a => 1,
            0x41..0x5b => 2,
            0x61..0x7b | 0x300..0x4000 => 3,
            _ => 4,
        };
        let change = self.text[from..].windows(2).position(|pair| kind(pair[0]) != kind(pair[1]));
        from + change.map_or(0, |at| at + self.dice.below(2))
    }
}
