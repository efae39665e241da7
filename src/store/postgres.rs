//! The store in a PostgreSQL database, which any number of server processes may share.
//!
//! This file is the only one that opens transactions; what happens in them is in
//! `postgres_ledger`, `postgres_chat` and `postgres_lookup`. However many accounts it is of, a
//! load is one statement, and a commit is two round trips: first the fence, which says who won, then
//! the rows of the winners.
//!
//! What a broken connection leaves open is found out, not guessed: a commit that may have happened
//! is made again. The fence lets it through only if it had not happened, and where it does not,
//! the journal says whose entries are in the place.

use crate::chat::{ActionChat, ChatWrite, Conversation, ConversationId, Message};
use crate::check;
use crate::error::StoreError;
use crate::files::{FileAdded, FileId, FileRoom, StoredFile};
use crate::limits::{
    ACCOUNTS_DUE_MAX, ACCOUNTS_MAX, ACTIONS_MAX, BOOKS_MAX, CONVERSATIONS_MAX, ENTRIES_MAX,
    KEYS_MAX, MESSAGES_MAX, PAYMENT_CLAIMS_MAX, SESSIONS_MAX,
};
use crate::lookup::{
    BookListing, PaymentClaim, ServiceKey, Session, StoredBook, StoredCalibration, TokenHash,
};
use crate::postgres_conversations::Due;
use crate::postgres_fault::Fault;
use crate::postgres_pool::{Connections, Loan, answered, committed};
use crate::postgres_statement::{Statement, run, run_one};
use crate::store::{Commit, CommitOutcome, Decide, Store, Wanted};
use crate::stored::Stored;
use crate::{
    postgres_audit, postgres_chat, postgres_conversations, postgres_files, postgres_ledger,
    postgres_lookup, postgres_schema,
};
use async_trait::async_trait;
use deadpool_postgres::ClientWrapper;
use kumari_engine::account::{Account, Change, Refused};
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId, BookVersion, CalibrationVersion};
use kumari_engine::time::Timestamp;
use std::sync::Arc;
use tokio_postgres::Row;

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// All statements of the transaction see one instant.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// What a read leaves behind is the database's own tidying, which nobody has to wait for the disk
/// for, as a commit would.
const NOTHING_TO_KEEP: &str = "SELECT set_config('synchronous_commit', 'off', true)";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// While one lane's commit waits for the disk, another one decides. Each further one makes the
/// groups smaller, and a group costs as much as several of its commands.
const LANES: usize = 2;

/// The store in a PostgreSQL database.
///
/// A write that was begun is finished even where nobody waits for its answer any more.
#[derive(Clone)]
pub struct PostgresStore(Arc<Connections>);

/// How a [`PostgresStore`] shares its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// How many connections there are at most.
    pub connections: usize,
    /// How many calls may be waiting or under way; one more is [`StoreError::Busy`].
    pub calls_max: usize,
    /// How long a call waits for a connection before it is [`StoreError::Busy`]; in milliseconds.
    pub wait_millis: u64,
    /// Whether a database without our tables gets them; if not, it is [`StoreError::Absent`].
    pub may_create: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { connections: 16, calls_max: 1_024, wait_millis: 5_000, may_create: true }
    }
}

impl PostgresStore {
    /// Opens the database of that URL, and brings its schema up to date.
    ///
    /// The URL is libpq's: `postgres://user:password@host:port/database`, with
    /// `sslmode=verify-full` where the network is not trusted. A pooler in front of the database
    /// must give each connection a session of its own.
    ///
    /// # Errors
    /// [`StoreError::Address`] where the URL cannot be used, [`StoreError::Unavailable`] where
    /// the database cannot be reached, [`StoreError::SchemaNewer`] where a newer version of this
    /// program wrote it, [`StoreError::Foreign`] where another program did, [`StoreError::Absent`] where nobody
    /// did and it may not be made; otherwise as the
    /// database says. None of them repeats the password.
    pub async fn open(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let store = Self(Arc::new(Connections::new(url, options)?));
        store.0.again(|_| store.0.migrate(options.may_create)).await?;
        Ok(store)
    }

