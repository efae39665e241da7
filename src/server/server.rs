//! A running server: put together from its parts, stopped without losing an answer or a hold.

use crate::app::{App, Config};
use crate::books::{Book, Books};
use crate::counter::Counter;
use crate::hub::Hub;
use crate::limits::{Rates, Seats};
use crate::provider::Provider;
use crate::runs::Runs;
use crate::service_key::Keys;
use crate::{payments, router, sweep};
use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use kumari_engine::payment::Payment;
use kumari_engine::price_book::PublishedBook;
use kumari_store::{Clock, Ledger, LedgerError, Store, StoreError, StoredBook};
use kumari_wire::CanonicalFault;
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
/// How many published books are kept at hand; older ones are read when they are asked for.
const BOOKS_AT_HAND: u32 = 100;
/// How long ending what is left may take after the grace is over.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// What a server is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The price book given last.
    pub book: PublishedBook,
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
    /// A price book has no canonical form.
    #[error("a price book: {0}")]
    Canonical(#[from] CanonicalFault),
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
        let book = publish(&*parts.store, &*parts.clock, parts.book).await?;
        let earlier = published(&*parts.store).await?;
        let app = Arc::new(App {
            rates: Rates::new(&parts.config.limits),
            keys: Keys::default(),
            config: parts.config,
            ledger: Ledger::new(parts.store, parts.clock),
            books: Books::new(book, earlier),
            book_changed: watch::channel(()).0,
            provider: parts.provider,
            counter: parts.counter,
            hub: Hub::default(),
            runs: Runs::default(),
            streams: Seats::new(),
            stopping: CancellationToken::new(),
            aborting: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        app.tasks.spawn(sweep::run(Arc::clone(&app)));

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

    /// Publishes another price book: in force from its `effective_at`, told to everybody at once.
    ///
    /// # Errors
    /// [`StartFault`] where the database says no.
    pub async fn publish(&self, book: PublishedBook) -> Result<(), StartFault> {
        let app = &self.app;
        let now = app.now();
        let book = Book::new(book)?;
        app.store().publish_book(stored(&book, now)).await?;
        app.books.publish(Arc::new(book));
        app.book_changed.send_replace(());
        Ok(())
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

async fn publish(
    store: &dyn Store,
    clock: &dyn Clock,
    book: PublishedBook,
) -> Result<Arc<Book>, StartFault> {
    let book = Book::new(book)?;
    store.publish_book(stored(&book, clock.now())).await?;
    Ok(Arc::new(book))
}

async fn published(store: &dyn Store) -> Result<Vec<Arc<Book>>, StartFault> {
    let mut books = Vec::new();
    for listed in store.books(BOOKS_AT_HAND).await? {
        let Some(stored) = store.book(&listed.version).await? else { continue };
        match kumari_wire::read_published(&stored.json) {
            Ok(book) => books.push(Arc::new(Book::new(book)?)),
            // Written by a newer server: this one does not price with it, and says so when asked.
            Err(fault) => tracing::warn!(version = %listed.version, %fault, "a book is not read"),
        }
    }
    Ok(books)
}

fn stored(book: &Book, now: kumari_engine::time::Timestamp) -> StoredBook {
    StoredBook {
        version: book.version().clone(),
        json: book.canonical.clone(),
        effective_at: book.effective_at(),
        published_at: now,
    }
}
