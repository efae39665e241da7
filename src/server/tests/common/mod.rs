//! What the server's tests share: a real server on a free port, a client, a provider that says
//! what a test tells it to.
#![expect(dead_code, reason = "each test binary uses a part of what all share")]

pub(crate) mod backend;
pub(crate) mod client;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod imported;
pub(crate) mod media;
pub(crate) mod issuer;
pub(crate) mod people;
#[path = "../../../store/tests/common/postgres.rs"]
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod provider;
pub(crate) mod stripe;
pub(crate) mod unsure;

use client::Client;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::time::Timestamp;
use kumari_server::provider::Provider;
use kumari_server::server::{Parts, Server};
use kumari_server::{Config, Counter, price};
use kumari_store::{Clock, MemoryStore, SettableClock, SqliteOptions, SqliteStore, Store};
use kumari_tokens::{Encoding, Vocabulary, ranks};
use provider::Scripted;
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// When every test begins.
pub(crate) const BEGIN: &str = "2026-11-24T10:00:00Z";

/// The two stores that every promise is kept with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StoreKind {
    Memory,
    /// SQLite, or PostgreSQL where [`CLUSTER`] says where one is.
    Database,
}

pub(crate) const STORES: [StoreKind; 2] = [StoreKind::Memory, StoreKind::Database];

/// Names the URL of a cluster of PostgreSQL; `cargo xtask test --only postgres` sets it.
pub(crate) const CLUSTER: &str = "KUMARI_POSTGRES";

/// A server under test.
pub(crate) struct TestServer {
    pub(crate) server: Server,
    pub(crate) clock: Arc<SettableClock>,
    pub(crate) scripted: Arc<Scripted>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: Config,
    /// Holds the database file until the test is over.
    folder: tempfile::TempDir,
}

impl TestServer {
    pub(crate) async fn start(kind: StoreKind) -> Self {
        Self::start_with(kind, book(), config()).await
    }

    pub(crate) async fn start_with(kind: StoreKind, book: PublishedBook, config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = match kind {
            StoreKind::Memory => Arc::new(MemoryStore::default()),
            StoreKind::Database if std::env::var_os(CLUSTER).is_some() => {
                postgres::fresh(CLUSTER).await.0
            }
            StoreKind::Database => {
                let file = folder.path().join("credits.db");
                Arc::new(SqliteStore::open(&file, SqliteOptions::default()).unwrap())
            }
        };
        Self::start_on(store, book, config, folder).await
    }

    /// A server on that store, which may need something in `folder`.
    pub(crate) async fn start_on(
        store: Arc<dyn Store>,
        book: PublishedBook,
        config: Config,
        folder: tempfile::TempDir,
    ) -> Self {
        let clock = Arc::new(SettableClock::new(time(BEGIN)));
        let scripted = Arc::new(Scripted::default());
        let server = serve(&store, &clock, &scripted, book, config.clone()).await;
        Self { server, clock, scripted, store, config, folder }
    }

    /// Stops the server and starts another one on the same database.
    pub(crate) async fn restart(self, book: PublishedBook) -> Self {
        let Self { server, clock, scripted, store, config, folder } = self;
        server.stop().await.unwrap();
        let server = serve(&store, &clock, &scripted, book, config.clone()).await;
        Self { server, clock, scripted, store, config, folder }
    }

    /// Publishes a book, a second after any before: of two that take effect at once the later counts.
    pub(crate) async fn publish(&self, book: &PublishedBook) {
        self.clock.advance_seconds(1);
        assert_eq!(self.server.publish(book).await.unwrap(), book.version, "it is in force");
    }

    /// Another process on the same database.
    pub(crate) async fn beside(&self) -> Server {
        serve(&self.store, &self.clock, &self.scripted, book(), self.config.clone()).await
    }

    /// A client with a session of its own, and the free credits.
    pub(crate) async fn guest(&self) -> Client {
        let mut client = self.stranger();
        client.begin().await;
        client
    }

    /// A client without a session.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(format!("http://{}", self.server.address()))
    }
}

async fn serve(
    store: &Arc<dyn Store>,
    clock: &Arc<SettableClock>,
    scripted: &Arc<Scripted>,
    book: PublishedBook,
    config: Config,
) -> Server {
    let clock: Arc<dyn Clock> = Arc::<SettableClock>::clone(clock);
    let provider: Arc<dyn Provider> = Arc::<Scripted>::clone(scripted);
    let parts = Parts {
        store: Arc::clone(store),
        clock,
        book: Some(book),
        provider,
        counter: Counter::load(Some(vocabulary_folder())).unwrap(),
        config,
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    Server::start(parts, listener).await.unwrap()
}

/// A configuration whose sweeper is not what a test sees, and that does not wait long at its end.
pub(crate) fn config() -> Config {
    Config {
        sweep_every: Duration::from_millis(20),
        books_every: Duration::from_millis(20),
        jobs_every: Duration::from_millis(20),
        shutdown_grace: Duration::from_secs(2),
        ..Config::default()
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The default book.
pub(crate) fn book() -> PublishedBook {
    price::read(None).unwrap()
}

/// The default book with changes, named by JSON pointers.
pub(crate) fn book_with(changes: &[(&str, Value)]) -> PublishedBook {
    let mut json: Value = serde_json::from_str(price::DEFAULT_PRICE_BOOK).unwrap();
    for (pointer, value) in changes {
        *json.pointer_mut(pointer).unwrap() = value.clone();
    }
    kumari_wire::publish(&json.to_string()).unwrap()
}

static O200K: LazyLock<Vocabulary> = LazyLock::new(|| {
    let file = vocabulary_folder().join(Encoding::O200kBase.file_name());
    Vocabulary::from_bytes(&std::fs::read(file).unwrap()).unwrap()
});

/// Tokens of a text, as the server counts them.
pub(crate) fn tokens(text: &str) -> u64 {
    O200K.count(text)
}

/// The same of several texts together, as a request has them.
pub(crate) fn input_tokens(texts: &[&str]) -> Value {
    let counted: Vec<_> = texts.iter().map(|text| O200K.tokens(text)).collect();
    let all: u64 = counted.iter().map(|tokens| tokens.all).sum();
    let latin: u64 = counted.iter().map(|tokens| tokens.latin).sum();
    serde_json::json!({ "o200k_base": all, "o200k_base_latin": latin })
}

/// The vocabularies, built once and kept with the build products.
pub(crate) fn vocabulary_folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vocabulary");
        std::fs::create_dir_all(&folder).unwrap();
        for encoding in Encoding::ALL {
            build_vocabulary(encoding, &folder);
        }
        folder
    });
    &FOLDER
}

fn build_vocabulary(encoding: Encoding, folder: &Path) {
    let path = folder.join(encoding.file_name());
    if std::fs::read(&path).is_ok_and(|file| Vocabulary::from_bytes(&file).is_ok()) {
        return;
    }
    let bpe = match encoding {
        Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
        Encoding::O200kBase => tiktoken_rs::o200k_base_singleton(),
    };
    let tokens: Vec<Vec<u8>> =
        (0..encoding.tokens()).map(|rank| bpe.decode_bytes(&[rank]).unwrap()).collect();
    let file = ranks::build(encoding, &tokens).unwrap();
    let partial = path.with_extension(std::process::id().to_string());
    std::fs::write(&partial, &file).unwrap();
    std::fs::rename(&partial, &path).unwrap();
}
