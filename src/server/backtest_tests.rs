//! What is counted depends on the records alone: not on threads, not on where pieces end.

use crate::backtest_customers::{Customers, MuchMore};
use crate::backtest_read::{Format, ReadFault, Reading, count};
use crate::backtest_report::{Asked, Report};
use crate::backtest_tally::Prices;
use kumari_engine::amount::Credits;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::rating;
use kumari_engine::request::Task;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::num::NonZeroUsize;

const SMALL: &str = include_str!("../store/fixtures/price-book.json");

fn book(edit: impl FnOnce(&mut Value)) -> PublishedBook {
    let mut book = serde_json::from_str(SMALL).unwrap();
    edit(&mut book);
    kumari_wire::publish(&book.to_string()).unwrap()
}

/// Other prices, and one model less than legs were sold with.
fn books() -> (PublishedBook, PublishedBook) {
    let sold = book(|book| {
        let mut gone = book["models"][0].clone();
        gone["id"] = json!("gone");
        book["models"].as_array_mut().unwrap().push(gone);
    });
    let other = book(|book| {
        book["tasks"][0]["offers"][0]["per_request"] = json!("0.6");
        book["models"][1]["rates"]["output_tokens"]["credits"] = json!("1300");
    });
    (sold, other)
}

/// What is read: its report, or the line of the first fault with its message.
fn read(text: &[u8], reading: Reading) -> Result<Value, (u64, String)> {
    let (sold, other) = books();
    let customers = Customers::new(1_000);
    let prices =
        Prices { other: &other.book, baseline: Some(&sold.book), customers: Some(&customers) };
    let counted = match count(text, reading, prices, |_| {}) {
        Ok(counted) => counted,
        Err(ReadFault::Line(fault)) => return Err((fault.line, fault.message)),
        Err(ReadFault::Empty) => return Err((0, "empty".to_owned())),
        Err(ReadFault::System(fault)) => return Err((0, fault.to_string())),
    };
    let much_more = MuchMore { percent: 10, credits: Credits::from_micros(100_000) };
    let found = customers.find(much_more, 3).unwrap();
    let credits_per_usd = "100".parse().unwrap();
    let asked = Asked { book: other.version, against: Some(sold.version), credits_per_usd };
    let report = Report::new(asked, counted, Some((much_more, found))).unwrap();
    Ok(serde_json::to_value(report).unwrap())
}

const fn reading(format: Format, threads: usize, piece_bytes: u64, skip_faulty: bool) -> Reading {
    let Some(threads) = NonZeroUsize::new(threads) else { panic!("no threads") };
    Reading { format, threads, piece_bytes, skip_faulty }
}

/// A leg, in numbers that chance may choose.
#[derive(Clone, Debug)]
struct Leg {
    customer: Option<u8>,
    model: &'static str,
    input: u64,
    output: u64,
    cost: Option<u32>,
    charged: Option<u16>,
    /// Instead of it, something that is no record.
    fault: bool,
}

fn leg() -> impl Strategy<Value = Leg> {
    let model = prop::sample::select(vec!["lite", "top", "gone"]);
    let fault = prop::bool::weighted(0.03);
    let cost = prop::option::of(0..5_000_000_u32);
    let charged = prop::option::of(0..500_u16);
    let customer = prop::option::of(0..12_u8);
    (customer, model, 0..300_000_u64, 0..9_000_u64, cost, charged, fault).prop_map(
        |(customer, model, input, output, cost, charged, fault)| Leg {
            customer,
            model,
            input,
            output,
            cost,
            charged,
            fault,
        },
    )
}

impl Leg {
    fn charged(&self) -> Option<Credits> {
        self.charged.map(|hundredths| Credits::from_micros(i64::from(hundredths) * 10_000))
    }

    fn json(&self) -> String {
        if self.fault {
            return "{\"task\":\"direct\"}".to_owned();
        }
        let mut json = json!({
            "task": "direct", "model": self.model,
            "usage": {"input_tokens": self.input, "output_tokens": self.output},
        });
        let set = |json: &mut Value, name: &str, value: Option<String>| {
            if let Some(value) = value {
                json[name] = value.into();
            }
        };
        set(&mut json, "customer", self.customer.map(|number| format!("c{number}")));
        set(&mut json, "cost_usd", self.cost.map(|cost| format!("0.{cost:07}")));
        set(&mut json, "charged", self.charged().map(|charged| charged.to_string()));
        json.to_string()
    }

    fn csv(&self) -> String {
        if self.fault {
            return "direct,,5,\"\n".to_owned();
        }
        let Self { model, input, output, .. } = self;
        let customer = self.customer.map(|number| format!("\"c{number}\"")).unwrap_or_default();
        let cost = self.cost.map(|cost| format!("0.{cost:07}")).unwrap_or_default();
        let charged = self.charged().map(|charged| charged.to_string()).unwrap_or_default();
        format!("{customer},direct,{model},{input},{output},{cost},{charged}")
    }
}

