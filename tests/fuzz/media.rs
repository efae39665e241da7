//! Any picture, recording or clip: reading it ends, gives the same answer twice, and what it found
//! has a size.

#![no_main]

use kumari_engine::attachment::Attachment;
use kumari_server::media::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let first = read(bytes);
    assert_eq!(first, read(bytes));
    let Ok(Some(media)) = first else { return };
    let (heard, size) = match media.size {
        Attachment::Image { width, height } => ("image/", width.min(height)),
        Attachment::Audio { seconds } => ("audio/", seconds),
        Attachment::Video { seconds } => ("video/", seconds),
    };
    assert!(media.media_type.starts_with(heard) && size > 0, "{media:?}");
});
