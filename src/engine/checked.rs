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
