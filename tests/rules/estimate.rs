//! What a request will cost (R9, R10).

use kumari_engine::denial::DenialCode;
use kumari_engine::encoding::TokenKind;
use kumari_engine::estimate::{Caps, Level, LevelShown, estimate, estimate_capped};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::{Request, Task};
use kumari_tests::books::{request, small_book, text_model};
use serde_json::{Value, json};

fn prices(book: &PublishedBook, request: &Request) -> [String; 3] {
    let price = estimate(book, request).unwrap();
    [price.low, price.expected, price.high].map(|amount| amount.to_string())
}

#[test]
fn r10_low_expected_and_high_of_a_direct_message() {
    let book = small_book(|_| {});
    // 1 000 tokens in: 0.025 from the cache, else 0.25; out 0 to 4 000, likely 500.
    let direct = request(Task::Direct, &["top"], 1_000);
    assert_eq!(prices(&book, &direct), ["0.53", "1.25", "4.75"]);
    let mut short = direct.clone();
    short.output_tokens_max = Some(100);
    assert_eq!(prices(&book, &short), ["0.53", "0.85", "0.85"]);
    let caps = Caps { output_tokens: Some(200), ..Caps::default() };
    let capped = estimate_capped(&book, &direct, &caps).unwrap();
    assert_eq!(capped.high.to_string(), "0.95");
    assert_eq!(capped.legs[0].candidates[0].bounds.output_tokens_max, Some(200));
}

#[test]
fn r10_extremes_are_evaluated_at_tier_thresholds_too() {
    // Above 1 000 tokens everything is free of charge but the base: the price falls at the tier.
    let cheaper_above = small_book(|book| {
        let mut rates = text_model("top", "frontier", "0", "0")["rates"].take();
        for rate in rates.as_object_mut().unwrap().values_mut() {
            *rate = json!({"credits": "0", "per": 1, "free": true});
        }
        book["models"][1]["tiers"] = json!([{"above_input_tokens": 1_000, "rates": rates}]);
        book["models"][1]["kind"]["text"]["encoding"]["low"] = json!("0.9");
        book["models"][1]["kind"]["text"]["encoding"]["high"] = json!("1.1");
    });
    // 990 to 1 100 tokens: dearest at 1 000, cheapest above.
    let around = request(Task::Direct, &["top"], 1_000);
    assert_eq!(prices(&cheaper_above, &around), ["0.5", "1.25", "4.75"]);
    let below = request(Task::Direct, &["top"], 900);
    assert_eq!(prices(&cheaper_above, &below)[2], "4.75", "990 tokens at most: 0.2475 + 4 + 0.5");
    let above = request(Task::Direct, &["top"], 1_200);
    assert_eq!(prices(&cheaper_above, &above), ["0.5", "0.5", "0.5"]);
}

#[test]
fn r10_rounds_send_the_prompt_again() {
    let book = small_book(|_| {});
    let agent = estimate(&book, &request(Task::Agent, &["top"], 1_000)).unwrap();
    let bounds = agent.legs[0].candidates[0].bounds;
    // 4 likely steps of 1 000 + 300, at most 12 of 1 000 + 1 000.
    assert_eq!(
        (bounds.input_tokens.low, bounds.input_tokens.expected, bounds.input_tokens.high),
        (1_000, 5_200, 24_000)
    );
    // 4 + 24 000 x 0.00025 + 4 000 x 0.001 + 12 x 0.5
    assert_eq!(agent.high.to_string(), "20");
}

#[test]
fn r10_what_a_format_adds_to_tools_is_in_the_bounds() {
    let book = small_book(|book| {
        let encoding = &mut book["models"][1]["kind"]["text"]["encoding"];
        (encoding["message_tokens"], encoding["tools"]) =
            (json!(7), json!({"once": 300, "each": 20}));
    });
    let input = |task, tools| {
        let message = Request { tools, messages: Some(2), ..request(task, &["top"], 1_000) };
        let input = estimate(&book, &message).unwrap().legs[0].candidates[0].bounds.input_tokens;
        (input.low, input.expected, input.high)
    };
    assert_eq!(input(Task::Direct, None), (1_000, 1_014, 1_014));
    assert_eq!(input(Task::Direct, Some(0)), (1_000, 1_014, 1_014));
    assert_eq!(input(Task::Direct, Some(3)), (1_000, 1_374, 1_374));
    // Each of an agent's 4 likely and 12 longest steps sends them again.
    assert_eq!(input(Task::Agent, Some(3)), (1_000, 6_696, 28_488));
    let many = Request { tools: Some(1_001), ..request(Task::Direct, &["top"], 1) };
    assert_eq!(estimate(&book, &many).unwrap_err().path.as_deref(), Some("tools"));
}

#[test]
fn r06_e02_compare_is_the_sum_of_legs_each_rounded_alone() {
    let book = small_book(|book| {
        let bases = [("a", "1.3755"), ("b", "0.2041"), ("c", "6.4")];
        let free = |id: &str| {
            let mut model = text_model(id, "frontier", "0", "0");
            for rate in model["rates"].as_object_mut().unwrap().values_mut() {
                *rate = json!({"credits": "0", "per": 1, "free": true});
            }
            model
        };
        let offers = book["tasks"][0]["offers"].as_array_mut().unwrap();
        offers[1]["models"] = json!({"ids": ["top"]});
        for (id, base) in bases {
            let mut offer = offers[1].clone();
            offer["models"] = json!({"ids": [id]});
            offer["per_request"] = json!(base);
            offers.push(offer);
        }
        for (id, _) in bases {
            book["models"].as_array_mut().unwrap().push(free(id));
        }
    });
    let price = estimate(&book, &request(Task::Compare, &["a", "b", "c"], 10)).unwrap();
    let legs: Vec<String> = price.legs.iter().map(|leg| leg.high.to_string()).collect();
    assert_eq!(legs, ["1.38", "0.21", "6.4"]);
    assert_eq!(price.high.to_string(), "7.99");
    assert_eq!(price.low, price.high);
}

