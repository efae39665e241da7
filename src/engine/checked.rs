//! Reading values that are checked: a fault is raised while the value is read, so that whoever
//! reads a document still knows where in it they are.

/// Serde for a type that is a text: reads it by `FromStr`, whose error says what is wrong.
macro_rules! deserialize_text {
    ($type:ident, $what:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse()
                            .map_err(|fault| E::custom(core::format_args!("`{text}` is {fault}")))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}
pub(crate) use deserialize_text;

/// Serde for a type that is a whole number: reads it by `TryFrom<u64>`.
macro_rules! deserialize_integer {
    ($type:ident, $what:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Integer;
                impl serde::de::Visitor<'_> for Integer {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<$type, E> {
                        number.try_into().map_err(E::custom)
                    }
                }
                deserializer.deserialize_u64(Integer)
            }
        }
    };
}
pub(crate) use deserialize_integer;

/// Names for an enum whose members hold nothing: all of them in order, and serde as a string.
///
/// Serde's derive would make a reader for each such type that takes names, numbers and objects;
/// what is here takes names, by one search for all types.
macro_rules! names {
    ($visibility:vis $type:ident { $($member:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            const NAMES: &'static [&'static str] = &[$($name),+];

            /// Every one, in order.
            $visibility const ALL: [Self; Self::NAMES.len()] = [$(Self::$member),+];

            /// Its name as in JSON.
            $visibility const fn name(self) -> &'static str {
                match self {
                    $(Self::$member => $name),+
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Name;
                impl serde::de::Visitor<'_> for Name {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$type, E> {
                        $crate::checked::position($type::NAMES, name)
                            .and_then(|index| $type::ALL.get(index).copied())
                            .ok_or_else(|| E::unknown_variant(name, $type::NAMES))
                    }
                }
                deserializer.deserialize_str(Name)
            }
        }
    };
}
pub(crate) use names;

/// Where in `names` that one is.
pub(crate) fn position(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|other| *other == name)
}
