//! `kumari-credits document`: a file's pages, characters and tokens, and what processing it would
//! cost, on the command line.
//!
//! It reads and counts as the product does, so that whoever runs it can check a count. It changes
//! nothing, and sends the file nowhere.

use crate::cli::Document;
use crate::counter::{Counter, Tokens, VocabularyFault};
use crate::price::{self, PriceFault};
use kumari_documents::{DocumentFault, Hint, Kind, Limits, Warning};
use kumari_engine::denial::Denial;
use kumari_engine::encoding::Encoding;
use kumari_engine::estimate::{Estimate, estimate};
use kumari_engine::request::{Request, Task};
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Why a file has no count or no price.
#[derive(Debug, thiserror::Error)]
pub enum DocumentCommandFault {
    /// The file cannot be opened.
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: std::io::Error,
    },
    /// The file is not one of those that are read.
    #[error("{}: {fault}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: DocumentFault,
    },
    /// Tokens cannot be counted.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyFault),
    /// The price book or the model cannot be used.
    #[error(transparent)]
    Price(#[from] PriceFault),
    /// There is nothing in it to process, so nothing has a price.
    #[error("{}: the file has no text: there is nothing to process", .0.display())]
    Empty(PathBuf),
    /// The rules give no price for it.
    #[error("it cannot be processed: {}", .0.message)]
    Denied(Box<Denial>),
    /// The answer cannot be written.
    #[error("cannot write the answer: {0}")]
    Write(#[from] serde_json::Error),
}

/// What is known of a file.
#[derive(Debug, Serialize)]
struct Counted {
    kind: &'static str,
    pages: u64,
    characters: u64,
    tokens: Tokens,
    warnings: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<Estimate>,
}

/// Reads a file, counts it and prices it, as lines or as JSON.
///
/// # Errors
/// [`DocumentCommandFault`] where the file, the vocabulary, the book or the model is at fault.
pub fn run(arguments: &Document) -> Result<String, DocumentCommandFault> {
    let document = read(&arguments.file)?;
    let counter = Counter::load(arguments.vocabulary.as_deref())?;
    let tokens = counter.count_all(&document.text);
    let estimate = match &arguments.model {
        Some(_) if document.pages == 0 => {
            return Err(DocumentCommandFault::Empty(arguments.file.clone()));
        }
        Some(model) => {
            let book = arguments.price_book.as_deref();
            Some(priced(book, model, document.pages, &tokens)?)
        }
        None => None,
    };
    let counted = Counted {
        kind: document.kind.name(),
        pages: document.pages,
        characters: document.characters,
        tokens,
        warnings: document.warnings.iter().copied().map(Warning::code).collect(),
        estimate,
    };
    if arguments.json {
        Ok(serde_json::to_string_pretty(&counted)?)
    } else {
        Ok(lines(&counted, document.kind, &document.warnings))
    }
}

fn read(path: &Path) -> Result<kumari_documents::Document, DocumentCommandFault> {
    let unreadable = |fault| DocumentCommandFault::Unreadable { path: path.to_owned(), fault };
    let limits = Limits::DEFAULT;
    // One byte more tells a file that is too large, however large it is.
    let most = u64::try_from(limits.file_bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    let name = path.file_name().and_then(|name| name.to_str());
    kumari_documents::read(&bytes, &Hint { name, media_type: None }, &limits)
        .map_err(|fault| DocumentCommandFault::Document { path: path.to_owned(), fault })
}

/// What the rules say of one message that holds nothing but the file.
fn priced(
    book: Option<&Path>,
    model: &str,
    pages: u64,
    tokens: &Tokens,
) -> Result<Estimate, DocumentCommandFault> {
    let published = price::read(book)?;
    let (model, _) = price::offered(&published, Task::FileProcessing, model)?;
    let mut request = Request::new(Task::FileProcessing, vec![model]);
    request.pages = Some(pages);
    request.messages = Some(1);
    request.input_tokens = tokens.iter().map(|(kind, count)| (*kind, *count)).collect();
    estimate(&published, &request).map_err(|denial| DocumentCommandFault::Denied(Box::new(denial)))
}

fn lines(counted: &Counted, kind: Kind, warnings: &[Warning]) -> String {
    let by_text = if matches!(kind, Kind::Pdf) { "" } else { " (each started 3000 characters)" };
    let mut text = format!(
        "kind        {}\npages       {}{by_text}\ncharacters  {}\n",
        counted.kind, counted.pages, counted.characters
    );
    // Writing to a string cannot fail.
    for encoding in Encoding::ALL {
        let count = |kind| counted.tokens.get(&kind).copied().unwrap_or(0);
        let (all, latin) = (count(encoding.all()), count(encoding.latin()));
        let name = encoding.name();
        let _ = writeln!(text, "tokens      {all} in {name}, {latin} of them of Latin words");
    }
    for warning in warnings {
        let _ = writeln!(text, "warning     {}", warning.message());
    }
    if let Some(estimate) = &counted.estimate {
        let _ = writeln!(text, "price       {}", price_line(estimate));
    }
    text.trim_end().to_owned()
}

fn price_line(estimate: &Estimate) -> String {
    let Estimate { price_book, low, expected, high, legs, .. } = estimate;
    let model = legs.first().map_or_else(String::new, |leg| leg.model.to_string());
    format!(
        "{low} to {high} credits, likely {expected}: {} with {model}, price book {}",
        Task::FileProcessing.name(),
        price_book
    )
}
