//! Length of an Ogg recording of Opus or Vorbis: the last place that a page of each stream names.
//!
//! Players look for the next page where none is due, or where a page's sum is wrong, and so find
//! what a plain walk steps over. A file in which they would have to look is not read.

use crate::media::Tracks;
use crate::media_bytes::{array, le16, le32, ticks};
use std::collections::BTreeMap;
use std::time::Duration;

#[path = "media_opus.rs"]
pub(crate) mod opus;

/// The most streams of one file, at once or behind each other; what has more was made to be hard to
/// read.
const STREAMS_MAX: usize = 16;
const HEADER_BYTES: usize = 27;
const SUM_AT: usize = 22;
/// The flags of a page that begins within a packet, and of a stream's first page.
const CONTINUES: u8 = 1;
const BEGINS: u8 = 2;

/// One page, and what follows it.
#[derive(Clone, Copy, Debug)]
struct Page<'a> {
    begins: bool,
    continues: bool,
    serial: u32,
    /// The last sample that ends on it; none where none does.
    place: Option<u64>,
    /// The sizes of the parts of its body; a packet ends with one of less than 255 bytes.
    table: &'a [u8],
    body: &'a [u8],
    behind: &'a [u8],
}

/// One stream; of no sound where a second has no samples.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    pictures: bool,
    opus: bool,
    per_second: u64,
    /// What is decoded and not played.
    skipped: u64,
    last: u64,
    /// The samples of its packets, where these say it.
    packets: u64,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Streams {
    open: BTreeMap<u32, Stream>,
    begun: usize,
    found: Tracks,
}

/// What is in it; nothing where a page is damaged, belongs to no stream, or begins one too many.
pub(crate) fn tracks(bytes: &[u8]) -> Option<Tracks> {
    let sums = sums();
    let mut streams = Streams::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let page = page(rest, &sums)?;
        streams.take(page)?;
        rest = page.behind;
    }
    while let Some((_, stream)) = streams.open.pop_first() {
        streams.end(stream)?;
    }
    Some(streams.found)
}

impl Streams {
    fn take(&mut self, page: Page<'_>) -> Option<()> {
        let stream = begins(page.body);
        if page.begins {
            self.begun = self.begun.checked_add(1).filter(|begun| *begun <= STREAMS_MAX)?;
            // Another one of the same number follows the one before.
            if let Some(before) = self.open.insert(page.serial, stream?) {
                self.end(before)?;
            }
        } else if stream.is_some() {
            return None;
        }
        let stream = self.open.get_mut(&page.serial)?;
        stream.last = stream.last.max(page.place.unwrap_or(0));
        if stream.opus {
            let samples = page.packets().map(opus::samples);
            stream.packets = samples.fold(stream.packets, u64::saturating_add);
        }
        Some(())
    }

    /// Adds a stream's length: to play streams at once is possible and not done. Nothing where its
    /// packets are more than its places say.
    fn end(&mut self, stream: Stream) -> Option<()> {
        // The last places may leave out some of what the last packets have.
        if stream.packets > stream.last.saturating_add(opus::PER_SECOND) {
            return None;
        }
        let length = ticks(stream.last.saturating_sub(stream.skipped), stream.per_second);
        self.found.sound |= stream.per_second > 0;
        self.found.pictures |= stream.pictures;
        self.found.length = self.found.length.saturating_add(length.unwrap_or(Duration::ZERO));
        Some(())
    }
}

impl<'a> Page<'a> {
    /// The packets that begin on it, each with what follows it.
    fn packets(self) -> impl Iterator<Item = &'a [u8]> {
        let (mut rest, mut is_begin) = (self.body, !self.continues);
        self.table.iter().filter_map(move |size| {
            let part = rest;
            rest = rest.get(usize::from(*size)..).unwrap_or_default();
            let begins = is_begin && *size > 0;
            is_begin = *size < u8::MAX;
            begins.then_some(part)
        })
    }
}

/// The page that begins here; nothing where none does, or not all of it is there as it was written.
fn page<'a>(bytes: &'a [u8], sums: &[u32; 256]) -> Option<Page<'a>> {
    let segments = usize::from(*bytes.get(HEADER_BYTES.checked_sub(1)?)?);
    let head = HEADER_BYTES.checked_add(segments)?;
    let table = bytes.get(HEADER_BYTES..head)?;
    let size: usize = table.iter().map(|size| usize::from(*size)).sum();
    let (whole, behind) = bytes.split_at_checked(head.checked_add(size)?)?;
    let is_whole = whole.starts_with(b"OggS") && sum(whole, sums)? == le32(whole, SUM_AT)?;
    is_whole.then_some(())?;
    Some(Page {
        begins: whole.get(5)? & BEGINS != 0,
        continues: whole.get(5)? & CONTINUES != 0,
        serial: le32(whole, 14)?,
        place: u64::try_from(i64::from_le_bytes(array(whole, 6)?)).ok(),
        table,
        body: whole.get(head..)?,
        behind,
    })
}

/// The stream that a first page's body begins.
fn begins(body: &[u8]) -> Option<Stream> {
    let silent = Stream::default();
    if body.starts_with(b"\x80theora") {
        return Some(Stream { pictures: true, ..silent });
    }
    // It tells of other streams.
    if body.starts_with(b"fishead\0") {
        return Some(silent);
    }
    if body.starts_with(b"OpusHead") {
        let skipped = le16(body, 10)?.into();
        return Some(Stream { opus: true, per_second: opus::PER_SECOND, skipped, ..silent });
    }
    let per_second = le32(body, 12).filter(|_| body.starts_with(b"\x01vorbis"))?;
    Some(Stream { per_second: per_second.into(), ..silent })
}

/// A page's sum, which is written into it as if none was there.
fn sum(page: &[u8], sums: &[u32; 256]) -> Option<u32> {
    let behind = page.get(SUM_AT.checked_add(4)?..)?;
    let parts = page.get(..SUM_AT)?.iter().chain(&[0; 4]).chain(behind);
    parts.copied().try_fold(0_u32, |sum, byte| {
        let [first, ..] = sum.to_be_bytes();
        Some((sum << 8) ^ sums.get(usize::from(first ^ byte))?)
    })
}

/// What each byte adds to a sum: a CRC of the polynomial 0x04c11db7, the greatest bit first.
fn sums() -> [u32; 256] {
    let mut number = 0_u32;
    [(); 256].map(|()| {
        let begin = number << 24;
        number = number.wrapping_add(1);
        (0..8).fold(begin, |sum, _| (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 })
    })
}
