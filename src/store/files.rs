//! Files that people attach, and those that were made for them: what is known of them, and their
//! bytes.
//!
//! A file is put there before it is sent. Once a message has it, it stays as long as the message;
//! one that no message has is forgotten after a while. Names, kinds and counts are the caller's: a
//! store reads no file.

use crate::error::StoreError;
use async_trait::async_trait;
use kumari_engine::attachment::Attachment;
use kumari_engine::encoding::TokenKind;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A file's id, made by the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileId(pub Uuid);

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for FileId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// What is known of a file, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFacts {
    /// Its id, unique in the account.
    pub file_id: FileId,
    /// Its name.
    pub name: String,
    /// What it is, as HTTP says it.
    pub media_type: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal: another file under the same id is another one.
    pub sha256: String,
    /// What was read of it.
    pub content: FileContent,
}

/// What was read of a file: all that decides what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FileContent {
    /// A text.
    Document {
        /// Of what kind: `pdf`, `docx`, `txt`, `csv`.
        format: String,
        /// Its pages.
        pages: u64,
        /// Characters of its text.
        characters: u64,
        /// Tokens of it as it is sent, by encoding.
        tokens: BTreeMap<TokenKind, u64>,
        /// What is missing from its text.
        warnings: Vec<String>,
    },
    /// A picture.
    Image {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// A recording.
    Audio {
        /// Started seconds.
        seconds: u32,
    },
    /// A clip.
    Video {
        /// Started seconds.
        seconds: u32,
    },
    /// A 3D model, which people see and no model is given.
    ThreeD {
        /// How many triangles it has.
        triangles: u32,
    },
}

impl FileContent {
    /// What the rules price; nothing of a document, which counts by its tokens, nor of a
    /// 3D model.
    pub const fn attachment(&self) -> Option<Attachment> {
        match *self {
            Self::Document { .. } | Self::ThreeD { .. } => None,
            Self::Image { width, height } => Some(Attachment::Image { width, height }),
            Self::Audio { seconds } => Some(Attachment::Audio { seconds }),
            Self::Video { seconds } => Some(Attachment::Video { seconds }),
        }
    }
}

impl From<Attachment> for FileContent {
    fn from(attachment: Attachment) -> Self {
        match attachment {
            Attachment::Image { width, height } => Self::Image { width, height },
            Attachment::Audio { seconds } => Self::Audio { seconds },
            Attachment::Video { seconds } => Self::Video { seconds },
        }
    }
}

/// A file with all that is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// What is known of it.
    pub facts: FileFacts,
    /// The text of a document, at most [`crate::TEXT_BYTES_MAX`].
    pub text: Option<String>,
    /// Its bytes, at most [`crate::FILE_BYTES_MAX`].
    pub content: Vec<u8>,
    /// When it was put there.
    pub created_at: Timestamp,
    /// Whether a message has it.
    pub is_used: bool,
}

impl StoredFile {
    /// Bytes of all that is kept of it.
    pub fn kept_bytes(&self) -> u64 {
        let text = self.text.as_ref().map_or(0, String::len);
        u64::try_from(self.content.len().saturating_add(text)).unwrap_or(u64::MAX)
    }
}

/// How much one account may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRoom {
    /// The most files that no message has.
    pub unused_max: u64,
    /// The most bytes of all files, and of the texts that were read of them.
    pub bytes_max: u64,
}

/// What an account keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilesKept {
    /// Files that no message has.
    pub unused: u64,
    /// Bytes of all files, and of the texts that were read of them.
    pub bytes: u64,
}

impl FileRoom {
    /// Any number: a copy of what fitted elsewhere.
    pub const ANY: Self = Self { unused_max: u64::MAX, bytes_max: u64::MAX };

    /// Whether one more file of so many bytes fits beside what is there.
    ///
    /// # Errors
    /// What becomes of it where it does not.
    pub const fn admits(self, kept: FilesKept, more: u64) -> Result<(), FileAdded> {
        if kept.unused >= self.unused_max {
            Err(FileAdded::TooMany)
        } else if kept.bytes.saturating_add(more) > self.bytes_max {
            Err(FileAdded::Full)
        } else {
            Ok(())
        }
    }
}

/// What became of a file that was to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAdded {
    /// It is there now.
    Added,
    /// It was there already, with the same bytes; this is known of it.
    Same(Box<FileFacts>),
    /// That id is there with other bytes; it stays as it is.
    Differs,
    /// The account has too many files that no message has.
    TooMany,
    /// The account has too many bytes.
    Full,
}

/// What became of a file that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRemoved {
    /// It is gone.
    Removed,
    /// A message has it; it stays.
    Used,
    /// There was none of that id.
    Unknown,
}

/// Files in a database. A write of a message with files marks them as used, in one transaction.
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Adds a file where there is room. Of many that are added at once no more than fit are.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] where it is too long.
    async fn add_file(
        &self,
        account: &AccountId,
        file: StoredFile,
        room: FileRoom,
    ) -> Result<FileAdded, StoreError>;

    /// A file with its bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn file(&self, account: &AccountId, id: FileId)
    -> Result<Option<StoredFile>, StoreError>;

    /// A document without its bytes: what is known of it, and its text.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn document(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<(FileFacts, String)>, StoreError>;

    /// What the account keeps.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn files_kept(&self, account: &AccountId) -> Result<FilesKept, StoreError>;

    /// Bytes of all accounts' files together, and of the texts that were read of them: as they were at
    /// some instant of the call, without keeping anybody from writing.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn all_files_bytes(&self) -> Result<u64, StoreError>;

    /// A part of a file's bytes, as far as there are any; nothing where there is no such file.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::FILE_PART_BYTES_MAX`].
    async fn file_part(
        &self,
        account: &AccountId,
        id: FileId,
        from: u64,
        bytes: u32,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// What is known of those files that are there, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::MESSAGE_FILES_MAX`].
    async fn file_facts(
        &self,
        account: &AccountId,
        ids: &[FileId],
    ) -> Result<Vec<FileFacts>, StoreError>;

    /// The account's files, in the order of their ids; those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::FILES_MAX`].
    async fn files(
        &self,
        account: &AccountId,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Vec<FileId>, StoreError>;

    /// Removes a file that no message has.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_file(&self, account: &AccountId, id: FileId)
    -> Result<FileRemoved, StoreError>;

    /// Forgets files of all accounts that no message has and that were there at `before` already,
    /// and says how many.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::FILES_MAX`].
    async fn forget_files(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError>;
}
