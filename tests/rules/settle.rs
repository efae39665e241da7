//! Ending legs (R22–R26, R31) and the outcomes that the ledger itself decides.

use kumari_engine::account::{Answer, Refused};
use kumari_engine::denial::DenialCode;
use kumari_engine::entry::Event;
use kumari_engine::lot::LotKind;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::request::Task;
use kumari_engine::settle::{LegEnd, settle};
use kumari_engine::void::{Used, Void, VoidReason, void};
use kumari_tests::accounts::{Ledger, action, credits, settle_command, time};
use kumari_tests::books::{model_id, request, small_book};

const OUT: Meter = Meter::OutputTokens;

fn funded() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "10");
    ledger
}

#[test]
fn r22_each_leg_captures_at_most_its_own_part() {
    let book = small_book(|_| {});
    let mut ledger = funded();
    ledger.authorize(&book, "a", &request(Task::Compare, &["top", "lite"], 1_000)).unwrap();
    assert_eq!(ledger.balances(), ("5.03".into(), "4.97".into(), "10".into()));
    // `lite` has 0.22; its provider let it run far over the bound.
    let answer = ledger.settle(&book, ("a", 1), "lite", &[(OUT, 40_000)]).unwrap();
    let Answer::Ended(LegEnd::Settled(settled)) = answer else { panic!() };
    assert_eq!((settled.charge, settled.absorbed), (credits("0.22"), credits("1.43")));
    assert_eq!(
        ledger.balances(),
        ("5.03".into(), "4.75".into(), "9.78".into()),
        "the other leg is whole"
    );
    ledger.settle(&book, ("a", 0), "top", &[(OUT, 500)]).unwrap();
    assert_eq!(ledger.balances(), ("8.78".into(), "0".into(), "8.78".into()));
    assert_eq!(ledger.account.totals.absorbed, credits("1.43"), "never charged later");
}

#[test]
fn r24_a_leg_ends_once() {
    let book = small_book(|_| {});
    let mut ledger = funded();
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 1_000)).unwrap();
    let first = ledger.settle(&book, ("a", 0), "top", &[(OUT, 100)]).unwrap();
    let sequence = ledger.account.sequence;
    ledger.now = time("2026-03-02T00:00:00Z");
    assert_eq!(ledger.settle(&book, ("a", 0), "top", &[(OUT, 100)]).unwrap(), first);
    let other = ledger.settle(&book, ("a", 0), "top", &[(OUT, 101)]).unwrap_err();
    let voided = ledger.void(&book, ("a", 0)).unwrap_err();
    for denial in [other, voided] {
        assert_eq!(denial.code, DenialCode::LegAlreadyEnded);
        let end = denial.end.map(|end| *end);
        assert_eq!(end.map(Answer::Ended), Some(first.clone()), "with the first end");
    }
    assert_eq!(ledger.account.sequence, sequence);
    assert_eq!(ledger.void(&book, ("a", 1)).unwrap_err().code, DenialCode::ActionUnknown);
    assert_eq!(ledger.void(&book, ("b", 0)).unwrap_err().code, DenialCode::ActionUnknown);
}

#[test]
fn r25_e06_what_is_released_to_an_ended_lot_expires_at_once() {
    let book = small_book(|book| {
        // A leg of exactly 3: a base of 1 and 2 000 output tokens.
        book["tasks"][0]["offers"][1]["per_request"] = "1".into();
        book["tasks"][0]["offers"][1]["bounds"]["output_tokens"]["max"] = 2_000.into();
        for meter in
            ["input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens"]
        {
            book["models"][1]["rates"][meter] =
                serde_json::json!({"credits": "0", "per": 1, "free": true});
        }
        book["tasks"][0]["hold_seconds_max"] = 600_000.into();
    });
    let mut ledger = Ledger { now: time("2026-03-14T00:00:00Z"), ..Ledger::default() };
    ledger.grant_until("march", LotKind::Pro, "3", Some("2026-03-15T00:00:00Z"));
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 10)).unwrap();
    ledger.keep_alive(&book, "a", "2026-03-15T00:00:00Z");
    ledger.grant_until("april", LotKind::Pro, "20", Some("2026-04-15T00:00:00Z"));
    let new_lot = ledger.account.lots.last().unwrap().clone();
    ledger.keep_alive(&book, "a", "2026-03-16T00:00:00Z");
    ledger.settle(&book, ("a", 0), "top", &[]).unwrap();
    assert_eq!(ledger.account.totals.revenue, credits("1"), "captured from the old lot");
    assert_eq!(ledger.account.totals.breakage, credits("2"), "the rest expired at once");
    assert_eq!(ledger.account.lots, [new_lot], "the new lot is untouched");
    let last = ledger.entries.last().unwrap();
    assert!(matches!(last.event, Event::LotExpired { .. }), "as its own entry: {last:?}");
}

