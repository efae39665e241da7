//! What a request must be before anything is priced: models that fit its task, counts in range.

use crate::attachment::ATTACHMENTS_MAX;
use crate::denial::Denial;
use crate::encoding::Encoding;
use crate::meter::QUANTITY_MAX;
use crate::price_book::PriceBook;
use crate::request::{FLAGS_MAX, MESSAGES_MAX, Request, TOOLS_MAX, Task, UNITS_MAX};
use crate::written::format;

/// Refuses a request whose models contradict its task or whose counts are out of range. A count
/// that the task does not look at is let be.
pub(crate) fn check_request(book: &PriceBook, request: &Request) -> Result<(), Denial> {
    let invalid = |path: &str, message: &str| Err(Denial::request_invalid(path, message));
    let models = request.models.len();
    let models_max = usize::try_from(book.compare.models_max).unwrap_or(usize::MAX);
    match request.task {
        Task::Routing if models > 0 => {
            return invalid("models", "routing picks the model itself; leave `models` out");
        }
        Task::Compare if models < 2 || models > models_max => {
            let message = format!("a comparison has 2 to {models_max} models, not {models}");
            return invalid("models", &message);
        }
        Task::Routing | Task::Compare => {}
        Task::Direct
        | Task::Agent
        | Task::DeepResearch
        | Task::FinanceSearch
        | Task::SocialSearch
        | Task::FileProcessing
        | Task::Image
        | Task::Video
        | Task::ThreeD => {
            if models != 1 {
                let message = format!("`{}` needs exactly one model, not {models}", request.task);
                return invalid("models", &message);
            }
        }
    }
    for (index, model) in request.models.iter().enumerate() {
        if request.models.iter().take(index).any(|earlier| earlier == model) {
            let message = format!("`{model}` occurs twice; name each model once");
            return invalid(&format!("models[{index}]"), &message);
        }
    }
    check_counts(request)
}

/// What a count may be, by its field.
const COUNTS: [(&str, u64, u64); 11] = [
    ("attachments", 0, ATTACHMENTS_MAX),
    ("messages", 0, MESSAGES_MAX),
    ("tools", 0, TOOLS_MAX),
    ("output_tokens_max", 1, QUANTITY_MAX),
    ("steps_max", 1, QUANTITY_MAX),
    ("searches_max", 0, QUANTITY_MAX),
    ("pages", 1, QUANTITY_MAX),
    ("images", 1, UNITS_MAX),
    ("clips", 1, UNITS_MAX),
    ("clip_seconds", 1, QUANTITY_MAX),
    ("three_d_models", 1, UNITS_MAX),
];

fn check_counts(request: &Request) -> Result<(), Denial> {
    let counts = [
        u64::try_from(request.attachments.len()).ok(),
        request.messages.map(u64::from),
        request.tools.map(u64::from),
        request.output_tokens_max,
        request.steps_max,
        request.searches_max,
        request.pages,
        request.images.map(u64::from),
        request.clips.map(u64::from),
        request.clip_seconds.map(u64::from),
        request.three_d_models.map(u64::from),
    ];
    for (count, (path, least, most)) in counts.into_iter().zip(COUNTS) {
        check_range(path, count.unwrap_or(least), least, most)?;
    }
    if request.flags.len() > FLAGS_MAX {
        let message = format!("has {} flags; name each once", request.flags.len());
        return Err(Denial::request_invalid("flags", &message));
    }
    for (encoding, count) in request.input_tokens.iter() {
        if *count > QUANTITY_MAX {
            let path = format!("input_tokens.{encoding}");
            return check_range(&path, *count, 0, QUANTITY_MAX);
        }
    }
    for encoding in Encoding::ALL {
        let count = |kind| request.input_tokens.get(&kind).copied().unwrap_or(0);
        let (all, latin) = (count(encoding.all()), count(encoding.latin()));
        if latin > all {
            let path = format!("input_tokens.{}", encoding.latin());
            let message = format!("{latin} is more than all {all} of `{encoding}`");
            return Err(Denial::request_invalid(&path, &message));
        }
    }
    Ok(())
}

fn check_range(path: &str, count: u64, least: u64, most: u64) -> Result<(), Denial> {
    if (least..=most).contains(&count) {
        return Ok(());
    }
    let message = format!("{count} is out of range: use {least} to {most}");
    Err(Denial::request_invalid(path, &message))
}
