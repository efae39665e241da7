//! Canonical JSON of a value, written as its parts are met.

use crate::hex::hex;
use kumari_engine::tree::Tree;
use kumari_engine::written::written;
use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// A value cannot be written as JSON of ours: it holds a float, bytes, a tuple, or a map whose
/// keys are not text. The engine's types hold none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanonicalFault;

impl fmt::Display for CanonicalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "cannot be written as JSON: it holds a float, bytes, a tuple, \
             or a map whose keys are not text",
        )
    }
}

impl std::error::Error for CanonicalFault {}

impl serde::ser::Error for CanonicalFault {
    // It carries no words: every writer of every type hands it on, and is smaller for it.
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self
    }
}

/// JSON under construction.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) text: String,
    key: Key,
}

/// Whether what comes next is a map's key, which is kept for its entry.
#[derive(Default, PartialEq)]
enum Key {
    #[default]
    None,
    Awaited,
    Read(String),
}

/// An object under construction: its entries lie one behind the other in the text, and this is
/// where, in the order of their keys.
struct Object {
    start: usize,
    entries: Vec<(Cow<'static, str>, Range<usize>)>,
    /// The entry that was begun: its key, and where.
    begun: (Cow<'static, str>, usize),
}

// What is here is kept out of the generic functions below, of which there is one for each type.
impl Writer {
    /// Writes a tree whose objects have each key once. A number that is not a safe integer, which
    /// no reader here accepts, is written as `null`.
    pub(crate) fn tree(&mut self, tree: &Tree<'_>) {
        match tree {
            Tree::Null | Tree::Number => self.text.push_str("null"),
            Tree::Bool(value) => self.bool(*value),
            Tree::Integer(value) => self.integer(*value),
            Tree::Text(value) => self.string(value),
            Tree::List(list) => {
                self.text.push('[');
                for (index, value) in list.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.tree(value);
                }
                self.text.push(']');
            }
            Tree::Map(map) => {
                let mut object = self.object(map.len());
                for (key, value) in map {
                    self.begin(&mut object, Cow::Owned(key.clone().into_owned()));
                    self.tree(value);
                    self.end(&mut object);
                }
                self.close(&object);
            }
        }
    }

    fn bool(&mut self, value: bool) {
        self.text.push_str(if value { "true" } else { "false" });
    }

    fn integer(&mut self, value: i64) {
        self.text.push_str(&written(format_args!("{value}")));
    }

    fn string(&mut self, value: &str) {
        self.text.push('"');
        let mut rest = value;
        let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        while let Some(at) = rest.bytes().position(is_special) {
            let after = at.saturating_add(1);
            self.text.push_str(rest.get(..at).unwrap_or_default());
            match rest.as_bytes().get(at..after).unwrap_or_default() {
                b"\"" => self.text.push_str("\\\""),
                b"\\" => self.text.push_str("\\\\"),
                b"\x08" => self.text.push_str("\\b"),
                b"\t" => self.text.push_str("\\t"),
                b"\n" => self.text.push_str("\\n"),
                b"\x0c" => self.text.push_str("\\f"),
                b"\r" => self.text.push_str("\\r"),
                other => {
                    self.text.push_str("\\u00");
                    self.text.push_str(&hex(other));
                }
            }
            rest = rest.get(after..).unwrap_or_default();
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    fn object(&self, length: usize) -> Object {
        Object {
            start: self.text.len(),
            entries: Vec::with_capacity(length),
            begun: (Cow::Borrowed(""), 0),
        }
    }

    fn begin(&mut self, object: &mut Object, key: Cow<'static, str>) {
        let start = self.text.len();
        self.string(&key);
        self.text.push(':');
        object.begun = (key, start);
    }

    fn end(&self, object: &mut Object) {
        let (key, start) = std::mem::take(&mut object.begun);
        // Our objects have few keys; the library's sort would be a thirtieth of the browser's
        // module.
        let is_before = |other: &(Cow<'_, str>, _)| in_utf16(&other.0).le(in_utf16(&key));
        let place = object.entries.partition_point(is_before);
        object.entries.insert(place, (key, start..self.text.len()));
    }

    /// Puts the entries in their order.
    fn close(&mut self, object: &Object) {
        let mut sorted = String::with_capacity(self.text.len().saturating_sub(object.start));
        for (_, range) in &object.entries {
            sorted.push(if sorted.is_empty() { '{' } else { ',' });
            sorted.push_str(self.text.get(range.clone()).unwrap_or_default());
        }
        if sorted.is_empty() {
            sorted.push('{');
        }
        sorted.push('}');
        self.text.truncate(object.start);
        self.text.push_str(&sorted);
    }
}

/// A text in the order of its UTF-16 code units, which is that of its bytes, but for what is written
/// as a pair of units: that comes before U+E000 to U+FFFF.
fn in_utf16(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().map(|byte| if matches!(byte, 0xee | 0xef) { byte | 0xf0 } else { byte })
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = CanonicalFault;
    type SerializeSeq = List<'w>;
    type SerializeTuple = Impossible<(), CanonicalFault>;
    type SerializeTupleStruct = Impossible<(), CanonicalFault>;
    type SerializeTupleVariant = Impossible<(), CanonicalFault>;
    type SerializeMap = Map<'w>;
    type SerializeStruct = Map<'w>;
    type SerializeStructVariant = Impossible<(), CanonicalFault>;

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), CanonicalFault> {
        self.serialize_str(&written(format_args!("{value}")))
    }

    fn serialize_bool(self, value: bool) -> Result<(), CanonicalFault> {
        self.bool(value);
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), CanonicalFault> {
        self.integer(value);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), CanonicalFault> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => Err(CanonicalFault),
        }
    }

    fn serialize_f32(self, _: f32) -> Result<(), CanonicalFault> {
        Err(CanonicalFault)
    }

    fn serialize_f64(self, _: f64) -> Result<(), CanonicalFault> {
        Err(CanonicalFault)
    }

    fn serialize_char(self, value: char) -> Result<(), CanonicalFault> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), CanonicalFault> {
        if self.key == Key::Awaited {
            self.key = Key::Read(value.to_owned());
        } else {
            self.string(value);
        }
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), CanonicalFault> {
        Err(CanonicalFault)
    }

