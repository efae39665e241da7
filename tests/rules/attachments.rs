//! Images, recordings and clips in the input, by each model's own formula (R7, R8, R10, R12).

use crate::history::book as plain_book;
use kumari_engine::attachment::Attachment;
use kumari_engine::denial::{Denial, DenialCode};
use kumari_engine::estimate::{Caps, Estimate, estimate};
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::{ModelKind, PublishedBook};
use kumari_engine::rating;
use kumari_engine::rating::Line;
use kumari_engine::request::{Request, Task};
use kumari_engine::routing::route;
use kumari_tests::books::{model_id, per_million, request, seeing, small_book, text_model};
use proptest::prelude::*;
use serde_json::{Value, json};

const SQUARE: Attachment = Attachment::Image { width: 1_000, height: 1_000 };
const MINUTE: Attachment = Attachment::Audio { seconds: 60 };
const CLIP: Attachment = Attachment::Video { seconds: 10 };

/// The small book, whose `top` takes all kinds: 100 tokens for a cell of 500 pixels, 10 for each
/// second of sound, 50 to 200 for each of a clip. `lite` takes images alone, at 7 tokens.
fn sees(edit: impl FnOnce(&mut Value)) -> PublishedBook {
    small_book(|book| {
        book["models"][0]["kind"]["text"]["image_tokens"] =
            json!({"formula": {"fixed": 7}, "largest": 2_000, "source": "test"});
        seeing(&mut book["models"][1]);
        edit(book);
    })
}

fn asked(task: Task, models: &[&str], tokens: u64, attachments: &[Attachment]) -> Request {
    Request { attachments: attachments.to_vec(), ..request(task, models, tokens) }
}

fn prices(price: &Estimate) -> [String; 3] {
    [price.low, price.expected, price.high].map(|amount| amount.to_string())
}

#[test]
fn r10_an_image_is_input_of_the_models_own_formula() {
    let book = sees(|_| {});
    let message = asked(Task::Direct, &["top"], 1_000, &[SQUARE, SQUARE]);
    let price = estimate(&book, &message).unwrap();
    // As 1 800 tokens of text: 4 cells of 100 tokens in each image.
    let text = estimate(&book, &request(Task::Direct, &["top"], 1_800)).unwrap();
    assert_eq!(prices(&price), prices(&text));
    let candidate = &price.legs[0].candidates[0];
    assert_eq!(candidate.bounds.input_tokens, text.legs[0].candidates[0].bounds.input_tokens);
    // A line of its own says how many tokens they are.
    let line = |meter: Meter| {
        candidate.lines.iter().find_map(|line| match line {
            Line::Meter { meter: found, quantity, .. } if *found == meter => {
                Some(u64::from(*quantity))
            }
            _ => None,
        })
    };
    assert_eq!((line(Meter::InputTokens), line(Meter::ImageInputTokens)), (Some(1_000), Some(800)));
}

#[test]
fn r10_images_and_sound_have_rates_of_their_own_where_the_model_does() {
    let book = sees(|book| {
        book["models"][1]["rates"]["image_input_tokens"] = per_million("1000");
        book["models"][1]["rates"]["audio_input_tokens"] = per_million("3000");
    });
    let mut message = asked(Task::Direct, &["top"], 1_000, &[SQUARE, MINUTE]);
    message.output_tokens_max = Some(1);
    let price = estimate(&book, &message).unwrap();
    // 0.5 + 0.25 + 400 at 0.001 + 600 at 0.003 + 0.001, rounded up; at least all from the cache,
    // a tenth of 0.00025 each, and no answer.
    assert_eq!(prices(&price), ["0.55", "2.96", "2.96"]);
}

