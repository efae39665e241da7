//! JSON text in.

use crate::read::{Fault, FaultKind, from_tree};
use crate::tree::Any;
use kumari_engine::read::Read;
use kumari_engine::tree::Tree;

/// Reads a document from UTF-8 bytes.
///
/// # Errors
/// [`Fault`] at the first thing that is wrong.
pub fn from_slice<T: Read>(bytes: &[u8]) -> Result<T, Fault> {
    from_tree(&parse_slice(bytes)?)
}

/// Reads UTF-8 bytes as a tree.
///
/// # Errors
/// [`Fault`] where they are not JSON.
pub fn parse_slice(bytes: &[u8]) -> Result<Tree<'static>, Fault> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| syntax(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    parse(text)
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
pub fn from_str<T: Read>(text: &str) -> Result<T, Fault> {
    from_tree(&parse(text)?)
}

/// Reads text as a tree.
///
/// # Errors
/// [`Fault`] where it is not JSON.
pub fn parse(text: &str) -> Result<Tree<'static>, Fault> {
    let Any(tree) = serde_json::from_str(text).map_err(|error| syntax(error.to_string()))?;
    Ok(tree)
}

pub(crate) fn syntax(message: String) -> Fault {
    Fault { kind: FaultKind::Syntax, path: String::new(), message }
}
#[cfg(test)]
mod tests {
    use super::{from_slice, from_str};
    use crate::read::FaultKind;
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
            (r#"{"task":"direct","images":-1}"#, "images", "`-1` is out of range"),
            (r#"{"task":"direct","models":null}"#, "models", "null, expected an array"),
            (r#"{"models":[]}"#, "task", "missing field `task`"),
            (r#"{"models":[],"task":"direct","models":[]}"#, "models", "duplicate field `models`"),
            (r#"{"task":"direct","cache_write":{"1h":1}}"#, "cache_write", "expected a string"),
            ("[]", "", "invalid type: an array, expected an object"),
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
