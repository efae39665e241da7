//! What all handlers share, and the one way in which they change an account.

use crate::answer_files::FileMemory;
use crate::books::{Book, Books};
use crate::calibrations::Calibrations;
use crate::counter::Counter;
use crate::file_reader::FileReader;
use crate::file_storage::FileStorage;
use crate::file_upload::Uploads;
use crate::files;
use crate::hub::Hub;
use crate::limits::{Limits, Rates, Seats};
use crate::oidc_client::{OidcClient, OidcSettings};
use crate::problem::{Answer, Problem};
use crate::provider::Provider;
use crate::rows;
use crate::runs::Runs;
use crate::service_key::Keys;
use crate::stripe::{Stripe, StripeSettings};
use axum::http::StatusCode;
use kumari_engine::account::{Account, Change, Refused};
use kumari_engine::authorize::HOLD_TTL_SECONDS;
use kumari_engine::id::{AccountId, ActionId, BookVersion};
use kumari_engine::request::Task;
use kumari_engine::time::Timestamp;
use kumari_store::{ChatWrite, Done, Ledger, LedgerError, Store, StoreError};
use kumari_wire::Unreadable;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a client waits that would write where nothing can be written: a person must help first.
const NOT_WRITABLE_RETRY: Duration = Duration::from_secs(10);

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// How people reach this server, `https://chat.example`; where absent, by its `Host`.
    pub public_origin: Option<String>,
    /// Whether packs and Pro can be bought with play money.
    pub demo_payments: bool,
    /// How Stripe is reached, where it takes the payments.
    pub stripe: Option<StripeSettings>,
    /// How much may be asked for.
    pub limits: Limits,
    /// With whose word people may sign in, beside passkeys.
    pub oidc: Option<OidcSettings>,
    /// How often what time did to accounts is written down.
    pub sweep_every: Duration,
    /// How often what is over is forgotten: sessions, counters, files that were never sent,
    /// conversations that were deleted.
    pub tidy_every: Duration,
    /// How often it is looked for price books and a calibration that another process has published.
    pub books_every: Duration,
    /// How often it is looked for jobs whose process has gone.
    pub jobs_every: Duration,
    /// How often the hold of an answer that runs is renewed.
    pub renew_every: Duration,
    /// How long running answers may go on after the signal to stop.
    pub shutdown_grace: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_origin: None,
            demo_payments: true,
            stripe: None,
            limits: Limits::default(),
            oidc: None,
            sweep_every: Duration::from_secs(1),
            tidy_every: Duration::from_secs(60),
            books_every: Duration::from_secs(2),
            jobs_every: Duration::from_secs(1),
            renew_every: Duration::from_secs(u64::from(HOLD_TTL_SECONDS / 3)),
            shutdown_grace: Duration::from_secs(30),
        }
    }
}

/// What all handlers share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) ledger: Ledger,
    pub(crate) books: Books,
    pub(crate) calibrations: Calibrations,
    /// Tells those who listen that another price book is in force, or another calibration.
    pub(crate) prices_changed: watch::Sender<()>,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) counter: Counter,
    pub(crate) stripe: Option<Stripe>,
    pub(crate) hub: Hub,
    /// Tells those who listen that a list of conversations has changed by more than a message.
    pub(crate) lists: Hub,
    pub(crate) runs: Runs,
    pub(crate) rates: Rates,
    pub(crate) keys: Keys,
    pub(crate) oidc: Option<OidcClient>,
    pub(crate) uploads: Uploads,
    pub(crate) file_reader: FileReader,
    pub(crate) file_memory: FileMemory,
    pub(crate) file_storage: FileStorage,
    pub(crate) streams: Seats<AccountId>,
    pub(crate) searches: Seats<AccountId>,
    pub(crate) sums: Seats<AccountId>,
    /// Cancelled when nothing new is to be begun.
    pub(crate) stopping: CancellationToken,
    /// Cancelled when running answers are to end, finished or not.
    pub(crate) aborting: CancellationToken,
    /// Everything that must have ended before the process may.
    pub(crate) tasks: TaskTracker,
}

