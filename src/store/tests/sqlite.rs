//! The SQLite store passes the suite, answers like the memory store, and keeps its promises about
//! the file.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use kumari_store::conformance::answers_are_the_same;
use kumari_store::{MemoryStore, SqliteOptions, SqliteStore, Store};
use std::sync::Arc;
use tempfile::TempDir;

fn sqlite() -> (Arc<dyn Store>, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kumari.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    (Arc::new(store), directory)
}

kumari_store::store_conformance!(sqlite());

/// Whatever random commands do, both stores answer the same and keep the same.
#[tokio::test(flavor = "multi_thread")]
async fn memory_and_sqlite_never_differ_in_an_answer() {
    for seed in 1..=4 {
        let (sqlite, _kept) = sqlite();
        let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let changed = answers_are_the_same(memory, sqlite, seed, 1_500).await.unwrap();
        assert!(changed > 500, "seed {seed}: only {changed} of 1500 commands changed anything");
    }
}
