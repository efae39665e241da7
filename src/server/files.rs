//! `PUT` and `DELETE /api/files/{file_id}`: what somebody attaches, before it is sent with a message.
//! Its bytes are given back in `file_show`.
//!
//! The server reads each file itself: of what a browser says of one only its name is kept.

use crate::app::App;
use crate::body::json;
use crate::file_upload::check_announced;
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use crate::session::Caller;
use crate::uuid7;
use axum::extract::{RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use kumari_documents::harmless_name;
use kumari_store::{FileAdded, FileFacts, FileId, FileRemoved, StoredFile};
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
    check_announced(&parts.headers)?;
    let place = app.uploads.place(&caller.account).await?;
    let bytes = place.receive(body).await?;

    if let Some(there) = app.store().file(&caller.account, file_id).await? {
        // It was read when it came; the same need not be read again.
        return repeated((there.content == *bytes).then_some(there.facts));
    }
    let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let read = app.file_reader.read(&app.counter, bytes.clone(), &name, media_type).await?;
    let facts = FileFacts {
        file_id,
        name,
        media_type: read.media_type.to_owned(),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        content: read.content,
    };
    let file = StoredFile {
        facts: facts.clone(),
        text: read.text,
        content: bytes.into(),
        created_at: app.now(),
        is_used: false,
    };
    match app.store().add_file(&caller.account, file, app.config.limits.account_files).await? {
        FileAdded::Added => Ok(json(StatusCode::CREATED, &facts)),
        FileAdded::Same(facts) => repeated(Some(*facts)),
        FileAdded::Differs => repeated(None),
        FileAdded::TooMany => Err(too_many(app.config.limits.account_files.unused_max)),
        FileAdded::Full => Err(full(app.config.limits.account_files.bytes_max)),
    }
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
        found = Some(harmless_name(value.trim()));
    }
    found.filter(|name| !name.is_empty()).ok_or_else(|| {
        Problem::invalid("name", "a file has a name: add `?name=` with that of the file")
    })
}

fn repeated(facts: Option<FileFacts>) -> Answer<Response> {
    let facts = facts.ok_or_else(|| {
        let detail = "another file has this id; make a new one for each file";
        Problem::new(StatusCode::CONFLICT, "file_exists", detail)
    })?;
    Ok(json(StatusCode::OK, &facts))
}

fn too_many(most: u64) -> Problem {
    let detail = format!(
        "{most} files are there that no message has: send or remove some, then attach this one again"
    );
    Problem::new(StatusCode::CONFLICT, "too_many_files", detail)
}

fn full(most: u64) -> Problem {
    let detail = format!(
        "all your files together have at most {} MiB: remove some that are not sent, or attach a \
         smaller one",
        most >> 20
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "storage_full", detail)
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
            ("name=a&size=3", None),
        ] {
            assert_eq!(name(query).ok().as_deref(), expected, "{query}");
        }
    }
}
