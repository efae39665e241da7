//! Files that were made to say less than a player would play of them.

use super::tests::{clip, mp3, mp4_box, mp4_of, mp4_track, ogg_page_of, opus_of, sound};
use super::{Media, ogg::opus, read};

/// What is read of it, or the fault's code.
fn found(file: &[u8]) -> Result<Option<Media>, &'static str> {
    read(file).map_err(|fault| fault.code())
}

/// A WAV of 80 000 bytes of sound.
fn wav(format: &[u8]) -> Vec<u8> {
    let size = u32::try_from(format.len()).unwrap();
    let head = [b"RIFF\0\0\0\0WAVEfmt ", &size.to_le_bytes()[..], format].concat();
    [head, wav_data()].concat()
}

fn wav_data() -> Vec<u8> {
    [&b"data"[..], &80_000_u32.to_le_bytes(), &[0x80; 80_000]].concat()
}

/// What a WAV says of its samples: one channel of 8 000 a second, and more bytes than all has.
fn wav_format(format: u16, block: u16, bits: u16) -> Vec<u8> {
    let mut body = [format, 1].map(u16::to_le_bytes).concat();
    body.extend([8_000, u32::MAX].map(u32::to_le_bytes).concat());
    body.extend([block, bits].map(u16::to_le_bytes).concat());
    body
}

