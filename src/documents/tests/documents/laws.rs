//! Laws of reading: whatever the bytes are, reading ends without a panic, gives the same answer
//! twice, and keeps to its limits; and a text that is put into a document comes out of it.

use crate::make::{docx, hello, stream};
use kumari_documents::{Hint, Kind, Limits, read, text_pages};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const LIMITS: Limits = Limits {
    file_bytes_max: 64 << 10,
    pages_max: 50,
    inflated_bytes_max: 1 << 20,
    text_bytes_max: 32 << 10,
    nesting_max: 32,
    work_bytes_max: 8 << 20,
};

fn holds(bytes: &[u8], hint: &Hint<'_>) {
    let first = read(bytes, hint, &LIMITS);
    assert_eq!(first, read(bytes, hint, &LIMITS));
    let Ok(document) = first else { return };
    let characters = u64::try_from(document.text.chars().count()).unwrap();
    assert_eq!(document.characters, characters);
    assert!(document.text.len() <= LIMITS.text_bytes_max);
    match document.kind {
        Kind::Pdf => assert!((1..=LIMITS.pages_max).contains(&document.pages)),
        Kind::Docx | Kind::Txt | Kind::Csv => assert_eq!(document.pages, text_pages(characters)),
    }
}

fn fixtures() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Characters that XML may have, of each length and kind.
fn line() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::char::range(' ', '~'),
        1 => prop::char::range('\u{a1}', '\u{d7ff}'),
        1 => prop::char::range('\u{1f300}', '\u{1faff}'),
        1 => select(vec!['<', '&', '>', '"', '\'', 'ß', '中', '\u{301}']),
    ];
    vec(character, 0..60).prop_map(String::from_iter)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

proptest! {
    #[test]
    fn random_bytes_are_read_alike_and_within_limits(
        beginning in select(vec![&b""[..], b"%PDF-1.7\n", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf"]),
        bytes in vec(any::<u8>(), 0..600),
        csv in any::<bool>(),
    ) {
        let name = if csv { "a.csv" } else { "a.txt" };
        holds(&[beginning, &bytes].concat(), &Hint { name: Some(name), media_type: None });
    }

    #[test]
    fn damaged_files_are_read_alike_and_within_limits(
        file in select(fixtures()),
        edits in vec((any::<Index>(), any::<u8>()), 1..20),
        cut in prop::option::of(any::<Index>()),
    ) {
        let mut file = file;
        for (place, byte) in edits {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        holds(&file, &Hint::default());
    }

    #[test]
    fn random_words_of_a_page_are_read_alike_and_within_limits(
        words in vec(select(vec![
            "BT", "ET", "q", "Q", "cm", "Tf", "Td", "Tm", "Tj", "TJ", "'", "\"", "T*", "Do", "BI",
            "ID", "EI", "/F1", "/X", "(a b)", "<41>", "[", "]", "<<", ">>", "-7.5", "1e9", "0",
            "99999999999", "%", "(", ")",
        ]), 0..200),
    ) {
        holds(&hello(stream("", words.join(" ").as_bytes())), &Hint::default());
    }

    #[test]
    fn a_text_comes_out_of_a_document_as_it_was_put_in(lines in vec(line(), 0..30)) {
        let body: String = lines
            .iter()
            .map(|line| format!("<w:p><w:r><w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>", escaped(line)))
            .collect();
        let document = read(&docx(&body), &Hint::default(), &LIMITS).unwrap();
        let expected = lines.join("\n");
        prop_assert_eq!(document.text, expected.trim_end_matches('\n'));
    }
}
