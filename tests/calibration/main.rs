//! How good a calibration is: learned from the first half of a real hour of traffic, and looked at
//! on its second half, by the real engine and the default price book.
//!
//! `calibration --trace FILE --output FILE` writes rows as the other benchmarks do. Beside the
//! calibration stand two who learn less: a constant, which is the book's own likely answer, and the
//! mean of the first half. Each of them is an estimate's `expected`, so the errors are of prices too.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use kumari_engine::amount::Credits;
use kumari_engine::calibration::{
    Calibration, CalibrationBand, CalibrationRow, Quantiles, SETTLEMENTS_MIN,
};
use kumari_engine::estimate::{Caps, Estimate, estimate_calibrated};
use kumari_engine::id::ModelId;
use kumari_engine::learn::{Learner, Length};
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::rating::{self, Line};
use kumari_engine::request::{Request, Task};
use kumari_tests::books::request;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const BOOK: &str = include_str!("../../src/server/price-book.json");
/// One of each tier, which count tokens as the hour's own model does.
const MODELS: [(&str, &str); 2] = [("frontier", "gpt-6.1-sol"), ("lightweight", "gpt-6-luna")];

#[derive(Parser)]
struct Arguments {
    /// The hour, as `TIMESTAMP,ContextTokens,GeneratedTokens`.
    #[arg(long)]
    trace: PathBuf,
    /// Where the rows go, as JSON.
    #[arg(long)]
    output: PathBuf,
}

/// What one request of the hour sent and got.
#[derive(Clone, Copy)]
struct Message {
    input_tokens: u64,
    output_tokens: u64,
}

fn main() -> Result<()> {
    let Arguments { trace, output } = Arguments::parse();
    let book = kumari_wire::publish(BOOK)?;
    let messages = read(&trace)?;
    let (first, second) = messages.split_at(messages.len() / 2);
    ensure!(!first.is_empty(), "the hour has too few requests");
    let mut rows = Vec::new();
    for (tier, model) in MODELS {
        rows.extend(Measured::of(&book, model, first, second)?.rows(tier));
    }
    let result = json!({
        "rows": rows, "learned_from": first.len(), "measured_on": second.len(),
    });
    Ok(fs::write(output, result.to_string())?)
}

fn read(trace: &Path) -> Result<Vec<Message>> {
    let text = fs::read_to_string(trace).with_context(|| format!("`{}`", trace.display()))?;
    let message = |line: &str| {
        let mut counts = line.split(',').skip(1).map(|count| count.trim().parse().ok());
        Some(Message { input_tokens: counts.next()??, output_tokens: counts.next()?? })
    };
    let all = text.lines().skip(1);
    all.map(|line| message(line).with_context(|| format!("not a request: `{line}`"))).collect()
}

/// What somebody who predicts was off by, on average.
#[derive(Default)]
struct Error {
    tokens: f64,
    millicredits: f64,
}

/// What was found of one model.
struct Measured {
    model: &'static str,
    /// Shares of all charges.
    inside: f64,
    below: f64,
    /// In thousandths of a credit.
    likely_width: f64,
    whole_width: f64,
    calibrated: Error,
    constant: Error,
    mean: Error,
    bands: usize,
    bytes: usize,
}

impl Measured {
    fn of(
        book: &PublishedBook,
        model: &'static str,
        first: &[Message],
        second: &[Message],
    ) -> Result<Self> {
        let id: ModelId = model.parse()?;
        let ask = |message: &Message| Request {
            // The hour's counts have the frame of the messages in them.
            messages: Some(0),
            ..request(Task::Direct, &[model], message.input_tokens)
        };
        let price = |message: &Message, calibration: &Calibration| {
            estimate_calibrated(book, &ask(message), &Caps::default(), calibration)
        };
        let constant = Calibration::default();
        let mut learner = Learner::default();
        for message in first {
            let expected = price(message, &constant)?.legs[0].candidates[0].bounds.input_tokens;
            let length = Length::Ended(message.output_tokens);
            learner.add(Task::Direct, &id, expected.expected, length);
        }
        // The recording does not say whose its messages are.
        let learned = learner.calibration(1);
        let all: u64 = first.iter().map(|message| message.output_tokens).sum();
        let mean = always(&id, all / u64::try_from(first.len())?);
        let mut found = Self {
            model,
            inside: 0.0,
            below: 0.0,
            likely_width: 0.0,
            whole_width: 0.0,
            calibrated: Error::default(),
            constant: Error::default(),
            mean: Error::default(),
            bands: learned.rows[0].bands.len(),
            bytes: kumari_wire::canonical(&learned)?.len(),
        };
        let each = 1.0 / f64::from(u32::try_from(second.len())?);
        for message in second {
            let charge = charge_of(book, &id, message)?;
            let calibrated = price(message, &learned)?;
            let likely = calibrated.likely.context("nothing was learned")?;
            found.inside += if (likely.low..=likely.high).contains(&charge) { each } else { 0.0 };
            found.below += if charge < likely.low { each } else { 0.0 };
            found.likely_width += each * millicredits(likely.high.sub(likely.low)?);
            found.whole_width += each * millicredits(calibrated.high.sub(calibrated.low)?);
            found.calibrated.add(&calibrated, message, charge, each)?;
            found.constant.add(&price(message, &constant)?, message, charge, each)?;
            found.mean.add(&price(message, &mean)?, message, charge, each)?;
        }
        Ok(found)
    }

