//! The memory store passes the suite.

use kumari_store::{MemoryStore, Store};
use std::sync::Arc;

fn memory() -> (Arc<dyn Store>, ()) {
    (Arc::new(MemoryStore::new()), ())
}

kumari_store::store_conformance!(memory());
