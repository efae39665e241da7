//! Looking for words in conversations: in their titles, and in what was said in them.
//!
//! It is done here and not by a database: what is the same letter, large or small, would be another
//! thing in each of them. Letters are compared without case, a run of spaces and line breaks is one
//! space, and every sign of what is looked for stands for itself.
//!
//! A search goes through the conversations in the order of their list, and does so much at a time:
//! where it has to stop, be it inside a conversation, it says from where to go on, whether it has
//! found anything or not. Of all that are under way a few look at texts at once.

use crate::chat::{Conversation, ConversationId};
use crate::conversations::MessagePlace;
use crate::error::StoreError;
use crate::limits::{CONVERSATIONS_MAX, MESSAGES_MAX};
use crate::store::Store;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use serde::Serialize;
use tokio::sync::Semaphore;

/// How many conversations are read at a time.
const PAGE: u32 = 20;
/// How many texts are read at a time; each may be long.
const TEXTS: u32 = 8;
/// How many bytes of texts are looked at together, by the last text more.
const BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// How many characters of what surrounds a find are shown before it, and after it.
const BEFORE_CHARS: usize = 30;
const AFTER_CHARS: usize = 90;

/// Long texts are work and memory: so many searches of a process look at some at once.
static LOOKING: Semaphore = Semaphore::const_new(4);

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
    /// Where to go on, where there may be more.
    pub next: Option<SearchPlace>,
}

/// Where a search goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPlace {
    /// The last conversation that was looked at.
    pub after: (Timestamp, ConversationId),
    /// Where in that one to go on first, where it was not looked through.
    pub within: Option<Within>,
}

/// Where a search stopped inside a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// The last message that was looked at.
    pub before: MessagePlace,
    /// How many more are looked at; more than [`MESSAGES_MAX`] are not.
    pub left: u32,
}

/// What became of a conversation that was looked at.
enum Looked {
    Found(Found),
    Nothing,
    Stopped(Within),
}

/// A search, and how much it has looked at.
struct Looking<'search> {
    store: &'search dyn Store,
    account: &'search AccountId,
    needle: &'search Needle,
    messages: u32,
    bytes: usize,
    bytes_max: usize,
}

/// What was looked at of some texts.
#[derive(Default)]
struct Look {
    found: Option<Found>,
    last: Option<MessagePlace>,
    texts: u32,
    bytes: usize,
}

impl Needle {
    /// What is looked for; nothing where there are only spaces in it.
    pub fn new(words: &str) -> Option<Self> {
        let folded: String = folded(words).map(|(_, sign)| sign).collect();
        let folded = folded.trim_matches(' ');
        (!folded.is_empty()).then(|| Self(folded.to_owned()))
    }

