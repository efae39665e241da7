//! The demo provider's clips: a scene that moves and ends where it began, as a WebM file. Each frame is
//! a key frame of VP8, which a lossy WebP holds one of, so it is taken out of that.

use crate::provider_demo_scene::Scene;
use crate::provider_media::MadeFile;
use kumari_store::FileContent;
use webp::Encoder;

const WIDTH: u16 = 400;
const HEIGHT: u16 = 224;
const FRAMES_PER_SECOND: u16 = 12;
/// From 0 to 100.
const QUALITY: f32 = 72.0;
/// The most bytes of a second.
const SECOND_BYTES_MAX: u64 = 512 << 10;
/// The longest clip, whatever a book says.
const SECONDS_MAX: u32 = 30;
/// The most bytes of one.
pub(crate) const CLIP_BYTES_MAX: u64 = SECOND_BYTES_MAX * 12;

/// A clip of a prompt.
pub(crate) fn clip(prompt: &str, seed: u64, seconds: u32) -> Option<MadeFile> {
    let seconds = u16::try_from(seconds.clamp(1, SECONDS_MAX)).ok()?;
    let scene = Scene::of(prompt, seed);
    let count = seconds.checked_mul(FRAMES_PER_SECOND)?;
    let mut frames = Vec::with_capacity(usize::from(count));
    for number in 0..count {
        let pixels = scene.pixels(WIDTH, HEIGHT, f32::from(number) / f32::from(count));
        let (width, height) = (u32::from(WIDTH), u32::from(HEIGHT));
        let picture = Encoder::from_rgb(&pixels, width, height).encode(QUALITY);
        frames.push(key_frame(&picture)?.to_vec());
    }
    Some(MadeFile {
        media_type: "video/webm",
        extension: "webm",
        content: FileContent::Video { seconds: u32::from(seconds) },
        bytes: webm(&frames).into(),
    })
}

/// The VP8 frame in a WebP file: its chunks follow a head of 12 bytes.
fn key_frame(webp: &[u8]) -> Option<&[u8]> {
    let mut rest = webp.get(12..)?;
    loop {
        let (name, behind) = rest.split_first_chunk::<4>()?;
        let (size, behind) = behind.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
        if name == b"VP8 " {
            return behind.get(..size);
        }
        // A chunk has an even length.
        rest = behind.get(size.checked_add(size % 2)?..)?;
    }
}

/// Frames as a WebM file: what it is, where each second begins, and the seconds.
fn webm(frames: &[Vec<u8>]) -> Vec<u8> {
    let millis_of = |frame: usize| {
        let frame = u64::try_from(frame).unwrap_or(u64::MAX);
        frame.saturating_mul(1_000) / u64::from(FRAMES_PER_SECOND)
    };
    let head = element(
        0x1a45_dfa3,
        &[
            number(0x4286, 1),
            number(0x42f7, 1),
            number(0x42f2, 4),
            number(0x42f3, 8),
            element(0x4282, &[b"webm".to_vec()]),
            number(0x4287, 2),
            number(0x4285, 2),
        ],
    );
    let length = f64::from(u32::try_from(millis_of(frames.len())).unwrap_or(u32::MAX));
    let facts = element(
        0x1549_a966,
        &[
            // A tick is a millisecond.
            number(0x2a_d7b1, 1_000_000),
            element(0x4489, &[length.to_be_bytes().to_vec()]),
            element(0x4d80, &[b"Kumari Credits".to_vec()]),
            element(0x5741, &[b"Kumari Credits".to_vec()]),
        ],
    );
    let picture = element(0xe0, &[number(0xb0, WIDTH.into()), number(0xba, HEIGHT.into())]);
    let track = element(
        0xae,
        &[
            number(0xd7, 1),
            number(0x73c5, 1),
            number(0x9c, 0),
            number(0x83, 1),
            element(0x86, &[b"V_VP8".to_vec()]),
            number(0x23_e383, 1_000_000_000 / u64::from(FRAMES_PER_SECOND)),
            picture,
        ],
    );
    let tracks = element(0x1654_ae6b, &[track]);
    let per_second = usize::from(FRAMES_PER_SECOND);
    let clusters: Vec<(u64, Vec<u8>)> = frames
        .chunks(per_second)
        .enumerate()
        .map(|(second, frames)| {
            let begin = millis_of(second.saturating_mul(per_second));
            let mut parts = Vec::from([number(0xe7, begin)]);
            for (frame, bytes) in frames.iter().enumerate() {
                let after = u16::try_from(millis_of(frame)).unwrap_or(u16::MAX).to_be_bytes();
                // Of track 1, so much later than its second, a key frame.
                let mut block = Vec::from([0x81]);
                block.extend(after);
                block.push(0x80);
                block.extend(bytes);
                parts.push(element(0xa3, &[block]));
            }
            (begin, element(0x1f43_b675, &parts))
        })
        .collect();
    // Where each second is, from the beginning of the segment's content. They are of a fixed length, so
    // this is as long with other numbers.
    let cues = |before: u64| {
        let mut at = before;
        let points = clusters.iter().map(|(begin, cluster)| {
            let place = element(0xb7, &[number(0xf7, 1), number(0xf1, at)]);
            at = at.saturating_add(u64::try_from(cluster.len()).unwrap_or(u64::MAX));
            element(0xbb, &[number(0xb3, *begin), place])
        });
        element(0x1c53_bb6b, &points.collect::<Vec<_>>())
    };
    let before =
        [facts.len(), tracks.len(), cues(0).len()].into_iter().fold(0, usize::saturating_add);
    let cues = cues(u64::try_from(before).unwrap_or(u64::MAX));
    let mut parts = Vec::from([facts, tracks, cues]);
    parts.extend(clusters.into_iter().map(|(_, cluster)| cluster));
    [head, element(0x1853_8067, &parts)].concat()
}

/// An element: its id as it is written, its size in eight bytes, its content.
fn element(id: u32, content: &[Vec<u8>]) -> Vec<u8> {
    let size = content.iter().map(Vec::len).fold(0, usize::saturating_add);
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    let mut bytes: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    bytes.extend((size | (1 << 56)).to_be_bytes());
    bytes.extend(content.iter().flatten());
    bytes
}

/// An element that is a number, in eight bytes.
fn number(id: u32, number: u64) -> Vec<u8> {
    element(id, &[number.to_be_bytes().to_vec()])
}

#[cfg(test)]
mod tests {
    use super::{CLIP_BYTES_MAX, clip, key_frame};
    use crate::media_webm;

    #[test]
    fn a_clip_is_a_webm_as_long_as_asked() {
        let made = clip("waves at night", 3, 1).unwrap();
        assert!(u64::try_from(made.bytes.len()).unwrap() <= CLIP_BYTES_MAX / 12);
        assert!(media_webm::is(&made.bytes));
        // Read by the reader of attached files: the last frame begins a twelfth before the end.
        let tracks = media_webm::tracks(&made.bytes).unwrap();
        assert_eq!(tracks.length.as_millis(), 1_000);
        assert_ne!(made.bytes, clip("waves at night", 4, 1).unwrap().bytes);
    }

    #[test]
    fn what_is_no_webp_has_no_frame() {
        assert_eq!(
            key_frame(b"RIFF\0\0\0\0WEBPVP8L\x01\0\0\0a\0VP8 \x02\0\0\0bc"),
            Some(&b"bc"[..])
        );
        for bytes in [&b""[..], b"RIFF\0\0\0\0WEBP", b"RIFF\0\0\0\0WEBPVP8 \xff\0\0\0b"] {
            assert_eq!(key_frame(bytes), None);
        }
    }
}
