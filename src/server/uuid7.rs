//! Ids that a browser makes: UUIDs of version 7, in their one usual spelling.

use kumari_engine::read::{Read, Reader};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use std::fmt;
use uuid::Uuid;

/// A UUID of version 7, written in lower case with hyphens.
///
/// Other spellings of the same UUID are refused: an id that names one action must be one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uuid7(pub(crate) Uuid);

const EXPECTED: &str = "a UUID of version 7 in lower case with hyphens";

impl Read for Uuid7 {
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.text(EXPECTED).and_then(read).map_or_else(
            || {
                reader.fail(format_args!("not {EXPECTED}: make a new one"));
                Self(Uuid::nil())
            },
            Self,
        )
    }
}

impl<'de> Deserialize<'de> for Uuid7 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(OneSpelling)
    }
}

struct OneSpelling;

impl Visitor<'_> for OneSpelling {
    type Value = Uuid7;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Uuid7, E> {
        let id = read(text).map(Uuid7);
        id.ok_or_else(|| E::custom(format_args!("not {EXPECTED}: make a new one")))
    }
}

impl serde::Serialize for Uuid7 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The UUID that a text is, in its one spelling.
pub(crate) fn read(text: &str) -> Option<Uuid> {
    let uuid: Uuid = text.parse().ok()?;
    (uuid.get_version_num() == 7 && uuid.to_string() == text).then_some(uuid)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn one_id_has_one_spelling() {
        for (text, expected) in [
            ("019ab5f0-7c1d-7a3e-8000-000000000001", true),
            ("019AB5F0-7C1D-7A3E-8000-000000000001", false),
            ("019ab5f07c1d7a3e8000000000000001", false),
            ("{019ab5f0-7c1d-7a3e-8000-000000000001}", false),
            ("019ab5f0-7c1d-4a3e-8000-000000000001", false),
            ("", false),
        ] {
            assert_eq!(read(text).is_some(), expected, "{text}");
        }
    }
}
