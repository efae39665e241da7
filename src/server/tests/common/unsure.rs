//! A store whose commits fail, though some of them happened: what a database does whose line breaks
//! at the wrong instant.

use async_trait::async_trait;
use kumari_engine::account::{Account, Change, Refused};
use kumari_engine::entry::{Entry, Event};
use kumari_engine::id::{AccountId, ActionId, BookVersion, CalibrationVersion};
use kumari_engine::lot::LotId;
use kumari_engine::payment::Purchase;
use kumari_engine::time::Timestamp;
use kumari_store::{
    ActionChat, BookListing, Bought, Ceremony, ChatWrite, Commit, CommitOutcome, Conversation,
    ConversationId, ConversationStore, Decide, FileAdded, FileFacts, FileId, FileRemoved, FileRoom,
    FileStore, FilesKept, FreeClaim, Identity, IdentityKey, JobKey, Made, MediaJob, MediaStore,
    MemoryStore, Message, MessagePlace, PaymentClaim, PeopleStore, PurchaseStore, Renewal,
    ServiceKey, Session, Store, StoreError, Stored, StoredBook, StoredCalibration, StoredFile,
    TokenHash, Wanted,
};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

/// What becomes of a commit that admits an action, and is reported as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Happens,
    DoesNot,
}

/// A store in memory; each of the next admissions meets the next fate.
#[derive(Debug, Default)]
pub(crate) struct Unsure {
    inner: MemoryStore,
    fates: Mutex<VecDeque<Fate>>,
}

impl Unsure {
    /// The next admissions meet these, in their order.
    pub(crate) fn meet(&self, fates: &[Fate]) {
        self.fates.lock().unwrap().extend(fates);
    }

    fn fate(&self, commits: &[Commit]) -> Option<Fate> {
        let mut entries = commits.iter().flat_map(|commit| &commit.change.entries);
        let admits = entries.any(|entry: &Entry| matches!(entry.event, Event::Authorized { .. }));
        if admits { self.fates.lock().unwrap().pop_front() } else { None }
    }
}

/// Everything else is what the store in memory does.
macro_rules! inner {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Store for Unsure {
            $(async fn $name(&self, $($argument: $type),*) -> $answer {
                self.inner.$name($($argument),*).await
            })*

            async fn commit(
                &self,
                commits: Vec<Commit>,
            ) -> Result<Vec<CommitOutcome>, StoreError> {
                let fate = self.fate(&commits);
                // Other sends queue meanwhile, and are a group.
                tokio::time::sleep(Duration::from_millis(20)).await;
                if fate != Some(Fate::DoesNot) {
                    let outcomes = self.inner.commit(commits).await?;
                    if fate.is_none() {
                        return Ok(outcomes);
                    }
                }
                Err(StoreError::Closed)
            }

            async fn decide_alone(
                &self,
                wanted: &Wanted,
                now: Timestamp,
                decide: Decide,
            ) -> Result<Result<Change, Refused>, StoreError> {
                self.inner.decide_alone(wanted, now, decide).await
            }
        }
    };
}

