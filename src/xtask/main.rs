//! The project's own commands, so that nobody needs a shell script.
//!
//! `run` serves the product, `test` proves it, `soak` proves it with large counts, `mutants` proves
//! the proofs, `bench` measures the product beside a peer, `pack` weighs the npm package, `setup`
//! brings what the machine lacks (the others do that too). Each says what it does and how long it
//! took. Nothing here is part of the product.

mod assets;
mod bench;
mod bench_backtest;
mod bench_calibration;
mod bench_chart;
mod bench_estimate;
mod bench_ledger;
mod bench_row;
mod bench_script;
mod bench_table;
mod bench_tokens;
mod chromium;
mod crash;
mod faketime;
mod fuzz;
mod mutants;
mod node;
mod pack;
mod postgres;
mod progress;
mod python;
mod repository;
mod run;
mod setup;
mod soak;
mod steps;
mod system;
mod test;
mod version;
mod wasm;
mod wasm_target;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::repository::Repository;
use crate::setup::{Tool, Tools};
use crate::wasm_target::RouteChoice;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands.")]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// Install system packages without asking (as when `CI` is set, or for root).
    #[arg(long, global = true)]
    yes: bool,
    /// Show what programs print as they print it.
    #[arg(long, global = true)]
    verbose: bool,
    /// How to compile wasm32.
    #[arg(long, global = true, env = "KUMARI_WASM_ROUTE", value_enum, default_value = "auto")]
    wasm_route: RouteChoice,
}

#[derive(Subcommand)]
enum Command {
    /// Set up what is missing, build, and serve on 127.0.0.1 with SQLite and demo providers.
    Run(run::Wish),
    /// Set up what is missing and prove every behaviour.
    Test(test::Wish),
    /// Build the npm package, print its sizes and check its budgets and files.
    Pack,
    /// Prove with large counts, outside CI; writes a result file to target/soak.
    Soak(soak::Wish),
    /// Break the engine in one place at a time and see that a test of the rules fails.
    Mutants(mutants::Wish),
    /// Measure beside a peer; writes figures and a chart to target/bench.
    Bench(bench::Wish),
    /// Bring everything that building and testing need.
    Setup,
}

fn main() -> ExitCode {
    if let Some(code) = fuzz::compile() {
        return code;
    }
    match dispatch(&Arguments::parse()) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("error: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &Arguments) -> Result<ExitCode> {
    let repository = Repository::find(arguments.common.verbose, arguments.common.yes)?;
    progress::end_programs_with_this_one()?;
    let route = arguments.common.wasm_route;
    match &arguments.command {
        Command::Run(wish) => run::run(&repository, route, wish),
        Command::Test(wish) => test::run(&repository, route, wish),
        Command::Pack => {
            let tools = Tools::prepare(&repository, route, Tool::FOR_BUILDING)?;
            pack::build(&repository, tools.for_building()?)?;
            pack::check(&repository)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Soak(wish) => soak::run(&repository, route, wish),
        Command::Mutants(wish) => mutants::run(&repository, wish),
        Command::Bench(wish) => bench::run(&repository, route, wish),
        Command::Setup => {
            let tools = Tools::prepare(&repository, route, Tool::ALL)?;
            Ok(if tools.complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
