//! The edits of a draft: its count is that of its text, after each of them.
//!
//! The vocabulary is read from the folder that `KUMARI_VOCABULARY` names.

#![no_main]

use kumari_tokens::{Document, Encoding, Vocabulary};
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// Long enough for runs and groups of every kind to grow, meet and part.
const LENGTH_MAX: usize = 4_096;
/// What a byte inserts: the characters that the patterns tell apart.
const ALPHABET: [u16; 32] = [
    0x20, 0x20, 0x0a, 0x0d, 0x09, 0xa0, 0x3000, 0x61, 0x62, 0x73, 0x74, 0x72, 0x65, 0x41, 0x53,
    0x27, 0x2019, 0x30, 0x31, 0x32, 0x2f, 0x2e, 0x21, 0x301, 0x4e2d, 0x17f, 0x1c5, 0x2b0, 0xd83d,
    0xde00, 0x200d, 0xfffd,
];

static VOCABULARIES: LazyLock<[Arc<Vocabulary>; 2]> = LazyLock::new(|| {
    [Encoding::O200kBase, Encoding::Cl100kBase].map(|encoding| Arc::new(load(encoding)))
});

fn load(encoding: Encoding) -> Vocabulary {
    let folder = std::env::var("KUMARI_VOCABULARY").expect("KUMARI_VOCABULARY is set");
    let file = std::fs::read(Path::new(&folder).join(encoding.file_name())).expect("a vocabulary");
    Vocabulary::from_bytes(&file).expect("the vocabulary of this version")
}

fuzz_target!(|bytes: &[u8]| {
    let Some((which, mut rest)) = bytes.split_first() else { return };
    let vocabulary = &VOCABULARIES[usize::from(which & 1)];
    let mut document = Document::new(Arc::clone(vocabulary));
    let mut text: Vec<u16> = Vec::new();
    while let [at, deleted, inserted, after @ ..] = rest {
        let length = usize::from(inserted & 15).min(after.len());
        let (units, left) = after.split_at(length);
        rest = left;
        let units: Vec<u16> = units.iter().map(|byte| ALPHABET[usize::from(byte & 31)]).collect();
        // The first byte is a place between begin and end, the second one mostly deletes little.
        let offset = text.len() * usize::from(*at) / 255;
        let deleted = usize::from(*deleted).saturating_sub(200).min(text.len() - offset);
        if text.len() + units.len() > LENGTH_MAX {
            return;
        }
        document.edit(offset, deleted, &units).expect("an edit inside the text");
        text.splice(offset..offset + deleted, units);
        assert_eq!(document.length(), text.len());
        assert_eq!(document.tokens(), vocabulary.tokens(&String::from_utf16_lossy(&text)));
    }
});
