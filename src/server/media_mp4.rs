//! Length of an MP4, M4A or QuickTime file: the longest that it states anywhere, for its whole, for
//! a track, or for the fragments that recorders write without knowing their end.

use crate::media::Tracks;
use crate::media_bytes::{array, be32, be64, length as stated, ticks};
use std::collections::BTreeMap;
use std::time::Duration;

/// The most tracks of one file; what has more was made to be hard to read.
const TRACKS_MAX: usize = 64;

type Name = [u8; 4];

/// One track.
#[derive(Clone, Copy, Debug, Default)]
struct Track {
    sound: bool,
    pictures: bool,
    per_second: u64,
    /// In its own ticks: of all of it, of a sample in a fragment that says none, of all fragments.
    stated: u64,
    sample: u64,
    fragments: u64,
}

/// Whether these bytes begin as one does.
pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.get(4..).is_some_and(|name| name.starts_with(b"ftyp"))
}

/// What is in it; nothing where it does not say what it has.
pub(crate) fn tracks(bytes: &[u8]) -> Option<Tracks> {
    let (mut all, mut tracks) = (Duration::ZERO, BTreeMap::new());
    for (name, body) in boxes(bytes) {
        match &name {
            b"moov" => all = all.max(movie(body, &mut tracks)),
            b"moof" => boxes(body).for_each(|(name, body)| fragment(name, body, &mut tracks)),
            _ => {}
        }
    }
    let mut found = Tracks::default();
    for track in tracks.values().filter(|track| track.sound || track.pictures) {
        found.sound |= track.sound;
        found.pictures |= track.pictures;
        let length = ticks(track.stated.max(track.fragments), track.per_second);
        found.length = found.length.max(length.unwrap_or_default());
    }
    found.length = found.length.max(all);
    (found.sound || found.pictures).then_some(found)
}

/// The boxes that lie beside each other here. The last one may be cut.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = (Name, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (size, name) = (be32(rest, 0)?, array::<4>(rest, 4)?);
        let (head, size) = match size {
            0 => (8, rest.len()),
            1 => (16, stated(be64(rest, 8)?)),
            size => (8, stated(size)),
        };
        let body = rest.get(head..size.max(head).min(rest.len()))?;
        rest = rest.get(size.max(head)..).unwrap_or_default();
        Some((name, body))
    })
}

/// The whole's length; what it says of its tracks is noted.
fn movie(bytes: &[u8], tracks: &mut BTreeMap<u32, Track>) -> Duration {
    let mut all = Duration::ZERO;
    for (name, body) in boxes(bytes) {
        match &name {
            b"mvhd" => {
                let length = times(body).and_then(|(per_second, count)| ticks(count, per_second));
                all = all.max(length.unwrap_or_default());
            }
            b"trak" => {
                if let Some((id, track)) = track(body)
                    && tracks.len() < TRACKS_MAX
                {
                    tracks.insert(id, track);
                }
            }
            b"mvex" => samples(body, tracks),
            _ => {}
        }
    }
    all
}

/// How long a sample is of which a fragment does not say so.
fn samples(bytes: &[u8], tracks: &mut BTreeMap<u32, Track>) {
    for (_, body) in boxes(bytes).filter(|(name, _)| name == b"trex") {
        let (Some(id), Some(sample)) = (be32(body, 4), be32(body, 12)) else { continue };
        if let Some(track) = tracks.get_mut(&id) {
            track.sample = sample.into();
        }
    }
}

fn track(bytes: &[u8]) -> Option<(u32, Track)> {
    let (mut id, mut track) = (None, Track::default());
    for (name, body) in boxes(bytes) {
        match &name {
            b"tkhd" => id = be32(body, if is_long(body) { 20 } else { 12 }),
            b"mdia" => boxes(body).for_each(|(name, body)| match &name {
                b"mdhd" => {
                    (track.per_second, track.stated) = times(body).unwrap_or_default();
                }
                b"hdlr" => {
                    let kind = array::<4>(body, 8);
                    track.sound = kind == Some(*b"soun");
                    track.pictures = kind == Some(*b"vide");
                }
                _ => {}
            }),
            _ => {}
        }
    }
    Some((id?, track))
}

/// Ticks of a second and of all, as a header has them; none of all where it says that it does not
/// know.
fn times(header: &[u8]) -> Option<(u64, u64)> {
    if is_long(header) {
        let count = be64(header, 24)?;
        return Some((be32(header, 20)?.into(), if count == u64::MAX { 0 } else { count }));
    }
    let count = be32(header, 16)?;
    Some((be32(header, 12)?.into(), if count == u32::MAX { 0 } else { count.into() }))
}

/// Whether a header has times of eight bytes.
fn is_long(header: &[u8]) -> bool {
    header.first() == Some(&1)
}

/// Adds what a fragment has of its track.
fn fragment(name: Name, bytes: &[u8], tracks: &mut BTreeMap<u32, Track>) {
    if &name != b"traf" {
        return;
    }
    let (mut id, mut begin, mut sample, mut sum) = (None, None, None, 0_u64);
    for (name, body) in boxes(bytes) {
        match &name {
            b"tfhd" => {
                id = be32(body, 4);
                sample = sample_of(body);
            }
            b"tfdt" => {
                begin = if is_long(body) { be64(body, 4) } else { be32(body, 4).map(u64::from) }
            }
            b"trun" => {
                let track = id.and_then(|id| tracks.get(&id));
                let sample = sample.or(track.map(|track| track.sample)).unwrap_or(0);
                sum = sum.saturating_add(run(body, sample).unwrap_or(0));
            }
            _ => {}
        }
    }
    if let Some(track) = id.and_then(|id| tracks.get_mut(&id)) {
        let end = begin.unwrap_or(track.fragments).saturating_add(sum);
        track.fragments = track.fragments.max(end);
    }
}

/// How long a sample of this fragment is, where its header says so.
fn sample_of(header: &[u8]) -> Option<u64> {
    let flags = be32(header, 0)?;
    let before = [(1, 8), (2, 4)].iter().filter(|(flag, _)| flags & flag != 0);
    let at = before.fold(8, |at: usize, (_, bytes)| at.saturating_add(*bytes));
    be32(header, at).filter(|_| flags & 8 != 0).map(u64::from)
}

/// The samples of one run together.
fn run(body: &[u8], sample: u64) -> Option<u64> {
    let (flags, count) = (be32(body, 0)?, be32(body, 4)?);
    if flags & 0x100 == 0 {
        return Some(sample.saturating_mul(count.into()));
    }
    let given = |flags_of: &[u32]| flags_of.iter().filter(|flag| flags & **flag != 0).count();
    let each = given(&[0x100, 0x200, 0x400, 0x800]).checked_mul(4)?;
    let samples = body.get(given(&[1, 4]).checked_mul(4)?.checked_add(8)?..)?;
    let lengths = samples.chunks_exact(each).take(stated(count));
    Some(lengths.filter_map(|one| be32(one, 0)).map(u64::from).fold(0, u64::saturating_add))
}
