//! A prepared price is the estimate's, or there is none.

use fastrand::Rng;
use kumari_engine::attachment::Attachment;
use kumari_engine::calibration::Calibration;
use kumari_engine::denial::Denial;
use kumari_engine::encoding::TokenKind;
use kumari_engine::estimate::{Caps, Estimate, estimate_calibrated, estimate_capped};
use kumari_engine::meter::Meter;
use kumari_engine::prepared::{PriceRange, prepare};
use kumari_engine::price_book::{KindName, PublishedBook};
use kumari_engine::request::{Request, Task};
use kumari_tests::books::{request, small_book, small_json, text_model};
use kumari_tests::parity_cases::{books, calibration, case};
use serde_json::json;

/// The prepared price with the counts of `request` itself; prepared with other ones.
fn prepared(
    book: &PublishedBook,
    request: &Request,
    caps: &Caps,
    calibration: &Calibration,
) -> Result<Option<PriceRange>, Denial> {
    let mut template = request.clone();
    template.input_tokens = [(TokenKind::O200kBase, 7)].into_iter().collect();
    template.messages = None;
    let counted = |kind| request.input_tokens.get(&kind).copied();
    let messages = request.messages.unwrap_or(1);
    prepare(book, &template, caps, calibration).map(|prepared| prepared.price(counted, messages))
}

fn range(price: &Estimate) -> PriceRange {
    let Estimate { low, expected, high, likely, .. } = *price;
    PriceRange { low, expected, high, likely }
}

/// Routing depends on the counts, and media on no text: both are left to the estimate.
fn is_of_text(task: Task) -> bool {
    task != Task::Routing && task.kind() == KindName::Text
}

const fn meters_of(attachment: &Attachment) -> &'static [Meter] {
    match attachment {
        Attachment::Image { .. } => &[Meter::ImageInputTokens],
        Attachment::Audio { .. } => &[Meter::AudioInputTokens],
        Attachment::Video { .. } => &[Meter::ImageInputTokens, Meter::AudioInputTokens],
    }
}

/// Images and sound at rates of their own are left to the estimate too.
fn is_apart(book: &PublishedBook, request: &Request) -> bool {
    let models = request.models.iter().filter_map(|id| book.book.model(id));
    let meters = || request.attachments.iter().flat_map(meters_of);
    models.into_iter().any(|model| meters().any(|meter| model.rates.contains_key(meter)))
}

#[test]
fn r10_a_prepared_price_is_that_of_the_estimate() {
    let mut rng = Rng::with_seed(20_261_130);
    let books = books(&mut rng, 60);
    let learned: Vec<Calibration> = books.iter().map(|book| calibration(&mut rng, book)).collect();
    let (mut prices, mut without, mut likely, mut attached, mut apart) = (0, 0, 0, 0, 0);
    for _ in 0..36_000 {
        let mut case = case(&mut rng, &books);
        let (book, learned) = (&books[case.book], &learned[case.book]);
        let caps = case.quote.map(|quote| quote.caps).unwrap_or_default();
        // Counts at and beside a tier's threshold are rare among random ones.
        let tiers = case.request.models.first().and_then(|id| book.book.model(id));
        let tier = tiers.and_then(|model| model.tiers.first());
        if let Some(tier) = tier
            && rng.bool()
        {
            let near = (tier.above_input_tokens + rng.u64(..5)).saturating_sub(2);
            case.request.input_tokens =
                TokenKind::ALL.map(|kind| (kind, near)).into_iter().collect();
        }
        let found = prepared(book, &case.request, &caps, learned);
        match estimate_calibrated(book, &case.request, &caps, learned) {
            Ok(price) if is_apart(book, &case.request) => {
                assert!(matches!(found, Ok(None)), "{found:?} of {price:?}");
                apart += 1;
            }
            Ok(price) if !is_of_text(case.request.task) => {
                assert_eq!(found, Ok(None), "{price:?}");
            }
            Ok(price) => {
                prices += 1;
                likely += u32::from(price.likely.is_some());
                attached += u32::from(!case.request.attachments.is_empty());
                match found {
                    Ok(Some(found)) => assert_eq!(found, range(&price), "{:#?}", case.request),
                    _ => without += 1,
                }
            }
            Err(denial) => {
                assert!(matches!(&found, Ok(None) | Err(_)), "{found:?}, not {denial}");
            }
        }
    }
    assert!(attached > 500 && apart > 100, "{attached} with attachments, {apart} of them apart");
    assert!(prices > 10_000, "{prices} prices are too few to say much");
    assert!(without * 100 < prices, "{without} of {prices} prices were not prepared");
    assert!(likely > 3_000, "{likely} of {prices} prices have a likely range");
}

#[test]
fn what_does_not_depend_on_counts_is_denied_when_it_is_prepared() {
    let book = small_book(|_| {});
    let mut no_answer = request(Task::Direct, &["top"], 1);
    no_answer.output_tokens_max = Some(0);
    let cases = [
        (request(Task::Direct, &["no-such-model"], 1), None),
        (request(Task::Direct, &[], 1), Some("models")),
        (no_answer, Some("output_tokens_max")),
    ];
    for (request, path) in cases {
        let nothing = Calibration::default();
        let denial = prepare(&book, &request, &Caps::default(), &nothing).unwrap_err();
        assert_eq!(denial.path.as_deref(), path, "{denial}");
    }
}

