//! Length of an MP3 recording: that of its frames, one by one. What its tags say is not believed.

use crate::media_bytes::{array, be32, ticks};
use std::time::Duration;

/// Every sample rate divides it, so that lengths of any of them can be added.
const TICKS_PER_SECOND: u64 = 14_112_000;

/// Kilobits a second by the index in a frame's header, of MPEG 1 and of MPEG 2.
const BITRATES: [[u64; 14]; 2] = [
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
/// Samples a second of MPEG 1; halved and quartered in MPEG 2 and 2.5.
const RATES: [u64; 3] = [44_100, 48_000, 32_000];

/// One frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    bytes: usize,
    ticks: u64,
}

/// Whether these bytes begin as an MP3 does: with a tag, or with two frames, or with the only one.
pub(crate) fn is(bytes: &[u8]) -> bool {
    tag_bytes(bytes).is_some() || frame(bytes).is_some_and(|first| leads_on(bytes, first))
}

/// Whether behind a frame there is another one, a tag, or nothing.
fn leads_on(bytes: &[u8], first: Frame) -> bool {
    let behind = bytes.get(first.bytes..).unwrap_or_default();
    behind.is_empty() || frame(behind).is_some() || behind.starts_with(b"TAG")
}

/// How long all of its frames are. What lies between them is passed over.
pub(crate) fn length(bytes: &[u8]) -> Option<Duration> {
    let mut rest = bytes;
    while let Some(behind) = behind_tag(rest) {
        rest = behind;
    }
    let (mut sum, mut is_first, mut follows) = (0_u64, true, false);
    while !rest.is_empty() {
        // What only looks like a frame, as sound sometimes does, has none behind it.
        let found = frame(rest).filter(|found| follows || leads_on(rest, *found));
        follows = found.is_some();
        if let Some(found) = found {
            if !(is_first && says_of_others(rest)) {
                sum = sum.saturating_add(found.ticks);
            }
            is_first = false;
        }
        rest = rest.get(found.map_or(1, |found| found.bytes)..).unwrap_or_default();
    }
    ticks(sum, TICKS_PER_SECOND)
}

/// What follows an ID3 tag.
fn behind_tag(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(tag_bytes(bytes)?..)
}

/// How large the ID3 tag is that begins here. A text may begin with its name, and has no such header.
fn tag_bytes(bytes: &[u8]) -> Option<usize> {
    let [b'I', b'D', b'3', version, revision, flags, size @ ..] = array::<10>(bytes, 0)? else {
        return None;
    };
    let is_header = (2..=4).contains(&version)
        && revision != 0xff
        && flags & 0x0f == 0
        && size.iter().all(|byte| *byte < 0x80);
    // Seven bits of each byte, and ten bytes before them; a tag may have as many behind it.
    let size = size.iter().fold(0_usize, |sum, byte| (sum << 7) | usize::from(*byte));
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    is_header.then(|| size.saturating_add(10).saturating_add(footer))
}

/// A first frame without sound, which tells of the others.
fn says_of_others(frame: &[u8]) -> bool {
    // Behind the header and what each channel has there, which depends on version and channels.
    let marked =
        |at: usize, mark: &[u8]| frame.get(at..).is_some_and(|from| from.starts_with(mark));
    let xing = [13, 21, 36].iter().any(|at| marked(*at, b"Xing") || marked(*at, b"Info"));
    xing || marked(36, b"VBRI")
}

/// The frame that begins here.
fn frame(bytes: &[u8]) -> Option<Frame> {
    let header = be32(bytes, 0)?;
    let field = |shift: u32, mask: u32| usize::try_from((header >> shift) & mask).ok();
    let is_sync = header >> 21 == 0x7ff;
    // Layer III, and no index that is kept free.
    if !is_sync || field(17, 3)? != 1 {
        return None;
    }
    let (is_first_version, divisor) = match field(19, 3)? {
        0 => (false, 4),
        2 => (false, 2),
        3 => (true, 1),
        _ => return None,
    };
    let [of_first, of_others] = &BITRATES;
    let bitrates = if is_first_version { of_first } else { of_others };
    let kilobits = bitrates.get(field(12, 15)?.checked_sub(1)?)?;
    let rate = RATES.get(field(10, 3)?)? / divisor;
    let samples: u64 = if is_first_version { 1_152 } else { 576 };
    let padding = (header >> 9) & 1;
    let bytes = (samples / 8 * kilobits * 1_000).checked_div(rate)? + u64::from(padding);
    Some(Frame {
        bytes: usize::try_from(bytes).ok()?,
        ticks: samples * TICKS_PER_SECOND.checked_div(rate)?,
    })
}
