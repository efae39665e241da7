//! The state machine of the credits client: `apply(event) -> effects`, with no clock, no network
//! and no storage of its own.
//!
//! It decides what is newer, what is shown and what must be kept or fetched. It does not price:
//! the engine does, whenever the book, the balance or the draft changes.

use crate::client_types::{
    Balance, ClientError, CreditsState, Draft, PendingAction, Session, Status,
};
use kumari_engine::calibration::Calibration;
use kumari_engine::eligibility::{Eligibility, Quote, eligibility};
use kumari_engine::estimate::{Caps, estimate, estimate_calibrated};
use kumari_engine::id::{ActionId, BookVersion};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Request;
use std::rc::Rc;

/// The most commands that may wait for an answer at once.
pub(crate) const PENDING_MAX: usize = 32;

/// Everything that can happen.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// What the last visit left was read.
    Restored {
        session: Option<Session>,
        book: Option<Rc<PublishedBook>>,
        balance: Option<Balance>,
        pending: Vec<PendingAction>,
    },
    /// The server said who this is.
    SessionOpened(Session),
    /// The server gave the book in force.
    BookRead(Rc<PublishedBook>),
    /// The server named the book in force.
    BookNamed(BookVersion),
    /// The calibration of the last visit was read, or the server's.
    CalibrationRead(Calibration),
    /// The server gave the balance.
    BalanceRead(Balance),
    /// Another tab was given the balance.
    BalanceShared(Balance),
    /// The composer holds something else: a request, and the ids of the files that it counts.
    Drafted(Option<Request>, Vec<String>),
    /// A command is about to be sent for the first time.
    Began(PendingAction),
    /// A command got its answer, or was given up.
    Ended(ActionId),
    /// The server can be reached, and tells what changes.
    Connected,
    /// It cannot.
    Disconnected,
    /// Something went wrong that a person should know.
    Faulted(ClientError),
}

/// What the shell must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Keep the session for the next visit.
    KeepSession,
    /// Keep the book.
    KeepBook,
    /// Keep the balance.
    KeepBalance,
    /// Forget the balance of another account.
    ForgetBalance,
    /// Ask for the book in force.
    FetchBook,
    /// Tell the page.
    Tell,
}

/// The facts, from which [`CreditsState`] follows.
#[derive(Debug, Default)]
pub(crate) struct Model {
    session: Option<Session>,
    book: Option<Rc<PublishedBook>>,
    /// What the likely price follows; empty before the first is known.
    calibration: Calibration,
    balance: Option<Balance>,
    /// Whether book and balance came from the server in this visit.
    book_is_live: bool,
    balance_is_live: bool,
    /// None before the first try.
    connected: Option<bool>,
    draft: Option<Draft>,
    pending: Vec<PendingAction>,
    error: Option<ClientError>,
}

impl Model {
    /// Takes an event in.
    pub(crate) fn apply(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = match event {
            Event::Restored { session, book, balance, pending } => {
                self.restore(session, book, balance, pending)
            }
            Event::SessionOpened(session) => self.open_session(session),
            Event::BookRead(book) => self.read_book(book),
            Event::BookNamed(version) => {
                // Named before it is known, or another one: either way it must be fetched.
                let known = self.book_is_live && self.book_version() == Some(&version);
                return if known { Vec::new() } else { Vec::from([Effect::FetchBook]) };
            }
            Event::CalibrationRead(calibration) => {
                self.calibration = calibration;
                Vec::new()
            }
            Event::BalanceRead(balance) => self.read_balance(balance, true),
            Event::BalanceShared(balance) => self.read_balance(balance, false),
            Event::Drafted(request, files) => {
                self.draft = request.map(|request| Draft {
                    request,
                    files,
                    estimate: None,
                    eligibility: None,
                });
                Vec::new()
            }
            Event::Began(pending) => {
                self.pending.push(pending);
                Vec::new()
            }
            Event::Ended(action_id) => {
                self.pending.retain(|pending| pending.action_id != action_id);
                Vec::new()
            }
            Event::Connected => {
                self.connected = Some(true);
                self.error = None;
                Vec::new()
            }
            Event::Disconnected => {
                self.connected = Some(false);
                Vec::new()
            }
            Event::Faulted(error) => {
                self.error = Some(error);
                Vec::new()
            }
        };
        self.price_draft();
        effects.push(Effect::Tell);
        effects
    }

    /// What the page renders.
    pub(crate) fn state(&self) -> CreditsState {
        let status = self.status();
        let as_of = self.balance.as_ref().map(|balance| balance.as_of);
        CreditsState {
            status,
            as_of: as_of.filter(|_| status != Status::Live),
            session: self.session.clone(),
            price_book: (),
            price_book_version: self.book_version().cloned(),
            calibration: (),
            balance: self.balance.clone(),
            draft: self.draft.clone(),
            pending: self.pending.clone(),
            error: self.error.clone(),
        }
    }

