//! What a usage costs (R6–R8).

use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::rating::{Line, RatingFault, charge, lines};
use kumari_engine::request::Task;
use kumari_tests::books::{model_id, rate, small_book, text_model};
use serde_json::json;

fn cost(book: &PublishedBook, model: &str, usage: &[(Meter, u64)]) -> String {
    let price = book.book.price(Task::Direct, &model_id(model)).unwrap();
    let usage = Usage::new(usage.iter().copied()).unwrap();
    let (lines, charged) = lines(&price, &usage).unwrap();
    assert_eq!(charge(&price, &usage), Ok(charged), "the charge with and without lines");
    let sum = kumari_engine::amount::ExactCredits::sum(lines.iter().map(Line::amount)).unwrap();
    assert_eq!(sum, charged.into(), "the lines add up: {lines:?}");
    charged.to_string()
}

#[test]
fn r06_e01_a_charge_is_rounded_up_once() {
    let book = small_book(|_| {});
    let usage = [(Meter::InputTokens, 1_234), (Meter::OutputTokens, 567)];
    assert_eq!(cost(&book, "top", &usage), "1.38");
    let price = book.book.price(Task::Direct, &model_id("top")).unwrap();
    let (lines, _) = lines(&price, &Usage::new(usage).unwrap()).unwrap();
    let amounts: Vec<String> = lines.iter().map(|line| line.amount().to_string()).collect();
    assert_eq!(amounts, ["0.5", "0.3085", "0.567", "0.0045"]);
    assert!(matches!(lines.last(), Some(Line::Rounding { .. })));
}

#[test]
fn r06_multiplier_minimum_and_step() {
    let with = |multiplier: &str, minimum: Option<&str>, step: &str| {
        small_book(|book| {
            book["charge_step"] = json!(step);
            book["tasks"][0]["offers"][1]["multiplier"] = json!(multiplier);
            if let Some(minimum) = minimum {
                book["tasks"][0]["offers"][1]["minimum"] = json!(minimum);
            }
            // The minima of the other tasks must be multiples of the step, too.
            for task in [6, 7, 8] {
                book["tasks"][task]["offers"][0]["minimum"] = json!("5");
            }
        })
    };
    let usage = [(Meter::InputTokens, 1_234), (Meter::OutputTokens, 567)];
    let cases = [
        ("1", None, "0.01", "1.38"),
        ("1.4", None, "0.01", "1.93"), // 1.9257
        ("0.5", None, "0.01", "0.69"), // 0.68775
        ("1", None, "0.25", "1.5"),
        ("1", None, "0.000001", "1.3755"), // nothing to round
        ("1.0001", None, "0.000001", "1.375638"), // 1.37563755
        ("1", Some("2.5"), "0.01", "2.5"),
        ("3", Some("2.5"), "0.01", "4.13"), // 4.1265: the multiplier leaves the minimum alone
    ];
    for (multiplier, minimum, step, expected) in cases {
        let book = with(multiplier, minimum, step);
        assert_eq!(cost(&book, "top", &usage), expected, "x {multiplier} step {step}");
    }
}

#[test]
fn r06_the_limits_leave_no_overflow_but_in_the_last_step() {
    let book = small_book(|book| {
        book["models"][1]["rates"]["output_tokens"] = rate("1000000", 1);
        book["tasks"][0]["offers"][1]["multiplier"] = json!("1000");
    });
    let price = book.book.price(Task::Direct, &model_id("top")).unwrap();
    let most = Usage::new([(Meter::OutputTokens, 10_000_000_000)]).unwrap();
    assert_eq!(charge(&price, &most), Err(RatingFault::Overflow), "10^19 credits");
    // 9 000 tokens x 10^6 x 1 000 and the base x 1 000, just inside, and exact.
    let much = Usage::new([(Meter::OutputTokens, 9_000)]).unwrap();
    assert_eq!(charge(&price, &much).unwrap().to_string(), "9000000000500");
}

#[test]
fn r07_an_unpriced_meter_is_named() {
    let book = small_book(|_| {});
    let price = book.book.price(Task::Direct, &model_id("top")).unwrap();
    let usage = Usage::new([(Meter::Images, 1)]).unwrap();
    assert_eq!(charge(&price, &usage), Err(RatingFault::Unpriced(Meter::Images)));
    let nothing = Usage::new([(Meter::Images, 0)]).unwrap();
    assert_eq!(charge(&price, &nothing).unwrap().to_string(), "0.5");
}

#[test]
fn r08_e03_a_tier_begins_strictly_above_and_prices_the_whole_leg() {
    let book = small_book(|book| {
        let doubled = text_model("top", "frontier", "500", "2000");
        book["models"][1]["tiers"] =
            json!([{"above_input_tokens": 272_000, "rates": doubled["rates"]}]);
    });
    let at = |input: &[(Meter, u64)]| {
        let output = [(Meter::OutputTokens, 1_000)];
        cost(&book, "top", &[input, &output].concat())
    };
    assert_eq!(at(&[(Meter::InputTokens, 272_000)]), "69.5"); // 0.5 + 68 + 1
    assert_eq!(at(&[(Meter::InputTokens, 272_001)]), "138.51"); // 0.5 + 136.0005 + 2
    // Cached input counts towards the threshold.
    let cached = [(Meter::InputTokens, 72_000), (Meter::CacheReadTokens, 200_001)];
    assert_eq!(at(&cached), "48.51"); // 0.5 + 36 + 10.00005 + 2
}
