//! Values from documents: what a type takes, declared once, and the first fault with its place.
//!
//! A reader does not stop at a fault. It keeps the first one, goes on with whatever value is at
//! hand, and in the end the fault is the answer and the value is dropped. So no type's reader has
//! a way out in its middle, which in the browser was half of all code for reading.
//!
//! It reads a tree; what makes one of bytes is in `kumari-wire`.

use crate::tree::{Named, Tree};
use crate::written::{Plain, format, written};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::slice::Iter;
use core::str::FromStr;
use serde::de::IgnoredAny;

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, as `legs[1].usage`; empty where it is the document itself.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// A value that is read from a document.
pub trait Read: Sized {
    /// The value where `reader` is; after a fault, any value.
    fn read(reader: &mut Reader<'_>) -> Self;
}

/// A value that is one of some names, and so can be an object's key.
pub trait Name: Sized {
    /// The value of that name; after a fault, any value.
    fn of_name(reader: &mut Reader<'_>, name: &str) -> Self;
}

/// Reads a value from a tree.
///
/// # Errors
/// [`Fault`] at the first thing that is wrong.
pub fn read<T: Read>(tree: &Tree<'_>) -> Result<T, Fault> {
    let mut reader = Reader { tree, path: Vec::new(), fault: None };
    let value = T::read(&mut reader);
    match reader.fault {
        None => Ok(value),
        Some(fault) => Err(fault),
    }
}

/// Where in a document reading is, and the first fault so far.
#[derive(Debug)]
pub struct Reader<'tree> {
    tree: &'tree Tree<'tree>,
    path: Vec<Step<'tree>>,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'tree> {
    Field(&'tree str),
    Element(usize),
}

/// What a field reads that is not there.
const NOTHING: &Tree<'_> = &Tree::Null;

impl<'tree> Reader<'tree> {
    /// Says what is wrong here. Only the first fault counts: what follows may come of it.
    #[cold]
    pub fn fail(&mut self, message: fmt::Arguments<'_>) {
        if self.fault.is_some() {
            return;
        }
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
                    path.push_str(&format!("[{index}]"));
                }
            }
        }
        self.fault = Some(Fault { path, message: written(message) });
    }

    #[cold]
    fn unexpected(&mut self, expected: &str) {
        let (found, expected) = (Plain(self.tree.kind()), Plain(expected));
        self.fail(format_args!("invalid type: {found}, expected {expected}"));
    }

