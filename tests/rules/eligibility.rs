//! May this be sent now, and if not what would help (R13–R16, R20).

use kumari_engine::RULES_VERSION;
use kumari_engine::denial::{Denial, DenialCode, Remedy};
use kumari_engine::eligibility::{
    Allowed, Eligibility, OPEN_HOLDS_MAX, Quote, Standing, eligibility,
};
use kumari_engine::estimate::{Caps, estimate};
use kumari_engine::limits::Limits;
use kumari_engine::price_book::{PlanId, PublishedBook};
use kumari_engine::request::{Request, Task};
use kumari_tests::accounts::{credits, time};
use kumari_tests::books::{model_id, request, small_book, text_model};
use serde_json::json;

fn standing(available: &str) -> Standing {
    Standing {
        settled: credits(available),
        held: credits("0"),
        available: credits(available),
        open_holds: 0,
        plan: PlanId::Free,
        resets_at: None,
        limit_left: None,
        limits: Limits::default(),
        closed: false,
        disputed: false,
        past_due: false,
    }
}

fn decide(
    book: &PublishedBook,
    standing: &Standing,
    request: &Request,
    quote: Option<&Quote>,
) -> Result<Allowed, Denial> {
    match eligibility(book, standing, request, estimate(book, request), quote) {
        Eligibility::Allowed(allowed) => Ok(allowed),
        Eligibility::Denied(denial) => Err(*denial),
    }
}

/// Three equal models of 2 + 0.006 per output token, with this floor.
fn three_equal_legs(floor: u64) -> PublishedBook {
    small_book(|book| {
        for id in ["a", "b", "c"] {
            let mut model = text_model(id, "frontier", "0", "6000");
            for meter in ["cache_write_tokens", "cache_write_1h_tokens"] {
                model["rates"][meter] = model["rates"]["input_tokens"].clone();
            }
            book["models"].as_array_mut().unwrap().push(model);
        }
        let offers = book["tasks"][0]["offers"].as_array_mut().unwrap();
        offers[1]["models"] = json!({"ids": ["top"]});
        offers.push(json!({
            "models": {"ids": ["a", "b", "c"]}, "per_request": "2", "multiplier": "1",
            "bounds": {"output_tokens": {"floor": floor, "expected": 500, "max": 1000}},
        }));
    })
}

#[test]
fn r15_e04_one_cap_common_to_all_legs_is_the_largest_that_fits() {
    let book = three_equal_legs(16);
    let request = request(Task::Compare, &["a", "b", "c"], 100);
    let allowed = decide(&book, &standing("10"), &request, None).unwrap();
    assert_eq!(allowed.hold, credits("9.99"));
    assert_eq!(allowed.caps, Caps { output_tokens: Some(221), ..Caps::default() });
    let plenty = decide(&book, &standing("24"), &request, None).unwrap();
    assert_eq!(
        (plenty.hold, plenty.caps.is_none()),
        (credits("24"), true),
        "hold = high when covered"
    );
}

#[test]
fn r15_e04_below_the_floor_fewer_models_are_offered() {
    let book = three_equal_legs(256);
    let request = request(Task::Compare, &["a", "b", "c"], 100);
    let denial = decide(&book, &standing("10"), &request, None).unwrap_err();
    assert_eq!(denial.code, DenialCode::CreditsInsufficient);
    let Some(Remedy::Cheaper { request: cheaper, caps, high }) = denial.remedies.first() else {
        panic!("{:?}", denial.remedies)
    };
    assert_eq!((cheaper.task, cheaper.models.len()), (Task::Compare, 2), "two models are offered");
    assert_eq!((caps.output_tokens, *high), (Some(500), credits("10")));
    assert!(denial.remedies.contains(&Remedy::UpgradeToPro));
    assert!(denial.remedies.contains(&Remedy::BuyPack { usd_min: 10 }));
}

