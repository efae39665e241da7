//! Starts the server, and answers on the command line.

use clap::Parser as _;
use kumari_server::cli::{Cli, Command};
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let answered = match &cli.command {
        Command::Serve(serve) => {
            return ended(kumari_server::serve::run(serve));
        }
        Command::PriceBook(command) => kumari_server::price::price_book(command),
        Command::Price(price) => kumari_server::price::price(price),
        Command::Statement(statement) => {
            return ended(kumari_server::statement_print::run(statement));
        }
        Command::Audit(audit) => return kumari_server::audit::run(audit),
    };
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
