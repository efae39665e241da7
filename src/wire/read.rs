//! From a tree to a value of the engine's types. Every fault says where in the document it is.

use crate::tree::Tree;
use serde::de::value::StrDeserializer;
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
    T::deserialize(Reader { tree, path: &Path::Document }).map_err(|fault| Fault {
        kind: FaultKind::Shape,
        path: fault.0.path.unwrap_or_default(),
        message: fault.0.message,
    })
}

/// Where a reader is, as a list that lives on the stack: nothing is written down until there is a
/// fault.
enum Path<'p> {
    Document,
    Field(&'p Path<'p>, &'p str),
    Element(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn written(&self) -> String {
        match self {
            Self::Document => String::new(),
            Self::Field(parent, name) => match parent.written() {
                parent if parent.is_empty() => (*name).to_owned(),
                parent => parent + "." + name,
            },
            Self::Element(parent, index) => parent.written() + "[" + &index.to_string() + "]",
        }
    }
}

/// A fault on its way up; it gets its path from the innermost field or element that it passes.
/// Boxed, since every reader of every type hands it on.
#[derive(Debug)]
struct Found(Box<FoundAt>);

#[derive(Debug)]
struct FoundAt {
    path: Option<String>,
    message: String,
}

impl Found {
    #[cold]
    fn new(message: String) -> Self {
        Self(Box::new(FoundAt { path: None, message }))
    }

    #[cold]
    fn at(mut self, path: &Path<'_>) -> Self {
        self.0.path.get_or_insert_with(|| path.written());
        self
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Found {}

impl serde::de::Error for Found {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::new(message.to_string())
    }

    // The two below do without serde's own words for what was found, which can print floats: that
    // alone would be a tenth of the browser's module.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("invalid type: {}, expected {expected}", kind_of(&found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("invalid value: {}, expected {expected}", kind_of(&found)))
    }
}

fn kind_of(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Str(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        Unexpected::Float(_)
        | Unexpected::Char(_)
        | Unexpected::Bytes(_)
        | Unexpected::NewtypeStruct
        | Unexpected::Enum
        | Unexpected::UnitVariant
        | Unexpected::NewtypeVariant
        | Unexpected::TupleVariant
        | Unexpected::StructVariant
        | Unexpected::Other(_) => "another value",
    }
}

#[derive(Clone, Copy)]
struct Reader<'r> {
    tree: &'r Tree,
    path: &'r Path<'r>,
}

impl<'r> Reader<'r> {
    fn unexpected(&self, expected: &dyn Expected) -> Found {
        let message = format_args!("invalid type: {}, expected {expected}", self.tree.kind());
        Found::custom(message)
    }

    // Kept out of the generic functions below, of which there is one for each type.
    fn named(&self, expected: &dyn Expected) -> Result<Named<'r>, Found> {
        let (name, content) = match self.tree {
            Tree::Text(name) => Some((name, None)),
            Tree::Map(map) if map.len() == 1 => {
                map.first().map(|(name, content)| (name, Some(content)))
            }
            Tree::Null
            | Tree::Bool(_)
            | Tree::Integer(_)
            | Tree::Number
            | Tree::List(_)
            | Tree::Map(_) => None,
        }
        .ok_or_else(|| self.unexpected(expected))?;
        Ok(Named { name, content, path: self.path })
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
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
        let Tree::Bool(value) = self.tree else { return Err(self.unexpected(&visitor)) };
        visitor.visit_bool(*value)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let Tree::Integer(value) = self.tree else { return Err(self.unexpected(&visitor)) };
        match u64::try_from(*value) {
            Ok(value) => visitor.visit_u64(value),
            Err(_) => visitor.visit_i64(*value),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let Tree::Text(text) = self.tree else { return Err(self.unexpected(&visitor)) };
        visitor.visit_str(text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        if *self.tree == Tree::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let Tree::List(list) = self.tree else { return Err(self.unexpected(&visitor)) };
        visitor.visit_seq(Elements { list, next: 0, path: self.path })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        let Tree::Map(map) = self.tree else { return Err(self.unexpected(&visitor)) };
        visitor.visit_map(Entries { map, next: 0, path: self.path })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        self.deserialize_map(visitor)
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
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        let named = self.named(&visitor)?;
        visitor.visit_enum(named)
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

struct Elements<'r> {
    list: &'r [Tree],
    next: usize,
    path: &'r Path<'r>,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Found;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Found> {
        let Some(tree) = self.list.get(self.next) else { return Ok(None) };
        let path = Path::Element(self.path, self.next);
        self.next = self.next.saturating_add(1);
        let read = seed.deserialize(Reader { tree, path: &path });
        read.map(Some).map_err(|fault| fault.at(&path))
    }
}

struct Entries<'r> {
    map: &'r [(String, Tree)],
    next: usize,
    path: &'r Path<'r>,
}

impl<'r> Entries<'r> {
    fn take_entry(&mut self) -> Result<&'r (String, Tree), Found> {
        let entry = self.map.get(self.next);
        self.next = self.next.saturating_add(1);
        entry.ok_or_else(|| Found::custom("a value without a key"))
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Found;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Found> {
        let Some((key, _)) = self.map.get(self.next) else { return Ok(None) };
        let name: StrDeserializer<'_, Found> = key.as_str().into_deserializer();
        let read = seed.deserialize(name);
        read.map(Some).map_err(|fault| fault.at(&Path::Field(self.path, key)))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Found> {
        let (key, tree) = self.take_entry()?;
        let path = Path::Field(self.path, key);
        seed.deserialize(Reader { tree, path: &path }).map_err(|fault| fault.at(&path))
    }
}

/// An enum's variant: a string alone, or an object with one key.
struct Named<'r> {
    name: &'r str,
    content: Option<&'r Tree>,
    path: &'r Path<'r>,
}

impl<'r, 'de> EnumAccess<'de> for Named<'r> {
    type Error = Found;
    type Variant = Content<'r>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Content<'r>), Found> {
        let name: StrDeserializer<'_, Found> = self.name.into_deserializer();
        let variant = seed.deserialize(name)?;
        Ok((variant, Content { name: self.name, tree: self.content, path: self.path }))
    }
}

/// What an enum's variant holds.
struct Content<'r> {
    name: &'r str,
    tree: Option<&'r Tree>,
    path: &'r Path<'r>,
}

impl Content<'_> {
    fn wrong(&self, what: &str) -> Found {
        Found::custom(format_args!("`{}` {what}", self.name))
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Found;

    fn unit_variant(self) -> Result<(), Found> {
        match self.tree {
            None => Ok(()),
            Some(_) => Err(self.wrong("holds nothing; write it as a string")),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Found> {
        let Some(tree) = self.tree else {
            return Err(self.wrong("lacks its content; write it as an object"));
        };
        let path = Path::Field(self.path, self.name);
        seed.deserialize(Reader { tree, path: &path }).map_err(|fault| fault.at(&path))
    }

    // Our documents have no variants of these two forms.
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Found> {
        Err(self.wrong("is no form of ours"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Found> {
        Err(self.wrong("is no form of ours"))
    }
}