    /// Looks at texts, the last first, until it is found or that is enough.
    fn look(&self, texts: Vec<(MessagePlace, String)>, bytes_max: usize) -> Look {
        let mut look = Look::default();
        for (place, text) in texts {
            let role = if place.leg.is_some() { FoundIn::Assistant } else { FoundIn::User };
            look.found = self.found(role, &text);
            look.last = Some(place);
            look.texts = look.texts.saturating_add(1);
            look.bytes = look.bytes.saturating_add(text.len());
            if look.found.is_some() || look.bytes >= bytes_max {
                break;
            }
        }
        look
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

/// Goes through an account's conversations from `from` on until it has found `limit` of them, or
/// has looked at as many conversations, messages and bytes as are looked at together. Of a
/// conversation the last [`MESSAGES_MAX`] messages are looked at: those that can be opened.
///
/// # Errors
/// [`StoreError`].
pub async fn search(
    store: &dyn Store,
    account: &AccountId,
    needle: &Needle,
    from: Option<SearchPlace>,
    limit: u32,
) -> Result<Searched, StoreError> {
    Looking::new(store, account, needle, BYTES_MAX).search(from, limit).await
}

/// The same, by so many bytes at a time.
pub(crate) async fn search_by_bytes(
    bytes_max: usize,
    (store, account, needle): (&dyn Store, &AccountId, &Needle),
    from: Option<SearchPlace>,
    limit: u32,
) -> Result<Searched, StoreError> {
    Looking::new(store, account, needle, bytes_max).search(from, limit).await
}

impl<'search> Looking<'search> {
    fn new(
        store: &'search dyn Store,
        account: &'search AccountId,
        needle: &'search Needle,
        bytes_max: usize,
    ) -> Self {
        Self { store, account, needle, messages: 0, bytes: 0, bytes_max }
    }

    async fn search(
        mut self,
        from: Option<SearchPlace>,
        limit: u32,
    ) -> Result<Searched, StoreError> {
        let mut hits = Vec::new();
        let (mut before, within) =
            from.map_or((None, None), |from| (Some(from.after), from.within));
        if let (Some(after), Some(within)) = (before, within)
            && let Some(conversation) = self.store.conversation(self.account, after.1).await?
        {
            match self.in_messages(after.1, Some(within)).await? {
                Looked::Found(found) => hits.push(Hit { conversation, found }),
                Looked::Nothing => {}
                Looked::Stopped(within) => return Ok(stopped(hits, after, within)),
            }
        }
        let mut conversations = 0_u32;
        loop {
            let page = self.store.conversations(self.account, before, PAGE).await?;
            let is_last = u32::try_from(page.len()).is_ok_and(|count| count < PAGE);
            for conversation in page {
                let is_full = u32::try_from(hits.len()).is_ok_and(|count| count >= limit);
                if is_full || conversations >= CONVERSATIONS_MAX || self.is_over() {
                    let next = before.map(|after| SearchPlace { after, within: None });
                    return Ok(Searched { hits, next });
                }
                let place = (conversation.updated_at, conversation.id);
                before = Some(place);
                conversations = conversations.saturating_add(1);
                let looked = match self.needle.found(FoundIn::Title, &conversation.title) {
                    Some(found) => Looked::Found(found),
                    None => self.in_messages(conversation.id, None).await?,
                };
                match looked {
                    Looked::Found(found) => hits.push(Hit { conversation, found }),
                    Looked::Nothing => {}
                    Looked::Stopped(within) => return Ok(stopped(hits, place, within)),
                }
            }
            if is_last {
                return Ok(Searched { hits, next: None });
            }
        }
    }

    const fn is_over(&self) -> bool {
        self.messages >= MESSAGES_MAX || self.bytes >= self.bytes_max
    }

    /// Looks for the last message that has it.
    async fn in_messages(
        &mut self,
        id: ConversationId,
        from: Option<Within>,
    ) -> Result<Looked, StoreError> {
        let (mut before, mut left) =
            from.map_or((None, MESSAGES_MAX), |from| (Some(from.before), from.left));
        while left > 0 {
            if self.bytes >= self.bytes_max
                && let Some(before) = before
            {
                return Ok(Looked::Stopped(Within { before, left }));
            }
            let look = self.at_some(id, before.take(), left.min(TEXTS)).await?;
            self.messages = self.messages.saturating_add(look.texts);
            self.bytes = self.bytes.saturating_add(look.bytes);
            left = left.saturating_sub(look.texts);
            match (look.found, look.last) {
                (Some(found), _) => return Ok(Looked::Found(found)),
                (None, None) => return Ok(Looked::Nothing),
                (None, last) => before = last,
            }
        }
        Ok(Looked::Nothing)
    }

    /// Looks at the next texts, one at least where there is one: it happens beside the threads that
    /// serve.
    async fn at_some(
        &self,
        id: ConversationId,
        before: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Look, StoreError> {
        let looking = LOOKING.acquire().await.map_err(|_| StoreError::Closed)?;
        let page = self.store.texts(self.account, id, before.as_ref(), limit).await?;
        let needle = self.needle.clone();
        let bytes_left = self.bytes_max.saturating_sub(self.bytes);
        let look = tokio::task::spawn_blocking(move || {
            let look = needle.look(page, bytes_left);
            drop(looking);
            look
        });
        look.await.map_err(|_| StoreError::Invalid("a search that panicked"))
    }
}

fn stopped(hits: Vec<Hit>, after: (Timestamp, ConversationId), within: Within) -> Searched {
    Searched { hits, next: Some(SearchPlace { after, within: Some(within) }) }
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