    fn serialize_none(self) -> Result<(), CanonicalFault> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CanonicalFault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CanonicalFault> {
        self.tree(&Tree::Null);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CanonicalFault> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), CanonicalFault> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), CanonicalFault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CanonicalFault> {
        let mut object = self.serialize_struct(name, 1)?;
        object.serialize_field(variant, value)?;
        SerializeStruct::end(object)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w>, CanonicalFault> {
        self.text.push('[');
        Ok(List { writer: self, is_first: true })
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, CanonicalFault> {
        Err(CanonicalFault)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, CanonicalFault> {
        Err(CanonicalFault)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, CanonicalFault> {
        Err(CanonicalFault)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Map<'w>, CanonicalFault> {
        let object = self.object(length.unwrap_or(0));
        Ok(Map { writer: self, object })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Map<'w>, CanonicalFault> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, CanonicalFault> {
        Err(CanonicalFault)
    }
}

pub(crate) struct List<'w> {
    writer: &'w mut Writer,
    is_first: bool,
}

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_element<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), CanonicalFault> {
        if !std::mem::take(&mut self.is_first) {
            self.writer.text.push(',');
        }
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.writer.text.push(']');
        Ok(())
    }
}

/// A map or a struct.
pub(crate) struct Map<'w> {
    writer: &'w mut Writer,
    object: Object,
}

impl Map<'_> {
    fn begin(&mut self, key: &'static str) {
        self.writer.begin(&mut self.object, Cow::Borrowed(key));
    }

    fn end_entry(&mut self) {
        self.writer.end(&mut self.object);
    }
}

impl SerializeMap for Map<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CanonicalFault> {
        self.writer.key = Key::Awaited;
        key.serialize(&mut *self.writer)?;
        let Key::Read(key) = std::mem::take(&mut self.writer.key) else {
            return Err(CanonicalFault);
        };
        self.writer.begin(&mut self.object, Cow::Owned(key));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalFault> {
        value.serialize(&mut *self.writer)?;
        self.end_entry();
        Ok(())
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.writer.close(&self.object);
        Ok(())
    }
}

impl SerializeStruct for Map<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), CanonicalFault> {
        self.begin(key);
        value.serialize(&mut *self.writer)?;
        self.end_entry();
        Ok(())
    }

    fn end(self) -> Result<(), CanonicalFault> {
        SerializeMap::end(self)
    }
}
