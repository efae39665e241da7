//! What every back end refuses before it writes, so that one command's fault never reaches the
//! commands that are committed with it.

use crate::chat::{ChatWrite, Message, MessageStep};
use crate::error::StoreError;
use crate::files::{FileId, StoredFile};
use crate::limits::{
    BATCH_MAX, BOOK_BYTES_MAX, CALIBRATION_BYTES_MAX, CEREMONY_BYTES_MAX, CHAT_WRITES_MAX,
    DEVICE_BYTES_MAX, FILE_BYTES_MAX, IDENTITY_BYTES_MAX, JOB_BYTES_MAX, KEY_NAME_BYTES_MAX,
    MESSAGE_FILES_MAX, MESSAGE_STEPS_MAX, PERSON_NAME_BYTES_MAX, STEP_BYTES_MAX, TEXT_BYTES_MAX,
    TITLE_BYTES_MAX, WANTED_ACTIONS_MAX,
};
use crate::lookup::{ServiceKey, Session, StoredBook, StoredCalibration};
use crate::people::{Ceremony, Identity};
use crate::store::{Commit, Decided, Wanted};
use kumari_engine::account::{Account, Action, Change};
use kumari_engine::id::ActionId;
use kumari_engine::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A list that is asked for is not too long. Returns the limit as a count.
pub(crate) fn limit(what: &'static str, asked: u32, max: u32) -> Result<usize, StoreError> {
    let count = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
    at_most(what, count(asked), count(max)).map(|()| count(asked))
}

/// The accounts and actions wanted are not too many.
pub(crate) fn wanted(wanted: &[Wanted]) -> Result<(), StoreError> {
    at_most("accounts", wanted.len(), BATCH_MAX)?;
    wanted.iter().try_for_each(|one| actions(&one.actions))
}

/// The commits can be written: each follows from what it says it was decided on.
pub(crate) fn commits(commits: &[Commit]) -> Result<(), StoreError> {
    at_most("commits", commits.len(), BATCH_MAX)?;
    let mut accounts = BTreeSet::new();
    for commit in commits {
        if !accounts.insert(&commit.change.account.id) {
            return Err(StoreError::Invalid("two commits of one account"));
        }
        entries(commit.before, &commit.change)?;
        let touched = touched(&commit.change)?;
        if !commit.unread.iter().all(|id| touched.contains_key(id)) {
            return Err(StoreError::Invalid("an action taken for unused that stays so"));
        }
        if commit.before == 0 && commit.at_hand.is_some() {
            return Err(StoreError::Invalid("an account at hand that has no entry"));
        }
        if !commit.unread.is_sorted() {
            return Err(StoreError::Invalid("actions taken for unused out of their order"));
        }
        chat(&commit.chat)?;
    }
    Ok(())
}

/// What a command that has its account to itself wants written; nothing where it has no entries.
pub(crate) fn alone(
    loaded: &Account,
    decided: Decided,
) -> Result<(Arc<Change>, Option<Commit>), StoreError> {
    self::decided(loaded, &decided)?;
    let change = Arc::new(decided.change);
    if change.entries.is_empty() {
        return Ok((change, None));
    }
    let commit = Commit::new(loaded, Arc::clone(&change), decided.chat);
    Ok((change, Some(commit)))
}

/// What a command decided on `loaded` can be written, or has nothing to be.
pub(crate) fn decided(loaded: &Account, decided: &Decided) -> Result<(), StoreError> {
    if decided.change.account.id != loaded.id {
        return Err(StoreError::Invalid("a change of another account"));
    }
    if decided.change.entries.is_empty() {
        return Ok(());
    }
    entries(loaded.sequence, &decided.change)?;
    touched(&decided.change)?;
    chat(&decided.chat)
}

