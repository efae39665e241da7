//! Files as OpenAI's protocol has them: a document is text, a picture an address with its bytes in it,
//! a recording its bytes and their format. It knows no clips, and two formats of recordings.

use crate::provider::{
    MediaRefusal, ProviderContent, ProviderFault, ProviderFile, ProviderMessage, ProviderRequest,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kumari_documents::as_sent;
use kumari_engine::attachment::Attachment;
use serde_json::{Value, json};

/// Media types of recordings that the protocol has a name for, each with that name.
const RECORDINGS: [(&str, &str); 2] = [("audio/mpeg", "mp3"), ("audio/wav", "wav")];

/// Why this protocol cannot carry a file.
pub(crate) fn refusal(media_type: &str, size: Attachment) -> Option<MediaRefusal> {
    let (takes, instead) = match size {
        Attachment::Image { .. } => return None,
        Attachment::Audio { .. } if format_of(media_type).is_some() => return None,
        Attachment::Audio { .. } => ("takes recordings as MP3 or WAV", "convert it"),
        Attachment::Video { .. } => ("takes no clips", "send pictures out of it"),
    };
    Some(MediaRefusal { takes, instead })
}

/// Refuses what this protocol cannot carry before anything is sent, from a caller who has not asked.
///
/// # Errors
/// The refusal, which says what to do.
pub(crate) fn check(request: &ProviderRequest) -> Result<(), ProviderFault> {
    for file in request.messages.iter().flat_map(|message| &message.files) {
        let ProviderContent::Media { size, .. } = file.content else { continue };
        let media_type = file.media_type.as_str();
        if let Some(MediaRefusal { takes, instead }) = refusal(media_type, size) {
            // It is logged, so it names no file.
            let message =
                format!("a file of {media_type} was not sent: this endpoint {takes}; {instead}");
            return Err(ProviderFault::Refused { status: None, message, retry_after: None });
        }
    }
    Ok(())
}

/// A message's content: a text where it is nothing else, or its parts, files first.
pub(crate) fn content(message: &ProviderMessage) -> Value {
    if message.files.is_empty() {
        return json!(message.text);
    }
    let mut parts: Vec<Value> = message.files.iter().map(part).collect();
    if !message.text.is_empty() {
        parts.push(text(&message.text));
    }
    Value::Array(parts)
}

fn part(file: &ProviderFile) -> Value {
    match &file.content {
        ProviderContent::Document { text: read, .. } => text(&as_sent(&file.name, read)),
        ProviderContent::Media { size: Attachment::Audio { .. }, bytes } => json!({
            "type": "input_audio",
            "input_audio": { "data": STANDARD.encode(bytes), "format": format_of(&file.media_type) },
        }),
        ProviderContent::Media { bytes, .. } => {
            let mut url = format!("data:{};base64,", file.media_type);
            STANDARD.encode_string(bytes, &mut url);
            json!({ "type": "image_url", "image_url": { "url": url } })
        }
    }
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn format_of(media_type: &str) -> Option<&'static str> {
    RECORDINGS.iter().find(|(known, _)| *known == media_type).map(|(_, format)| *format)
}
