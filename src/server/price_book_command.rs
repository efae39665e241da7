//! `kumari-credits price-book`: checking, comparing, publishing and taking back price books.
//!
//! A book that was published is never changed and never withdrawn: what was in force stays readable
//! (R4). Other prices are another book, also when they are the old ones again.

use crate::books::{self, PublishFault};
use crate::cli::{BookName, PriceBookCommand};
use crate::database::{Database, DatabaseFault};
use crate::price::{self, PriceFault};
use crate::price_book_diff::Diff;
use crate::price_import::{self, ImportFault};
use kumari_engine::id::BookVersion;
use kumari_engine::price_book::{PriceBook, PublishedBook};
use kumari_engine::price_book_check::advice;
use kumari_engine::time::Timestamp;
use kumari_store::{BOOKS_MAX, BookListing, Clock as _, Store, StoreError, SystemClock};
use kumari_wire::{BookFault, CanonicalFault, Unreadable};
use serde::Serialize;
use std::io;
use std::sync::Arc;

/// Why nothing was done with a price book.
#[derive(Debug, thiserror::Error)]
pub enum PriceBookFault {
    /// The file is no price book that can be used.
    #[error(transparent)]
    Price(#[from] PriceFault),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// The database does not work.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// Nothing is imported.
    #[error(transparent)]
    Import(#[from] ImportFault),
    /// It is not published.
    #[error(transparent)]
    Publish(#[from] PublishFault),
    /// A stored book is of another form.
    #[error("the book {version} in the database cannot be read: {fault}")]
    Unreadable {
        /// Which.
        version: BookVersion,
        /// Why.
        fault: Unreadable,
    },
    /// With another time it is no book that can be used.
    #[error("the book cannot be published with that time:\n{0}")]
    Book(#[from] BookFault),
    /// It cannot be written.
    #[error("the book cannot be written: {0}")]
    Canonical(#[from] CanonicalFault),
    /// The answer cannot be written.
    #[error("cannot write the answer: {0}")]
    Write(#[from] serde_json::Error),
    /// No book of the database has such a version.
    #[error("no price book was published whose version begins with `{0}`; see `price-book list`")]
    Unknown(String),
    /// Several do.
    #[error("several price books have a version that begins with `{0}`; write more of it")]
    Several(String),
    /// There are no prices yet.
    #[error("no price book is in force in this database; publish one, or name a file")]
    NoneInForce,
    /// There is nothing to go back to.
    #[error("no other price book was in force before; see `price-book list`")]
    NothingBefore,
    /// Going back once more would bring the prices that were taken back.
    #[error("these are the prices of {0} already; name the book with --to, see `price-book list`")]
    BackAlready(BookVersion),
    /// Prices do not change in the past.
    #[error(
        "the book would have been in force since {0}, and what was sold since then was sold at \
         other prices; say --now, or --effective-at with a time to come"
    )]
    Past(Timestamp),
    /// The system says no.
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// Does what was asked, and says what to print.
///
/// # Errors
/// [`PriceBookFault`]; nothing has changed.
pub fn run(command: &PriceBookCommand) -> Result<String, PriceBookFault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(answer(command))
}

async fn answer(command: &PriceBookCommand) -> Result<String, PriceBookFault> {
    match command {
        PriceBookCommand::Check { file } => {
            let PublishedBook { version, book } = price::read(Some(file))?;
            let mut said = vec![format!(
                "{} is complete: {} models, {} tasks, in force from {}\nversion {version}",
                file.display(),
                book.models.len(),
                book.tasks.len(),
                book.effective_at,
            )];
            said.extend(warnings(&book));
            Ok(said.join("\n"))
        }
        PriceBookCommand::Version { file } => Ok(price::read(Some(file))?.version.to_string()),
        PriceBookCommand::List { database, json } => {
            let shelf = Shelf::of(database.open_existing().await?).await?;
            if *json { shelf.json_lines() } else { Ok(shelf.table()) }
        }
        PriceBookCommand::Show { book, database } => {
            Ok(serde_json::to_string_pretty(&find(book, database).await?.book)?)
        }
        PriceBookCommand::Diff { from, to, database, json } => {
            let diff = Diff::new(&find(from, database).await?, &find(to, database).await?)?;
            if *json { Ok(serde_json::to_string(&diff)?) } else { Ok(diff.to_string()) }
        }
        PriceBookCommand::Import(asked) => {
            let into = find(&asked.into, &asked.database).await?;
            Ok(price_import::import(asked, into.book, SystemClock.now())?)
        }
        PriceBookCommand::Publish(publish) => {
            // Prices may be there before the first server has made the database.
            let shelf = Shelf::of(publish.database.open().await?).await?;
            let book = shelf.find(&publish.book).await?;
            let at = if publish.now { Some(shelf.now) } else { publish.effective_at };
            let book = at.map_or(Ok(book.clone()), |at| effective_from(book, at))?;
            shelf.publish(&book, publish.dry_run).await
        }
        PriceBookCommand::RollBack { to, database, dry_run } => {
            let shelf = Shelf::of(database.open_existing().await?).await?;
            let earlier = match to {
                Some(name) => shelf.find(name).await?,
                None => shelf.before().await?,
            };
            shelf.publish(&effective_from(earlier, shelf.now)?, *dry_run).await
        }
    }
}

/// The book of that name. A database is opened only for what is in it.
pub(crate) async fn find(
    name: &BookName,
    database: &Database,
) -> Result<PublishedBook, PriceBookFault> {
    match name {
        BookName::BuiltIn => Ok(price::read(None)?),
        BookName::File(file) => Ok(price::read(Some(file))?),
        BookName::InForce | BookName::Version(_) => {
            Shelf::of(database.open_existing().await?).await?.find(name).await
        }
    }
}

/// What of a complete book does nothing, a line for each.
fn warnings(book: &PriceBook) -> impl Iterator<Item = String> {
    advice(book).into_iter().map(|one| format!("warning: {one}"))
}

/// The same prices from another time on, which makes them another book.
fn effective_from(book: PublishedBook, at: Timestamp) -> Result<PublishedBook, PriceBookFault> {
    let book = PriceBook { effective_at: at, ..book.book };
    Ok(kumari_wire::publish(&kumari_wire::canonical(&book)?)?)
}

/// What was published in a database, as of now.
struct Shelf {
    store: Arc<dyn Store>,
    /// The latest first.
    listed: Vec<BookListing>,
    now: Timestamp,
}

/// A line of the list.
#[derive(Serialize)]
struct Line<'list> {
    version: &'list BookVersion,
    state: &'static str,
    effective_at: Timestamp,
    published_at: Timestamp,
}

impl Shelf {
    async fn of(store: Arc<dyn Store>) -> Result<Self, PriceBookFault> {
        let listed = store.books(BOOKS_MAX).await?;
        Ok(Self { store, listed, now: SystemClock.now() })
    }

    /// Those whose time has come: the one in force, and before it those that were.
    fn come(&self) -> impl Iterator<Item = &BookListing> {
        self.listed.iter().filter(|one| one.effective_at <= self.now)
    }

    /// What was in force before, unless the prices in force are those of an earlier book again.
    async fn before(&self) -> Result<PublishedBook, PriceBookFault> {
        let mut come = self.come();
        let in_force = come.next().ok_or(PriceBookFault::NothingBefore)?;
        let in_force = self.read(&in_force.version).await?.book;
        let mut before = None;
        for earlier in come {
            let one = match self.read(&earlier.version).await {
                // Of another form it is another book.
                Err(PriceBookFault::Unreadable { .. }) if before.is_some() => continue,
                read => read?,
            };
            if (PriceBook { effective_at: in_force.effective_at, ..one.book.clone() }) == in_force {
                return Err(PriceBookFault::BackAlready(one.version));
            }
            before = before.or(Some(one));
        }
        before.ok_or(PriceBookFault::NothingBefore)
    }

    async fn find(&self, name: &BookName) -> Result<PublishedBook, PriceBookFault> {
        match name {
            BookName::BuiltIn => Ok(price::read(None)?),
            BookName::File(file) => Ok(price::read(Some(file))?),
            BookName::InForce => {
                let in_force = self.come().next().ok_or(PriceBookFault::NoneInForce)?;
                self.read(&in_force.version).await
            }
            BookName::Version(digits) => {
                let begins = |one: &&BookListing| one.version.as_str().starts_with(digits);
                let mut found = self.listed.iter().filter(begins);
                match (found.next(), found.next()) {
                    (None, _) => Err(PriceBookFault::Unknown(digits.clone())),
                    (Some(one), None) => self.read(&one.version).await,
                    (Some(_), Some(_)) => Err(PriceBookFault::Several(digits.clone())),
                }
            }
        }
    }

    async fn read(&self, version: &BookVersion) -> Result<PublishedBook, PriceBookFault> {
        let stored = self.store.book(version).await?;
        let stored = stored.ok_or_else(|| PriceBookFault::Unknown(version.to_string()))?;
        kumari_wire::read_published(&stored.json)
            .map_err(|fault| PriceBookFault::Unreadable { version: version.clone(), fault })
    }

    /// Publishes a book unless it is only asked what that would change, and says it.
    async fn publish(&self, book: &PublishedBook, dry_run: bool) -> Result<String, PriceBookFault> {
        let (version, at) = (&book.version, book.book.effective_at);
        if self.listed.iter().any(|one| one.version == *version) {
            return Ok(format!("{version} is published already; nothing has changed"));
        }
        if at < self.now && self.come().next().is_some() {
            return Err(PriceBookFault::Past(at));
        }
        let mut said = Vec::new();
        if dry_run {
            said.push(format!("{version} would be in force from {at}; nothing is published"));
        } else {
            books::publish(&*self.store, book, self.now).await?;
            said.push(format!("published {version}, in force from {at}"));
        }
        said.extend(warnings(&book.book));
        let later = self.listed.iter().rev().find(|one| one.effective_at > at);
        said.extend(
            later.map(|one| format!("until {}, when {} is", one.effective_at, one.version)),
        );
        let replaced = self.listed.iter().find(|one| one.effective_at <= at);
        if let Some(replaced) = replaced {
            let replaced = self.read(&replaced.version).await?;
            said.push(format!("\n{}", Diff::new(&replaced, book)?));
        }
        Ok(said.join("\n"))
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let in_force = self.come().next().map(|one| &one.version);
        self.listed.iter().map(move |one| Line {
            version: &one.version,
            state: match one {
                one if Some(&one.version) == in_force => "in force",
                one if one.effective_at > self.now => "to come",
                _ => "past",
            },
            effective_at: one.effective_at,
            published_at: one.published_at,
        })
    }

    fn json_lines(&self) -> Result<String, PriceBookFault> {
        let lines = self.lines().map(|line| serde_json::to_string(&line));
        Ok(lines.collect::<Result<Vec<_>, _>>()?.join("\n"))
    }

    fn table(&self) -> String {
        if self.listed.is_empty() {
            return "no price book is published".to_owned();
        }
        let row = |Line { version, state, effective_at, published_at }: Line<'_>| {
            format!("{version}  {state:8}  from {effective_at}  published {published_at}")
        };
        self.lines().map(row).collect::<Vec<_>>().join("\n")
    }
}
