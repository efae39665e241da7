//! What a document takes, declared once for each type: its fields, its names, its text.
//!
//! Of one declaration there are two readers. [`crate::read`] reads documents, and says where in
//! one a fault is; serde reads what the server keeps, which comes from itself.

/// Reads a type that is a text by its `FromStr`, whose error says what is wrong; `$otherwise` is
/// any value of it.
macro_rules! read_text {
    ($type:ident, $what:literal, $otherwise:expr) => {
        impl $crate::read::Read for $type {
            fn read(reader: &mut $crate::read::Reader<'_>) -> Self {
                reader.parsed($what, $otherwise)
            }
        }

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
pub(crate) use read_text;

/// Reads a type that is a whole number by its `TryFrom<u64>`; `$otherwise` is any value of it.
macro_rules! read_integer {
    ($type:ident, $what:literal, $otherwise:expr) => {
        impl $crate::read::Read for $type {
            fn read(reader: &mut $crate::read::Reader<'_>) -> Self {
                <u64 as $crate::read::Read>::read(reader).try_into().unwrap_or_else(|fault| {
                    reader.fail(core::format_args!("{fault}"));
                    $otherwise
                })
            }
        }

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
pub(crate) use read_integer;

/// Names for an enum whose members hold nothing: all of them in order, its name in messages, and
/// reader and writer of it as a string.
#[macro_export]
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

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl $crate::read::Name for $type {
            fn of_name(reader: &mut $crate::read::Reader<'_>, name: &str) -> Self {
                let [first, ..] = Self::ALL;
                Self::ALL.get(reader.position(Self::NAMES, name)).copied().unwrap_or(first)
            }
        }

        impl $crate::read::Read for $type {
            fn read(reader: &mut $crate::read::Reader<'_>) -> Self {
                let name = reader.text("a string").unwrap_or_default();
                $crate::read::Name::of_name(reader, name)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NameVisitor;
                impl serde::de::Visitor<'_> for NameVisitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$type, E> {
                        let mut members = $type::NAMES.iter().zip($type::ALL);
                        members
                            .find_map(|(other, member)| (*other == name).then_some(member))
                            .ok_or_else(|| E::unknown_variant(name, $type::NAMES))
                    }
                }
                deserializer.deserialize_str(NameVisitor)
            }
        }
    };
}
pub(crate) use names;

/// Reads a struct from an object of these fields, each by its own type's reader.
///
/// `= "name"` is for a field whose name in JSON is another, `or default` for one that may be
/// absent. An object with any other field is refused; one that ends with `..` lets them be.
#[macro_export]
macro_rules! fields {
    ($type:ident { $($field:ident $(= $name:literal)? $(or $default:ident)?),+ $(,)? }) => {
        $crate::fields!(@read $type false [$($field $(= $name)? $(or $default)?),+]);
    };
    ($type:ident { $($field:ident $(= $name:literal)? $(or $default:ident)?),+ , .. }) => {
        $crate::fields!(@read $type true [$($field $(= $name)? $(or $default)?),+]);
    };
    (@read $type:ident $is_open:literal
        [$($field:ident $(= $name:literal)? $(or $default:ident)?),+]) => {
        impl $type {
            const FIELDS: &'static [&'static str] = &[$($crate::fields!(@name $field $($name)?)),+];
        }

        impl $crate::read::Read for $type {
            fn read(reader: &mut $crate::read::Reader<'_>) -> Self {
                let mut record = reader.record(Self::FIELDS, $is_open);
                let value = Self { $($field: $crate::fields!(@next record $($default)?)),+ };
                record.close();
                value
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct FieldsVisitor;
                impl<'de> serde::de::Visitor<'de> for FieldsVisitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A>(self, mut map: A) -> Result<$type, A::Error>
                    where
                        A: serde::de::MapAccess<'de>,
                    {
                        $(let mut $field = None;)+
                        while let Some(name) =
                            map.next_key_seed($crate::read::FieldOf($type::FIELDS, $is_open))?
                        {
                            $(
                                if name == $crate::fields!(@name $field $($name)?) {
                                    let earlier = $field.replace(map.next_value()?);
                                    $crate::read::once(name, earlier)?;
                                    continue;
                                }
                            )+
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                        Ok($type {
                            $($field: $crate::fields!(
                                @take $field ($crate::fields!(@name $field $($name)?)) $($default)?
                            )),+
                        })
                    }
                }
                deserializer.deserialize_struct(stringify!($type), Self::FIELDS, FieldsVisitor)
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (@next $record:ident) => { $crate::read::Read::read($record.required()) };
    (@next $record:ident default) => { $record.or_default() };
    (@take $field:ident ($name:expr)) => {
        $field.ok_or_else(|| <A::Error as serde::de::Error>::missing_field($name))?
    };
    (@take $field:ident ($name:expr) default) => { $field.unwrap_or_default() };
}
pub(crate) use fields;

/// Reads an enum from the name of a member that holds nothing, or from an object whose one key is
/// the name and whose value is what the member holds.
#[macro_export]
macro_rules! variants {
    ($type:ident {
        $($member:ident
            $(($content:ty))?
            $({ $($field:ident $(or $default:ident)?),+ $(,)? })?
            = $name:literal),+ $(,)?
    }) => {
        impl $crate::read::Read for $type {
            fn read(reader: &mut $crate::read::Reader<'_>) -> Self {
                #[derive(Clone, Copy)]
                enum Named {
                    $($member),+
                }
                $crate::names! { Named { $($member = $name),+ } }
                let (named, member) = reader.member();
                match named {
                    $(Named::$member => $crate::variants!(
                        @read member $member
                        $(($content))?
                        $({ $($field $(or $default)?),+ })?
                    )),+
                }
            }
        }
    };
    (@read $found:ident $member:ident) => { $found.is_all(Self::$member) };
    (@read $found:ident $member:ident ($content:ty)) => {
        Self::$member($found.content::<$content>())
    };
    (@read $found:ident $member:ident { $($field:ident $(or $default:ident)?),+ }) => {
        $found.fields(&[$(stringify!($field)),+], |record| Self::$member {
            $($field: $crate::fields!(@next record $($default)?)),+
        })
    };
}
pub(crate) use variants;

/// Reads an enum from an object whose `kind` names the member, and whose other fields are that
/// member's.
macro_rules! kinds {
    ($type:ident {
        $($member:ident { $($field:ident),* $(,)? } = $name:literal),+ $(,)?
    }) => {
        impl $crate::read::Read for $type {
            fn read(reader: &mut $crate::read::Reader<'_>) -> Self {
                #[derive(Clone, Copy)]
                enum Named {
                    $($member),+
                }
                $crate::names! { Named { $($member = $name),+ } }
                match reader.kind() {
                    $(Named::$member => {
                        let mut record = reader.record(&["kind", $(stringify!($field)),*], false);
                        record.required();
                        let value = Self::$member {
                            $($field: $crate::fields!(@next record)),*
                        };
                        record.close();
                        value
                    })+
                }
            }
        }
    };
}
pub(crate) use kinds;
