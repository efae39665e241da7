//! Which model answers a routed message (R12).

use kumari_engine::amount::Credits;
use kumari_engine::denial::DenialCode;
use kumari_engine::estimate::{Caps, estimate, estimate_capped};
use kumari_engine::price_book_check::{advice, check};
use kumari_engine::request::{Flag, Request, Task};
use kumari_engine::routing::{COMPLEXITY_MAX, complexity, flags, route};
use kumari_tests::books::{model_id, request, small_book, small_json};
use kumari_tests::parity_cases::{books, case};
use serde_json::{Value, json};

#[test]
fn r12_routing_ranges_over_its_candidates() {
    let book = small_book(|_| {});
    let plain = request(Task::Routing, &[], 1_000);
    let cheap = estimate(&book, &request(Task::Direct, &["lite"], 1_000)).unwrap();
    let dear = estimate(&book, &request(Task::Direct, &["top"], 1_000)).unwrap();
    let routed = estimate(&book, &plain).unwrap();
    assert_eq!((routed.low, routed.high), (cheap.low, dear.high));
    assert_eq!((routed.expected, &routed.legs[0].model), (cheap.expected, &model_id("lite")));
    let mut code = plain.clone();
    code.flags.extend(flags("fn main() {}"));
    assert!(code.flags.contains(&Flag::Code));
    let routed = estimate(&book, &code).unwrap();
    assert_eq!((routed.expected, &routed.legs[0].model), (dear.expected, &model_id("top")));
}

#[test]
fn r12_a_candidate_that_cannot_take_the_input_is_left_out() {
    let book = small_book(|book| {
        book["models"][0]["kind"]["text"]["context_tokens_max"] = json!(120_000);
    });
    let routed =
        route(&book.book, &request(Task::Routing, &[], 150_000), &Caps::default()).unwrap();
    assert_eq!((routed.likely, routed.candidates.len()), (model_id("top"), 1));
    let denial =
        route(&book.book, &request(Task::Routing, &[], 500_000), &Caps::default()).unwrap_err();
    assert_eq!(denial.code, DenialCode::RequestInvalid);
}

/// Whom the small book names under one rule, where `lite` is the default.
fn named(rule: Value, edit: impl FnOnce(&mut Request)) -> (String, Option<u32>) {
    let book = small_book(|book| book["routing"]["rules"] = json!([rule]));
    let mut asked = request(Task::Routing, &[], 1_000);
    edit(&mut asked);
    let leg = &estimate(&book, &asked).unwrap().legs[0];
    (leg.model.to_string(), leg.rule)
}

#[test]
fn r12_a_rule_holds_from_its_bound_on() {
    type Edit = fn(&mut Request);
    let check = |when: Value, outside: Edit, inside: Edit| {
        let rule = json!({"when": when, "use": "top"});
        assert_eq!(named(rule.clone(), outside), ("lite".into(), None), "outside of {when}");
        assert_eq!(named(rule, inside), ("top".into(), Some(0)), "inside of {when}");
    };
    check(
        json!({"flag": "translation"}),
        |asked| asked.flags = vec![Flag::Code, Flag::Several],
        |asked| asked.flags = vec![Flag::Code, Flag::Translation],
    );
    check(
        json!({"input_tokens_above": 1_000}),
        |_| {},
        |asked| {
            *asked = request(Task::Routing, &[], 1_001);
        },
    );
    check(
        json!({"messages_above": 4}),
        |asked| asked.messages = Some(4),
        |asked| asked.messages = Some(5),
    );
    // A prompt that does not say how many messages it has is one.
    check(json!({"messages_above": 1}), |_| {}, |asked| asked.messages = Some(2));
    // 1 000 tokens are a point.
    check(
        json!({"complexity_at_least": 3}),
        |asked| asked.flags = vec![Flag::Several],
        |asked| asked.flags = vec![Flag::Math],
    );
    // `top` is likely to cost 1.25 for this, and 1.26 for more.
    check(
        json!({"cost_at_most": "1.25"}),
        |asked| *asked = request(Task::Routing, &[], 1_001),
        |_| {},
    );
    // All of it, or nothing.
    check(
        json!({"flag": "code", "messages_above": 4}),
        |asked| asked.flags = vec![Flag::Code],
        |asked| (asked.flags, asked.messages) = (vec![Flag::Code], Some(5)),
    );
}