    /// Runs one statement, which is a transaction of its own and may be repeated.
    pub(crate) async fn one(&self, statement: Statement<'_>) -> Result<Vec<Row>, StoreError> {
        self.0.again(|_| self.0.one(&statement)).await
    }

    /// Adds a file where there is room.
    pub(crate) async fn add_one_file(
        &self,
        account: AccountId,
        file: StoredFile,
        room: FileRoom,
    ) -> Result<FileAdded, StoreError> {
        let connections = Arc::clone(&self.0);
        finished(async move { connections.again(|_| connections.add(&account, &file, room)).await })
            .await
    }

    /// Forgets a part of a deleted conversation, and says how many rows that were.
    pub(crate) async fn forget_part(
        &self,
        due: Due,
        before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let connections = Arc::clone(&self.0);
        finished(async move {
            let mut statements = vec![Statement::plain(BEGIN)];
            statements.extend(postgres_conversations::forget(&due, before, limit));
            statements.push(Statement::plain(COMMIT));
            let answers = connections.again(|_| connections.write(&statements)).await?;
            Ok(postgres_conversations::forgotten(&answers))
        })
        .await
    }

    /// Runs the statements of one transaction that writes, and may be repeated; the answers of each.
    pub(crate) async fn in_transaction<W: Send + Sync + 'static>(
        &self,
        work: W,
        statements: fn(&W) -> Result<Vec<Statement<'_>>, StoreError>,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let connections = Arc::clone(&self.0);
        finished(async move {
            let mut all = vec![Statement::plain(BEGIN)];
            all.extend(statements(&work)?);
            all.push(Statement::plain(COMMIT));
            let mut answers = connections.again(|_| connections.write(&all)).await?;
            answers.pop();
            answers.drain(..1.min(answers.len()));
            Ok(answers)
        })
        .await
    }

    /// Reads by several statements.
    async fn as_of_one_instant(
        &self,
        statements: impl IntoIterator<Item = Statement<'_>>,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let begin = [Statement::plain(BEGIN_READ), Statement::plain(NOTHING_TO_KEEP)];
        let commit = [Statement::plain(COMMIT)];
        let before = begin.len();
        let all: Vec<Statement<'_>> = begin.into_iter().chain(statements).chain(commit).collect();
        let mut read = self.0.again(|_| self.0.read(&all)).await?;
        read.truncate(read.len().saturating_sub(1));
        read.drain(..before.min(read.len()));
        Ok(read)
    }
}

impl Connections {
    /// Commits all; where actions that some took for unused are there, the others.
    async fn commit_all(&self, commits: &[Commit]) -> Result<Vec<CommitOutcome>, StoreError> {
        let commit = |unknown| self.commit(commits, unknown);
        if let Some(outcomes) = self.again(commit).await? {
            return Ok(outcomes);
        }
        // Whose they are is seen when all of those are decided again.
        let sure = commits.iter().filter(|commit| commit.unread.is_empty());
        let sure: Vec<Commit> = sure.cloned().collect();
        let made = self.again(|unknown| self.commit(&sure, unknown)).await?;
        let mut made = made.unwrap_or_default().into_iter();
        let outcome = |commit: &Commit| {
            let outcome = if commit.unread.is_empty() { made.next() } else { None };
            outcome.unwrap_or(CommitOutcome::Lost)
        };
        Ok(commits.iter().map(outcome).collect())
    }
}

/// One attempt each.
impl Connections {
    async fn migrate(&self, may_create: bool) -> Result<(), Fault> {
        let loan = self.get().await?;
        let client = loan.client()?;
        client.batch_execute(BEGIN).await?;
        postgres_schema::migrate(client, may_create).await?;
        client.batch_execute(COMMIT).await?;
        loan.give_back();
        Ok(())
    }

    async fn one(&self, statement: &Statement<'_>) -> Result<Vec<Row>, Fault> {
        let loan = self.get().await?;
        let rows = answered(run_one(loan.client()?, statement)).await?;
        loan.give_back();
        Ok(rows)
    }

