//! The path of a place in a JSON text: which field a reader had come to.
//!
//! serde's errors say line and column. Reading the text again up to there, once something is
//! wrong, costs nothing while all is well: no wrapper around every type, which would more than
//! double the size of the browser's module.

/// What the reader is inside of.
enum Frame {
    /// An object, at this key once one has been read.
    Object(Option<String>),
    /// An array, at this element.
    Array(usize),
}

/// The field that a reader had come to after `offset` bytes of `text`, as `legs[1].usage`; empty
/// for the document itself.
pub(crate) fn path_at(text: &str, offset: usize) -> String {
    let mut frames: Vec<Frame> = Vec::new();
    let mut scanner = Scanner { text, position: 0 };
    while let Some((start, token)) = scanner.next_token() {
        if start >= offset {
            break;
        }
        match token {
            Token::ObjectBegins => frames.push(Frame::Object(None)),
            Token::ArrayBegins => frames.push(Frame::Array(0)),
            Token::Ends => {
                frames.pop();
            }
            Token::Text(raw) => {
                if let Some(Frame::Object(key)) = frames.last_mut()
                    && scanner.is_key()
                {
                    *key = serde_json::from_str(raw).ok();
                }
            }
            Token::Comma => match frames.last_mut() {
                Some(Frame::Object(key)) => *key = None,
                Some(Frame::Array(index)) => *index = index.saturating_add(1),
                None => {}
            },
            Token::Other => {}
        }
    }
    written(&frames)
}

/// The path without its last field: what lacks that field, for a reader that has come to its end.
pub(crate) fn parent(path: &str) -> &str {
    path.rfind(['.', '[']).and_then(|end| path.get(..end)).unwrap_or("")
}

fn written(frames: &[Frame]) -> String {
    let mut path = String::new();
    for frame in frames {
        match frame {
            Frame::Object(None) => {}
            Frame::Object(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Frame::Array(index) => {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
        }
    }
    path
}

enum Token<'text> {
    ObjectBegins,
    ArrayBegins,
    Ends,
    Comma,
    /// A string with its quotes.
    Text(&'text str),
    /// A colon, a number, a literal: nothing that moves the path.
    Other,
}

struct Scanner<'text> {
    text: &'text str,
    position: usize,
}

impl<'text> Scanner<'text> {
    fn next_token(&mut self) -> Option<(usize, Token<'text>)> {
        let rest = self.text.get(self.position..)?;
        let start =
            self.position.saturating_add(rest.len().saturating_sub(rest.trim_start().len()));
        let rest = self.text.get(start..)?;
        let (length, token) = match rest.as_bytes().first()? {
            b'{' => (1, Token::ObjectBegins),
            b'[' => (1, Token::ArrayBegins),
            b'}' | b']' => (1, Token::Ends),
            b',' => (1, Token::Comma),
            b':' => (1, Token::Other),
            b'"' => {
                let length = string_length(rest);
                (length, Token::Text(rest.get(..length)?))
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || "{}[],:\"".contains(c);
                (rest.find(ends).unwrap_or(rest.len()), Token::Other)
            }
        };
        self.position = start.saturating_add(length.max(1));
        Some((start, token))
    }

    /// Whether the string that was just read is a key: a colon follows.
    fn is_key(&self) -> bool {
        self.text.get(self.position..).is_some_and(|rest| rest.trim_start().starts_with(':'))
    }
}

/// The length of the string that `text` begins with, its quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}
