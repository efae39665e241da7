//! Reserving credits (R17, R18, R21–R23, R27, R29–R32).

use kumari_engine::RULES_VERSION;
use kumari_engine::account::{Answer, LedgerFault, Refused, apply};
use kumari_engine::denial::{DenialCode, Remedy};
use kumari_engine::eligibility::Quote;
use kumari_engine::entry::{Event, is_balanced};
use kumari_engine::estimate::{Caps, estimate_capped};
use kumari_engine::extend::Extend;
use kumari_engine::grant::{Grant, grant};
use kumari_engine::lot::{Lot, LotId, LotKind, burn_down};
use kumari_engine::meter::Meter;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::{Request, Task};
use kumari_engine::settle::LegEnd;
use kumari_tests::accounts::{Ledger, action, credits, time};
use kumari_tests::books::{request, small_book};

#[test]
fn r18_burn_down_is_one_order() {
    let lot = |id: u64, kind, priority, end: Option<&str>, from: &str| Lot {
        id: LotId(id),
        kind,
        priority,
        effective_at: time(from),
        expires_at: end.map(time),
        granted: credits("1"),
        available: credits("1"),
        held: credits("0"),
        payment: None,
        debt: credits("0"),
        dispute: None,
        revoked: false,
    };
    let (jan, feb) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let expected = [
        lot(9, LotKind::Pack, -1, None, feb),
        lot(8, LotKind::Promo, 0, Some("2026-03-01T00:00:00Z"), feb),
        lot(7, LotKind::Pro, 0, Some("2026-03-15T00:00:00Z"), feb),
        lot(6, LotKind::Free, 0, None, feb),
        lot(4, LotKind::Pack, 0, None, jan),
        lot(5, LotKind::Pack, 0, None, jan),
        lot(3, LotKind::Pack, 0, None, feb),
        lot(1, LotKind::Free, 1, None, jan),
    ];
    let mut sorted = expected.clone();
    sorted.reverse();
    sorted.sort_by(burn_down);
    assert_eq!(sorted, expected);
}

#[test]
fn r18_a_lot_is_usable_from_its_beginning_to_before_its_end() {
    let mut ledger = Ledger::default();
    ledger.grant_until("g", LotKind::Pro, "5", Some("2026-03-15T00:00:00Z"));
    let lot = &ledger.account.lots[0];
    for (at, usable) in [
        ("2026-02-28T23:59:59.999Z", false),
        ("2026-03-01T00:00:00Z", true),
        ("2026-03-14T23:59:59.999Z", true),
        ("2026-03-15T00:00:00Z", false),
    ] {
        assert_eq!(lot.is_usable(time(at)), usable, "{at}");
    }
}

