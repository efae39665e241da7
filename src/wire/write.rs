//! From a value of the engine's types to a tree.

use crate::tree::Tree;
use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct,
    SerializeStructVariant, Serializer,
};
use std::fmt;

/// A value cannot be written as JSON of ours: it holds a float, bytes, a tuple, or a map whose
/// keys are not text. The engine's types hold none of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalFault(Box<str>);

impl fmt::Display for CanonicalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot be written as JSON: ")?;
        f.write_str(&self.0)
    }
}

impl std::error::Error for CanonicalFault {}

impl serde::ser::Error for CanonicalFault {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self(message.to_string().into())
    }
}

/// Writes a value as a tree.
///
/// # Errors
/// [`CanonicalFault`] where it holds something that our documents never have.
pub fn to_tree<T: Serialize + ?Sized>(value: &T) -> Result<Tree, CanonicalFault> {
    value.serialize(Writer)
}

struct Writer;

impl Writer {
    fn refuse<T>(what: &str) -> Result<T, CanonicalFault> {
        Err(CanonicalFault::custom(what))
    }
}

impl Serializer for Writer {
    type Ok = Tree;
    type Error = CanonicalFault;
    type SerializeSeq = List;
    type SerializeTuple = Impossible<Tree, CanonicalFault>;
    type SerializeTupleStruct = Impossible<Tree, CanonicalFault>;
    type SerializeTupleVariant = Impossible<Tree, CanonicalFault>;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = Map;

    fn serialize_bool(self, value: bool) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Tree, CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<Tree, CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<Tree, CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Integer(value))
    }

    fn serialize_u8(self, value: u8) -> Result<Tree, CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Tree, CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Tree, CanonicalFault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Tree, CanonicalFault> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => Self::refuse("a number above 2^63"),
        }
    }

    fn serialize_f32(self, _: f32) -> Result<Tree, CanonicalFault> {
        Self::refuse("a float")
    }

    fn serialize_f64(self, _: f64) -> Result<Tree, CanonicalFault> {
        Self::refuse("a float")
    }

    fn serialize_char(self, value: char) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Tree, CanonicalFault> {
        Self::refuse("bytes")
    }

    fn serialize_none(self) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, CanonicalFault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Tree, CanonicalFault> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Tree, CanonicalFault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Map(Vec::from([(variant.to_owned(), to_tree(value)?)])))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, CanonicalFault> {
        Ok(List(Vec::with_capacity(length.unwrap_or(0))))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, CanonicalFault> {
        Self::refuse("a tuple")
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, CanonicalFault> {
        Self::refuse("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, CanonicalFault> {
        Self::refuse("a tuple")
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Map, CanonicalFault> {
        Ok(Map { variant: None, entries: Vec::with_capacity(length.unwrap_or(0)), key: None })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Map, CanonicalFault> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Map, CanonicalFault> {
        Ok(Map { variant: Some(variant), ..self.serialize_map(Some(length))? })
    }
}

struct List(Vec<Tree>);

impl SerializeSeq for List {
    type Ok = Tree;
    type Error = CanonicalFault;

    fn serialize_element<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), CanonicalFault> {
        self.0.push(to_tree(value)?);
        Ok(())
    }

    fn end(self) -> Result<Tree, CanonicalFault> {
        Ok(Tree::List(self.0))
    }
}

/// An object under construction; a struct variant becomes an object with one key around it.
struct Map {
    variant: Option<&'static str>,
    entries: Vec<(String, Tree)>,
    key: Option<String>,
}

impl SerializeMap for Map {
    type Ok = Tree;
    type Error = CanonicalFault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CanonicalFault> {
        let Tree::Text(key) = to_tree(key)? else { return Writer::refuse("a key that is no text") };
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalFault> {
        let key = self.key.take().unwrap_or_default();
        self.entries.push((key, to_tree(value)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, CanonicalFault> {
        let map = Tree::Map(self.entries);
        Ok(match self.variant {
            None => map,
            Some(variant) => Tree::Map(Vec::from([(variant.to_owned(), map)])),
        })
    }
}

impl SerializeStruct for Map {
    type Ok = Tree;
    type Error = CanonicalFault;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), CanonicalFault> {
        self.entries.push((key.to_owned(), to_tree(value)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, CanonicalFault> {
        SerializeMap::end(self)
    }
}

impl SerializeStructVariant for Map {
    type Ok = Tree;
    type Error = CanonicalFault;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), CanonicalFault> {
        SerializeStruct::serialize_field(self, key, value)
    }

    fn end(self) -> Result<Tree, CanonicalFault> {
        SerializeMap::end(self)
    }
}