/// The chat rows are neither too many nor too long.
pub(crate) fn chat(writes: &[ChatWrite]) -> Result<(), StoreError> {
    for write in writes {
        let text = match write {
            ChatWrite::Append { conversation, messages } => {
                title(&conversation.title)?;
                let files = messages.iter().map(|message| message.files.len()).max();
                files_of_message(files.unwrap_or(0))?;
                messages.iter().try_for_each(|message| steps(&message.steps))?;
                messages.iter().map(|Message { text, .. }| text.len()).max()
            }
            ChatWrite::Update(update) => {
                steps(update.steps.as_deref().unwrap_or_default())?;
                update.text.as_ref().map(String::len)
            }
        };
        at_most("bytes of a text", text.unwrap_or(0), TEXT_BYTES_MAX)?;
    }
    at_most("chat rows", chat_rows(writes), CHAT_WRITES_MAX)
}

/// The steps of a message are neither too many nor too long.
fn steps(steps: &[MessageStep]) -> Result<(), StoreError> {
    at_most("steps of a message", steps.len(), MESSAGE_STEPS_MAX)?;
    let found = |step: &MessageStep| step.found.as_ref().map_or(0, String::len);
    let bytes = steps.iter().map(|step| step.title.len().saturating_add(found(step))).max();
    at_most("bytes of a step", bytes.unwrap_or(0), STEP_BYTES_MAX)
}

/// The title is not too long.
pub(crate) fn title(title: &str) -> Result<(), StoreError> {
    at_most("bytes of a title", title.len(), TITLE_BYTES_MAX)
}

/// How many rows chat writes are.
pub(crate) fn chat_rows(writes: &[ChatWrite]) -> usize {
    let rows = writes.iter().map(|write| match write {
        ChatWrite::Append { messages, .. } => messages.len().saturating_add(1),
        ChatWrite::Update(_) => 1,
    });
    rows.fold(0, usize::saturating_add)
}

/// The files of the messages that chat writes add.
pub(crate) fn sent_files(writes: &[ChatWrite]) -> impl Iterator<Item = FileId> {
    let messages = writes.iter().flat_map(|write| match write {
        ChatWrite::Append { messages, .. } => messages.as_slice(),
        ChatWrite::Update(_) => &[],
    });
    messages.flat_map(|message| &message.files).map(|facts| facts.file_id)
}

/// One batch has not too many commands.
pub(crate) fn commands(count: usize) -> Result<(), StoreError> {
    at_most("commands", count, BATCH_MAX)
}

/// One command names not too many actions.
pub(crate) fn actions(actions: &[ActionId]) -> Result<(), StoreError> {
    at_most("actions", actions.len(), WANTED_ACTIONS_MAX)
}

/// The key's name is one line, and not too long.
pub(crate) fn key(key: &ServiceKey) -> Result<(), StoreError> {
    one_line(&key.name, "a key's name with control characters")?;
    at_most("bytes of a key's name", key.name.len(), KEY_NAME_BYTES_MAX)
}

/// The session's device is one line, and not too long.
pub(crate) fn session(session: &Session) -> Result<(), StoreError> {
    one_line(&session.device, "a device's name with control characters")?;
    at_most("bytes of a device's name", session.device.len(), DEVICE_BYTES_MAX)
}

/// The identity's name is one line, and nothing of it is too long.
pub(crate) fn identity(identity: &Identity) -> Result<(), StoreError> {
    one_line(&identity.name, "a person's name with control characters")?;
    at_most("bytes of a person's name", identity.name.len(), PERSON_NAME_BYTES_MAX)?;
    details(&identity.details)
}

/// What an identity is checked with is a text that every database keeps, and not too long.
pub(crate) fn details(details: &str) -> Result<(), StoreError> {
    one_line(details, "an identity's details with control characters")?;
    at_most("bytes of an identity", details.len(), IDENTITY_BYTES_MAX)
}

/// What a sign-in waits with is a text that every database keeps, and not too long.
pub(crate) fn ceremony(ceremony: &Ceremony) -> Result<(), StoreError> {
    one_line(&ceremony.state, "a ceremony's state with control characters")?;
    at_most("bytes of a ceremony", ceremony.state.len(), CEREMONY_BYTES_MAX)
}

fn one_line(text: &str, fault: &'static str) -> Result<(), StoreError> {
    if text.chars().any(char::is_control) {
        return Err(StoreError::Invalid(fault));
    }
    Ok(())
}

