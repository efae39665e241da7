//! `kumari-credits simulate`: a history of commands through the rules alone, without a store.
//!
//! How support replays what happened to a customer, how documents show examples, and how tests
//! talk to the rules. Times and ids are in the history, so the same history always prints the same.
//! The format is in `SIMULATE.md`.

use crate::cli::Simulate as Arguments;
use crate::json_line::{self, LINE_BYTES_MAX};
use crate::price::{self, PriceFault};
use crate::simulate_command::Step;
use kumari_engine::account::{Account, Action, Answer, LedgerFault, Refused};
use kumari_engine::denial::Denial;
use kumari_engine::eligibility::Standing;
use kumari_engine::entry::Entry;
use kumari_engine::id::AccountId;
use kumari_engine::lot::Lot;
use kumari_engine::period::advance;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::PathBuf;

/// Why a history was not simulated to its end.
#[derive(Debug, thiserror::Error)]
pub enum SimulateFault {
    /// The price book cannot be used.
    #[error(transparent)]
    Price(#[from] PriceFault),
    /// The history cannot be opened.
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: io::Error,
    },
    /// A line is at fault.
    #[error("line {line}: {message}; mend it, or go on without it by --keep-going")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong, with the path of the field.
        message: String,
    },
    /// Lines were at fault and were left out.
    #[error("{0} lines were left out, each says why in its place")]
    LeftOut(u64),
    /// Reading or writing broke off.
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// What a line of a history came to.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Which line, from 1.
    pub line: u64,
    /// What was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// What a query found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// The "no": nothing has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<Denial>,
    /// What was entered; what was due comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<Entry>>,
    /// What the account has afterwards.
    pub balance: Standing,
}

/// What a query found.
#[derive(Debug, Serialize)]
pub struct Found {
    /// The lots that something is left of, or that say something still.
    pub lots: Vec<Lot>,
    /// What the action id was used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// A line that was left out.
#[derive(Serialize)]
struct LeftOut<'line> {
    line: u64,
    fault: &'line str,
}

/// Accounts in memory.
#[derive(Debug)]
pub struct Simulation {
    book: PublishedBook,
    accounts: BTreeMap<AccountId, Account>,
}

impl Simulation {
    /// One without accounts, whose prices are those of `book`.
    pub const fn new(book: PublishedBook) -> Self {
        Self { book, accounts: BTreeMap::new() }
    }

    /// Runs one step.
    ///
    /// # Errors
    /// A text that says what is wrong where the account would contradict itself: nothing has
    /// changed.
    pub fn step(&mut self, line: u64, step: &Step) -> Result<Outcome, String> {
        let before = self.accounts.remove(&step.account);
        let before = before.unwrap_or_else(|| Account::new(step.account.clone()));
        let (account, answer, denied, entries) = match step.decide(&self.book, &before) {
            // Looking changes nothing.
            Ok(_) if step.query().is_some() => (before, None, None, Vec::new()),
            Ok(change) => (change.account, Some(change.answer), None, change.entries),
            Err(Refused::Denied(denial)) => (before, None, Some(denial), Vec::new()),
            Err(Refused::Fault(fault)) => {
                self.accounts.insert(step.account.clone(), before);
                return Err(fault.to_string());
            }
        };
        let seen = seen(&account, step);
        self.accounts.insert(step.account.clone(), account);
        let (balance, found) = seen.map_err(|fault| fault.to_string())?;
        Ok(Outcome { line, answer, found, denied, entries: Some(entries), balance })
    }
}

/// What somebody sees who looks after the step (R32).
fn seen(account: &Account, step: &Step) -> Result<(Standing, Option<Found>), LedgerFault> {
    let now: Timestamp = step.at.max(account.updated_at);
    let account = advance(account, now)?.account;
    let found = step.query().map(|query| Found {
        lots: account.lots.clone(),
        action: query.action_id.as_ref().and_then(|id| account.actions.get(id)).cloned(),
    });
    Ok((account.standing(now)?, found))
}

/// Simulates a history, and prints what each line came to.
///
/// # Errors
/// [`SimulateFault`].
pub fn run(arguments: &Arguments) -> Result<(), SimulateFault> {
    let book = price::read(arguments.price_book.as_deref())?;
    let mut out = BufWriter::new(io::stdout());
    let simulated = if arguments.history.as_os_str() == "-" {
        simulate(book, io::stdin().lock(), &mut out, arguments)
    } else {
        let path = &arguments.history;
        let file = File::open(path)
            .map_err(|fault| SimulateFault::Unreadable { path: path.clone(), fault })?;
        simulate(book, BufReader::new(file), &mut out, arguments)
    };
    let flushed = out.flush().map_err(SimulateFault::System);
    match simulated.and(flushed) {
        // Whoever read it has seen enough.
        Err(SimulateFault::System(fault)) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

fn simulate(
    book: PublishedBook,
    mut history: impl BufRead,
    out: &mut impl Write,
    arguments: &Arguments,
) -> Result<(), SimulateFault> {
    let mut simulation = Simulation::new(book);
    let mut left_out = 0_u64;
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let read = (&mut history).take(LINE_BYTES_MAX).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        if read_is_cut(&text) && !history.fill_buf()?.is_empty() {
            let message = format!("longer than {LINE_BYTES_MAX} bytes");
            return Err(SimulateFault::Line { line, message });
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let outcome = json_line::read(&text).and_then(|step: Step| simulation.step(line, &step));
        match outcome {
            Ok(mut outcome) => {
                if !arguments.entries {
                    outcome.entries = None;
                }
                print(out, &outcome)?;
            }
            Err(message) if arguments.keep_going => {
                left_out = left_out.saturating_add(1);
                print(out, &LeftOut { line, fault: &message })?;
            }
            Err(message) => return Err(SimulateFault::Line { line, message }),
        }
    }
    if left_out > 0 { Err(SimulateFault::LeftOut(left_out)) } else { Ok(()) }
}

/// Whether there may be more of a line than was read.
fn read_is_cut(text: &[u8]) -> bool {
    !text.ends_with(b"\n")
}

fn print<T: Serialize>(out: &mut impl Write, value: &T) -> Result<(), SimulateFault> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}
