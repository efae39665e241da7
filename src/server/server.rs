//! A running server: put together from its parts, stopped without losing an answer or a hold.

use crate::answer_files::FileMemory;
use crate::app::{App, Config};
use crate::books::{self, Books, PublishFault};
use crate::calibrations::{Calibrations, PutFault};
use crate::counter::Counter;
use crate::file_reader::FileReader;
use crate::file_storage::FileStorage;
use crate::file_upload::Uploads;
use crate::hub::Hub;
use crate::limits::{Rates, Seats};
use crate::oidc_client::{OidcClient, OidcSettingsFault};
use crate::provider::Provider;
use crate::runs::Runs;
use crate::service_key::Keys;
use crate::stripe::{Stripe, StripeFault};
use crate::{book_watch, making_taken, payments, router, sweep};
use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use kumari_engine::id::BookVersion;
use kumari_engine::payment::Payment;
use kumari_engine::price_book::PublishedBook;
use kumari_store::{Clock, Ledger, LedgerError, Store, StoreError};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a connection may take to say what it wants.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long ending what is left may take after the grace is over.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// What a server is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// A price book to publish; without one, what the database has is in force.
    pub book: Option<PublishedBook>,
    /// Who runs the models.
    pub provider: Arc<dyn Provider>,
    /// Who counts tokens.
    pub counter: Counter,
    /// What the operator decides.
    pub config: Config,
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<io::Result<()>>,
}

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The database does not work.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The price book is not published.
    #[error(transparent)]
    Book(#[from] PublishFault),
    /// The calibration cannot be looked at.
    #[error(transparent)]
    Calibration(#[from] PutFault),
    /// There are no prices.
    #[error("the database has no price book that this version can read; name one")]
    NoBook,
    /// Stripe cannot be used.
    #[error("payments: {0}")]
    Stripe(#[from] StripeFault),
    /// Nobody could sign in.
    #[error(transparent)]
    Oidc(#[from] OidcSettingsFault),
    /// It cannot listen.
    #[error("cannot listen: {0}")]
    Listen(#[from] io::Error),
}

impl Server {
    /// Publishes the book and serves on `listener`.
    ///
    /// # Errors
    /// [`StartFault`] where the database or the network says no.
    pub async fn start(parts: Parts, listener: TcpListener) -> Result<Self, StartFault> {
        if let Some(book) = &parts.book {
            books::publish(&*parts.store, book, parts.clock.now()).await?;
        }
        let books = Books::open(&*parts.store).await?.ok_or(StartFault::NoBook)?;
        let calibrations = Calibrations::open(&*parts.store).await?;
        let file_storage = FileStorage::new(parts.config.limits.files_bytes_max);
        file_storage.count(&*parts.store).await?;
        let stripe = parts.config.stripe.clone().map(Stripe::new).transpose()?;
        let app = Arc::new(App {
            stripe,
            rates: Rates::new(&parts.config.limits),
            file_storage,
            file_memory: FileMemory::new(parts.config.limits.file_memory_bytes),
            keys: Keys::default(),
            oidc: parts.config.oidc.clone().map(OidcClient::new).transpose()?,
            config: parts.config,
            ledger: Ledger::new(parts.store, parts.clock),
            books,
            calibrations,
            prices_changed: watch::channel(()).0,
            provider: parts.provider,
            counter: parts.counter,
            hub: Hub::default(),
            lists: Hub::default(),
            runs: Runs::default(),
            uploads: Uploads::default(),
            file_reader: FileReader::default(),
            streams: Seats::new(),
            searches: Seats::new(),
            sums: Seats::new(),
            stopping: CancellationToken::new(),
            aborting: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        app.tasks.spawn(sweep::run(Arc::clone(&app)));
        app.tasks.spawn(book_watch::run(Arc::clone(&app)));
        app.tasks.spawn(making_taken::run(Arc::clone(&app)));

        let address = listener.local_addr()?;
        let handle = Handle::new();
        let mut http = axum_server::from_tcp(listener)?
            .handle(handle.clone())
            .first_request_timeout(HEAD_TIMEOUT);
        http.http_builder()
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(Some(HEAD_TIMEOUT));
        let service = router::router(&app).into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(http.serve(service));
        Ok(Self { app, address, handle, serving })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Publishes another price book, and says which is in force then. Everybody is told at once where
    /// that is another than before.
    ///
    /// # Errors
    /// [`StartFault`] where the database says no.
    pub async fn publish(&self, book: &PublishedBook) -> Result<BookVersion, StartFault> {
        let app = &self.app;
        books::publish(&**app.store(), book, app.now()).await?;
        app.books.look(&**app.store()).await?;
        app.prices_changed.send_replace(());
        Ok(app.book_in_force().version().clone())
    }

    /// Takes in what a payment provider says, for the account that claimed its object when it was
    /// sold. The same again changes nothing.
    ///
    /// # Errors
    /// [`LedgerError`]; a transient denial asks to be told again later.
    pub async fn pay(&self, payment: Payment) -> Result<(), LedgerError> {
        payments::take(&self.app, None, payment).await.map(|_| ())
    }

    /// Stops: nothing new is begun, answers may finish, and what has not finished in time gives its
    /// hold back.
    ///
    /// # Errors
    /// Where serving had already broken off.
    pub async fn stop(self) -> io::Result<()> {
        let Self { app, handle, serving, .. } = self;
        let grace = app.config.shutdown_grace;
        app.stopping.cancel();
        app.tasks.close();
        handle.graceful_shutdown(Some(grace.saturating_add(LAST_WRITES)));
        if timeout(grace, app.tasks.wait()).await.is_err() {
            tracing::warn!("answers were still running; their holds are given back");
            app.aborting.cancel();
            if timeout(LAST_WRITES, app.tasks.wait()).await.is_err() {
                tracing::error!("not every hold was given back; they expire at their deadlines");
            }
        }
        app.aborting.cancel();
        let served = serving.await.map_err(io::Error::other)?;
        // Nobody is left who could ask; what is queued is still written.
        if timeout(LAST_WRITES, app.ledger.close()).await.is_err() {
            tracing::error!("not every change was written; what was answered is");
        }
        served
    }
}
