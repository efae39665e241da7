//! What was made, as files of the account: their ids, their names, their room.

use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::provider_media::MadeFile;
use kumari_documents::harmless_name;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use kumari_store::{FileFacts, FileId, FileRoom, JOBS_MAX, JobKey, StoreError, StoredFile};
use sha2::{Digest as _, Sha256};

/// The longest name, without its number and its end.
const NAME_CHARS_MAX: usize = 60;

/// Whether there is room for so many bytes more, beside what is there and what others will make.
///
/// # Errors
/// The problem where there is none.
pub(crate) async fn check_room(
    app: &App,
    account: &AccountId,
    room: FileRoom,
    bytes: u64,
) -> Answer<()> {
    let kept = app.store().files_kept(account).await?;
    let jobs = app.store().jobs(account, None, JOBS_MAX).await?;
    let coming = jobs.iter().map(|job| job.bytes_max).fold(bytes, u64::saturating_add);
    if kept.bytes.saturating_add(coming) > room.bytes_max {
        let detail = format!(
            "all your files together have at most {} MiB, and what would be made may need {}: ask \
             for fewer, or delete some in the media library, or a conversation that has some",
            room.bytes_max >> 20,
            bytes.div_ceil(1 << 20)
        );
        return Err(Problem::new(
            axum::http::StatusCode::PAYLOAD_TOO_LARGE,
            "storage_full",
            detail,
        ));
    }
    app.file_storage.check(bytes)
}

/// Keeps what was made as the files of its answer. What was accepted is always kept: its room was
/// looked for before anything was held.
///
/// # Errors
/// [`StoreError`]; then nothing is kept.
pub(crate) async fn deliver(
    app: &App,
    key: &JobKey,
    prompt: &str,
    made: Vec<MadeFile>,
) -> Result<Vec<FileFacts>, StoreError> {
    let (now, count) = (app.now(), made.len());
    let stem = stem(prompt);
    let mut files = Vec::with_capacity(count);
    for (file, number) in made.into_iter().zip(1_u32..) {
        let name = match count {
            1 => format!("{stem}.{}", file.extension),
            _ => format!("{stem} {number}.{}", file.extension),
        };
        files.push(stored(key, number, name, file, now));
    }
    let facts: Vec<FileFacts> = files.iter().map(|file| file.facts.clone()).collect();
    let bytes = files.iter().map(StoredFile::kept_bytes).fold(0, u64::saturating_add);
    if app.store().deliver(key, files).await? {
        app.file_storage.added(bytes);
    } else {
        tracing::info!("what was made has no conversation any more");
    }
    Ok(facts)
}

fn stored(
    key: &JobKey,
    number: u32,
    name: String,
    file: MadeFile,
    created_at: Timestamp,
) -> StoredFile {
    let sha256 = Sha256::digest(&file.bytes);
    let facts = FileFacts {
        file_id: id(key, number),
        name,
        media_type: file.media_type.to_owned(),
        bytes: u64::try_from(file.bytes.len()).unwrap_or(u64::MAX),
        sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        content: file.content,
    };
    StoredFile { facts, text: None, content: file.bytes.into(), created_at, is_used: true }
}

/// The same each time that the job is delivered. A browser makes ids of version 7, so this is none of
/// those.
fn id(key: &JobKey, number: u32) -> FileId {
    let mut hash = Sha256::new();
    hash.update(key.account.as_str());
    hash.update([0xff]);
    hash.update(key.action_id.as_str());
    hash.update([0xff]);
    hash.update(key.leg.to_le_bytes());
    hash.update(number.to_le_bytes());
    let bytes: [u8; 16] = hash.finalize().first_chunk().copied().unwrap_or_default();
    FileId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// A name out of the first words of what was asked for.
fn stem(prompt: &str) -> String {
    let line = prompt.split_whitespace().filter(|word| !word.starts_with("demo:"));
    let line = line.collect::<Vec<_>>().join(" ");
    let plain: String =
        line.chars().map(|sign| if r#"/\:*?"<>|"#.contains(sign) { ' ' } else { sign }).collect();
    let name = harmless_name(&plain);
    let mut short = String::new();
    for word in name.split_whitespace() {
        if short.chars().count().saturating_add(word.chars().count()) > NAME_CHARS_MAX {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    let short = short.trim_end_matches(['.', ',', ' ']);
    if short.is_empty() { "made".to_owned() } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{id, stem};
    use kumari_store::JobKey;

    #[test]
    fn a_name_is_made_of_the_first_words() {
        for (prompt, expected) in [
            ("A red fox, in the snow.", "A red fox, in the snow"),
            ("demo:slow a/b\\c: \"d\"?", "a b c d"),
            ("demo:slow", "made"),
            ("../..", "made"),
            (&"x".repeat(99), "made"),
            ("one\ntwo", "one two"),
        ] {
            assert_eq!(stem(prompt), expected, "{prompt:?}");
        }
    }

    #[test]
    fn an_id_follows_from_its_leg_and_is_no_browsers() {
        let key =
            |leg| JobKey { account: "a".parse().unwrap(), action_id: "b".parse().unwrap(), leg };
        assert_eq!(id(&key(0), 1), id(&key(0), 1));
        assert_ne!(id(&key(0), 1), id(&key(0), 2));
        assert_ne!(id(&key(0), 1), id(&key(1), 1));
        assert_eq!(id(&key(0), 1).0.get_version_num(), 8);
    }
}
