//! Starts the server, and answers on the command line.

use clap::Parser as _;
use kumari_server::cli::{Cli, Command};
use mimalloc::MiMalloc;
use std::io::Write as _;
use std::process::ExitCode;

/// A request makes many small values in one thread and drops them in another, and the system's own
/// allocator of many Linuxes keeps what one such burst took.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match &Cli::parse().command {
        Command::Serve(serve) => ended(kumari_server::serve::run(serve)),
        Command::PriceBook(command) => said(kumari_server::price_book_command::run(command)),
        Command::Calibration(command) => said(kumari_server::calibration_command::run(command)),
        Command::Price(price) => said(kumari_server::price::price(price)),
        Command::Document(document) => said(kumari_server::document_command::run(document)),
        Command::Replay(replay) => kumari_server::replay::run(replay),
        Command::Statement(statement) => ended(kumari_server::statement_print::run(statement)),
        Command::Adjust(adjust) => said(kumari_server::adjust::adjust(adjust)),
        Command::RevokeLot(revoke) => said(kumari_server::adjust::revoke_lot(revoke)),
        Command::Key(command) => said(kumari_server::key::run(command)),
        Command::Simulate(simulate) => ended(kumari_server::simulate::run(simulate)),
        Command::Backtest(backtest) => kumari_server::backtest::run(backtest),
        Command::MigrateStore(migrate) => {
            said(kumari_server::migrate_store::migrate_store(migrate))
        }
        Command::Audit(audit) => kumari_server::audit::run(audit),
    }
}

fn said<E: std::fmt::Display>(answered: Result<String, E>) -> ExitCode {
    ended(answered.map(|answer| {
        // Nobody is left to tell that nobody reads.
        let _ = writeln!(std::io::stdout(), "{answer}");
    }))
}

fn ended<E: std::fmt::Display>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "error: {fault}");
            ExitCode::FAILURE
        }
    }
}
