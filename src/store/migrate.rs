//! Everything of one store copied into another, whatever back ends they are.
//!
//! An account is copied as its journal says: its entries are added to the target in their order, as
//! if they had just been decided, and make the account there. So a copy can be broken off at any
//! point and resumed where the target stands, in the memory of one page. Nothing may write to
//! either store meanwhile. Conversations that are deleted stay behind; one that was copied before is
//! deleted in the target too when the copy is resumed.

use crate::audit::{Difference, audit};
use crate::chat::{ChatWrite, Conversation, ConversationId, Message};
use crate::error::StoreError;
use crate::files::{FileAdded, FileId, FileRoom, StoredFile};
use crate::limits::{
    ACCOUNTS_MAX, BOOKS_MAX, CONVERSATIONS_MAX, FILES_MAX, IDENTITIES_MAX, JOBS_MAX, KEYS_MAX,
    PAYMENT_CLAIMS_MAX, RENEWALS_MAX, SESSIONS_MAX,
};
use crate::lookup::TokenHash;
use crate::media_jobs::JobKey;
use crate::people::IdentityKey;
use crate::store::{Commit, CommitOutcome, Store, Wanted};
use kumari_engine::account::{Account, Answer, Change, LedgerFault, apply};
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Entries of one page; each names up to three actions, which are loaded with it.
const ENTRIES_PAGE: u32 = 250;
/// Messages of one page; each may be as long as a text may be.
const MESSAGES_PAGE: u32 = 16;

/// What has been copied so far, or was there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// Price books.
    pub books: u64,
    /// Sessions.
    pub sessions: u64,
    /// Claimed payment objects.
    pub payment_claims: u64,
    /// Identities of people.
    pub identities: u64,
    /// Service keys, revoked ones too.
    pub keys: u64,
    /// Accounts.
    pub accounts: u64,
    /// Their entries.
    pub entries: u64,
    /// Their messages.
    pub messages: u64,
    /// Their files.
    pub files: u64,
}

/// Why a copy was broken off; resume it where that can be mended.
#[derive(Debug, thiserror::Error)]
pub enum MigrateFault {
    /// The store that is copied.
    #[error("the store to copy from: {0}")]
    From(StoreError),
    /// The store that is written.
    #[error("the store to copy to: {0}")]
    To(StoreError),
    /// The target has something in it.
    #[error("the store to copy to is not empty; name an empty one, or resume")]
    NotEmpty,
    /// There are more price books than one list has.
    #[error("there are {0} price books or more, which one list does not have")]
    TooManyBooks(u32),
    /// A journal cannot be followed; the audit of that account says more.
    #[error("account {account}, entry {entry}: {fault}")]
    Journal {
        /// Whose.
        account: AccountId,
        /// Which entry.
        entry: u64,
        /// Why.
        fault: LedgerFault,
    },
    /// Somebody else writes to the target.
    #[error("account {0} was written to by somebody else; stop every server, and resume")]
    NotAlone(AccountId),
    /// The target has other entries than the source.
    #[error("account {account}: entry {entry} of the two stores is not the same")]
    Differs {
        /// Whose.
        account: AccountId,
        /// Which entry.
        entry: u64,
    },
    /// The target has another file under that id.
    #[error("account {account}: file {file} of the two stores is not the same")]
    FileDiffers {
        /// Whose.
        account: AccountId,
        /// Which file.
        file: FileId,
    },
    /// The audit of the target found something.
    #[error("the audit of the copy: {0}")]
    Audit(Box<Difference>),
}

