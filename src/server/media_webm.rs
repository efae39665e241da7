//! Length of a WebM or Matroska file: the longer of what its head states and of where its last block
//! stands. Recorders in browsers write no length.
//!
//! Elements that hold others are gone into and all others passed over, so one walk without a stack
//! is enough, also where a size is not known.

use crate::media::Tracks;
use crate::media_bytes::{array, length as stated};
use std::time::Duration;

/// The first element of every such file.
const HEAD: &[u8] = b"\x1a\x45\xdf\xa3";

/// Elements that hold others: the segment, its facts, its tracks, one of them, clusters and groups.
const INTO: [u32; 6] = [0x1853_8067, 0x1549_a966, 0x1654_ae6b, 0xae, 0x1f43_b675, 0xa0];
const NANOSECONDS_OF_TICK: u32 = 0x2a_d7b1;
const LENGTH: u32 = 0x4489;
const TRACK_TYPE: u32 = 0x83;
const CLUSTER_TIME: u32 = 0xe7;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK: u32 = 0xa1;
const BLOCK_LENGTH: u32 = 0x9b;

/// Whether these bytes begin as one does.
pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(HEAD)
}

/// What is in it; nothing where a number in it can be none.
pub(crate) fn tracks(bytes: &[u8]) -> Option<Tracks> {
    let mut found = Tracks::default();
    let (mut nanoseconds, mut length) = (1_000_000_u64, 0_f64);
    let (mut cluster, mut block, mut end) = (0_u64, 0_u64, 0_u64);
    let mut rest = bytes;
    while let Some((id, size, body)) = element(rest) {
        if INTO.contains(&id) {
            rest = body;
            continue;
        }
        let own = body.get(..size).unwrap_or(body);
        match id {
            NANOSECONDS_OF_TICK => nanoseconds = number(own)?,
            LENGTH => length = fraction(own)?,
            TRACK_TYPE => match number(own)? {
                1 => found.pictures = true,
                2 => found.sound = true,
                _ => {}
            },
            CLUSTER_TIME => cluster = number(own)?,
            SIMPLE_BLOCK | BLOCK => {
                block = cluster.saturating_add_signed(place(own).unwrap_or(0).into());
                end = end.max(block);
            }
            BLOCK_LENGTH => end = end.max(block.saturating_add(number(own)?)),
            _ => {}
        }
        rest = body.get(size..).unwrap_or_default();
    }
    let scale = f64::from(u32::try_from(nanoseconds).ok()?) / 1e9;
    let stated = Duration::try_from_secs_f64(length * scale).ok()?;
    let last = u128::from(end).checked_mul(nanoseconds.into())?;
    let last = u64::try_from(last).map(Duration::from_nanos).ok()?;
    found.length = stated.max(last);
    Some(found)
}

/// An element's id, its size and what follows its head; of a size that is not known all that
/// follows.
fn element(bytes: &[u8]) -> Option<(u32, usize, &[u8])> {
    let id_bytes = width(bytes).filter(|width| *width <= 4)?;
    let id = bytes.get(..id_bytes)?.iter().fold(0, |id, byte| (id << 8) | u32::from(*byte));
    let rest = bytes.get(id_bytes..)?;
    let size_bytes = width(rest)?;
    let (first, others) = rest.get(..size_bytes)?.split_first()?;
    let mask = 0xff_u8.checked_shr(u32::try_from(size_bytes).ok()?).unwrap_or(0);
    let size =
        others.iter().fold(u64::from(first & mask), |sum, byte| (sum << 8) | u64::from(*byte));
    let unknown = first & mask == mask && others.iter().all(|byte| *byte == 0xff);
    let size = if unknown { usize::MAX } else { stated(size) };
    Some((id, size, rest.get(size_bytes..)?))
}

/// How many bytes a number has whose first byte says so by its leading zeros.
fn width(bytes: &[u8]) -> Option<usize> {
    let zeros = usize::try_from(bytes.first()?.leading_zeros()).ok()?;
    (zeros < 8).then_some(zeros + 1)
}

/// A whole number.
fn number(body: &[u8]) -> Option<u64> {
    (body.len() <= 8).then(|| body.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}

/// A number with a point; none of it is zero.
fn fraction(body: &[u8]) -> Option<f64> {
    match body.len() {
        0 => Some(0.0),
        4 => array(body, 0).map(f32::from_be_bytes).map(f64::from),
        8 => array(body, 0).map(f64::from_be_bytes),
        _ => None,
    }
}

/// Where a block stands in its cluster: behind its track's number.
fn place(block: &[u8]) -> Option<i16> {
    array(block, width(block)?).map(i16::from_be_bytes)
}