fn text(format: Format, legs: &[Leg], end: &str) -> String {
    let (header, line): (_, fn(&Leg) -> String) = match format {
        Format::JsonLines => ("", Leg::json),
        Format::Csv => {
            ("customer,task,model,input_tokens,output_tokens,cost_usd,charged", Leg::csv)
        }
    };
    let mut lines = vec![header.to_owned()];
    lines.extend(legs.iter().map(line));
    lines.join(end)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn threads_and_pieces_change_nothing(
        legs in prop::collection::vec(leg(), 0..120),
        is_csv: bool,
        skip_faulty: bool,
        threads in 1..7_usize,
        piece_bytes in prop_oneof![1..40_u64, 40..2_000_u64],
        end in prop::sample::select(vec!["\n", "\r\n", "\n\n"]),
    ) {
        let format = if is_csv { Format::Csv } else { Format::JsonLines };
        let text = text(format, &legs, end);
        let whole = read(text.as_bytes(), reading(format, 1, u64::MAX, skip_faulty));
        let parts = read(text.as_bytes(), reading(format, threads, piece_bytes, skip_faulty));
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn a_report_is_what_a_plain_loop_sums(legs in prop::collection::vec(leg(), 1..60)) {
        let (sold, other) = books();
        let legs: Vec<Leg> = legs.into_iter().filter(|leg| !leg.fault).collect();
        let mut sums: BTreeMap<&str, [i64; 3]> = BTreeMap::new();
        for leg in &legs {
            let counts = [(Meter::InputTokens, leg.input), (Meter::OutputTokens, leg.output)];
            let usage = Usage::new(counts).unwrap();
            let price = |book: &PublishedBook| {
                let price = book.book.price(Task::Direct, &leg.model.parse().unwrap())?;
                Some(rating::charge(&price, &usage).unwrap())
            };
            let charged = leg.charged().or_else(|| price(&sold)).unwrap();
            let row = sums.entry(leg.model).or_default();
            row[0] += 1;
            row[1] += charged.as_micros();
            row[2] += price(&other).map_or(0, Credits::as_micros);
        }
        let text = text(Format::JsonLines, &legs, "\n");
        let Ok(report) = read(text.as_bytes(), reading(Format::JsonLines, 3, 100, false)) else {
            prop_assert!(legs.is_empty());
            return Ok(());
        };
        let micros = |value: &Value| value.as_str().unwrap().parse::<Credits>().unwrap().as_micros();
        let rows = report["rows"].as_array().unwrap().iter();
        for row in rows.chain(report["not_offered"].as_array().unwrap()) {
            let would_be = row.get("would_be").map_or(0, micros);
            let found = [row["legs"].as_i64().unwrap(), micros(&row["charged"]), would_be];
            prop_assert_eq!(sums.remove(row["model"].as_str().unwrap()), Some(found));
        }
        prop_assert!(sums.is_empty());
    }
}

#[test]
fn a_quote_left_open_or_a_line_without_end_spoils_no_other() {
    let good = "c,direct,lite,10,10,,1";
    let header = "customer,task,model,input_tokens,output_tokens,cost_usd,charged";
    let long = "x".repeat(3 * 1024 * 1024);
    let text =
        format!("\u{feff}{header}\n{good}\n\"c,direct,lite,10,10,,1\n{good}\n{long}\n{good}");
    for piece_bytes in [100, 10_000, 4_000_000] {
        let read = |skip| read(text.as_bytes(), reading(Format::Csv, 2, piece_bytes, skip));
        let report = read(true).unwrap();
        assert_eq!((&report["legs"], &report["faulty"]), (&json!(3), &json!(2)));
        let lines: Vec<&Value> =
            report["faults"].as_array().unwrap().iter().map(|fault| &fault["line"]).collect();
        assert_eq!(lines, [3, 5]);
        assert_eq!(read(false).unwrap_err().0, 3);
    }
}

/// Gives some bytes, then fails.
struct Breaks<'a>(&'a [u8]);

impl Read for Breaks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the line broke")),
            read => Ok(read),
        }
    }
}

#[test]
fn reading_that_breaks_off_is_no_result_and_a_fault_before_it_comes_first() {
    let (sold, other) = books();
    let good = r#"{"task":"direct","model":"lite","usage":{"input_tokens":10}}"#;
    for (text, is_line) in
        [(format!("{good}\n{good}\n{good}"), false), (format!("{good}\n{{\n"), true)]
    {
        for piece_bytes in [1, 1_000] {
            let prices = Prices { other: &other.book, baseline: Some(&sold.book), customers: None };
            let input = BufReader::new(Breaks(text.as_bytes()));
            let read =
                count(input, reading(Format::JsonLines, 2, piece_bytes, false), prices, |_| {});
            match read.unwrap_err() {
                ReadFault::Line(fault) => assert!(is_line && fault.line == 2, "{fault:?}"),
                ReadFault::System(fault) => {
                    assert!(!is_line && fault.to_string() == "the line broke")
                }
                ReadFault::Empty => panic!("it was not empty"),
            }
        }
    }
}
