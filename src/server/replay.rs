//! `kumari-credits replay`: whether a receipt comes to the same numbers again, on the command line.
//!
//! It asks the rules that charged it, with the price book that the receipt names; the browser does
//! the same with the npm package. What it finds goes to standard output.

use crate::cli::Replay as Arguments;
use crate::database::DatabaseFault;
use crate::price::{self, PriceFault};
use kumari_engine::denial::Denial;
use kumari_engine::id::BookVersion;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::receipt::{Receipt, Replay, replay};
use kumari_store::StoreError;
use kumari_wire::{Fault, Unreadable};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A number is another.
const DIFFERENT: u8 = 1;
/// Whether one is cannot be told.
const UNKNOWN: u8 = 2;

/// The longest receipt, in bytes: one of the most legs and lines is far below.
const RECEIPT_BYTES_MAX: u64 = 1024 * 1024;

/// Why it cannot be told whether a receipt is right.
#[derive(Debug, thiserror::Error)]
enum ReplayFault {
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable { path: PathBuf, fault: io::Error },
    #[error("{} is longer than {RECEIPT_BYTES_MAX} bytes, so it is no receipt", .0.display())]
    TooLong(PathBuf),
    #[error("{} is not a receipt: {fault}", path.display())]
    Receipt { path: PathBuf, fault: Fault },
    #[error(transparent)]
    Price(#[from] PriceFault),
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    #[error(
        "the receipt was priced with book {0}, which is neither inside this program nor in the \
         database; name its file by --price-book, or the database that has it by --database"
    )]
    NoBook(BookVersion),
    #[error("the book {version} in the database cannot be read: {fault}")]
    Book { version: BookVersion, fault: Unreadable },
    #[error("it cannot be replayed: {0}")]
    Denied(Box<Denial>),
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// Replays a receipt, and prints whether it comes to the same numbers.
pub fn run(arguments: &Arguments) -> ExitCode {
    match replayed(arguments) {
        Ok((receipt, replay)) => {
            let mut out = io::stdout().lock();
            // Whoever reads may stop reading; the replay still ends with its code.
            let _ = match serde_json::to_string(&replay) {
                Ok(json) if arguments.json => writeln!(out, "{json}"),
                Ok(_) | Err(_) => writeln!(out, "{}", words(&receipt, &replay)),
            };
            if replay.matches { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) }
        }
        Err(fault) => {
            let _ = writeln!(io::stderr(), "error: {fault}");
            ExitCode::from(UNKNOWN)
        }
    }
}

fn replayed(arguments: &Arguments) -> Result<(Receipt, Replay), ReplayFault> {
    let path = &arguments.receipt;
    let bytes = bytes(path)?;
    let receipt: Receipt = kumari_wire::from_slice(&bytes)
        .map_err(|fault| ReplayFault::Receipt { path: path.clone(), fault })?;
    let book = book(arguments, &receipt.price_book)?;
    let replay = replay(&book, &receipt).map_err(|denial| ReplayFault::Denied(Box::new(denial)))?;
    Ok((receipt, replay))
}

fn bytes(path: &Path) -> Result<Vec<u8>, ReplayFault> {
    let mut bytes = Vec::new();
    let bound = RECEIPT_BYTES_MAX.saturating_add(1);
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(bound).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(bound).read_to_end(&mut bytes))
    };
    match read {
        Ok(length) if u64::try_from(length).is_ok_and(|length| length < bound) => Ok(bytes),
        Ok(_) => Err(ReplayFault::TooLong(path.to_owned())),
        Err(fault) => Err(ReplayFault::Unreadable { path: path.to_owned(), fault }),
    }
}

/// The book that was named, or else the one of that version: inside the program, or published.
fn book(arguments: &Arguments, version: &BookVersion) -> Result<PublishedBook, ReplayFault> {
    if arguments.price_book.is_some() {
        return Ok(price::read(arguments.price_book.as_deref())?);
    }
    let inside = price::read(None)?;
    if inside.version == *version {
        return Ok(inside);
    }
    let no_book = || ReplayFault::NoBook(version.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let stored = runtime.block_on(async {
        let store = match arguments.database.open_existing().await {
            Err(DatabaseFault::Absent(_)) => return Err(no_book()),
            opened => opened?,
        };
        store.book(version).await?.ok_or_else(no_book)
    })?;
    kumari_wire::read_published(&stored.json)
        .map_err(|fault| ReplayFault::Book { version: version.clone(), fault })
}

fn words(receipt: &Receipt, replay: &Replay) -> String {
    let Receipt { action_id, task, price_book, .. } = receipt;
    let what = format!("{} {action_id}, price book {price_book}", task.name());
    if replay.matches {
        return format!("{what}\ncharge {}: every number is the same", replay.charge);
    }
    let differences: Vec<String> =
        replay.differences.iter().map(|difference| format!("- {difference}")).collect();
    format!("{what}\ncharge {} by this replay, but:\n{}", replay.charge, differences.join("\n"))
}
