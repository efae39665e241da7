//! The price books that were published, and the one in force.
//!
//! A published book never changes (R4): a hold is settled with the book that priced it, whatever is
//! in force by then. In force is the book with the latest `effective_at` that has come; of two with
//! the same, the one that was published later. The database says what was published, by this
//! process or by another.

use kumari_engine::id::BookVersion;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::time::Timestamp;
use kumari_store::{BookListing, Store, StoreError, StoredBook};
use kumari_wire::{CanonicalFault, Unreadable};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

/// How many of the latest books are kept at hand; older ones are read when they are asked for.
const AT_HAND: u32 = 100;

/// A published book with the bytes that its version is the hash of.
#[derive(Debug)]
pub(crate) struct Book {
    /// The book and its version.
    pub(crate) published: PublishedBook,
    /// Its canonical JSON.
    pub(crate) canonical: String,
    published_at: Timestamp,
}

/// A later book has a greater one.
type Force = (Timestamp, Timestamp, BookVersion);

impl Book {
    /// A book that is in the database.
    pub(crate) fn read(stored: StoredBook) -> Result<Self, Unreadable> {
        let published = kumari_wire::read_published(&stored.json)?;
        Ok(Self { published, canonical: stored.json, published_at: stored.published_at })
    }

    /// Its version.
    pub(crate) const fn version(&self) -> &BookVersion {
        &self.published.version
    }

    /// When it comes into force.
    pub(crate) const fn effective_at(&self) -> Timestamp {
        self.published.book.effective_at
    }

    fn force(&self) -> Force {
        (self.effective_at(), self.published_at, self.version().clone())
    }
}

/// Publishes a book as of `now`. The same again changes nothing.
///
/// # Errors
/// Where the book has no canonical form, or the database says no.
pub(crate) async fn publish(
    store: &dyn Store,
    book: &PublishedBook,
    now: Timestamp,
) -> Result<(), PublishFault> {
    let stored = StoredBook {
        version: book.version.clone(),
        json: kumari_wire::canonical(&book.book)?,
        effective_at: book.book.effective_at,
        published_at: now,
    };
    Ok(store.publish_book(stored).await?)
}

/// Why a book was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishFault {
    /// The database says no.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// It has no canonical form.
    #[error("the price book: {0}")]
    Canonical(#[from] CanonicalFault),
}

/// The books that this process has read.
#[derive(Debug)]
pub(crate) struct Books {
    /// There is always one.
    first: Arc<Book>,
    shelf: RwLock<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    by_force: BTreeMap<Force, Arc<Book>>,
    by_version: BTreeMap<BookVersion, Arc<Book>>,
    /// Written by a newer server: this one does not price with them, and says so once.
    unreadable: BTreeSet<BookVersion>,
}

impl Books {
    /// The latest books of a database; absent where it has none that can be read.
    ///
    /// # Errors
    /// Where the database says no.
    pub(crate) async fn open(store: &dyn Store) -> Result<Option<Self>, StoreError> {
        let mut shelf = Shelf::default();
        for read in unread(store, |_| false).await? {
            shelf.take(read);
        }
        let first = shelf.by_force.values().next().cloned();
        Ok(first.map(|first| Self { first, shelf: RwLock::new(shelf) }))
    }

    /// Reads what was published since, by whomever.
    ///
    /// # Errors
    /// Where the database says no.
    pub(crate) async fn look(&self, store: &dyn Store) -> Result<(), StoreError> {
        for read in unread(store, |version| self.with(|shelf| shelf.knows(version))).await? {
            self.change(|shelf| shelf.take(read));
        }
        Ok(())
    }

    /// The book in force at `now`; before any is, the first that will be.
    pub(crate) fn in_force(&self, now: Timestamp) -> Arc<Book> {
        self.with(|shelf| {
            let mut books = shelf.by_force.values().rev();
            let in_force = books.find(|book| book.effective_at() <= now);
            Arc::clone(in_force.or_else(|| shelf.by_force.values().next()).unwrap_or(&self.first))
        })
    }

    /// The book of that version.
    pub(crate) fn get(&self, version: &BookVersion) -> Option<Arc<Book>> {
        self.with(|shelf| shelf.by_version.get(version).cloned())
    }

    /// Keeps a book at hand that is in the database.
    pub(crate) fn keep(&self, book: Arc<Book>) {
        self.change(|shelf| shelf.keep(book));
    }

