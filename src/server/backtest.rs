//! `kumari-credits backtest`: recorded usage under another price book, before anybody pays by it.
//!
//! It prices each leg with the rules that would charge it, adds up by task, model and customer, and
//! changes nothing. Usage of any length is read once and not kept. The format of records is in
//! `BACKTEST.md`.

use crate::backtest_chart::chart;
use crate::backtest_customers::{Customers, MuchMore};
use crate::backtest_read::{self, Format, ReadFault, Reading};
use crate::backtest_report::{Asked, OutOfRange, Report};
use crate::backtest_tally::{Counted, PAIRS_MAX, Prices};
use crate::cli::BookName;
use crate::database::Database;
use crate::price_book_command::{self, PriceBookFault};
use crate::progress::Progress;
use clap::{Args, ValueEnum};
use kumari_engine::amount::Credits;
use kumari_engine::price_book::PublishedBook;
use std::fs::{self, File};
use std::io::{self, BufReader, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

/// Faulty lines were left out.
const LEFT_OUT: u8 = 1;
/// There is no result.
const NO_RESULT: u8 = 2;

/// About how much is parsed at a time.
const PIECE_BYTES: u64 = 256 * 1024;
/// The most customers that are listed.
const TOP_MAX: i64 = 1_000;
/// More threads than the one that reads can feed; what they hold at once grows with their number.
const THREADS_MAX: i64 = 256;
/// A dollar is not worth more credits than this.
const CREDITS_PER_USD_MAX: Credits = Credits::from_micros(1_000_000_000_000);

/// What to price again, and with what.
#[derive(Debug, Args)]
pub struct Backtest {
    /// The recorded usage, a leg a line; `-` is standard input.
    pub usage: PathBuf,
    /// The book to price it with: a file, `in-force`, `built-in`, or the beginning of a version.
    #[arg(long)]
    pub book: BookName,
    /// The book that it was sold from, named alike, for legs that do not say what was charged.
    #[arg(long)]
    pub against: Option<BookName>,
    /// Where books are published.
    #[command(flatten)]
    pub database: Database,
    /// How the usage is written, where its name does not end in .jsonl, .ndjson or .csv.
    #[arg(long, value_enum)]
    pub format: Option<UsageFormat>,
    /// How many credits are worth a dollar of revenue; by default what the smallest pack of the book
    /// gives for one.
    #[arg(long)]
    pub credits_per_usd: Option<Credits>,
    /// From how many percent on a customer would pay much more.
    #[arg(long, default_value_t = 10)]
    pub more_percent: u32,
    /// And from how many credits on.
    #[arg(long, default_value = "10")]
    pub more_credits: Credits,
    /// How many of those customers are listed, those first to whom it makes the greatest difference.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=TOP_MAX))]
    pub top: u16,
    /// The most customers there can be, in memory of about 140 bytes each; 0 leaves customers out.
    #[arg(long, default_value_t = 2_000_000)]
    pub customers_max: usize,
    /// Leave faulty lines out, count them and name the first; without it the first ends the run.
    #[arg(long)]
    pub skip_faulty: bool,
    /// How many threads parse and price; by default as many as there are cores.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX))]
    pub threads: Option<u16>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Write a chart of what was charged and would be, as SVG.
    #[arg(long)]
    pub chart: Option<PathBuf>,
}

/// How usage is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UsageFormat {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values under a header.
    Csv,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
enum BacktestFault {
    #[error(transparent)]
    Book(#[from] PriceBookFault),
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable { path: PathBuf, fault: io::Error },
    #[error("{} does not say how it is written; say --format jsonl or --format csv", .0.display())]
    Format(PathBuf),
    #[error("--credits-per-usd: `{0}` is out of range: say more than 0 and at most 1000000")]
    CreditsPerUsd(Credits),
    #[error("--more-credits: `{0}` is below zero")]
    MoreCredits(Credits),
    #[error("{} line {line}: {message}; mend it, or leave it out by --skip-faulty", path.display())]
    Line { path: PathBuf, line: u64, message: String },
    #[error("there is no record in {}", .0.display())]
    Empty(PathBuf),
    #[error(
        "there are more than {PAIRS_MAX} pairs of task and model: see that each record names a \
         model as price books do"
    )]
    Pairs,
    #[error(
        "there are more than {0} customers: allow for more by --customers-max, at about 140 bytes \
         each, or leave them out by --customers-max 0"
    )]
    Customers(usize),
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    #[error("cannot write {}: {fault}", path.display())]
    Chart { path: PathBuf, fault: io::Error },
    #[error("the system: {0}")]
    System(#[from] io::Error),
    #[error("cannot write the answer: {0}")]
    Write(#[from] serde_json::Error),
}

/// Prices usage again, and prints what it comes to.
pub fn run(arguments: &Backtest) -> ExitCode {
    let answered = backtest(arguments).and_then(|report| {
        let words =
            if arguments.json { serde_json::to_string(&report)? } else { report.to_string() };
        if let Some(path) = &arguments.chart {
            write(path, &chart(&report))
                .map_err(|fault| BacktestFault::Chart { path: path.clone(), fault })?;
        }
        Ok((words, report.faulty))
    });
    match answered {
        Ok((words, faulty)) => {
            // Whoever reads may stop reading; the backtest still ends with its code.
            let _ = writeln!(io::stdout(), "{words}");
            if faulty == 0 { ExitCode::SUCCESS } else { ExitCode::from(LEFT_OUT) }
        }
        Err(fault) => {
            let _ = writeln!(io::stderr(), "error: {fault}");
            ExitCode::from(NO_RESULT)
        }
    }
}

fn backtest(arguments: &Backtest) -> Result<Report, BacktestFault> {
    let format = format(arguments)?;
    let books = books(arguments)?;
    let credits_per_usd = credits_per_usd(arguments, &books.other)?;
    if arguments.more_credits.is_negative() {
        return Err(BacktestFault::MoreCredits(arguments.more_credits));
    }
    let customers = Some(arguments.customers_max).filter(|max| *max > 0).map(Customers::new);
    let threads = arguments.threads.and_then(|asked| NonZeroUsize::new(asked.into()));
    let reading = Reading {
        format,
        threads: threads.or(available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN),
        piece_bytes: PIECE_BYTES,
        skip_faulty: arguments.skip_faulty,
    };
    let prices = Prices {
        other: &books.other.book,
        baseline: books.baseline.as_ref().map(|book| &book.book),
        customers: customers.as_ref(),
    };
    let counted = counted(&arguments.usage, reading, prices)?;
    if counted.has_too_many_pairs {
        return Err(BacktestFault::Pairs);
    }
    let much_more = MuchMore { percent: arguments.more_percent, credits: arguments.more_credits };
    let found = customers.map(|customers| customers.find(much_more, arguments.top.into()));
    let found = found.transpose().map_err(|_| BacktestFault::Customers(arguments.customers_max))?;
    let asked = Asked {
        book: books.other.version,
        against: books.baseline.map(|book| book.version),
        credits_per_usd,
    };
    Ok(Report::new(asked, counted, found.map(|found| (much_more, found)))?)
}

struct Books {
    other: PublishedBook,
    baseline: Option<PublishedBook>,
}

fn books(arguments: &Backtest) -> Result<Books, BacktestFault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let other = price_book_command::find(&arguments.book, &arguments.database).await?;
        let baseline = match &arguments.against {
            Some(name) => Some(price_book_command::find(name, &arguments.database).await?),
            None => None,
        };
        Ok(Books { other, baseline })
    })
}

