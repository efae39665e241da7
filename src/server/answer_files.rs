//! The files of an answer while it runs: read once it is admitted, and no more in memory at a time
//! than the process has room for.

use crate::app::App;
use crate::history::{Prompt, Said};
use crate::problem::{Answer, Problem};
use crate::provider::{ProviderContent, ProviderFile, ProviderMessage};
use bytes::Bytes;
use kumari_engine::attachment::Attachment;
use kumari_engine::id::AccountId;
use kumari_store::{FileContent, FileFacts, StoredFile};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most bytes of pictures, recordings and clips that go along with one send, those of earlier
/// messages with them.
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

/// Bytes of what goes along as it is.
pub(crate) fn media_bytes(prompt: &Prompt) -> u64 {
    let files = prompt.messages.iter().flat_map(|message| &message.files);
    let media = files.filter(|file| file.content.attachment().is_some());
    media.map(|file| file.bytes).fold(0, u64::saturating_add)
}

/// Reads all files of a prompt. One of an earlier message may have been removed in the instant in
/// which it was sent: the conversation goes on without it.
///
/// # Errors
/// A fault of the database, or a file of the new message that is gone.
pub(crate) async fn load(
    app: &App,
    account: &AccountId,
    prompt: &Prompt,
    legs: usize,
) -> Answer<Loaded> {
    let room = app.file_memory.room(media_bytes(prompt), legs).await?;
    let mut messages = Vec::with_capacity(prompt.messages.len());
    let new = prompt.messages.len().saturating_sub(1);
    for (index, Said { role, text, files }) in prompt.messages.iter().enumerate() {
        let mut loaded = Vec::with_capacity(files.len());
        for facts in files {
            match app.store().file(account, facts.file_id).await? {
                Some(file) => loaded.push(given(facts, file)),
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

fn given(facts: &FileFacts, file: StoredFile) -> ProviderFile {
    let media = |size| ProviderContent::Media { size, bytes: Bytes::from(file.content) };
    let content = match facts.content {
        FileContent::Document { pages, .. } => {
            ProviderContent::Document { text: file.text.unwrap_or_default().into(), pages }
        }
        FileContent::Image { width, height } => media(Attachment::Image { width, height }),
        FileContent::Audio { seconds } => media(Attachment::Audio { seconds }),
        FileContent::Video { seconds } => media(Attachment::Video { seconds }),
    };
    ProviderFile { name: facts.name.clone(), media_type: facts.media_type.clone(), content }
}
