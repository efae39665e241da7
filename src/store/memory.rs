//! A store in memory: the reference that the others are compared with, for tests and trials.
//!
//! It keeps nothing once it is dropped.

use crate::chat::{ActionChat, ChatWrite, Conversation, ConversationId, Message};
use crate::check;
use crate::error::StoreError;
use crate::files::FileId;
use crate::limits::{
    ACCOUNTS_DUE_MAX, ACCOUNTS_MAX, ACTIONS_MAX, BOOKS_MAX, CONVERSATIONS_MAX, ENTRIES_MAX,
    KEYS_MAX, MESSAGES_MAX, PAYMENT_CLAIMS_MAX, SESSIONS_MAX,
};
use crate::lookup::{
    BookListing, PaymentClaim, ServiceKey, Session, StoredBook, StoredCalibration, TokenHash,
};
use crate::memory_files::{Files, mark_used};
use crate::memory_media_jobs::Jobs;
use crate::memory_people::People;
use crate::purchases::Renewal;
use crate::store::{Commit, CommitOutcome, Decide, Store, Wanted};
use crate::stored::{Stored, StoredAction, StoredState};
use crate::values::to_json;
use async_trait::async_trait;
use kumari_engine::account::{Account, Action, Change, Refused};
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId, BookVersion, CalibrationVersion};
use kumari_engine::time::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    accounts: BTreeMap<AccountId, Kept>,
    sessions: BTreeMap<TokenHash, Session>,
    people: People,
    payment_claims: BTreeMap<ActionId, PaymentClaim>,
    renewals: BTreeMap<ActionId, Renewal>,
    keys: BTreeMap<TokenHash, ServiceKey>,
    books: BTreeMap<BookVersion, StoredBook>,
    calibration: Option<StoredCalibration>,
}

/// Everything that is kept of one account.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The account after its last entry, without actions; absent before the first.
    account: Option<Account>,
    entries: Vec<Entry>,
    pub(crate) actions: BTreeMap<ActionId, Action>,
    pub(crate) conversations: BTreeMap<ConversationId, Conversation>,
    /// Since when some of them are deleted.
    pub(crate) deleted: BTreeMap<ConversationId, Timestamp>,
    /// By the action and the leg that name them; the person's message has no leg.
    pub(crate) messages: BTreeMap<(ActionId, Option<u32>), (ConversationId, Message)>,
    pub(crate) files: Files,
    /// Which conversation has which file.
    pub(crate) file_uses: BTreeSet<(ConversationId, FileId)>,
    pub(crate) jobs: Jobs,
}

impl MemoryStore {
    /// A store with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic under the lock cannot leave half of a write: every write checks first and then
    /// only assigns.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the files of an account.
    pub(crate) fn with_files<T>(
        &self,
        account: &AccountId,
        work: impl FnOnce(&mut Files) -> T,
    ) -> Result<T, StoreError> {
        Ok(self.with_account(account, |kept| work(&mut kept.files)))
    }

    /// Does something with an account.
    pub(crate) fn with_account<T>(
        &self,
        account: &AccountId,
        work: impl FnOnce(&mut Kept) -> T,
    ) -> T {
        work(self.tables().accounts.entry(account.clone()).or_default())
    }

    /// Does something with people and their sessions.
    pub(crate) fn with_people<T>(
        &self,
        work: impl FnOnce(&mut People, &mut BTreeMap<TokenHash, Session>) -> T,
    ) -> T {
        let tables = &mut *self.tables();
        work(&mut tables.people, &mut tables.sessions)
    }

    /// Does something with all accounts.
    pub(crate) fn with_all_accounts<T>(
        &self,
        work: impl FnOnce(&mut BTreeMap<AccountId, Kept>) -> T,
    ) -> T {
        work(&mut self.tables().accounts)
    }

    /// Does something with all renewals.
    pub(crate) fn with_renewals<T>(
        &self,
        work: impl FnOnce(&mut BTreeMap<ActionId, Renewal>) -> T,
    ) -> T {
        work(&mut self.tables().renewals)
    }

