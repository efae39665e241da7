//! The files of an answer until its providers have taken them: read once it is admitted, and no more
//! in memory at a time than the process has room for.

use crate::app::App;
use crate::history::{Prompt, Said};
use crate::problem::{Answer, Problem};
use crate::provider::{ProviderContent, ProviderFile, ProviderMessage};
use crate::shares::{Share, Shares};
use bytes::Bytes;
use kumari_engine::id::AccountId;
use kumari_store::{FileContent, FileFacts};

/// The most bytes of files that go along with one send, those of earlier messages with them. A
/// document counts by the characters of its text.
pub(crate) const SENT_BYTES_MAX: u64 = 32 << 20;
/// In memory a file is there once, and for each leg as the text of a request, which is longer than
/// its bytes and there twice while it is made.
const TIMES_OF_LEG: u64 = 3;
/// The most that one answer takes: a comparison of four models.
const ANSWER_BYTES_MAX: u64 = SENT_BYTES_MAX * (4 * TIMES_OF_LEG + 1);
/// What all answers may take together by default, so that two of the largest run beside each other.
pub(crate) const MEMORY_BYTES: u64 = 2 * ANSWER_BYTES_MAX;

/// The room for files of answers that no provider has taken on yet. One account has at most half of
/// it; its other answers wait for that, of which it has few.
#[derive(Debug)]
pub(crate) struct FileMemory(Shares<AccountId>);

/// All that is sent, with the room that it takes. A leg holds it until its provider, and any other
/// that it may turn to, needs it no more; the room is back with the last of them.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) messages: Vec<ProviderMessage>,
    _room: Option<Share<AccountId>>,
}

impl FileMemory {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let kib = kib(bytes);
        Self(Shares::new(kib, kib / 2))
    }

    /// Waits for room for so many bytes, of which each of the legs makes a request.
    async fn room(
        &self,
        account: &AccountId,
        bytes: u64,
        legs: usize,
    ) -> Answer<Option<Share<AccountId>>> {
        if bytes == 0 {
            return Ok(None);
        }
        let legs = u64::try_from(legs).unwrap_or(u64::MAX);
        let times = legs.saturating_mul(TIMES_OF_LEG).saturating_add(1);
        let room = self.0.take(account, kib(bytes.saturating_mul(times))).await;
        room.map(Some).map_err(|fault| Problem::internal("file memory", &fault))
    }
}

/// Started KiB: bytes would be more than can be counted in pieces.
fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1_024)).unwrap_or(u32::MAX)
}

/// Bytes of what goes along.
pub(crate) fn sent_bytes(prompt: &Prompt) -> u64 {
    let files = prompt.messages.iter().flat_map(|message| &message.files);
    let bytes = files.map(|file| match file.content {
        FileContent::Document { characters, .. } => characters,
        FileContent::Image { .. }
        | FileContent::Audio { .. }
        | FileContent::Video { .. }
        | FileContent::ThreeD { .. } => file.bytes,
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
    let room = app.file_memory.room(account, sent_bytes(prompt), legs).await?;
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