#[test]
fn r08_what_is_sent_along_counts_for_a_tier() {
    let book = sees(|book| {
        let mut dear = text_model("top", "frontier", "500", "9000")["rates"].take();
        dear["image_input_tokens"] = per_million("1000");
        book["models"][1]["rates"]["image_input_tokens"] = per_million("1000");
        book["models"][1]["tiers"] = json!([{"above_input_tokens": 1_399, "rates": dear}]);
    });
    let most = |tokens| {
        let mut message = asked(Task::Direct, &["top"], tokens, &[SQUARE]);
        message.output_tokens_max = Some(1_000);
        estimate(&book, &message).unwrap().high.to_string()
    };
    // 999 + 400 tokens are the last below the tier, which prices the answer too.
    assert_eq!([most(999), most(1_000)], ["2.15", "10.4"]);
    let price = book.book.price(Task::Direct, &model_id("top")).unwrap();
    let charge = |text, images| {
        let counts = [(Meter::InputTokens, text), (Meter::ImageInputTokens, images)];
        rating::charge(&price, &Usage::new(counts).unwrap()).unwrap().to_string()
    };
    assert_eq!([charge(999, 400), charge(1_000, 400)], ["1.15", "1.4"]);
}

#[test]
fn r10_what_may_be_of_images_or_of_sound_is_of_the_dearer_at_most() {
    let book = sees(|book| {
        let rates = |input: &str, image: &str, sound: &str| {
            let mut rates = text_model("top", "frontier", input, "1000")["rates"].take();
            rates["image_input_tokens"] = per_million(image);
            rates["audio_input_tokens"] = per_million(sound);
            rates
        };
        book["models"][1]["rates"] = rates("250", "1000", "3000");
        book["models"][1]["tiers"] =
            json!([{"above_input_tokens": 1_500, "rates": rates("1", "1", "1")}]);
        let text = &mut book["models"][1]["kind"]["text"];
        text["image_tokens"]["formula"] = json!({"fixed": 1_000});
        for kind in ["image_tokens", "audio_tokens"] {
            text[kind]["ratio"] = json!({"low": "0.5", "expected": "1", "high": "2"});
        }
    });
    // 500 to 2 000 tokens of the image, 300 to 1 200 of the sound: dearest at 1 500 of both.
    for attachments in [[SQUARE, MINUTE], [MINUTE, SQUARE]] {
        let mut message = asked(Task::Direct, &["top"], 0, &attachments);
        message.output_tokens_max = Some(1);
        let price = estimate(&book, &message).unwrap();
        // 0.5 + 500 at 0.001 + 1 000 at 0.003 + 0.001.
        assert_eq!(price.high.to_string(), "4.01");
    }
}

#[test]
fn r10_what_is_no_text_takes_its_room_in_the_context_too() {
    // What each may have at most: 4 cells of 100, 60 seconds of 10, 10 seconds of 200.
    for (attachment, tokens) in [(SQUARE, 400), (MINUTE, 600), (CLIP, 2_000)] {
        let book = sees(|book| {
            let text = &mut book["models"][1]["kind"]["text"];
            text["context_tokens_max"] = json!(1_000 + tokens + 20);
            text["output_tokens_max"] = json!(1_000);
        });
        let longest = |message: &Request| {
            estimate(&book, message)
                .map(|price| price.legs[0].candidates[0].bounds.output_tokens_max.unwrap())
        };
        let message = asked(Task::Direct, &["top"], 1_000, &[attachment]);
        assert_eq!(longest(&message), Ok(20), "{attachment:?} leaves no more for the answer");
        let denial = longest(&asked(Task::Direct, &["top"], 1_020, &[attachment])).unwrap_err();
        assert_eq!(denial.path.as_deref(), Some("input_tokens"), "{denial}");
    }
}

#[test]
fn r06_images_that_a_price_does_not_tell_apart_are_plain_input() {
    let book = small_book(|_| {});
    let price = book.book.price(Task::Direct, &model_id("top")).unwrap();
    for meter in [Meter::ImageInputTokens, Meter::AudioInputTokens] {
        let usage = Usage::new([(meter, 1_234), (Meter::OutputTokens, 567)]).unwrap();
        assert_eq!(rating::charge(&price, &usage).unwrap().to_string(), "1.38", "E1");
    }
    for meter in [Meter::ImageOutputTokens, Meter::AudioOutputTokens] {
        let usage = Usage::new([(meter, 1)]).unwrap();
        assert!(rating::charge(&price, &usage).is_err(), "{}", meter.name());
    }
}