    /// Does something with the files of each account.
    pub(crate) fn with_all_files(&self, mut work: impl FnMut(&mut Files)) {
        self.tables().accounts.values_mut().for_each(|kept| work(&mut kept.files));
    }
}

impl Tables {
    fn load(&self, wanted: &Wanted, now: Timestamp) -> Account {
        let Some(kept) = self.accounts.get(&wanted.account) else {
            return Account::new(wanted.account.clone());
        };
        let account = kept.account.clone();
        let mut account = account.unwrap_or_else(|| Account::new(wanted.account.clone()));
        let now = now.max(account.updated_at);
        let is_due = |action: &Action| check::open_until(action).is_some_and(|end| end <= now);
        let due = kept.actions.iter().filter(|(_, action)| is_due(action));
        let named = wanted.actions.iter().chain(account.payments_due(now));
        let named = named.filter_map(|action_id| kept.actions.get_key_value(action_id));
        let actions = due.chain(named);
        account.actions =
            actions.map(|(action_id, action)| (action_id.clone(), action.clone())).collect();
        account
    }

    /// Whether a commit can be written.
    fn passes(&self, commit: &Commit) -> Result<bool, StoreError> {
        let stored = self.accounts.get(&commit.change.account.id);
        let account = stored.and_then(|kept| kept.account.as_ref());
        let is_other = match (&commit.at_hand, account) {
            (Some(at_hand), Some(account)) => to_json("an account", account)? != *at_hand,
            (at_hand, _) => at_hand.is_some(),
        };
        let is_used = |id| stored.is_some_and(|kept| kept.actions.contains_key(id));
        if account.map_or(0, |account| account.sequence) != commit.before
            || is_other
            || commit.unread.iter().any(is_used)
        {
            return Ok(false);
        }
        let is_gone = |id: &FileId| stored.is_none_or(|kept| !kept.files.contains_key(id));
        match check::sent_files(&commit.chat).find(is_gone) {
            Some(gone) => Err(StoreError::FileGone(gone)),
            None => Ok(true),
        }
    }

    /// Writes a commit that was checked.
    fn commit(&mut self, commit: &Commit) -> Result<CommitOutcome, StoreError> {
        let change = &commit.change;
        let touched = check::touched(change)?;
        if !self.passes(commit)? {
            return Ok(CommitOutcome::Lost);
        }
        let kept = self.accounts.entry(change.account.id.clone()).or_default();
        for (action_id, action) in touched {
            kept.actions.insert(action_id.clone(), action.clone());
        }
        kept.entries.extend(change.entries.iter().cloned());
        kept.account = Some(Account { actions: BTreeMap::new(), ..change.account.clone() });
        kept.write_chat(&commit.chat);
        Ok(CommitOutcome::Won)
    }
}

impl Kept {
    fn is_due(&self, now: Timestamp) -> bool {
        let lot = self.account.as_ref().and_then(check::next_lot_end);
        let holds = self.actions.values().filter_map(check::open_until);
        holds.chain(lot).any(|due| due <= now)
    }

    fn stored(&self, after: Option<&ActionId>, limit: usize) -> Stored {
        let millis = |time: Option<Timestamp>| time.map(Timestamp::as_millis);
        let state = |account: &Account| StoredState {
            sequence: account.sequence,
            lot_ends_at: millis(check::next_lot_end(account)),
            account: Ok(account.clone()),
        };
        let actions = self.actions.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
        let actions = actions.take(limit).map(|(action_id, action)| StoredAction {
            action_id: action_id.clone(),
            open_until: millis(check::open_until(action)),
            action: Ok(action.clone()),
        });
        Stored {
            entry_last: self.entries.last().map_or(0, |entry| entry.sequence),
            state: self.account.as_ref().map(state),
            actions: actions.collect(),
        }
    }

    fn write_chat(&mut self, writes: &[ChatWrite]) {
        for write in writes {
            match write {
                ChatWrite::Append { conversation, messages } => self.append(conversation, messages),
                ChatWrite::Update(update) => {
                    let key = (update.action_id.clone(), Some(update.leg));
                    if let Some((_, message)) = self.messages.get_mut(&key) {
                        message.update(update);
                    }
                }
            }
        }
    }