inner! {
    fn load(wanted: &[Wanted], now: Timestamp) -> Result<Vec<Account>, StoreError>;
    fn entries(account: &AccountId, after_sequence: u64, limit: u32) -> Result<Vec<Entry>, StoreError>;
    fn accounts_due(now: Timestamp, after: Option<&AccountId>, limit: u32) -> Result<Vec<AccountId>, StoreError>;
    fn accounts(after: Option<&AccountId>, limit: u32) -> Result<Vec<AccountId>, StoreError>;
    fn stored(account: &AccountId, after: Option<&ActionId>, limit: u32) -> Result<Stored, StoreError>;
    fn write_chat(account: &AccountId, writes: Vec<ChatWrite>) -> Result<(), StoreError>;
    fn conversations(account: &AccountId, before: Option<(Timestamp, ConversationId)>, limit: u32) -> Result<Vec<Conversation>, StoreError>;
    fn conversation(account: &AccountId, id: ConversationId) -> Result<Option<Conversation>, StoreError>;
    fn messages(account: &AccountId, conversation: ConversationId, limit: u32) -> Result<Vec<Message>, StoreError>;
    fn action_chat(account: &AccountId, action_id: &ActionId) -> Result<Option<ActionChat>, StoreError>;
    fn all_messages(account: &AccountId, after: Option<&(ActionId, Option<u32>)>, limit: u32) -> Result<Vec<(ConversationId, Message)>, StoreError>;
    fn open_session(session: Session) -> Result<Session, StoreError>;
    fn session(token_hash: &TokenHash, now: Timestamp) -> Result<Option<Session>, StoreError>;
    fn sessions(after: Option<&TokenHash>, limit: u32) -> Result<Vec<Session>, StoreError>;
    fn close_session(token_hash: &TokenHash) -> Result<bool, StoreError>;
    fn forget_sessions(now: Timestamp, limit: u32) -> Result<u32, StoreError>;
    fn claim_payment(claim: PaymentClaim) -> Result<PaymentClaim, StoreError>;
    fn payment_claim(object: &ActionId) -> Result<Option<PaymentClaim>, StoreError>;
    fn payment_claims(after: Option<&ActionId>, limit: u32) -> Result<Vec<PaymentClaim>, StoreError>;
    fn add_service_key(key: ServiceKey) -> Result<(), StoreError>;
    fn service_key(secret_hash: &TokenHash) -> Result<Option<ServiceKey>, StoreError>;
    fn service_keys(after: Option<&TokenHash>, limit: u32) -> Result<Vec<ServiceKey>, StoreError>;
    fn revoke_service_key(secret_hash: &TokenHash, now: Timestamp) -> Result<bool, StoreError>;
    fn publish_book(book: StoredBook) -> Result<(), StoreError>;
    fn book(version: &BookVersion) -> Result<Option<StoredBook>, StoreError>;
    fn book_at(now: Timestamp) -> Result<Option<StoredBook>, StoreError>;
    fn books(limit: u32) -> Result<Vec<BookListing>, StoreError>;
    fn put_calibration(calibration: StoredCalibration) -> Result<(), StoreError>;
    fn calibration(known: Option<&CalibrationVersion>) -> Result<Option<StoredCalibration>, StoreError>;
    fn ping() -> Result<(), StoreError>;
}

#[async_trait]
impl MediaStore for Unsure {
    async fn add_job(&self, job: MediaJob) -> Result<(), StoreError> {
        self.inner.add_job(job).await
    }

    async fn name_job(&self, key: &JobKey, name: String) -> Result<Option<MediaJob>, StoreError> {
        self.inner.name_job(key, name).await
    }

    async fn keep_job(
        &self,
        key: &JobKey,
        until: Timestamp,
    ) -> Result<Option<MediaJob>, StoreError> {
        self.inner.keep_job(key, until).await
    }

    async fn take_jobs(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError> {
        self.inner.take_jobs(now, until, limit).await
    }

    async fn stop_jobs(
        &self,
        account: &AccountId,
        action_id: &ActionId,
        leg: Option<u32>,
    ) -> Result<u32, StoreError> {
        self.inner.stop_jobs(account, action_id, leg).await
    }

    async fn end_job(&self, key: &JobKey) -> Result<(), StoreError> {
        self.inner.end_job(key).await
    }

    async fn jobs(
        &self,
        account: &AccountId,
        after: Option<&JobKey>,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError> {
        self.inner.jobs(account, after, limit).await
    }

    async fn deliver(&self, key: &JobKey, files: Vec<StoredFile>) -> Result<bool, StoreError> {
        self.inner.deliver(key, files).await
    }

    async fn made(
        &self,
        account: &AccountId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Made>, StoreError> {
        self.inner.made(account, before, limit).await
    }

    async fn remove_made(&self, key: &JobKey, file: FileId) -> Result<bool, StoreError> {
        self.inner.remove_made(key, file).await
    }
}

#[async_trait]
impl ConversationStore for Unsure {
    async fn rename_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        title: String,
    ) -> Result<bool, StoreError> {
        self.inner.rename_conversation(account, id, title).await
    }

    async fn delete_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.inner.delete_conversation(account, id, now).await
    }

    async fn restore_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        after: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inner.restore_conversation(account, id, after).await
    }