    /// Runs the statements of one transaction that reads.
    async fn read(&self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>, Fault> {
        let loan = self.get().await?;
        let answers = answered(run(loan.client()?, statements)).await?;
        loan.give_back();
        Ok(answers)
    }

    /// Runs the statements of one transaction that writes, and may be repeated.
    async fn write(&self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>, Fault> {
        let loan = self.get().await?;
        let answers = committed(run(loan.client()?, statements)).await?;
        loan.give_back();
        Ok(answers)
    }

    /// Adds a file, with the account's files to itself. Where an earlier attempt may have happened,
    /// the file is there.
    async fn add(
        &self,
        account: &AccountId,
        file: &StoredFile,
        room: FileRoom,
    ) -> Result<FileAdded, Fault> {
        let loan = self.get().await?;
        let client = loan.client()?;
        let statements: Vec<Statement<'_>> = std::iter::once(Statement::plain(BEGIN))
            .chain(postgres_files::look(account, file.facts.file_id))
            .collect();
        let read = answered(run(client, &statements)).await?;
        let added = postgres_files::admitted(&read, file, room)?;
        if added == FileAdded::Added {
            let statements = [postgres_files::add(account, file)?, Statement::plain(COMMIT)];
            committed(run(client, &statements)).await?;
        } else {
            answered(run_one(client, &Statement::plain(ROLLBACK))).await?;
        }
        loan.give_back();
        Ok(added)
    }

    /// Where an earlier attempt may have happened, what is in the place of its entries says
    /// whether it did. Nothing, and nothing is written, where an action that was taken for unused
    /// is there; then no earlier attempt has happened either, or its fence would have said so.
    async fn commit(
        &self,
        commits: &[Commit],
        is_unknown: bool,
    ) -> Result<Option<Vec<CommitOutcome>>, Fault> {
        let loan = self.get().await?;
        let client = loan.client()?;
        let mut statements = vec![Statement::plain(BEGIN)];
        statements.extend(postgres_ledger::pass_fence(commits)?);
        let passed = answered(run(client, &statements)).await?;
        let mut outcomes = postgres_ledger::outcomes(commits, &passed)?;
        let winners = with_outcome(commits, &outcomes, CommitOutcome::Won);
        if is_unknown {
            let losers = with_outcome(commits, &outcomes, CommitOutcome::Lost);
            let rows = answered(run_one(client, &postgres_ledger::in_place(&losers)?)).await?;
            let mut are_stored = postgres_ledger::are_stored(&losers, &rows)?.into_iter();
            for outcome in outcomes.iter_mut().filter(|outcome| **outcome == CommitOutcome::Lost) {
                if are_stored.next() == Some(true) {
                    *outcome = CommitOutcome::Won;
                }
            }
        }
        match write_winners(loan, &winners).await {
            Ok(()) => Ok(Some(outcomes)),
            Err(Fault::Used) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Decides with the account's row locked.
    async fn decide_alone(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        decide: &Decide,
    ) -> Result<Result<Change, Refused>, Fault> {
        let loan = self.get().await?;
        let client = loan.client()?;
        let mut statements = vec![Statement::plain(BEGIN)];
        statements.extend(postgres_ledger::lock(&wanted.account)?);
        answered(run(client, &statements)).await?;
        let mut wanted = vec![wanted.clone()];
        let loaded = loop {
            let read = {
                let load = postgres_ledger::load_locked(&wanted, now);
                answered(run_one(client, &load)).await?
            };
            let loaded = postgres_ledger::loaded(&wanted, &read)?;
            if !postgres_ledger::name_payments_due(&mut wanted, &loaded, now) {
                break loaded;
            }
        };
        let account = loaded.first().ok_or(StoreError::Invalid("no account for one wanted"))?;

        let (answer, commit) = match decide(account) {
            Ok(decided) => {
                let (change, commit) = check::alone(account, decided)?;
                (Ok(change), commit)
            }
            Err(refused) => (Err(refused), None),
        };
        let commits = Vec::from_iter(commit);
        if commits.is_empty() {
            answered(run_one(client, &Statement::plain(ROLLBACK))).await?;
            loan.give_back();
        } else {
            // Nobody else could write since the row was locked, so the fence stands.
            let passed = answered(run(client, &postgres_ledger::pass_fence(&commits)?)).await?;
            if postgres_ledger::outcomes(&commits, &passed)? != [CommitOutcome::Won] {
                return Err(StoreError::Invalid("a fence that moved under a locked row").into());
            }
            write_winners(loan, &Vec::from_iter(&commits)).await?;
        }
        drop(commits);
        Ok(answer.map(Arc::unwrap_or_clone))
    }
}

/// Writes the rows of those that passed the fence, and commits.
async fn write_winners(loan: Loan, winners: &[&Commit]) -> Result<(), Fault> {
    let client = loan.client()?;
    let written = write_rows(client, winners).await;
    if let Err(Fault::Used | Fault::Final(StoreError::FileGone(_))) = written {
        // All that was sent is answered; whoever sends an id twice, or a file that is gone, must not
        // cost a connection.
        answered(run_one(client, &Statement::plain(ROLLBACK))).await?;
    } else if written.is_err() {
        return written;
    }
    loan.give_back();
    written
}

/// One round trip; where files were sent two, for whether all of them are there is seen first.
async fn write_rows(client: &ClientWrapper, winners: &[&Commit]) -> Result<(), Fault> {
    let mut statements = Vec::new();
    if !winners.is_empty() {
        statements.extend(postgres_ledger::append(winners)?);
        let chat = winners.iter().map(|commit| (&commit.change.account.id, &*commit.chat));
        statements.extend(postgres_chat::write(chat)?);
    }
    let sent = winners.iter().flat_map(|commit| {
        check::sent_files(&commit.chat).map(|file| (&commit.change.account.id, file))
    });
    let sent: Vec<(&AccountId, FileId)> = sent.collect();
    if !sent.is_empty() {
        let answers = answered(run(client, &statements)).await?;
        if let Some(gone) = postgres_files::gone(&sent, &answers)? {
            return Err(StoreError::FileGone(gone).into());
        }
        statements.clear();
    }
    statements.push(Statement::plain(COMMIT));
    committed(run(client, &statements)).await.map(drop)
}

fn with_outcome<'a>(
    commits: &'a [Commit],
    outcomes: &[CommitOutcome],
    wanted: CommitOutcome,
) -> Vec<&'a Commit> {
    let all = commits.iter().zip(outcomes);
    all.filter(|(_, outcome)| **outcome == wanted).map(|(commit, _)| commit).collect()
}

/// Finishes a write even where nobody waits for it any more.
async fn finished<T: Send + 'static>(
    write: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(write).await {
        Ok(answer) => answer,
        Err(ended) if ended.is_panic() => Err(StoreError::Invalid("a command that panicked")),
        Err(_) => Err(StoreError::Closed),
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn lanes_max(&self) -> usize {
        LANES
    }

    async fn load(&self, wanted: &[Wanted], now: Timestamp) -> Result<Vec<Account>, StoreError> {
        check::wanted(wanted)?;
        let mut wanted = wanted.to_vec();
        loop {
            let read = self.one(postgres_ledger::load(&wanted, now)).await?;
            let loaded = postgres_ledger::loaded(&wanted, &read)?;
            if !postgres_ledger::name_payments_due(&mut wanted, &loaded, now) {
                return Ok(loaded);
            }
        }
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<CommitOutcome>, StoreError> {
        check::commits(&commits)?;
        let connections = Arc::clone(&self.0);
        finished(async move { connections.commit_all(&commits).await }).await
    }

    async fn decide_alone(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        decide: Decide,
    ) -> Result<Result<Change, Refused>, StoreError> {
        check::wanted(std::slice::from_ref(wanted))?;
        let (connections, wanted) = (Arc::clone(&self.0), wanted.clone());
        finished(async move {
            connections.again(|_| connections.decide_alone(&wanted, now, &decide)).await
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
        let rows = self.one(postgres_ledger::entries(account, after_sequence, limit)).await?;
        postgres_ledger::entries_of(&rows)
    }

    async fn accounts_due(
        &self,
        now: Timestamp,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        check::limit("accounts due", limit, ACCOUNTS_DUE_MAX)?;
        let rows = self.one(postgres_ledger::accounts_due(now, after, limit)).await?;
        postgres_ledger::accounts_of(&rows)
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let limit = check::limit("accounts", limit, ACCOUNTS_MAX)?;
        let mut accounts = Vec::new();
        while accounts.len() < limit {
            let rows = self.one(postgres_audit::next_account(accounts.last().or(after))).await?;
            match postgres_audit::next_account_of(&rows)? {
                Some(account) => accounts.push(account),
                None => break,
            }
        }
        Ok(accounts)
    }

    async fn stored(
        &self,
        account: &AccountId,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Stored, StoreError> {
        check::limit("actions", limit, ACTIONS_MAX)?;
        let read = self.as_of_one_instant(postgres_audit::stored(account, after, limit)).await?;
        postgres_audit::stored_of(&read)
    }

    async fn write_chat(
        &self,
        account: &AccountId,
        writes: Vec<ChatWrite>,
    ) -> Result<(), StoreError> {
        check::chat(&writes)?;
        let (connections, account) = (Arc::clone(&self.0), account.clone());
        finished(async move {
            let mut statements = vec![Statement::plain(BEGIN)];
            statements.extend(postgres_chat::write([(&account, &*writes)])?);
            statements.push(Statement::plain(COMMIT));
            connections.again(|_| connections.write(&statements)).await.map(drop)
        })
        .await
    }

    async fn conversations(
        &self,
        account: &AccountId,
        before: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        check::limit("conversations", limit, CONVERSATIONS_MAX)?;
        let rows = self.one(postgres_chat::conversations(account, before, limit)).await?;
        postgres_chat::conversations_of(&rows)
    }

    async fn conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        let rows = self.one(postgres_chat::conversation(account, id)).await?;
        Ok(postgres_chat::conversations_of(&rows)?.pop())
    }

    async fn messages(
        &self,
        account: &AccountId,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        check::limit("messages", limit, MESSAGES_MAX)?;
        let rows = self.one(postgres_chat::messages(account, conversation, limit)).await?;
        let mut messages = postgres_chat::messages_of(&rows)?;
        messages.reverse();
        Ok(messages)
    }

    async fn action_chat(
        &self,
        account: &AccountId,
        action_id: &ActionId,
    ) -> Result<Option<ActionChat>, StoreError> {
        let rows = self.one(postgres_chat::action_chat(account, action_id)).await?;
        postgres_chat::action_chat_of(&rows)
    }

    async fn all_messages(
        &self,
        account: &AccountId,
        after: Option<&(ActionId, Option<u32>)>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, Message)>, StoreError> {
        check::limit("messages", limit, MESSAGES_MAX)?;
        let rows = self.one(postgres_chat::all_messages(account, after, limit)).await?;
        postgres_chat::rows_of(&rows)
    }

    async fn open_session(&self, session: Session) -> Result<Session, StoreError> {
        check::session(&session)?;
        let rows = self.one(postgres_lookup::open_session(&session)).await?;
        let stored = postgres_lookup::sessions_of(&rows)?.pop();
        stored.ok_or_else(|| StoreError::corrupt("a session", "it was written and is not there"))
    }

    async fn session(
        &self,
        token_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let rows = self.one(postgres_lookup::session(*token_hash)).await?;
        let stored = postgres_lookup::sessions_of(&rows)?.pop();
        Ok(stored.filter(|session| session.is_live(now)))
    }

    async fn sessions(
        &self,
        after: Option<&TokenHash>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        check::limit("sessions", limit, SESSIONS_MAX)?;
        let rows = self.one(postgres_lookup::sessions(after, limit)).await?;
        postgres_lookup::sessions_of(&rows)
    }

    async fn close_session(&self, token_hash: &TokenHash) -> Result<bool, StoreError> {
        let rows = self.one(postgres_lookup::close_session(*token_hash)).await?;
        Ok(!rows.is_empty())
    }

    async fn forget_sessions(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        check::limit("sessions", limit, SESSIONS_MAX)?;
        let rows = self.one(postgres_lookup::forget_sessions(now, limit)).await?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }

    async fn claim_payment(&self, claim: PaymentClaim) -> Result<PaymentClaim, StoreError> {
        let rows = self.one(postgres_lookup::claim_payment(&claim)).await?;
        let stored = postgres_lookup::claims_of(&rows)?.pop();
        let missing = || StoreError::corrupt("a payment claim", "it was written and is not there");
        stored.ok_or_else(missing)
    }

    async fn payment_claim(&self, object: &ActionId) -> Result<Option<PaymentClaim>, StoreError> {
        let rows = self.one(postgres_lookup::payment_claim(object)).await?;
        Ok(postgres_lookup::claims_of(&rows)?.pop())
    }

    async fn payment_claims(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<PaymentClaim>, StoreError> {
        check::limit("payment claims", limit, PAYMENT_CLAIMS_MAX)?;
        let rows = self.one(postgres_lookup::payment_claims(after, limit)).await?;
        postgres_lookup::claims_of(&rows)
    }

    async fn add_service_key(&self, key: ServiceKey) -> Result<(), StoreError> {
        check::key(&key)?;
        self.one(postgres_lookup::add_service_key(&key)).await?;
        Ok(())
    }

    async fn service_key(&self, secret_hash: &TokenHash) -> Result<Option<ServiceKey>, StoreError> {
        let rows = self.one(postgres_lookup::service_key(*secret_hash)).await?;
        Ok(postgres_lookup::keys_of(&rows)?.pop())
    }

    async fn service_keys(
        &self,
        after: Option<&TokenHash>,
        limit: u32,
    ) -> Result<Vec<ServiceKey>, StoreError> {
        check::limit("service keys", limit, KEYS_MAX)?;
        let rows = self.one(postgres_lookup::service_keys(after, limit)).await?;
        postgres_lookup::keys_of(&rows)
    }

    async fn revoke_service_key(
        &self,
        secret_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let rows = self.one(postgres_lookup::revoke_service_key(*secret_hash, now)).await?;
        Ok(!rows.is_empty())
    }

    async fn publish_book(&self, book: StoredBook) -> Result<(), StoreError> {
        check::book(&book)?;
        self.one(postgres_lookup::publish_book(&book)).await?;
        match self.book(&book.version).await? {
            Some(stored) if stored.is_same_book(&book) => Ok(()),
            Some(_) | None => Err(StoreError::BookChanged(book.version)),
        }
    }

    async fn put_calibration(&self, calibration: StoredCalibration) -> Result<(), StoreError> {
        check::calibration(&calibration)?;
        self.one(postgres_lookup::put_calibration(&calibration)).await.map(drop)
    }

    async fn calibration(
        &self,
        known: Option<&CalibrationVersion>,
    ) -> Result<Option<StoredCalibration>, StoreError> {
        let rows = self.one(postgres_lookup::calibration(known)).await?;
        postgres_lookup::calibration_of(&rows)
    }

    async fn book(&self, version: &BookVersion) -> Result<Option<StoredBook>, StoreError> {
        let rows = self.one(postgres_lookup::book(version)).await?;
        postgres_lookup::book_of(&rows)
    }

    async fn book_at(&self, now: Timestamp) -> Result<Option<StoredBook>, StoreError> {
        let rows = self.one(postgres_lookup::book_at(now)).await?;
        postgres_lookup::book_of(&rows)
    }

    async fn books(&self, limit: u32) -> Result<Vec<BookListing>, StoreError> {
        check::limit("price books", limit, BOOKS_MAX)?;
        let rows = self.one(postgres_lookup::books(limit)).await?;
        postgres_lookup::listings_of(&rows)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        postgres_schema::writes_of(&self.one(postgres_schema::ping()).await?)
    }
}
