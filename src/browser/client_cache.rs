//! What is kept for the next visit: session, book, balance, and the commands without an answer.
//!
//! The place is a port: `localStorage` in a page, this page's memory elsewhere. What is kept may
//! be old, cut short or made by a stranger: whatever does not read back is as if it were not there.

use crate::client_read;
use crate::client_types::{Balance, PendingAction, Session};
use kumari_engine::fields;
use kumari_engine::id::ActionId;
use kumari_engine::time::Timestamp;
use serde::Serialize;
use std::cell::RefCell;

/// The longest text that is kept, in bytes; storage is about 5 MB for everything on an origin.
const TEXT_BYTES_MAX: usize = 1_000_000;
/// The longest body of a command that is kept. Of a longer one only the id is.
const BODY_BYTES_MAX: usize = 300_000;
/// A command older than this is not sent again: its person has moved on.
const RESUME_MILLIS_MAX: i64 = 600_000;

/// A place for texts by key.
pub(crate) trait Place {
    /// The text, if there is one.
    fn get(&self, key: &str) -> Option<String>;
    /// Keeps a text; says whether it could.
    fn set(&self, key: &str, text: &str) -> bool;
    /// Forgets it.
    fn remove(&self, key: &str);
    /// All keys that begin so.
    fn keys(&self, prefix: &str) -> Vec<String>;
}

/// Where there is no storage: kept as long as the page is open.
#[derive(Debug, Default)]
pub(crate) struct Memory(RefCell<Vec<(String, String)>>);

impl Place for Memory {
    fn get(&self, key: &str) -> Option<String> {
        let texts = self.0.borrow();
        texts.iter().find(|(other, _)| other == key).map(|(_, text)| text.clone())
    }

    fn set(&self, key: &str, text: &str) -> bool {
        self.remove(key);
        self.0.borrow_mut().push((key.to_owned(), text.to_owned()));
        true
    }

    fn remove(&self, key: &str) {
        self.0.borrow_mut().retain(|(other, _)| other != key);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let texts = self.0.borrow();
        texts.iter().map(|(key, _)| key).filter(|key| key.starts_with(prefix)).cloned().collect()
    }
}

/// A command without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Kept {
    /// Its id and kind.
    pub(crate) action: PendingAction,
    /// When it was begun.
    pub(crate) at: Timestamp,
    /// The whole body, to send it again exactly; absent where it was too long to keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
}

fields! {
    Kept { action, at, body or default, .. }
}

/// The texts of one client.
pub(crate) struct Cache {
    place: Box<dyn Place>,
    prefix: String,
}

impl Cache {
    /// Keeps under keys that begin with `prefix`.
    pub(crate) fn new(place: Box<dyn Place>, prefix: String) -> Self {
        Self { place, prefix }
    }

    /// The session of the last visit.
    pub(crate) fn session(&self) -> Option<Session> {
        self.read("session")
    }

    /// The balance of the last visit, or of another tab.
    pub(crate) fn balance(&self) -> Option<Balance> {
        self.read("balance")
    }

    /// The key under which a balance is kept, for events from other tabs.
    pub(crate) fn balance_key(&self) -> String {
        self.key("balance")
    }

    /// The text of a document of the last visit: its book, its calibration.
    pub(crate) fn document(&self, name: &str) -> Option<String> {
        self.place.get(&self.key(name)).filter(|text| text.len() <= TEXT_BYTES_MAX)
    }

    /// Keeps the session.
    pub(crate) fn keep_session(&self, session: &Session) {
        self.write("session", session, TEXT_BYTES_MAX);
    }

    /// Keeps the balance.
    pub(crate) fn keep_balance(&self, balance: &Balance) {
        self.write("balance", balance, TEXT_BYTES_MAX);
    }

    /// Keeps a document, as the server wrote it.
    pub(crate) fn keep_document(&self, name: &str, text: &str) {
        if text.len() <= TEXT_BYTES_MAX {
            self.place.set(&self.key(name), text);
        }
    }

    /// Forgets the balance.
    pub(crate) fn forget_balance(&self) {
        self.place.remove(&self.balance_key());
    }

    /// Keeps a command before its first try. Where its body cannot be kept its id still is.
    pub(crate) fn begin(&self, kept: &Kept) {
        let key = format!("pending.{}", kept.action.action_id);
        if !self.write(&key, kept, BODY_BYTES_MAX) {
            self.write(&key, &Kept { body: None, ..kept.clone() }, BODY_BYTES_MAX);
        }
    }

    /// Forgets a command that has its answer.
    pub(crate) fn end(&self, action_id: &ActionId) {
        self.place.remove(&self.key(&format!("pending.{action_id}")));
    }

    /// The commands of earlier visits that are still to be answered, oldest first. Those that are
    /// too old, or cannot be read, are forgotten.
    pub(crate) fn unanswered(&self, now: Timestamp, count_max: usize) -> Vec<Kept> {
        let mut found: Vec<Kept> = Vec::new();
        for key in self.place.keys(&self.key("pending.")) {
            let kept =
                self.place.get(&key).and_then(|text| client_read::document::<Kept>(&text).ok());
            match kept {
                // Put in its place: the library's sort would be a hundredth of the module.
                Some(kept) if is_recent(kept.at, now) && found.len() < count_max => {
                    let place = found.iter().position(|later| later.at > kept.at);
                    found.insert(place.unwrap_or(found.len()), kept);
                }
                _ => self.place.remove(&key),
            }
        }
        found
    }

    fn read<T: kumari_engine::read::Read>(&self, name: &str) -> Option<T> {
        client_read::document(&self.document(name)?).ok()
    }

    fn write<T: Serialize>(&self, name: &str, value: &T, bytes_max: usize) -> bool {
        match kumari_wire::canonical(value) {
            Ok(text) if text.len() <= bytes_max => self.place.set(&self.key(name), &text),
            Ok(_) | Err(_) => false,
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }
}

/// A clock that was set back makes a command look as if it were from the future.
fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.as_millis().abs_diff(at.as_millis()) <= RESUME_MILLIS_MAX.unsigned_abs()
}

#[cfg(test)]
#[path = "client_cache_tests.rs"]
mod tests;