    /// The quote of what the composer shows, where it may be sent.
    ///
    /// # Errors
    /// The verdict where it is a "no", or none where nothing is shown yet.
    pub(crate) fn quote(&self) -> Result<(&Draft, Quote), Option<&Eligibility>> {
        let draft = self.draft.as_ref().ok_or(None)?;
        match (&draft.eligibility, self.book_version()) {
            (Some(Eligibility::Allowed(allowed)), Some(version)) => {
                let quote = Quote {
                    price_book: version.clone(),
                    rules: kumari_engine::RULES_VERSION.to_owned(),
                    high: allowed.hold,
                    caps: allowed.caps.clone(),
                };
                Ok((draft, quote))
            }
            (verdict, _) => Err(verdict.as_ref()),
        }
    }

    /// The book that is shown.
    pub(crate) const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    pub(crate) const fn book(&self) -> Option<&Rc<PublishedBook>> {
        self.book.as_ref()
    }

    /// The session, once known.
    pub(crate) const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The balance, once known.
    pub(crate) const fn balance(&self) -> Option<&Balance> {
        self.balance.as_ref()
    }

    /// Whether one more command may wait for an answer.
    pub(crate) const fn has_room(&self) -> bool {
        self.pending.len() < PENDING_MAX
    }

    fn status(&self) -> Status {
        match self.connected {
            Some(true) if self.book_is_live && self.balance_is_live => Status::Live,
            Some(false) => Status::Offline,
            Some(true) | None if self.book.is_none() && self.balance.is_none() => Status::Loading,
            Some(true) | None => Status::Cached,
        }
    }

    fn book_version(&self) -> Option<&BookVersion> {
        self.book.as_ref().map(|book| &book.version)
    }

    /// What the server said meanwhile is newer than what was kept.
    fn restore(
        &mut self,
        session: Option<Session>,
        book: Option<Rc<PublishedBook>>,
        balance: Option<Balance>,
        pending: Vec<PendingAction>,
    ) -> Vec<Effect> {
        self.session = self.session.take().or(session);
        self.book = self.book.take().or(book);
        self.balance = self.balance.take().or(balance);
        self.pending.extend(pending.into_iter().take(PENDING_MAX));
        Vec::new()
    }

    fn open_session(&mut self, session: Session) -> Vec<Effect> {
        let mut effects = Vec::from([Effect::KeepSession]);
        let before = self.session.replace(session);
        let is_another = |before: &Session| {
            self.session.as_ref().is_none_or(|now| now.account_id != before.account_id)
        };
        if before.as_ref().is_some_and(is_another) {
            self.balance = None;
            self.balance_is_live = false;
            effects.push(Effect::ForgetBalance);
        }
        effects
    }

    fn read_book(&mut self, book: Rc<PublishedBook>) -> Vec<Effect> {
        self.book_is_live = true;
        if self.book_version() == Some(&book.version) {
            return Vec::new();
        }
        self.book = Some(book);
        Vec::from([Effect::KeepBook])
    }

    /// Answers may overtake each other: an older balance never replaces a newer one.
    fn read_balance(&mut self, balance: Balance, live: bool) -> Vec<Effect> {
        self.balance_is_live |= live;
        let age = |balance: &Balance| (balance.version, balance.as_of);
        if self.balance.as_ref().is_some_and(|known| age(known) > age(&balance)) {
            return Vec::new();
        }
        self.balance = Some(balance);
        // Another tab has kept its own already.
        if live { Vec::from([Effect::KeepBalance]) } else { Vec::new() }
    }

    fn price_draft(&mut self) {
        let (Some(draft), Some(book)) = (&mut self.draft, &self.book) else {
            if let Some(draft) = &mut self.draft {
                (draft.estimate, draft.eligibility) = (None, None);
            }
            return;
        };
        let priced =
            |caps: &Caps| estimate_calibrated(book, &draft.request, caps, &self.calibration);
        // What is decided knows of no calibration: a denial is the same here as at admission.
        let verdict = self.balance.as_ref().map(|balance| {
            let plain = estimate(book, &draft.request);
            eligibility(book, &balance.standing, &draft.request, plain, None)
        });
        // What is shown is what would be sent: the price at the caps that the balance allows.
        draft.estimate = match &verdict {
            Some(Eligibility::Allowed(allowed)) if !allowed.caps.is_none() => {
                priced(&allowed.caps).ok()
            }
            Some(Eligibility::Allowed(_) | Eligibility::Denied(_)) | None => {
                priced(&Caps::default()).ok()
            }
        };
        draft.eligibility = verdict;
    }
}

#[cfg(test)]
#[path = "client_state_tests.rs"]
mod tests;
