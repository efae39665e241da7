//! JSON in: every fault says where in the document it is.

use crate::path::{parent, path_at};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::fmt;

/// Why a document was refused: what, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether it is no JSON at all, or JSON of another shape.
    pub kind: FaultKind,
    /// The field, as `legs[1].usage`; empty where it is the document itself.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not JSON.
    Syntax,
    /// It is JSON, but a field is missing, unknown, of the wrong type or out of range.
    Shape,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "`{path}`: {}", self.message),
        }
    }
}

impl std::error::Error for Fault {}

/// Reads a document from UTF-8 bytes.
///
/// # Errors
/// [`Fault`] at the first thing that is wrong.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| Fault {
        kind: FaultKind::Syntax,
        path: String::new(),
        message: format!("not UTF-8 at byte {}", error.valid_up_to()),
    })?;
    from_str(text)
}

/// Reads a document from text.
///
/// ```
/// let fault = kumari_wire::from_str::<kumari_engine::price_book::Packs>(
///     r#"{"usd_min": 10, "usd_max": 500, "brackets": [{"from_usd": 10, "credits_per_usd": 100}]}"#,
/// )
/// .unwrap_err();
/// assert_eq!(fault.path, "brackets[0].credits_per_usd");
/// ```
///
/// # Errors
/// [`Fault`] at the first thing that is wrong.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| fault(text, &error))
}

fn fault(text: &str, error: &serde_json::Error) -> Fault {
    let kind = match error.classify() {
        Category::Data => FaultKind::Shape,
        Category::Syntax | Category::Eof | Category::Io => FaultKind::Syntax,
    };
    let message = error.to_string();
    let path = path_at(text, offset_of(text, error));
    // Only when the whole object has been read is it known what it lacks.
    let path = if message.starts_with("missing field") { parent(&path).to_owned() } else { path };
    Fault { kind, path, message }
}

/// How many bytes of `text` had been read.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let line_start: usize = text.split_inclusive('\n').take(lines_before).map(str::len).sum();
    line_start.saturating_add(error.column())
}

#[cfg(test)]
mod tests {
    use super::{FaultKind, from_slice, from_str};
    use kumari_engine::price_book::PriceBook;
    use kumari_engine::request::Request;

    #[test]
    fn r02_a_fault_has_the_path_of_its_field() {
        let cases = [
            (r#"{"task":"direct","models":["a","b c"]}"#, "models[1]", "not an id"),
            (r#"{"task":"fly"}"#, "task", "unknown variant `fly`"),
            (r#"{"task":"direct","colour":1}"#, "colour", "unknown field `colour`"),
            (
                r#"{"task":"direct","input_tokens":{"o200k_base":"7"}}"#,
                "input_tokens.o200k_base",
                "invalid type",
            ),
            (
                r#"{"task":"direct","input_tokens":{"o200k_base":1,"o200k_base":2}}"#,
                "input_tokens",
                "occurs twice",
            ),
            (r#"{"task":"direct","images":-1}"#, "images", "invalid value"),
            (r#"{"models":[]}"#, "", "missing field `task`"),
            ("[]", "", "invalid"),
        ];
        for (json, path, message) in cases {
            let fault = from_str::<Request>(json).unwrap_err();
            assert_eq!(
                (fault.kind, fault.path.as_str()),
                (FaultKind::Shape, path),
                "{json}: {fault}"
            );
            assert!(fault.message.contains(message), "{json}: {fault}");
        }
    }

    #[test]
    fn what_is_not_json_is_a_syntax_fault() {
        for json in [&b"{"[..], b"", b"{\"task\":\"direct\"} x", b"{\"task\": \"\xff\"}", b"nul"] {
            let fault = from_slice::<Request>(json).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Syntax, "{fault}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
        let json = "[".repeat(100_000);
        assert!(from_str::<PriceBook>(&json).is_err());
    }
}