fn format(arguments: &Backtest) -> Result<Format, BacktestFault> {
    let path = &arguments.usage;
    let ending = path.extension().and_then(|ending| ending.to_str());
    match (arguments.format, ending) {
        (Some(UsageFormat::Jsonl), _) | (None, Some("jsonl" | "ndjson")) => Ok(Format::JsonLines),
        (Some(UsageFormat::Csv), _) | (None, Some("csv")) => Ok(Format::Csv),
        (None, _) => Err(BacktestFault::Format(path.clone())),
    }
}

/// What was asked for, or else what a credit costs who buys the fewest: the list price.
fn credits_per_usd(arguments: &Backtest, book: &PublishedBook) -> Result<Credits, BacktestFault> {
    let smallest = book.book.packs.brackets.first().map(|bracket| bracket.credits_per_usd);
    let asked = arguments.credits_per_usd.or(smallest).unwrap_or(Credits::ZERO);
    let is_in_range = asked.is_positive() && asked <= CREDITS_PER_USD_MAX;
    if is_in_range { Ok(asked) } else { Err(BacktestFault::CreditsPerUsd(asked)) }
}

fn counted(path: &Path, reading: Reading, prices: Prices<'_>) -> Result<Counted, BacktestFault> {
    let mut progress = Progress::new();
    let tell = |lines: u64| progress.show(|| format!("{lines} lines"));
    let read = if path.as_os_str() == "-" {
        backtest_read::count(io::stdin().lock(), reading, prices, tell)
    } else {
        let unreadable = |fault| BacktestFault::Unreadable { path: path.to_owned(), fault };
        let file = File::open(path).map_err(unreadable)?;
        backtest_read::count(BufReader::new(file), reading, prices, tell)
    };
    progress.clear();
    match read {
        Ok(counted) if counted.legs == 0 && counted.faulty == 0 => {
            Err(BacktestFault::Empty(path.to_owned()))
        }
        Ok(counted) => Ok(counted),
        Err(ReadFault::Line(fault)) => {
            let (line, message) = (fault.line, fault.message);
            Err(BacktestFault::Line { path: path.to_owned(), line, message })
        }
        Err(ReadFault::Empty) => Err(BacktestFault::Empty(path.to_owned())),
        Err(ReadFault::System(fault)) => {
            Err(BacktestFault::Unreadable { path: path.to_owned(), fault })
        }
    }
}

/// Writes a file in one step, so that who looks sees all of it or what was there before.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}
