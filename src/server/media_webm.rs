//! Length of a WebM or Matroska file: the longer of what its head states and of where its last block
//! stands. Recorders in browsers write no length.
//!
//! Elements that hold others are gone into and all others passed over. Each is taken only where it
//! belongs, wholly within what holds it: where a player would have to look for the next one, it could
//! find what such a walk steps over, so nothing is read of that file.

use crate::media::Tracks;
use crate::media_bytes::{array, length as stated};
use std::time::Duration;

/// The first element of every such file.
const HEAD: &[u8] = b"\x1a\x45\xdf\xa3";

/// What holds the outermost elements.
const FILE: u32 = 0;
const SEGMENT: u32 = 0x1853_8067;
const FACTS: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const CLUSTER: u32 = 0x1f43_b675;
const GROUP: u32 = 0xa0;

/// Elements that hold others, and what holds each of them.
const INTO: [(u32, u32); 6] = [
    (SEGMENT, FILE),
    (FACTS, SEGMENT),
    (TRACKS, SEGMENT),
    (TRACK, TRACKS),
    (CLUSTER, SEGMENT),
    (GROUP, CLUSTER),
];
/// Those that may be written before their size is known.
const ENDLESS: [u32; 2] = [SEGMENT, CLUSTER];
/// The ids of what a segment holds have four bytes, and none of what a cluster holds has.
const FOUR_BYTES_MIN: u32 = 0x1000_0000;

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

/// What is in it; nothing where an element or a number in it can be none.
pub(crate) fn tracks(bytes: &[u8]) -> Option<Tracks> {
    let (mut open, mut found) = (Open::default(), Found::default());
    let mut rest = bytes;
    while !rest.is_empty() {
        let Element { id, size, body } = element(rest)?;
        let parent = open.parent(id, rest.len());
        let behind = match size {
            Some(size) => Some(body.len().checked_sub(size).filter(|end| *end >= open.end())?),
            None => None,
        };
        if let Some((_, within)) = INTO.iter().find(|(into, _)| *into == id) {
            let is_here = parent == *within && (behind.is_some() || ENDLESS.contains(&id));
            is_here.then_some(())?;
            found.enter(id)?;
            open.0.push((id, behind));
            rest = body;
        } else {
            let (own, others) = body.split_at_checked(size?)?;
            found.take(parent, id, own)?;
            rest = others;
        }
    }
    found.tracks()
}

/// The elements around a place, the outermost first, and how many bytes of the file are behind each
/// where its size is known. Each is held by one of another kind, so there are three at the most.
#[derive(Debug, Default)]
struct Open(Vec<(u32, Option<usize>)>);

impl Open {
    /// What holds the element of this id that begins so many bytes before the file's end.
    fn parent(&mut self, id: u32, left: usize) -> u32 {
        let is_over = |(holder, behind): &mut (u32, Option<usize>)| match behind {
            Some(behind) => *behind == left,
            None => *holder == CLUSTER && id >= FOUR_BYTES_MIN,
        };
        while self.0.pop_if(is_over).is_some() {}
        self.0.last().map_or(FILE, |(holder, _)| *holder)
    }

    /// How many bytes are behind what is around here.
    fn end(&self) -> usize {
        self.0.iter().rev().find_map(|(_, behind)| *behind).unwrap_or(0)
    }
}

/// What was found so far. Places and lengths are in ticks.
#[derive(Debug, Default)]
struct Found {
    tracks: Tracks,
    has_segment: bool,
    has_cluster: bool,
    nanoseconds: Option<u64>,
    length: f64,
    cluster: u64,
    block: u64,
    block_length: u64,
    end: u64,
}

impl Found {
    /// Goes into an element; nothing where it is a second segment, whose ticks would be others.
    fn enter(&mut self, id: u32) -> Option<()> {
        if id == SEGMENT && self.has_segment {
            return None;
        }
        self.has_segment |= id == SEGMENT;
        self.has_cluster |= id == CLUSTER;
        if id == GROUP {
            (self.block, self.block_length) = (self.cluster, 0);
        }
        Some(())
    }

    fn take(&mut self, parent: u32, id: u32, body: &[u8]) -> Option<()> {
        match (parent, id) {
            (FACTS, NANOSECONDS_OF_TICK) => {
                // Of two, and of one behind the blocks, players take it or not.
                let is_first = self.nanoseconds.replace(number(body)?).is_none();
                return (is_first && !self.has_cluster).then_some(());
            }
            (FACTS, LENGTH) => {
                let length = fraction(body).filter(|length| *length >= 0.0)?;
                self.length = self.length.max(length);
            }
            (TRACK, TRACK_TYPE) => match number(body)? {
                1 => self.tracks.pictures = true,
                2 => self.tracks.sound = true,
                _ => {}
            },
            (CLUSTER, CLUSTER_TIME) => self.cluster = number(body)?,
            (CLUSTER, SIMPLE_BLOCK) => {
                self.end = self.end.max(self.cluster.saturating_add_signed(place(body)?.into()));
            }
            (GROUP, BLOCK) => {
                self.block = self.cluster.saturating_add_signed(place(body)?.into());
            }
            (GROUP, BLOCK_LENGTH) => self.block_length = number(body)?,
            _ => {}
        }
        if parent == GROUP {
            self.end = self.end.max(self.block.saturating_add(self.block_length));
        }
        Some(())
    }

    fn tracks(mut self) -> Option<Tracks> {
        let nanoseconds = self.nanoseconds.unwrap_or(1_000_000);
        let scale = f64::from(u32::try_from(nanoseconds).ok()?) / 1e9;
        let stated = Duration::try_from_secs_f64(self.length * scale).ok()?;
        let last = u128::from(self.end).checked_mul(nanoseconds.into())?;
        let last = u64::try_from(last).map(Duration::from_nanos).ok()?;
        self.tracks.length = stated.max(last);
        Some(self.tracks)
    }
}

/// The head of an element, and what follows it.
#[derive(Clone, Copy, Debug)]
struct Element<'a> {
    id: u32,
    /// None where it is not known.
    size: Option<usize>,
    body: &'a [u8],
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let id_bytes = width(bytes).filter(|width| *width <= 4)?;
    let id = bytes.get(..id_bytes)?.iter().fold(0, |id, byte| (id << 8) | u32::from(*byte));
    let rest = bytes.get(id_bytes..)?;
    let size_bytes = width(rest)?;
    let (first, others) = rest.get(..size_bytes)?.split_first()?;
    let mask = 0xff_u8.checked_shr(u32::try_from(size_bytes).ok()?).unwrap_or(0);
    let size =
        others.iter().fold(u64::from(first & mask), |sum, byte| (sum << 8) | u64::from(*byte));
    let unknown = first & mask == mask && others.iter().all(|byte| *byte == 0xff);
    let size = (!unknown).then(|| stated(size));
    Some(Element { id, size, body: rest.get(size_bytes..)? })
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
