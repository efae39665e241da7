//! How long a packet of Opus is, which its first two bytes say (RFC 6716, section 3.1).

/// Samples of a second, at whatever rate it was recorded.
pub(crate) const PER_SECOND: u64 = 48_000;
/// No packet has more.
const SAMPLES_MAX: u64 = 5_760;

/// Samples of a frame by the lowest bits of its kind: of speech, of both, and of music.
const SPEECH: [u64; 4] = [480, 960, 1_920, 2_880];
const BOTH: [u64; 4] = [480, 960, 480, 960];
const MUSIC: [u64; 4] = [120, 240, 480, 960];

/// Samples of the packet that begins here; none where it is a stream's head or its tags.
pub(crate) fn samples(packet: &[u8]) -> u64 {
    if packet.starts_with(b"OpusHead") || packet.starts_with(b"OpusTags") {
        return 0;
    }
    let Some(first) = packet.first() else { return 0 };
    let kind = first >> 3;
    let lengths = match kind {
        0..12 => SPEECH,
        12..16 => BOTH,
        _ => MUSIC,
    };
    let frame = lengths.get(usize::from(kind % 4)).copied().unwrap_or(0);
    let frames = match first % 4 {
        0 => 1,
        1 | 2 => 2,
        _ => packet.get(1).map_or(0, |second| second % 64),
    };
    SAMPLES_MAX.min(frame * u64::from(frames))
}
