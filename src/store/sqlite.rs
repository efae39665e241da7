//! The store in one SQLite file.
//!
//! Durability before speed: write-ahead log with `synchronous=FULL`, and an answer only after the
//! commit. One thread owns the only connection that writes and is fed by a bounded queue; a few
//! connections read beside it. This file is the only one that opens transactions; what happens in
//! them is in `sqlite_ledger`, `sqlite_chat`, `sqlite_lookup` and `sqlite_audit`.

use crate::chat::{ActionChat, ChatWrite, Conversation, ConversationId, Message};
use crate::check;
use crate::error::StoreError;
use crate::limits::{
    ACCOUNTS_DUE_MAX, ACCOUNTS_MAX, ACTIONS_MAX, BOOKS_MAX, CONVERSATIONS_MAX, ENTRIES_MAX,
    KEYS_MAX, MESSAGES_MAX, PAYMENT_CLAIMS_MAX, SESSIONS_MAX,
};
use crate::lookup::{
    BookListing, PaymentClaim, ServiceKey, Session, StoredBook, StoredCalibration, TokenHash,
};
use crate::sqlite_checkpoint::{Checkpointer, WAL_PAGES};
use crate::sqlite_log::Log;
use crate::sqlite_readers::Readers;
use crate::sqlite_writer::Writer;
use crate::store::{Commit, CommitOutcome, Decide, Store, Wanted};
use crate::stored::Stored;
use crate::{sqlite_audit, sqlite_chat, sqlite_ledger, sqlite_lookup, sqlite_schema};
use async_trait::async_trait;
use kumari_engine::account::{Account, Change, Refused};
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId, BookVersion, CalibrationVersion};
use kumari_engine::time::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// How many pages the connection that writes keeps, as SQLite wants it said: in KiB, below zero.
/// 16 MiB hold the pages that some 10 000 accounts were last written to; others are found among the
/// system's. More would cost more: where a tree's pages are put in order, SQLite looks through all
/// pages that it keeps, which is so in nearly each commit.
const WRITER_CACHE_KIB_NEGATIVE: i32 = -16_384;

/// The store in one SQLite file.
///
/// A write that was begun is finished even where nobody waits for its answer any more. Dropping
/// the store finishes what is queued and closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    pub(crate) writer: Writer,
    /// After the writer, for it ends with the writer's connection.
    _checkpointer: Checkpointer,
    pub(crate) readers: Readers,
}

/// How a [`SqliteStore`] shares its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How many writes may wait; one more is [`StoreError::Busy`].
    pub writes_waiting_max: usize,
    /// How many connections read.
    pub readers: usize,
    /// How many reads may be waiting or under way; one more is [`StoreError::Busy`].
    pub reads_max: usize,
    /// How long a write waits for another process that writes, before it is
    /// [`StoreError::Busy`]; in milliseconds.
    pub busy_timeout_millis: u64,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { writes_waiting_max: 1_024, readers: 4, reads_max: 1_024, busy_timeout_millis: 5_000 }
    }
}

impl SqliteStore {
    /// Opens the database of that file; makes it where there is none, and brings its schema up to
    /// date. Blocks while it does.
    ///
    /// # Errors
    /// [`StoreError::SchemaNewer`] where a newer version of this program wrote it,
    /// [`StoreError::Foreign`] where another program did; otherwise as the database says.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let mut connection = connect(path, options)?;
        sqlite_schema::check_owner(&connection)?;
        set_durable(&connection)?;
        connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB_NEGATIVE)?;
        write(&mut connection, |transaction| sqlite_schema::migrate(transaction))?;
        let readers = (0..options.readers.max(1)).map(|_| {
            let reader = connect(path, options)?;
            reader.pragma_update(None, "query_only", true)?;
            Ok(reader)
        });
        let readers = readers.collect::<Result<Vec<Connection>, StoreError>>()?;
        let log = Log::open(path, &mut connection)?;
        let checkpointer =
            Checkpointer::start(&mut connection, connect(path, options)?, WAL_PAGES)?;
        Ok(Self {
            writer: Writer::start(connection, log, options.writes_waiting_max)?,
            _checkpointer: checkpointer,
            readers: Readers::new(readers, options.reads_max),
        })
    }

    /// Does something in a transaction that writes, and answers after its commit.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(move |connection| write(connection, work)).await
    }

    /// Does something that reads, as of one instant.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.run(move |connection| read(connection, work)).await
    }
}

/// Opens a connection. Statements are prepared once and kept.
fn connect(path: &Path, options: SqliteOptions) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_millis(options.busy_timeout_millis))?;
    connection.set_prepared_statement_cache_capacity(64);
    // A plan never depends on a bound value, or SQLite would prepare some statements at each use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// An acknowledged write survives the loss of power.