    /// The text here; `expected` says in words what it should be.
    pub fn text(&mut self, expected: &str) -> Option<&'tree str> {
        let Tree::Text(text) = self.tree else {
            self.unexpected(expected);
            return None;
        };
        Some(text)
    }

    /// The value whose text is here, or `otherwise` where it is none.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, expected: &str, otherwise: T) -> T {
        let Some(text) = self.text(expected) else { return otherwise };
        match text.parse() {
            Ok(value) => value,
            Err(fault) => {
                self.fail(format_args!("`{}` is {fault}", Plain(text)));
                otherwise
            }
        }
    }

    /// The whole number here, from `least` to `most`.
    pub fn integer(&mut self, least: i64, most: i64) -> i64 {
        let Tree::Integer(value) = self.tree else {
            self.unexpected("a whole number");
            return 0;
        };
        if *value < least || *value > most {
            self.fail(format_args!("`{value}` is out of range"));
        }
        *value
    }

    /// Which of `names` the text `name` is; the first after a fault.
    pub fn position(&mut self, names: &[&str], name: &str) -> usize {
        let position = names.iter().position(|other| *other == name);
        if position.is_none() {
            let expected = Expected(names, "variants");
            self.fail(format_args!("unknown variant `{}`, {expected}", Plain(name)));
        }
        position.unwrap_or(0)
    }

    /// An enum's member, a string alone or an object with one key, and what it holds.
    pub fn member<T: Name>(&mut self) -> (T, Member<'_, 'tree>) {
        let (name, content) = self.named();
        (T::of_name(self, name), Member { reader: self, content })
    }

    fn named(&mut self) -> (&'tree str, Option<&'tree Named<'tree>>) {
        if let Tree::Text(name) = self.tree {
            (name, None)
        } else if let Tree::Map(map) = self.tree
            && let [entry] = map.as_slice()
        {
            (&entry.0, Some(entry))
        } else {
            self.unexpected("a string, or an object with one key");
            ("", None)
        }
    }

    /// The fields of an object, to be read in the order of `names`. It has no others, unless it
    /// `is_open`, and none twice.
    pub fn record<'reader>(
        &'reader mut self,
        names: &'static [&'static str],
        is_open: bool,
    ) -> Record<'reader, 'tree> {
        let (depth, map) = (self.path.len(), self.map());
        for (index, (name, tree)) in map.iter().enumerate() {
            let is_known = names.contains(&name.as_ref());
            if is_known && map.iter().take(index).any(|(earlier, _)| earlier == name) {
                let here = self.enter(depth, Step::Field(name), tree);
                here.fail(format_args!("duplicate field `{}`", Plain(name)));
            } else if !is_known && !is_open {
                let expected = Expected(names, "fields");
                let here = self.enter(depth, Step::Field(name), tree);
                here.fail(format_args!("unknown field `{}`, {expected}", Plain(name)));
            } else {
                continue;
            }
            // The first fault is enough, and looking for further ones in an object of many
            // thousand fields would take long.
            break;
        }
        Record { reader: self, depth, map, names: names.iter() }
    }

    /// The value that an object has at `kind`; the object itself is still to be read.
    pub fn kind<T: Read>(&mut self) -> T {
        let tree = self.tree;
        let mut record = self.record(&["kind"], true);
        let kind = T::read(record.required());
        record.close();
        self.tree = tree;
        kind
    }

    /// The elements of a list, in order.
    pub fn elements(&mut self) -> Elements<'_, 'tree> {
        let list = if let Tree::List(list) = self.tree {
            list.as_slice()
        } else {
            self.unexpected("an array");
            &[]
        };
        Elements { depth: self.path.len(), reader: self, list, next: 0 }
    }

    /// The entries of an object whose keys are data.
    pub fn entries(&mut self) -> Entries<'_, 'tree> {
        let map = self.map();
        Entries { depth: self.path.len(), reader: self, map: map.iter() }
    }

    fn map(&mut self) -> &'tree [Named<'tree>] {
        let Tree::Map(map) = self.tree else {
            self.unexpected("an object");
            return &[];
        };
        map
    }

    /// Goes from the value at `depth` to what it has at `step`.
    fn enter(&mut self, depth: usize, step: Step<'tree>, tree: &'tree Tree<'tree>) -> &mut Self {
        self.path.truncate(depth);
        self.path.push(step);
        self.tree = tree;
        self
    }

    fn enter_content(&mut self, content: Option<&'tree Named<'tree>>) {
        if let Some((name, tree)) = content {
            self.enter(self.path.len(), Step::Field(name), tree);
        } else {
            self.fail(format_args!("it lacks its content; write it as an object"));
        }
    }

    /// Comes back to the value at `depth`.
    fn leave(&mut self, depth: usize) {
        self.path.truncate(depth);
    }
}

/// What an enum's member holds.
#[derive(Debug)]
pub struct Member<'reader, 'tree> {
    reader: &'reader mut Reader<'tree>,
    content: Option<&'tree Named<'tree>>,
}

impl Member<'_, '_> {
    /// What it holds.
    pub fn content<T: Read>(self) -> T {
        let Self { reader, content } = self;
        let depth = reader.path.len();
        reader.enter_content(content);
        let value = T::read(reader);
        reader.leave(depth);
        value
    }

    /// What it holds, of these fields.
    pub fn fields<T>(
        self,
        names: &'static [&'static str],
        read: impl FnOnce(&mut Record<'_, '_>) -> T,
    ) -> T {
        let Self { reader, content } = self;
        let depth = reader.path.len();
        reader.enter_content(content);
        let value = read(&mut reader.record(names, false));
        reader.leave(depth);
        value
    }

    /// `value`, the member that holds nothing.
    pub fn is_all<T>(self, value: T) -> T {
        if self.content.is_some() {
            self.reader.fail(format_args!("it holds nothing; write its name as a string"));
        }
        value
    }
}

/// The fields of an object, in the order of their declaration.
#[derive(Debug)]
pub struct Record<'reader, 'tree> {
    reader: &'reader mut Reader<'tree>,
    depth: usize,
    map: &'tree [Named<'tree>],
    names: Iter<'static, &'static str>,
}

impl<'tree> Record<'_, 'tree> {
    /// A reader of the next field, which must be there.
    pub fn required(&mut self) -> &mut Reader<'tree> {
        let name = self.names.next().copied().unwrap_or_default();
        match self.find(name) {
            Some((name, tree)) => self.reader.enter(self.depth, Step::Field(name), tree),
            None => {
                let reader = self.reader.enter(self.depth, Step::Field(name), NOTHING);
                reader.fail(format_args!("missing field `{}`", Plain(name)));
                reader
            }
        }
    }

    /// A reader of the next field, where it is there.
    pub fn present(&mut self) -> Option<&mut Reader<'tree>> {
        let name = self.names.next().copied().unwrap_or_default();
        let (name, tree) = self.find(name)?;
        Some(self.reader.enter(self.depth, Step::Field(name), tree))
    }

    /// The next field, or its default where it is not there.
    pub fn or_default<T: Read + Default>(&mut self) -> T {
        self.present().map_or_else(T::default, T::read)
    }

    /// Comes back to the object itself.
    pub fn close(self) {
        self.reader.leave(self.depth);
    }

    fn find(&self, name: &str) -> Option<&'tree Named<'tree>> {
        self.map.iter().find(|(other, _)| other == name)
    }
}