impl App {
    /// The store, for what is not a change of an account.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.ledger.store()
    }

    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.ledger.now()
    }

    /// The work that this server does, in the order of the product's table.
    pub(crate) fn tasks(&self) -> Vec<Task> {
        Task::ALL.into_iter().filter(|task| self.provider.serves(*task)).collect()
    }

    /// So long ago.
    pub(crate) fn seconds_ago(&self, seconds: u32) -> Timestamp {
        let millis = i64::from(seconds).saturating_mul(1_000);
        let then = Timestamp::from_millis(self.now().as_millis().saturating_sub(millis));
        then.unwrap_or_default()
    }

    /// The price book in force.
    pub(crate) fn book_in_force(&self) -> Arc<Book> {
        self.books.in_force(self.now())
    }

    /// A published price book: of this process, or of another that shares the database.
    pub(crate) async fn book(&self, version: &BookVersion) -> Answer<Option<Arc<Book>>> {
        if let Some(book) = self.books.get(version) {
            return Ok(Some(book));
        }
        let Some(stored) = self.store().book(version).await? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Book::read(stored).map_err(unreadable)?)))
    }

    /// The book that a hold was priced with.
    pub(crate) async fn book_of_hold(&self, version: &BookVersion) -> Answer<Arc<Book>> {
        let book = self.book(version).await?;
        book.ok_or_else(|| Problem::internal("price book", &"that of a hold is not published"))
    }

    /// The account with those actions, brought to now.
    pub(crate) async fn read(&self, account: &AccountId, actions: &[ActionId]) -> Answer<Account> {
        Ok(self.ledger.read(account, actions).await?)
    }

    /// Runs a command of the engine, makes durable what it did, and tells who listens. `more` adds
    /// chat rows to those that every entry about a leg brings by itself.
    pub(crate) async fn command(
        &self,
        account: &AccountId,
        action: &ActionId,
        more: impl Fn(&Change) -> Vec<ChatWrite> + Send + Sync + 'static,
        decide: impl Fn(&Account, Timestamp) -> Result<Change, Refused> + Send + Sync + 'static,
    ) -> Result<Done, LedgerError> {
        self.command_on(account, std::slice::from_ref(action), more, decide).await
    }

    /// The same for a command that looks at several actions.
    pub(crate) async fn command_on(
        &self,
        account: &AccountId,
        actions: &[ActionId],
        more: impl Fn(&Change) -> Vec<ChatWrite> + Send + Sync + 'static,
        decide: impl Fn(&Account, Timestamp) -> Result<Change, Refused> + Send + Sync + 'static,
    ) -> Result<Done, LedgerError> {
        let chat = move |change: &Change| {
            let mut rows = rows::of_entries(change);
            rows.extend(more(change));
            rows
        };
        let done = self.ledger.run(account, actions, chat, decide).await?;
        if !done.entries.is_empty() {
            self.hub.tell(account);
        }
        Ok(done)
    }
}

fn unreadable(fault: Unreadable) -> Problem {
    match fault {
        Unreadable::EngineOutdated { .. } => Problem::new(
            StatusCode::CONFLICT,
            "engine_outdated",
            "this price book is of a newer form than this server reads; ask a newer one",
        ),
        Unreadable::Shape(_) => Problem::internal("price book", &fault),
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Denied(denial) => (*denial).into(),
            LedgerError::Fault(fault) => fault.into(),
            LedgerError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            return Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "the server has too much to do; try again in a moment",
            )
            .retry_after(Duration::from_secs(1));
        }
        if let StoreError::FileGone(_) = error {
            return files::unknown();
        }
        if let StoreError::DiskFull | StoreError::ReadOnly = error {
            tracing::error!(%error, "nothing can be written");
            return Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not_writable",
                "nothing can be written at the moment and nothing was changed; try again later",
            )
            .retry_after(NOT_WRITABLE_RETRY);
        }
        if error.is_outcome_unknown() {
            tracing::error!(%error, "the database failed");
            return Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "outcome_unknown",
                "the database failed; what was to change may have changed: send the same again, \
                 with the same id",
            )
            .retry_after(Duration::from_secs(1));
        }
        Self::internal("store", &error)
    }
}
