//! `kumari-credits audit`: what the store keeps against what the journal says, on the command line.
//!
//! Differences go to standard output, progress to standard error.

use crate::cli::Audit as Arguments;
use crate::database::DatabaseFault;
use crate::progress::Progress;
use kumari_engine::id::AccountId;
use kumari_store::{Audit, Difference, StoreError};
use serde::Serialize;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// There are differences.
const DIFFERENT: u8 = 1;
/// Whether there are cannot be told.
const UNKNOWN: u8 = 2;

/// Why it cannot be told whether there are differences.
#[derive(Debug, thiserror::Error)]
enum AuditFault {
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    #[error("there is no account `{0}` in the database")]
    Unknown(AccountId),
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// A line of `--json`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'line> {
    Difference(&'line Difference),
    Audited(&'line Audit),
}

/// Audits, and prints what differs.
pub fn run(arguments: &Arguments) -> ExitCode {
    match audit(arguments) {
        Ok(Audit { differences: 0, .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(DIFFERENT),
        Err(fault) => {
            let _ = writeln!(io::stderr(), "error: {fault}");
            ExitCode::from(UNKNOWN)
        }
    }
}

fn audit(arguments: &Arguments) -> Result<Audit, AuditFault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store = runtime.block_on(arguments.database.open_existing())?;
    let mut progress = Progress::new();
    let json = arguments.json;
    let tell = |so_far: &Audit, found: &[Difference]| {
        progress.show(|| {
            let Audit { accounts, entries, differences, .. } = so_far;
            format!("{accounts} accounts, {entries} entries, {differences} differences")
        });
        for difference in found {
            print(json, &Line::Difference(difference), difference);
        }
    };
    let only = arguments.account.as_ref();
    let audited = runtime.block_on(kumari_store::audit(store.as_ref(), only, tell))?;
    progress.clear();
    if let (Some(account), 0, 0) = (only, audited.entries, audited.differences) {
        return Err(AuditFault::Unknown(account.clone()));
    }
    print(json, &Line::Audited(&audited), &summary(&audited));
    Ok(audited)
}

/// Whoever reads may stop reading; the audit still ends with its code.
fn print(json: bool, line: &Line<'_>, words: &dyn std::fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = match serde_json::to_string(line) {
        Ok(line) if json => writeln!(out, "{line}"),
        Ok(_) | Err(_) => writeln!(out, "{words}"),
    };
}

fn summary(audited: &Audit) -> String {
    let Audit { accounts, entries, actions, differences } = audited;
    let looked_at = format!("{accounts} accounts with {entries} entries and {actions} actions");
    match differences {
        0 => format!("{looked_at}: stored is what the journal says"),
        1 => format!("{looked_at}: 1 difference"),
        _ => format!("{looked_at}: {differences} differences"),
    }
}
