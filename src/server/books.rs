//! The price books that were published, and the one in force.
//!
//! A published book never changes (R4): a hold is settled with the book that priced it, whatever is
//! in force by then. The book that the server was given last is in force from its `effective_at`;
//! until then the one is that came into force before it.

use kumari_engine::id::BookVersion;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::time::Timestamp;
use kumari_wire::CanonicalFault;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A published book with the bytes that its version is the hash of.
#[derive(Debug)]
pub(crate) struct Book {
    /// The book and its version.
    pub(crate) published: PublishedBook,
    /// Its canonical JSON.
    pub(crate) canonical: String,
}

impl Book {
    /// The canonical form of a book that was checked.
    pub(crate) fn new(published: PublishedBook) -> Result<Self, CanonicalFault> {
        let canonical = kumari_wire::canonical(&published.book)?;
        Ok(Self { published, canonical })
    }

    /// Its version.
    pub(crate) fn version(&self) -> &BookVersion {
        &self.published.version
    }

    /// When it comes into force.
    pub(crate) fn effective_at(&self) -> Timestamp {
        self.published.book.effective_at
    }
}

/// All books that this process knows.
#[derive(Debug)]
pub(crate) struct Books(RwLock<Shelf>);

#[derive(Debug)]
struct Shelf {
    books: BTreeMap<BookVersion, Arc<Book>>,
    latest: Arc<Book>,
}

impl Books {
    /// The book given last, and those that were published before it.
    pub(crate) fn new(latest: Arc<Book>, earlier: impl IntoIterator<Item = Arc<Book>>) -> Self {
        let books = earlier
            .into_iter()
            .chain([Arc::clone(&latest)])
            .map(|book| (book.version().clone(), book))
            .collect();
        Self(RwLock::new(Shelf { books, latest }))
    }

    /// The book in force at `now`; before any is, the first that will be.
    pub(crate) fn in_force(&self, now: Timestamp) -> Arc<Book> {
        let shelf = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if shelf.latest.effective_at() <= now {
            return Arc::clone(&shelf.latest);
        }
        let before = shelf
            .books
            .values()
            .filter(|book| book.effective_at() <= now)
            .max_by_key(|book| book.effective_at());
        Arc::clone(before.unwrap_or(&shelf.latest))
    }

    /// The book of that version.
    pub(crate) fn get(&self, version: &BookVersion) -> Option<Arc<Book>> {
        let shelf = self.0.read().unwrap_or_else(PoisonError::into_inner);
        shelf.books.get(version).cloned()
    }

    /// Makes a book the one that was given last.
    pub(crate) fn publish(&self, book: Arc<Book>) {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        shelf.books.insert(book.version().clone(), Arc::clone(&book));
        shelf.latest = book;
    }

    /// Keeps a book at hand that was published elsewhere, or long ago.
    pub(crate) fn keep(&self, book: Arc<Book>) {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        shelf.books.insert(book.version().clone(), book);
    }
}

#[cfg(test)]
mod tests {
    use super::{Book, Books};
    use crate::price::DEFAULT_PRICE_BOOK;
    use kumari_engine::time::Timestamp;
    use std::sync::Arc;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn book(effective_at: &str) -> Arc<Book> {
        let mut json: serde_json::Value = serde_json::from_str(DEFAULT_PRICE_BOOK).unwrap();
        json["effective_at"] = effective_at.into();
        let published = kumari_wire::publish(&json.to_string()).unwrap();
        Arc::new(Book::new(published).unwrap())
    }

    #[test]
    fn r04_a_book_takes_effect_at_its_time_and_stays_readable() {
        let old = book("2026-01-01T00:00:00Z");
        let older = book("2025-01-01T00:00:00Z");
        let next = book("2026-06-01T00:00:00Z");
        let books = Books::new(Arc::clone(&old), [older]);
        books.publish(Arc::clone(&next));
        for (now, expected) in [("2026-05-31T23:59:59.999Z", &old), ("2026-06-01T00:00:00Z", &next)]
        {
            assert_eq!(books.in_force(time(now)).version(), expected.version(), "{now}");
        }
        assert!(books.get(old.version()).is_some());
    }

    #[test]
    fn the_book_given_last_wins_where_two_take_effect_at_once() {
        let first = book("2026-01-01T00:00:00Z");
        let books = Books::new(Arc::clone(&first), []);
        let mut changed = first.published.clone();
        changed.book.id = "changed".to_owned();
        changed.version = "0".parse().unwrap();
        books.publish(Arc::new(Book::new(changed).unwrap()));
        let now = time("2026-02-01T00:00:00Z");
        assert_eq!(books.in_force(now).version().as_str(), "0");
    }
}
