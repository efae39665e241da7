//! What every back end does. Their answers never differ; one suite holds them to it.

use crate::chat::{ActionChat, ChatWrite, Conversation, ConversationId, Message};
use crate::conversations::ConversationStore;
use crate::error::StoreError;
use crate::files::FileStore;
use crate::lookup::{
    BookListing, PaymentClaim, ServiceKey, Session, StoredBook, StoredCalibration, TokenHash,
};
use crate::media_jobs::MediaStore;
use crate::people::PeopleStore;
use crate::purchases::PurchaseStore;
use crate::stored::Stored;
use async_trait::async_trait;
use kumari_engine::account::{Account, Change, Refused};
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId, BookVersion, CalibrationVersion};
use kumari_engine::time::Timestamp;
use std::sync::Arc;

/// An account to load, with the actions that a command names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The account.
    pub account: AccountId,
    /// The actions, at most [`crate::WANTED_ACTIONS_MAX`].
    pub actions: Vec<ActionId>,
}

/// What a command did, to be made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The account's sequence when the decision was made: the fence.
    pub before: u64,
    /// The account as it is stored, where the decision was not made on what [`Store::load`] read
    /// just before: the fence is all of it then. A database that fell back to an earlier state, as
    /// one may that takes over from another, may reach the same sequence by other entries, and an
    /// operator may have mended the row.
    pub at_hand: Option<String>,
    /// What the engine decided; with at least one entry.
    pub change: Arc<Change>,
    /// The chat rows that belong to it.
    pub chat: Vec<ChatWrite>,
    /// Actions of the change that the decision took for unused without having read whether they
    /// are, in the order of their ids; none where it was made on what [`Store::load`] read.
    pub unread: Vec<ActionId>,
}

impl Commit {
    /// What was decided on `loaded`, which a store read with all actions that the command names.
    pub fn new(loaded: &Account, change: Arc<Change>, chat: Vec<ChatWrite>) -> Self {
        Self { before: loaded.sequence, at_hand: None, change, chat, unread: Vec::new() }
    }
}

/// Whether a commit took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is durable.
    Won,
    /// The account had moved on, or an action of [`Commit::unread`] may be used: nothing of it is
    /// written. Load and decide again.
    Lost,
}

/// What a command did, and the chat rows that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What the engine decided. A change without entries writes nothing.
    pub change: Change,
    /// The chat rows that belong to it; not written where the change has no entries.
    pub chat: Vec<ChatWrite>,
}

/// A command: looks at an account and decides, without waiting for anything. It may be called
/// again, with the account as it is then.
pub type Decide = Arc<dyn Fn(&Account) -> Result<Decided, Refused> + Send + Sync>;

