//! `kumari-credits calibration`: how long answers are likely to be, learned from those that were
//! settled, checked, put into force and taken back.
//!
//! It moves the likely price that people are shown and nothing else, so it may change at any time:
//! unlike price books, those of the past are not kept.

use crate::calibration_learn::{Seen, learn};
use crate::calibrations::{PutFault, put};
use crate::cli::CalibrationCommand;
use crate::database::DatabaseFault;
use crate::progress::Progress;
use kumari_engine::calibration::Calibration;
use kumari_engine::id::ModelId;
use kumari_engine::time::Timestamp;
use kumari_store::{BOOKS_MAX, Clock as _, Store, StoreError, SystemClock};
use kumari_wire::{CalibrationFault, CanonicalFault};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Why nothing was done with a calibration.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationCommandFault {
    /// The file cannot be read or written.
    #[error("`{path}`: {fault}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: io::Error,
    },
    /// It is no calibration that can be used.
    #[error("{name}:\n{fault}")]
    Calibration {
        /// Which.
        name: String,
        /// Why.
        fault: CalibrationFault,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// The database does not work.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// It is not put into force.
    #[error(transparent)]
    Put(#[from] PutFault),
    /// There is none.
    #[error("no calibration is in force in this database; publish one")]
    NoneInForce,
    /// It has no canonical form.
    #[error("the calibration: {0}")]
    Canonical(#[from] CanonicalFault),
    /// It cannot be written.
    #[error("cannot write the calibration: {0}")]
    Write(#[from] serde_json::Error),
    /// The system says no.
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// Does what was asked, and says what to print.
///
/// # Errors
/// [`CalibrationCommandFault`]; nothing has changed.
pub fn run(command: &CalibrationCommand) -> Result<String, CalibrationCommandFault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(answer(command))
}

async fn answer(command: &CalibrationCommand) -> Result<String, CalibrationCommandFault> {
    match command {
        CalibrationCommand::Learn { database, since, accounts_min, output } => {
            let store = database.open_existing().await?;
            learned(&*store, *since, *accounts_min, output.as_deref()).await
        }
        CalibrationCommand::Check { file } => {
            let calibration = read(file)?;
            let version = kumari_wire::calibration_version(&calibration)?;
            Ok(format!("{} is complete: {}\nversion {version}", file.display(), told(&calibration)))
        }
        CalibrationCommand::Publish { file, database } => {
            let calibration = read(file)?;
            let told = told(&calibration);
            let store = database.open_existing().await?;
            let unknown = unknown(&*store, &calibration).await?;
            let version = put(&*store, calibration, SystemClock.now()).await?;
            Ok(format!("in force is {version}: {told}{unknown}"))
        }
        CalibrationCommand::Show { database } => {
            let stored = database.open_existing().await?.calibration(None).await?;
            let stored = stored.ok_or(CalibrationCommandFault::NoneInForce)?;
            let name = || format!("the calibration {}", stored.version);
            let calibration = kumari_wire::read_calibration(&stored.json)
                .map_err(|fault| CalibrationCommandFault::Calibration { name: name(), fault })?;
            Ok(serde_json::to_string_pretty(&calibration)?)
        }
        CalibrationCommand::Withdraw { database } => {
            let store = database.open_existing().await?;
            put(&*store, Calibration::default(), SystemClock.now()).await?;
            Ok("in force are the likely prices of the price book alone".to_owned())
        }
    }
}

async fn learned(
    store: &dyn Store,
    since: Option<Timestamp>,
    accounts_min: u64,
    output: Option<&Path>,
) -> Result<String, CalibrationCommandFault> {
    let mut progress = Progress::new();
    let tell = |seen: &Seen| {
        progress.show(|| {
            format!("{}, {}", count(seen.accounts, "account"), count(seen.actions, "action"))
        });
    };
    let found = learn(store, since, accounts_min, tell).await;
    progress.clear();
    let (calibration, Seen { accounts, actions, unreadable }) = found?;
    let left_out = match unreadable {
        0 => String::new(),
        _ => format!("; {unreadable} that cannot be read are left out, see `audit`"),
    };
    // Nobody is left to tell that nobody reads.
    let _ = writeln!(
        io::stderr(),
        "{} of {}{left_out}: {}",
        count(actions, "action"),
        count(accounts, "account"),
        told(&calibration)
    );
    let text = serde_json::to_string_pretty(&calibration)?;
    let Some(path) = output else { return Ok(text) };
    fs::write(path, text + "\n")
        .map_err(|fault| CalibrationCommandFault::File { path: path.to_owned(), fault })?;
    Ok(format!("wrote {}", path.display()))
}

fn told(calibration: &Calibration) -> String {
    let bands = || calibration.rows.iter().flat_map(|row| &row.bands);
    let settlements = bands().map(|band| band.settlements).fold(0, u64::saturating_add);
    let length = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    format!(
        "{} in {} of {}",
        count(settlements, "settlement"),
        count(length(bands().count()), "band"),
        count(length(calibration.rows.len()), "pair of task and model"),
    )
}

/// "1 account", "2 accounts", "2 pairs of task and model": its first word is in the plural.
fn count(count: u64, of: &str) -> String {
    let (noun, rest) =
        of.split_once(' ').map_or((of, String::new()), |(noun, rest)| (noun, format!(" {rest}")));
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}{rest}")
}

/// Says which models the price book in force does not have: what is said of them moves nothing.
async fn unknown(
    store: &dyn Store,
    calibration: &Calibration,
) -> Result<String, CalibrationCommandFault> {
    let (listed, now) = (store.books(BOOKS_MAX).await?, SystemClock.now());
    let Some(in_force) = listed.iter().find(|one| one.effective_at <= now) else {
        return Ok(String::new());
    };
    let stored = store.book(&in_force.version).await?;
    let Some(book) = stored.and_then(|stored| kumari_wire::read_published(&stored.json).ok())
    else {
        return Ok(String::new());
    };
    let models: BTreeSet<&ModelId> = calibration.rows.iter().map(|row| &row.model).collect();
    let unknown = models.into_iter().filter(|model| book.book.model(model).is_none());
    let names: Vec<String> = unknown.map(|model| format!("`{model}`")).collect();
    Ok(match names.as_slice() {
        [] => String::new(),
        names => format!(
            "\nthe price book in force has no {}: what is said of it changes nothing",
            names.join(", ")
        ),
    })
}

fn read(path: &Path) -> Result<Calibration, CalibrationCommandFault> {
    let text = fs::read_to_string(path)
        .map_err(|fault| CalibrationCommandFault::File { path: path.to_owned(), fault })?;
    let name = || path.display().to_string();
    kumari_wire::read_calibration(&text)
        .map_err(|fault| CalibrationCommandFault::Calibration { name: name(), fault })
}
