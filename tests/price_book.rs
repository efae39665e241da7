//! The default price book: complete, true to the product's table, and sensible for people.
//!
//! Where its prices come from is not asked here: `src/xtask/price_book/drift.py` reads them again.

use kumari_engine::amount::Credits;
use kumari_engine::encoding::TokenKind;
use kumari_engine::estimate::{Estimate, Level, LevelShown, estimate};
use kumari_engine::price_book::{KindName, Model, ModelKind, ModelTier, PlanId, PublishedBook};
use kumari_engine::price_book_check::advice;
use kumari_engine::request::{Request, Task};
use kumari_engine::routing::flags;
use std::collections::BTreeSet;

const BOOK: &str = include_str!("../src/server/price-book.json");

#[test]
fn r05_the_default_book_is_complete() {
    let book = book();
    let of_kind = |kind| book.book.models.iter().filter(|model| model.kind.name() == kind).count();
    assert!(of_kind(KindName::Text) >= 16);
    assert!(of_kind(KindName::Image) >= 2);
    assert!(of_kind(KindName::Video) >= 2);
    assert!(of_kind(KindName::ThreeD) >= 1);
    let providers: BTreeSet<&str> =
        texts(&book).map(|(model, _)| model.provider.as_str()).collect();
    assert!(providers.len() >= 6, "{providers:?}");
    for task in Task::ALL {
        assert!(book.book.models_of(task).count() >= 2, "{task:?} is offered with too few models");
    }
}

#[test]
fn every_price_names_its_package_page_and_day() {
    for model in &book().book.models {
        let source = &model.source;
        let (package, version) = source.package.split_once(' ').unwrap_or_default();
        assert!(["genai-prices", "litellm"].contains(&package), "{}: {package}", model.id);
        assert!(
            version.starts_with(|first: char| first.is_ascii_digit()),
            "{}: {version}",
            model.id
        );
        let page = source.page.as_deref().unwrap_or_default();
        assert!(page.starts_with("https://"), "{}: {page}", model.id);
        assert_eq!(source.read_on.len(), "2026-11-23".len(), "{}", model.id);
    }
}

#[test]
fn r09_every_row_of_the_table_shows_its_level() {
    use Level::{High, Low, Medium, VeryHigh};
    // The product's own table; the book's references must not be looser than it.
    let table: [(&str, Task, &[Level]); 12] = [
        ("direct_lightweight", Task::Direct, &[Low]),
        ("direct_frontier", Task::Direct, &[Medium]),
        ("compare", Task::Compare, &[Medium]),
        ("routing", Task::Routing, &[Low, Medium]),
        ("agent", Task::Agent, &[High]),
        ("deep_research", Task::DeepResearch, &[High]),
        ("finance_search", Task::FinanceSearch, &[Medium, High]),
        ("social_search", Task::SocialSearch, &[Medium, High]),
        ("file_processing", Task::FileProcessing, &[Medium]),
        ("image", Task::Image, &[High]),
        ("video", Task::Video, &[VeryHigh]),
        ("three_d", Task::ThreeD, &[VeryHigh]),
    ];
    let book = book();
    assert_eq!(book.book.references.len(), table.len());
    for (row, task, levels) in table {
        let found = book.book.references.iter().find(|reference| reference.row == row);
        let reference = found.unwrap_or_else(|| panic!("no reference for {row}"));
        assert_eq!(reference.request.task, task, "{row}");
        assert_eq!(reference.levels, levels, "{row}");
        for shown in levels_shown(&priced(&book, &reference.request)) {
            assert!(levels.contains(&shown), "{row} shows {shown:?}");
        }
    }
}

#[test]
fn r09_a_usual_message_is_low_on_every_lightweight_model_and_medium_on_every_frontier_one() {
    let book = book();
    for (model, tier) in texts(&book) {
        let level = match tier {
            ModelTier::Lightweight => Level::Low,
            ModelTier::Frontier => Level::Medium,
        };
        for tokens in [1, 800] {
            let shown = levels_shown(&priced(&book, &message(model, tokens)));
            assert_eq!(shown, [level], "{} with {tokens} tokens", model.id);
        }
    }
}

#[test]
fn r09_media_keep_their_level_whatever_is_asked() {
    let book = book();
    for (task, level) in [
        (Task::Image, Level::High),
        (Task::Video, Level::VeryHigh),
        (Task::ThreeD, Level::VeryHigh),
    ] {
        for model in book.book.models_of(task) {
            let mut request = Request::new(task, vec![model.id.clone()]);
            if task == Task::Video {
                request.clip_seconds = Some(1);
            }
            assert_eq!(levels_shown(&priced(&book, &request)), [level], "{}", model.id);
            if let ModelKind::Video(video) = &model.kind {
                request.clip_seconds = Some(video.clip_seconds_max);
                assert_eq!(levels_shown(&priced(&book, &request)), [level], "{}", model.id);
            }
        }
    }
}

