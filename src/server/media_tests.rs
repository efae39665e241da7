//! Pictures, recordings and clips: those that Chromium made, and those that are made here, whole,
//! cut and lying.

use super::{Media, MediaFault, read};
use kumari_engine::attachment::Attachment;

const WEBM_VOICE: &[u8] = include_bytes!("tests/media/voice.webm");
const WEBM_CLIP: &[u8] = include_bytes!("tests/media/clip.webm");
const MP4_VOICE: &[u8] = include_bytes!("tests/media/voice.m4a");
const MP4_CLIP: &[u8] = include_bytes!("tests/media/clip.mp4");
const PNG: &[u8] = include_bytes!("tests/media/picture.png");
const JPEG: &[u8] = include_bytes!("tests/media/picture.jpg");
const WEBP: &[u8] = include_bytes!("tests/media/picture.webp");

fn image(media_type: &'static str, width: u32, height: u32) -> Option<Media> {
    Some(Media { media_type, size: Attachment::Image { width, height } })
}

pub(super) fn sound(media_type: &'static str, seconds: u32) -> Option<Media> {
    Some(Media { media_type, size: Attachment::Audio { seconds } })
}

pub(super) fn clip(media_type: &'static str, seconds: u32) -> Option<Media> {
    Some(Media { media_type, size: Attachment::Video { seconds } })
}

fn code(bytes: &[u8]) -> &'static str {
    read(bytes).unwrap_err().code()
}

/// A WAV of `data` bytes that says that it has `said`.
fn wav(format: u16, bytes_per_second: u32, said: u32, data: usize) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    file.extend(format.to_le_bytes());
    file.extend([1, 0]);
    file.extend(8_000_u32.to_le_bytes());
    file.extend(bytes_per_second.to_le_bytes());
    file.extend([1, 0, 8, 0]);
    // A part of an odd length before the sound.
    file.extend(b"LIST\x03\0\0\0abc\0data");
    file.extend(said.to_le_bytes());
    file.resize(file.len() + data, 0x80);
    file
}

/// Frames of MPEG 1, layer III, 128 kbit/s and 44.1 kHz: 417 bytes and 1 152 samples each.
pub(super) fn mp3(frames: usize) -> Vec<u8> {
    let mut frame = b"\xff\xfb\x90\x00".to_vec();
    frame.resize(417, 0x55);
    frame.repeat(frames)
}

fn ogg_page(flags: u8, place: i64, body: &[u8]) -> Vec<u8> {
    ogg_page_of(7, flags, place, body)
}

