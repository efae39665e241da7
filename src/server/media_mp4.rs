//! Length of an MP4, M4A or QuickTime file: the longest that it states anywhere, for its whole, for
//! a track of any kind, for all samples together, or for the fragments that recorders write without
//! knowing their end.

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
    /// In its own ticks: of all of it, of its samples, of a sample in a fragment that says none, and
    /// where the last fragment ends.
    stated: u64,
    samples: u64,
    sample: u64,
    end: u64,
}

/// Whether these bytes begin as one does.
pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.get(4..).is_some_and(|name| name.starts_with(b"ftyp"))
}

/// What is in it; nothing where it does not say what it has, or a part belongs to no track.
pub(crate) fn tracks(bytes: &[u8]) -> Option<Tracks> {
    let (mut all, mut tracks) = (Duration::ZERO, BTreeMap::new());
    for (name, body) in boxes(bytes) {
        match &name {
            b"moov" => all = all.max(movie(body, &mut tracks)?),
            b"moof" => named(body, b"traf").try_for_each(|body| fragment(body, &mut tracks))?,
            _ => {}
        }
    }
    let mut found = Tracks { length: all, ..Tracks::default() };
    for track in tracks.values() {
        found.sound |= track.sound;
        found.pictures |= track.pictures;
        let longest = track.stated.max(track.samples).max(track.end);
        found.length = found.length.max(ticks(longest, track.per_second)?);
    }
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

/// What the boxes of a name hold.
fn named<'a>(bytes: &'a [u8], wanted: &Name) -> impl Iterator<Item = &'a [u8]> {
    boxes(bytes).filter(move |(name, _)| name == wanted).map(|(_, body)| body)
}

/// The whole's length; what it says of its tracks is noted. Nothing where they are too many, or two
/// have one number.
fn movie(bytes: &[u8], tracks: &mut BTreeMap<u32, Track>) -> Option<Duration> {
    for body in named(bytes, b"trak") {
        let (id, track) = track(body)?;
        let is_new = tracks.insert(id, track).is_none();
        (is_new && tracks.len() <= TRACKS_MAX).then_some(())?;
    }
    // Its place among the tracks is free.
    named(bytes, b"mvex").for_each(|body| samples(body, tracks));
    let lengths = named(bytes, b"mvhd").filter_map(times);
    let lengths = lengths.filter_map(|(per_second, count)| ticks(count, per_second));
    Some(lengths.max().unwrap_or_default())
}

/// How long a sample is of which a fragment does not say so.
fn samples(bytes: &[u8], tracks: &mut BTreeMap<u32, Track>) {
    for body in named(bytes, b"trex") {
        let (Some(id), Some(sample)) = (be32(body, 4), be32(body, 12)) else { continue };
        if let Some(track) = tracks.get_mut(&id) {
            track.sample = track.sample.max(sample.into());
        }
    }
}

/// A track and its number; nothing where it has none, or not one length in ticks.
fn track(bytes: &[u8]) -> Option<(u32, Track)> {
    let header = named(bytes, b"tkhd").next()?;
    let id = be32(header, if is_long(header) { 20 } else { 12 })?;
    let mut track = Track::default();
    for (name, body) in named(bytes, b"mdia").flat_map(boxes) {
        match &name {
            b"mdhd" if track.per_second > 0 => return None,
            b"mdhd" => (track.per_second, track.stated) = times(body)?,
            b"hdlr" => {
                let kind = array::<4>(body, 8);
                track.sound |= kind == Some(*b"soun");
                track.pictures |= kind == Some(*b"vide");
            }
            b"minf" => {
                let tables = named(body, b"stbl").flat_map(|body| named(body, b"stts"));
                let all = tables.map(|body| table(body).unwrap_or(0));
                track.samples = all.fold(track.samples, u64::saturating_add);
            }
            _ => {}
        }
    }
    Some((id, track)).filter(|(_, track)| track.per_second > 0)
}

/// The samples of one table together: how many there are of each length.
fn table(body: &[u8]) -> Option<u64> {
    let lengths = body.get(8..)?.chunks_exact(8).take(stated(be32(body, 4)?));
    let each = lengths.filter_map(|of| Some(u64::from(be32(of, 0)?) * u64::from(be32(of, 4)?)));
    Some(each.fold(0, u64::saturating_add))
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

/// Adds what a fragment has of its track; nothing where there is no such track.
fn fragment(bytes: &[u8], tracks: &mut BTreeMap<u32, Track>) -> Option<()> {
    let header = named(bytes, b"tfhd").next()?;
    let track = tracks.get_mut(&be32(header, 4)?)?;
    let sample = sample_of(header).unwrap_or(track.sample);
    let runs = named(bytes, b"trun").map(|body| run(body, sample).unwrap_or(0));
    let sum = runs.fold(0, u64::saturating_add);
    let begins = named(bytes, b"tfdt").filter_map(|body| {
        if is_long(body) { be64(body, 4) } else { be32(body, 4).map(u64::from) }
    });
    let end = begins.max().unwrap_or(track.end).saturating_add(sum);
    track.end = track.end.max(end);
    // All fragments may say that they begin at one place, and are played one behind the other.
    track.samples = track.samples.saturating_add(sum);
    Some(())
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
