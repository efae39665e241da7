//! The files of an answer while it runs: read once it is admitted, and no more in memory at a time
//! than the process has room for.

use crate::app::App;
use crate::history::{Prompt, Said};
use crate::problem::{Answer, Problem};
use crate::provider::{ProviderContent, ProviderFile, ProviderMessage};
use bytes::Bytes;
use kumari_engine::id::AccountId;
use kumari_store::{FileContent, FileFacts};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most bytes of files that go along with one send, those of earlier messages with them. A
/// document counts by the characters of its text.
pub(crate) const SENT_BYTES_MAX: u64 = 32 << 20;
/// What files of running answers may take, in KiB.
const ROOM_KIB: u32 = 768 << 10;
/// In memory a file is there once, and for each leg as the text of a request, which is longer than
/// its bytes and there twice while it is made.
const TIMES_OF_LEG: u64 = 3;

/// The room for files of running answers.
#[derive(Debug)]
pub(crate) struct FileMemory(Arc<Semaphore>);

/// All that is sent, with the room that it takes.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) messages: Vec<ProviderMessage>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Default for FileMemory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(usize::try_from(ROOM_KIB).unwrap_or(usize::MAX))))
    }
}

impl FileMemory {
    /// Waits for room for so many bytes, of which each of the legs makes a request.
    async fn room(&self, bytes: u64, legs: usize) -> Answer<Option<OwnedSemaphorePermit>> {
        if bytes == 0 {
            return Ok(None);
        }
        let legs = u64::try_from(legs).unwrap_or(u64::MAX);
        let times = legs.saturating_mul(TIMES_OF_LEG).saturating_add(1);
        let kib = bytes.div_ceil(1_024).saturating_mul(times);
        // More than all there is waits until it is alone.
        let kib = u32::try_from(kib).unwrap_or(u32::MAX).min(ROOM_KIB);
        let room = Arc::clone(&self.0).acquire_many_owned(kib).await;
        room.map(Some).map_err(|fault| Problem::internal("file memory", &fault))
    }
}

/// Bytes of what goes along.
pub(crate) fn sent_bytes(prompt: &Prompt) -> u64 {
    let files = prompt.messages.iter().flat_map(|message| &message.files);
    let bytes = files.map(|file| match file.content {
        FileContent::Document { characters, .. } => characters,
        FileContent::Image { .. } | FileContent::Audio { .. } | FileContent::Video { .. } => {
            file.bytes
        }
    });
    bytes.fold(0, u64::saturating_add)
}

/// Reads all files of a prompt. One may have been removed in the instant in which it was sent, and
/// another one put in its place: it is not what was priced, so it is gone. From a conversation that
/// goes on it is left out.
///
/// # Errors
/// A fault of the database, or a file of the new message that is gone.
pub(crate) async fn load(
    app: &App,
    account: &AccountId,
    prompt: &Prompt,
    legs: usize,
) -> Answer<Loaded> {
    let room = app.file_memory.room(sent_bytes(prompt), legs).await?;
    let mut messages = Vec::with_capacity(prompt.messages.len());
    let new = prompt.messages.len().saturating_sub(1);
    for (index, Said { role, text, files }) in prompt.messages.iter().enumerate() {
        let mut loaded = Vec::with_capacity(files.len());
        for facts in files {
            match read(app, account, facts).await? {
                Some(content) => loaded.push(ProviderFile {
                    name: facts.name.clone(),
                    media_type: facts.media_type.clone(),
                    content,
                }),
                None if index < new => tracing::warn!("a file of an earlier message is gone"),
                None => {
                    return Err(Problem::internal("files of an answer", &"one of them is gone"));
                }
            }
        }
        messages.push(ProviderMessage { role: *role, text: text.clone(), files: loaded });
    }
    Ok(Loaded { messages, _room: room })
}

/// What a provider is given of a file; nothing where that one is gone.
async fn read(
    app: &App,
    account: &AccountId,
    facts: &FileFacts,
) -> Answer<Option<ProviderContent>> {
    if let FileContent::Document { pages, .. } = facts.content {
        let found = app.store().document(account, facts.file_id).await?;
        let found = found.filter(|(found, _)| found == facts);
        return Ok(found.map(|(_, text)| ProviderContent::Document { text: text.into(), pages }));
    }
    let Some(size) = facts.content.attachment() else { return Ok(None) };
    let found = app.store().file(account, facts.file_id).await?;
    let found = found.filter(|found| found.facts == *facts);
    Ok(found.map(|file| ProviderContent::Media { size, bytes: Bytes::from(file.content) }))
}