#[test]
fn r12_the_cheapest_is_the_one_that_is_likely_to_cost_least() {
    let rule = |models: Value| json!({"when": {}, "use_cheapest_of": models});
    assert_eq!(named(rule(json!(["top", "lite"])), |_| {}), ("lite".into(), Some(0)));
    // Of equals the first candidate.
    for first in ["top", "lite"] {
        let other = if first == "top" { "lite" } else { "top" };
        let book = small_book(|book| {
            for model in 0..2 {
                book["models"][model]["rates"] = book["models"][0]["rates"].clone();
            }
            book["tasks"][0]["offers"] = json!([book["tasks"][0]["offers"][0].clone()]);
            book["tasks"][0]["offers"][0]["models"] = json!({"kind": "text"});
            book["routing"]["rules"] = json!([rule(json!(["lite", "top"]))]);
            book["routing"]["candidates"] = json!([first, other]);
        });
        let price = estimate(&book, &request(Task::Routing, &[], 1_000)).unwrap();
        assert_eq!(price.legs[0].model, model_id(first));
    }
    // And at most what that costs.
    let direct = estimate(&small_book(|_| {}), &request(Task::Direct, &["lite"], 1_000)).unwrap();
    let capped = |most: Credits| {
        let rule = json!({"when": {"cost_at_most": most}, "use_cheapest_of": ["top", "lite"]});
        named(rule, |_| {}).1
    };
    let below = direct.expected.sub(Credits::from_micros(1)).unwrap();
    assert_eq!((capped(direct.expected), capped(below)), (Some(0), None));
}

#[test]
fn r12_rules_are_tried_in_order_and_skipped_where_their_model_cannot_answer() {
    let book = small_book(|book| {
        book["models"][1]["kind"]["text"]["context_tokens_max"] = json!(120_000);
        book["routing"]["rules"] = json!([
            {"when": {"flag": "math"}, "use": "top"},
            {"when": {"flag": "code"}, "use": "lite"},
            {"when": {"input_tokens_above": 100}, "use_cheapest_of": ["top", "lite"]},
        ]);
    });
    let likely = |input: u64, flags: &[Flag], candidates: Option<&str>| {
        let mut asked = request(Task::Routing, &[], input);
        asked.flags = flags.to_vec();
        let candidates = candidates.map(|one| vec![model_id(one)]);
        let routed = route(&book.book, &asked, &Caps { candidates, ..Caps::default() }).unwrap();
        (routed.likely.to_string(), routed.rule)
    };
    let both = [Flag::Code, Flag::Math];
    assert_eq!(likely(10, &both, None), ("top".into(), Some(0)));
    assert_eq!(likely(150_000, &both, None), ("lite".into(), Some(1)), "too long for `top`");
    assert_eq!(likely(10, &both, Some("lite")), ("lite".into(), Some(1)), "`top` does not fit");
    assert_eq!(likely(1_000, &[], Some("top")), ("top".into(), Some(2)), "the cheapest of one");
    assert_eq!(likely(10, &[], Some("top")), ("top".into(), None), "not even the default");
}

#[test]
fn r12_what_fits_a_balance_does_not_change_what_a_message_costs_a_rule() {
    let book = small_book(|book| {
        let when = json!({"cost_at_most": "1"});
        book["routing"]["rules"] = json!([{"when": when, "use": "top"}]);
    });
    let asked = request(Task::Routing, &[], 1_000);
    for output_tokens in [None, Some(1), Some(100)] {
        let caps = Caps { output_tokens, ..Caps::default() };
        let price = estimate_capped(&book, &asked, &caps).unwrap();
        assert_eq!(price.legs[0].model, model_id("lite"), "{output_tokens:?}");
    }
    // What the person asks for does.
    let short = Request { output_tokens_max: Some(100), ..asked };
    assert_eq!(estimate(&book, &short).unwrap().legs[0].model, model_id("top"));
}

