//! Which entries of a price list are imported, and under which ids.

use kumari_engine::id::{IdFault, ModelId};
use std::collections::BTreeMap;

/// A choice of entries.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Names with `*` for anything; whether each has been met.
    patterns: Vec<(String, bool)>,
    /// Names that get another id; whether each has been met.
    renamed: BTreeMap<String, (ModelId, bool)>,
}

/// Why a choice is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceFault {
    /// What should be an id is none.
    #[error("`{id}` is {fault}")]
    Id {
        /// The text.
        id: String,
        /// Why.
        fault: IdFault,
    },
    /// Nothing has that name.
    #[error("`{0}` names no entry of the file")]
    Unknown(String),
    /// One name would have two ids.
    #[error("`{0}` gets two ids; name it once")]
    TwoIds(String),
    /// Two entries would have one id.
    #[error("`{one}` and `{other}` would both be the model `{id}`; choose one")]
    SameId {
        /// The id.
        id: ModelId,
        /// An entry.
        one: String,
        /// Another one.
        other: String,
    },
}

impl Choice {
    /// Reads names, patterns and `ID=NAME`; of none, everything is chosen.
    pub(crate) fn new(words: &[String]) -> Result<Self, ChoiceFault> {
        let mut choice = Self { patterns: Vec::new(), renamed: BTreeMap::new() };
        for word in words {
            let Some((id, name)) = word.split_once('=') else {
                choice.patterns.push((word.clone(), false));
                continue;
            };
            let id = id.parse().map_err(|fault| ChoiceFault::Id { id: id.to_owned(), fault })?;
            if choice.renamed.insert(name.to_owned(), (id, false)).is_some() {
                return Err(ChoiceFault::TwoIds(name.to_owned()));
            }
        }
        if words.is_empty() {
            choice.patterns.push(("*".to_owned(), true));
        }
        Ok(choice)
    }

    /// The id for the entry of that name, unless it is not chosen.
    pub(crate) fn id(&mut self, name: &str) -> Option<String> {
        if let Some((id, is_met)) = self.renamed.get_mut(name) {
            *is_met = true;
            return Some(id.to_string());
        }
        let mut is_chosen = false;
        for (pattern, is_met) in &mut self.patterns {
            if matches(pattern, name) {
                (*is_met, is_chosen) = (true, true);
            }
        }
        is_chosen.then(|| name.to_owned())
    }

    /// That everything that was named was there.
    pub(crate) fn finish(self) -> Result<(), ChoiceFault> {
        let renamed = self.renamed.into_iter().map(|(name, (_, is_met))| (name, is_met));
        let mut all = self.patterns.into_iter().chain(renamed);
        all.find(|(_, is_met)| !is_met).map_or(Ok(()), |(name, _)| Err(ChoiceFault::Unknown(name)))
    }
}

/// Whether a pattern, with `*` for any text, is that name.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut name) = name.strip_suffix(end) else { return false };
    for part in middle.split('*') {
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Choice, ChoiceFault, matches};

    #[test]
    fn a_star_is_any_text() {
        for (pattern, is, is_not) in [
            ("gpt-6", &["gpt-6"][..], &["gpt-6.1", "x/gpt-6"][..]),
            ("gpt-6*", &["gpt-6", "gpt-6.1-sol"], &["x/gpt-6"]),
            ("*/gpt-6", &["a/gpt-6", "a/b/gpt-6"], &["gpt-6", "a/gpt-6.1"]),
            ("a*b*c", &["abc", "axbxbxc"], &["acb", "ac", "bac"]),
            ("a*a", &["aa", "aba"], &["a"]),
            ("*", &["", "anything"], &[]),
        ] {
            assert!(is.iter().all(|name| matches(pattern, name)), "{pattern}");
            assert!(!is_not.iter().any(|name| matches(pattern, name)), "{pattern}");
        }
    }

    #[test]
    fn what_is_named_must_be_there() {
        let words =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut choice = Choice::new(&words(&["a*", "b=x/b", "c*"])).unwrap();
        assert_eq!(choice.id("ab").as_deref(), Some("ab"));
        assert_eq!(choice.id("x/b").as_deref(), Some("b"));
        assert_eq!(choice.id("b"), None);
        assert_eq!(choice.finish(), Err(ChoiceFault::Unknown("c*".to_owned())));
        assert!(Choice::new(&[]).unwrap().finish().is_ok());
        assert!(Choice::new(&words(&["a b=x"])).is_err());
        assert!(Choice::new(&words(&["a=x", "b=x"])).is_err());
    }
}
