//! Pixels of a PNG, JPEG, GIF or WebP picture, as they are displayed.

use exif::{In, Tag};
use imagesize::{ImageType, blob_size, image_type};
use kumari_engine::attachment::Attachment;
use std::io::Cursor;

/// What the picture is, if these bytes are one.
pub(crate) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match image_type(bytes).ok()? {
        ImageType::Png => Some("image/png"),
        ImageType::Jpeg => Some("image/jpeg"),
        ImageType::Gif => Some("image/gif"),
        ImageType::Webp => Some("image/webp"),
        _ => None,
    }
}

/// Its pixels; of a moving one those of its frame.
pub(crate) fn size(bytes: &[u8]) -> Option<Attachment> {
    let size = blob_size(bytes).ok()?;
    let width = u32::try_from(size.width).ok().filter(|pixels| *pixels > 0)?;
    let height = u32::try_from(size.height).ok().filter(|pixels| *pixels > 0)?;
    let (width, height) = if lies_on_its_side(bytes) { (height, width) } else { (width, height) };
    Some(Attachment::Image { width, height })
}

/// Whether it is to be turned by a quarter before it is shown.
fn lies_on_its_side(bytes: &[u8]) -> bool {
    let exif = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)).ok();
    let orientation = exif.as_ref().and_then(|exif| exif.get_field(Tag::Orientation, In::PRIMARY));
    let turned = orientation.and_then(|field| field.value.get_uint(0));
    turned.is_some_and(|turned| (5..=8).contains(&turned))
}