/// The journal, conversations, sessions and price books in a database.
///
/// Whatever a write changes is durable when it answers. Reads see every write that was answered
/// before they began. Every key of the journal and of the chat begins with the account, no
/// call needs a lock, a join or a sequence across accounts.
#[async_trait]
pub trait Store:
    FileStore + ConversationStore + PurchaseStore + MediaStore + PeopleStore + Send + Sync + 'static
{
    /// How many commit lanes it can use side by side: one where one transaction writes at a time.
    fn lanes_max(&self) -> usize {
        1
    }

    /// Loads accounts, in the order asked for: as of one instant each, with the actions named,
    /// every open hold whose deadline has come at `now` (or at the account's last entry, where that
    /// is later) and [`Account::payments_due`] of that time in [`Account::actions`]. An account
    /// without entries comes as [`Account::new`].
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::BATCH_MAX`] accounts or
    /// [`crate::WANTED_ACTIONS_MAX`] actions of one.
    async fn load(&self, wanted: &[Wanted], now: Timestamp) -> Result<Vec<Account>, StoreError>;

    /// The same, for a decision that is committed next: a back end may read where it will write,
    /// and what it finds there is never older.
    ///
    /// # Errors
    /// [`StoreError`] as of [`Store::load`].
    async fn load_to_decide(
        &self,
        wanted: &[Wanted],
        now: Timestamp,
    ) -> Result<Vec<Account>, StoreError> {
        self.load(wanted, now).await
    }

    /// Makes changes durable, in one transaction, and says for each whether it did. The ones that
    /// lost do not disturb the others.
    ///
    /// An account occurs at most once: who groups several commands of one account joins them into
    /// one commit.
    ///
    /// # Errors
    /// [`StoreError`], with nothing written: [`StoreError::Invalid`] where an account occurs twice,
    /// or entries do not run from `before` on to the account's sequence;
    /// [`StoreError::FileGone`] where a message of one that would have won has a file that is not
    /// there; [`StoreError::OverLimit`] above [`crate::BATCH_MAX`].
    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<CommitOutcome>, StoreError>;

    /// Loads, decides and commits with the account to itself, so that no fence can be lost: for an
    /// account that many write to at once. Others wait, so `decide` must not.
    ///
    /// # Errors
    /// [`StoreError`] as of [`Store::load`] and [`Store::commit`]. A refusal is an answer.
    async fn decide_alone(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        decide: Decide,
    ) -> Result<Result<Change, Refused>, StoreError>;

    /// The entries of an account after that sequence, in order.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::ENTRIES_MAX`].
    async fn entries(
        &self,
        account: &AccountId,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Accounts that time has something to do with: a hold that is open at its deadline, a lot
    /// with something left at its end. In the order of their ids, those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::ACCOUNTS_DUE_MAX`].
    async fn accounts_due(
        &self,
        now: Timestamp,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError>;

    /// Every account of which anything of the ledger is stored: a row, an entry or an action. In
    /// the order of their ids, those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::ACCOUNTS_MAX`].
    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError>;

    /// What is stored of an account beside its entries, as it lies there and as of one instant,
    /// with its actions after `after` in the order of their ids. What cannot be read is part of
    /// the answer: it is for the audit, which trusts nothing of it.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::ACTIONS_MAX`] actions.
    async fn stored(
        &self,
        account: &AccountId,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Stored, StoreError>;

    /// Writes chat rows that belong to no change of the ledger: the text of an answer under way.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::CHAT_WRITES_MAX`] rows or where a
    /// text is too long.
    async fn write_chat(
        &self,
        account: &AccountId,
        writes: Vec<ChatWrite>,
    ) -> Result<(), StoreError>;

    /// Conversations that are not deleted, the last updated first, those after `before` in that
    /// order.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::CONVERSATIONS_MAX`].
    async fn conversations(
        &self,
        account: &AccountId,
        before: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError>;

    /// One conversation, unless it is deleted.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError>;

    /// The last messages of a conversation, deleted or not, oldest first; none where there is no such
    /// one.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::MESSAGES_MAX`].
    async fn messages(
        &self,
        account: &AccountId,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// What an action asked and what was answered, also in a conversation that is deleted.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn action_chat(
        &self,
        account: &AccountId,
        action_id: &ActionId,
    ) -> Result<Option<ActionChat>, StoreError>;

    /// Messages of all conversations that are not deleted, with where they belong, in the order of action and leg, the
    /// person's before the answers; those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::MESSAGES_MAX`].
    async fn all_messages(
        &self,
        account: &AccountId,
        after: Option<&(ActionId, Option<u32>)>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, Message)>, StoreError>;

    /// Begins a session, and answers with the one that is stored: a token hash that is already
    /// there keeps its account.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open_session(&self, session: Session) -> Result<Session, StoreError>;

    /// The session of that token, unless its time is over at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn session(
        &self,
        token_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError>;

    /// Sessions, live or not, in the order of their tokens' hashes; those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::SESSIONS_MAX`].
    async fn sessions(
        &self,
        after: Option<&TokenHash>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError>;

    /// Ends a session, and says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn close_session(&self, token_hash: &TokenHash) -> Result<bool, StoreError>;

    /// Forgets sessions whose time is over at `now`, and says how many.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::SESSIONS_MAX`].
    async fn forget_sessions(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// Claims a payment object for an account, and answers with the claim that is stored: an object
    /// that is claimed already keeps its account.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim_payment(&self, claim: PaymentClaim) -> Result<PaymentClaim, StoreError>;

    /// Whose a payment object is, where somebody claimed it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn payment_claim(&self, object: &ActionId) -> Result<Option<PaymentClaim>, StoreError>;

    /// Claimed payment objects, in the order of their ids; those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::PAYMENT_CLAIMS_MAX`].
    async fn payment_claims(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<PaymentClaim>, StoreError>;

    /// Keeps a service key; one whose secret has that hash already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] where its name is too long.
    async fn add_service_key(&self, key: ServiceKey) -> Result<(), StoreError>;

    /// The service key of that secret, revoked or not.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn service_key(&self, secret_hash: &TokenHash) -> Result<Option<ServiceKey>, StoreError>;

    /// Service keys, revoked or not, in the order of their secrets' hashes; those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::KEYS_MAX`].
    async fn service_keys(
        &self,
        after: Option<&TokenHash>,
        limit: u32,
    ) -> Result<Vec<ServiceKey>, StoreError>;

    /// Revokes a service key, and says whether it was live. What is revoked stays so since then.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn revoke_service_key(
        &self,
        secret_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Publishes a price book. The same again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BookChanged`] where that version has other content.
    async fn publish_book(&self, book: StoredBook) -> Result<(), StoreError>;

    /// A price book by its version.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn book(&self, version: &BookVersion) -> Result<Option<StoredBook>, StoreError>;

    /// The price book in force at `now`: of those that are effective the last, and of several
    /// that came into force at one instant the one published last.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn book_at(&self, now: Timestamp) -> Result<Option<StoredBook>, StoreError>;

    /// Published price books, in the order in which they come into force, the last first.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::BOOKS_MAX`].
    async fn books(&self, limit: u32) -> Result<Vec<BookListing>, StoreError>;

    /// Puts a calibration into force, in place of the one that was.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] where it is too long.
    async fn put_calibration(&self, calibration: StoredCalibration) -> Result<(), StoreError>;

    /// The calibration in force; nothing where there is none, or where it is the one that is known.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn calibration(
        &self,
        known: Option<&CalibrationVersion>,
    ) -> Result<Option<StoredCalibration>, StoreError>;

    /// Answers when the store can be read and written: readiness.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot.
    async fn ping(&self) -> Result<(), StoreError>;
}
