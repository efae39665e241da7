//! The PostgreSQL store passes the suite, and answers like the memory store.
//!
//! It needs a cluster: `cargo xtask test --only postgres` starts one.

#[cfg(test)]
mod common {
    pub(crate) mod postgres;
}

use common::postgres::fresh;
use kumari_store::conformance::answers_are_the_same;
use kumari_store::{MemoryStore, Store};
use std::sync::Arc;

kumari_store::store_conformance!(fresh("KUMARI_POSTGRES").await, ignore = "needs PostgreSQL");

/// Whatever random commands do, both stores answer the same and keep the same.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn memory_and_postgres_never_differ_in_an_answer() {
    for seed in 1..=2 {
        let (postgres, _url) = fresh("KUMARI_POSTGRES").await;
        let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let changed = answers_are_the_same(memory, postgres, seed, 1_500).await.unwrap();
        assert!(changed > 500, "seed {seed}: only {changed} of 1500 commands changed anything");
    }
}
