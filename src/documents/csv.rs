//! CSV: counted as the text that it is, after a look at whether programs can read it (RFC 4180).
//!
//! A field may be parted by comma, semicolon, tab or bar, and rows may differ in length, as they do
//! where people work; what no program can read is a quote that never ends, or ends in the middle of
//! a field.

use crate::{Document, DocumentFault, Kind, Limits, plain};

/// Reads a table.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, DocumentFault> {
    let text = plain::decode(bytes, limits)?;
    check(&text)?;
    Document::of_text(Kind::Csv, text, limits)
}

/// Where the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    FieldStart,
    Plain,
    /// Inside quotes that began in this line.
    Quoted(u64),
    /// After a quote inside quotes: their end, or the first of two.
    Quote(u64),
}

fn check(text: &str) -> Result<(), DocumentFault> {
    let (mut at, mut line) = (At::FieldStart, 1_u64);
    for byte in text.bytes() {
        at = match (at, byte) {
            (At::FieldStart, b'"') => At::Quoted(line),
            (At::Quoted(from), b'"') => At::Quote(from),
            (At::Quote(from), b'"') => At::Quoted(from),
            (At::Quoted(from), _) => At::Quoted(from),
            (
                At::FieldStart | At::Plain | At::Quote(_),
                b',' | b';' | b'\t' | b'|' | b'\r' | b'\n',
            ) => At::FieldStart,
            (At::Quote(_), _) => {
                return Err(fault(line, "a closing quote is followed by more of its field"));
            }
            (At::FieldStart | At::Plain, _) => At::Plain,
        };
        line = line.saturating_add(u64::from(byte == b'\n'));
    }
    match at {
        At::Quoted(from) => Err(fault(from, "a quote is opened and never closed")),
        At::FieldStart | At::Plain | At::Quote(_) => Ok(()),
    }
}

const fn fault(line: u64, detail: &'static str) -> DocumentFault {
    DocumentFault::Csv { line, detail }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn quotes_that_no_program_can_read_are_named_with_their_line() {
        let good = [
            "",
            "a,b\r\n1,2\r\n",
            "\"a\";\"b \"\"c\"\"\"\n",
            "\"two\nlines\",x",
            "a\"b,5\" pipe\n",
            "a,b\n1\n",
            "\"\"",
        ];
        for text in good {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
        let bad = [
            ("a,b\n\"c,d\n", "a quote is opened and never closed in line 2"),
            ("\"a\"b,c", "followed by more of its field in line 1"),
            ("\n\n\"x\n\"\"", "never closed in line 3"),
        ];
        for (text, words) in bad {
            let fault = check(text).unwrap_err().to_string();
            assert!(fault.contains(words), "{fault}");
        }
    }
}