/// Copies everything of `from` into `to`, and proves the copy: both journals are compared entry by
/// entry, and the target is audited. `tell` hears after each page how far it has come.
///
/// # Errors
/// [`MigrateFault`]. What was copied stays, and the same with `is_resumed` goes on from there.
pub async fn migrate(
    from: &dyn Store,
    to: &dyn Store,
    is_resumed: bool,
    mut tell: impl FnMut(&Migrated) + Send,
) -> Result<Migrated, MigrateFault> {
    let mut copy = Copy { from, to, is_resumed, so_far: Migrated::default(), tell: &mut tell };
    if !is_resumed {
        copy.check_empty().await?;
    }
    copy.books().await?;
    copy.calibration().await?;
    if is_resumed {
        copy.ended_sessions().await?;
        copy.forgotten_identities().await?;
    }
    copy.sessions().await?;
    copy.identities().await?;
    copy.free_claims().await?;
    copy.payment_claims().await?;
    copy.renewals().await?;
    copy.keys().await?;
    let mut after: Option<AccountId> = None;
    loop {
        let accounts = from.accounts(after.as_ref(), ACCOUNTS_MAX).await;
        let accounts = accounts.map_err(MigrateFault::From)?;
        for account in &accounts {
            copy.entries(account).await?;
            copy.compare(account).await?;
            copy.conversations(account).await?;
            if is_resumed {
                copy.changed_conversations(account).await?;
            }
            copy.files(account).await?;
            copy.messages(account).await?;
            copy.jobs(account).await?;
            copy.so_far.accounts = copy.so_far.accounts.saturating_add(1);
            (copy.tell)(&copy.so_far);
        }
        match accounts.into_iter().next_back() {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    let copied = copy.so_far;
    let mut first = None;
    let told = |_: &_, found: &[Difference]| first = first.take().or(found.first().cloned());
    audit(to, None, told).await.map_err(MigrateFault::To)?;
    match first {
        Some(difference) => Err(MigrateFault::Audit(Box::new(difference))),
        None => Ok(copied),
    }
}

struct Copy<'copy> {
    from: &'copy dyn Store,
    to: &'copy dyn Store,
    is_resumed: bool,
    so_far: Migrated,
    tell: &'copy mut (dyn FnMut(&Migrated) + Send),
}

impl Copy<'_> {
    async fn check_empty(&self) -> Result<(), MigrateFault> {
        let accounts = self.to.accounts(None, 1).await.map_err(MigrateFault::To)?;
        let sessions = self.to.sessions(None, 1).await.map_err(MigrateFault::To)?;
        let books = self.to.books(1).await.map_err(MigrateFault::To)?;
        let claims = self.to.payment_claims(None, 1).await.map_err(MigrateFault::To)?;
        let calibration = self.to.calibration(None).await.map_err(MigrateFault::To)?;
        let keys = self.to.service_keys(None, 1).await.map_err(MigrateFault::To)?;
        let identities = self.to.identities(None, 1).await.map_err(MigrateFault::To)?;
        let free_claims = self.to.free_claims(None, 1).await.map_err(MigrateFault::To)?;
        let is_empty = accounts.is_empty()
            && sessions.is_empty()
            && books.is_empty()
            && calibration.is_none()
            && claims.is_empty()
            && keys.is_empty()
            && identities.is_empty()
            && free_claims.is_empty();
        if is_empty { Ok(()) } else { Err(MigrateFault::NotEmpty) }
    }

    async fn books(&mut self) -> Result<(), MigrateFault> {
        let listed = self.from.books(BOOKS_MAX).await.map_err(MigrateFault::From)?;
        if u32::try_from(listed.len()).is_ok_and(|count| count == BOOKS_MAX) {
            return Err(MigrateFault::TooManyBooks(BOOKS_MAX));
        }
        for one in listed {
            let book = self.from.book(&one.version).await.map_err(MigrateFault::From)?;
            if let Some(book) = book {
                self.to.publish_book(book).await.map_err(MigrateFault::To)?;
                self.so_far.books = self.so_far.books.saturating_add(1);
            }
        }
        Ok(())
    }

    async fn calibration(&mut self) -> Result<(), MigrateFault> {
        let calibration = self.from.calibration(None).await.map_err(MigrateFault::From)?;
        match calibration {
            Some(calibration) => {
                self.to.put_calibration(calibration).await.map_err(MigrateFault::To)
            }
            None => Ok(()),
        }
    }

    async fn keys(&mut self) -> Result<(), MigrateFault> {
        let mut after: Option<TokenHash> = None;
        loop {
            let page = self.from.service_keys(after.as_ref(), KEYS_MAX).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.secret_hash);
            for key in page {
                let (secret_hash, revoked_at) = (key.secret_hash, key.revoked_at);
                self.to.add_service_key(key).await.map_err(MigrateFault::To)?;
                if let Some(at) = revoked_at {
                    // It may have been live when an earlier copy took it.
                    let revoked = self.to.revoke_service_key(&secret_hash, at).await;
                    revoked.map_err(MigrateFault::To)?;
                }
                self.so_far.keys = self.so_far.keys.saturating_add(1);
            }
        }
    }

    async fn sessions(&mut self) -> Result<(), MigrateFault> {
        let mut after: Option<TokenHash> = None;
        loop {
            let page = self.from.sessions(after.as_ref(), SESSIONS_MAX).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.token_hash);
            for session in page {
                self.to.open_session(session).await.map_err(MigrateFault::To)?;
                self.so_far.sessions = self.so_far.sessions.saturating_add(1);
            }
            (self.tell)(&self.so_far);
        }
    }

    /// Those of an earlier copy that were ended since do not count again.
    async fn ended_sessions(&mut self) -> Result<(), MigrateFault> {
        let mut after: Option<TokenHash> = None;
        loop {
            let page = self.to.sessions(after.as_ref(), SESSIONS_MAX).await;
            let page = page.map_err(MigrateFault::To)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.token_hash);
            for session in page {
                // At the beginning of time every session counts that is there.
                let ours = self.from.session(&session.token_hash, Timestamp::default()).await;
                if ours.map_err(MigrateFault::From)?.is_none() {
                    let closed = self.to.close_session(&session.token_hash).await;
                    closed.map_err(MigrateFault::To)?;
                }
            }
        }
    }

    /// Those of an earlier copy that were forgotten since open nothing.
    async fn forgotten_identities(&mut self) -> Result<(), MigrateFault> {
        let mut after: Option<IdentityKey> = None;
        loop {
            let page = self.to.identities(after.as_ref(), IDENTITIES_MAX).await;
            let page = page.map_err(MigrateFault::To)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.key);
            for identity in page {
                let ours = self.from.identity(&identity.key).await;
                let ours = ours.map_err(MigrateFault::From)?;
                if ours.is_none_or(|ours| ours.account != identity.account) {
                    // Others of its account are claimed again below.
                    let forgotten = self.to.forget_identities(&identity.account).await;
                    forgotten.map_err(MigrateFault::To)?;
                }
            }
        }
    }

    async fn identities(&mut self) -> Result<(), MigrateFault> {
        let mut after: Option<IdentityKey> = None;
        loop {
            let page = self.from.identities(after.as_ref(), IDENTITIES_MAX).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.key);
            for identity in page {
                let (details, used_at) = (identity.details.clone(), identity.used_at);
                let key = identity.key;
                self.to.claim_identity(identity).await.map_err(MigrateFault::To)?;
                // An earlier copy may have taken it before it was used again.
                let used = self.to.use_identity(&key, details, used_at).await;
                used.map_err(MigrateFault::To)?;
                self.so_far.identities = self.so_far.identities.saturating_add(1);
            }
            (self.tell)(&self.so_far);
        }
    }

    async fn free_claims(&mut self) -> Result<(), MigrateFault> {
        let mut after: Option<IdentityKey> = None;
        loop {
            let page = self.from.free_claims(after.as_ref(), IDENTITIES_MAX).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.key);
            for claim in page {
                self.to.claim_free(claim).await.map_err(MigrateFault::To)?;
            }
        }
    }

    async fn payment_claims(&mut self) -> Result<(), MigrateFault> {
        let mut after: Option<ActionId> = None;
        loop {
            let page = self.from.payment_claims(after.as_ref(), PAYMENT_CLAIMS_MAX).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.object.clone());
            for claim in page {
                self.to.claim_payment(claim).await.map_err(MigrateFault::To)?;
                self.so_far.payment_claims = self.so_far.payment_claims.saturating_add(1);
            }
            (self.tell)(&self.so_far);
        }
    }

    /// Those that are gone since an earlier copy go there too.
    async fn renewals(&mut self) -> Result<(), MigrateFault> {
        for (store, is_source) in [(self.to, false), (self.from, true)] {
            let fault = if is_source { MigrateFault::From } else { MigrateFault::To };
            let mut after: Option<ActionId> = None;
            loop {
                let page = store.renewals(after.as_ref(), RENEWALS_MAX).await.map_err(fault)?;
                let Some(last) = page.last() else { break };
                after = Some(last.subscription.clone());
                for renewal in page {
                    if is_source {
                        self.to.put_renewal(renewal).await.map_err(MigrateFault::To)?;
                        continue;
                    }
                    let id = renewal.subscription;
                    if self.from.renewal(&id).await.map_err(MigrateFault::From)?.is_none() {
                        self.to.forget_renewal(&id).await.map_err(MigrateFault::To)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the entries that the target lacks.
    async fn entries(&mut self, id: &AccountId) -> Result<(), MigrateFault> {
        let mut sequence = load(self.to, id, Vec::new()).await?.sequence;
        loop {
            let page = self.from.entries(id, sequence, ENTRIES_PAGE).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            sequence = last.sequence;
            append(self.to, id, page).await?;
        }
    }

    /// Both stores have the same entries.
    async fn compare(&mut self, id: &AccountId) -> Result<(), MigrateFault> {
        let mut after = 0;
        loop {
            let ours = self.from.entries(id, after, ENTRIES_PAGE).await;
            let ours = ours.map_err(MigrateFault::From)?;
            let theirs = self.to.entries(id, after, ENTRIES_PAGE).await;
            let theirs = theirs.map_err(MigrateFault::To)?;
            let mut pairs = ours.iter().zip(&theirs);
            let differing = pairs.position(|(one, other)| one != other);
            let same = differing.unwrap_or(ours.len().min(theirs.len()));
            let same = u64::try_from(same).unwrap_or(u64::MAX);
            if differing.is_some() || ours.len() != theirs.len() {
                let entry = after.saturating_add(same).saturating_add(1);
                return Err(MigrateFault::Differs { account: id.clone(), entry });
            }
            let Some(last) = ours.last() else {
                return Ok(());
            };
            after = last.sequence;
            self.so_far.entries = self.so_far.entries.saturating_add(same);
            (self.tell)(&self.so_far);
        }
    }

    async fn conversations(&mut self, id: &AccountId) -> Result<(), MigrateFault> {
        let mut before: Option<(Timestamp, ConversationId)> = None;
        loop {
            let page = self.from.conversations(id, before, CONVERSATIONS_MAX).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            before = Some((last.updated_at, last.id));
            if self.is_resumed {
                // It may have been deleted when an earlier copy came by.
                for one in &page {
                    let restored = self.to.restore_conversation(id, one.id, Timestamp::default());
                    restored.await.map_err(MigrateFault::To)?;
                }
            }
            let append = |conversation| ChatWrite::Append { conversation, messages: Vec::new() };
            let writes = page.into_iter().map(append).collect();
            self.to.write_chat(id, writes).await.map_err(MigrateFault::To)?;
        }
    }

    /// Those of an earlier copy that were deleted since, or have another title.
    async fn changed_conversations(&mut self, id: &AccountId) -> Result<(), MigrateFault> {
        // Long ago, so that the target's sweeper forgets them; and after the beginning of time, so
        // that they can be restored.
        let long_ago = Timestamp::default().plus_seconds(1);
        let mut before: Option<(Timestamp, ConversationId)> = None;
        loop {
            let page = self.to.conversations(id, before, CONVERSATIONS_MAX).await;
            let page = page.map_err(MigrateFault::To)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            before = Some((last.updated_at, last.id));
            for copied in page {
                let ours = self.from.conversation(id, copied.id).await;
                match ours.map_err(MigrateFault::From)? {
                    None => {
                        let deleted = self.to.delete_conversation(id, copied.id, long_ago).await;
                        deleted.map_err(MigrateFault::To)?;
                    }
                    Some(ours) if ours.title != copied.title => {
                        let renamed = self.to.rename_conversation(id, copied.id, ours.title).await;
                        renamed.map_err(MigrateFault::To)?;
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// One file at a time is in memory.
    async fn files(&mut self, id: &AccountId) -> Result<(), MigrateFault> {
        let mut after: Option<FileId> = None;
        loop {
            let page = self.from.files(id, after, FILES_MAX).await.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(*last);
            for file in page {
                let found = self.from.file(id, file).await.map_err(MigrateFault::From)?;
                let Some(found) = found else { continue };
                // Its messages come after it; one whose conversation was deleted has none.
                let found = StoredFile { is_used: false, ..found };
                let added = self.to.add_file(id, found, FileRoom::ANY).await;
                match added.map_err(MigrateFault::To)? {
                    FileAdded::Added | FileAdded::Same(_) => {}
                    FileAdded::Differs | FileAdded::TooMany | FileAdded::Full => {
                        return Err(MigrateFault::FileDiffers { account: id.clone(), file });
                    }
                }
                self.so_far.files = self.so_far.files.saturating_add(1);
                (self.tell)(&self.so_far);
            }
        }
    }

    async fn messages(&mut self, id: &AccountId) -> Result<(), MigrateFault> {
        let mut after: Option<(ActionId, Option<u32>)> = None;
        loop {
            let page = self.from.all_messages(id, after.as_ref(), MESSAGES_PAGE).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some((_, last)) = page.last() else {
                return Ok(());
            };
            after = Some((last.action_id.clone(), last.author.leg()));
            let count = u64::try_from(page.len()).unwrap_or(u64::MAX);
            let writes = page.into_iter().map(appending).collect();
            self.to.write_chat(id, writes).await.map_err(MigrateFault::To)?;
            self.so_far.messages = self.so_far.messages.saturating_add(count);
            (self.tell)(&self.so_far);
        }
    }
}

impl Copy<'_> {
    /// Jobs that have not ended: the servers of the target go on with them.
    async fn jobs(&mut self, id: &AccountId) -> Result<(), MigrateFault> {
        let mut after: Option<JobKey> = None;
        loop {
            let page = self.from.jobs(id, after.as_ref(), JOBS_MAX).await;
            let page = page.map_err(MigrateFault::From)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.key.clone());
            for job in page {
                self.to.add_job(job).await.map_err(MigrateFault::To)?;
            }
        }
    }
}

/// Adds entries as if they had just been decided.
pub(crate) async fn append(
    to: &dyn Store,
    id: &AccountId,
    entries: Vec<Entry>,
) -> Result<(), MigrateFault> {
    let named: BTreeSet<&ActionId> =
        entries.iter().flat_map(|entry| entry.event.actions()).collect();
    let mut account = load(to, id, named.into_iter().cloned().collect()).await?;
    let before = account.sequence;
    for entry in &entries {
        apply(&mut account, entry).map_err(|fault| MigrateFault::Journal {
            account: id.clone(),
            entry: entry.sequence,
            fault,
        })?;
    }
    let change = Arc::new(Change { entries, account, answer: Answer::Advanced });
    let commit = Commit { before, at_hand: None, change, chat: Vec::new(), unread: Vec::new() };
    match to.commit(Vec::from([commit])).await.map_err(MigrateFault::To)?.as_slice() {
        [CommitOutcome::Won] => Ok(()),
        _ => Err(MigrateFault::NotAlone(id.clone())),
    }
}

async fn load(
    to: &dyn Store,
    account: &AccountId,
    actions: Vec<ActionId>,
) -> Result<Account, MigrateFault> {
    let wanted = [Wanted { account: account.clone(), actions }];
    let loaded = to.load(&wanted, Timestamp::default()).await.map_err(MigrateFault::To)?;
    let lacking = || MigrateFault::To(StoreError::Invalid("no account for one wanted"));
    loaded.into_iter().next().ok_or_else(lacking)
}

/// Adds a message to a conversation that is there, whose title and time stay as they are.
fn appending((id, message): (ConversationId, Message)) -> ChatWrite {
    let conversation = Conversation { id, title: String::new(), updated_at: Timestamp::default() };
    ChatWrite::Append { conversation, messages: Vec::from([message]) }
}
