//! Jobs that make pictures, clips and 3D models, and what they made.
//!
//! A job outlives the process that began it: its row says at which provider it is and until when
//! somebody has it; once that time is over, any process takes it. What was made goes to the message
//! of its answer, in one transaction with its bytes. What a job costs is in the journal alone.

use crate::chat::{ConversationId, Message};
use crate::conversations::MessagePlace;
use crate::error::StoreError;
use crate::files::{FileId, StoredFile};
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;

/// Which job: that of one leg.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobKey {
    /// Whose.
    pub account: AccountId,
    /// The action that asked for it.
    pub action_id: ActionId,
    /// The leg that it is.
    pub leg: u32,
}

/// A job that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaJob {
    /// Which one.
    pub key: JobKey,
    /// What its provider calls it, at most [`crate::JOB_BYTES_MAX`]; nothing until that has accepted.
    pub provider_job: Option<String>,
    /// The most bytes of what it makes: room that is kept for it.
    pub bytes_max: u64,
    /// Whether the person pressed Stop.
    pub is_stopped: bool,
    /// Until when somebody has it.
    pub held_until: Timestamp,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// The answer of a job that made something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The conversation that it is in.
    pub conversation_id: ConversationId,
    /// The answer, with its files.
    pub message: Message,
    /// What the person had asked for.
    pub prompt: String,
}

/// Jobs and what they made.
#[async_trait]
pub trait MediaStore: Send + Sync {
    /// Notes a job before it is begun; where that leg has one, it stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::JOB_BYTES_MAX`].
    async fn add_job(&self, job: MediaJob) -> Result<(), StoreError>;

    /// Notes what the provider calls it, and says what is there then: the first name stays. Nothing
    /// where the job has ended.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::JOB_BYTES_MAX`].
    async fn name_job(&self, key: &JobKey, name: String) -> Result<Option<MediaJob>, StoreError>;

    /// Has it until then, and says how it stands; nothing where it has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn keep_job(
        &self,
        key: &JobKey,
        until: Timestamp,
    ) -> Result<Option<MediaJob>, StoreError>;

    /// Takes jobs of all accounts that nobody has at `now`, and has them until `until`. No two who
    /// take at once get the same.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::JOBS_MAX`].
    async fn take_jobs(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError>;

    /// Notes that the person pressed Stop, for one leg or all of an action, and says how many jobs
    /// there are.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn stop_jobs(
        &self,
        account: &AccountId,
        action_id: &ActionId,
        leg: Option<u32>,
    ) -> Result<u32, StoreError>;

    /// Forgets a job that has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_job(&self, key: &JobKey) -> Result<(), StoreError>;

    /// The account's jobs, in the order of action and leg; those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::JOBS_MAX`].
    async fn jobs(
        &self,
        account: &AccountId,
        after: Option<&JobKey>,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError>;

    /// Gives what was made to the answer of that leg: the files are there, the message has them, in
    /// this order. The same again changes nothing. Where the message is gone nothing is kept; says
    /// whether it is there. Room was kept for them, so none is asked for.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::MESSAGE_FILES_MAX`] files or where one
    /// is too long.
    async fn deliver(&self, key: &JobKey, files: Vec<StoredFile>) -> Result<bool, StoreError>;

    /// Answers that made something, of conversations that are not deleted, the last first, those
    /// before `before`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::MADE_MAX`].
    async fn made(
        &self,
        account: &AccountId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Made>, StoreError>;

    /// Removes one of the files of an answer, from it and for good, and says whether it was there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_made(&self, key: &JobKey, file: FileId) -> Result<bool, StoreError>;
}
