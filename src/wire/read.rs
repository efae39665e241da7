//! From a tree to a value of the engine's types. Every fault says where in the document it is.

use crate::tree::Tree;
use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected,
    IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
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
        if !self.path.is_empty() {
            f.write_str("`")?;
            f.write_str(&self.path)?;
            f.write_str("`: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Reads a value from a tree.
///
/// # Errors
/// [`Fault`] at the first thing that is wrong.
pub fn from_tree<T: DeserializeOwned>(tree: &Tree) -> Result<T, Fault> {
    let mut cursor = Cursor { tree, path: Vec::new() };
    T::deserialize(&mut cursor).map_err(|fault| cursor.locate(fault))
}

/// Where a reader is in the tree. After a fault it stays there: readers go back up only where all
/// went well, so faults need not carry their place with them through every type's code.
struct Cursor<'r> {
    tree: &'r Tree,
    path: Vec<Step<'r>>,
}

/// An object's entry: a name and what is there.
type Named = (String, Tree);

#[derive(Clone, Copy)]
enum Step<'r> {
    Field(&'r str),
    Element(usize),
}

/// A fault on its way up. Boxed, since every reader of every type hands it on.
#[derive(Debug)]
struct Found(Box<Why>);

#[derive(Debug)]
enum Why {
    Wrong(String),
    /// A struct lacks the field of this index; its reader knows the name.
    Missing(usize),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Why::Wrong(message) => f.write_str(message),
            Why::Missing(_) => f.write_str("missing field"),
        }
    }
}

impl std::error::Error for Found {}

impl serde::de::Error for Found {
    #[cold]
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self(Box::new(Why::Wrong(message.to_string())))
    }

    // A struct is read as the sequence of its fields, and this is how it says which it lacks.
    #[cold]
    fn invalid_length(index: usize, _: &dyn Expected) -> Self {
        Self(Box::new(Why::Missing(index)))
    }

    // The two below do without serde's own words for what was found, which can print floats: that
    // alone would be a tenth of the browser's module. Both are about whole numbers: that a value
    // is of another type is seen before a type's own code looks at it.
    fn invalid_type(found: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::out_of_range(&found)
    }

    fn invalid_value(found: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::out_of_range(&found)
    }
}

impl Found {
    #[cold]
    fn out_of_range(found: &Unexpected<'_>) -> Self {
        if let Unexpected::Unsigned(number) = found {
            Self::custom(format_args!("`{number}` is out of range"))
        } else if let Unexpected::Signed(number) = found {
            Self::custom(format_args!("`{number}` is out of range"))
        } else {
            Self::custom("invalid value")
        }
    }
}

// What is here is kept out of the generic functions below, of which there is one for each type.
impl<'r> Cursor<'r> {
    fn unexpected(&self, expected: &dyn Expected) -> Found {
        let message = format_args!("invalid type: {}, expected {expected}", self.tree.kind());
        Found::custom(message)
    }

    fn enter(&mut self, step: Step<'r>, tree: &'r Tree) {
        self.path.push(step);
        self.tree = tree;
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn list(&self) -> Result<&'r [Tree], Found> {
        let Tree::List(list) = self.tree else { return Err(self.unexpected(&"an array")) };
        Ok(list)
    }

    fn map(&self) -> Result<&'r [Named], Found> {
        let Tree::Map(map) = self.tree else { return Err(self.unexpected(&"an object")) };
        Ok(map)
    }

    fn text(&self, expected: &dyn Expected) -> Result<&'r str, Found> {
        let Tree::Text(text) = self.tree else { return Err(self.unexpected(expected)) };
        Ok(text)
    }

    fn integer(&self) -> Result<i64, Found> {
        let Tree::Integer(value) = self.tree else {
            return Err(self.unexpected(&"a whole number"));
        };
        Ok(*value)
    }

    /// An object whose keys are all fields of a struct, each at most once.
    fn record(&mut self, fields: &'static [&'static str]) -> Result<&'r [Named], Found> {
        let map = self.map()?;
        for (index, (name, tree)) in map.iter().enumerate() {
            let wrong = if !fields.contains(&name.as_str()) {
                Found::unknown_field(name, fields)
            } else if map.iter().take(index).any(|(earlier, _)| earlier == name) {
                Found::custom(format_args!("duplicate field `{name}`"))
            } else {
                continue;
            };
            self.enter(Step::Field(name), tree);
            return Err(wrong);
        }
        Ok(map)
    }

    /// A fault of a struct, with the name of the field that it lacks.
    #[cold]
    fn name_missing(&mut self, fault: Found, fields: &'static [&'static str]) -> Found {
        let Why::Missing(index) = *fault.0 else { return fault };
        let Some(field) = fields.get(index) else { return fault };
        self.path.push(Step::Field(field));
        Found::custom(format_args!("missing field `{field}`"))
    }

    /// An enum's member by its index, and what it holds.
    fn member(&self, members: &'static [&'static str]) -> Result<(u32, Option<&'r Named>), Found> {
        let (name, entry) = if let Tree::Text(name) = self.tree {
            (name, None)
        } else if let Tree::Map(map) = self.tree
            && let [entry] = map.as_slice()
        {
            (&entry.0, Some(entry))
        } else {
            return Err(self.unexpected(&"a string, or an object with one key"));
        };
        let index = members.iter().position(|member| member == name);
        let index = index.and_then(|index| u32::try_from(index).ok());
        Ok((index.ok_or_else(|| Found::unknown_variant(name, members))?, entry))
    }

    #[cold]
    fn locate(&self, fault: Found) -> Fault {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Element(index) => {
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                }
            }
        }
        Fault { kind: FaultKind::Shape, path, message: fault.to_string() }
    }
}

