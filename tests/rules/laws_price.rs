//! What always holds of prices and of what is allowed, over random requests.

use crate::history::{MODELS, book, hundredths};
use kumari_engine::amount::{Credits, ExactCredits};
use kumari_engine::eligibility::{Eligibility, eligibility};
use kumari_engine::encoding::TokenKind;
use kumari_engine::estimate::{
    CandidateEstimate, Caps, Estimate, LegEstimate, LikelyRange, estimate, estimate_calibrated,
    estimate_capped,
};
use kumari_engine::lot::LotKind;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::rating;
use kumari_engine::request::{Request, Task};
use kumari_tests::accounts::Ledger;
use kumari_tests::books::{request, small_book, text_model};
use kumari_tests::parity_cases::calibration;
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// R10: a leg that stays inside its bounds is never charged above `high` nor below `low`.
    #[test]
    fn r10_complete_usage_inside_the_bounds_lies_between_low_and_high(
        input in 0..300_000_u64,
        cached in 0..=100_u64,
        written in 0..=100_u64,
        output in 0..=100_u64,
        thought in 0..=100_u64,
        ratio in 0..=100_u64,
        limit in prop::option::of(1..5_000_u64),
    ) {
        let book = small_book(|book| {
            let dearer = text_model("top", "frontier", "500", "900");
            book["models"][1]["tiers"] = json!([
                {"above_input_tokens": 1_000, "rates": text_model("top", "frontier", "20", "3000")["rates"]},
                {"above_input_tokens": 100_000, "rates": dearer["rates"]},
            ]);
            book["models"][1]["kind"]["text"]["encoding"]["low"] = json!("0.8");
            book["models"][1]["kind"]["text"]["encoding"]["high"] = json!("1.3");
            book["models"][1]["kind"]["text"]["encoding"]["message_tokens"] = json!(7);
            book["tasks"][0]["offers"][1]["multiplier"] = json!("1.37");
            book["models"][1]["rates"]["cache_write_tokens"]["credits"] = json!("312.5");
        });
        let mut asked: Request = request(Task::Direct, &["top"], input);
        asked.output_tokens_max = limit;
        let price = estimate(&book, &asked).unwrap();
        prop_assert!(price.low <= price.expected && price.expected <= price.high);
        let bounds = price.legs[0].candidates[0].bounds;
        // Some real input inside the bounds, some of it cached; some output, some of it thought.
        let range = bounds.input_tokens.high - bounds.input_tokens.low;
        let total = bounds.input_tokens.low + range * ratio / 100;
        let read = total * cached / 100;
        let write = (total - read) * written / 100;
        let produced = bounds.output_tokens_max.unwrap() * output / 100;
        let reasoning = produced * thought / 100;
        let usage = Usage::new([
            (Meter::InputTokens, total - read - write),
            (Meter::CacheReadTokens, read),
            (Meter::CacheWriteTokens, write),
            (Meter::OutputTokens, produced - reasoning),
            (Meter::ReasoningTokens, reasoning),
        ]).unwrap();
        let model = &asked.models[0];
        let charge = rating::charge(&book.book.price(Task::Direct, model).unwrap(), &usage).unwrap();
        prop_assert!(price.low <= charge && charge <= price.high, "{} <= {charge} <= {}", price.low, price.high);
    }

    /// R10: to know more of a text never widens what it may be of a model's own tokens.
    #[test]
    fn r10_tokens_of_latin_words_narrow_the_input(
        all in 0..130_000_u64,
        latin in 0..=100_u64,
        // Where the ratios of Latin words lie between those of all others, in parts of 1/1 000.
        mut inner in prop::array::uniform3(800..=3_000_u32),
    ) {
        inner.sort_unstable();
        let [low, expected, high] = inner.map(|parts| format!("{}", f64::from(parts) / 1_000.0));
        let book = small_book(|book| {
            let encoding = &mut book["models"][1]["kind"]["text"]["encoding"];
            (encoding["low"], encoding["expected"]) = (json!("0.8"), json!("1.25"));
            encoding["high"] = json!("3");
            encoding["latin"] = json!({"low": low, "expected": expected, "high": high});
        });
        let input_of = |asked: &Request| {
            estimate(&book, asked).unwrap().legs[0].candidates[0].bounds.input_tokens
        };
        let mut asked = request(Task::Direct, &["top"], all);
        let wide = input_of(&asked);
        let part = all * latin / 100;
        asked.input_tokens.insert(TokenKind::O200kBaseLatin, part);
        let narrow = input_of(&asked);
        prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high, "{wide:?} {narrow:?}");
        prop_assert!(narrow.low <= narrow.expected && narrow.expected <= narrow.high, "{narrow:?}");
        if part == 0 {
            prop_assert_eq!(wide, narrow);
        }
        asked.input_tokens.insert(TokenKind::O200kBaseLatin, all + 1);
        let denial = estimate(&book, &asked).unwrap_err();
        prop_assert_eq!(denial.path.as_deref(), Some("input_tokens.o200k_base_latin"));
    }

    /// R13, R15: what the composer allows fits the balance, and the server, which decides by the
    /// same function on the same standing, admits it as quoted.
    #[test]
    fn r13_what_is_allowed_is_admitted(
        available in 1..2_000_u16,
        input in 0..50_000_u64,
        models in 1..4_usize,
        routed: bool,
    ) {
        let book = book();
        let mut ledger = Ledger::default();
        ledger.grant("g", LotKind::Pack, &hundredths(available).to_string());
        let asked = match (routed, models) {
            (true, _) => request(Task::Routing, &[], input),
            (false, 1) => request(Task::Direct, &MODELS[..1], input),
            (false, _) => request(Task::Compare, &MODELS[..models], input),
        };
        let standing = ledger.account.standing(ledger.now).unwrap();
        match eligibility(&book, &standing, &asked, estimate(&book, &asked), None) {
            Eligibility::Allowed(allowed) => {
                prop_assert!(allowed.hold <= standing.available);
                let quote = kumari_engine::eligibility::Quote {
                    price_book: book.version.clone(),
                    rules: kumari_engine::RULES_VERSION.into(),
                    high: allowed.hold,
                    caps: allowed.caps,
                };
                let admitted = ledger.authorize_quoted(&book, "a", &asked, Some(quote));
                let Ok(kumari_engine::account::Answer::Authorized(hold)) = admitted else {
                    return Err(TestCaseError::fail(format!("{admitted:?}")));
                };
                prop_assert_eq!(hold.amount, allowed.hold);
            }
            Eligibility::Denied(denial) => {
                let refused = ledger.authorize(&book, "a", &asked).unwrap_err();
                prop_assert_eq!(refused.code, denial.code);
            }
        }
    }
}