#[test]
fn r23_e05_a_hold_takes_lots_in_order_and_ends_alike_in_either_order() {
    let book = small_book(|book| {
        // Legs of exactly 4 and 3 credits: 0.5 + 3 500 and 0.05 + 73 750 output tokens.
        book["models"][0]["rates"]["output_tokens"]["credits"] = "1000".into();
        book["tasks"][0]["offers"][0]["per_request"] = "3".into();
        book["tasks"][0]["offers"][1]["per_request"] = "4".into();
        for model in [0, 1] {
            for rate in book["models"][model]["rates"].as_object_mut().unwrap().values_mut() {
                *rate = serde_json::json!({"credits": "0", "per": 1, "free": true});
            }
        }
        // 3.5 of A: its price per output token is set so that 3 500 tokens make it.
        book["tasks"][0]["offers"][1]["per_request"] = "3".into();
        book["models"][1]["rates"]["output_tokens"] =
            serde_json::json!({"credits": "1", "per": 1000});
        book["tasks"][0]["offers"][1]["bounds"]["output_tokens"]["max"] = 1000.into();
        book["levels"][1]["from"] = "3.5".into();
        book["references"][0]["levels"] = serde_json::json!(["low"]);
    });
    let compare = request(Task::Compare, &["top", "lite"], 10);
    for a_first in [true, false] {
        let mut ledger = Ledger::default();
        ledger.grant("free", LotKind::Free, "2");
        ledger.grant("pack", LotKind::Pack, "50");
        ledger.grant_until("pro", LotKind::Pro, "3", Some("2026-03-15T00:00:00Z"));
        let Ok(Answer::Authorized(hold)) = ledger.authorize(&book, "a", &compare) else { panic!() };
        let drawn: Vec<_> =
            hold.lots.iter().map(|part| (part.kind, part.amount.to_string())).collect();
        assert_eq!(
            drawn,
            [(LotKind::Pro, "3".into()), (LotKind::Free, "2".into()), (LotKind::Pack, "2".into())]
        );
        assert_eq!(
            hold.legs.iter().map(|leg| leg.part.to_string()).collect::<Vec<_>>(),
            ["4", "3"]
        );
        assert_eq!(ledger.balances(), ("48".into(), "7".into(), "55".into()));
        let settle = |ledger: &mut Ledger| {
            let usage = [(Meter::OutputTokens, 500)];
            ledger.settle(&book, ("a", 0), "top", &usage).unwrap();
        };
        if a_first {
            settle(&mut ledger);
            ledger.void(&book, ("a", 1)).unwrap();
        } else {
            ledger.void(&book, ("a", 1)).unwrap();
            settle(&mut ledger);
        }
        assert_eq!(
            ledger.lots(),
            [
                (LotKind::Free, "1.5".into()),
                (LotKind::Pack, "50".into()),
                (LotKind::Pro, "0".into())
            ],
            "a_first {a_first}"
        );
        assert_eq!(ledger.balances(), ("51.5".into(), "0".into(), "51.5".into()));
    }
}

#[test]
fn r27_e08_only_an_admission_binds_an_action_id() {
    let book = small_book(|_| {});
    let message = request(Task::Direct, &["lite"], 10);
    let mut ledger = Ledger::default();
    let denial = ledger.authorize(&book, "a", &message).unwrap_err();
    assert_eq!(denial.code, DenialCode::CreditsExhausted);
    assert_eq!(ledger.account.sequence, 0, "a denial stores nothing");

    ledger.grant("payment", LotKind::Pack, "10");
    let first = ledger.authorize(&book, "a", &message).unwrap();
    let held = ledger.balances();
    let sequence = ledger.account.sequence;
    assert_eq!(ledger.authorize(&book, "a", &message).unwrap(), first);
    assert_eq!((ledger.balances(), ledger.account.sequence), (held, sequence), "no second hold");

    let other = request(Task::Direct, &["top"], 10);
    assert_eq!(ledger.authorize(&book, "a", &other).unwrap_err().code, DenialCode::ActionIdReused);
    assert_eq!(
        ledger.authorize(&book, "payment", &message).unwrap_err().code,
        DenialCode::ActionIdReused,
        "a payment's id is no action's"
    );
}

#[test]
fn r27_a_repeat_after_the_end_gets_the_hold_and_holds_nothing_again() {
    let book = small_book(|_| {});
    let message = request(Task::Direct, &["lite"], 10);
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "10");
    ledger.authorize(&book, "a", &message).unwrap();
    ledger.void(&book, ("a", 0)).unwrap();
    let sequence = ledger.account.sequence;
    assert!(
        matches!(ledger.authorize(&book, "a", &message), Ok(Answer::Authorized(hold)) if !hold.is_open())
    );
    assert_eq!(ledger.account.sequence, sequence);
}

#[test]
fn r29_r30_every_entry_balances_and_names_its_lots() {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "10");
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 1_000)).unwrap();
    let usage = [(Meter::OutputTokens, 100)];
    ledger.settle(&book, ("a", 0), "top", &usage).unwrap();
    assert_eq!(ledger.entries.len(), 3);
    for entry in &ledger.entries {
        assert_eq!(is_balanced(&entry.postings), Ok(true), "{entry:?}");
        assert!(entry.postings.len() >= 2);
    }
    assert!(matches!(ledger.entries[1].event, Event::Authorized { .. }));
    let totals = ledger.account.totals;
    assert_eq!((totals.issued, totals.revenue), (credits("10"), credits("0.6")));
}