#[test]
fn r12_complexity_is_a_sum_of_points() {
    let of = |input: u64, messages: Option<u32>, flags: &[Flag]| {
        let mut asked = request(Task::Routing, &[], input);
        (asked.messages, asked.flags) = (messages, flags.to_vec());
        complexity(&asked)
    };
    for (input, expected) in [
        (0, 0),
        (500, 0),
        (501, 1),
        (2_000, 1),
        (2_001, 2),
        (8_000, 2),
        (8_001, 3),
        (32_000, 3),
        (32_001, 4),
        (10_000_000, 4),
    ] {
        assert_eq!(of(input, None, &[]), expected, "{input} tokens");
    }
    assert_eq!((of(0, Some(10), &[]), of(0, Some(11), &[])), (0, 1));
    for (flag, expected) in Flag::ALL.into_iter().zip([2, 2, 0, 0, 1]) {
        assert_eq!(of(0, None, &[flag, flag]), expected, "{}", flag.name());
    }
    assert_eq!(of(1_000_000, Some(100), &Flag::ALL), COMPLEXITY_MAX);
}

#[test]
fn r12_flags_are_told_by_cheap_signs() {
    use Flag::{Code, Math, Several, Translation, Writing};
    let table: [(&str, &[Flag]); 17] = [
        ("", &[]),
        ("Why is the sky blue?", &[]),
        ("fn main() {}", &[Code]),
        ("```\nx = 1\n```", &[Code]),
        ("Solve the equation x^2 = 2.", &[Math]),
        ("∫ x dx", &[Math]),
        ("Translate this into French: good morning", &[Translation]),
        ("please translate it", &[Translation]),
        ("Bitte übersetze das ins Englische.", &[Translation]),
        ("Übersetze das.", &[Translation]),
        ("把这句话翻译成英文", &[Translation]),
        ("Write an essay about rivers.", &[Writing]),
        ("Could you write a letter to my landlord?", &[Writing]),
        ("Summarise this report.", &[]),
        ("What is it? Who made it? When?", &[Several]),
        ("Do this:\n1. one\n2. two\n3. three", &[Several]),
        ("Write a report:\n- def f(x)\n- equation\n- translate it", &Flag::ALL),
    ];
    for (text, expected) in table {
        assert_eq!(flags(text), expected, "{text}");
    }
    assert_eq!(flags("\n- a\n- b\n- c"), [Several]);
}

