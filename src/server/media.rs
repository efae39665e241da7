//! What a picture, a recording or a clip is, told from its bytes: its media type, and the little of
//! it that decides what it costs.
//!
//! Names and media types that a browser says are not asked. Nothing is decoded, no memory is taken
//! that grows with the file, and every reader goes a few times through the bytes at the most.
//!
//! A hostile file is broken, or has the longest size that it states anywhere. It is broken where a
//! player would have to choose or to search, as between two formats or behind bytes that are no part
//! of the file: what the player would find then was not counted here. The places that pages of an
//! Ogg of Vorbis and blocks of a WebM name, and the lengths that an MP4 gives its samples, are such statements:
//! the sound and the pictures in them are not opened. Documents are `kumari_documents`'.

use crate::media_mp3 as mp3;
use crate::media_mp4 as mp4;
use crate::media_ogg as ogg;
use crate::media_picture as picture;
use crate::media_wav as wav;
use crate::media_webm as webm;
use kumari_engine::attachment::Attachment;
use std::time::Duration;

/// A picture, a recording or a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    /// What it is, as HTTP says it.
    pub media_type: &'static str,
    /// Its pixels or its started seconds.
    pub size: Attachment,
}

/// Why a picture, a recording or a clip cannot be taken. The code is the contract, the message is
/// for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaFault {
    /// It is of a kind that is not read.
    #[error("{found} cannot be read: {instead}")]
    Unsupported {
        /// What it looks like.
        found: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// Its size is nowhere in it.
    #[error("the {what} is damaged: {detail}; open it where it was made and save it again")]
    Broken {
        /// The kind of file.
        what: &'static str,
        /// What is wrong with it.
        detail: &'static str,
    },
}

impl MediaFault {
    /// The fault's name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "media_unsupported",
            Self::Broken { .. } => "media_broken",
        }
    }
}

/// What is heard or seen of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tracks {
    pub(crate) sound: bool,
    pub(crate) pictures: bool,
    /// Of the longest of them.
    pub(crate) length: Duration,
}

const AS_PICTURE: &str = "save it as JPEG or PNG";
const AS_SOUND: &str = "save it as MP3, WAV or M4A";
const AS_CLIP: &str = "save it as MP4 or WebM";

/// Where a mark stands, the mark, what a file with it is, and what to do instead.
const OTHERS: [(usize, &[u8], &str, &str); 16] = [
    (4, b"ftyphei", "an HEIC picture", AS_PICTURE),
    (4, b"ftyphev", "an HEIC picture", AS_PICTURE),
    (4, b"ftypmif1", "an HEIF picture", AS_PICTURE),
    (4, b"ftypmsf1", "an HEIF picture", AS_PICTURE),
    (4, b"ftypavi", "an AVIF picture", AS_PICTURE),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture", AS_PICTURE),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", AS_PICTURE),
    (0, b"II*\0", "a TIFF picture", AS_PICTURE),
    (0, b"MM\0*", "a TIFF picture", AS_PICTURE),
    (0, b"8BPS", "a Photoshop picture", AS_PICTURE),
    (0, b"fLaC", "a FLAC recording", AS_SOUND),
    (0, b"\xff\xf1", "an AAC recording", AS_SOUND),
    (0, b"\xff\xf9", "an AAC recording", AS_SOUND),
    (8, b"AVI LIST", "an AVI clip", AS_CLIP),
    (0, b"FLV\x01", "a Flash clip", AS_CLIP),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file", AS_CLIP),
];

/// Reads a picture, a recording or a clip; nothing where the bytes are none of them.
///
/// # Errors
/// [`MediaFault`] where it is of a kind that is not read, or says no size.
pub fn read(bytes: &[u8]) -> Result<Option<Media>, MediaFault> {
    let marked = |(at, mark, ..): &&(usize, &[u8], _, _)| {
        bytes.get(*at..).is_some_and(|from| from.starts_with(mark))
    };
    if let Some((_, _, found, instead)) = OTHERS.iter().find(marked) {
        return Err(MediaFault::Unsupported { found, instead });
    }
    if let Some(media_type) = picture::media_type(bytes) {
        let size = picture::size(bytes).ok_or(MediaFault::Broken {
            what: "picture",
            detail: "it does not say how many pixels it has",
        })?;
        return Ok(Some(Media { media_type, size }));
    }
    if wav::is(bytes) {
        if wav::is_compressed(bytes) {
            let found = "a WAV recording of compressed sound";
            return Err(MediaFault::Unsupported { found, instead: AS_SOUND });
        }
        return sound("audio/wav", wav::length(bytes)).map(Some);
    }
    if bytes.starts_with(b"OggS") {
        return match ogg::tracks(bytes) {
            Some(tracks) if tracks.pictures => {
                Err(MediaFault::Unsupported { found: "an Ogg clip", instead: AS_CLIP })
            }
            tracks => sound("audio/ogg", tracks.map(|tracks| tracks.length)).map(Some),
        };
    }
    if mp4::is(bytes) {
        return container("audio/mp4", "video/mp4", mp4::tracks(bytes)).map(Some);
    }
    if webm::is(bytes) {
        return container("audio/webm", "video/webm", webm::tracks(bytes)).map(Some);
    }
    if mp3::is(bytes) {
        return sound("audio/mpeg", mp3::length(bytes)).map(Some);
    }
    Ok(None)
}

fn sound(media_type: &'static str, length: Option<Duration>) -> Result<Media, MediaFault> {
    let seconds = length.and_then(started_seconds);
    let seconds = seconds.ok_or(MediaFault::Broken {
        what: "recording",
        detail: "it has no sound, or does not say how long it is",
    })?;
    Ok(Media { media_type, size: Attachment::Audio { seconds } })
}

/// A container with pictures is a clip; without, a recording.
fn container(
    heard: &'static str,
    seen: &'static str,
    tracks: Option<Tracks>,
) -> Result<Media, MediaFault> {
    let tracks = tracks.unwrap_or_default();
    if !tracks.pictures {
        return sound(heard, Some(tracks.length).filter(|_| tracks.sound));
    }
    let seconds = started_seconds(tracks.length)
        .ok_or(MediaFault::Broken { what: "clip", detail: "it does not say how long it is" })?;
    Ok(Media { media_type: seen, size: Attachment::Video { seconds } })
}

/// Started seconds; nothing where nothing began.
fn started_seconds(length: Duration) -> Option<u32> {
    let started = length.as_secs().checked_add(u64::from(length.subsec_nanos() > 0))?;
    u32::try_from(started).ok().filter(|seconds| *seconds > 0)
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "media_forged_tests.rs"]
mod forged_tests;