#[test]
fn r32_e12_an_ended_lot_counts_as_nothing_before_any_sweep() {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant_until("pro", LotKind::Pro, "5", Some("2026-03-15T00:00:00Z"));
    ledger.grant("pack", LotKind::Pack, "7");
    ledger.now = time("2026-03-14T23:59:59Z");
    assert_eq!(ledger.balances().0, "12");
    ledger.now = time("2026-03-15T00:00:01Z");
    assert_eq!(ledger.balances(), ("7".into(), "0".into(), "7".into()), "in a read");
    let Ok(Answer::Authorized(hold)) =
        ledger.authorize(&book, "a", &request(Task::Direct, &["lite"], 10))
    else {
        panic!()
    };
    assert_eq!(hold.lots.len(), 1);
    assert_eq!(hold.lots[0].kind, LotKind::Pack, "in a command");
    assert_eq!(ledger.account.totals.breakage, credits("5"));
    assert_eq!(ledger.entries[2].at, time("2026-03-15T00:00:00Z"), "dated when it ended");
}

#[test]
fn r32_now_never_runs_backwards() {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "10");
    ledger.now = time("2026-02-01T00:00:00Z");
    let Ok(Answer::Authorized(hold)) =
        ledger.authorize(&book, "a", &request(Task::Direct, &["lite"], 10))
    else {
        panic!()
    };
    assert_eq!(hold.authorized_at, time("2026-03-01T00:00:00Z"));
}

#[test]
fn r17_r19_a_grant_is_made_once_and_expiry_leaves_other_lots_alone() {
    let mut ledger = Ledger::default();
    ledger.grant("free", LotKind::Free, "100");
    ledger.grant("free", LotKind::Free, "100");
    assert_eq!(ledger.balances().0, "100");
    ledger.grant_until("pro", LotKind::Pro, "5", Some("2026-03-15T00:00:00Z"));
    let before = ledger.account.lots[0].clone();
    ledger.now = time("2026-03-16T00:00:00Z");
    ledger.grant("pack", LotKind::Pack, "1");
    assert_eq!(ledger.account.lots[0], before, "bit-identical");
    assert_eq!(ledger.lots().len(), 2);
}

#[test]
fn r16_a_spent_pro_account_is_still_pro_until_its_period_ends() {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant_until("pro", LotKind::Pro, "0.22", Some("2026-03-15T00:00:00Z"));
    ledger.authorize(&book, "a", &request(Task::Direct, &["lite"], 1_000)).unwrap();
    ledger.settle(&book, ("a", 0), "lite", &[(Meter::OutputTokens, 9_000)]).unwrap();
    let denial = ledger.authorize(&book, "b", &request(Task::Direct, &["lite"], 10)).unwrap_err();
    assert_eq!(denial.code, DenialCode::CreditsExhausted);
    let reset = Remedy::WaitForReset { at: time("2026-03-15T00:00:00Z") };
    assert_eq!(denial.remedies, [reset, Remedy::BuyPack { usd_min: 10 }]);
    ledger.now = time("2026-03-15T00:00:00Z");
    let denial = ledger.authorize(&book, "b", &request(Task::Direct, &["lite"], 10)).unwrap_err();
    assert_eq!(denial.remedies, [Remedy::UpgradeToPro, Remedy::BuyPack { usd_min: 10 }]);
}