#[test]
fn r10_rounds_send_attachments_again() {
    let book = sees(|_| {});
    let agent = estimate(&book, &asked(Task::Agent, &["top"], 1_000, &[SQUARE])).unwrap();
    let input = agent.legs[0].candidates[0].bounds.input_tokens;
    // 4 likely steps of 1 000 + 300 + 400, at most 12 of 1 000 + 1 000 + 400.
    assert_eq!((input.low, input.expected, input.high), (1_400, 6_800, 28_800));
}

#[test]
fn r22_each_leg_of_a_comparison_counts_by_its_own_models_formula() {
    let book = sees(|_| {});
    let price = estimate(&book, &asked(Task::Compare, &["lite", "top"], 100, &[SQUARE])).unwrap();
    let legs = price.legs.iter().map(|leg| leg.candidates[0].bounds.input_tokens.high);
    assert_eq!(legs.collect::<Vec<_>>(), [107, 500]);
}

#[test]
fn r12_a_candidate_that_does_not_take_it_drops_out() {
    let book = sees(|_| {});
    let routed = |attachments: &[Attachment]| {
        let message = asked(Task::Routing, &[], 100, attachments);
        let routed = route(&book.book, &message, &Caps::default()).ok()?;
        let price = estimate(&book, &message).unwrap();
        assert_eq!(price.legs[0].candidates.len(), routed.candidates.len());
        Some((routed.likely.to_string(), routed.candidates.len()))
    };
    assert_eq!(routed(&[]), Some(("lite".to_owned(), 2)));
    assert_eq!(routed(&[SQUARE]), Some(("lite".to_owned(), 2)));
    assert_eq!(routed(&[MINUTE]), Some(("top".to_owned(), 1)));
    assert_eq!(
        routed(&[Attachment::Image { width: 2_001, height: 9 }]),
        Some(("top".to_owned(), 1))
    );
    assert_eq!(routed(&[Attachment::Image { width: 9_000, height: 9 }]), None);
    // What fits as text no longer fits with a clip of up to 400 000 tokens.
    assert_eq!(routed(&[Attachment::Video { seconds: 2_000 }]), None);
}

#[test]
fn r16_a_denial_of_an_attachment_says_which_and_what_to_do() {
    let check = |task, model: &str, attachments: &[Attachment], path: &str, words: &str| {
        let book = sees(|_| {});
        let denial: Denial = estimate(&book, &asked(task, &[model], 10, attachments)).unwrap_err();
        assert_eq!(denial.code, DenialCode::RequestInvalid);
        assert_eq!(denial.path.as_deref(), Some(path), "{denial}");
        assert!(denial.message.contains(words), "{denial}");
    };
    let image = |width, height| Attachment::Image { width, height };
    check(
        Task::Direct,
        "lite",
        &[SQUARE, MINUTE],
        "attachments[1]",
        "`lite` takes no audio at all: remove",
    );
    check(
        Task::Direct,
        "lite",
        &[image(2_001, 1)],
        "attachments[0]",
        "`lite` takes no image of this size: reduce",
    );
    check(
        Task::Image,
        "paint",
        &[SQUARE],
        "attachments[0]",
        "`paint` takes no image at all: remove",
    );
    check(Task::Direct, "top", &[image(0, 5)], "attachments[0]", "no image of this size");
    check(Task::Direct, "top", &[image(5, 8_001)], "attachments[0]", "no image of this size");
    let silence = Attachment::Audio { seconds: 0 };
    check(Task::Direct, "top", &[silence], "attachments[0]", "no audio of this size");
    check(Task::Direct, "top", &[SQUARE; 21], "attachments", "21 is out of range: use 0 to 20");
    check(Task::Direct, "top", &[Attachment::Video { seconds: 2_000 }], "input_tokens", "shorten");

    let routed = |attachments: &[Attachment]| {
        estimate(&sees(|_| {}), &asked(Task::Routing, &[], 10, attachments)).unwrap_err()
    };
    let nobody = routed(&[image(5, 8_001)]);
    assert_eq!(nobody.path.as_deref(), Some("attachments"), "{nobody}");
    let too_much = routed(&[Attachment::Video { seconds: 2_000 }]);
    assert_eq!(too_much.path.as_deref(), Some("input_tokens"), "{too_much}");
}