/// A page of the stream with this number.
pub(super) fn ogg_page_of(serial: u32, flags: u8, place: i64, body: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(place.to_le_bytes());
    page.extend(serial.to_le_bytes());
    page.extend([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    page.push(u8::try_from(body.len()).unwrap());
    page.extend(body);
    let sum = page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 24), |sum, _| {
            (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

fn opus(last: i64) -> Vec<u8> {
    opus_of(7, last)
}

/// A recording of Opus whose stream has this number.
pub(super) fn opus_of(serial: u32, last: i64) -> Vec<u8> {
    let head = ogg_page_of(serial, 2, 0, b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0");
    [head, ogg_page_of(serial, 0, -1, b"x"), ogg_page_of(serial, 4, last, b"sound")].concat()
}

pub(super) fn mp4_box(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap();
    [&size.to_be_bytes()[..], name, body].concat()
}

/// An MP4 with one track of a kind, whose head says so many thousandths of a second, and whose
/// track so many.
fn mp4(kind: &[u8; 4], all: u32, track: u32) -> Vec<u8> {
    mp4_of(all, &mp4_track(7, kind, track, &[]))
}

/// An MP4 with these tracks, whose head says so many thousandths of a second.
pub(super) fn mp4_of(all: u32, tracks: &[u8]) -> Vec<u8> {
    let moov = [&mp4_box(b"mvhd", &mp4_times(all)), tracks].concat();
    [mp4_box(b"ftyp", b"isom\0\0\0\0"), mp4_box(b"moov", &moov)].concat()
}

/// So many thousandths of a second, as a head has them.
fn mp4_times(count: u32) -> Vec<u8> {
    [&[0; 12][..], &1_000_u32.to_be_bytes(), &count.to_be_bytes()].concat()
}

/// A track that says so many thousandths of a second, and has these samples: how many, how long.
pub(super) fn mp4_track(id: u32, kind: &[u8; 4], says: u32, samples: &[(u32, u32)]) -> Vec<u8> {
    let handler = [&[0; 8][..], kind, &[0; 12]].concat();
    let mut table = vec![0; 4];
    table.extend(u32::try_from(samples.len()).unwrap().to_be_bytes());
    for (count, length) in samples {
        table.extend([count.to_be_bytes(), length.to_be_bytes()].concat());
    }
    let table = mp4_box(b"minf", &mp4_box(b"stbl", &mp4_box(b"stts", &table)));
    let media = [mp4_box(b"mdhd", &mp4_times(says)), mp4_box(b"hdlr", &handler), table].concat();
    let head = [&[0; 12][..], &id.to_be_bytes(), &[0; 8]].concat();
    mp4_box(b"trak", &[mp4_box(b"tkhd", &head), mp4_box(b"mdia", &media)].concat())
}

/// A JPEG's part that says how it is to be turned.
fn turned(orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let size = u16::try_from(exif.len() + 2).unwrap();
    let (start, rest) = JPEG.split_at(2);
    [start, &[0xff, 0xe1], &size.to_be_bytes(), &exif, rest].concat()
}

#[test]
fn the_bytes_tell_what_it_is_and_how_large() {
    let tagged = [b"ID3\x04\0\0\0\0\x01\x00".to_vec(), vec![0; 128], mp3(100)].concat();
    let mut announced = mp3(40);
    announced[36..40].copy_from_slice(b"Xing");
    let ends_with_tag = [mp3(1), b"TAG".to_vec(), vec![0; 125]].concat();
    let vorbis =
        [ogg_page(2, 0, b"\x01vorbis\0\0\0\0\x01\x44\xac\0\0"), ogg_page(4, 44_100 * 3, b"sound")];
    let gif = b"GIF89a\x05\x00\x07\x00\0\0\0;";
    let cases: [(&str, &[u8], Option<Media>); 23] = [
        ("Chromium's PNG", PNG, image("image/png", 40, 25)),
        ("Chromium's JPEG", JPEG, image("image/jpeg", 40, 25)),
        ("Chromium's WebP", WEBP, image("image/webp", 40, 25)),
        ("a GIF", gif, image("image/gif", 5, 7)),
        ("a JPEG upside down", &turned(3), image("image/jpeg", 40, 25)),
        ("a JPEG on its side", &turned(6), image("image/jpeg", 25, 40)),
        ("Chromium's voice, WebM", WEBM_VOICE, sound("audio/webm", 3)),
        ("Chromium's voice, MP4", MP4_VOICE, sound("audio/mp4", 3)),
        ("Chromium's clip, WebM", WEBM_CLIP, clip("video/webm", 3)),
        ("Chromium's clip, MP4", MP4_CLIP, clip("video/mp4", 3)),
        ("an MP4", &mp4(b"vide", 9_999, 9_000), clip("video/mp4", 10)),
        ("an M4A", &mp4(b"soun", 10_001, 0), sound("audio/mp4", 11)),
        ("a WAV of a second", &wav(1, 8_000, 8_000, 8_000), sound("audio/wav", 1)),
        ("a WAV of a little more", &wav(1, 8_000, 8_001, 8_001), sound("audio/wav", 2)),
        ("an MP3 of 38 frames", &mp3(38), sound("audio/mpeg", 1)),
        ("an MP3 of 39 frames", &mp3(39), sound("audio/mpeg", 2)),
        ("an MP3 whose first frame is none", &announced, sound("audio/mpeg", 2)),
        ("an MP3 with a tag", &tagged, sound("audio/mpeg", 3)),
        ("an MP3 with a tag behind", &ends_with_tag, sound("audio/mpeg", 1)),
        ("an Ogg of Opus", &opus(48_000 + 312), sound("audio/ogg", 1)),
        ("an Ogg of Opus and a sample", &opus(48_000 + 313), sound("audio/ogg", 2)),
        ("an Ogg of Vorbis", &vorbis.concat(), sound("audio/ogg", 3)),
        ("a text", b"RIFF is a word, and so is WAVE", None),
    ];
    for (what, bytes, expected) in cases {
        assert_eq!(read(bytes), Ok(expected), "{what}");
    }
    for text in [&b""[..], b"%PDF-1.7", b"PK\x03\x04", b"a,b\n", "Grüße".as_bytes(), b"\xff\xfeh\0"]
    {
        assert_eq!(read(text), Ok(None), "{text:?}");
    }
}

#[test]
fn what_says_two_lengths_has_the_longer_one() {
    assert_eq!(read(&mp4(b"vide", 1_000, 60_000)), Ok(clip("video/mp4", 60)));
    assert_eq!(read(&mp4(b"vide", 60_000, 1_000)), Ok(clip("video/mp4", 60)));
    // A fragment of two samples of a second each, 59 seconds after the beginning.
    let run = [&[0, 0, 1, 0, 0, 0, 0, 2][..], &1_000_u32.to_be_bytes().repeat(2)].concat();
    let header = [&[0; 4][..], &7_u32.to_be_bytes()].concat();
    let begin = [&[0; 4][..], &59_000_u32.to_be_bytes()].concat();
    let traf = [mp4_box(b"tfhd", &header), mp4_box(b"tfdt", &begin), mp4_box(b"trun", &run)];
    let moof = mp4_box(b"moof", &mp4_box(b"traf", &traf.concat()));
    let file = [mp4(b"vide", 1_000, 0), moof].concat();
    assert_eq!(read(&file), Ok(clip("video/mp4", 61)));
    // What the head of a WebM says, in milliseconds; its blocks go on into the third second.
    let mut file = WEBM_CLIP.to_vec();
    let value = file.windows(3).position(|part| part == b"\x44\x89\x84").unwrap() + 3;
    for (said, seconds) in [(1_000_f32, 3), (90_000.0, 90)] {
        file[value..value + 4].copy_from_slice(&said.to_be_bytes());
        assert_eq!(read(&file), Ok(clip("video/webm", seconds)), "{said}");
    }
    for nonsense in [f32::NAN, f32::INFINITY, -1.0] {
        file[value..value + 4].copy_from_slice(&nonsense.to_be_bytes());
        assert_eq!(code(&file), "media_broken", "{nonsense}");
    }
}

#[test]
fn what_is_announced_and_not_there_does_not_count() {
    assert_eq!(read(&wav(1, 8_000, u32::MAX, 8_001)), Ok(sound("audio/wav", 2)));
    // The bytes of a second follow from the samples, whatever is said of them.
    assert_eq!(read(&wav(1, u32::MAX, 80_000, 80_000)), Ok(sound("audio/wav", 10)));
    assert_eq!(code(&wav(1, 8_000, 8_000, 0)), "media_broken");
    assert_eq!(code(&opus(312)), "media_broken");
    assert_eq!(code(&mp4(b"text", 1_000, 1_000)), "media_broken");
    assert_eq!(code(&mp4(b"vide", u32::MAX, u32::MAX)), "media_broken");
    assert_eq!(code(b"GIF89a\0\0\x07\x00\0\0\0;"), "media_broken");
    assert_eq!(code(b"ID3\x04\0\0\x7f\x7f\x7f\x7f"), "media_broken");
}

#[test]
fn what_is_not_read_is_called_by_its_name() {
    let theora = ogg_page(2, 0, b"\x80theora");
    let compressed = wav(2, 4_000, 8_000, 8_000);
    let cases: [(&[u8], &str); 7] = [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "an HEIC picture cannot be read: save it as JPEG or PNG"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "an AVIF picture"),
        (b"fLaC\0\0\0\x22", "a FLAC recording cannot be read: save it as MP3, WAV or M4A"),
        (b"RIFF\0\0\0\0AVI LIST", "an AVI clip cannot be read: save it as MP4 or WebM"),
        (b"\xff\xf1\x50\x80", "an AAC recording"),
        (&theora, "an Ogg clip"),
        (&compressed, "a WAV recording of compressed sound cannot be read"),
    ];
    for (bytes, words) in cases {
        let fault = read(bytes).unwrap_err();
        assert!(matches!(fault, MediaFault::Unsupported { .. }), "{fault}");
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

/// All files, for those that are cut and changed below.
fn all() -> [Vec<u8>; 12] {
    [
        PNG.to_vec(),
        JPEG.to_vec(),
        turned(6),
        WEBP.to_vec(),
        WEBM_VOICE.to_vec(),
        WEBM_CLIP.to_vec(),
        MP4_VOICE.to_vec(),
        MP4_CLIP.to_vec(),
        mp4(b"vide", 1_000, 2_000),
        wav(1, 8_000, 8_000, 300),
        mp3(3),
        opus(48_000),
    ]
}

#[test]
fn a_file_that_is_cut_anywhere_is_read_or_refused() {
    for whole in all() {
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
        }
    }
}

#[test]
fn a_file_with_any_byte_changed_is_read_or_refused() {
    for whole in all() {
        for at in 0..whole.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut lying = whole.clone();
                lying[at] = byte;
                let _ = read(&lying);
            }
        }
    }
}

/// Megabytes of what takes each reader the most steps.
#[test]
fn the_largest_files_are_gone_through_once() {
    let size = 2 << 20;
    let fill = |begin: &[u8], part: &[u8]| {
        let mut file = begin.to_vec();
        file.extend(part.iter().copied().cycle().take(size - begin.len()));
        file
    };
    let moov = mp4(b"vide", 1_000, 1_000);
    let webm_cluster = *b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff\x1f\x43\xb6\x75\xff";
    let files = [
        fill(b"ID3\x04\0\0\0\0\0\0", b"\xff"),
        fill(b"ID3\x04\0\0\0\0\0\0", b"\xff\xfb\x90\0"),
        fill(&moov, b"\0\0\0\x08moof"),
        fill(&moov, &mp4_box(b"moof", &mp4_box(b"traf", &mp4_box(b"tfhd", b"\0\0\0\0\0\0\0\x07")))),
        fill(&moov, &mp4_box(b"moov", b"")),
        fill(&webm_cluster, b"\xa3\x84\x81\0\0\0"),
        fill(&webm_cluster, b"\xa0\x80"),
        fill(&webm_cluster, b"\x1f\x43\xb6\x75\xff"),
        fill(&wav(1, 8_000, 0, 0)[..36], b"LIST\0\0\0\0"),
        fill(&opus(1), &ogg_page(0, 1, b"")),
        fill(&opus(1), &ogg_page(0, 1, &[0; 255])),
        fill(b"\xff\xd8", b"\xff\xe1\0\x02"),
        fill(b"\x89PNG\r\n\x1a\n", b"\0\0\0\0tEXt\0\0\0\0"),
        fill(b"RIFF\0\0\0\0WEBP", b"ANIM\0\0\0\0"),
    ];
    for (number, file) in files.iter().enumerate() {
        let begun = std::time::Instant::now();
        let _ = read(file);
        let took = begun.elapsed();
        assert!(took.as_secs() < 10, "file {number} took {took:?}");
    }
}