/// The same where the format stands behind.
fn wav_extensible(inner: u16) -> Vec<u8> {
    let mut body = wav_format(0xfffe, 1, 8);
    body.extend([22, 0, 8, 0, 0, 0, 0, 0]);
    body.extend(inner.to_le_bytes());
    body.extend(b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
    body
}

#[test]
fn a_wav_is_as_long_as_its_samples() {
    let cases = [
        ("whole numbers", wav_format(1, 1, 8)),
        ("A-law", wav_format(6, 1, 8)),
        ("µ-law", wav_format(7, 1, 8)),
        ("µ-law that says 16 bits", wav_format(7, 1, 16)),
        ("whole numbers, extensible", wav_extensible(1)),
        ("µ-law, extensible", wav_extensible(7)),
    ];
    for (what, format) in cases {
        assert_eq!(read(&wav(&format)), Ok(sound("audio/wav", 10)), "{what}");
    }
    let twelve_bits = wav(&wav_format(1, 2, 12));
    assert_eq!(read(&twelve_bits), Ok(sound("audio/wav", 5)));
    let floats = wav(&wav_format(3, 4, 32));
    assert_eq!(read(&floats), Ok(sound("audio/wav", 3)));
}

#[test]
fn a_wav_that_lies_is_broken() {
    let mut fast = wav_format(1, 1, 8);
    fast[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let again = [&b"fmt \x10\0\0\0"[..], &wav_format(1, 8, 64)].concat();
    let once = wav(&wav_format(1, 1, 8));
    let cases = [
        ("more bits than bytes", wav(&wav_format(1, 1, 16))),
        ("more bytes than bits", wav(&wav_format(1, 8, 8))),
        ("blocks of µ-law of eight", wav(&wav_format(7, 8, 8))),
        ("bits that no sample has", wav(&wav_format(1, 0x1000, 0x8000))),
        ("four billion samples a second", wav(&fast)),
        ("extensible without what it is", wav(&wav_format(0xfffe, 1, 8))),
        ("a second format", [&once[..36], &again, &wav_data()].concat()),
        ("a second format behind the sound", [&once[..], &again].concat()),
        ("more sound behind the sound", [once, wav_data()].concat()),
    ];
    for (what, file) in cases {
        assert_eq!(found(&file), Err("media_broken"), "{what}");
    }
    for compressed in [wav_format(2, 1, 4), wav_format(0x55, 1, 0), wav_extensible(2)] {
        assert_eq!(found(&wav(&compressed)), Err("media_unsupported"));
    }
}

#[test]
fn an_ogg_that_hides_pages_is_broken() {
    const SECOND: i64 = 48_312;
    const HOUR: i64 = 3_600 * 48_000;
    let first = opus_of(7, SECOND);
    let hidden = opus_of(8, HOUR);
    let hour = ogg_page_of(7, 0, HOUR, b"sound");
    let mut around = ogg_page_of(7, 0, SECOND, &hidden);
    around[22] ^= 1;
    let without_begin = ogg_page_of(7, 0, HOUR, b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0");
    let mut cut = ogg_page_of(7, 0, SECOND, &[0; 255]);
    cut.truncate(28);
    let chain = |count: u32| (0..count).map(|serial| opus_of(serial, SECOND)).collect::<Vec<_>>();
    let cases = [
        ("a byte between pages", [&first[..], b"x", &hour].concat()),
        ("a byte behind all", [&first[..], b"x"].concat()),
        ("half a header", [&first[..], &hour[..20]].concat()),
        ("a page that is cut", [&first[..], &cut, &hidden].concat()),
        ("a page in a page whose sum is wrong", [&first[..], &around].concat()),
        ("a chain of seventeen", chain(17).concat()),
        (
            "a page of a stream that did not begin",
            [&first[..], &ogg_page_of(8, 0, HOUR, b"x")].concat(),
        ),
        ("a stream that begins in the middle", [first.clone(), without_begin].concat()),
        (
            "a stream of what is not known",
            [&first[..], &ogg_page_of(8, 2, HOUR, b"Speex   ")].concat(),
        ),
    ];
    for (what, file) in cases {
        assert_eq!(found(&file), Err("media_broken"), "{what}");
    }
    assert_eq!(read(&chain(16).concat()), Ok(sound("audio/ogg", 16)));
    let one_number = opus_of(7, SECOND).repeat(16);
    assert_eq!(read(&one_number), Ok(sound("audio/ogg", 16)));
    let skeleton = [ogg_page_of(8, 2, 0, b"fishead\0"), first, ogg_page_of(8, 4, 0, b"")].concat();
    assert_eq!(read(&skeleton), Ok(sound("audio/ogg", 1)));
}

#[test]
fn an_ogg_of_opus_has_no_more_packets_than_places() {
    // A packet of 60 ms in each of 200 pages: twelve seconds.
    let head = ogg_page_of(7, 2, 0, b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0");
    let tags = ogg_page_of(7, 0, 0, b"OpusTags");
    let page = |place: i64| ogg_page_of(7, 0, place, b"\x18sound");
    let honest: Vec<u8> = (1..=200).flat_map(|number| page(number * 2_880)).collect();
    let lying = page(2_880).repeat(200);
    // What is not played of the last page is counted there, and is less than a second.
    let trimmed = [page(2_880).repeat(10), page(27_000)].concat();
    let of = |pages: &[u8]| [&head, &tags, pages].concat();
    assert_eq!(found(&of(&honest)), Ok(sound("audio/ogg", 12)));
    assert_eq!(found(&of(&lying)), Err("media_broken"));
    assert_eq!(found(&of(&trimmed)), Ok(sound("audio/ogg", 1)));
    // Packets of Vorbis say no such thing.
    let vorbis = ogg_page_of(7, 2, 0, b"\x01vorbis\0\0\0\0\x01\x80\xbb\0\0");
    assert_eq!(found(&[vorbis, lying].concat()), Ok(sound("audio/ogg", 1)));
}

#[test]
fn packets_of_opus_are_as_long_as_they_say() {
    let cases: [(&[u8], u64); 12] = [
        (b"\x00", 480),
        (b"\x18", 2_880),
        (b"\x60", 480),
        (b"\x78", 960),
        (b"\x80", 120),
        (b"\xf8", 960),
        (b"\xf9", 1_920),
        (b"\xfa", 1_920),
        (b"\xfb\x03", 2_880),
        (b"\xfb\x3f", 5_760),
        (b"\xfb", 0),
        (b"OpusTags", 0),
    ];
    for (packet, samples) in cases {
        assert_eq!(opus::samples(packet), samples, "{packet:?}");
    }
}

const WEBM_HEAD: &[u8] = b"\x1a\x45\xdf\xa3\x80";
/// A segment, and what is in it, of no known size.
const SEGMENT: &[u8] = b"\x18\x53\x80\x67\xff";
const INFO: &[u8] = b"\x15\x49\xa9\x66";
/// A track of sound.
const TRACKS: &[u8] = b"\x16\x54\xae\x6b\x85\xae\x83\x83\x81\x02";
/// A cluster of no known size three seconds after the beginning, and a block in it.
const CLUSTER: &[u8] = b"\x1f\x43\xb6\x75\xff\xe7\x82\x0b\xb8\xa3\x84\x81\0\0\0";
/// A tick of a thousandth of a second, and one of a thousandth of that.
const TICK: &[u8] = b"\x2a\xd7\xb1\x83\x0f\x42\x40";
const SHORT_TICK: &[u8] = b"\x2a\xd7\xb1\x83\0\x03\xe8";

fn webm(parts: &[&[u8]]) -> Vec<u8> {
    [WEBM_HEAD, SEGMENT, &parts.concat()].concat()
}

fn info(body: &[u8]) -> Vec<u8> {
    [INFO, &[0x80 | u8::try_from(body.len()).unwrap()], body].concat()
}

#[test]
fn a_webm_that_hides_its_length_is_broken() {
    let (tick, short) = (info(TICK), info(SHORT_TICK));
    let honest = webm(&[&tick, TRACKS, CLUSTER]);
    assert_eq!(read(&honest), Ok(sound("audio/webm", 3)));
    assert_eq!(read(&webm(&[&short, TRACKS, CLUSTER])), Ok(sound("audio/webm", 1)));
    assert_eq!(read(&webm(&[TRACKS, CLUSTER])), Ok(sound("audio/webm", 3)));
    assert_eq!(read(&webm(&[&tick, TRACKS, CLUSTER, CLUSTER])), Ok(sound("audio/webm", 3)));
    assert_eq!(
        read(&webm(&[&tick, TRACKS, CLUSTER, b"\xa0\x89\xa1\x84\x81\0\0\0\x9b\x81\x01"])),
        Ok(sound("audio/webm", 4))
    );
    // A tick where no player looks for it is none.
    assert_eq!(read(&webm(&[SHORT_TICK, TRACKS, CLUSTER])), Ok(sound("audio/webm", 3)));
    // Facts that end where the body of an empty element begins, which has a cluster in it.
    let over_the_end = [INFO, b"\x82\xec\x8f", CLUSTER].concat();
    let cases: [(&str, Vec<u8>); 14] = [
        ("a second tick", webm(&[&tick, TRACKS, CLUSTER, &short])),
        ("a second tick beside it", webm(&[&info(&[TICK, SHORT_TICK].concat()), TRACKS, CLUSTER])),
        ("a tick behind the sound", webm(&[TRACKS, CLUSTER, &short])),
        ("a second segment", [&honest[..], SEGMENT, CLUSTER].concat()),
        ("a second head", [&honest[..], &honest].concat()),
        ("no segment", [WEBM_HEAD, &tick, TRACKS, CLUSTER].concat()),
        ("facts in a track", webm(&[b"\x16\x54\xae\x6b\xff", &short, TRACKS, CLUSTER])),
        ("a zero behind all", [&honest[..], &[0]].concat()),
        ("half an element behind all", [&honest[..], &[0xa3]].concat()),
        ("a cluster behind a zero", webm(&[&tick, TRACKS, CLUSTER, &[0], CLUSTER])),
        ("an element over its parent's end", webm(&[TRACKS, CLUSTER, &over_the_end])),
        ("an element over the file's end", webm(&[&tick, TRACKS, CLUSTER, b"\xec\x90", CLUSTER])),
        ("an element of no known size", webm(&[&tick, TRACKS, CLUSTER, b"\xec\xff", CLUSTER])),
        ("a tick of nothing", webm(&[&info(b"\x2a\xd7\xb1\x80"), TRACKS, CLUSTER])),
    ];
    for (what, file) in cases {
        assert_eq!(found(&file), Err("media_broken"), "{what}");
    }
}

/// A fragment of a track: what its header adds, where it begins, and its run.
fn moof(id: u32, begin: u32, run: &[u8]) -> Vec<u8> {
    let header = [&[0; 4][..], &id.to_be_bytes()].concat();
    let begin = [&[0; 4][..], &begin.to_be_bytes()].concat();
    let parts = [mp4_box(b"tfhd", &header), mp4_box(b"tfdt", &begin), mp4_box(b"trun", run)];
    mp4_box(b"moof", &mp4_box(b"traf", &parts.concat()))
}

/// So many samples of a length that is said elsewhere.
fn run(count: u32) -> Vec<u8> {
    [&[0; 4][..], &count.to_be_bytes()].concat()
}

fn hour_of(kind: &[u8; 4]) -> Vec<u8> {
    mp4_track(8, kind, 1, &[(1_800, 1_000), (900, 2_000)])
}

#[test]
fn an_mp4_is_as_long_as_its_samples() {
    let second = mp4_track(7, b"soun", 1_000, &[(10, 100)]);
    // The length of a sample of fragments stands before its track.
    let trex = [&[0; 4][..], &7_u32.to_be_bytes(), &1_u32.to_be_bytes(), &1_000_u32.to_be_bytes()];
    let extends = mp4_box(b"mvex", &mp4_box(b"trex", &trex.concat()));
    let begun = mp4_of(1, &[&extends[..], &second].concat());
    let cases = [
        ("samples longer than is said", mp4_of(1, &hour_of(b"soun")), 3_600),
        (
            "a track of what is not known",
            mp4_of(1, &[&second[..], &hour_of(b"what")].concat()),
            3_600,
        ),
        ("fragments at one place", [&begun[..], &moof(7, 0, &run(10)).repeat(5)].concat(), 51),
        ("64 tracks", mp4_of(1, &many(64)), 1),
    ];
    for (what, file, seconds) in cases {
        assert_eq!(read(&file), Ok(sound("audio/mp4", seconds)), "{what}");
    }
    assert_eq!(read(&mp4_of(1, &hour_of(b"vide"))), Ok(clip("video/mp4", 3_600)));
    let broken = [
        ("65 tracks", mp4_of(1, &many(65))),
        ("two tracks of one number", mp4_of(1, &[hour_of(b"soun"), hour_of(b"soun")].concat())),
        ("a fragment of no track", [&begun[..], &moof(9, 0, &run(10))].concat()),
        (
            "a track without a number",
            mp4_of(1, &[&second[..], &without(&hour_of(b"soun"), b"tkhd")].concat()),
        ),
        (
            "a track without times",
            mp4_of(1, &[&second[..], &without(&hour_of(b"soun"), b"mdhd")].concat()),
        ),
    ];
    for (what, file) in broken {
        assert_eq!(found(&file), Err("media_broken"), "{what}");
    }
}

fn many(tracks: u32) -> Vec<u8> {
    (1..=tracks).flat_map(|id| mp4_track(id, b"soun", 1_000, &[])).collect()
}

/// The same with a box of another name.
fn without(file: &[u8], name: &[u8; 4]) -> Vec<u8> {
    let mut file = file.to_vec();
    let at = file.windows(4).position(|part| part == name).unwrap();
    file[at..at + 4].copy_from_slice(b"free");
    file
}

#[test]
fn a_text_that_begins_as_a_tag_does_is_a_text() {
    let texts: [&[u8]; 7] = [
        b"ID3 tags explained: what they hold, and who reads them",
        b"ID3",
        b"ID3\x05\0\0\0\0\0\0",
        b"ID3\x01\0\0\0\0\0\0",
        b"ID3\x04\xff\0\0\0\0\0",
        b"ID3\x04\0\x0f\0\0\0\0",
        b"ID3\x04\0\0\0\0\x80\0",
    ];
    for text in texts {
        assert_eq!(read(text), Ok(None), "{text:?}");
    }
    for version in 2..=4 {
        let tagged = [&[b'I', b'D', b'3', version, 0, 0, 0, 0, 0, 0][..], &mp3(38)].concat();
        assert_eq!(read(&tagged), Ok(sound("audio/mpeg", 1)));
    }
}
