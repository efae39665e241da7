//! The proof that one crate serves both sides (R11): the engine compiled for this machine and the
//! npm package in Node give the same bytes for every estimate and every verdict, and the package's
//! plain objects are what those bytes say.
//!
//! `parity node --cases N --seed S` asks both and stops at the first difference, with the case.
//! `parity corpus --cases N --seed S FILE` writes cases with the native answers as JSON lines, for
//! the test in a real browser. `parity answer` answers the questions of standard input.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use fastrand::Rng;
use kumari_engine::calibration::Calibration;
use kumari_engine::denial::Denial;
use kumari_engine::eligibility::eligibility;
use kumari_engine::estimate::{Caps, Estimate, estimate, estimate_calibrated};
use kumari_engine::price_book::PublishedBook;
use kumari_tests::parity_cases::{Case, books, calibration, case};
use kumari_wire::canonical;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

/// How many books the cases are about.
const BOOKS: usize = 24;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Compare with the package in Node.
    Node {
        /// How many cases.
        #[arg(long, default_value_t = 10_000)]
        cases: u32,
        /// The seed that they come from.
        #[arg(long, default_value_t = 20_261_123)]
        seed: u64,
    },
    /// Write cases and native answers for the test in a browser.
    Corpus {
        /// How many cases.
        #[arg(long, default_value_t = 500)]
        cases: u32,
        /// The seed that they come from.
        #[arg(long, default_value_t = 20_261_123)]
        seed: u64,
        /// Where to.
        file: PathBuf,
    },
    /// Answer requests as the native engine does: JSON lines in, `{"book": TEXT}` first, then
    /// `{"index": N, "request": …}`; one canonical estimate or denial a line out.
    Answer,
}

fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Node { cases, seed } => compare_with_node(cases, seed),
        What::Corpus { cases, seed, file } => write_corpus(cases, seed, &file),
        What::Answer => answer(),
    }
}

fn compare_with_node(cases: u32, seed: u64) -> Result<()> {
    let mut rng = Rng::with_seed(seed);
    let books = calibrated_books(&mut rng);
    let mut node = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/parity/answer.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start node")?;
    let (stdin, stdout) = (node.stdin.take(), node.stdout.take());
    let mut questions = BufWriter::new(stdin.context("node has no standard input")?);
    let answers = BufReader::new(stdout.context("node has no standard output")?);

    // One thread asks and one compares, so that neither pipe can fill up while both wait.
    let asking = {
        let (mut rng, books) = (rng.clone(), books.clone());
        thread::spawn(move || -> Result<()> {
            for book in &books {
                writeln!(questions, "{}", book.line()?)?;
            }
            let published = published(&books);
            for _ in 0..cases {
                writeln!(questions, "{}", question(&case(&mut rng, &published))?)?;
            }
            Ok(questions.flush()?)
        })
    };
    let mut answers = answers.lines();
    let mut allowed = 0_u32;
    let published = published(&books);
    for number in 0..cases {
        let case = case(&mut rng, &published);
        let native = native_answer(&books, &case)?;
        let line = answers.next().context("node stopped answering")??;
        let theirs: Answer = serde_json::from_str(&line)?;
        if theirs != native {
            bail!(
                "case {number} of seed {seed} differs\n{case:#?}\nnative: {native:#?}\nin Node: {theirs:#?}"
            );
        }
        allowed += u32::from(native.1.contains("\"verdict\":\"allowed\""));
    }
    if asking.join().is_err() {
        bail!("asking failed");
    }
    if !node.wait()?.success() {
        bail!("node failed");
    }
    // A generator that only ever asks what is refused would prove little.
    if allowed * 10 < cases || allowed * 10 > cases * 9 {
        bail!("{allowed} of {cases} verdicts are `allowed`; the cases are one-sided");
    }
    println!(
        "{cases} cases over {BOOKS} books, seed {seed}: native and Node byte-identical, {allowed} allowed"
    );
    Ok(())
}

