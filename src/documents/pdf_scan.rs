//! Finds the objects of a PDF whose tables are damaged, by reading the file from its beginning.
//!
//! Of two objects of one number the later counts, as a change is written behind what it changes.

use crate::DocumentFault;
use crate::pdf_file::{File, Place, header};
use crate::pdf_lexer::is_space;
use crate::pdf_value::{Dict, Value};

/// Finds all objects anew.
pub(crate) fn load(file: &mut File<'_>) -> Result<(), DocumentFault> {
    file.clear();
    file.work.look(file.bytes.len())?;
    let mut found: Vec<(u32, usize)> = Vec::new();
    let (mut at, mut trailers) = (0_usize, Vec::new());
    while let Some(step) = next_mark(file.bytes, at) {
        match step {
            Mark::Object(number, from, after) => {
                found.push((number, from));
                at = after;
            }
            Mark::Trailer(after) => {
                trailers.push(after);
                at = after;
            }
        }
    }
    for (number, from) in found.iter().rev() {
        file.place(*number, Place::At(*from))?;
    }
    let mut trailer = Dict::default();
    for at in trailers {
        let mut lexer = file.lexer(at);
        let value = lexer.value();
        file.work.lex(lexer.at.saturating_sub(at))?;
        merge(&mut trailer, value.as_ref().and_then(Value::dict));
    }
    look_into_streams(file, &found, &mut trailer)?;
    file.trailer = trailer;
    Ok(())
}

/// Streams that hold objects, streams that are tables, and the catalog where no trailer names it.
fn look_into_streams(
    file: &mut File<'_>,
    found: &[(u32, usize)],
    trailer: &mut Dict,
) -> Result<(), DocumentFault> {
    let (mut catalog, mut inside) = (None, Vec::new());
    for (number, from) in found {
        // An older object of the same number does not count.
        if file.places.get(number) != Some(&Place::At(*from)) {
            continue;
        }
        let Some((_, value)) = file.object_at(*from)? else { continue };
        let Some(dict) = value.dict() else { continue };
        if dict.is("XRef") {
            merge(trailer, Some(dict));
        } else if dict.is("Catalog") {
            catalog = Some(*number);
        } else if dict.is("ObjStm") {
            inside.push((*number, file.numbers_in(*number)?));
        }
    }
    for (container, numbers) in inside.into_iter().rev() {
        for number in numbers {
            file.place(number, Place::In(container))?;
            if catalog.is_none() && file.object(number)?.dict().is_some_and(|it| it.is("Catalog")) {
                catalog = Some(number);
            }
        }
    }
    if let Some(number) = catalog.filter(|_| trailer.get("Root").is_null()) {
        trailer.insert("Root", Value::Reference(number));
    }
    Ok(())
}

/// What a later trailer says counts.
fn merge(trailer: &mut Dict, with: Option<&Dict>) {
    for key in ["Root", "Encrypt"] {
        let value = with.map(|with| with.get(key)).filter(|value| !value.is_null());
        if let Some(value) = value {
            trailer.insert(key, value.clone());
        }
    }
}

enum Mark {
    /// Its number, where it begins, and where to look on.
    Object(u32, usize, usize),
    /// Where its dictionary begins.
    Trailer(usize),
}

/// The next `N G obj` or `trailer`.
fn next_mark(bytes: &[u8], mut at: usize) -> Option<Mark> {
    loop {
        let rest = bytes.get(at..)?;
        let step = rest.iter().position(|byte| matches!(byte, b'o' | b't'))?;
        let place = at.saturating_add(step);
        at = place.saturating_add(1);
        let word = bytes.get(place..)?;
        if word.starts_with(b"obj") {
            let after = place.saturating_add(3);
            if let Some((number, from)) = header_before(bytes, place) {
                return Some(Mark::Object(number, from, after));
            }
        } else if word.starts_with(b"trailer") {
            return Some(Mark::Trailer(place.saturating_add(7)));
        }
    }
}

const SPACE: fn(u8) -> bool = is_space;
const DIGIT: fn(u8) -> bool = |byte| byte.is_ascii_digit();

/// The number before an `obj`, and where it begins; generation and number have at most ten digits.
fn header_before(bytes: &[u8], place: usize) -> Option<(u32, usize)> {
    let window = bytes.get(place.saturating_sub(32)..place)?;
    let mut length = window.len();
    // Backwards: white space if any, a generation, white space, a number.
    for (is_part, least) in [(SPACE, 0), (DIGIT, 1), (SPACE, 1), (DIGIT, 1)] {
        let part = window.get(..length)?.iter().rev().take_while(|byte| is_part(**byte)).count();
        if part < least {
            return None;
        }
        length = length.saturating_sub(part);
    }
    let from = place.saturating_sub(window.len()).saturating_add(length);
    let mut lexer = crate::pdf_lexer::Lexer::new(bytes, from, 1);
    Some((header(&mut lexer)?, from))
}