    fn rows(&self, tier: &str) -> Vec<Value> {
        let Self { model, inside, below, bands, bytes, .. } = self;
        let row = |name: &str, value: f64, unit: &str, beside: Option<f64>, note: String| {
            let mut row = json!({"name": format!("{name}, {tier}"), "value": value, "unit": unit});
            if let Some(value) = beside {
                row["beside"] = json!({"what": "row", "value": value});
            }
            if !note.is_empty() {
                row["note"] = json!(note);
            }
            row
        };
        let (above, percent) = (1.0 - inside - below, 100.0);
        let outside = format!(
            "{:.1} % below, {:.1} % above; `{model}`, {bands} bands, {bytes} bytes",
            below * percent,
            above * percent
        );
        let mut rows = vec![
            row("charges in the likely range", inside * percent, "%", None, outside),
            row(
                "width of the likely range",
                self.likely_width,
                "mcredits",
                Some(self.whole_width),
                "ratio to that from least to most".to_owned(),
            ),
        ];
        let of = |error: &Error| [(error.tokens, "tokens"), (error.millicredits, "mcredits")];
        let others = of(&self.constant).into_iter().zip(of(&self.mean));
        for ((value, unit), ((constant, _), (mean, _))) in
            of(&self.calibrated).into_iter().zip(others)
        {
            let beside = |what: &str| format!("ratio to that of {what}");
            rows.push(row(
                "error, calibrated",
                value,
                unit,
                Some(constant),
                beside("the constant"),
            ));
            rows.push(row("error, the book's constant", constant, unit, None, String::new()));
            rows.push(row("error, the mean", mean, unit, Some(constant), beside("the constant")));
        }
        rows
    }
}

impl Error {
    fn add(
        &mut self,
        estimate: &Estimate,
        message: &Message,
        charge: Credits,
        each: f64,
    ) -> Result<()> {
        let tokens = output_of(estimate).abs_diff(message.output_tokens);
        self.tokens += each * f64::from(u32::try_from(tokens)?);
        let off = millicredits(estimate.expected) - millicredits(charge);
        self.millicredits += each * off.abs();
        Ok(())
    }
}

/// Who says the same of every answer.
fn always(model: &ModelId, tokens: u64) -> Calibration {
    let band = CalibrationBand {
        above_input_tokens: 0,
        output_tokens: Quantiles { p10: tokens, p50: tokens, p90: tokens },
        settlements: SETTLEMENTS_MIN,
    };
    let row = CalibrationRow { task: Task::Direct, model: model.clone(), bands: vec![band] };
    Calibration { rows: vec![row], ..Calibration::default() }
}

fn charge_of(book: &PublishedBook, model: &ModelId, message: &Message) -> Result<Credits> {
    let price = book.book.price(Task::Direct, model).context("the book has no such price")?;
    let usage = Usage::new([
        (Meter::InputTokens, message.input_tokens),
        (Meter::OutputTokens, message.output_tokens),
    ]);
    Ok(rating::charge(&price, &usage.map_err(|fault| anyhow::anyhow!("{fault}"))?)?)
}

/// The likely output of an estimate for one model.
fn output_of(estimate: &Estimate) -> u64 {
    let lines = estimate.legs.iter().flat_map(|leg| &leg.candidates).flat_map(|one| &one.lines);
    let output = lines.filter_map(|line| match line {
        Line::Meter { meter: Meter::OutputTokens, quantity, .. } => Some(u64::from(*quantity)),
        _ => None,
    });
    output.sum()
}

fn millicredits(amount: Credits) -> f64 {
    amount.as_micros() as f64 / 1_000.0
}
