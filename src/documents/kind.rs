//! What a file is, told from its bytes. A name or media type only tells a CSV from a text.

use crate::DocumentFault;

/// A kind of file that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Portable Document Format.
    Pdf,
    /// Word's document since 2007, Office Open XML.
    Docx,
    /// Plain text.
    Txt,
    /// Text in columns.
    Csv,
}

impl Kind {
    /// The kind's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Txt => "txt",
            Self::Csv => "csv",
        }
    }
}

/// What the sender says of a file; the bytes have the last word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint<'a> {
    /// Its name, as `table.csv`.
    pub name: Option<&'a str>,
    /// Its media type, as `text/csv; charset=utf-8`.
    pub media_type: Option<&'a str>,
}

impl Hint<'_> {
    fn says_csv(&self) -> bool {
        let by_name = self.name.is_some_and(|name| {
            name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("csv"))
        });
        let by_type = self.media_type.is_some_and(|full| {
            full.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
        });
        by_name || by_type
    }
}

/// A PDF's header stands within so many bytes of the beginning.
const PDF_HEADER_BYTES: usize = 1024;

const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// What to do instead of attaching a file that is none of the kinds that are read.
pub const ACCEPTED: &str = "attach a PDF, DOCX, TXT or CSV file";

/// Beginnings of files that people attach by mistake, each with what it is.
const OTHERS: [(&[u8], &str); 8] = [
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%!PS", "a PostScript file"),
];

/// The kind of these bytes.
pub(crate) fn of(bytes: &[u8], hint: &Hint<'_>) -> Result<Kind, DocumentFault> {
    // A zip that is not a document of Word is told apart where it is opened. There may be a PDF in it.
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Ok(Kind::Docx);
    }
    if pdf_header(bytes).is_some() {
        return Ok(Kind::Pdf);
    }
    if bytes.starts_with(OLE) {
        return Err(DocumentFault::Unsupported {
            found: "an Office file of before 2007, or one with a password,",
            instead: "save it as DOCX without a password",
        });
    }
    if let Some((_, found)) = OTHERS.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
        return Err(DocumentFault::Unsupported { found, instead: ACCEPTED });
    }
    Ok(if hint.says_csv() { Kind::Csv } else { Kind::Txt })
}

/// Where a PDF begins, if this is one.
pub(crate) fn pdf_header(bytes: &[u8]) -> Option<usize> {
    let mark = b"%PDF-";
    let window = bytes.get(..PDF_HEADER_BYTES.min(bytes.len()))?;
    window.windows(mark.len()).position(|part| part == mark)
}

#[cfg(test)]
mod tests {
    use super::{Hint, Kind, of};

    #[test]
    fn the_bytes_tell_the_kind_and_a_hint_only_tells_a_csv_from_a_text() {
        let csv = Hint { name: Some("list.CSV"), media_type: None };
        let typed = Hint { name: None, media_type: Some("Text/CSV; charset=utf-8") };
        let other = Hint { name: Some("csv"), media_type: Some("text/plain") };
        let cases: [(&[u8], Hint<'_>, Kind); 7] = [
            (b"%PDF-1.7\n", csv, Kind::Pdf),
            (b"junk before\n%PDF-1.4", other, Kind::Pdf),
            (b"PK\x03\x04....%PDF-1.7", csv, Kind::Docx),
            (b"a,b", csv, Kind::Csv),
            (b"a,b", typed, Kind::Csv),
            (b"a,b", other, Kind::Txt),
            (b"", Hint::default(), Kind::Txt),
        ];
        for (bytes, hint, expected) in cases {
            assert_eq!(of(bytes, &hint), Ok(expected), "{bytes:?} {hint:?}");
        }
    }

    #[test]
    fn what_is_not_read_is_called_by_its_name() {
        let cases: [(&[u8], &str); 3] = [
            (b"\x89PNG\r\n\x1a\n", "a PNG picture cannot be read: attach a PDF"),
            (super::OLE, "save it as DOCX without a password"),
            (b"{\\rtf1 hello}", "an RTF document"),
        ];
        for (bytes, words) in cases {
            let fault = of(bytes, &Hint::default()).unwrap_err();
            assert_eq!(fault.code(), "document_unsupported");
            assert!(fault.to_string().contains(words), "{fault}");
        }
    }
}