    fn append(&mut self, conversation: &Conversation, messages: &[Message]) {
        let stored = self.conversations.entry(conversation.id);
        let stored = stored.or_insert_with(|| conversation.clone());
        stored.updated_at = stored.updated_at.max(conversation.updated_at);
        for message in messages {
            mark_used(&mut self.files, &message.files);
            let uses = message.files.iter().map(|facts| (conversation.id, facts.file_id));
            self.file_uses.extend(uses);
            self.messages
                .entry((message.action_id.clone(), message.author.leg()))
                .or_insert_with(|| (conversation.id, message.clone()));
        }
    }

    /// The messages of a conversation, in their order.
    pub(crate) fn messages(&self, conversation: ConversationId) -> Vec<&Message> {
        let all = self.messages.values();
        let mut messages: Vec<&Message> =
            all.filter(|(id, _)| *id == conversation).map(|(_, message)| message).collect();
        messages
            .sort_by_key(|message| (message.created_at, &message.action_id, message.author.leg()));
        messages
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, wanted: &[Wanted], now: Timestamp) -> Result<Vec<Account>, StoreError> {
        check::wanted(wanted)?;
        let tables = self.tables();
        Ok(wanted.iter().map(|one| tables.load(one, now)).collect())
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<CommitOutcome>, StoreError> {
        check::commits(&commits)?;
        let mut tables = self.tables();
        // Where one cannot be written, none is.
        commits.iter().try_for_each(|commit| tables.passes(commit).map(drop))?;
        commits.iter().map(|commit| tables.commit(commit)).collect()
    }

    async fn decide_alone(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        decide: Decide,
    ) -> Result<Result<Change, Refused>, StoreError> {
        check::wanted(std::slice::from_ref(wanted))?;
        let mut tables = self.tables();
        let account = tables.load(wanted, now);
        let decided = match decide(&account) {
            Ok(decided) => decided,
            Err(refused) => return Ok(Err(refused)),
        };
        let (change, commit) = check::alone(&account, decided)?;
        if let Some(commit) = commit {
            // Nobody else could write since the load, so the fence stands where it stood.
            tables.commit(&commit)?;
        }
        Ok(Ok(Arc::unwrap_or_clone(change)))
    }

    async fn entries(
        &self,
        account: &AccountId,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let limit = check::limit("entries", limit, ENTRIES_MAX)?;
        let tables = self.tables();
        let kept = tables.accounts.get(account);
        let entries = kept.into_iter().flat_map(|kept| &kept.entries);
        let after = entries.filter(|entry| entry.sequence > after_sequence);
        Ok(after.take(limit).cloned().collect())
    }

    async fn accounts_due(
        &self,
        now: Timestamp,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let limit = check::limit("accounts due", limit, ACCOUNTS_DUE_MAX)?;
        let tables = self.tables();
        let all = tables.accounts.iter();
        let due =
            all.filter(|(id, kept)| after.is_none_or(|after| *id > after) && kept.is_due(now));
        Ok(due.take(limit).map(|(id, _)| id.clone()).collect())
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let limit = check::limit("accounts", limit, ACCOUNTS_MAX)?;
        let tables = self.tables();
        let after = tables
            .accounts
            .iter()
            .filter(|(id, kept)| after.is_none_or(|after| *id > after) && kept.account.is_some());
        Ok(after.take(limit).map(|(id, _)| id.clone()).collect())
    }

    async fn stored(
        &self,
        account: &AccountId,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Stored, StoreError> {
        let limit = check::limit("actions", limit, ACTIONS_MAX)?;
        let tables = self.tables();
        let kept = tables.accounts.get(account);
        Ok(kept.map_or_else(Stored::default, |kept| kept.stored(after, limit)))
    }

    async fn write_chat(
        &self,
        account: &AccountId,
        writes: Vec<ChatWrite>,
    ) -> Result<(), StoreError> {
        check::chat(&writes)?;
        let mut tables = self.tables();
        let kept = tables.accounts.entry(account.clone()).or_default();
        kept.write_chat(&writes);
        Ok(())
    }

    async fn conversations(
        &self,
        account: &AccountId,
        before: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        let limit = check::limit("conversations", limit, CONVERSATIONS_MAX)?;
        let tables = self.tables();
        let kept = tables.accounts.get(account);
        let all = kept.into_iter().flat_map(|kept| {
            let all = kept.conversations.values();
            all.filter(|conversation| !kept.deleted.contains_key(&conversation.id))
        });
        let key = |conversation: &Conversation| (conversation.updated_at, conversation.id);
        let after = all.filter(|one| before.is_none_or(|before| key(one) < before));
        let mut conversations: Vec<Conversation> = after.cloned().collect();
        conversations.sort_by_key(|conversation| Reverse(key(conversation)));
        conversations.truncate(limit);
        Ok(conversations)
    }

    async fn conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        let tables = self.tables();
        let kept = tables.accounts.get(account);
        let kept = kept.filter(|kept| !kept.deleted.contains_key(&id));
        Ok(kept.and_then(|kept| kept.conversations.get(&id)).cloned())
    }

    async fn messages(
        &self,
        account: &AccountId,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let limit = check::limit("messages", limit, MESSAGES_MAX)?;
        let tables = self.tables();
        let kept = tables.accounts.get(account);
        let all = kept.map_or_else(Vec::new, |kept| kept.messages(conversation));
        let skipped = all.len().saturating_sub(limit);
        Ok(all.into_iter().skip(skipped).cloned().collect())
    }

    async fn action_chat(
        &self,
        account: &AccountId,
        action_id: &ActionId,
    ) -> Result<Option<ActionChat>, StoreError> {
        let tables = self.tables();
        let kept = tables.accounts.get(account);
        let all = kept.into_iter().flat_map(|kept| &kept.messages);
        let own = all.filter(|((id, _), _)| id == action_id);
        let mut chat: Option<ActionChat> = None;
        for (_, (conversation_id, message)) in own {
            chat.get_or_insert_with(|| ActionChat {
                conversation_id: *conversation_id,
                messages: Vec::new(),
            })
            .messages
            .push(message.clone());
        }
        Ok(chat)
    }

    async fn all_messages(
        &self,
        account: &AccountId,
        after: Option<&(ActionId, Option<u32>)>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, Message)>, StoreError> {
        let limit = check::limit("messages", limit, MESSAGES_MAX)?;
        let tables = self.tables();
        let all = tables.accounts.get(account).into_iter().flat_map(|kept| {
            let is_gone = |id: &ConversationId| kept.deleted.contains_key(id);
            kept.messages.iter().filter(move |(_, (id, _))| !is_gone(id))
        });
        let later = all.filter(|(key, _)| after.is_none_or(|after| *key > after));
        Ok(later.take(limit).map(|(_, row)| row.clone()).collect())
    }

    async fn open_session(&self, session: Session) -> Result<Session, StoreError> {
        check::session(&session)?;
        let mut tables = self.tables();
        let stored = tables.sessions.entry(session.token_hash);
        Ok(stored.or_insert(session).clone())
    }

    async fn session(
        &self,
        token_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let tables = self.tables();
        let stored = tables.sessions.get(token_hash);
        let live = stored.filter(|session| session.is_live(now));
        Ok(live.cloned())
    }

    async fn sessions(
        &self,
        after: Option<&TokenHash>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        let limit = check::limit("sessions", limit, SESSIONS_MAX)?;
        let tables = self.tables();
        let all = tables.sessions.values();
        let later = all.filter(|one| after.is_none_or(|after| one.token_hash > *after));
        Ok(later.take(limit).cloned().collect())
    }

    async fn close_session(&self, token_hash: &TokenHash) -> Result<bool, StoreError> {
        Ok(self.tables().sessions.remove(token_hash).is_some())
    }

    async fn forget_sessions(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let limit = check::limit("sessions", limit, SESSIONS_MAX)?;
        let mut tables = self.tables();
        let all = tables.sessions.values();
        let over = all.filter(|session| !session.is_live(now));
        let over: Vec<TokenHash> = over.take(limit).map(|session| session.token_hash).collect();
        for token_hash in &over {
            tables.sessions.remove(token_hash);
        }
        Ok(u32::try_from(over.len()).unwrap_or(u32::MAX))
    }

    async fn claim_payment(&self, claim: PaymentClaim) -> Result<PaymentClaim, StoreError> {
        let mut tables = self.tables();
        Ok(tables.payment_claims.entry(claim.object.clone()).or_insert(claim).clone())
    }

    async fn payment_claim(&self, object: &ActionId) -> Result<Option<PaymentClaim>, StoreError> {
        Ok(self.tables().payment_claims.get(object).cloned())
    }

    async fn payment_claims(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<PaymentClaim>, StoreError> {
        let limit = check::limit("payment claims", limit, PAYMENT_CLAIMS_MAX)?;
        let tables = self.tables();
        let all = tables.payment_claims.values();
        let later = all.filter(|one| after.is_none_or(|after| one.object > *after));
        Ok(later.take(limit).cloned().collect())
    }

    async fn add_service_key(&self, key: ServiceKey) -> Result<(), StoreError> {
        check::key(&key)?;
        self.tables().keys.entry(key.secret_hash).or_insert(key);
        Ok(())
    }

    async fn service_key(&self, secret_hash: &TokenHash) -> Result<Option<ServiceKey>, StoreError> {
        Ok(self.tables().keys.get(secret_hash).cloned())
    }

    async fn service_keys(
        &self,
        after: Option<&TokenHash>,
        limit: u32,
    ) -> Result<Vec<ServiceKey>, StoreError> {
        let limit = check::limit("service keys", limit, KEYS_MAX)?;
        let tables = self.tables();
        let all = tables.keys.values();
        let later = all.filter(|one| after.is_none_or(|after| one.secret_hash > *after));
        Ok(later.take(limit).cloned().collect())
    }

    async fn revoke_service_key(
        &self,
        secret_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let live = tables.keys.get_mut(secret_hash).filter(|key| key.revoked_at.is_none());
        Ok(live.map(|key| key.revoked_at = Some(now)).is_some())
    }

    async fn publish_book(&self, book: StoredBook) -> Result<(), StoreError> {
        check::book(&book)?;
        let mut tables = self.tables();
        let version = book.version.clone();
        let published = tables.books.entry(version).or_insert_with(|| book.clone());
        if published.is_same_book(&book) {
            Ok(())
        } else {
            Err(StoreError::BookChanged(book.version))
        }
    }

    async fn put_calibration(&self, calibration: StoredCalibration) -> Result<(), StoreError> {
        check::calibration(&calibration)?;
        self.tables().calibration = Some(calibration);
        Ok(())
    }

    async fn calibration(
        &self,
        known: Option<&CalibrationVersion>,
    ) -> Result<Option<StoredCalibration>, StoreError> {
        let in_force = self.tables().calibration.clone();
        Ok(in_force.filter(|in_force| Some(&in_force.version) != known))
    }

    async fn book(&self, version: &BookVersion) -> Result<Option<StoredBook>, StoreError> {
        Ok(self.tables().books.get(version).cloned())
    }

    async fn book_at(&self, now: Timestamp) -> Result<Option<StoredBook>, StoreError> {
        let tables = self.tables();
        let all = tables.books.values();
        let effective = all.filter(|book| book.effective_at <= now);
        let last =
            effective.max_by_key(|book| (book.effective_at, book.published_at, &book.version));
        Ok(last.cloned())
    }

    async fn books(&self, limit: u32) -> Result<Vec<BookListing>, StoreError> {
        let limit = check::limit("price books", limit, BOOKS_MAX)?;
        let tables = self.tables();
        let mut books: Vec<&StoredBook> = tables.books.values().collect();
        books.sort_by_key(|book| Reverse((book.effective_at, book.published_at, &book.version)));
        let listing = |book: &StoredBook| BookListing {
            version: book.version.clone(),
            effective_at: book.effective_at,
            published_at: book.published_at,
        };
        Ok(books.into_iter().take(limit).map(listing).collect())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
