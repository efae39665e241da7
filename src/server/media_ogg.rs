//! Length of an Ogg recording of Opus or Vorbis: the last place that a page of each stream names.

use crate::media::Tracks;
use crate::media_bytes::{array, le16, le32, ticks};
use std::collections::BTreeMap;
use std::time::Duration;

/// The most streams of one file; what has more was made to be hard to read.
const STREAMS_MAX: usize = 16;
const HEADER_BYTES: usize = 27;

/// One stream of sound.
#[derive(Clone, Copy, Debug)]
struct Stream {
    per_second: u64,
    /// What is decoded and not played.
    skipped: u64,
    last: u64,
}

/// What is in it; nothing where its first page is none.
pub(crate) fn tracks(bytes: &[u8]) -> Option<Tracks> {
    let mut streams: BTreeMap<u32, Stream> = BTreeMap::new();
    let mut pictures = false;
    let mut rest = bytes;
    while rest.starts_with(b"OggS") {
        let Some((body, behind)) = page(rest) else { break };
        let serial = le32(rest, 14)?;
        if body.starts_with(b"\x80theora") {
            pictures = true;
        }
        if let Some(stream) = begins(body)
            && streams.len() < STREAMS_MAX
        {
            streams.entry(serial).or_insert(stream);
        }
        if let (Some(stream), Some(place)) = (streams.get_mut(&serial), place(rest)) {
            stream.last = stream.last.max(place);
        }
        rest = behind;
    }
    let lengths = streams
        .values()
        .filter_map(|stream| ticks(stream.last.saturating_sub(stream.skipped), stream.per_second));
    // Streams follow each other in one file; to play them at once is possible and not done.
    let length = lengths.fold(Duration::ZERO, Duration::saturating_add);
    Some(Tracks { sound: !streams.is_empty(), pictures, length })
}

/// The page's body, and what follows it; the body of the last page may be cut.
fn page(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let segments = usize::from(*bytes.get(26)?);
    let table = bytes.get(HEADER_BYTES..HEADER_BYTES.checked_add(segments)?)?;
    let size: usize = table.iter().map(|size| usize::from(*size)).sum();
    let body = bytes.get(HEADER_BYTES.checked_add(segments)?..)?;
    Some(body.split_at_checked(size).unwrap_or((body, &[])))
}

/// The stream that a first page's body begins.
fn begins(body: &[u8]) -> Option<Stream> {
    if body.starts_with(b"OpusHead") {
        let skipped = u64::from(le16(body, 10)?);
        return Some(Stream { per_second: 48_000, skipped, last: 0 });
    }
    let is_vorbis = body.starts_with(b"\x01vorbis");
    let per_second = u64::from(le32(body, 12).filter(|_| is_vorbis)?);
    Some(Stream { per_second, skipped: 0, last: 0 })
}

/// The last sample that ends on this page; none where none does.
fn place(page: &[u8]) -> Option<u64> {
    u64::try_from(i64::from_le_bytes(array(page, 6)?)).ok()
}