fn write_corpus(cases: u32, seed: u64, path: &PathBuf) -> Result<()> {
    let mut rng = Rng::with_seed(seed);
    let books = calibrated_books(&mut rng);
    let published = published(&books);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = BufWriter::new(File::create(path)?);
    for book in &books {
        writeln!(file, "{}", book.line()?)?;
    }
    for _ in 0..cases {
        let case = case(&mut rng, &published);
        let mut line = question(&case)?;
        line["native"] = json!(native_answer(&books, &case)?);
        writeln!(file, "{line}")?;
    }
    file.flush()?;
    println!("{cases} cases over {BOOKS} books, seed {seed}");
    Ok(())
}

fn answer() -> Result<()> {
    let mut books = Vec::new();
    let mut answers = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        if let Some(book) = question["book"].as_str() {
            books.push(kumari_wire::publish(book)?);
            continue;
        }
        let index = question["index"].as_u64().context("`index` says which book")?;
        let book = books.get(usize::try_from(index)?).context("there is no such book")?;
        let request = kumari_wire::from_str(&question["request"].to_string())?;
        writeln!(answers, "{}", price_text(&estimate(book, &request))?)?;
    }
    Ok(answers.flush()?)
}

/// A book, and what was learned of answers to be estimated by.
#[derive(Clone)]
struct Book {
    published: PublishedBook,
    calibration: Calibration,
}

impl Book {
    fn line(&self) -> Result<Value> {
        let calibration = canonical(&self.calibration)?;
        Ok(json!({"book": canonical(&self.published.book)?, "calibration": calibration}))
    }
}

fn calibrated_books(rng: &mut Rng) -> Vec<Book> {
    let books = books(rng, BOOKS).into_iter();
    books.map(|published| Book { calibration: calibration(rng, &published), published }).collect()
}

fn published(books: &[Book]) -> Vec<PublishedBook> {
    books.iter().map(|book| book.published.clone()).collect()
}

/// The case as JSON texts, which the package reads as a server would.
fn question(case: &Case) -> Result<Value> {
    let quote = case.quote.as_ref().map(canonical).transpose()?;
    Ok(json!({
        "index": case.book,
        "request": canonical(&case.request)?,
        "standing": canonical(&case.standing)?,
        "quote": quote,
    }))
}

/// A canonical estimate and verdict; the estimate as plain objects and the prepared price with its
/// likely range, both under the caps of the quote, and nothing where it is a denial, which is thrown.
type Answer = (String, String, Option<String>, Option<String>);

/// The answer of the engine compiled for this machine.
fn native_answer(books: &[Book], case: &Case) -> Result<Answer> {
    let Book { published, calibration } = books.get(case.book).context("there is no such book")?;
    let priced = |caps: &Caps| estimate_calibrated(published, &case.request, caps, calibration);
    let plain = estimate(published, &case.request);
    let verdict = eligibility(published, &case.standing, &case.request, plain, case.quote.as_ref());
    let caps = case.quote.as_ref().map(|quote| quote.caps.clone()).unwrap_or_default();
    let capped = priced(&caps).ok();
    let objects = capped.as_ref().map(canonical).transpose()?;
    let prepared = capped.map(|Estimate { low, expected, high, likely, .. }| {
        let likely = likely.map(|likely| [likely.low, likely.high]);
        canonical(
            &[low, expected, high]
                .into_iter()
                .chain(likely.into_iter().flatten())
                .collect::<Vec<_>>(),
        )
    });
    let price = priced(&Caps::default());
    Ok((price_text(&price)?, canonical(&verdict)?, objects, prepared.transpose()?))
}

fn price_text(price: &Result<Estimate, Denial>) -> Result<String> {
    Ok(match price {
        Ok(price) => canonical(price)?,
        Err(denial) => canonical(&json!({"denial": denial}))?,
    })
}
