//! The canonical form of a document (RFC 8785): equal values have equal bytes.
//!
//! Our documents have no floats, so of the standard's three rules two are left: how strings are
//! escaped, and that keys are sorted by their UTF-16 code units.

use crate::hex::hex;
use crate::write::{CanonicalFault, Writer};
use kumari_engine::id::Fingerprint;
use kumari_engine::tree::Tree;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The canonical JSON of `value`.
///
/// # Errors
/// [`CanonicalFault`] where it has none; the engine's own types always have one.
pub fn canonical<T: Serialize + ?Sized>(value: &T) -> Result<String, CanonicalFault> {
    let mut writer = Writer::default();
    value.serialize(&mut writer)?;
    Ok(writer.text)
}

/// The canonical JSON of a tree whose objects have each key once. A number that is not a safe
/// integer, which no reader here accepts, is written as `null`.
pub fn canonical_tree(tree: &Tree<'_>) -> String {
    let mut writer = Writer::default();
    writer.tree(tree);
    writer.text
}

/// The SHA-256 of the canonical JSON of `value`, in hexadecimal: what a caller asked, for
/// [`kumari_engine::authorize::Authorize`].
///
/// # Errors
/// [`CanonicalFault`] as [`canonical`].
pub fn fingerprint<T: Serialize + ?Sized>(value: &T) -> Result<Fingerprint, CanonicalFault> {
    let hash = sha256(&canonical(value)?);
    hash.parse().map_err(serde::ser::Error::custom)
}

/// The SHA-256 of a text, in lower-case hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{canonical, sha256};
    use serde_json::json;

    #[test]
    fn r04_the_canonical_form_is_that_of_rfc_8785() {
        // The sorting example of RFC 8785, section 3.2.3, and its escapes.
        let value = json!({
            "\u{20ac}": "Euro Sign",
            "\r": "Carriage Return",
            "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "\u{1f600}": "Emoji: Grinning Face",
            "\u{0080}": "Control",
            "\u{00f6}": "Latin Small Letter O With Diaeresis",
            "n": [1, 10_000_000_000_u64, "\u{8}\u{1f}\"\\/"],
        });
        let expected = "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\
            \"n\":[1,10000000000,\"\\b\\u001f\\\"\\\\/\"],\
            \"\u{0080}\":\"Control\",\"\u{00f6}\":\"Latin Small Letter O With Diaeresis\",\
            \"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\
            \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}";
        assert_eq!(canonical(&value).unwrap(), expected);
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-4, the one-block example.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256("abc"), expected);
    }
}
