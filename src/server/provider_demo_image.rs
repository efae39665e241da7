//! The demo provider's pictures: a scene as a PNG.

use crate::provider_demo_scene::Scene;
use crate::provider_media::MadeFile;
use kumari_store::FileContent;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

/// Pixels a side.
const SIDE: u16 = 768;
/// The most bytes of one: as many as its pixels, which a PNG never exceeds by much.
pub(crate) const IMAGE_BYTES_MAX: u64 = 2 << 20;

/// A picture of a prompt.
pub(crate) fn image(prompt: &str, seed: u64) -> Result<MadeFile, EncodingError> {
    let pixels = Scene::of(prompt, seed).pixels(SIDE, SIDE, 0.0);
    let (side, mut bytes) = (u32::from(SIDE), Vec::new());
    let mut encoder = Encoder::new(&mut bytes, side, side);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(MadeFile {
        media_type: "image/png",
        extension: "png",
        content: FileContent::Image { width: side, height: side },
        bytes: bytes.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::{IMAGE_BYTES_MAX, image};
    use std::io::Cursor;

    #[test]
    fn a_picture_is_a_png_of_its_size() {
        for (prompt, seed) in [("mountains", 3), ("marble", 3), ("marble", 4)] {
            let made = image(prompt, seed).unwrap();
            assert!(u64::try_from(made.bytes.len()).unwrap() <= IMAGE_BYTES_MAX);
            let mut reader =
                png::Decoder::new(Cursor::new(made.bytes.to_vec())).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let frame = reader.next_frame(&mut pixels).unwrap();
            assert_eq!((frame.width, frame.height), (768, 768));
        }
    }
}
