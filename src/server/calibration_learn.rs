//! Learning from all that a database has settled: action by action, in memory that does not grow
//! with their number. What is learned, and how, is in `kumari_engine::learn`.

use kumari_engine::account::{Action, Hold};
use kumari_engine::calibration::Calibration;
use kumari_engine::id::BookVersion;
use kumari_engine::learn::Learner;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::time::Timestamp;
use kumari_store::{ACCOUNTS_MAX, ACTIONS_MAX, Store, StoreError};
use std::collections::BTreeMap;

/// How far learning has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Accounts.
    pub(crate) accounts: u64,
    /// Admitted actions.
    pub(crate) actions: u64,
    /// Actions that were left out, because they or their price book cannot be read.
    pub(crate) unreadable: u64,
}

/// Learns from every action that was admitted since then, what so many accounts did. `tell` hears after
/// each page.
///
/// # Errors
/// Where the database says no.
pub(crate) async fn learn(
    store: &dyn Store,
    since: Option<Timestamp>,
    accounts_min: u64,
    mut tell: impl FnMut(&Seen) + Send,
) -> Result<(Calibration, Seen), StoreError> {
    let mut lesson = Lesson::new(store, since);
    let mut after = None;
    loop {
        let accounts = store.accounts(after.as_ref(), ACCOUNTS_MAX).await?;
        for account in &accounts {
            lesson.learner.next_account();
            let mut after = None;
            loop {
                let stored = store.stored(account, after.as_ref(), ACTIONS_MAX).await?;
                for one in &stored.actions {
                    match &one.action {
                        Ok(Action::Hold(hold)) => lesson.take(hold).await?,
                        Ok(_) => {}
                        Err(_) => lesson.leave_out(),
                    }
                }
                tell(&lesson.seen);
                let mut page = stored.actions.into_iter();
                let is_whole = u32::try_from(page.len()).is_ok_and(|length| length == ACTIONS_MAX);
                match page.next_back() {
                    Some(last) if is_whole => after = Some(last.action_id),
                    Some(_) | None => break,
                }
            }
            lesson.seen.accounts = lesson.seen.accounts.saturating_add(1);
        }
        match accounts.into_iter().next_back() {
            Some(last) => after = Some(last),
            None => return Ok((lesson.learner.calibration(accounts_min), lesson.seen)),
        }
    }
}

struct Lesson<'store> {
    store: &'store dyn Store,
    since: Option<Timestamp>,
    learner: Learner,
    /// Those that actions name; nothing for one that cannot be read.
    books: BTreeMap<BookVersion, Option<PublishedBook>>,
    seen: Seen,
}

impl<'store> Lesson<'store> {
    fn new(store: &'store dyn Store, since: Option<Timestamp>) -> Self {
        let (learner, books, seen) = Default::default();
        Self { store, since, learner, books, seen }
    }

    async fn take(&mut self, hold: &Hold) -> Result<(), StoreError> {
        if self.since.is_some_and(|since| hold.authorized_at < since) {
            return Ok(());
        }
        if !self.books.contains_key(&hold.price_book) {
            let stored = self.store.book(&hold.price_book).await?;
            let book = stored.and_then(|stored| kumari_wire::read_published(&stored.json).ok());
            self.books.insert(hold.price_book.clone(), book);
        }
        match self.books.get(&hold.price_book) {
            Some(Some(book)) => {
                self.learner.take(book, hold);
                self.seen.actions = self.seen.actions.saturating_add(1);
            }
            Some(None) | None => self.leave_out(),
        }
        Ok(())
    }

    const fn leave_out(&mut self) {
        self.seen.unreadable = self.seen.unreadable.saturating_add(1);
    }
}