#[test]
fn r27_a_grant_of_another_time_is_another_grant() {
    let mut ledger = Ledger::default();
    let mut command = Grant {
        action_id: action("g"),
        kind: LotKind::Promo,
        amount: credits("1"),
        priority: 0,
        effective_at: Some(time("2027-01-01T00:00:00Z")),
        expires_at: None,
        reason: None,
    };
    ledger.account = grant(&ledger.account, &command, ledger.now).unwrap().account;
    assert!(grant(&ledger.account, &command, ledger.now).unwrap().entries.is_empty(), "a repeat");
    command.effective_at = None;
    let refused = grant(&ledger.account, &command, ledger.now).unwrap_err();
    let Refused::Denied(denial) = refused else { panic!("{refused}") };
    assert_eq!(denial.code, DenialCode::ActionIdReused);
}

/// R24, R29: an audit by `apply` sees an entry that does again what an earlier one did.
#[test]
fn r29_a_journal_that_repeats_itself_is_refused() {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "10");
    ledger.authorize(&book, "a", &request(Task::Direct, &["lite"], 10)).unwrap();
    ledger.void(&book, ("a", 0)).unwrap();
    for index in 0..3 {
        let mut again = ledger.entries[index].clone();
        again.sequence = 4;
        again.at = ledger.now;
        let mut account = ledger.account.clone();
        assert_eq!(apply(&mut account, &again), Err(LedgerFault::Repeated), "entry {index}");
    }
}

fn capped(steps: &[u64]) -> Vec<Caps> {
    steps.iter().map(|cap| Caps { output_tokens: Some(*cap), ..Caps::default() }).collect()
}

fn quoted(book: &PublishedBook, asked: &Request, caps: &Caps) -> Quote {
    let high = estimate_capped(book, asked, caps).unwrap().high;
    let (price_book, rules) = (book.version.clone(), RULES_VERSION.into());
    Quote { price_book, rules, high, caps: caps.clone() }
}

#[test]
fn r28_extend_holds_the_difference_under_the_same_action() {
    let book = small_book(|_| {});
    let asked = request(Task::Compare, &["top", "lite"], 1_000);
    let caps = capped(&[500, 1_000, 700]);
    let mut ledger = Ledger::default();
    ledger.grant_until("pro", LotKind::Pro, "1", Some("2026-03-15T00:00:00Z"));
    ledger.grant("pack", LotKind::Pack, "10");
    let quote = quoted(&book, &asked, &caps[0]);
    ledger.authorize_quoted(&book, "a", &asked, Some(quote)).unwrap();
    let before = ledger.account.hold(&action("a")).unwrap().clone();

    let Ok(Answer::Authorized(hold)) = ledger.extend(&book, "a", caps[1].clone()) else { panic!() };
    let price = estimate_capped(&book, &asked, &caps[1]).unwrap();
    assert_eq!((hold.amount, &hold.caps), (price.high, &caps[1]));
    assert_eq!(hold.reserved().unwrap(), price.high);
    assert_eq!(hold.deadline, before.deadline, "it does not renew");
    let parts: Vec<_> = hold.legs.iter().map(|leg| leg.part).collect();
    assert_eq!(parts, price.legs.iter().map(|leg| leg.high).collect::<Vec<_>>());
    let kinds: Vec<_> = hold.pool.iter().map(|part| part.kind).collect();
    assert_eq!(kinds, [LotKind::Pro, LotKind::Pack], "each lot once, in burn-down order");

    // The same again, and a smaller one that comes late, change nothing.
    let sequence = ledger.account.sequence;
    for caps in [&caps[1], &caps[2]] {
        let again = ledger.extend(&book, "a", caps.clone()).unwrap();
        assert_eq!((again, ledger.account.sequence), (Answer::Authorized(hold.clone()), sequence));
    }
    // What has ended keeps its part; the other leg still gets more.
    ledger.settle(&book, ("a", 1), "lite", &[]).unwrap();
    let more = Caps { output_tokens: Some(1_500), ..Caps::default() };
    let Ok(Answer::Authorized(hold)) = ledger.extend(&book, "a", more.clone()) else { panic!() };
    let price = estimate_capped(&book, &asked, &more).unwrap();
    assert_eq!([hold.legs[0].part, hold.legs[1].part], [price.legs[0].high, parts[1]]);
    assert_eq!(hold.reserved().unwrap(), price.legs[0].high);
}