#[test]
fn r05_a_formula_that_comes_to_nothing_is_refused() {
    let fault = |field: &str, tokens: &Value| {
        let mut book = kumari_tests::books::small_json();
        book["models"][1]["kind"]["text"][field] = tokens.clone();
        kumari_wire::publish(&book.to_string()).unwrap_err().to_string()
    };
    let of = |formula: Value| json!({"formula": formula, "largest": 9, "source": "x"});
    let cells = |field: &str, value: Value| {
        let mut cells = json!({"side": 32, "tokens": "1"});
        cells[field] = value;
        of(json!({"cells": cells}))
    };
    let but = |field: &str, value: Value| {
        let mut tokens = of(json!({"fixed": 1}));
        tokens[field] = value;
        tokens
    };
    let ratio = json!({"low": "2", "expected": "1", "high": "1"});
    for (field, tokens, place) in [
        ("image_tokens", of(json!({"fixed": 0})), "formula"),
        ("image_tokens", of(json!({"per_second": "1"})), "formula"),
        ("audio_tokens", of(json!({"per_second": "0"})), "formula"),
        ("audio_tokens", of(json!({"fixed": 1})), "formula"),
        ("video_tokens", cells("side", json!(1)), "formula"),
        ("image_tokens", cells("side", json!(0)), "formula"),
        ("image_tokens", cells("tokens", json!("0")), "formula"),
        ("image_tokens", cells("cells_max", json!(0)), "formula"),
        ("image_tokens", cells("above", json!("grow")), "formula.cells.above"),
        ("image_tokens", cells("above", json!("refuse")), "formula.cells.above"),
        ("image_tokens", but("largest", json!(0)), "largest"),
        ("image_tokens", but("largest", json!(86_401)), "largest"),
        ("image_tokens", but("source", json!("")), "source"),
        ("image_tokens", but("ratio", ratio), "ratio"),
    ] {
        let found = fault(field, &tokens);
        let path = format!("models[1].kind.text.{field}.{place}");
        assert!(found.contains(&path), "{tokens}: {found}");
    }
}

