//! Files in memory.

use crate::check;
use crate::error::StoreError;
use crate::files::{
    FileAdded, FileFacts, FileId, FileRemoved, FileRoom, FileStore, FilesKept, StoredFile,
};
use crate::limits::{FILE_PART_BYTES_MAX, FILES_MAX};
use crate::memory::MemoryStore;
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use std::collections::BTreeMap;

/// The files of one account.
pub(crate) type Files = BTreeMap<FileId, StoredFile>;

/// Says that a message has them; those that are not there stay away.
pub(crate) fn mark_used(files: &mut Files, sent: &[FileFacts]) {
    for facts in sent {
        if let Some(file) = files.get_mut(&facts.file_id) {
            file.is_used = true;
        }
    }
}

fn kept(files: &Files) -> FilesKept {
    let unused = files.values().filter(|file| !file.is_used).count();
    FilesKept {
        unused: u64::try_from(unused).unwrap_or(u64::MAX),
        bytes: files.values().map(StoredFile::kept_bytes).fold(0, u64::saturating_add),
    }
}

#[async_trait]
impl FileStore for MemoryStore {
    async fn add_file(
        &self,
        account: &AccountId,
        file: StoredFile,
        room: FileRoom,
    ) -> Result<FileAdded, StoreError> {
        check::file(&file)?;
        self.with_files(account, |files| {
            if let Some(there) = files.get(&file.facts.file_id) {
                return if there.facts.sha256 == file.facts.sha256 {
                    FileAdded::Same(Box::new(there.facts.clone()))
                } else {
                    FileAdded::Differs
                };
            }
            match room.admits(kept(files), file.kept_bytes()) {
                Ok(()) => {
                    files.insert(file.facts.file_id, file);
                    FileAdded::Added
                }
                Err(refused) => refused,
            }
        })
    }

    async fn file(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<StoredFile>, StoreError> {
        self.with_files(account, |files| files.get(&id).cloned())
    }

    async fn document(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<(FileFacts, String)>, StoreError> {
        self.with_files(account, |files| {
            let file = files.get(&id)?;
            Some((file.facts.clone(), file.text.clone()?))
        })
    }

    async fn files_kept(&self, account: &AccountId) -> Result<FilesKept, StoreError> {
        self.with_files(account, |files| kept(files))
    }

    async fn all_files_bytes(&self) -> Result<u64, StoreError> {
        let mut bytes = 0_u64;
        self.with_all_files(|files| bytes = bytes.saturating_add(kept(files).bytes));
        Ok(bytes)
    }

    async fn file_part(
        &self,
        account: &AccountId,
        id: FileId,
        from: u64,
        bytes: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = check::limit("bytes of a file's part", bytes, FILE_PART_BYTES_MAX)?;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        self.with_files(account, |files| {
            let rest = files.get(&id).map(|file| file.content.get(from..).unwrap_or_default());
            rest.map(|rest| rest.iter().take(bytes).copied().collect())
        })
    }

    async fn file_facts(
        &self,
        account: &AccountId,
        ids: &[FileId],
    ) -> Result<Vec<FileFacts>, StoreError> {
        check::files_of_message(ids.len())?;
        self.with_files(account, |files| {
            let wanted = files.iter().filter(|(id, _)| ids.contains(id));
            wanted.map(|(_, file)| file.facts.clone()).collect()
        })
    }

    async fn files(
        &self,
        account: &AccountId,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Vec<FileId>, StoreError> {
        let limit = check::limit("files", limit, FILES_MAX)?;
        self.with_files(account, |files| {
            let later = files.keys().filter(|id| after.is_none_or(|after| **id > after));
            later.take(limit).copied().collect()
        })
    }

    async fn remove_file(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<FileRemoved, StoreError> {
        self.with_files(account, |files| match files.get(&id) {
            None => FileRemoved::Unknown,
            Some(file) if file.is_used => FileRemoved::Used,
            Some(_) => {
                files.remove(&id);
                FileRemoved::Removed
            }
        })
    }

    async fn forget_files(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let limit = check::limit("files", limit, FILES_MAX)?;
        let mut left = limit;
        self.with_all_files(|files| {
            let old = |file: &StoredFile| !file.is_used && file.created_at <= before;
            let old: Vec<FileId> =
                files.iter().filter(|(_, file)| old(file)).map(|(id, _)| *id).take(left).collect();
            left = left.saturating_sub(old.len());
            old.iter().for_each(|id| drop(files.remove(id)));
        });
        Ok(u32::try_from(limit.saturating_sub(left)).unwrap_or(u32::MAX))
    }
}