#[test]
fn r15_routing_candidates_are_dropped_before_anything_is_capped() {
    let book = small_book(|_| {});
    let routed = request(Task::Routing, &[], 1_000);
    let allowed = decide(&book, &standing("1"), &routed, None).unwrap();
    assert_eq!(allowed.caps.candidates, Some(vec![model_id("lite")]));
    assert_eq!((allowed.caps.output_tokens, allowed.hold), (None, credits("0.22")));
    let tight = decide(&book, &standing("0.1"), &routed, None).unwrap();
    assert!(tight.caps.output_tokens.is_some_and(|cap| cap < 4_000));
    assert!(tight.hold <= credits("0.1"));
}

#[test]
fn r15_steps_and_searches_are_lowered_last() {
    let book = small_book(|_| {});
    let agent = request(Task::Agent, &["lite"], 100);
    // 4 + steps x 0.5 and some tokens: with 5.2 credits 2 steps fit, with the shortest answer.
    let allowed = decide(&book, &standing("5.2"), &agent, None).unwrap();
    assert_eq!((allowed.caps.output_tokens, allowed.caps.steps), (Some(16), Some(2)));
    let research = request(Task::DeepResearch, &["lite"], 100);
    let allowed = decide(&book, &standing("7.5"), &research, None).unwrap();
    assert_eq!(allowed.caps.searches, Some(2));
    let denial = decide(&book, &standing("4.4"), &agent, None).unwrap_err();
    assert_eq!(denial.code, DenialCode::CreditsInsufficient);
}

#[test]
fn r15_cheaper_choices_for_media() {
    let book = small_book(|_| {});
    let mut images = request(Task::Image, &["paint"], 0);
    images.images = Some(4);
    let denial = decide(&book, &standing("13"), &images, None).unwrap_err();
    let Some(Remedy::Cheaper { request, high, .. }) = denial.remedies.first() else { panic!() };
    assert_eq!((request.images, *high), (Some(2), credits("12")));
}

#[test]
fn r14_at_zero_there_are_two_ways_on() {
    let book = small_book(|_| {});
    let message = request(Task::Direct, &["lite"], 10);
    let denial = decide(&book, &standing("0"), &message, None).unwrap_err();
    assert_eq!((denial.code, denial.transient), (DenialCode::CreditsExhausted, false));
    assert_eq!(denial.remedies, [Remedy::UpgradeToPro, Remedy::BuyPack { usd_min: 10 }]);

    let mut pro = standing("0");
    (pro.plan, pro.resets_at) = (PlanId::Pro, Some(time("2026-04-01T00:00:00Z")));
    let denial = decide(&book, &pro, &message, None).unwrap_err();
    let reset = Remedy::WaitForReset { at: time("2026-04-01T00:00:00Z") };
    assert_eq!(denial.remedies, [reset, Remedy::BuyPack { usd_min: 10 }]);

    let mut held = standing("0");
    (held.settled, held.held, held.open_holds) = (credits("3"), credits("3"), 1);
    let denial = decide(&book, &held, &message, None).unwrap_err();
    assert_eq!((denial.code, denial.transient), (DenialCode::CreditsHeld, true));
    assert_eq!(denial.remedies, [Remedy::WaitForHolds]);
}

