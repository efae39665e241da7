//! `PUT` and `DELETE /api/files/{file_id}`: what somebody attaches, before it is sent with a message.
//! Its bytes are given back in `file_show`.
//!
//! The server reads each file itself: of what a browser says of one only its name is kept.

use crate::app::App;
use crate::body::json;
use crate::file_upload::announced;
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use crate::session::Caller;
use crate::uuid7;
use axum::extract::{RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use kumari_documents::harmless_name;
use kumari_engine::id::AccountId;
use kumari_store::{FileAdded, FileFacts, FileId, FileRemoved, FileRoom, StoredFile};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// `PUT /api/files/{file_id}?name=`: 201, or 200 for the same bytes again.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
    RawQuery(query): RawQuery,
    request: Request,
) -> Answer<Response> {
    let file_id = new_id(&id)?;
    let name = name(query.as_deref().unwrap_or_default())?;
    let (parts, body) = request.into_parts();
    let announced = announced(&parts.headers)?;
    let there = app.store().file_facts(&caller.account, &[file_id]).await?.pop();
    let room = caller.file_room(&app.config.limits);
    if there.is_none() {
        // Before it is sent and read; what is kept by then has the last word.
        let kept = app.store().files_kept(&caller.account).await?;
        room.admits(kept, announced).map_err(|refused| refusal(&refused, room))?;
        app.file_storage.check(announced)?;
    }
    let place = app.uploads.place(&caller.account).await?;
    let bytes = place.receive(body).await?;
    let sha256 = sha256(bytes.clone()).await?;
    if let Some(there) = there {
        // It was read when it came; the same need not be read again.
        return repeated((there.sha256 == sha256).then_some(there));
    }
    let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let read = app.file_reader.read(&app.counter, bytes.clone(), &name, media_type).await?;
    let facts = FileFacts {
        file_id,
        name,
        media_type: read.media_type.to_owned(),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        sha256,
        content: read.content,
    };
    let file = StoredFile {
        facts: facts.clone(),
        text: read.text,
        content: bytes.into(),
        created_at: app.now(),
        is_used: false,
    };
    // A task of its own: what is being added counts until it is there, whether the browser waits or
    // has gone.
    let adding = app.tasks.spawn(add(Arc::clone(&app), caller.account, file, room));
    match adding.await.map_err(|fault| Problem::internal("adding a file", &fault))?? {
        FileAdded::Added => Ok(json(StatusCode::CREATED, &facts)),
        FileAdded::Same(facts) => repeated(Some(*facts)),
        refused @ (FileAdded::Differs | FileAdded::TooMany | FileAdded::Full) => {
            Err(refusal(&refused, room))
        }
    }
}

/// Adds a file where there is room, its account's and that of all.
async fn add(
    app: Arc<App>,
    account: AccountId,
    file: StoredFile,
    room: FileRoom,
) -> Answer<FileAdded> {
    let reserved = app.file_storage.reserve(file.kept_bytes())?;
    let added = app.store().add_file(&account, file, room).await;
    match &added {
        Ok(FileAdded::Added) | Err(_) => reserved.keep(),
        Ok(FileAdded::Same(_) | FileAdded::Differs | FileAdded::TooMany | FileAdded::Full) => {}
    }
    Ok(added?)
}

/// Of 20 MiB it is work, so it happens beside the threads that serve.
async fn sha256(bytes: Bytes) -> Answer<String> {
    let hashing = tokio::task::spawn_blocking(move || {
        let hash = Sha256::digest(&bytes);
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    });
    hashing.await.map_err(|fault| Problem::internal("hash of a file", &fault))
}

/// `DELETE /api/files/{file_id}`: 204.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
) -> Answer<Response> {
    let id: FileId = id.parse().map_err(|_| unknown())?;
    match app.store().remove_file(&caller.account, id).await? {
        FileRemoved::Removed => Ok(StatusCode::NO_CONTENT.into_response()),
        FileRemoved::Unknown => Err(unknown()),
        FileRemoved::Used => Err(Problem::new(
            StatusCode::CONFLICT,
            "file_used",
            "a message has this file, and keeps it",
        )),
    }
}

/// There is no such file for this session.
pub(crate) fn unknown() -> Problem {
    Problem::not_found(
        "file_unknown",
        "there is no file of that id; one that is not sent is removed after 24 hours: attach it again",
    )
}

fn new_id(text: &str) -> Answer<FileId> {
    uuid7::read(text).map(FileId).ok_or_else(|| {
        let detail = "not a UUID of version 7 in lower case with hyphens: make a new one";
        Problem::invalid("file_id", detail)
    })
}

/// The name that the address gives, harmless.
fn name(query: &str) -> Answer<String> {
    let mut found = None;
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if key != "name" {
            return Err(Problem::invalid(&key, "there is no such parameter"));
        }
        found = Some(harmless_name(&value));
    }
    found.filter(|name| !name.is_empty()).ok_or_else(|| {
        Problem::invalid("name", "a file has a name: add `?name=` with that of the file")
    })
}

fn repeated(facts: Option<FileFacts>) -> Answer<Response> {
    let facts = facts.ok_or_else(exists)?;
    Ok(json(StatusCode::OK, &facts))
}

fn exists() -> Problem {
    let detail = "another file has this id; make a new one for each file";
    Problem::new(StatusCode::CONFLICT, "file_exists", detail)
}

/// Why a file was not added.
fn refusal(refused: &FileAdded, room: FileRoom) -> Problem {
    match refused {
        FileAdded::TooMany => {
            let detail = format!(
                "{} files are there that no message has: send or remove some, then attach this one \
                 again",
                room.unused_max
            );
            Problem::new(StatusCode::CONFLICT, "too_many_files", detail)
        }
        FileAdded::Full => {
            let detail = format!(
                "all your files together, those of your conversations with them, have at most {} \
                 MiB: delete a conversation that has some, or attach a smaller one",
                room.bytes_max >> 20
            );
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "storage_full", detail)
        }
        FileAdded::Added | FileAdded::Same(_) | FileAdded::Differs => exists(),
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_name_is_asked_for_and_made_harmless() {
        for (query, expected) in [
            ("name=report.pdf", Some("report.pdf")),
            ("name=a%0d%0ab%E4%B8%96.pdf", Some("a  b世.pdf")),
            ("name=%20a+b%20", Some("a b")),
            ("", None),
            ("name=", None),
            ("name=%20", None),
            ("name=%01", None),
            ("name=a&size=3", None),
        ] {
            assert_eq!(name(query).ok().as_deref(), expected, "{query}");
        }
    }
}