/// R11: the same inputs give the same bytes, also after a journey through JSON; that the browser
/// makes the same of them is proved by `parity`.
#[test]
fn r11_the_same_inputs_give_the_same_bytes() {
    let mut rng = fastrand::Rng::with_seed(11);
    let books = kumari_tests::parity_cases::books(&mut rng, 12);
    let learned: Vec<_> = books.iter().map(|book| calibration(&mut rng, book)).collect();
    for learned in &learned {
        let canonical = kumari_wire::canonical(learned).unwrap();
        assert_eq!(&kumari_wire::read_calibration(&canonical).unwrap(), learned);
    }
    for _ in 0..1_000 {
        let case = kumari_tests::parity_cases::case(&mut rng, &books);
        let book = &books[case.book];
        let canonical = kumari_wire::canonical(&book.book).unwrap();
        assert_eq!(kumari_wire::read_published(&canonical).unwrap().version, book.version);
        let text = kumari_wire::canonical(&case.request).unwrap();
        let travelled: Request = kumari_wire::from_str(&text).unwrap();
        assert_eq!(travelled, case.request);
        let learned = &learned[case.book];
        if let Ok(price) = estimate_calibrated(book, &travelled, &Caps::default(), learned) {
            let bytes = kumari_wire::canonical(&price).unwrap();
            assert_eq!(serde_json::from_str::<Estimate>(&bytes).unwrap(), price);
        }
    }
}

/// What may depend on a calibration: the likely price, its range, and how it comes about.
fn without_the_likely(price: &Estimate) -> Estimate {
    let leg = |leg: &LegEstimate| LegEstimate {
        expected: Credits::ZERO,
        likely: None,
        candidates: leg.candidates.iter().map(candidate).collect(),
        ..leg.clone()
    };
    fn candidate(candidate: &CandidateEstimate) -> CandidateEstimate {
        let (expected, likely, lines) = (Credits::ZERO, None, Vec::new());
        CandidateEstimate { expected, likely, lines, ..candidate.clone() }
    }
    let legs = price.legs.iter().map(leg).collect();
    Estimate { expected: Credits::ZERO, likely: None, legs, ..price.clone() }
}

/// R11: calibration data moves the likely price alone, and the five prices stay in their order.
#[test]
fn r11_a_calibration_moves_the_likely_price_alone() {
    let mut rng = fastrand::Rng::with_seed(20_261_130);
    let books = kumari_tests::parity_cases::books(&mut rng, 40);
    let (mut moved, mut ranges) = (0, 0);
    for _ in 0..20_000 {
        let case = kumari_tests::parity_cases::case(&mut rng, &books);
        let book = &books[case.book];
        let learned = calibration(&mut rng, book);
        let caps = case.quote.map(|quote| quote.caps).unwrap_or_default();
        let plain = estimate_capped(book, &case.request, &caps);
        let found = estimate_calibrated(book, &case.request, &caps, &learned);
        let (Ok(plain), Ok(found)) = (&plain, &found) else {
            assert_eq!(found, plain);
            continue;
        };
        assert_eq!(without_the_likely(found), without_the_likely(plain));
        moved += u32::from(found.expected != plain.expected);
        ranges += u32::from(found.likely.is_some());
        for leg in &found.legs {
            assert_in_order(leg.low, leg.expected, leg.high, leg.likely);
            for one in &leg.candidates {
                assert_in_order(one.low, one.expected, one.high, one.likely);
                let lines = one.lines.iter().map(|line| line.amount());
                assert_eq!(ExactCredits::sum(lines).unwrap(), one.expected.into());
            }
        }
        assert_in_order(found.low, found.expected, found.high, found.likely);
    }
    assert!(moved > 2_000 && ranges > 2_000, "{moved} prices moved, {ranges} have a range");
}

fn assert_in_order(low: Credits, expected: Credits, high: Credits, likely: Option<LikelyRange>) {
    let likely = likely.unwrap_or(LikelyRange { low: expected, high: expected });
    let prices = [low, likely.low, expected, likely.high, high];
    assert!(prices.is_sorted(), "{prices:?}");
}
