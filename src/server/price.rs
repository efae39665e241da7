//! `kumari-credits price`: what a usage costs, on the command line, and the price books that are
//! files. It asks the same rules as the server and changes nothing.

use crate::cli::Price;
use kumari_engine::amount::{Credits, ExactCredits};
use kumari_engine::id::{BookVersion, IdFault, ModelId};
use kumari_engine::meter::Usage;
use kumari_engine::price_book::{self, PublishedBook};
use kumari_engine::rating::{self, Line, RatingFault};
use kumari_engine::request::Task;
use kumari_wire::{BookFault, Fault};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The price book inside the program.
pub const DEFAULT_PRICE_BOOK: &str = include_str!("price-book.json");

/// Why a question about prices has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PriceFault {
    /// The file cannot be read.
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: std::io::Error,
    },
    /// It is not a price book; every fault is listed.
    #[error("{name} is not a price book that can be used:\n{fault}")]
    Book {
        /// The file, or what else it came from.
        name: String,
        /// What is wrong.
        fault: BookFault,
    },
    /// There is no such task.
    #[error("there is no task `{0}`: use one of {tasks}", tasks = task_names())]
    UnknownTask(String),
    /// The model's name cannot be one.
    #[error("--model: {0}")]
    Model(IdFault),
    /// The usage is not JSON of the right shape.
    #[error("--usage: {0}")]
    Usage(Fault),
    /// The book has no such price.
    #[error("the price book does not offer `{task}` with the model `{model}`: use one of {models}")]
    NotOffered {
        /// The task.
        task: &'static str,
        /// The model.
        model: ModelId,
        /// Those that it is offered with.
        models: String,
    },
    /// A meter of the usage has no price.
    #[error("--usage: {0}")]
    Rating(RatingFault),
    /// The answer cannot be written.
    #[error("cannot write the answer: {0}")]
    Write(#[from] serde_json::Error),
}

/// What a usage costs.
#[derive(Debug, Serialize)]
struct Priced {
    price_book: BookVersion,
    task: Task,
    model: ModelId,
    lines: Vec<Line>,
    charge: Credits,
}

/// Prices a usage, as a table or as JSON.
///
/// # Errors
/// [`PriceFault`] where the book, the names or the usage are at fault.
pub fn price(arguments: &Price) -> Result<String, PriceFault> {
    let published = read(arguments.price_book.as_deref())?;
    let task = Task::ALL
        .into_iter()
        .find(|task| task.name() == arguments.task)
        .ok_or_else(|| PriceFault::UnknownTask(arguments.task.clone()))?;
    let (model, price) = offered(&published, task, &arguments.model)?;
    let usage: Usage = kumari_wire::from_str(&arguments.usage).map_err(PriceFault::Usage)?;
    let (lines, charge) = rating::lines(&price, &usage).map_err(PriceFault::Rating)?;
    let priced = Priced { price_book: published.version, task, model, lines, charge };
    if arguments.json { Ok(serde_json::to_string_pretty(&priced)?) } else { Ok(table(&priced)) }
}

/// A model by its name, and the price of a task with it.
///
/// # Errors
/// [`PriceFault::Model`] or [`PriceFault::NotOffered`].
pub(crate) fn offered<'b>(
    published: &'b PublishedBook,
    task: Task,
    model: &str,
) -> Result<(ModelId, price_book::Price<'b>), PriceFault> {
    let model: ModelId = model.parse().map_err(PriceFault::Model)?;
    let Some(price) = published.book.price(task, &model) else {
        let offered: Vec<&str> =
            published.book.models_of(task).map(|model| model.id.as_str()).collect();
        let (task, models) = (task.name(), offered.join(", "));
        return Err(PriceFault::NotOffered { task, model, models });
    };
    Ok((model, price))
}

