//! How many bytes the files of all accounts have together, and whether one more fits.
//!
//! They are not counted with each upload: now and then the store is asked, and what this process adds
//! counts from then on. What is removed counts until the next look, so what is known is too much
//! rather than too little. What other processes add counts from the next look on: several of them may
//! together take more than the most, by what comes between two looks.

use crate::problem::{Answer, Problem};
use axum::http::StatusCode;
use kumari_store::{FileStore, StoreError};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Above this part of the most, in percent, the operator is told.
const NEARLY_FULL_PERCENT: u64 = 90;

/// The room of all accounts' files.
#[derive(Debug)]
pub(crate) struct FileStorage {
    bytes_max: u64,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// As the store counted last.
    counted: u64,
    /// What was added here since that count began.
    added: u64,
    /// What is being added here.
    coming: u64,
}

/// Room for one file that is being added, until dropped.
#[derive(Debug)]
pub(crate) struct Reserved<'storage> {
    storage: &'storage FileStorage,
    bytes: u64,
}

impl FileStorage {
    /// Room for so many bytes, of which none is known to be taken.
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self { bytes_max, known: Mutex::default() }
    }

    /// Asks the store; one at a time does.
    ///
    /// # Errors
    /// [`StoreError`]; then what was known stays known.
    pub(crate) async fn count(&self, store: &dyn FileStore) -> Result<(), StoreError> {
        // The store has what was added by now. What is coming may be counted twice.
        let before = self.lock().added;
        let counted = store.all_files_bytes().await?;
        let mut known = self.lock();
        known.counted = counted;
        known.added = known.added.saturating_sub(before);
        drop(known);
        if counted > (self.bytes_max / 100).saturating_mul(NEARLY_FULL_PERCENT) {
            tracing::warn!(
                bytes = counted,
                bytes_max = self.bytes_max,
                "files have nearly all the room that they may have; --files-mib-max gives them more"
            );
        }
        Ok(())
    }

    /// Whether so many bytes fit.
    ///
    /// # Errors
    /// 507 where they do not.
    pub(crate) fn check(&self, bytes: u64) -> Answer<()> {
        self.lock().admits(bytes, self.bytes_max)
    }

    /// Room for a file that is to be added.
    ///
    /// # Errors
    /// 507 where there is none.
    pub(crate) fn reserve(&self, bytes: u64) -> Answer<Reserved<'_>> {
        let mut known = self.lock();
        known.admits(bytes, self.bytes_max)?;
        known.coming = known.coming.saturating_add(bytes);
        Ok(Reserved { storage: self, bytes })
    }

    /// So many bytes were added that were looked for before.
    pub(crate) fn added(&self, bytes: u64) {
        let mut known = self.lock();
        known.added = known.added.saturating_add(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn admits(&self, bytes: u64, bytes_max: u64) -> Answer<()> {
        let taken = [self.counted, self.added, self.coming, bytes];
        if taken.into_iter().fold(0, u64::saturating_add) <= bytes_max {
            return Ok(());
        }
        let detail = "this server keeps as many files as it has room for: send the message without \
                      the file, or try again later";
        Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, "server_storage_full", detail))
    }
}

impl Reserved<'_> {
    /// The file was added, or nobody knows whether it was.
    pub(crate) fn keep(self) {
        // Let go of before `self` is, which takes it once more.
        let mut known = self.storage.lock();
        known.added = known.added.saturating_add(self.bytes);
        drop(known);
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let mut known = self.storage.lock();
        known.coming = known.coming.saturating_sub(self.bytes);
    }
}