    async fn is_deleted(
        &self,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<bool, StoreError> {
        self.inner.is_deleted(account, id).await
    }

    async fn forget_conversations(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.inner.forget_conversations(before, limit).await
    }

    async fn texts(
        &self,
        account: &AccountId,
        id: ConversationId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<(MessagePlace, String)>, StoreError> {
        self.inner.texts(account, id, before, limit).await
    }
}

#[async_trait]
impl PurchaseStore for Unsure {
    async fn purchases(
        &self,
        account: &AccountId,
        bought: Bought,
        before: Option<LotId>,
        limit: u32,
    ) -> Result<Vec<Purchase>, StoreError> {
        self.inner.purchases(account, bought, before, limit).await
    }

    async fn put_renewal(&self, renewal: Renewal) -> Result<(), StoreError> {
        self.inner.put_renewal(renewal).await
    }

    async fn move_renewal(&self, from: &Renewal, to: &Renewal) -> Result<bool, StoreError> {
        self.inner.move_renewal(from, to).await
    }

    async fn renewal(&self, subscription: &ActionId) -> Result<Option<Renewal>, StoreError> {
        self.inner.renewal(subscription).await
    }

    async fn renewals_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Renewal>, StoreError> {
        self.inner.renewals_due(now, limit).await
    }

    async fn renewals(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<Renewal>, StoreError> {
        self.inner.renewals(after, limit).await
    }

    async fn forget_renewal(&self, subscription: &ActionId) -> Result<bool, StoreError> {
        self.inner.forget_renewal(subscription).await
    }
}

#[async_trait]
impl FileStore for Unsure {
    async fn add_file(
        &self,
        account: &AccountId,
        file: StoredFile,
        room: FileRoom,
    ) -> Result<FileAdded, StoreError> {
        self.inner.add_file(account, file, room).await
    }

    async fn file(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<StoredFile>, StoreError> {
        self.inner.file(account, id).await
    }

    async fn document(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<(FileFacts, String)>, StoreError> {
        self.inner.document(account, id).await
    }

    async fn all_files_bytes(&self) -> Result<u64, StoreError> {
        self.inner.all_files_bytes().await
    }

    async fn files_kept(&self, account: &AccountId) -> Result<FilesKept, StoreError> {
        self.inner.files_kept(account).await
    }

    async fn file_part(
        &self,
        account: &AccountId,
        id: FileId,
        from: u64,
        bytes: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.file_part(account, id, from, bytes).await
    }

    async fn file_facts(
        &self,
        account: &AccountId,
        ids: &[FileId],
    ) -> Result<Vec<FileFacts>, StoreError> {
        self.inner.file_facts(account, ids).await
    }

    async fn files(
        &self,
        account: &AccountId,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Vec<FileId>, StoreError> {
        self.inner.files(account, after, limit).await
    }

    async fn remove_file(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<FileRemoved, StoreError> {
        self.inner.remove_file(account, id).await
    }

    async fn forget_files(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.inner.forget_files(before, limit).await
    }
}

/// What people are is what the store in memory says, too.
macro_rules! inner_people {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl PeopleStore for Unsure {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                self.inner.$name($($argument),*).await
            })*
        }
    };
}

inner_people! {
    fn claim_identity(identity: Identity) -> Identity;
    fn identity(key: &IdentityKey) -> Option<Identity>;
    fn identities(after: Option<&IdentityKey>, limit: u32) -> Vec<Identity>;
    fn identities_of(account: &AccountId, limit: u32) -> Vec<Identity>;
    fn use_identity(key: &IdentityKey, details: String, used_at: Timestamp) -> bool;
    fn forget_identities(account: &AccountId) -> u32;
    fn claim_free(claim: FreeClaim) -> FreeClaim;
    fn free_claims(after: Option<&IdentityKey>, limit: u32) -> Vec<FreeClaim>;
    fn open_ceremony(ceremony: Ceremony) -> ();
    fn take_ceremony(token_hash: &TokenHash, now: Timestamp) -> Option<String>;
    fn forget_ceremonies(now: Timestamp, limit: u32) -> u32;
    fn sessions_of(account: &AccountId, now: Timestamp, limit: u32) -> Vec<Session>;
    fn see_session(token_hash: &TokenHash, at: Timestamp) -> ();
    fn close_sessions(account: &AccountId, but: Option<&TokenHash>) -> u32;
}