#[test]
fn a_request_without_attachments_is_what_it_was() {
    let book = plain_book();
    let message = request(Task::Direct, &["top"], 1_000);
    assert!(!kumari_wire::canonical(&message).unwrap().contains("attachments"));
    let price = kumari_wire::canonical(&estimate(&book, &message).unwrap()).unwrap();
    assert!(!price.contains("attachment"), "{price}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// R10: a leg whose text and attachments stay inside their own ranges is charged between `low`
    /// and `high`, however much of both a cache knew, with rates of their own or without.
    #[test]
    fn r10_attachments_inside_their_ranges_lie_between_low_and_high(
        text in 0..3_000_u64,
        attachments in prop::collection::vec(
            prop_oneof![
                (1..3_000_u32, 1..3_000_u32).prop_map(|(width, height)| Attachment::Image { width, height }),
                (1..30_u32).prop_map(|seconds| Attachment::Audio { seconds }),
                (1..30_u32).prop_map(|seconds| Attachment::Video { seconds }),
            ],
            0..5,
        ),
        rates in prop::array::uniform2(prop::option::of(1..5_000_u32)),
        tiers in prop::array::uniform2(prop::array::uniform3(1..2_000_u32)),
        parts in prop::array::uniform8(0..=100_u64),
    ) {
        let book = sees(|book| {
            let of = |input: u32, [image, audio]: [u32; 2]| {
                let mut priced = text_model("top", "frontier", &input.to_string(), "9")["rates"].take();
                for (meter, own, rate) in [("image_input_tokens", rates[0], image), ("audio_input_tokens", rates[1], audio)] {
                    if own.is_some() {
                        priced[meter] = per_million(&rate.to_string());
                    }
                }
                priced
            };
            book["models"][1]["rates"] = of(250, rates.map(Option::unwrap_or_default));
            book["models"][1]["tiers"] = json!([
                {"above_input_tokens": 1_500, "rates": of(tiers[0][0], [tiers[0][1], tiers[0][2]])},
                {"above_input_tokens": 4_000, "rates": of(tiers[1][0], [tiers[1][1], tiers[1][2]])},
            ]);
            let encoding = &mut book["models"][1]["kind"]["text"]["encoding"];
            (encoding["low"], encoding["high"]) = (json!("0.6"), json!("1.7"));
            book["models"][1]["kind"]["text"]["audio_tokens"]["ratio"] =
                json!({"low": "0.5", "expected": "1", "high": "1.5"});
        });
        let mut message = asked(Task::Direct, &["top"], text, &attachments);
        message.output_tokens_max = Some(1);
        let price = estimate(&book, &message).unwrap();
        prop_assert!(price.low <= price.expected && price.expected <= price.high);

        let candidate = &price.legs[0].candidates[0];
        let between = |low: u64, high: u64, part: u64| low + (high - low) * part / 100;
        let of_text = between(text * 6 / 10, (text * 17).div_ceil(10), parts[0]);
        let (mut sums, mut of_clips) = ([0; 2], 0);
        let ModelKind::Text(facts) = &book.book.models[1].kind else { panic!("`top` is of text") };
        for attachment in &attachments {
            let tokens = match attachment {
                Attachment::Image { .. } => &facts.image_tokens,
                Attachment::Audio { .. } => &facts.audio_tokens,
                Attachment::Video { .. } => &facts.video_tokens,
            };
            let range = tokens.as_ref().unwrap().tokens(*attachment).unwrap();
            if let Attachment::Video { .. } = attachment {
                of_clips += between(range.low, range.high, parts[1]);
                continue;
            }
            let is_sound = matches!(attachment, Attachment::Audio { .. });
            sums[usize::from(is_sound)] += between(range.low, range.high, parts[1 + usize::from(is_sound)]);
        }
        // Of a clip any part may be images, and the rest sound.
        let sound_of_clips = of_clips * parts[7] / 100;
        let (images, sound) = (sums[0] + of_clips - sound_of_clips, sums[1] + sound_of_clips);
        let total = of_text + images + sound;
        let bounds = candidate.bounds.input_tokens;
        prop_assert!(bounds.low <= total && total <= bounds.high, "{bounds:?} {total}");
        // A cache knows some of each part, and providers do not say of which.
        let known = |count: u64, part: usize| count * parts[part] / 100;
        let read = known(of_text, 3) + known(images, 4) + known(sound, 5);
        let usage = Usage::new([
            (Meter::InputTokens, of_text - known(of_text, 3)),
            (Meter::ImageInputTokens, images - known(images, 4)),
            (Meter::AudioInputTokens, sound - known(sound, 5)),
            (Meter::CacheReadTokens, read),
            (Meter::OutputTokens, parts[6] / 100),
        ]).unwrap();
        let model = &message.models[0];
        let charge = rating::charge(&book.book.price(Task::Direct, model).unwrap(), &usage).unwrap();
        prop_assert!(price.low <= charge && charge <= price.high, "{} <= {charge} <= {}", price.low, price.high);
    }
}

#[test]
fn r10_the_sound_of_a_clip_may_be_dearer_or_cheaper_than_its_images() {
    let book = sees(|book| {
        for (meter, credits) in [("image_input_tokens", "1000"), ("audio_input_tokens", "3000")] {
            book["models"][1]["rates"][meter] = per_million(credits);
        }
    });
    let mut message = asked(Task::Direct, &["top"], 0, &[CLIP]);
    message.output_tokens_max = Some(1);
    let price = estimate(&book, &message).unwrap();
    let model = &message.models[0];
    let charge = |images: u64, sound: u64| {
        let usage = Usage::new([
            (Meter::ImageInputTokens, images),
            (Meter::AudioInputTokens, sound),
            (Meter::OutputTokens, 1),
        ]);
        rating::charge(&book.book.price(Task::Direct, model).unwrap(), &usage.unwrap()).unwrap()
    };
    assert_eq!(price.high, charge(0, 2_000));
    assert!(price.low <= charge(500, 0) && charge(0, 500) > charge(500, 0));
}

#[test]
fn a_clip_counts_by_its_seconds() {
    let book = sees(|_| {});
    let price = estimate(&book, &asked(Task::Direct, &["top"], 0, &[CLIP])).unwrap();
    let candidate = &price.legs[0].candidates[0];
    let input = candidate.bounds.input_tokens;
    // Ten were begun, so nine are over.
    assert_eq!((input.low, input.expected, input.high), (450, 1_000, 2_000));
}