/// Reads and checks a price book; without a file, the one inside the program.
///
/// # Errors
/// [`PriceFault::Unreadable`] or [`PriceFault::Book`].
pub fn read(file: Option<&Path>) -> Result<PublishedBook, PriceFault> {
    let (name, text) = match file {
        None => ("the built-in price book".to_owned(), DEFAULT_PRICE_BOOK.to_owned()),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|fault| PriceFault::Unreadable { path: path.to_owned(), fault })?;
            (path.display().to_string(), text)
        }
    };
    kumari_wire::publish(&text).map_err(|fault| PriceFault::Book { name, fault })
}

/// The lines in columns: what, how much of it, at which rate, how many credits.
fn table(priced: &Priced) -> String {
    let rows: Vec<[String; 4]> = priced.lines.iter().map(row).collect();
    let total = ["charge".to_owned(), String::new(), String::new(), priced.charge.to_string()];
    let all: Vec<&[String; 4]> = rows.iter().chain([&total]).collect();
    let width = |column: usize| {
        all.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let (what, quantity, rate, amount) = (width(0), width(1), width(2), width(3));
    let mut text = format!(
        "{} with {}, price book {}\n\n",
        priced.task.name(),
        priced.model,
        priced.price_book,
    );
    for [a, b, c, d] in all {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{a:<what$}  {b:>quantity$}  {c:<rate$}  {d:>amount$}");
    }
    text.trim_end().to_owned()
}

fn row(line: &Line) -> [String; 4] {
    let amount = |amount: &ExactCredits| amount.to_string();
    let plain =
        |what: &str, of: &ExactCredits| [what.to_owned(), String::new(), String::new(), amount(of)];
    match line {
        Line::Base { amount: of } => plain("base", of),
        Line::Meter { meter, quantity, rate, amount: of } => [
            meter.name().to_owned(),
            u64::from(*quantity).to_string(),
            format!("at {} for {}", rate.credits, u32::from(rate.per)),
            amount(of),
        ],
        Line::Multiplier { multiplier, amount: of } => {
            ["multiplier".to_owned(), String::new(), format!("times {multiplier}"), amount(of)]
        }
        Line::Rounding { amount: of } => plain("rounding", of),
        Line::Minimum { amount: of } => plain("minimum", of),
    }
}

fn task_names() -> String {
    Task::ALL.map(Task::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::price;
    use crate::cli::Price;

    fn ask(task: &str, model: &str, usage: &str, json: bool) -> Result<String, String> {
        let arguments = Price {
            task: task.to_owned(),
            model: model.to_owned(),
            usage: usage.to_owned(),
            price_book: None,
            json,
        };
        price(&arguments).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_usage_is_priced_line_by_line() {
        let usage = r#"{"input_tokens": 1234, "output_tokens": 567}"#;
        let table = ask("direct", "gpt-6-luna", usage, false).unwrap();
        let last = table.lines().last().unwrap();
        let json = ask("direct", "gpt-6-luna", usage, true).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let charge = json["charge"].as_str().unwrap();
        assert!(last.starts_with("charge") && last.ends_with(charge), "{table}");
        assert!(table.contains("input_tokens") && table.contains("1234"), "{table}");
    }

    #[test]
    fn what_has_no_price_says_what_has_one() {
        let cases = [
            ("fly", "gpt-6-luna", "{}", "use one of direct, compare"),
            ("direct", "nobody", "{}", "use one of gpt-6-luna"),
            ("direct", "a b", "{}", "--model: not an id"),
            ("direct", "gpt-6-luna", "{\"images\": 1}", "`images` has no price"),
            ("direct", "gpt-6-luna", "{\"wings\": 1}", "unknown variant `wings`"),
            ("direct", "gpt-6-luna", "{\"output_tokens\": -1}", "`output_tokens`"),
            ("direct", "gpt-6-luna", "{", "--usage: EOF"),
        ];
        for (task, model, usage, expected) in cases {
            let fault = ask(task, model, usage, false).unwrap_err();
            assert!(fault.contains(expected), "{fault}");
        }
    }
}