impl<'de> Deserializer<'de> for &mut Cursor<'_> {
    type Error = Found;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        match self.tree {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Integer(_) => self.deserialize_i64(visitor),
            Tree::Number => Err(self.unexpected(&visitor)),
            Tree::Text(text) => visitor.visit_str(text),
            Tree::List(_) => self.deserialize_seq(visitor),
            Tree::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let Tree::Bool(value) = self.tree else { return Err(self.unexpected(&"a boolean")) };
        visitor.visit_bool(*value)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let value = self.integer()?;
        match u64::try_from(value) {
            Ok(value) => visitor.visit_u64(value),
            Err(_) => visitor.visit_i64(value),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let text = self.text(&visitor)?;
        visitor.visit_str(text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        if *self.tree == Tree::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let list = self.list()?;
        visitor.visit_seq(Elements { cursor: self, list, next: 0 })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let map = self.map()?;
        visitor.visit_map(Entries { cursor: self, map, next: 0 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        let map = self.record(fields)?;
        let record = Record { cursor: self, map, fields, next: 0 };
        visitor.visit_seq(record).map_err(|fault| self.name_missing(fault, fields))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Found> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        let (index, content) = self.member(variants)?;
        visitor.visit_enum(Member { cursor: self, index, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        visitor.visit_unit()
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        self.deserialize_str(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

struct Elements<'c, 'r> {
    cursor: &'c mut Cursor<'r>,
    list: &'r [Tree],
    next: usize,
}

impl Elements<'_, '_> {
    fn enter_next(&mut self) -> bool {
        let Some(tree) = self.list.get(self.next) else { return false };
        self.cursor.enter(Step::Element(self.next), tree);
        self.next = self.next.saturating_add(1);
        true
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Found;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Found> {
        if !self.enter_next() {
            return Ok(None);
        }
        let value = seed.deserialize(&mut *self.cursor)?;
        self.cursor.leave();
        Ok(Some(value))
    }
}

/// The fields of a struct in their order, whatever the order in the document. Serde's derive makes
/// far less code of a sequence than of a map, whose names, order and gaps each type would have to
/// see to by itself.
struct Record<'c, 'r> {
    cursor: &'c mut Cursor<'r>,
    map: &'r [Named],
    fields: &'static [&'static str],
    next: usize,
}

impl Record<'_, '_> {
    fn enter_next(&mut self) -> bool {
        let field = self.fields.get(self.next);
        self.next = self.next.saturating_add(1);
        let entry = field.and_then(|field| self.map.iter().find(|(name, _)| name == field));
        let Some((name, tree)) = entry else { return false };
        self.cursor.enter(Step::Field(name), tree);
        true
    }
}

impl<'de> SeqAccess<'de> for Record<'_, '_> {
    type Error = Found;

    // A field that is not there is answered with the end of the sequence: the struct takes its
    // default, or says that it is missing, and asks for the next one all the same.
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Found> {
        if !self.enter_next() {
            return Ok(None);
        }
        let value = seed.deserialize(&mut *self.cursor)?;
        self.cursor.leave();
        Ok(Some(value))
    }
}

struct Entries<'c, 'r> {
    cursor: &'c mut Cursor<'r>,
    map: &'r [Named],
    next: usize,
}

impl<'r> Entries<'_, 'r> {
    fn enter_next(&mut self) -> Option<&'r str> {
        let (key, tree) = self.map.get(self.next)?;
        self.next = self.next.saturating_add(1);
        self.cursor.enter(Step::Field(key), tree);
        Some(key)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Found;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Found> {
        let Some(key) = self.enter_next() else { return Ok(None) };
        let name: StrDeserializer<'_, Found> = key.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Found> {
        let value = seed.deserialize(&mut *self.cursor)?;
        self.cursor.leave();
        Ok(value)
    }
}

/// An enum's member: a string alone, or an object with one key.
struct Member<'c, 'r> {
    cursor: &'c mut Cursor<'r>,
    index: u32,
    content: Option<&'r Named>,
}

impl<'de> EnumAccess<'de> for Member<'_, '_> {
    type Error = Found;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Found> {
        let index: U32Deserializer<Found> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl Member<'_, '_> {
    /// Goes on with what the member holds.
    fn enter(&mut self) -> Result<(), Found> {
        let Some((name, tree)) = self.content else {
            return Err(Found::custom("it lacks its content; write it as an object"));
        };
        self.cursor.enter(Step::Field(name), tree);
        Ok(())
    }
}

impl<'de> VariantAccess<'de> for Member<'_, '_> {
    type Error = Found;

    fn unit_variant(self) -> Result<(), Found> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(Found::custom("it holds nothing; write its name as a string")),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, Found> {
        self.enter()?;
        let value = seed.deserialize(&mut *self.cursor)?;
        self.cursor.leave();
        Ok(value)
    }

    // Our documents have no members of this form.
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Found> {
        Err(Found::custom("is no form of ours"))
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        self.enter()?;
        let value = self.cursor.deserialize_map(visitor)?;
        self.cursor.leave();
        Ok(value)
    }
}
