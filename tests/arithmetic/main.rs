//! Random prices and usages through the engine and through Python's decimals: every charge must be
//! the same, to the last digit.
//!
//! The law in `tests/rules/arithmetic.rs` tries a fixed hundred thousand; this is for the millions
//! of `cargo xtask soak arithmetic`, in another language, and shares nothing with the engine but the
//! texts of the cases. It is an example of this crate, so that what it needs is only built for it.

use anyhow::{Context, Result, bail};
use clap::Parser;
use fastrand::Rng;
use kumari_engine::rating::RatingFault;
use kumari_tests::arithmetic_cases::case;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[derive(Parser)]
struct Arguments {
    /// How many cases.
    #[arg(long, default_value_t = 100_000)]
    cases: u32,
    /// The seed that they come from.
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,
    /// Python, 3.11 or newer.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
}

fn main() -> Result<()> {
    let Arguments { cases, seed, python } = Arguments::parse();
    let mut child = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/arithmetic/charge.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", python.display()))?;
    let stdin = child.stdin.take().context("Python has no standard input")?;
    let stdout = child.stdout.take().context("Python has no standard output")?;
    // Asked beside the reading, from the same seed, so that neither pipe can fill up while both wait.
    let asking = std::thread::spawn(move || -> std::io::Result<()> {
        let mut questions = BufWriter::new(stdin);
        let mut rng = Rng::with_seed(seed);
        for _ in 0..cases {
            writeln!(questions, "{}", case(&mut rng).json())?;
        }
        questions.flush()
    });
    let mut answers = BufReader::new(stdout).lines();
    let mut rng = Rng::with_seed(seed);
    let (mut charged, mut too_much) = (0_u64, 0_u64);
    for number in 0..cases {
        let case = case(&mut rng);
        let engine = match case.charge() {
            Ok(charge) => charge.to_string(),
            Err(RatingFault::Overflow) => "overflow".to_owned(),
            Err(fault @ RatingFault::Unpriced(_)) => fault.to_string(),
        };
        let python = answers.next().context("Python stopped answering")??;
        if python != engine {
            let case = case.json();
            bail!("seed {seed}, case {number}: {case}\nengine {engine}\nPython {python}");
        }
        *if engine == "overflow" { &mut too_much } else { &mut charged } += 1;
    }
    match asking.join() {
        Ok(asked) => asked?,
        Err(_) => bail!("asking failed"),
    }
    if !child.wait()?.success() {
        bail!("Python failed");
    }
    println!(
        "{cases} prices and usages, seed {seed}: engine and Python's decimals agree on {charged} \
         charges, and on {too_much} that are out of range"
    );
    Ok(())
}
