//! Tokens that a model makes of pictures, recordings and clips, in the meters that they are priced by.

use kumari_engine::attachment::Attachment;
use kumari_engine::encoding::TokenRange;
use kumari_engine::meter::Meter;
use kumari_engine::price_book::TextModel;

/// How many of images, with those of clips, and how many of sound. `of` chooses from what each may
/// have; what the model does not take has none.
pub(crate) fn tokens(
    facts: &TextModel,
    attachments: impl IntoIterator<Item = Attachment>,
    of: fn(TokenRange) -> u64,
) -> [(Meter, u64); 2] {
    let (mut images, mut sound) = (0_u64, 0_u64);
    for attachment in attachments {
        let (formula, sum) = match attachment {
            Attachment::Image { .. } => (&facts.image_tokens, &mut images),
            Attachment::Audio { .. } => (&facts.audio_tokens, &mut sound),
            Attachment::Video { .. } => (&facts.video_tokens, &mut images),
        };
        let range = formula.as_ref().and_then(|formula| formula.tokens(attachment));
        *sum = sum.saturating_add(of(range.unwrap_or_default()));
    }
    [(Meter::ImageInputTokens, images), (Meter::AudioInputTokens, sound)]
}