/// The elements of a list.
#[derive(Debug)]
pub struct Elements<'reader, 'tree> {
    reader: &'reader mut Reader<'tree>,
    depth: usize,
    list: &'tree [Tree<'tree>],
    next: usize,
}

impl<'tree> Elements<'_, 'tree> {
    /// A reader of the next element.
    pub fn next_element(&mut self) -> Option<&mut Reader<'tree>> {
        let Some(tree) = self.list.get(self.next) else {
            self.reader.leave(self.depth);
            return None;
        };
        let step = Step::Element(self.next);
        self.next = self.next.saturating_add(1);
        Some(self.reader.enter(self.depth, step, tree))
    }
}

/// The entries of an object.
#[derive(Debug)]
pub struct Entries<'reader, 'tree> {
    reader: &'reader mut Reader<'tree>,
    depth: usize,
    map: Iter<'tree, Named<'tree>>,
}

impl<'tree> Entries<'_, 'tree> {
    /// The next key, and a reader of what is there.
    pub fn next_entry(&mut self) -> Option<(&'tree str, &mut Reader<'tree>)> {
        let Some((key, tree)) = self.map.next() else {
            self.reader.leave(self.depth);
            return None;
        };
        Some((key, self.reader.enter(self.depth, Step::Field(key), tree)))
    }

    /// Says that the key that was read last was there before.
    #[cold]
    pub fn fail_twice(&mut self) {
        self.reader.leave(self.depth);
        self.reader.fail(format_args!("a key occurs twice; write it once"));
    }
}

/// What would be right in place of an unknown name: the names, and what they are in the plural.
struct Expected<'names>(&'names [&'names str], &'static str);

impl fmt::Display for Expected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(names, plural) = self;
        f.write_str(match names.len() {
            0 => "there are no ",
            1 | 2 => "expected ",
            _ => "expected one of ",
        })?;
        if names.is_empty() {
            return f.write_str(plural);
        }
        for (index, name) in names.iter().enumerate() {
            f.write_str(match (index, names.len()) {
                (0, _) => "`",
                (_, 2) => " or `",
                _ => ", `",
            })?;
            f.write_str(name)?;
            f.write_str("`")?;
        }
        Ok(())
    }
}

impl Read for bool {
    fn read(reader: &mut Reader<'_>) -> Self {
        let Tree::Bool(value) = reader.tree else {
            reader.unexpected("a boolean");
            return false;
        };
        *value
    }
}

impl Read for String {
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.text("a string").map(Self::from).unwrap_or_default()
    }
}

impl Read for u64 {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self::try_from(reader.integer(0, i64::MAX)).unwrap_or_default()
    }
}

impl Read for u32 {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self::try_from(reader.integer(0, Self::MAX.into())).unwrap_or_default()
    }
}

impl Read for i32 {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self::try_from(reader.integer(Self::MIN.into(), Self::MAX.into())).unwrap_or_default()
    }
}

impl<T: Read> Read for Box<T> {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self::new(T::read(reader))
    }
}

/// Whatever is there.
impl Read for IgnoredAny {
    fn read(_: &mut Reader<'_>) -> Self {
        Self
    }
}

impl<T: Read> Read for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Self {
        if matches!(reader.tree, Tree::Null) { None } else { Some(T::read(reader)) }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Self {
        let mut values = Self::new();
        let mut elements = reader.elements();
        while let Some(reader) = elements.next_element() {
            values.push(T::read(reader));
        }
        values
    }
}

/// The name of a struct's field, as serde meets it: one of these, or, where others are let be, none.
#[derive(Debug)]
pub struct FieldOf(pub &'static [&'static str], pub bool);

impl<'de> serde::de::DeserializeSeed<'de> for FieldOf {
    type Value = &'static str;

    fn deserialize<D: serde::Deserializer<'de>>(self, name: D) -> Result<&'static str, D::Error> {
        name.deserialize_identifier(self)
    }
}

impl serde::de::Visitor<'_> for FieldOf {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<&'static str, E> {
        match self.0.iter().find(|field| **field == name) {
            Some(field) => Ok(field),
            None if self.1 => Ok(""),
            None => Err(E::unknown_field(name, self.0)),
        }
    }
}

/// Refuses a field that was there before, as serde meets it.
///
/// # Errors
/// That it is a duplicate.
pub fn once<T, E: serde::de::Error>(name: &'static str, earlier: Option<T>) -> Result<(), E> {
    if earlier.is_some() { Err(E::duplicate_field(name)) } else { Ok(()) }
}
