//! A document's count after every edit of long random sequences is the count of its text.
//!
//! `cargo xtask soak tokens` runs this for a million edits, of another seed.

#[cfg(test)]
mod common;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod effort;
#[cfg(test)]
mod writer;

use common::vocabulary;
use corpus::Dice;
use effort::{cases, first_number};
use kumari_tokens::{Document, Encoding};
use writer::{NASTY, Writer};

#[test]
fn the_count_after_every_edit_is_the_count_of_the_text() {
    let edits = cases(10_000);
    for encoding in Encoding::ALL {
        let vocabulary = vocabulary(encoding);
        let mut sequence = 0;
        let mut done = 0;
        while done < edits {
            let dice = Dice(u64::try_from(first_number() + sequence).unwrap());
            let mut writer = Writer::new(dice);
            let mut document = Document::new(vocabulary.clone());
            let length = 1 + writer.dice.below(400);
            for _ in 0..length {
                let (offset, deleted, inserted) = writer.edit();
                document.edit(offset, deleted, &inserted).unwrap();
                let text = String::from_utf16_lossy(&writer.text);
                assert_eq!(document.length(), writer.text.len());
                assert_eq!(
                    document.tokens(),
                    vocabulary.tokens(&text),
                    "{encoding:?} sequence {}: {offset} {deleted} {inserted:x?} gave {text:?}",
                    first_number() + sequence,
                );
                done += 1;
            }
            sequence += 1;
        }
    }
}

/// Every edit at and around every place of texts that hold each class beside each other.
#[test]
fn every_small_edit_of_a_text_of_all_neighbours() {
    for encoding in Encoding::ALL {
        let vocabulary = vocabulary(encoding);
        let mut text: Vec<u16> = Vec::new();
        for left in NASTY {
            for right in NASTY {
                text.extend(left.iter().chain(*right));
            }
        }
        let mut document = Document::new(vocabulary.clone());
        document.edit(0, 0, &text).unwrap();
        let mut dice = Dice(u64::try_from(first_number()).unwrap());
        for _ in 0..1_000 {
            let offset = dice.below(text.len());
            let deleted = dice.below(3).min(text.len() - offset);
            let inserted = NASTY[dice.below(NASTY.len())];
            document.edit(offset, deleted, inserted).unwrap();
            text.splice(offset..offset + deleted, inserted.iter().copied());
            assert_eq!(
                document.tokens(),
                vocabulary.tokens(&String::from_utf16_lossy(&text)),
                "{encoding:?} {offset} {deleted} {inserted:x?}"
            );
        }
    }
}
