//! `kumari-credits price-book import`: list prices of models out of the files of litellm and
//! genai-prices, into a book.
//!
//! Every entry of the file ends in one of two lists: its prices are in the book, to the last digit,
//! or it is named with the reason why not. Nothing is rounded, and nothing is published.

use crate::cli::{Import, ListName, TierName};
use crate::price_import_book::{Terms, put};
use crate::price_import_choice::{Choice, ChoiceFault};
use crate::price_import_entry::{Entry, Reason, Refusal};
use crate::price_import_report::{Named, Report, Taken};
use crate::{price_import_genai, price_import_litellm};
use kumari_engine::encoding::ModelEncoding;
use kumari_engine::id::ModelId;
use kumari_engine::price_book::{ModelKind, ModelTier, PriceBook};
use kumari_engine::time::Timestamp;
use kumari_wire::BookFault;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Several times as much as the largest of these files has.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// How many digits of a file's hash tell it apart in a source note.
const HASH_DIGITS: usize = 12;

/// How a tokenizer that nobody has named follows from the one that is counted.
const ENCODING: &str = r#"{
    "name": "o200k_base", "low": "0.3", "expected": "1.3", "high": "9",
    "latin": {"low": "0.8", "expected": "1.1", "high": "2"}, "message_tokens": 16,
    "source": "assumed, and widened: the list names no tokenizer"
}"#;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// The file cannot be read.
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: io::Error,
    },
    /// The file is too large for such a list.
    #[error("{} has more than {FILE_BYTES_MAX} bytes; no such list has", .0.display())]
    TooLarge(PathBuf),
    /// It is another kind of file.
    #[error("{} is not of the form of {list}: {fault}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Whose list it should be.
        list: &'static str,
        /// What is wrong.
        fault: String,
    },
    /// The choice of entries is none.
    #[error("--models: {0}")]
    Choice(#[from] ChoiceFault),
    /// There is no model to take the encoding of.
    #[error("--encoding-of: the book has no text model `{0}`")]
    NoEncoding(ModelId),
    /// A dollar must be worth something.
    #[error("--credits-per-usd must be above zero")]
    NoCredits,
    /// Nothing can be imported.
    #[error("nothing is imported: no entry that was chosen can be priced")]
    Nothing,
    /// The new book would be refused.
    #[error("the book with these prices cannot be used:\n{0}")]
    Book(#[from] BookFault),
    /// The answer cannot be written as JSON.
    #[error("cannot write the answer: {0}")]
    Json(#[from] serde_json::Error),
    /// A file cannot be written.
    #[error("cannot write {}: {fault}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: io::Error,
    },
}

/// Imports into `book` what was asked, says on standard error what became of each entry, and gives
/// the new book, or where it was written.
///
/// # Errors
/// [`ImportFault`]; no book is written.
pub(crate) fn import(
    asked: &Import,
    mut book: PriceBook,
    now: Timestamp,
) -> Result<String, ImportFault> {
    let text = read(&asked.file)?;
    let day = asked.read_on.clone().unwrap_or_else(|| now.to_string().chars().take(10).collect());
    let terms = terms(asked, &book, &text, &day)?;
    let entries = match asked.from {
        ListName::Litellm => price_import_litellm::read(&text, &day),
        ListName::GenaiPrices => price_import_genai::read(&text, &day),
    };
    let form = |fault| {
        let (path, list) = (asked.file.clone(), asked.from.name());
        ImportFault::Form { path, list, fault }
    };
    let entries = entries.map_err(form)?;
    let mut choice = Choice::new(&asked.models)?;
    let mut report = Report::new(&terms, entries.len());
    let mut ids = BTreeMap::new();
    for entry in &entries {
        match take(entry, &mut choice, &mut book, &mut ids, &terms)? {
            Ok(taken) => report.priced.push(taken),
            Err(refusal) => report.not_priced.push(Named::new(&entry.name, refusal)),
        }
    }
    choice.finish()?;
    if let Some(file) = &asked.report {
        write(file, &serde_json::to_string_pretty(&report)?)?;
    }
    // Nobody is left to tell that nobody reads.
    let _ = writeln!(io::stderr(), "{report}");
    if report.priced.is_empty() {
        return Err(ImportFault::Nothing);
    }
    let text = serde_json::to_string_pretty(&book)?;
    let version = kumari_wire::publish(&text)?.version;
    let Some(file) = &asked.output else { return Ok(text) };
    write(file, &text)?;
    Ok(format!("wrote {}: {} models, version {version}", file.display(), book.models.len()))
}

/// Takes an entry into the book, or says why not.
fn take(
    entry: &Entry,
    choice: &mut Choice,
    book: &mut PriceBook,
    ids: &mut BTreeMap<ModelId, String>,
    terms: &Terms,
) -> Result<Result<Taken, Refusal>, ChoiceFault> {
    let Some(id) = choice.id(&entry.name) else { return Ok(Err(Reason::NotChosen.plain())) };
    let taken = entry.priced.as_ref().map_err(Clone::clone).and_then(|priced| {
        let id: ModelId = id.parse().map_err(|_| Reason::NotAnId.plain())?;
        let change = put(book, entry, priced, id.clone(), terms)?;
        Ok(Taken::new(&entry.name, id, change, priced))
    });
    if let Ok(taken) = &taken
        && let Some(other) = ids.insert(taken.id.clone(), entry.name.clone())
    {
        let id = taken.id.clone();
        return Err(ChoiceFault::SameId { id, one: other, other: entry.name.clone() });
    }
    Ok(taken)
}

fn terms(asked: &Import, book: &PriceBook, text: &str, day: &str) -> Result<Terms, ImportFault> {
    if !asked.credits_per_usd.is_positive() {
        return Err(ImportFault::NoCredits);
    }
    let encoding = match &asked.encoding_of {
        None => serde_json::from_str::<ModelEncoding>(ENCODING)?,
        Some(id) => match book.model(id).map(|model| &model.kind) {
            Some(ModelKind::Text(text)) => text.encoding.clone(),
            Some(_) | None => return Err(ImportFault::NoEncoding(id.clone())),
        },
    };
    let hash: String = Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .take(HASH_DIGITS / 2)
        .collect();
    Ok(Terms {
        credits_per_usd: asked.credits_per_usd,
        tier: asked.tier.map(|tier| match tier {
            TierName::Lightweight => ModelTier::Lightweight,
            TierName::Frontier => ModelTier::Frontier,
        }),
        encoding,
        context_tokens: asked.context_tokens,
        package: format!("{}, sha256 {hash}", asked.from.name()),
        read_on: day.to_owned(),
    })
}

fn read(path: &Path) -> Result<String, ImportFault> {
    let mut text = String::new();
    // What is no plain file may have no end.
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_string(&mut text))
        .map_err(|fault| ImportFault::Unreadable { path: path.to_owned(), fault })?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= FILE_BYTES_MAX) {
        Ok(text)
    } else {
        Err(ImportFault::TooLarge(path.to_owned()))
    }
}

/// Writes a whole file or none: what was there stays until the new one is complete.
fn write(path: &Path, text: &str) -> Result<(), ImportFault> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let written =
        fs::write(&partial, format!("{text}\n")).and_then(|()| fs::rename(&partial, path));
    written.map_err(|fault| {
        // It may well not be there.
        let _ = fs::remove_file(&partial);
        ImportFault::Unwritable { path: path.to_owned(), fault }
    })
}
