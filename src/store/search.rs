//! Looking for words in conversations: in their titles, and in what was said in them.
//!
//! It is done here and not by a database: what is the same letter, large or small, would be another
//! thing in each of them. Letters are compared without case, a run of spaces and line breaks is one
//! space, and every sign of what is looked for stands for itself.
//!
//! A search goes through the conversations in the order of their list, and does so much at a time:
//! where it has to stop, it says from where to go on, whether it has found anything or not.

use crate::chat::{Conversation, ConversationId};
use crate::conversations::MessagePlace;
use crate::error::StoreError;
use crate::limits::{CONVERSATIONS_MAX, MESSAGES_MAX, TEXTS_MAX};
use crate::store::Store;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use serde::Serialize;

/// How many conversations are read at a time.
const PAGE: u32 = 20;
/// How many characters of what surrounds a find are shown before it, and after it.
const BEFORE_CHARS: usize = 30;
const AFTER_CHARS: usize = 90;

/// What is looked for; there is something in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle(String);

/// A conversation in which it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The conversation.
    pub conversation: Conversation,
    /// Where: in its title, or else in the last message that has it.
    pub found: Found,
}

/// A find with what surrounds it, each run of spaces and line breaks as one space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Where it is.
    #[serde(rename = "in")]
    pub place: FoundIn,
    /// What stands before it; begins with `…` where it is cut off.
    pub before: String,
    /// What was found, as it is written there.
    pub text: String,
    /// What stands after it; ends with `…` where it is cut off.
    pub after: String,
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundIn {
    /// In the title.
    Title,
    /// In what the person wrote.
    User,
    /// In an answer.
    Assistant,
}

/// What a search has found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// In the order of the list of conversations.
    pub hits: Vec<Hit>,
    /// The last conversation that was looked at, where there may be more behind it.
    pub next: Option<(Timestamp, ConversationId)>,
}

impl Needle {
    /// What is looked for; nothing where there are only spaces in it.
    pub fn new(words: &str) -> Option<Self> {
        let folded: String = folded(words).map(|(_, sign)| sign).collect();
        let folded = folded.trim_matches(' ');
        (!folded.is_empty()).then(|| Self(folded.to_owned()))
    }

    /// Where it is first in a text.
    fn found(&self, place: FoundIn, text: &str) -> Option<Found> {
        let plain: String = folded(text).map(|(_, sign)| sign).collect();
        let first = plain.find(&self.0)?;
        let last = first.saturating_add(self.0.len()).saturating_sub(1);
        // The signs of the text itself that became the first and the last of what was found.
        let (mut at, mut begin, mut end) = (0_usize, 0, text.len());
        for (index, sign) in folded(text) {
            let next = at.saturating_add(sign.len_utf8());
            if (at..next).contains(&first) {
                begin = index;
            }
            if (at..next).contains(&last) {
                end =
                    text.get(index..)?.chars().next().map_or(index, |sign| index + sign.len_utf8());
                break;
            }
            at = next;
        }
        Some(Found {
            place,
            before: end_of(text.get(..begin)?),
            text: one_line(text.get(begin..end)?.chars()),
            after: beginning_of(text.get(end..)?),
        })
    }
}

/// Goes through an account's conversations from `before` on until it has found `limit` of them, or
/// has looked at as many conversations and messages as are looked at together. Of a conversation the
/// last [`MESSAGES_MAX`] messages are looked at: those that can be opened.
///
/// # Errors
/// [`StoreError`].
pub async fn search(
    store: &dyn Store,
    account: &AccountId,
    needle: &Needle,
    mut before: Option<(Timestamp, ConversationId)>,
    limit: u32,
) -> Result<Searched, StoreError> {
    let mut hits = Vec::new();
    let (mut conversations, mut messages) = (0_u32, 0_u32);
    loop {
        let page = store.conversations(account, before, PAGE).await?;
        let is_last = u32::try_from(page.len()).is_ok_and(|count| count < PAGE);
        for conversation in page {
            let is_full = u32::try_from(hits.len()).is_ok_and(|count| count >= limit);
            if is_full || conversations >= CONVERSATIONS_MAX || messages >= MESSAGES_MAX {
                return Ok(Searched { hits, next: before });
            }
            before = Some((conversation.updated_at, conversation.id));
            conversations = conversations.saturating_add(1);
            let found = match needle.found(FoundIn::Title, &conversation.title) {
                None => in_messages(store, account, needle, conversation.id, &mut messages).await?,
                found => found,
            };
            hits.extend(found.map(|found| Hit { conversation, found }));
        }
        if is_last {
            return Ok(Searched { hits, next: None });
        }
    }
}