/// The file is not too long, and is as long as it says.
pub(crate) fn file(file: &StoredFile) -> Result<(), StoreError> {
    at_most("bytes of a file", file.content.len(), FILE_BYTES_MAX)?;
    at_most("bytes of a text", file.text.as_ref().map_or(0, String::len), TEXT_BYTES_MAX)?;
    if u64::try_from(file.content.len()).is_ok_and(|bytes| bytes == file.facts.bytes) {
        Ok(())
    } else {
        Err(StoreError::Invalid("a file that is not as long as it says"))
    }
}

/// What was made is not too much, and each file is as long as it says.
pub(crate) fn made(files: &[StoredFile]) -> Result<(), StoreError> {
    files_of_message(files.len())?;
    files.iter().try_for_each(file)
}

/// The name of a job is a text that every database keeps, and not too long.
pub(crate) fn job(name: Option<&str>) -> Result<(), StoreError> {
    let name = name.unwrap_or_default();
    if name.contains('\0') {
        return Err(StoreError::Invalid("a job's name with the character U+0000 in it"));
    }
    at_most("bytes of a job's name", name.len(), JOB_BYTES_MAX)
}

/// One message has not too many files.
pub(crate) fn files_of_message(count: usize) -> Result<(), StoreError> {
    at_most("files of a message", count, MESSAGE_FILES_MAX)
}

/// The price book is a text that every database keeps, and not too long.
pub(crate) fn book(book: &StoredBook) -> Result<(), StoreError> {
    if book.json.contains('\0') {
        return Err(StoreError::Invalid("a price book with the character U+0000 in it"));
    }
    at_most("bytes of a price book", book.json.len(), BOOK_BYTES_MAX)
}

/// The calibration is a text that every database keeps, and not too long.
pub(crate) fn calibration(calibration: &StoredCalibration) -> Result<(), StoreError> {
    if calibration.json.contains('\0') {
        return Err(StoreError::Invalid("a calibration with the character U+0000 in it"));
    }
    at_most("bytes of a calibration", calibration.json.len(), CALIBRATION_BYTES_MAX)
}

/// The actions that the change's entries are about, as they are after it.
pub(crate) fn touched(change: &Change) -> Result<BTreeMap<&ActionId, &Action>, StoreError> {
    let named = change.entries.iter().flat_map(|entry| entry.event.actions());
    named
        .map(|action_id| match change.account.actions.get(action_id) {
            Some(action) => Ok((action_id, action)),
            None => Err(StoreError::Invalid("an entry about an action that the account lacks")),
        })
        .collect()
}

/// When an open hold's deadline comes; of anything else never.
pub(crate) fn open_until(action: &Action) -> Option<Timestamp> {
    match action {
        Action::Hold(hold) if hold.is_open() => Some(hold.deadline),
        Action::Hold(_)
        | Action::Grant(_)
        | Action::Purchase(_)
        | Action::Subscription(_)
        | Action::Revocation(_) => None,
    }
}

/// When the next lot with something left in it ends.
pub(crate) fn next_lot_end(account: &Account) -> Option<Timestamp> {
    let left = account.lots.iter().filter(|lot| lot.available.is_positive());
    left.filter_map(|lot| lot.expires_at).min()
}

fn entries(before: u64, change: &Change) -> Result<(), StoreError> {
    if change.entries.is_empty() {
        return Err(StoreError::Invalid("a change without entries"));
    }
    let mut sequence = before;
    for entry in &change.entries {
        if i64::try_from(entry.sequence).is_err() {
            return Err(StoreError::Invalid("a sequence beyond what a database holds"));
        }
        if sequence.checked_add(1) != Some(entry.sequence) {
            return Err(StoreError::Invalid("entries that do not follow each other"));
        }
        sequence = entry.sequence;
    }
    if sequence == change.account.sequence {
        Ok(())
    } else {
        Err(StoreError::Invalid("entries that do not lead to their account"))
    }
}

fn at_most(what: &'static str, count: usize, max: usize) -> Result<(), StoreError> {
    if count > max { Err(StoreError::OverLimit { what, max }) } else { Ok(()) }
}
