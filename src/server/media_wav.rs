//! Length of a WAV recording: the bytes of sound that are there, by how many a second has. That
//! number follows from the samples; what the file says of it is not asked.
//!
//! Compressed sound is not read: how long it is would have to be believed.

use crate::media_bytes::{array, le16, le32, length as stated, ticks};
use std::time::Duration;

/// Samples as they are, as whole numbers and as fractions.
const PLAIN: [u16; 2] = [1, 3];
/// A-law and µ-law, which have a byte for each sample whatever is said of its bits.
const LAWS: [u16; 2] = [6, 7];
/// The format stands further behind, before bytes that are always the same.
const EXTENSIBLE: u16 = 0xfffe;
const BEHIND_FORMAT: &[u8] = b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";

/// More than any recorder or player has.
const SAMPLES_PER_SECOND_MAX: u32 = 768_000;
const BITS_MAX: u16 = 64;

/// Whether these bytes begin as a WAV does.
pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..).is_some_and(|form| form.starts_with(b"WAVE"))
}

/// Whether it says that its sound is compressed.
pub(crate) fn is_compressed(bytes: &[u8]) -> bool {
    let body = parts(bytes).find(|(name, _)| name == b"fmt ").map(|(_, body)| body);
    let format = body.and_then(format);
    format.is_some_and(|format| !PLAIN.contains(&format) && !LAWS.contains(&format))
}

/// How long it is. A length of sound beyond the file's end counts to that end. Of two formats, or
/// of two parts with sound, players take one or both, so nothing is read of such a file.
pub(crate) fn length(bytes: &[u8]) -> Option<Duration> {
    let (mut bytes_per_second, mut sound) = (None, None);
    for (name, body) in parts(bytes) {
        let is_second = match &name {
            b"fmt " => bytes_per_second.replace(rate(body)?).is_some(),
            b"data" => sound.replace(body.len()).is_some(),
            _ => false,
        };
        if is_second {
            return None;
        }
    }
    ticks(u64::try_from(sound?).ok()?, bytes_per_second?)
}

/// The parts that the file has. The last one may be cut.
fn parts(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, size) = (array(rest, 0)?, stated(le32(rest, 4)?));
        let body = rest.get(8..)?;
        // A part of an odd length has a byte behind it that is none of the next.
        rest = body.get(size.saturating_add(size % 2)..).unwrap_or_default();
        Some((name, body.get(..size).unwrap_or(body)))
    })
}

/// How its samples are written.
fn format(body: &[u8]) -> Option<u16> {
    let format = le16(body, 0)?;
    if format != EXTENSIBLE {
        return Some(format);
    }
    le16(body, 24).filter(|_| body.get(26..).is_some_and(|rest| rest.starts_with(BEHIND_FORMAT)))
}

/// Bytes of a second; nothing where what is said of the samples does not fit together.
fn rate(body: &[u8]) -> Option<u64> {
    let (format, channels, samples) = (format(body)?, le16(body, 2)?, le32(body, 4)?);
    let (block, bits) = (le16(body, 12)?, le16(body, 14)?);
    let sample_bytes = match format {
        format if PLAIN.contains(&format) => bits.div_ceil(8),
        format if LAWS.contains(&format) => 1,
        _ => return None,
    };
    let is_so = channels.checked_mul(sample_bytes) == Some(block)
        && samples <= SAMPLES_PER_SECOND_MAX
        && bits <= BITS_MAX;
    is_so.then(|| u64::from(samples) * u64::from(block))
}