#[test]
fn r09_e10_units_show_their_own_level_times_their_count() {
    let book = small_book(|book| {
        let models = book["models"].as_array_mut().unwrap();
        models.push(text_model("top2", "frontier", "250", "1000"));
        models.push(text_model("top3", "frontier", "250", "1000"));
    });
    let shown = |task, models: &[&str], edit: fn(&mut Request)| {
        let mut request = request(task, models, 1_000);
        edit(&mut request);
        serde_json::to_value(estimate(&book, &request).unwrap().level).unwrap()
    };
    let units = |units: Value| json!({"kind": "units", "units": units});
    let level = |level: &str, count: u32| json!({"level": level, "count": count});
    assert_eq!(
        shown(Task::Compare, &["top", "top2", "top3"], |_| {}),
        units(json!([level("medium", 3)])),
        "E10: not the band of their sum"
    );
    assert_eq!(
        shown(Task::Compare, &["top", "lite", "top3"], |_| {}),
        units(json!([level("low", 1), level("medium", 2)]))
    );
    assert_eq!(
        shown(Task::Image, &["paint"], |request| request.images = Some(4)),
        units(json!([level("high", 4)]))
    );
    assert_eq!(shown(Task::Video, &["film"], |_| {}), units(json!([level("very_high", 1)])));
    assert_eq!(shown(Task::ThreeD, &["shape"], |_| {}), units(json!([level("very_high", 1)])));
    assert_eq!(
        shown(Task::Routing, &[], |_| {}),
        json!({"kind": "range", "low": "low", "high": "medium"})
    );
}

#[test]
fn r09_the_band_of_a_level_begins_at_its_from() {
    use kumari_engine::estimate::level_of;
    let levels = small_book(|_| {}).book.levels;
    let cases = [
        ("0", Level::Low),
        ("0.89", Level::Low),
        ("0.9", Level::Medium),
        ("4", Level::High),
        ("19.999999", Level::High),
        ("1000", Level::VeryHigh),
    ];
    for (price, level) in cases {
        assert_eq!(level_of(&levels, kumari_tests::accounts::credits(price)), level, "{price}");
    }
}

#[test]
fn a_video_is_priced_by_started_blocks_and_clips() {
    let book = small_book(|_| {});
    for (clips, seconds, expected) in [(1, 1, "30"), (1, 4, "30"), (1, 5, "60"), (3, 9, "270")] {
        let mut request = request(Task::Video, &["film"], 0);
        (request.clips, request.clip_seconds) = (Some(clips), Some(seconds));
        assert_eq!(prices(&book, &request), [expected; 3], "{clips} of {seconds} s");
    }
}

#[test]
fn a_request_that_contradicts_its_task_is_refused_with_its_path() {
    let book = small_book(|_| {});
    let with = |task, models: &[&str], edit: fn(&mut Request)| {
        let mut request = request(task, models, 100);
        edit(&mut request);
        let denial = estimate(&book, &request).unwrap_err();
        (denial.code, denial.path.unwrap_or_default())
    };
    let invalid = |path: &str| (DenialCode::RequestInvalid, path.to_owned());
    assert_eq!(with(Task::Direct, &[], |_| {}), invalid("models"));
    assert_eq!(with(Task::Direct, &["top", "lite"], |_| {}), invalid("models"));
    assert_eq!(with(Task::Compare, &["top"], |_| {}), invalid("models"));
    assert_eq!(with(Task::Compare, &["a", "b", "c", "d", "e"], |_| {}), invalid("models"));
    assert_eq!(with(Task::Compare, &["top", "top"], |_| {}), invalid("models[1]"));
    assert_eq!(with(Task::Routing, &["top"], |_| {}), invalid("models"));
    assert_eq!(with(Task::Direct, &["ghost"], |_| {}).0, DenialCode::NotOffered);
    assert_eq!(with(Task::Image, &["top"], |_| {}).0, DenialCode::NotOffered);
    assert_eq!(
        with(Task::Direct, &["top"], |request| request.input_tokens = Default::default()),
        invalid("input_tokens.o200k_base")
    );
    assert_eq!(
        with(Task::Direct, &["top"], |request| request.output_tokens_max = Some(0)),
        invalid("output_tokens_max")
    );
    assert_eq!(
        with(Task::Image, &["paint"], |request| request.images = Some(101)),
        invalid("images")
    );
    assert_eq!(
        with(Task::Video, &["film"], |request| request.clip_seconds = Some(21)),
        invalid("clip_seconds")
    );
    assert_eq!(with(Task::FileProcessing, &["top"], |_| {}), invalid("pages"));
    assert_eq!(
        with(Task::Direct, &["top"], |request| {
            request.input_tokens.insert(TokenKind::O200kBase, 400_000);
        }),
        invalid("input_tokens"),
        "no room is left for an answer"
    );
}

#[test]
fn level_shown_is_data() {
    let book = small_book(|_| {});
    let price = estimate(&book, &request(Task::Direct, &["lite"], 100)).unwrap();
    assert!(matches!(price.level, LevelShown::Units { units } if units.len() == 1));
}
