//! Calibrations: read and checked, used, and learned from what was settled (R11).

use kumari_engine::account::Action;
use kumari_engine::calibration::{Calibration, CalibrationBand, Quantiles, check};
use kumari_engine::estimate::{Caps, estimate, estimate_calibrated};
use kumari_engine::learn::{Learner, Length};
use kumari_engine::lot::LotKind;
use kumari_engine::meter::Meter;
use kumari_engine::request::{Request, Task};
use kumari_engine::settle::{Finish, Settle, UsageSource, settle};
use kumari_tests::accounts::{Ledger, action, settle_command};
use kumari_tests::books::{model_id, request, small_book};
use kumari_wire::{CalibrationFault, Unreadable, read_calibration};
use proptest::prelude::*;
use serde_json::{Value, json};

fn small_json() -> Value {
    let band = |above: u64, tokens: [u64; 3]| {
        let [p10, p50, p90] = tokens;
        json!({
            "above_input_tokens": above, "settlements": 30,
            "output_tokens": {"p10": p10, "p50": p50, "p90": p90},
        })
    };
    let bands = json!([band(0, [10, 100, 1_000]), band(1_000, [1, 2, 100_000])]);
    json!({"schema": 1, "rows": [
        {"task": "direct", "model": "lite", "bands": bands},
        {"task": "direct", "model": "top", "bands": [band(0, [20, 200, 2_000])]},
    ]})
}

fn small() -> Calibration {
    read_calibration(&small_json().to_string()).unwrap()
}

