//! Length of a WAV recording: the bytes of sound that are there, by how many a second has.

use crate::media_bytes::{le16, le32, length as stated, ticks};
use std::time::Duration;

/// Samples as they are, as whole numbers and as fractions; what a second has of them is computed.
const PLAIN: [u16; 2] = [1, 3];

/// Whether these bytes begin as a WAV does.
pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..).is_some_and(|form| form.starts_with(b"WAVE"))
}

/// How long it is. A length of sound beyond the file's end counts to that end.
pub(crate) fn length(bytes: &[u8]) -> Option<Duration> {
    let mut rest = bytes.get(12..)?;
    let mut bytes_per_second = None;
    loop {
        let (name, size) = (rest.get(..4)?, stated(le32(rest, 4)?));
        let body = rest.get(8..)?;
        let body = body.get(..size).unwrap_or(body);
        match name {
            b"fmt " => bytes_per_second = rate(body),
            b"data" => return ticks(u64::try_from(body.len()).ok()?, bytes_per_second?),
            _ => {}
        }
        // A part of an odd length has a byte behind it that is none of the next.
        rest = rest.get(8..)?.get(size.checked_add(size % 2)?..)?;
    }
}

/// Bytes of a second.
fn rate(format: &[u8]) -> Option<u64> {
    let said = u64::from(le32(format, 8)?);
    if !PLAIN.contains(&le16(format, 0)?) {
        return Some(said);
    }
    let (channels, samples, bits) = (le16(format, 2)?, le32(format, 4)?, le16(format, 14)?);
    let bits_per_second = u64::from(channels) * u64::from(bits) * u64::from(samples);
    Some(bits_per_second / 8)
}
