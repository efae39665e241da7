//! Price books: read, checked, versioned (R4, R5).

use kumari_tests::books::{small_book, small_json};
use kumari_wire::{BookFault, FaultKind, Unreadable, publish, read_published};
use serde_json::{Value, json};

/// An edit that breaks a book, and the path of the fault that must be named.
type Case = (fn(&mut Value), &'static str);

#[test]
fn r04_the_version_is_that_of_the_content_not_of_its_spelling() {
    let pretty = serde_json::to_string_pretty(&small_json()).unwrap();
    let book = publish(&pretty).unwrap();
    assert_eq!(book.version, small_book(|_| {}).version);
    assert_eq!(book.version.as_str().len(), 64);
    let other = small_book(|book| book["packs"]["usd_max"] = json!(999));
    assert_ne!(book.version, other.version);
    let canonical = kumari_wire::canonical(&book.book).unwrap();
    assert_eq!(read_published(&canonical).unwrap(), book, "what is published can be read again");
}

#[test]
fn r04_a_newer_schema_is_recognised_before_its_unknown_fields() {
    let mut book = small_json();
    book["schema"] = json!(2);
    book["discounts"] = json!([]);
    let fault = publish(&book.to_string()).unwrap_err();
    assert_eq!(fault, Unreadable::EngineOutdated { found: 2, known: 1 }.into());
}

#[test]
fn r05_a_shape_fault_stops_at_the_first_with_its_path() {
    let cases: [Case; 6] = [
        (|book| book["colour"] = json!("red"), "colour"),
        (
            |book| book["models"][1]["rates"]["input_tokens"]["credits"] = json!(250),
            "models[1].rates.input_tokens.credits",
        ),
        (
            |book| book["models"][0]["rates"]["input_tokens"]["per"] = json!(7),
            "models[0].rates.input_tokens.per",
        ),
        (
            |book| book["tasks"][0]["offers"][0]["per_request"] = json!("0.050"),
            "tasks[0].offers[0].per_request",
        ),
        (|book| book["tasks"][0]["task"] = json!("juggle"), "tasks[0].task"),
        (|book| book["effective_at"] = json!("2026-01-01"), "effective_at"),
    ];
    for (edit, path) in cases {
        let mut book = small_json();
        edit(&mut book);
        match publish(&book.to_string()).unwrap_err() {
            BookFault::Unreadable(Unreadable::Shape(fault)) => {
                assert_eq!((fault.kind, fault.path.as_str()), (FaultKind::Shape, path), "{fault}");
            }
            other => panic!("{path}: {other}"),
        }
    }
}

/// Each edit breaks one rule; the fault must name the place and no other.
#[test]
fn r05_every_rule_fault_is_named_with_its_path() {
    let cases: [Case; 45] = [
        (|book| book["id"] = json!(""), "id"),
        (|book| book["charge_step"] = json!("0"), "charge_step"),
        (|book| book["compare"]["models_max"] = json!(5), "compare.models_max"),
        (|book| book["levels"] = json!([]), "levels"),
        (|book| book["levels"][0]["from"] = json!("0.1"), "levels[0].from"),
        (|book| book["levels"][2]["from"] = json!("0.9"), "levels[2]"),
        (|book| book["models"][1]["id"] = json!("lite"), "models[1].id"),
        (|book| book["models"][0]["name"] = json!(""), "models[0].name"),
        (
            |book| book["models"][0]["source"]["read_on"] = json!("today"),
            "models[0].source.read_on",
        ),
        (
            |book| book["models"][0]["kind"]["text"]["encoding"]["low"] = json!("1.1"),
            "models[0].kind.text.encoding",
        ),
        (
            |book| {
                let encoding = &mut book["models"][0]["kind"]["text"]["encoding"];
                encoding["latin"] = json!({"low": "1", "expected": "1", "high": "1.1"});
            },
            "models[0].kind.text.encoding.latin",
        ),
        (
            |book| book["models"][0]["kind"]["text"]["output_tokens_max"] = json!(0),
            "models[0].kind.text.output_tokens_max",
        ),
        (
            |book| book["models"][3]["kind"]["video"]["block_seconds"] = json!(0),
            "models[3].kind.video.block_seconds",
        ),
        (
            |book| {
                book["models"][0]["rates"].as_object_mut().unwrap().remove("reasoning_tokens");
            },
            "models[0].rates.reasoning_tokens",
        ),
        (
            |book| book["models"][0]["rates"]["images"] = json!({"credits": "1", "per": 1}),
            "models[0].rates.images",
        ),
        (
            |book| book["models"][0]["rates"]["input_tokens"]["credits"] = json!("-1"),
            "models[0].rates.input_tokens",
        ),
        (
            |book| book["models"][0]["rates"]["input_tokens"]["credits"] = json!("0"),
            "models[0].rates.input_tokens",
        ),
        (
            |book| book["models"][0]["rates"]["input_tokens"]["free"] = json!(true),
            "models[0].rates.input_tokens",
        ),
        (
            |book| book["models"][0]["rates"]["input_tokens"]["credits"] = json!("1000000.000001"),
            "models[0].rates.input_tokens",
        ),
        (
            |book| book["models"][0]["tiers"] = json!([{"above_input_tokens": 9, "rates": {}}]),
            "models[0].tiers[0].rates",
        ),
        (|book| book["tasks"][1]["task"] = json!("direct"), "tasks[1].task"),
        (|book| book["tasks"][0]["task"] = json!("compare"), "tasks[0].task"),
        (|book| book["tasks"][0]["hold_seconds_max"] = json!(0), "tasks[0].hold_seconds_max"),
        (|book| book["tasks"][0]["offers"] = json!([]), "tasks[0].offers"),
        (
            |book| book["tasks"][0]["offers"][0]["models"] = json!({"kind": "text"}),
            "tasks[0].offers",
        ),
        (
            |book| book["tasks"][0]["offers"][0]["models"] = json!({"ids": ["ghost"]}),
            "tasks[0].offers[0].models.ids[0]",
        ),
        (
            |book| book["tasks"][6]["offers"][0]["models"] = json!({"ids": ["film"]}),
            "tasks[6].offers[0].models",
        ),
        (
            |book| book["tasks"][0]["offers"][0]["per_request"] = json!("0"),
            "tasks[0].offers[0].per_request",
        ),
        (
            |book| book["tasks"][6]["offers"][0]["minimum"] = json!("5.001"),
            "tasks[6].offers[0].minimum",
        ),
        (
            |book| book["tasks"][0]["offers"][0]["multiplier"] = json!("0"),
            "tasks[0].offers[0].multiplier",
        ),
        (
            |book| {
                book["tasks"][1]["offers"][0].as_object_mut().unwrap().remove("rates");
            },
            "tasks[1].offers[0].rates.steps",
        ),
        (
            |book| {
                book["tasks"][0]["offers"][0]["rates"] =
                    json!({"pages": {"credits": "1", "per": 1}})
            },
            "tasks[0].offers[0].rates.pages",
        ),
        (
            |book| {
                book["tasks"][0]["offers"][0].as_object_mut().unwrap().remove("bounds");
            },
            "tasks[0].offers[0].bounds.output_tokens",
        ),
        (
            |book| {
                book["tasks"][0]["offers"][0]["bounds"]["output_tokens"]["expected"] = json!(5_000)
            },
            "tasks[0].offers[0].bounds.output_tokens",
        ),
        (
            |book| book["routing"]["candidates"] = json!(["lite", "top", "paint"]),
            "routing.candidates[2]",
        ),
        (|book| book["routing"]["default"] = json!("paint"), "routing.default"),
        (|book| book["routing"]["rules"][0]["use"] = json!("ghost"), "routing.rules[0].use"),
        (|book| book["plans"].as_array_mut().unwrap().truncate(1), "plans"),
        (|book| book["plans"][1]["months"] = json!(3), "plans[1].months"),
        (|book| book["packs"]["brackets"][1]["credits_per_usd"] = json!("99"), "packs.brackets[1]"),
        (
            |book| {
                let rates = book["models"][0]["rates"].clone();
                book["models"][0]["tiers"] =
                    json!([{"above_input_tokens": 10_000_000_001_u64, "rates": rates}]);
            },
            "models[0].tiers[0].above_input_tokens",
        ),
        (
            |book| book["tasks"][0]["offers"][0]["models"] = json!({"ids": ["lite", "lite"]}),
            "tasks[0].offers[0].models.ids[1]",
        ),
        (
            |book| book["packs"]["brackets"][1]["from_usd"] = json!(2_000),
            "packs.brackets[1].from_usd",
        ),
        (|book| book["references"][0]["row"] = json!(""), "references[0].row"),
        (|book| book["references"][0]["levels"] = json!(["high"]), "references[0].levels"),
    ];
    for (edit, path) in cases {
        let mut book = small_json();
        edit(&mut book);
        match publish(&book.to_string()).unwrap_err() {
            BookFault::Rules(faults) => {
                assert!(faults.iter().any(|fault| fault.path == path), "{path} in {faults:?}");
            }
            other => panic!("{path}: {other}"),
        }
    }
}

#[test]
fn r05_all_rule_faults_are_listed_at_once() {
    let mut book = small_json();
    book["charge_step"] = json!("0");
    book["models"][2]["rates"] = json!({});
    book["packs"]["usd_max"] = json!(1);
    let Err(BookFault::Rules(faults)) = publish(&book.to_string()) else { panic!("accepted") };
    let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
    for path in ["charge_step", "models[2].rates.images", "packs.usd_max"] {
        assert!(paths.contains(&path), "{path} in {paths:?}");
    }
}

#[test]
fn a_pack_is_priced_whole_by_its_bracket() {
    let book = small_book(|_| {}).book;
    let credits = |usd| book.pack_credits(usd).map(|credits| credits.to_string());
    let cases = [
        (9, None),
        (10, Some("1000")),
        (49, Some("4900")),
        (50, Some("5750")),
        (1000, Some("115000")),
        (1001, None),
    ];
    for (usd, expected) in cases {
        assert_eq!(credits(usd).as_deref(), expected, "${usd}");
    }
}

/// Browser and server hash the document that is served, so it has one spelling only.
#[test]
fn r04_a_book_that_spells_out_a_default_is_refused() {
    let cases: [fn(&mut Value); 3] = [
        |book| book["models"][0]["rates"]["input_tokens"]["free"] = json!(false),
        |book| book["models"][0]["tiers"] = json!([]),
        |book| book["tasks"][0]["offers"][0]["minimum"] = json!(null),
    ];
    for edit in cases {
        let mut book = small_json();
        edit(&mut book);
        let fault = publish(&book.to_string()).unwrap_err();
        assert!(fault.to_string().contains("spells out a default"), "{fault}");
    }
    let book = small_book(|_| {});
    let served = kumari_wire::canonical(&book.book).unwrap();
    assert_eq!(read_published(&served).unwrap().version, book.version);
}