#[test]
fn r11_every_fault_of_a_calibration_is_named_with_its_path() {
    let check = |edit: fn(&mut Value), path: &str| {
        let mut calibration = small_json();
        edit(&mut calibration);
        match read_calibration(&calibration.to_string()).unwrap_err() {
            CalibrationFault::Unreadable(Unreadable::Shape(fault)) => assert_eq!(fault.path, path),
            CalibrationFault::Rules(faults) => {
                let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
                assert_eq!(paths, [path]);
            }
            other => panic!("{path}: {other}"),
        }
    };
    check(|all| all["colour"] = json!("red"), "colour");
    check(|all| all["rows"][0]["account"] = json!("acct-1"), "rows[0].account");
    check(
        |all| all["rows"][0]["bands"][0]["settlements"] = json!(29),
        "rows[0].bands[0].settlements",
    );
    check(|all| all["rows"][0]["bands"] = json!([]), "rows[0].bands");
    check(
        |all| {
            let band = all["rows"][1]["bands"][0].clone();
            let band = |index: u64| {
                let mut band = band.clone();
                band["above_input_tokens"] = json!(index);
                band
            };
            all["rows"][1]["bands"] = (0..17).map(band).collect();
        },
        "rows[1].bands",
    );
    for (band, above) in [(0, 1), (1, 0), (1, 10_000_000_001_u64)] {
        let mut calibration = small_json();
        calibration["rows"][0]["bands"][band]["above_input_tokens"] = json!(above);
        let faults = read_calibration(&calibration.to_string()).unwrap_err().to_string();
        assert!(
            faults.starts_with(&format!("`rows[0].bands[{band}].above_input_tokens`")),
            "{faults}"
        );
    }
    for tokens in [[11, 10, 10], [10, 11, 10], [0, 0, 10_000_000_001_u64]] {
        let mut calibration = small_json();
        let [p10, p50, p90] = tokens;
        calibration["rows"][1]["bands"][0]["output_tokens"] =
            json!({"p10": p10, "p50": p50, "p90": p90});
        let faults = read_calibration(&calibration.to_string()).unwrap_err().to_string();
        assert!(faults.starts_with("`rows[1].bands[0].output_tokens`"), "{faults}");
    }
    check(|all| all["rows"][1]["model"] = json!("lite"), "rows[1]");
    check(|all| all["rows"][1]["model"] = json!("kite"), "rows[1]");
    check(|all| all["rows"][1]["task"] = json!("compare"), "rows[1].task");
    check(|all| all["rows"][1]["task"] = json!("image"), "rows[1].task");
    check(
        |all| {
            let row = all["rows"][0].clone();
            let row = |index: u32| {
                let mut row = row.clone();
                row["model"] = json!(format!("model-{index:04}"));
                row
            };
            all["rows"] = (0..1_001).map(row).collect();
        },
        "rows",
    );
    let newer = json!({"schema": 2, "rows": [], "hours": 3}).to_string();
    let outdated = Unreadable::EngineOutdated { found: 2, known: 1 };
    assert_eq!(read_calibration(&newer).unwrap_err(), outdated.into());
    assert_eq!(read_calibration(r#"{"schema":1,"rows":[]}"#).unwrap(), Calibration::default());
}

/// `lite` costs 0.05, and for a million tokens 10 in and 40 out; `top` 0.5, 250 and 1 000.
#[test]
fn r11_the_likely_price_is_that_of_the_likely_answer() {
    let book = small_book(|book| book["charge_step"] = json!("0.000001"));
    let check = |request: &Request, caps: &Caps, expected: &str, likely: Option<(&str, &str)>| {
        let price = estimate_calibrated(&book, request, caps, &small()).unwrap();
        let found = price.likely.map(|likely| (likely.low.to_string(), likely.high.to_string()));
        let found = found.as_ref().map(|(low, high)| (low.as_str(), high.as_str()));
        assert_eq!((price.expected.to_string().as_str(), found), (expected, likely));
    };
    let direct = |input| request(Task::Direct, &["lite"], input);
    let uncapped = Caps::default();
    check(&direct(1_000), &uncapped, "0.064", Some(("0.0604", "0.1")));
    // The next band, up to the book's 4 000 tokens of output.
    check(&direct(1_001), &uncapped, "0.06009", Some(("0.06005", "0.22001")));
    check(&direct(0), &uncapped, "0.054", Some(("0.0504", "0.09")));
    let capped = Caps { output_tokens: Some(50), ..Caps::default() };
    check(&direct(1_000), &capped, "0.062", Some(("0.0604", "0.062")));
    let mut short = direct(1_000);
    short.output_tokens_max = Some(5);
    check(&short, &uncapped, "0.0602", Some(("0.0602", "0.0602")));
    // Legs together: 0.064 and 0.95, between 0.0604 + 0.77 and 0.1 + 2.75.
    let compare = request(Task::Compare, &["lite", "top"], 1_000);
    check(&compare, &uncapped, "1.014", Some(("0.8304", "2.85")));
    // The likely model's, whatever the others have.
    check(&request(Task::Routing, &[], 1_000), &uncapped, "0.064", Some(("0.0604", "0.1")));
    // Of these nothing was learned.
    let file = Request { pages: Some(2), ..request(Task::FileProcessing, &["lite"], 1_000) };
    for request in [file, request(Task::Image, &["paint"], 0)] {
        let plain = estimate(&book, &request).unwrap();
        let found = estimate_calibrated(&book, &request, &uncapped, &small()).unwrap();
        assert_eq!(found, plain);
    }
}

/// A level shown beside a price is the book's, whatever was learned (R9).
#[test]
fn r09_a_calibration_changes_no_level() {
    let book = small_book(|_| {});
    let asked = request(Task::Direct, &["top"], 1_000);
    let plain = estimate(&book, &asked).unwrap();
    let mut calibration = small();
    calibration.rows[1].bands[0].output_tokens = Quantiles { p10: 4_000, p50: 4_000, p90: 4_000 };
    let found = estimate_calibrated(&book, &asked, &Caps::default(), &calibration).unwrap();
    assert_eq!(
        (plain.expected.to_string(), found.expected.to_string()),
        ("1.25".into(), "4.75".into())
    );
    assert_eq!(found.level, plain.level);
}

/// So many answers, each to so many tokens and so long.
fn learned(answers: &[(u64, u64, Length)]) -> Vec<CalibrationBand> {
    let (mut learner, model) = (Learner::default(), model_id("lite"));
    for (times, input, length) in answers {
        (0..*times).for_each(|_| learner.add(Task::Direct, &model, *input, *length));
    }
    let calibration = learner.calibration(1);
    assert_eq!(check(&calibration), []);
    calibration.rows.into_iter().next().map(|row| row.bands).unwrap_or_default()
}

#[test]
fn quantiles_are_those_of_the_answers() {
    let check = |answers: &[(u64, Length)], expected: [u64; 3]| {
        let answers: Vec<_> = answers.iter().map(|(times, length)| (*times, 7, *length)).collect();
        let bands = learned(&answers);
        let [CalibrationBand { output_tokens: Quantiles { p10, p50, p90 }, settlements, .. }] =
            bands.as_slice()
        else {
            panic!("{bands:?}");
        };
        assert_eq!([*p10, *p50, *p90], expected, "{answers:?}");
        assert_eq!(*settlements, answers.iter().map(|(times, ..)| times).sum::<u64>());
    };
    use Length::{CutOff, Ended};
    check(&[(30, Ended(0))], [0, 0, 0]);
    check(&(1..=10).map(|tokens| (10, Ended(tokens))).collect::<Vec<_>>(), [1, 5, 9]);
    check(&[(3, Ended(1)), (24, Ended(2)), (3, Ended(3))], [1, 2, 2]);
    check(&[(2, Ended(1)), (24, Ended(2)), (4, Ended(3))], [2, 2, 3]);
    // Above 31 a number stands for its cell: 1 000 for 992 to 1 023.
    check(&[(30, Ended(1_000))], [992, 1_007, 1_023]);
    // Ten of twenty that went on after 4 were cut off, and the other ten ended at 8: so would they
    // have. Left out, half would have ended at 2; taken for whole, at 4.
    check(&[(10, Ended(2)), (10, CutOff(4)), (10, Ended(8))], [2, 8, 8]);
    // Those cut off at 4 go on as the ten others did: four tenths of them to 8, six to 9.
    check(&[(10, Ended(2)), (10, CutOff(4)), (4, Ended(8)), (6, Ended(9))], [2, 8, 9]);
    check(&[(10, Ended(2)), (10, CutOff(4)), (2, Ended(8)), (8, Ended(9))], [2, 9, 9]);
    // Of what is longer than all caps nothing is known.
    check(&[(40, CutOff(12))], [12, 12, 12]);
    check(&[(20, Ended(3)), (20, CutOff(3))], [3, 3, 3]);
    // No quantity is longer than the longest.
    check(&[(30, Ended(u64::MAX))], [9_663_676_416, 9_932_111_871, 10_000_000_000]);
}

#[test]
fn bands_have_enough_settlements_and_about_as_many() {
    use Length::Ended;
    let check = |answers: &[(u64, u64)], expected: &[(u64, u64)]| {
        let answers: Vec<_> =
            answers.iter().map(|(times, input)| (*times, *input, Ended(9))).collect();
        let bands = learned(&answers);
        let found: Vec<(u64, u64)> =
            bands.iter().map(|band| (band.above_input_tokens, band.settlements)).collect();
        assert_eq!(found, expected, "{answers:?}");
    };
    check(&[(29, 5)], &[]);
    check(&[(30, 5)], &[(0, 30)]);
    check(&[(30, 5), (30, 6)], &[(0, 30), (5, 30)]);
    // An input of nothing belongs to the first band, which begins there.
    check(&[(30, 0), (30, 5)], &[(0, 30), (1, 30)]);
    check(&[(30, u64::MAX)], &[(0, 30)]);
    check(&[(29, 5), (30, 6)], &[(0, 59)]);
    check(&[(30, 5), (29, 6)], &[(0, 59)]);
    // A cell that begins at 1 024 ends at 1 087.
    check(&[(30, 1_024), (30, 1_087), (30, 1_088)], &[(0, 60), (1_087, 30)]);
    // A sixteenth of 1 600 is 100.
    let even: Vec<(u64, u64)> = (1..=32).map(|input| (50, input)).collect();
    let found: Vec<(u64, u64)> = (0..16).map(|band| (2 * band, 100)).collect();
    check(&even, &found);
}

#[test]
fn of_too_many_models_those_with_the_most_settlements_are_kept() {
    let mut learner = Learner::default();
    for model in 0..1_001_u32 {
        let (times, id) = (if model == 7 { 30 } else { 31 }, model_id(&format!("m{model:04}")));
        (0..times).for_each(|_| learner.add(Task::Direct, &id, 1, Length::Ended(1)));
    }
    let calibration = learner.calibration(1);
    assert_eq!((calibration.rows.len(), check(&calibration)), (1_000, Vec::new()));
    assert!(calibration.rows.iter().all(|row| row.model != model_id("m0007")));
}

#[test]
fn what_too_few_accounts_did_is_told_to_nobody() {
    let mut learner = Learner::default();
    for account in 0..10 {
        learner.next_account();
        let shared = model_id("shared");
        (0..30).for_each(|_| learner.add(Task::Direct, &shared, 1, Length::Ended(1)));
        if [0, 4, 5].contains(&account) {
            (0..30).for_each(|_| learner.add(Task::Direct, &model_id("rare"), 1, Length::Ended(1)));
        }
    }
    let models = |accounts_min| -> Vec<String> {
        let rows = learner.calibration(accounts_min).rows;
        rows.iter().map(|row| row.model.to_string()).collect()
    };
    assert_eq!(models(3), ["rare", "shared"]);
    assert_eq!(models(4), ["shared"]);
    assert_eq!(models(10), ["shared"]);
    assert_eq!(models(11), [""; 0]);
}

proptest! {
    /// Where nothing was cut off, a quantile is the one of the sorted answers, to a sixteenth.
    #[test]
    fn quantiles_are_true_to_a_sixteenth(
        mut answers in prop::collection::vec((0..34_u32, any::<u64>()), 30..200),
    ) {
        let of = |(bits, number): (u32, u64)| number % (1 << bits).min(10_000_000_000_u64);
        let all: Vec<_> = answers.iter().map(|one| (1, 1, Length::Ended(of(*one)))).collect();
        let Quantiles { p10, p50, p90 } = learned(&all)[0].output_tokens;
        answers.sort_by_key(|one| of(*one));
        let at = |tenths: usize| of(answers[(answers.len() * tenths).div_ceil(10) - 1]);
        let slack = |number: u64| number / 16;
        prop_assert!(p10 <= at(1) && at(1) - p10 <= slack(at(1)), "{p10} {}", at(1));
        prop_assert!(p50.abs_diff(at(5)) <= slack(at(5)), "{p50} {}", at(5));
        prop_assert!(at(9) <= p90 && p90 - at(9) <= slack(at(9)), "{p90} {}", at(9));
    }
}

/// Settled legs with whole usage are learned from, each by the input that was expected of it.
#[test]
fn r11_what_was_settled_is_learned() {
    let book = small_book(|book| {
        book["models"][0]["kind"]["text"]["encoding"]["expected"] = json!("2");
        book["models"][0]["kind"]["text"]["encoding"]["high"] = json!("3");
    });
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "100000");
    let mut learner = Learner::default();
    let usage = |output, reasoning| {
        [
            (Meter::InputTokens, 900),
            (Meter::OutputTokens, output),
            (Meter::ReasoningTokens, reasoning),
        ]
    };
    let mut number = 0;
    let mut act = |learner: &mut Learner, asked: &Request, ends: &dyn Fn(&str) -> Vec<Settle>| {
        number += 1;
        let id = format!("a{number}");
        ledger.authorize(&book, &id, asked).unwrap();
        for command in ends(&id) {
            ledger.keep(settle(&ledger.account, &book, &command, ledger.now)).unwrap();
        }
        let Some(Action::Hold(hold)) = ledger.account.actions.get(&action(&id)) else {
            panic!("{id} is no hold");
        };
        learner.take(&book, hold);
    };
    let direct = request(Task::Direct, &["lite"], 500);
    let compare = request(Task::Compare, &["lite", "top"], 500);
    for _ in 0..15 {
        // Open, and with usage that was counted here: nothing is learned of these.
        act(&mut learner, &direct, &|_| Vec::new());
        act(&mut learner, &direct, &|id| {
            let counted = settle_command((id, 0), "lite", &usage(4_000, 0));
            vec![Settle { usage_source: UsageSource::Counted, ..counted }]
        });
        act(&mut learner, &direct, &|id| vec![settle_command((id, 0), "lite", &usage(5, 2))]);
        // A routed message counts for the model that answered, a leg of a comparison for its own.
        act(&mut learner, &request(Task::Routing, &[], 500), &|id| {
            vec![settle_command((id, 0), "top", &usage(3, 0))]
        });
        act(&mut learner, &compare, &|id| {
            let stopped = settle_command((id, 0), "lite", &usage(4, 0));
            vec![
                Settle { finish: Finish::Stopped, ..stopped },
                settle_command((id, 1), "top", &usage(9, 0)),
            ]
        });
        act(&mut learner, &request(Task::Image, &["paint"], 0), &|id| {
            vec![settle_command((id, 0), "paint", &[(Meter::Images, 1)])]
        });
    }
    let found = serde_json::to_value(learner.calibration(1)).unwrap();
    let row = |model: &str, tokens: [u64; 3]| {
        let [p10, p50, p90] = tokens;
        let output = json!({"p10": p10, "p50": p50, "p90": p90});
        json!({"task": "direct", "model": model, "bands": [
            {"above_input_tokens": 0, "output_tokens": output, "settlements": 30},
        ]})
    };
    // Those of `lite` that were stopped after 4 would have ended after 7.
    let rows = json!([row("lite", [7, 7, 7]), row("top", [3, 3, 9])]);
    assert_eq!(found, json!({"schema": 1, "rows": rows}));

    // The estimate expects 1 000 tokens of these 500 to `lite`; that 900 came of them says nothing.
    let mut bands = Learner::default();
    let act = |learner: &mut Learner, input: u64| {
        for _ in 0..30 {
            let mut ledger = Ledger::default();
            ledger.grant("g", LotKind::Pack, "1000");
            ledger.authorize(&book, "a", &request(Task::Direct, &["lite"], input)).unwrap();
            ledger.settle(&book, ("a", 0), "lite", &usage(1, 0)).unwrap();
            let Some(Action::Hold(hold)) = ledger.account.actions.get(&action("a")) else {
                panic!("no hold");
            };
            learner.take(&book, hold);
        }
    };
    act(&mut bands, 500);
    act(&mut bands, 5_000);
    let above: Vec<u64> =
        bands.calibration(1).rows[0].bands.iter().map(|band| band.above_input_tokens).collect();
    assert_eq!(above, [0, 1_023]);
}