/// R12: whom routing is likely to ask. A table for people: what it says is what the policy is for.
#[test]
fn r12_a_message_goes_to_the_model_that_suits_it() {
    let book = book();
    assert_eq!(advice(&book.book), []);
    let table = [
        // What is said, tokens of all that is sent, messages, the model, the rule.
        ("Hello there!", 5, 1, "gpt-6-luna", None),
        ("Why is the sky blue?", 7, 1, "gpt-6-luna", None),
        ("And at night?", 1_800, 9, "gpt-6-luna", None),
        ("Translate this into French: good morning", 9, 1, "gpt-6-luna", Some(0)),
        ("Übersetze das: ```SELECT 1```", 12, 1, "gpt-6-luna", Some(0)),
        ("Why does `fn main() {}` compile?", 12, 1, "claude-sonnet-5-5", Some(1)),
        ("def f(x): what is wrong here?", 40_000, 30, "gemini-3.8-flash", Some(4)),
        ("Solve the equation x^2 = 2.", 11, 1, "gpt-6.1-sol", Some(2)),
        ("Write an essay about the history of rivers.", 10, 1, "gpt-6.1-sol", Some(3)),
        ("Summarise the report below.", 20_000, 1, "gemini-3.8-flash", Some(4)),
        ("Which of them is right? Why? Since when?", 2_500, 4, "gpt-6.1-sol", Some(5)),
        ("And the last one?", 2_500, 12, "gpt-6.1-sol", Some(5)),
        ("And the last one?", 2_500, 8, "gpt-6-luna", None),
    ];
    for (text, tokens, messages, model, rule) in table {
        let mut request = Request::new(Task::Routing, Vec::new());
        request.input_tokens.insert(TokenKind::O200kBase, tokens);
        request.input_tokens.insert(TokenKind::O200kBaseLatin, tokens);
        request.messages = Some(messages);
        request.flags = flags(text);
        let leg = priced(&book, &request).legs.remove(0);
        let expected = (model.parse().expect("an id"), rule);
        assert_eq!(
            (leg.model, leg.rule),
            expected,
            "{text} ({tokens} tokens, {messages} messages)"
        );
    }
}

#[test]
fn the_best_pack_is_cheaper_for_a_credit_than_pro() {
    let book = book().book;
    let pro = book.plan(PlanId::Pro).expect("there is a Pro plan");
    let pro_usd = u64::from(pro.price_usd.expect("Pro has a price"));
    let packs = &book.packs;
    assert_eq!(packs.usd_min, 10);
    let credits = |usd: u32| book.pack_credits(usd).expect("this amount is sold");
    // Credits for the same money: each side's, times what the other costs.
    let pro_credits = pro.credits.times(u64::from(packs.usd_max)).expect("small");
    let best = credits(packs.usd_max).times(pro_usd).expect("small");
    assert!(best > pro_credits, "a pack of ${} buys less for a dollar than Pro", packs.usd_max);
    assert!(credits(20) < pro.credits, "Pro must be worth its month");
    assert_eq!(credits(20), amount("2000"));
    for usd in packs.usd_min..packs.usd_max {
        assert!(credits(usd) < credits(usd + 1), "${usd} buys as much as a dollar more");
    }
}

#[test]
fn free_credits_last_and_a_small_pack_makes_a_video() {
    let book = book();
    let free = book.book.plan(PlanId::Free).expect("there is a free plan").credits;
    assert_eq!(free, amount("100"));
    for (model, tier) in texts(&book) {
        let price = priced(&book, &message(model, 800));
        let messages = match tier {
            ModelTier::Lightweight => 100,
            ModelTier::Frontier => 10,
        };
        let many = price.expected.times(messages).expect("small");
        assert!(many <= free, "{messages} messages to {} cost {many}", model.id);
        assert!(price.high <= free, "a new account cannot send to {}: {}", model.id, price.high);
    }
    let pack = book.book.pack_credits(10).expect("the smallest pack");
    for model in book.book.models_of(Task::Video) {
        let mut request = Request::new(Task::Video, vec![model.id.clone()]);
        if let ModelKind::Video(video) = &model.kind {
            request.clip_seconds = Some(video.clip_seconds_max);
        }
        assert!(priced(&book, &request).high <= pack, "{}", model.id);
    }
}

fn book() -> PublishedBook {
    kumari_wire::publish(BOOK).unwrap_or_else(|fault| panic!("the default book: {fault}"))
}

fn texts(book: &PublishedBook) -> impl Iterator<Item = (&Model, ModelTier)> {
    book.book.models.iter().filter_map(|model| match &model.kind {
        ModelKind::Text(text) => Some((model, text.tier)),
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => None,
    })
}

fn message(model: &Model, tokens: u64) -> Request {
    let mut request = Request::new(Task::Direct, vec![model.id.clone()]);
    request.input_tokens.insert(TokenKind::O200kBase, tokens);
    request.messages = Some(3);
    request
}

fn priced(book: &PublishedBook, request: &Request) -> Estimate {
    estimate(book, request).unwrap_or_else(|denial| panic!("{:?}: {denial:?}", request.task))
}

fn levels_shown(estimate: &Estimate) -> Vec<Level> {
    match &estimate.level {
        LevelShown::Units { units } => units.iter().map(|unit| unit.level).collect(),
        LevelShown::Range { low, high } => vec![*low, *high],
    }
}

fn amount(credits: &str) -> Credits {
    credits.parse().expect("a canonical amount")
}