/// The last message that has it; `looked` counts those that were looked at.
async fn in_messages(
    store: &dyn Store,
    account: &AccountId,
    needle: &Needle,
    id: ConversationId,
    looked: &mut u32,
) -> Result<Option<Found>, StoreError> {
    let mut before: Option<MessagePlace> = None;
    let mut left = MESSAGES_MAX;
    while left > 0 {
        let page = store.texts(account, id, before.as_ref(), left.min(TEXTS_MAX)).await?;
        let count = u32::try_from(page.len()).unwrap_or(u32::MAX);
        before = page.last().map(|(place, _)| place.clone());
        // Long texts are work, so it happens beside the threads that serve.
        let sought = needle.clone();
        let looking = tokio::task::spawn_blocking(move || {
            page.iter().find_map(|(place, text)| {
                let role = if place.leg.is_some() { FoundIn::Assistant } else { FoundIn::User };
                sought.found(role, text)
            })
        });
        let found = looking.await.map_err(|_| StoreError::Invalid("a search that panicked"))?;
        *looked = looked.saturating_add(count);
        if found.is_some() || count < TEXTS_MAX {
            return Ok(found);
        }
        left = left.saturating_sub(count);
    }
    Ok(None)
}

/// The signs of a text as they are compared, each with the place that it comes from.
fn folded(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut was_space = false;
    let signs = text.char_indices().filter(move |(_, sign)| {
        let is_repeated = is_space(*sign) && was_space;
        was_space = is_space(*sign);
        !is_repeated
    });
    signs.flat_map(|(index, sign)| {
        let sign = if is_space(sign) { ' ' } else { sign };
        // By way of the capital letter, so that both small sigmas are one, and ß is ss.
        sign.to_uppercase().flat_map(char::to_lowercase).map(move |sign| (index, sign))
    })
}

fn is_space(sign: char) -> bool {
    sign.is_whitespace() || sign.is_control()
}

/// A text with each run of spaces and line breaks as one space.
fn one_line(text: impl Iterator<Item = char>) -> String {
    let mut line = String::new();
    for sign in text {
        match is_space(sign) {
            true if line.ends_with(' ') => {}
            true => line.push(' '),
            false => line.push(sign),
        }
    }
    line
}

fn end_of(text: &str) -> String {
    let cut = text.char_indices().rev().nth(BEFORE_CHARS.saturating_sub(1)).map_or(0, |(at, _)| at);
    let line = one_line(text.get(cut..).unwrap_or_default().chars());
    if cut == 0 { line.trim_start().to_owned() } else { format!("…{line}") }
}

fn beginning_of(text: &str) -> String {
    let mut left = text.chars();
    let line = one_line(left.by_ref().take(AFTER_CHARS));
    if left.next().is_none() { line.trim_end().to_owned() } else { format!("{line}…") }
}

#[cfg(test)]
mod tests {
    use super::{Found, FoundIn, Needle};

    fn found(words: &str, text: &str) -> Option<(String, String, String)> {
        let needle = Needle::new(words).unwrap();
        let found = needle.found(FoundIn::Title, text);
        found.map(|Found { before, text, after, .. }| (before, text, after))
    }

    #[test]
    fn letters_are_found_without_their_case_and_signs_as_they_are() {
        for (words, text, expected) in [
            ("köln", "Nach KÖLN bitte", Some(("Nach ", "KÖLN", " bitte"))),
            ("KÖLN", "köln", Some(("", "köln", ""))),
            ("koln", "Köln", None),
            ("σ", "ΟΔΟΣ", Some(("ΟΔΟ", "Σ", ""))),
            ("οδος", "ΟΔΟΣ!", Some(("", "ΟΔΟΣ", "!"))),
            ("STRASSE", "die Straße hier", Some(("die ", "Straße", " hier"))),
            ("s", "ß", Some(("", "ß", ""))),
            ("100%", "1000 or 100%?", Some(("1000 or ", "100%", "?"))),
            ("a_b", "axb a_b", Some(("axb ", "a_b", ""))),
            (r"c:\x", r"C:\X", Some(("", r"C:\X", ""))),
            ("%", "none", None),
            ("  two   words ", "of two\n\twords.", Some(("of ", "two words", "."))),
            ("b", "a\u{0}b", Some(("a ", "b", ""))),
            ("🦀", "a 🦀 is", Some(("a ", "🦀", " is"))),
        ] {
            let parts = found(words, text);
            let parts = parts.as_ref().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()));
            assert_eq!(parts, expected, "`{words}` in `{text}`");
        }
    }

    #[test]
    fn what_surrounds_a_find_is_short() {
        let text = format!("{}needle{}", "ä".repeat(200), "ö".repeat(200));
        let (before, sought, after) = found("needle", &text).unwrap();
        assert_eq!((before.chars().count(), sought.as_str()), (31, "needle"));
        assert!(before.starts_with('…') && after.ends_with('…'));
        assert_eq!(after.chars().count(), 91);
    }

    #[test]
    fn spaces_alone_are_nothing_to_look_for() {
        for nothing in ["", " ", "\n\t", "\u{0}"] {
            assert_eq!(Needle::new(nothing), None);
        }
    }
}