fn set_durable(connection: &Connection) -> Result<(), StoreError> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        let detail = format!("journal_mode is `{mode}`; use a file on a local disk");
        return Err(StoreError::corrupt("the write-ahead log", detail));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Without it `INSERT OR REPLACE` would delete past the triggers that guard the journal.
    connection.pragma_update(None, "recursive_triggers", true)?;
    Ok(())
}

/// One transaction that writes: all of it, or nothing where `work` fails.
pub(crate) fn write<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// One transaction that reads: everything as of one instant.
fn read<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction()?;
    let result = work(&transaction)?;
    transaction.finish()?;
    Ok(result)
}

fn load_all(
    connection: &Connection,
    wanted: &[Wanted],
    now: Timestamp,
) -> Result<Vec<Account>, StoreError> {
    wanted.iter().map(|one| sqlite_ledger::load(connection, one, now)).collect()
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self, wanted: &[Wanted], now: Timestamp) -> Result<Vec<Account>, StoreError> {
        check::wanted(wanted)?;
        let wanted = wanted.to_vec();
        self.read(move |connection| load_all(connection, &wanted, now)).await
    }

    /// A connection that reads forgets its pages whenever another one has written; the one that
    /// writes still has them.
    async fn load_to_decide(
        &self,
        wanted: &[Wanted],
        now: Timestamp,
    ) -> Result<Vec<Account>, StoreError> {
        check::wanted(wanted)?;
        let wanted = wanted.to_vec();
        let load = move |connection: &Connection| load_all(connection, &wanted, now);
        self.writer.run(move |connection| read(connection, load)).await
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<CommitOutcome>, StoreError> {
        check::commits(&commits)?;
        self.write(move |transaction| {
            let commit = |one| sqlite_ledger::commit(transaction, one);
            commits.iter().map(commit).collect()
        })
        .await
    }

    async fn decide_alone(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        decide: Decide,
    ) -> Result<Result<Change, Refused>, StoreError> {
        check::wanted(std::slice::from_ref(wanted))?;
        let wanted = wanted.clone();
        self.write(move |transaction| {
            sqlite_ledger::decide_alone(transaction, &wanted, now, &decide)
        })
        .await
    }

    async fn entries(
        &self,
        account: &AccountId,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        check::limit("entries", limit, ENTRIES_MAX)?;
        let account = account.clone();
        self.read(move |connection| {
            sqlite_ledger::entries(connection, &account, after_sequence, limit)
        })
        .await
    }

    async fn accounts_due(
        &self,
        now: Timestamp,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        check::limit("accounts due", limit, ACCOUNTS_DUE_MAX)?;
        let after = after.cloned();
        self.read(move |connection| {
            sqlite_ledger::accounts_due(connection, now, after.as_ref(), limit)
        })
        .await
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let limit = check::limit("accounts", limit, ACCOUNTS_MAX)?;
        let after = after.cloned();
        self.read(move |connection| sqlite_audit::accounts(connection, after.as_ref(), limit)).await
    }

    async fn stored(
        &self,
        account: &AccountId,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Stored, StoreError> {
        check::limit("actions", limit, ACTIONS_MAX)?;
        let (account, after) = (account.clone(), after.cloned());
        self.read(move |connection| {
            sqlite_audit::stored(connection, &account, after.as_ref(), limit)
        })
        .await
    }

    async fn write_chat(
        &self,
        account: &AccountId,
        writes: Vec<ChatWrite>,
    ) -> Result<(), StoreError> {
        check::chat(&writes)?;
        let account = account.clone();
        self.write(move |transaction| sqlite_chat::write(transaction, &account, &writes)).await
    }

    async fn conversations(
        &self,
        account: &AccountId,
        before: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        check::limit("conversations", limit, CONVERSATIONS_MAX)?;
        let account = account.clone();
        self.read(move |connection| sqlite_chat::conversations(connection, &account, before, limit))
            .await
    }

    async fn conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        let account = account.clone();
        self.read(move |connection| sqlite_chat::conversation(connection, &account, id)).await
    }

    async fn messages(
        &self,
        account: &AccountId,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        check::limit("messages", limit, MESSAGES_MAX)?;
        let account = account.clone();
        self.read(move |connection| {
            sqlite_chat::messages(connection, &account, conversation, limit)
        })
        .await
    }

    async fn action_chat(
        &self,
        account: &AccountId,
        action_id: &ActionId,
    ) -> Result<Option<ActionChat>, StoreError> {
        let (account, action_id) = (account.clone(), action_id.clone());
        self.read(move |connection| sqlite_chat::action_chat(connection, &account, &action_id))
            .await
    }

    async fn all_messages(
        &self,
        account: &AccountId,
        after: Option<&(ActionId, Option<u32>)>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, Message)>, StoreError> {
        check::limit("messages", limit, MESSAGES_MAX)?;
        let (account, after) = (account.clone(), after.cloned());
        self.read(move |connection| {
            sqlite_chat::all_messages(connection, &account, after.as_ref(), limit)
        })
        .await
    }

    async fn open_session(&self, session: Session) -> Result<Session, StoreError> {
        check::session(&session)?;
        self.write(move |transaction| sqlite_lookup::open_session(transaction, &session)).await
    }

    async fn session(
        &self,
        token_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let token_hash = *token_hash;
        let stored =
            self.read(move |connection| sqlite_lookup::session(connection, &token_hash)).await?;
        Ok(stored.filter(|session| session.is_live(now)))
    }

    async fn sessions(
        &self,
        after: Option<&TokenHash>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        check::limit("sessions", limit, SESSIONS_MAX)?;
        let after = after.copied();
        self.read(move |connection| sqlite_lookup::sessions(connection, after.as_ref(), limit))
            .await
    }

    async fn close_session(&self, token_hash: &TokenHash) -> Result<bool, StoreError> {
        let token_hash = *token_hash;
        self.write(move |transaction| sqlite_lookup::close_session(transaction, &token_hash)).await
    }

    async fn forget_sessions(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        check::limit("sessions", limit, SESSIONS_MAX)?;
        self.write(move |transaction| sqlite_lookup::forget_sessions(transaction, now, limit)).await
    }

    async fn claim_payment(&self, claim: PaymentClaim) -> Result<PaymentClaim, StoreError> {
        self.write(move |transaction| sqlite_lookup::claim_payment(transaction, &claim)).await
    }

    async fn payment_claim(&self, object: &ActionId) -> Result<Option<PaymentClaim>, StoreError> {
        let object = object.clone();
        self.read(move |connection| sqlite_lookup::payment_claim(connection, &object)).await
    }

    async fn payment_claims(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<PaymentClaim>, StoreError> {
        check::limit("payment claims", limit, PAYMENT_CLAIMS_MAX)?;
        let after = after.cloned();
        self.read(move |connection| {
            sqlite_lookup::payment_claims(connection, after.as_ref(), limit)
        })
        .await
    }

    async fn add_service_key(&self, key: ServiceKey) -> Result<(), StoreError> {
        check::key(&key)?;
        self.write(move |transaction| sqlite_lookup::add_service_key(transaction, &key)).await
    }

    async fn service_key(&self, secret_hash: &TokenHash) -> Result<Option<ServiceKey>, StoreError> {
        let secret_hash = *secret_hash;
        self.read(move |connection| sqlite_lookup::service_key(connection, &secret_hash)).await
    }

    async fn service_keys(
        &self,
        after: Option<&TokenHash>,
        limit: u32,
    ) -> Result<Vec<ServiceKey>, StoreError> {
        check::limit("service keys", limit, KEYS_MAX)?;
        let after = after.copied();
        self.read(move |connection| sqlite_lookup::service_keys(connection, after.as_ref(), limit))
            .await
    }

    async fn revoke_service_key(
        &self,
        secret_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let secret_hash = *secret_hash;
        self.write(move |transaction| {
            sqlite_lookup::revoke_service_key(transaction, &secret_hash, now)
        })
        .await
    }

    async fn publish_book(&self, book: StoredBook) -> Result<(), StoreError> {
        check::book(&book)?;
        self.write(move |transaction| sqlite_lookup::publish_book(transaction, &book)).await
    }

    async fn put_calibration(&self, calibration: StoredCalibration) -> Result<(), StoreError> {
        check::calibration(&calibration)?;
        self.write(move |transaction| sqlite_lookup::put_calibration(transaction, &calibration))
            .await
    }

    async fn calibration(
        &self,
        known: Option<&CalibrationVersion>,
    ) -> Result<Option<StoredCalibration>, StoreError> {
        let known = known.cloned();
        self.read(move |connection| sqlite_lookup::calibration(connection, known.as_ref())).await
    }

    async fn book(&self, version: &BookVersion) -> Result<Option<StoredBook>, StoreError> {
        let version = version.clone();
        self.read(move |connection| sqlite_lookup::book(connection, &version)).await
    }

    async fn book_at(&self, now: Timestamp) -> Result<Option<StoredBook>, StoreError> {
        self.read(move |connection| sqlite_lookup::book_at(connection, now)).await
    }

    async fn books(&self, limit: u32) -> Result<Vec<BookListing>, StoreError> {
        check::limit("price books", limit, BOOKS_MAX)?;
        self.read(move |connection| sqlite_lookup::books(connection, limit)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(sqlite_schema::ping).await?;
        self.write(|transaction| sqlite_schema::ping(transaction)).await
    }
}
