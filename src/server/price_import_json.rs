//! JSON whose numbers are still the text that was written: a price that has been a float is no
//! longer the price.
//!
//! An object's fields are read when they are asked for. What nobody asks for is only known to be
//! JSON.

use crate::price_import_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;

/// An object: its fields in their order, each name once.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a>(Vec<(String, &'a RawValue)>);

/// A field is not of the type that it has in such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldFault(pub(crate) String);

impl<'a> Object<'a> {
    /// The fields, without those that are `null`.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().filter(|(_, value)| value.get() != "null").map(|(name, value)| {
            let value: &'a RawValue = value;
            (name.as_str(), value)
        })
    }

    /// The field of that name, unless it is absent or `null`.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields().find_map(|(other, value)| (other == name).then_some(value))
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, FieldFault> {
        self.typed(name)
    }

    /// True or false; false where it is absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, FieldFault> {
        Ok(self.typed(name)?.unwrap_or(false))
    }

    /// A count, `200000` or `200000.0`.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u64>, FieldFault> {
        self.get(name).map(|value| count(value).ok_or_else(|| fault(name))).transpose()
    }

    /// An object in this one.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Object<'a>>, FieldFault> {
        self.typed(name)
    }

    /// A list in this object.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Vec<&'a RawValue>>, FieldFault> {
        self.typed(name)
    }

    fn typed<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, FieldFault> {
        let read = |value: &'a RawValue| serde_json::from_str(value.get());
        self.get(name).map(read).transpose().map_err(|_| fault(name))
    }
}

fn fault(name: &str) -> FieldFault {
    FieldFault(name.to_owned())
}

/// A value as a number that is not negative.
pub(crate) fn number(value: &RawValue) -> Option<Decimal> {
    Decimal::read(value.get())
}

/// A value as a whole number that is not negative.
pub(crate) fn count(value: &RawValue) -> Option<u64> {
    number(value)?.whole()
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object<'de>, A::Error> {
        let (mut fields, mut names) = (Vec::new(), BTreeSet::new());
        while let Some((name, value)) = access.next_entry::<String, &'de RawValue>()? {
            // JSON allows it and most readers keep the last in silence: a second meaning.
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("`{name}` occurs twice")));
            }
            fields.push((name, value));
        }
        Ok(Object(fields))
    }
}