#[test]
fn counts_without_a_price_have_none() {
    let book = small_book(|_| {});
    let (asked, nothing) = (request(Task::Direct, &["top"], 1), Calibration::default());
    let prepared = prepare(&book, &asked, &Caps::default(), &nothing).unwrap();
    let price = |tokens: Option<u64>, messages| prepared.price(|_| tokens, messages);
    assert!(price(Some(0), 0).is_some());
    assert_eq!(price(None, 1), None);
    assert_eq!(price(Some(10_000_000_001), 1), None);
    assert_eq!(price(Some(1), 100_001), None);
    assert_eq!(price(Some(9_000_000), 1), None, "longer than the model's context");
}

#[test]
fn what_needs_more_than_64_bits_is_the_estimates_or_nothing() {
    for (step, multiplier) in [("0.000001", "999.9999"), ("1000000", "1000"), ("1", "0.0001")] {
        let book = small_book(|book| {
            book["charge_step"] = json!(step);
            for task in book["tasks"].as_array_mut().unwrap() {
                for offer in task["offers"].as_array_mut().unwrap() {
                    offer["multiplier"] = json!(multiplier);
                    offer.as_object_mut().unwrap().remove("minimum");
                }
            }
            for level in &mut book["references"].as_array_mut().unwrap().iter_mut() {
                level["levels"] = json!(["low", "medium", "high", "very_high"]);
            }
        });
        for tokens in [0, 1, 1_000, 100_000] {
            let asked = request(Task::Direct, &["top"], tokens);
            let price = estimate_capped(&book, &asked, &Caps::default()).unwrap();
            let found = prepared(&book, &asked, &Caps::default(), &Calibration::default()).unwrap();
            assert!(found.is_none_or(|found| found == range(&price)), "{step} {tokens}");
        }
    }
}

#[test]
fn an_input_beyond_what_may_be_counted_is_the_estimates_or_nothing() {
    let book = small_book(|book| {
        let text = &mut book["models"][1]["kind"]["text"];
        text["context_tokens_max"] = json!(10_000_000_000_u64);
        text["image_tokens"] =
            json!({"formula": {"fixed": 1_000}, "largest": 9_000, "source": "assumed"});
        // So cheap that 64 bits are no limit, and each token shows.
        book["models"][1]["rates"] = text_model("x", "frontier", "1", "1")["rates"].clone();
        book["charge_step"] = json!("0.000001");
    });
    let mut priced = 0;
    for tokens in (0..60).map(|part| part * 50_000_000) {
        // Each step sends text and image again.
        let mut asked = request(Task::Agent, &["top"], tokens);
        asked.attachments = Vec::from([Attachment::Image { width: 10, height: 10 }]);
        let price = estimate_capped(&book, &asked, &Caps::default()).ok();
        let found = prepared(&book, &asked, &Caps::default(), &Calibration::default()).unwrap();
        assert!(found.is_none() || found == price.as_ref().map(range), "{tokens}: {found:?}");
        priced += u32::from(found.is_some());
    }
    assert!((1..60).contains(&priced), "{priced} were prepared");
}

#[test]
fn what_no_number_of_javascript_holds_is_not_prepared() {
    // A leg is at most 2^50 micro-credits, so that four are below 2^53.
    for (minimum, is_prepared) in [("1125000000", true), ("1126000000", false)] {
        let mut book = small_json();
        for offer in book["tasks"][0]["offers"].as_array_mut().unwrap() {
            offer["minimum"] = json!(minimum);
        }
        let book = kumari_wire::read_published(&book.to_string()).unwrap();
        let asked = request(Task::Direct, &["top"], 1_000);
        let price = estimate_capped(&book, &asked, &Caps::default()).unwrap();
        let found = prepared(&book, &asked, &Caps::default(), &Calibration::default());
        assert_eq!(found, Ok(is_prepared.then(|| range(&price))), "{minimum}");
    }
}

#[test]
fn tiers_in_whatever_order_are_the_estimates_or_nothing() {
    // The first is one that every input but none is above; the second no check would let pass.
    for [first, second] in [[0, 200], [5_000, 200]] {
        let mut book = small_json();
        let rates = |input, output| text_model("x", "frontier", input, output)["rates"].clone();
        book["models"][1]["tiers"] = json!([
            {"above_input_tokens": first, "rates": rates("1", "9000")},
            {"above_input_tokens": second, "rates": rates("900", "4000")},
        ]);
        let book = kumari_wire::read_published(&book.to_string()).unwrap();
        for tokens in [0, 150, 200, 201, 4_000, 5_000, 5_001, 100_000] {
            let mut asked = request(Task::Direct, &["top"], tokens);
            asked.messages = Some(0);
            let price = estimate_capped(&book, &asked, &Caps::default()).unwrap();
            let found = prepared(&book, &asked, &Caps::default(), &Calibration::default()).unwrap();
            assert!(found.is_none_or(|found| found == range(&price)), "{first} {tokens}");
        }
    }
}