/// What is added by a lot that ends is used before the pack that was there (R18, R23).
#[test]
fn r23_what_extending_adds_joins_the_pool_in_burn_down_order() {
    let book = small_book(|_| {});
    let asked = request(Task::Direct, &["top"], 1_000);
    let caps = capped(&[500, 1_000]);
    let mut ledger = Ledger::default();
    ledger.grant("pack", LotKind::Pack, "10");
    let quote = quoted(&book, &asked, &caps[0]);
    ledger.authorize_quoted(&book, "a", &asked, Some(quote)).unwrap();
    ledger.grant_until("pro", LotKind::Pro, "10", Some("2026-03-15T00:00:00Z"));
    let Ok(Answer::Authorized(hold)) = ledger.extend(&book, "a", caps[1].clone()) else { panic!() };
    let kinds: Vec<LotKind> = hold.pool.iter().map(|part| part.kind).collect();
    assert_eq!(kinds, [LotKind::Pro, LotKind::Pack]);
    let Ok(Answer::Ended(LegEnd::Settled(settled))) =
        ledger.settle(&book, ("a", 0), "top", &[(Meter::OutputTokens, 1)])
    else {
        panic!()
    };
    let drawn: Vec<LotKind> = settled.drawn.iter().map(|part| part.kind).collect();
    assert_eq!(drawn, [LotKind::Pro, LotKind::Pack], "what was added, and the rest of the pack");
}

#[test]
fn r28_extend_is_admitted_like_a_send_or_changes_nothing() {
    let book = small_book(|_| {});
    let asked = request(Task::Direct, &["top"], 1_000);
    let caps = capped(&[500, 1_000, 100]);
    let mut ledger = Ledger::default();
    let all = estimate_capped(&book, &asked, &caps[1]).unwrap().high;
    let lacking = all.sub(credits("0.01")).unwrap();
    ledger.grant("pack", LotKind::Pack, &lacking.to_string());
    let quote = quoted(&book, &asked, &caps[0]);
    ledger.authorize_quoted(&book, "a", &asked, Some(quote)).unwrap();
    let before = ledger.account.clone();
    let refused = |ledger: &mut Ledger, caps: &Caps| {
        let denial = ledger.extend(&book, "a", caps.clone()).unwrap_err();
        assert_eq!(ledger.account, before);
        denial.code
    };
    assert_eq!(refused(&mut ledger, &caps[1]), DenialCode::CreditsInsufficient);
    let mixed = Caps { steps: Some(3), ..caps[1].clone() };
    assert_eq!(refused(&mut ledger, &mixed), DenialCode::RequestInvalid);
    let unknown = ledger.extend(&book, "b", caps[1].clone()).unwrap_err();
    assert_eq!(unknown.code, DenialCode::ActionUnknown);
    let mut other = book.clone();
    other.version = "another".parse().unwrap();
    let extend = Extend { action_id: action("a"), caps: caps[1].clone() };
    let fault = kumari_engine::extend::extend(&ledger.account, &other, &extend, ledger.now);
    assert_eq!(fault, Err(Refused::Fault(LedgerFault::WrongBook)));

    ledger.grant("more", LotKind::Promo, "0.01");
    ledger.extend(&book, "a", caps[1].clone()).unwrap();
    assert_eq!(ledger.balances().0, "0");
    let uncapped = ledger.extend(&book, "a", Caps::default()).unwrap_err();
    assert_eq!(uncapped.code, DenialCode::CreditsHeld);
    ledger.void(&book, ("a", 0)).unwrap();
    let ended = ledger.extend(&book, "a", Caps::default()).unwrap_err();
    assert_eq!(ended.code, DenialCode::LegAlreadyEnded);
}