/// R12: the ends of a routed price are those of its candidates, and the likely price is that of the
/// model that a rule or the default names, whatever the policy is.
#[test]
fn r12_a_routed_price_is_that_of_its_candidates() {
    let mut rng = fastrand::Rng::with_seed(12);
    let books = books(&mut rng, 60);
    let (mut priced, mut ruled) = (0, [0; 3]);
    for _ in 0..20_000 {
        let case = case(&mut rng, &books);
        let book = &books[case.book];
        let asked = Request { task: Task::Routing, models: Vec::new(), ..case.request };
        let caps = case.quote.map(|quote| quote.caps).unwrap_or_default();
        let Ok(price) = estimate_capped(book, &asked, &caps) else { continue };
        let [leg] = price.legs.as_slice() else { panic!("{} legs", price.legs.len()) };
        let policy = &book.book.routing;
        let ends = |of: fn(&kumari_engine::estimate::CandidateEstimate) -> _| {
            leg.candidates.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(Some(price.low), ends(|one| one.low).into_iter().min());
        assert_eq!(Some(price.high), ends(|one| one.high).into_iter().max());
        let likely = leg.candidates.iter().find(|one| one.model == leg.model).unwrap();
        assert_eq!(price.expected, likely.expected);
        assert!(leg.candidates.iter().all(|one| policy.candidates.contains(&one.model)));
        priced += 1;
        let Some(rule) = leg.rule else {
            let may_answer = leg.candidates.iter().any(|one| one.model == policy.default);
            assert!(leg.model == policy.default || !may_answer);
            continue;
        };
        let rule = &policy.rules[rule as usize];
        assert!(rule.models().any(|model| *model == leg.model));
        ruled[rule.models().count()] += 1;
        if let Some(most) = rule.when.cost_at_most
            && caps == Caps::default()
        {
            assert!(likely.expected <= most, "{} and at most {most}", likely.expected);
        }
        for other in leg.candidates.iter().filter(|_| caps == Caps::default()) {
            let is_listed = rule.models().any(|model| *model == other.model);
            assert!(!is_listed || likely.expected <= other.expected, "the cheapest");
        }
    }
    assert!(
        priced > 10_000 && ruled.iter().skip(1).all(|count| *count > 1_000),
        "{priced} {ruled:?}"
    );
}

#[test]
fn r04_a_policy_without_the_newer_conditions_keeps_its_version() {
    let rules = json!([
        {"use": "top", "when": {"flag": "code"}},
        {"use": "lite", "when": {"flag": "math", "input_tokens_above": 9}},
        {"use": "top", "when": {}},
    ]);
    let book = small_book(|book| book["routing"]["rules"] = rules.clone());
    let again = kumari_wire::canonical(&book.book).unwrap();
    assert!(again.contains(&format!("\"rules\":{rules}")), "{again}");
    assert_eq!(kumari_wire::publish(&again).unwrap().version, book.version);
}

#[test]
fn r05_a_rule_that_names_nobody_or_never_holds_is_refused_with_its_path() {
    for (rule, paths) in [
        (json!({"when": {}}), &["routing.rules[0]"][..]),
        (
            json!({"when": {}, "use": "top", "use_cheapest_of": ["top", "lite"]}),
            &["routing.rules[0]"],
        ),
        (json!({"when": {}, "use_cheapest_of": ["top"]}), &["routing.rules[0]"]),
        (json!({"when": {}, "use": "paint"}), &["routing.rules[0].use"]),
        (
            json!({"when": {}, "use_cheapest_of": ["top", "ghost", "top"]}),
            &["routing.rules[0].use_cheapest_of[1]", "routing.rules[0].use_cheapest_of[2]"],
        ),
        (
            json!({"when": {"complexity_at_least": 0}, "use": "top"}),
            &["routing.rules[0].when.complexity_at_least"],
        ),
        (
            json!({"when": {"complexity_at_least": 11}, "use": "top"}),
            &["routing.rules[0].when.complexity_at_least"],
        ),
        (
            json!({"when": {"messages_above": 100_000}, "use": "top"}),
            &["routing.rules[0].when.messages_above"],
        ),
        (
            json!({"when": {"cost_at_most": "0"}, "use": "top"}),
            &["routing.rules[0].when.cost_at_most"],
        ),
    ] {
        let mut book = small_json();
        book["routing"]["rules"] = json!([rule]);
        let book = kumari_wire::from_str(&book.to_string()).unwrap();
        let found: Vec<String> = check(&book).into_iter().map(|fault| fault.path).collect();
        assert_eq!(found, paths, "{rule}");
    }
}

#[test]
fn a_rule_that_decides_nothing_is_pointed_out() {
    let code = json!({"when": {"flag": "code"}, "use": "top"});
    let rule = |when: Value| json!({"when": when, "use": "top"});
    let table: [(Value, &[&str]); 12] = [
        (json!([code, rule(json!({"flag": "math"}))]), &[]),
        (json!([code, rule(json!({}))]), &[]),
        (json!([rule(json!({})), code]), &["routing.rules[1]"]),
        (json!([code, rule(json!({"flag": "code", "messages_above": 3}))]), &["routing.rules[1]"]),
        (json!([rule(json!({"flag": "code", "messages_above": 3})), code]), &[]),
        (
            json!([
                rule(json!({"input_tokens_above": 9})),
                rule(json!({"input_tokens_above": 10}))
            ]),
            &["routing.rules[1]"],
        ),
        (
            json!([
                rule(json!({"input_tokens_above": 10})),
                rule(json!({"input_tokens_above": 9}))
            ]),
            &[],
        ),
        (
            json!([rule(json!({"cost_at_most": "5"})), rule(json!({"cost_at_most": "4"}))]),
            &["routing.rules[1]"],
        ),
        // Its own model is another, and may cost less.
        (
            json!([
                rule(json!({"cost_at_most": "5"})),
                {"when": {"cost_at_most": "4"}, "use": "lite"},
            ]),
            &[],
        ),
        (
            json!([rule(json!({"input_tokens_above": 400_000}))]),
            &["routing.rules[0].when.input_tokens_above"],
        ),
        (json!([rule(json!({"cost_at_most": "0.99"}))]), &["routing.rules[0].when.cost_at_most"]),
        (json!([rule(json!({"cost_at_most": "1"}))]), &[]),
    ];
    for (rules, expected) in table {
        let book = small_book(|book| book["routing"]["rules"] = rules.clone());
        let found: Vec<String> = advice(&book.book).into_iter().map(|one| one.path).collect();
        assert_eq!(found, expected, "{rules}");
    }
}