#[test]
fn r26_a_hold_expires_at_its_deadline_swept_or_not() {
    let book = small_book(|_| {});
    let mut ledger = funded();
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 1_000)).unwrap();
    ledger.now = time("2026-03-01T00:00:59.999Z");
    assert_eq!(ledger.balances().1, "4.75");
    ledger.now = time("2026-03-01T00:01:00Z");
    assert_eq!(ledger.balances(), ("10".into(), "0".into(), "10".into()));

    // A settlement that comes later captures nothing and is recorded, once.
    let late = ledger.settle(&book, ("a", 0), "top", &[(OUT, 100)]).unwrap();
    let Answer::Ended(LegEnd::Expired { late: Some(recorded), .. }) = &late else {
        panic!("{late:?}")
    };
    assert_eq!(recorded.absorbed, credits("0.6"));
    assert_eq!(ledger.balances().0, "10");
    let sequence = ledger.account.sequence;
    assert_eq!(ledger.settle(&book, ("a", 0), "top", &[(OUT, 100)]).unwrap(), late);
    assert_eq!(ledger.account.sequence, sequence);
    let again = ledger.settle(&book, ("a", 0), "top", &[(OUT, 7)]).unwrap_err();
    assert_eq!(again.code, DenialCode::LegAlreadyEnded);
    assert_eq!(ledger.void(&book, ("a", 0)).unwrap_err().code, DenialCode::LegAlreadyEnded);
}

#[test]
fn r26_a_hold_lives_while_it_is_renewed_up_to_the_longest_of_its_task() {
    let book = small_book(|_| {});
    let mut ledger = funded();
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 1_000)).unwrap();
    let deadline = |ledger: &Ledger| ledger.account.hold(&action("a")).unwrap().deadline;
    let balances = ledger.balances();
    for (now, until) in [
        ("2026-03-01T00:00:00Z", "2026-03-01T00:01:00Z"),
        ("2026-03-01T00:00:59.999Z", "2026-03-01T00:01:59.999Z"),
        ("2026-03-01T00:01:20Z", "2026-03-01T00:02:20Z"),
    ] {
        ledger.now = time(now);
        ledger.renew(&book, "a").unwrap();
        assert_eq!((deadline(&ledger), ledger.balances()), (time(until), balances.clone()));
    }
    let renewal = ledger.entries.last().unwrap();
    assert_eq!(renewal.postings, [], "R29: a renewal moves nothing");
    let sequence = ledger.account.sequence;
    ledger.renew(&book, "a").unwrap();
    assert_eq!(ledger.account.sequence, sequence, "as late already: nothing is written");

    ledger.keep_alive(&book, "a", "2026-03-01T00:14:40Z");
    ledger.renew(&book, "a").unwrap();
    assert_eq!(deadline(&ledger), time("2026-03-01T00:15:00Z"), "the book's longest");
    ledger.now = time("2026-03-01T00:15:00Z");
    let denial = ledger.renew(&book, "a").unwrap_err();
    assert_eq!(denial.code, DenialCode::LegAlreadyEnded);
    assert_eq!(ledger.balances(), ("10".into(), "0".into(), "10".into()));
    assert_eq!(ledger.renew(&book, "b").unwrap_err().code, DenialCode::ActionUnknown);
}

#[test]
fn r26_a_hold_that_nobody_renews_gives_its_credits_back_within_a_minute() {
    let book = small_book(|book| book["tasks"][0]["hold_seconds_max"] = 604_800.into());
    let mut ledger = funded();
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 1_000)).unwrap();
    ledger.keep_alive(&book, "a", "2026-03-01T00:10:00Z");
    // The last renewal was twenty seconds ago.
    ledger.now = time("2026-03-01T00:10:40Z");
    assert_eq!(ledger.balances().0, "10");
}

#[test]
fn r31_settled_held_and_available_after_each_step() {
    let book = small_book(|_| {});
    let mut ledger = funded();
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 1_000)).unwrap();
    assert_eq!(ledger.balances(), ("5.25".into(), "4.75".into(), "10".into()));
    ledger.settle(&book, ("a", 0), "top", &[(Meter::InputTokens, 1_000), (OUT, 250)]).unwrap();
    assert_eq!(ledger.balances(), ("9".into(), "0".into(), "9".into()));
}

#[test]
fn a_failure_after_some_output_is_borne_by_the_platform() {
    let book = small_book(|_| {});
    let mut ledger = funded();
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 1_000)).unwrap();
    let used = Used { model: model_id("top"), usage: Usage::new([(OUT, 300)]).unwrap() };
    let command =
        Void { action_id: action("a"), leg: 0, reason: VoidReason::Failed, used: Some(used) };
    let change = void(&ledger.account, &book, &command, ledger.now).unwrap();
    assert_eq!(change.account.totals.absorbed, credits("0.8"));
    assert_eq!(change.account.standing(ledger.now).unwrap().available, credits("10"));
}

#[test]
fn what_cannot_be_priced_changes_nothing() {
    let book = small_book(|_| {});
    let mut ledger = funded();
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 1_000)).unwrap();
    let before = ledger.account.clone();
    let denial = ledger.settle(&book, ("a", 0), "lite", &[(OUT, 1)]).unwrap_err();
    assert_eq!((denial.code, denial.path.as_deref()), (DenialCode::RequestInvalid, Some("model")));
    let denial = ledger.settle(&book, ("a", 0), "top", &[(Meter::Images, 1)]).unwrap_err();
    assert_eq!((denial.code, denial.path.as_deref()), (DenialCode::RequestInvalid, Some("usage")));
    let other = small_book(|book| book["packs"]["usd_max"] = 900.into());
    let command = settle_command(("a", 0), "top", &[(OUT, 1)]);
    let fault = settle(&ledger.account, &other, &command, ledger.now).unwrap_err();
    assert!(matches!(fault, Refused::Fault(_)), "{fault}");
    assert_eq!(ledger.account, before);
}