    fn with<T>(&self, look: impl FnOnce(&Shelf) -> T) -> T {
        look(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Shelf)) {
        change(&mut self.shelf.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Shelf {
    fn knows(&self, version: &BookVersion) -> bool {
        self.by_version.contains_key(version) || self.unreadable.contains(version)
    }

    fn take(&mut self, read: Result<Arc<Book>, BookVersion>) {
        match read {
            Ok(book) => self.keep(book),
            Err(version) => drop(self.unreadable.insert(version)),
        }
    }

    fn keep(&mut self, book: Arc<Book>) {
        self.by_version.insert(book.version().clone(), Arc::clone(&book));
        self.by_force.insert(book.force(), book);
    }
}

/// Reads those of the latest books that are not known yet, or says that they cannot be read.
async fn unread(
    store: &dyn Store,
    is_known: impl Fn(&BookVersion) -> bool + Send,
) -> Result<Vec<Result<Arc<Book>, BookVersion>>, StoreError> {
    let mut read = Vec::new();
    for BookListing { version, .. } in store.books(AT_HAND).await? {
        if is_known(&version) {
            continue;
        }
        let Some(stored) = store.book(&version).await? else { continue };
        read.push(Book::read(stored).map(Arc::new).map_err(|fault| {
            tracing::warn!(%version, %fault, "a price book is not read");
            version
        }));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::{Books, publish};
    use crate::price::DEFAULT_PRICE_BOOK;
    use kumari_engine::id::BookVersion;
    use kumari_engine::price_book::PublishedBook;
    use kumari_engine::time::Timestamp;
    use kumari_store::{MemoryStore, Store as _, StoredBook};

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn book(id: &str, effective_at: &str) -> PublishedBook {
        let mut json: serde_json::Value = serde_json::from_str(DEFAULT_PRICE_BOOK).unwrap();
        json["id"] = id.into();
        json["effective_at"] = effective_at.into();
        kumari_wire::publish(&json.to_string()).unwrap()
    }

    /// Publishes them a second after each other, and opens what is there then.
    async fn published(books: &[&PublishedBook]) -> (MemoryStore, Books) {
        let store = MemoryStore::default();
        for (book, second) in books.iter().zip(0..) {
            publish(&store, book, time(&format!("2026-01-01T00:00:0{second}Z"))).await.unwrap();
        }
        let books = Books::open(&store).await.unwrap().unwrap();
        (store, books)
    }

    fn in_force(books: &Books, now: &str) -> BookVersion {
        books.in_force(time(now)).version().clone()
    }

    #[tokio::test]
    async fn r04_a_book_takes_effect_at_its_time_and_stays_readable() {
        let older = book("a", "2026-01-01T00:00:00Z");
        let next = book("a", "2026-06-01T00:00:00Z");
        let oldest = book("a", "2025-01-01T00:00:00Z");
        // In whichever order they are published.
        let (_, books) = published(&[&older, &next, &oldest]).await;
        for (now, expected) in [
            ("2024-12-31T23:59:59.999Z", &oldest),
            ("2025-12-31T23:59:59.999Z", &oldest),
            ("2026-05-31T23:59:59.999Z", &older),
            ("2026-06-01T00:00:00Z", &next),
        ] {
            assert_eq!(in_force(&books, now), expected.version, "{now}");
        }
        assert!(books.get(&oldest.version).is_some());
    }

    #[tokio::test]
    async fn the_book_published_last_wins_where_two_take_effect_at_once() {
        let at = "2026-01-01T00:00:00Z";
        for names in [["a", "b"], ["b", "a"]] {
            let [first, second] = names.map(|name| book(name, at));
            let (_, books) = published(&[&first, &second]).await;
            assert_eq!(in_force(&books, at), second.version);
        }
    }

    #[tokio::test]
    async fn what_another_process_publishes_is_found_by_looking() {
        let (first, second) =
            (book("a", "2026-01-01T00:00:00Z"), book("a", "2026-02-01T00:00:00Z"));
        let (store, books) = published(&[&first]).await;
        publish(&store, &second, time("2026-01-02T00:00:00Z")).await.unwrap();
        let newer = StoredBook {
            version: "newer".parse().unwrap(),
            json: r#"{"schema": 99}"#.to_owned(),
            effective_at: time("2026-02-02T00:00:00Z"),
            published_at: time("2026-01-02T00:00:00Z"),
        };
        store.publish_book(newer).await.unwrap();
        assert_eq!(in_force(&books, "2026-03-01T00:00:00Z"), first.version);
        for _ in 0..2 {
            books.look(&store).await.unwrap();
            assert_eq!(in_force(&books, "2026-03-01T00:00:00Z"), second.version);
        }
        assert!(Books::open(&MemoryStore::default()).await.unwrap().is_none());
    }
}
