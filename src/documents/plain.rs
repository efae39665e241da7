//! Plain text: UTF-8 with or without a byte order mark, UTF-16 with one.

use crate::kind::ACCEPTED;
use crate::{Document, DocumentFault, Kind, Limits};

/// Reads a text.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, DocumentFault> {
    Document::of_text(Kind::Txt, decode(bytes, limits)?, limits)
}

/// The text of these bytes, line ends as they are.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<String, DocumentFault> {
    let text = if let Some(units) = bytes.strip_prefix(b"\xff\xfe") {
        utf16(units, u16::from_le_bytes, limits)?
    } else if let Some(units) = bytes.strip_prefix(b"\xfe\xff") {
        utf16(units, u16::from_be_bytes, limits)?
    } else {
        let (mark, rest) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => (3, rest),
            None => (0, bytes),
        };
        limits.check_text(rest.len())?;
        let text = std::str::from_utf8(rest).map_err(|fault| {
            let zero = rest.contains(&0);
            if zero { binary() } else { encoding(fault.valid_up_to().saturating_add(mark)) }
        })?;
        text.to_owned()
    };
    if text.contains('\0') { Err(binary()) } else { Ok(text) }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, limits: &Limits) -> Result<String, DocumentFault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    // The byte order mark is two bytes long.
    let place = |index: usize| encoding(index.saturating_mul(2).saturating_add(2));
    let mut text = String::new();
    let mut index = 0_usize;
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let character = character.map_err(|_| place(index))?;
        index = index.saturating_add(character.len_utf16());
        text.push(character);
        limits.check_text(text.len())?;
    }
    if rest.is_empty() { Ok(text) } else { Err(place(pairs.len())) }
}

const fn encoding(offset: usize) -> DocumentFault {
    DocumentFault::Encoding { offset }
}

/// No text has a zero byte; files of programs do.
const fn binary() -> DocumentFault {
    DocumentFault::Unsupported { found: "a file that is not text", instead: ACCEPTED }
}
