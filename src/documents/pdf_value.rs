//! The values that a PDF is made of.

use std::ops::Range;
use std::rc::Rc;

/// A value, with everything inside it but what it refers to. A copy shares what is in a list or a
/// dictionary, so that to look into one again and again costs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    #[default]
    Null,
    Bool,
    Integer(i64),
    Real(f64),
    /// Without its slash.
    Name(Vec<u8>),
    Text(Vec<u8>),
    List(Rc<Vec<Value>>),
    Dict(Dict),
    /// The number of an object.
    Reference(u32),
    Stream(Stream),
    /// A bare word: an operator of a page, or a word of the file's own structure.
    Word(Vec<u8>),
}

/// A dictionary, in the order of its keys; of two that are the same, the later counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dict(Rc<Vec<(Vec<u8>, Value)>>);

/// Data with a dictionary, and where in the file it lies.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) dict: Dict,
    pub(crate) data: Range<usize>,
}

/// What a key is that is not there.
const NULL: &Value = &Value::Null;

impl Dict {
    /// A dictionary of these entries, in the order in which they were written.
    pub(crate) fn of(mut entries: Vec<(Vec<u8>, Value)>) -> Self {
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(Rc::new(entries))
    }

    pub(crate) fn get(&self, key: &str) -> &Value {
        self.get_bytes(key.as_bytes())
    }

    /// What a name leads to that is not known beforehand.
    pub(crate) fn get_bytes(&self, key: &[u8]) -> &Value {
        self.find(key).unwrap_or(NULL)
    }

    fn find(&self, key: &[u8]) -> Option<&Value> {
        let after = self.0.partition_point(|(known, _)| known.as_slice() <= key);
        let (known, value) = self.0.get(after.checked_sub(1)?)?;
        (known == key).then_some(value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn insert(&mut self, key: &str, value: Value) {
        let key = key.as_bytes().to_vec();
        let entries = Rc::make_mut(&mut self.0);
        let after = entries.partition_point(|(known, _)| *known <= key);
        entries.insert(after, (key, value));
    }

    /// Whether its `Type` is this one.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.get("Type").is_name(kind)
    }
}

impl Value {
    pub(crate) fn is_name(&self, name: &str) -> bool {
        self.name() == Some(name.as_bytes())
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found == word.as_bytes())
    }

    pub(crate) fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    pub(crate) fn stream(&self) -> Option<&Stream> {
        if let Self::Stream(stream) = self { Some(stream) } else { None }
    }

    /// How many bytes a copy of it takes, beside what it shares.
    pub(crate) fn copied_bytes(&self) -> usize {
        if let Self::Name(own) | Self::Text(own) | Self::Word(own) = self { own.len() } else { 0 }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// A dictionary, also a stream's.
    pub(crate) fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self {
            Some(dict)
        } else if let Self::Stream(stream) = self {
            Some(&stream.dict)
        } else {
            None
        }
    }

    pub(crate) fn reference(&self) -> Option<u32> {
        if let Self::Reference(number) = self { Some(*number) } else { None }
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        if let Self::Integer(integer) = self { Some(*integer) } else { None }
    }

    /// An integer that counts something or is a place.
    pub(crate) fn size(&self) -> Option<usize> {
        usize::try_from(self.integer()?).ok()
    }

    pub(crate) fn number(&self) -> Option<f64> {
        if let Self::Real(real) = self {
            return Some(*real);
        }
        // What is beyond 32 bits is no coordinate.
        i32::try_from(self.integer()?).ok().map(f64::from)
    }
}
