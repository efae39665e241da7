//! The journal in a database: one trait, several back ends, one conformance suite.
//!
//! A [`Store`] keeps what the engine decided and never decides itself: it computes no amount, and
//! of the journal it only ever adds rows. [`Ledger`] is the one place that loads an account, lets
//! the engine decide in memory, and appends and commits what came out. Beside the journal a store
//! keeps conversations, files, jobs that make some, sessions and published price books.
//!
//! It knows no HTTP, no model provider and no price.
//!
//! Modules are listed in reading order.

mod error;
mod limits;
mod clock;
mod chat;
mod files;
mod conversations;
mod purchases;
mod media_jobs;
mod lookup;
mod people;
mod stored;
mod store;
mod check;
mod values;
mod memory;
mod memory_files;
mod memory_conversations;
mod memory_purchases;
mod memory_media_jobs;
mod memory_people;
mod sqlite;
mod sqlite_ledger;
mod sqlite_chat;
mod sqlite_files;
mod sqlite_conversations;
mod sqlite_purchases;
mod sqlite_media_jobs;
mod sqlite_checkpoint;
mod sqlite_log;
mod sqlite_lookup;
mod sqlite_people;
mod sqlite_audit;
mod sqlite_schema;
mod sqlite_writer;
mod sqlite_readers;
mod postgres;
mod postgres_ledger;
mod postgres_chat;
mod postgres_files;
mod postgres_conversations;
mod postgres_purchases;
mod postgres_media_jobs;
mod postgres_lookup;
mod postgres_people;
mod postgres_audit;
mod postgres_schema;
mod postgres_statement;
mod postgres_pool;
mod postgres_fault;
mod postgres_tls;
mod postgres_url;
mod search;
mod lane_join;
mod lane_cache;
mod lane;
mod ledger;
mod audit;
mod audit_fold;
mod migrate;
pub mod fixtures;
pub mod conformance;
mod conformance_fence;
mod conformance_lane;
mod conformance_cache;
mod conformance_money;
mod conformance_purchases;
mod conformance_time;
mod conformance_chat;
mod conformance_files;
mod conformance_media_jobs;
mod conformance_conversations;
mod conformance_search;
mod conformance_lookup;
mod conformance_people;
mod conformance_migrate;
mod conformance_edges;
mod conformance_audit;
#[cfg(test)]
mod sqlite_tests;

pub use audit::{Audit, Difference, Place, audit};
pub use chat::{
    ActionChat, Author, ChatWrite, Conversation, ConversationId, Message, MessageStatus,
    MessageStep, MessageUpdate, StepKind,
};
pub use clock::{Clock, SettableClock, SystemClock};
pub use conversations::{ConversationStore, MessagePlace};
pub use error::StoreError;
pub use files::{
    FileAdded, FileContent, FileFacts, FileId, FileRemoved, FileRoom, FileStore, FilesKept,
    StoredFile,
};
pub use ledger::{
    Done, LANE_WAITING_MAX, LOSSES_MAX, Ledger, LedgerCommand, LedgerCounts, LedgerError, Swept,
};
pub use limits::*;
pub use lookup::{
    BookListing, KeyScope, PaymentClaim, ScopeFault, ServiceKey, Session, StoredBook,
    StoredCalibration, TokenHash,
};
pub use media_jobs::{JobKey, Made, MediaJob, MediaStore};
pub use memory::MemoryStore;
pub use migrate::{MigrateFault, Migrated, migrate};
pub use people::{
    Ceremony, FreeClaim, Identity, IdentityKey, IdentityKind, KindFault, PeopleStore,
};
pub use postgres::{PostgresOptions, PostgresStore};
pub use postgres_url::{is_postgres_url, without_password};
pub use purchases::{Bought, PurchaseStore, Renewal};
pub use search::{Found, FoundIn, Hit, Needle, SearchPlace, Searched, Within, search};
pub use sqlite::{SqliteOptions, SqliteStore};
pub use store::{Commit, CommitOutcome, Decide, Decided, Store, Wanted};
pub use stored::{Stored, StoredAction, StoredState};
