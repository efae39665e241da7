//! What the demo models say of files: that they were read, and what shows it.

use crate::media;
use crate::provider::{ProviderContent, ProviderFile};
use crate::provider_demo_words::words;
use kumari_engine::attachment::Attachment;

/// How many words of a document are repeated.
const FIRST_WORDS: usize = 12;

/// A line for each file.
pub(crate) fn seen(files: &[ProviderFile]) -> Option<String> {
    let lines: Vec<String> = files.iter().map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn line(file: &ProviderFile) -> String {
    let name = words(&file.name).collect::<Vec<_>>().join(" ");
    match &file.content {
        ProviderContent::Document { text, pages } => {
            let first: Vec<&str> = words(text).take(FIRST_WORDS).collect();
            let begins = match first.is_empty() {
                true => "without a text that I could read".to_owned(),
                false => format!("which begin: “{}”", first.join(" ")),
            };
            format!("- I read **{name}**: {}, {begins}.", count(*pages, "page"))
        }
        // Not what is said of it, but what its bytes say.
        ProviderContent::Media { bytes, .. } => match media::read(bytes) {
            Ok(Some(found)) => told(&name, found.size),
            Ok(None) | Err(_) => format!("- I could not make out **{name}**."),
        },
    }
}

fn told(name: &str, size: Attachment) -> String {
    match size {
        Attachment::Image { width, height } => {
            format!("- I looked at **{name}**: {width} × {height} pixels.")
        }
        Attachment::Audio { seconds } => {
            format!("- I listened to **{name}**: {}.", count(seconds.into(), "second"))
        }
        Attachment::Video { seconds } => {
            format!("- I watched **{name}**: {}.", count(seconds.into(), "second"))
        }
    }
}

fn count(count: u64, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}
