//! Files that an endpoint cannot be given: refused before anything is held, so that whoever sent one
//! is told why and what helps.
//!
//! What a model takes by its price book is the engine's to say. A file of an earlier message goes
//! along again, so it is refused too: to leave it out would be another question than was priced.

use crate::history::Prompt;
use crate::problem::{Answer, Problem};
use crate::provider::{MediaRefusal, Provider};
use kumari_engine::denial::Denial;
use kumari_engine::estimate::Estimate;
use kumari_store::{FileContent, FileFacts};

/// Refuses the first file that the provider cannot give to the models of `price`.
///
/// # Errors
/// A denial that names the file, the models and what to do.
pub(crate) fn check(
    provider: &dyn Provider,
    price: &Estimate,
    prompt: &Prompt,
) -> Result<(), Denial> {
    let new = prompt.messages.len().saturating_sub(1);
    for (message, said) in prompt.messages.iter().enumerate() {
        for (place, file) in said.files.iter().enumerate() {
            if let Some(refusal) = refusal(provider, file) {
                let place = (message == new).then_some(place);
                return Err(denial(file, place, &refusal, price));
            }
        }
    }
    Ok(())
}

/// Pages to read: of the documents that this message brings and that have a text.
///
/// # Errors
/// There is none.
pub(crate) fn pages(files: &[FileFacts]) -> Answer<u64> {
    let pages = files.iter().map(|file| match file.content {
        FileContent::Document { pages, characters, .. } if characters > 0 => pages,
        FileContent::Document { .. }
        | FileContent::Image { .. }
        | FileContent::Audio { .. }
        | FileContent::Video { .. }
        | FileContent::ThreeD { .. } => 0,
    });
    match pages.fold(0, u64::saturating_add) {
        0 => {
            let detail = "file processing reads documents: attach one that has text";
            Err(Problem::invalid("files", detail))
        }
        pages => Ok(pages),
    }
}

fn refusal(provider: &dyn Provider, file: &FileFacts) -> Option<MediaRefusal> {
    let size = file.content.attachment()?;
    provider.refusal(&file.media_type, size)
}

/// `place` is the file's in the new message; an earlier one's has none.
fn denial(
    file: &FileFacts,
    place: Option<usize>,
    MediaRefusal { takes, instead }: &MediaRefusal,
    price: &Estimate,
) -> Denial {
    let name = &file.name;
    let models: Vec<String> = price.legs.iter().map(|leg| format!("`{}`", leg.model)).collect();
    let why = format!("cannot be given to {}, whose endpoint {takes}", models.join(" and "));
    match place {
        Some(place) => Denial::request_invalid(
            &format!("files[{place}]"),
            &format!("`{name}` {why}: remove it, or {instead}"),
        ),
        None => Denial::request_invalid(
            "conversation_id",
            &format!(
                "`{name}` of an earlier message goes along again and {why}: begin a new conversation"
            ),
        ),
    }
}