/// Every reason holds at once; lifting the first lets the next one show (R16).
#[test]
fn r16_the_first_reason_in_order_is_given() {
    let book = small_book(|_| {});
    let quote = Quote {
        price_book: book.version.clone(),
        rules: "0".into(),
        high: credits("99"),
        caps: Caps::default(),
    };
    let mut account = standing("0");
    (account.closed, account.disputed) = (true, true);
    (account.limit_left, account.open_holds) = (Some(credits("0")), OPEN_HOLDS_MAX);
    (account.settled, account.held) = (credits("1"), credits("1"));
    let mut request = request(Task::Direct, &["ghost", "ghost"], 10);
    let mut quote = Some(quote);
    let mut seen = Vec::new();
    loop {
        let denial = match decide(&book, &account, &request, quote.as_ref()) {
            Ok(_) => break,
            Err(denial) => denial,
        };
        seen.push(denial.code);
        match denial.code {
            DenialCode::AccountClosed => account.closed = false,
            DenialCode::PaymentDisputed => account.disputed = false,
            DenialCode::RequestInvalid => request.models.truncate(1),
            DenialCode::NotOffered => request.models = vec![model_id("top")],
            DenialCode::PriceChanged => quote = None,
            DenialCode::LimitReached => account.limit_left = None,
            DenialCode::TooManyOpen => account.open_holds = 1,
            DenialCode::CreditsHeld => {
                (account.settled, account.held) = (credits("0"), credits("0"))
            }
            DenialCode::CreditsExhausted => account.available = credits("0.1"),
            DenialCode::CreditsInsufficient => account.available = credits("100"),
            other => panic!("{other:?}"),
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    assert_eq!(seen, sorted);
    assert_eq!(seen.len(), 10, "every reason of a new action: {seen:?}");
}

#[test]
fn r20_a_quote_binds_version_price_and_caps() {
    let book = small_book(|_| {});
    let message = request(Task::Direct, &["top"], 1_000);
    let good = Quote {
        price_book: book.version.clone(),
        rules: RULES_VERSION.into(),
        high: credits("4.75"),
        caps: Caps::default(),
    };
    let changed = |quote: &Quote, available: &str| match decide(
        &book,
        &standing(available),
        &message,
        Some(quote),
    ) {
        Ok(allowed) => Ok(allowed.hold.to_string()),
        Err(denial) => {
            Err((denial.code, denial.estimate.map(|estimate| estimate.high.to_string())))
        }
    };
    let price_changed = |high: &str| Err((DenialCode::PriceChanged, Some(high.to_owned())));
    assert_eq!(changed(&good, "10"), Ok("4.75".into()));
    assert_eq!(
        changed(&Quote { high: credits("9"), ..good.clone() }, "10"),
        Ok("4.75".into()),
        "a lower price is no harm"
    );
    assert_eq!(
        changed(&Quote { high: credits("4.74"), ..good.clone() }, "10"),
        price_changed("4.75")
    );
    assert_eq!(changed(&Quote { rules: "0".into(), ..good.clone() }, "10"), price_changed("4.75"));
    let other_book = small_book(|book| book["packs"]["usd_max"] = json!(900)).version;
    assert_eq!(
        changed(&Quote { price_book: other_book, ..good.clone() }, "10"),
        price_changed("4.75")
    );
    // The balance fell since: it would need a cap that nobody saw.
    assert_eq!(changed(&good, "2"), price_changed("2"));
    let capped = Quote {
        high: credits("2"),
        caps: Caps { output_tokens: Some(1_250), ..Caps::default() },
        ..good
    };
    assert_eq!(changed(&capped, "2"), Ok("2".into()));
    assert_eq!(changed(&capped, "1.5"), price_changed("1.5"));
    assert_eq!(changed(&capped, "0.3"), Err((DenialCode::CreditsInsufficient, Some("2".into()))));
}

/// The candidate that is cheapest uncapped is not always the one that can be capped to fit.
#[test]
fn r15_routing_keeps_the_candidates_that_fit_when_capped() {
    let dear_base = small_book(|book| {
        book["tasks"][0]["offers"][0]["per_request"] = json!("4");
        book["references"][0]["levels"] = json!(["high"]);
    });
    let routed = request(Task::Routing, &[], 10);
    // `lite` costs 4 and more, `top` 0.5 and 0.001 for each token of output.
    let allowed = decide(&dear_base, &standing("3"), &routed, None).unwrap();
    assert_eq!(allowed.caps.candidates, Some(vec![model_id("top")]));
    assert!(allowed.hold <= credits("3") && allowed.hold > credits("2.9"), "{}", allowed.hold);

    let long_floor = small_book(|book| {
        book["tasks"][0]["offers"][1]["bounds"]["output_tokens"]["floor"] = json!(500);
    });
    // The floor of `top`, which is dropped, is none of `lite`.
    let allowed = decide(&long_floor, &standing("0.07"), &routed, None).unwrap();
    assert_eq!(allowed.caps.candidates, Some(vec![model_id("lite")]));
    assert!(allowed.caps.output_tokens.is_some_and(|cap| cap < 500));
}

#[test]
fn r15_the_cheaper_choice_is_one_that_fits() {
    let book = small_book(|book| {
        book["tasks"][0]["offers"][0]["per_request"] = json!("4");
        book["references"][0]["levels"] = json!(["high"]);
        for id in ["mid", "mid2"] {
            let model = text_model(id, "frontier", "100", "1200");
            book["models"].as_array_mut().unwrap().push(model);
        }
    });
    let cheaper = |asked: &Request, available: &str| {
        let denial = decide(&book, &standing(available), asked, None).unwrap_err();
        match denial.remedies.into_iter().next() {
            Some(Remedy::Cheaper { request, .. }) => request.models,
            other => panic!("{other:?}"),
        }
    };
    // `lite` is the cheapest without caps and needs 4 credits whatever the cap.
    let direct = request(Task::Direct, &["lite"], 10);
    assert_eq!(cheaper(&direct, "3"), [model_id("top")]);
    let compare = request(Task::Compare, &["lite", "mid", "mid2"], 10);
    assert_eq!(cheaper(&compare, "2"), [model_id("mid"), model_id("mid2")]);
}

#[test]
fn r15_a_quote_cannot_cap_below_the_floor() {
    let book = small_book(|book| {
        book["tasks"][0]["offers"][1]["bounds"]["output_tokens"]["floor"] = json!(256);
    });
    let message = request(Task::Direct, &["top"], 10);
    let quote = |output_tokens: u64, high: &str| Quote {
        price_book: book.version.clone(),
        rules: RULES_VERSION.into(),
        high: credits(high),
        caps: Caps { output_tokens: Some(output_tokens), ..Caps::default() },
    };
    let code = |quote: Option<&Quote>, available: &str| {
        decide(&book, &standing(available), &message, quote).map_err(|denial| denial.code)
    };
    assert_eq!(code(None, "0.6"), Err(DenialCode::CreditsInsufficient));
    assert_eq!(code(Some(&quote(1, "0.51")), "0.6"), Err(DenialCode::PriceChanged));
    assert!(code(Some(&quote(256, "0.77")), "1").is_ok());
    // What the request itself limits may be shorter than any floor.
    let mut short = message.clone();
    short.output_tokens_max = Some(10);
    assert!(decide(&book, &standing("0.6"), &short, None).is_ok());
}

#[test]
fn r16_a_persons_own_limit_caps_too_and_is_named_when_nothing_fits_it() {
    let book = small_book(|_| {});
    let message = request(Task::Direct, &["top"], 1_000);
    let limited = |left: &str| {
        let standing = Standing { limit_left: Some(credits(left)), ..standing("10") };
        decide(&book, &standing, &message, None).map_err(|denial| denial.code)
    };
    assert!(limited("2").is_ok_and(|allowed| allowed.hold == credits("2")));
    assert_eq!(limited("0.3"), Err(DenialCode::LimitReached));
}

#[test]
fn r16_what_is_held_may_come_back_and_is_worth_waiting_for() {
    let book = small_book(|_| {});
    let image = request(Task::Image, &["paint"], 0);
    let held =
        Standing { settled: credits("100"), held: credits("98"), open_holds: 1, ..standing("2") };
    let denial = decide(&book, &held, &image, None).unwrap_err();
    assert_eq!((denial.code, denial.transient), (DenialCode::CreditsInsufficient, true));
    assert_eq!(denial.remedies.first(), Some(&Remedy::WaitForHolds));
}
