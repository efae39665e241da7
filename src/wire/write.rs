//! From a value of the engine's types to a tree.

use kumari_engine::tree::Tree;
use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use std::fmt;

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

/// Writes a value as a tree.
///
/// # Errors
/// [`CanonicalFault`] where it holds something that our documents never have.
pub fn to_tree<T: Serialize + ?Sized>(value: &T) -> Result<Tree, CanonicalFault> {
    value.serialize(Writer)
}

struct Writer;

impl Serializer for Writer {
    type Ok = Tree;
    type Error = CanonicalFault;
    type SerializeSeq = List;
    type SerializeTuple = Impossible<Tree, CanonicalFault>;
    type SerializeTupleStruct = Impossible<Tree, CanonicalFault>;
    type SerializeTupleVariant = Impossible<Tree, CanonicalFault>;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = Impossible<Tree, CanonicalFault>;

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
            Err(_) => Err(CanonicalFault),
        }
    }

    fn serialize_f32(self, _: f32) -> Result<Tree, CanonicalFault> {
        Err(CanonicalFault)
    }

    fn serialize_f64(self, _: f64) -> Result<Tree, CanonicalFault> {
        Err(CanonicalFault)
    }

    fn serialize_char(self, value: char) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Tree, CanonicalFault> {
        Err(CanonicalFault)
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

    fn serialize_map(self, length: Option<usize>) -> Result<Map, CanonicalFault> {
        Ok(Map { entries: Vec::with_capacity(length.unwrap_or(0)), key: None })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Map, CanonicalFault> {
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

/// An object under construction.
struct Map {
    entries: Vec<(String, Tree)>,
    key: Option<String>,
}

impl Map {
    // Kept out of the generic functions below, of which there is one for each type.
    fn put(&mut self, key: &str, value: Tree) {
        self.entries.push((key.to_owned(), value));
    }
}

impl SerializeMap for Map {
    type Ok = Tree;
    type Error = CanonicalFault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CanonicalFault> {
        let Tree::Text(key) = to_tree(key)? else { return Err(CanonicalFault) };
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalFault> {
        let key = self.key.take().unwrap_or_default();
        self.entries.push((key, to_tree(value)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, CanonicalFault> {
        Ok(Tree::Map(self.entries))
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
        self.put(key, to_tree(value)?);
        Ok(())
    }

    fn end(self) -> Result<Tree, CanonicalFault> {
        SerializeMap::end(self)
    }
}
