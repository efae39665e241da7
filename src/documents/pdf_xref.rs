//! Where a PDF says that its objects are: the tables at its end, newest first.

use crate::DocumentFault;
use crate::pdf_file::{File, OBJECTS_MAX, Place, find};
use crate::pdf_lexer::Lexer;
use crate::pdf_value::{Dict, Stream, Value};

/// The last bytes of a file, where the place of the newest table is written.
const TAIL_BYTES: usize = 2048;
/// Tables of one file: each time that a file was changed added one.
const TABLES_MAX: usize = 1024;

/// Reads all tables. What cannot be read is left out: whether that will do shows in the pages.
pub(crate) fn load(file: &mut File<'_>) -> Result<(), DocumentFault> {
    let Some(newest) = start(file) else { return Ok(()) };
    let (mut next, mut seen) = (vec![newest], Vec::new());
    while let Some(at) = next.pop() {
        if seen.len() >= TABLES_MAX || seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let Some(trailer) = table(file, at)? else { continue };
        // The table that a hybrid file hides from old readers comes before the one before this.
        next.extend(trailer.get("Prev").size());
        next.extend(trailer.get("XRefStm").size());
        if file.trailer.is_empty() {
            file.trailer = trailer;
        }
    }
    Ok(())
}

fn start(file: &File<'_>) -> Option<usize> {
    let from = file.bytes.len().saturating_sub(TAIL_BYTES);
    let tail = file.bytes.get(from..)?;
    let word = b"startxref";
    let mut place = None;
    let mut at = 0_usize;
    while let Some(found) = find(tail.get(at..)?, word) {
        at = at.saturating_add(found).saturating_add(word.len());
        place = Some(at);
    }
    file.lexer(from.saturating_add(place?)).token()?.size()
}

fn table(file: &mut File<'_>, at: usize) -> Result<Option<Dict>, DocumentFault> {
    let mut lexer = file.lexer(at);
    lexer.skip_space();
    if lexer.skip_word(b"xref") {
        return classic(file, lexer.at);
    }
    match file.object_at(at)? {
        Some((_, Value::Stream(stream))) if stream.dict.is("XRef") => {
            stream_table(file, &stream)?;
            Ok(Some(stream.dict))
        }
        Some(_) | None => Ok(None),
    }
}

/// A table of lines, each with a place, a generation and a letter; then the trailer.
fn classic(file: &mut File<'_>, at: usize) -> Result<Option<Dict>, DocumentFault> {
    let mut lexer = file.lexer(at);
    let trailer = lines(file, &mut lexer)?;
    file.work.lex(lexer.at.saturating_sub(at))?;
    Ok(trailer)
}

/// The trailer behind the lines, where all of them can be read.
fn lines(file: &mut File<'_>, lexer: &mut Lexer<'_>) -> Result<Option<Dict>, DocumentFault> {
    while let Some(first) = lexer.token() {
        if first.is_word("trailer") {
            return Ok(lexer.value().and_then(|trailer| trailer.dict().cloned()));
        }
        let (Some(first), Some(count)) = (first.size(), lexer.token().and_then(|it| it.size()))
        else {
            return Ok(None);
        };
        for index in 0..count.min(OBJECTS_MAX) {
            let (Some(place), Some(_), Some(letter)) =
                (lexer.token(), lexer.token(), lexer.token())
            else {
                return Ok(None);
            };
            let Ok(number) = u32::try_from(first.saturating_add(index)) else { return Ok(None) };
            match place.size() {
                Some(place) if letter.is_word("n") => file.place(number, Place::At(place))?,
                Some(_) if letter.is_word("f") => file.place(number, Place::Free)?,
                Some(_) | None => return Ok(None),
            }
        }
    }
    Ok(None)
}

/// A table in a stream: rows of three numbers, each so many bytes wide.
fn stream_table(file: &mut File<'_>, stream: &Stream) -> Result<(), DocumentFault> {
    let widths: Vec<usize> =
        stream.dict.get("W").list().unwrap_or_default().iter().filter_map(Value::size).collect();
    let &[kind_bytes, second_bytes, third_bytes] = widths.as_slice() else { return Ok(()) };
    let row_bytes = kind_bytes.saturating_add(second_bytes).saturating_add(third_bytes);
    if widths.iter().any(|width| *width > 8) || row_bytes == 0 {
        return Ok(());
    }
    let size = stream.dict.get("Size").size().unwrap_or(0);
    let ranges: Vec<usize> = match stream.dict.get("Index").list() {
        Some(index) => index.iter().filter_map(Value::size).collect(),
        None => vec![0, size],
    };
    let (data, _) = file.decode(stream)?;
    let mut rows = data.chunks_exact(row_bytes);
    for range in ranges.chunks_exact(2) {
        let &[first, count] = range else { break };
        for index in 0..count {
            let Some(row) = rows.next() else { return Ok(()) };
            let (kind, rest) = row.split_at_checked(kind_bytes).unwrap_or_default();
            let (second, _) = rest.split_at_checked(second_bytes).unwrap_or_default();
            let Ok(number) = u32::try_from(first.saturating_add(index)) else { return Ok(()) };
            let second = big_endian(second);
            let place = match if kind.is_empty() { 1 } else { big_endian(kind) } {
                0 => Some(Place::Free),
                1 => usize::try_from(second).ok().map(Place::At),
                2 => u32::try_from(second).ok().map(Place::In),
                _ => None,
            };
            if let Some(place) = place {
                file.place(number, place)?;
            }
        }
    }
    Ok(())
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
