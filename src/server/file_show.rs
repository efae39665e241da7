//! `GET /api/files/{file_id}`: a file's bytes, all of them or the part that is asked for.
//!
//! A browser may take its time with them: they are read piece by piece as it does, so a download is
//! never in memory as a whole.

use crate::app::App;
use crate::files::unknown;
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use crate::session::Caller;
use async_stream::try_stream;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::Stream;
use kumari_engine::id::AccountId;
use kumari_store::{FILE_PART_BYTES_MAX, FileContent, FileFacts, FileId, StoreError};
use std::fmt::Write as _;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// What is shown may run nothing and load nothing, wherever it is opened.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// `GET /api/files/{file_id}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
    asked: HeaderMap,
) -> Answer<Response> {
    let id: FileId = id.parse().map_err(|_| unknown())?;
    let facts = app.store().file_facts(&caller.account, &[id]).await?.pop().ok_or_else(unknown)?;
    let etag = format!("\"{}\"", facts.sha256);
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let asked = asked.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (status, part) = match asked.and_then(|range| part(range, facts.bytes)) {
        None => (StatusCode::OK, 0..facts.bytes),
        Some(part) if part.is_empty() => return Err(beyond()),
        Some(part) => (StatusCode::PARTIAL_CONTENT, part),
    };
    // Read before anything is answered: a file that is removed meanwhile is unknown, and only what
    // is longer than one piece can break off.
    let first = piece(&app, &caller.account, id, &part).await?.ok_or_else(unknown)?;
    let length = part.end.saturating_sub(part.start);
    let last = part.end.saturating_sub(1);
    let place = format!("bytes {}-{last}/{}", part.start, facts.bytes);
    let mut headers = vec![
        (header::CONTENT_TYPE, facts.media_type.clone()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, disposition(&facts)),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.to_owned()),
        // One that is removed may have a follower of the same id.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::ETAG, etag),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    if status == StatusCode::PARTIAL_CONTENT {
        headers.push((header::CONTENT_RANGE, place));
    }
    let body = Body::from_stream(pieces(app, caller.account, id, part, first));
    let mut response = (status, body).into_response();
    insert(&mut response, headers)?;
    Ok(response)
}

fn insert(response: &mut Response, headers: Vec<(HeaderName, String)>) -> Answer<()> {
    for (name, value) in headers {
        let value = value.try_into().map_err(|fault| Problem::internal("header", &fault))?;
        response.headers_mut().insert(name, value);
    }
    Ok(())
}

/// The bytes of a part, of which the first piece is there: each further one is read once the one
/// before it is sent.
fn pieces(
    app: Arc<App>,
    account: AccountId,
    id: FileId,
    mut left: Range<u64>,
    first: Vec<u8>,
) -> impl Stream<Item = io::Result<Bytes>> {
    try_stream! {
        let mut read = first;
        loop {
            left.start = left.start.saturating_add(u64::try_from(read.len()).unwrap_or(u64::MAX));
            yield Bytes::from(read);
            if left.is_empty() {
                break;
            }
            let next = piece(&app, &account, id, &left).await.map_err(io::Error::other)?;
            // The answer breaks off: its length was told already.
            read = next.ok_or_else(|| io::Error::other("a file that is gone"))?;
        }
    }
}

/// The first bytes of what is left of a part, as many as the store gives at a time; nothing where
/// the file is gone.
async fn piece(
    app: &App,
    account: &AccountId,
    id: FileId,
    left: &Range<u64>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let wanted = u32::try_from(left.end.saturating_sub(left.start)).unwrap_or(u32::MAX);
    let read = app.store().file_part(account, id, left.start, wanted.min(FILE_PART_BYTES_MAX));
    Ok(read.await?.filter(|piece| !piece.is_empty()))
}

/// The part that `Range` asks for, an empty one where there is none of it; nothing where the header
/// is of another form, or asks for several, and is passed over.
fn part(range: &str, bytes: u64) -> Option<Range<u64>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.parse::<u64>().ok();
    match (first, last) {
        ("", last) => Some(bytes.saturating_sub(number(last)?)..bytes),
        (first, "") => Some(number(first)?..bytes),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| first..last.saturating_add(1).min(bytes))
        }
    }
}

fn beyond() -> Problem {
    Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        "the file ends before this part of it",
    )
}

/// What a browser does with the bytes, and how it names them. What can be seen or heard may be
/// shown; anything else could be read as a page of ours.
fn disposition(facts: &FileFacts) -> String {
    let kind = match facts.content {
        FileContent::Document { .. } | FileContent::ThreeD { .. } => "attachment",
        FileContent::Image { .. } | FileContent::Audio { .. } | FileContent::Video { .. } => {
            "inline"
        }
    };
    let is_plain = |sign: &char| sign.is_ascii_graphic() && !matches!(sign, '"' | '\\' | '%');
    let plain: String =
        facts.name.chars().map(|sign| if is_plain(&sign) { sign } else { '_' }).collect();
    // The name as it is, by RFC 8187, for all that is younger than that.
    let mut exact = String::new();
    for byte in facts.name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(exact, "%{byte:02X}");
        }
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::{disposition, part};
    use kumari_store::{FileContent, FileFacts, FileId};

    #[test]
    fn a_part_is_what_one_range_names() {
        for (range, expected) in [
            ("bytes=0-0", Some(0..1)),
            ("bytes=2-", Some(2..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-99", Some(0..10)),
            ("bytes=5-99", Some(5..10)),
            ("bytes=10-", Some(10..10)),
            ("bytes=-0", Some(10..10)),
            ("bytes=5-4", None),
            ("bytes=0-1,3-4", None),
            ("bytes=-", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert!(part("bytes=11-12", 10).is_some_and(|part| part.is_empty()));
    }

    #[test]
    fn no_name_breaks_out_of_its_header() {
        let facts = |name: &str, content| FileFacts {
            file_id: FileId(uuid::Uuid::nil()),
            name: name.to_owned(),
            media_type: String::new(),
            bytes: 0,
            sha256: String::new(),
            content,
        };
        let image = FileContent::Image { width: 1, height: 1 };
        assert_eq!(
            disposition(&facts("a\"; b\\ 世%0a.png", image)),
            "inline; filename=\"a_;_b____0a.png\"; \
             filename*=UTF-8''a%22%3B%20b%5C%20%E4%B8%96%250a.png"
        );
    }
}
