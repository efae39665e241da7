//! A tree from whatever serde reads: JSON text, on the server.

use kumari_engine::tree::Tree;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The largest whole number of which JavaScript also holds the next: RFC 8785 goes no further.
const SAFE_INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// A tree that serde reads.
pub(crate) struct Any(pub(crate) Tree<'static>);

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyTree).map(Self)
    }
}

/// A whole number, where JavaScript holds it too.
pub(crate) fn whole(value: i64) -> Tree<'static> {
    let is_safe = (-SAFE_INTEGER_MAX..=SAFE_INTEGER_MAX).contains(&value);
    if is_safe { Tree::Integer(value) } else { Tree::Number }
}

struct AnyTree;

impl<'de> Visitor<'de> for AnyTree {
    type Value = Tree<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree<'static>, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree<'static>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree<'static>, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree<'static>, E> {
        Ok(whole(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree<'static>, E> {
        Ok(i64::try_from(value).map_or(Tree::Number, whole))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree<'static>, E> {
        Ok(Tree::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree<'static>, E> {
        Ok(Tree::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree<'static>, E> {
        Ok(Tree::Text(Cow::Owned(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree<'static>, A::Error> {
        let mut list = Vec::new();
        while let Some(Any(value)) = access.next_element()? {
            list.push(value);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree<'static>, A::Error> {
        let mut map = Vec::new();
        while let Some((name, Any(value))) = access.next_entry::<String, _>()? {
            map.push((Cow::Owned(name), value));
        }
        Ok(Tree::Map(map))
    }
}
