//! `kumari-credits statement`: a statement on the command line, of any length.

use crate::cli::{Statement as Arguments, StatementFormat};
use crate::database::DatabaseFault;
use crate::statement::{Excerpt, Journal};
use crate::statement_csv;
use crate::statement_period::{Period, PeriodFault};
use futures::stream::StreamExt as _;
use kumari_engine::amount::Credits;
use kumari_engine::id::AccountId;
use kumari_engine::statement::StatementLine;
use kumari_engine::time::Timestamp;
use kumari_store::{Clock as _, Ledger, LedgerError, SystemClock};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementFault {
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// No period was named.
    #[error("--{0}")]
    Period(String),
    /// There is no such account.
    #[error("there is no account `{0}` in the database")]
    Unknown(AccountId),
    /// The journal cannot be read.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// The system says no.
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

impl From<PeriodFault> for StatementFault {
    fn from(fault: PeriodFault) -> Self {
        Self::Period(fault.to_string())
    }
}

/// A line of `--format json`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum JsonLine<'line> {
    Opening { at: Timestamp, balance: Credits },
    Line(&'line StatementLine),
    Closing { at: Timestamp, balance: Credits },
}

/// Prints a statement.
///
/// # Errors
/// [`StatementFault`].
pub fn run(arguments: &Arguments) -> Result<(), StatementFault> {
    let Arguments { month, from, to, .. } = arguments;
    let period = Period::read(month.as_deref(), from.as_deref(), to.as_deref(), SystemClock.now())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let printed = runtime.block_on(async {
        let store = arguments.database.open_existing().await?;
        let ledger = Ledger::new(store, Arc::new(SystemClock));
        let journal = Journal::open(&ledger, &arguments.account).await?;
        if journal.is_empty() {
            return Err(StatementFault::Unknown(arguments.account.clone()));
        }
        let excerpt = journal.excerpt(period, None).await?;
        let mut out = BufWriter::new(io::stdout());
        match arguments.format {
            StatementFormat::Text => text(&mut out, period, excerpt).await?,
            StatementFormat::Csv => csv(&mut out, period, excerpt).await?,
            StatementFormat::Json => json(&mut out, period, excerpt).await?,
        }
        Ok(out.flush()?)
    });
    match printed {
        // Whoever read it has seen enough.
        Err(StatementFault::System(fault)) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

async fn text(
    out: &mut impl Write,
    period: Period,
    excerpt: Excerpt,
) -> Result<(), StatementFault> {
    let balance = |what: &str, at: Timestamp, balance: Credits| {
        format!(
            "{at:<24}  {:>16}  {balance:>16}  {what}",
            "",
            at = at.to_string(),
            balance = balance.to_string()
        )
    };
    let closing = balance("closing balance", period.to, excerpt.closing);
    writeln!(out, "{:<24}  {:>16}  {:>16}  what", "at (UTC)", "change", "balance")?;
    writeln!(out, "{}", balance("opening balance", period.from, excerpt.opening))?;
    let mut lines = excerpt.lines();
    while let Some(line) = lines.next().await {
        let StatementLine { at, text, change, balance, .. } = line?;
        let (at, change, balance) = (at.to_string(), change.to_string(), balance.to_string());
        writeln!(out, "{at:<24}  {change:>16}  {balance:>16}  {text}")?;
    }
    Ok(writeln!(out, "{closing}")?)
}

async fn csv(out: &mut impl Write, period: Period, excerpt: Excerpt) -> Result<(), StatementFault> {
    let mut rows = statement_csv::rows(period, excerpt);
    while let Some(row) = rows.next().await {
        out.write_all(&row?)?;
    }
    Ok(())
}

async fn json(
    out: &mut impl Write,
    period: Period,
    excerpt: Excerpt,
) -> Result<(), StatementFault> {
    let mut put = |line: &JsonLine<'_>| -> io::Result<()> {
        serde_json::to_writer(&mut *out, line)?;
        writeln!(out)
    };
    let (opening, closing) = (excerpt.opening, excerpt.closing);
    put(&JsonLine::Opening { at: period.from, balance: opening })?;
    let mut lines = excerpt.lines();
    while let Some(line) = lines.next().await {
        put(&JsonLine::Line(&line?))?;
    }
    Ok(put(&JsonLine::Closing { at: period.to, balance: closing })?)
}
