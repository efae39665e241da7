//! A map of few keys, in the order of its keys, each of which occurs once.
//!
//! The maps of this crate are keyed by meter or encoding: at most 16 entries, for which a sorted
//! list is as fast as a tree and a tenth of its code in the browser. Reading one refuses a key
//! that occurs twice: JSON allows it and most readers keep the last one in silence, which for a
//! price or a usage would be a second meaning.

use crate::read::{Name, Read, Reader};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A small map, in the order of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for OrderedMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord + Copy, V> OrderedMap<K, V> {
    /// The value at `key`.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.iter().find(|(other, _)| other == key).map(|(_, value)| value)
    }

    /// Whether there is a value at `key`.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Puts a value at `key`, and gives back the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.0.iter_mut().find(|(other, _)| *other == key) {
            Some((_, slot)) => Some(core::mem::replace(slot, value)),
            None => {
                let before = self.0.iter().filter(|(other, _)| *other < key).count();
                self.0.insert(before, (key, value));
                None
            }
        }
    }

    /// The entries, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> + '_ {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = K> + '_ {
        self.iter().map(|(key, _)| key)
    }

    /// Whether there is no entry.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Ord + Copy, V> FromIterator<(K, V)> for OrderedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl<K: Ord + Copy + Serialize, V: Serialize> Serialize for OrderedMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<K: Name + Ord + Copy, V: Read> Read for OrderedMap<K, V> {
    fn read(reader: &mut Reader<'_>) -> Self {
        let mut map = Self::default();
        let mut entries = reader.entries();
        while let Some((name, reader)) = entries.next_entry() {
            let key = K::of_name(reader, name);
            if map.insert(key, V::read(reader)).is_some() {
                entries.fail_twice();
            }
        }
        map
    }
}

impl<'de, K, V> Deserialize<'de> for OrderedMap<K, V>
where
    K: Deserialize<'de> + Ord + Copy,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EachKeyOnce(PhantomData))
    }
}

struct EachKeyOnce<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for EachKeyOnce<K, V>
where
    K: Deserialize<'de> + Ord + Copy,
    V: Deserialize<'de>,
{
    type Value = OrderedMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with each key once")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut map = OrderedMap::default();
        while let Some(key) = access.next_key()? {
            if map.insert(key, access.next_value()?).is_some() {
                return Err(A::Error::custom("a key occurs twice; write it once"));
            }
        }
        Ok(map)
    }
}
