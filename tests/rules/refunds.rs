//! Money that goes back, and what an operator takes back (R19, R29, R39).

use kumari_engine::account::Answer;
use kumari_engine::denial::DenialCode;
use kumari_engine::lot::{LotDispute, LotId, LotKind};
use kumari_engine::payment::Payment;
use kumari_engine::request::Task;
use kumari_tests::accounts::{Ledger, action, credits, time};
use kumari_tests::books::{request, small_book};
use kumari_tests::payments::{
    book, disputed, lost, lot, pack, priced, pro, purchase, refunded, refusal, send, spend, won,
};

#[test]
fn r39_e09_a_refund_takes_what_is_left_and_what_comes_back() {
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pack("p", 2_000)).unwrap();
    spend(&mut ledger, "a", "1650");
    // 50 more are held when the refund comes: the story's 1 700.
    let held = priced("50");
    ledger.authorize(&held, "b", &request(Task::Direct, &["top"], 10)).unwrap();
    assert_eq!(ledger.balances(), ("300".into(), "50".into(), "350".into()));
    ledger.pay(&book(), &refunded("p", 500)).unwrap();
    assert_eq!(ledger.balances(), ("0".into(), "50".into(), "50".into()));
    assert_eq!(ledger.account.totals.debt, credits("200"));
    assert_eq!(purchase(&ledger, "p").claimed, credits("500"));
    ledger.void(&held, ("b", 0)).unwrap();
    assert_eq!(ledger.account.totals.debt, credits("150"), "a later release is taken");
    assert_eq!(ledger.balances().0, "0");
}

#[test]
fn r39_what_comes_before_its_payment_is_to_be_told_again() {
    let mut ledger = Ledger::default();
    for event in [refunded("p", 500), disputed("p", 500), won("p", 500), lost("p", 500)] {
        let denial = ledger.pay(&book(), &event).unwrap_err();
        assert_eq!((denial.code, denial.transient), (DenialCode::PaymentUnknown, true));
    }
    assert_eq!(ledger.account.sequence, 0);
    ledger.pay(&book(), &pack("p", 2_000)).unwrap();
    for event in [refunded("p", 2_001), disputed("p", 2_001), lost("p", 2_001)] {
        assert_eq!(refusal(&mut ledger, &event), DenialCode::RequestInvalid);
    }
}

#[test]
fn r39_refunds_are_cumulative_and_rounded_down() {
    for (order, entries) in
        [([700, 1_000, 2_000], 4), ([1_000, 2_000, 700], 3), ([2_000, 1_000, 700], 2)]
    {
        let mut ledger = Ledger::default();
        ledger.pay(&book(), &pack("p", 2_000)).unwrap();
        let mut most = 0;
        for usd_cents in order.into_iter().chain(order) {
            ledger.pay(&book(), &refunded("p", usd_cents)).unwrap();
            most = most.max(usd_cents);
            assert_eq!(ledger.balances().0, (2_000 - most).to_string());
        }
        assert_eq!(ledger.entries.len(), entries, "what is overtaken is not written");
        assert_eq!(ledger.account.totals.debt, credits("0"));
    }
    // A third of a bundle of 0.000001 credits less than divides evenly.
    let book = small_book(|book| {
        book["packs"]["brackets"][0]["credits_per_usd"] = "0.1".into();
        book["packs"]["brackets"][1]["credits_per_usd"] = "0.1".into();
    });
    let mut ledger = Ledger::default();
    ledger.pay(&book, &pack("p", 3_000)).unwrap();
    for (usd_cents, taken) in [(1, "0.001"), (7, "0.007"), (1_001, "1.001"), (3_000, "3")] {
        ledger.pay(&book, &refunded("p", usd_cents)).unwrap();
        assert_eq!(purchase(&ledger, "p").claimed, credits(taken));
    }
    let book = small_book(|book| {
        book["packs"]["brackets"][0]["credits_per_usd"] = "0.000001".into();
        book["packs"]["brackets"][1]["credits_per_usd"] = "0.000001".into();
    });
    let mut ledger = Ledger::default();
    ledger.pay(&book, &pack("p", 1_100)).unwrap();
    for (usd_cents, taken) in
        [(99, "0"), (100, "0.000001"), (1_099, "0.00001"), (1_100, "0.000011")]
    {
        ledger.pay(&book, &refunded("p", usd_cents)).unwrap();
        assert_eq!(purchase(&ledger, "p").claimed, credits(taken), "{usd_cents}");
    }
}

/// What expired unused was not spent, so it is no debt: only what was spent is.
#[test]
fn r39_what_expired_unused_is_not_owed() {
    for (usd_cents, breakage, debt) in
        [(0, "2000", "0"), (500, "1450", "0"), (1_900, "0", "90"), (2_000, "0", "200")]
    {
        let mut ledger = Ledger::default();
        ledger.pay(&book(), &pro("p", 1, "2026-02-28T10:00:00Z")).unwrap();
        spend(&mut ledger, "a", "200");
        ledger.now = time("2026-04-01T00:00:00Z");
        ledger.pay(&book(), &refunded("p", usd_cents)).unwrap();
        let totals = ledger.account.totals;
        let (left, owed) = (totals.breakage, totals.debt);
        assert_eq!((left, owed), (credits(breakage), credits(debt)), "{usd_cents}");
    }
}

#[test]
fn r39_a_refund_in_a_period_leaves_the_lot_that_is_used_up_with_its_debt() {
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pack("p", 1_000)).unwrap();
    spend(&mut ledger, "a", "1000");
    assert_eq!(ledger.account.lots, [], "used up and gone");
    ledger.grant("promo", LotKind::Promo, "50");
    let other = lot(&ledger, LotKind::Promo);
    ledger.pay(&book(), &refunded("p", 250)).unwrap();
    assert_eq!(lot(&ledger, LotKind::Pack).debt, credits("250"));
    assert_eq!((lot(&ledger, LotKind::Promo), ledger.balances().0.as_str()), (other, "50"));
    send(&mut ledger).unwrap();
    assert!(!ledger.account.disputed, "a refund does not keep anybody from sending");
}

#[test]
fn r39_a_dispute_freezes_its_lot_and_won_restores_it() {
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pack("p", 2_000)).unwrap();
    ledger.grant("promo", LotKind::Promo, "50");
    let [pack_before, promo] = [LotKind::Pack, LotKind::Promo].map(|kind| lot(&ledger, kind));
    ledger.pay(&book(), &disputed("p", 2_000)).unwrap();
    assert_eq!(ledger.entries.last().unwrap().postings, [], "it freezes and moves nothing");
    assert_eq!(lot(&ledger, LotKind::Pack).dispute, Some(LotDispute::Open));
    assert_eq!(ledger.balances().0, "50", "what is frozen cannot be used");
    assert_eq!(lot(&ledger, LotKind::Promo), promo, "R19");
    assert_eq!(send(&mut ledger).unwrap_err().code, DenialCode::PaymentDisputed);

    let sequence = ledger.account.sequence;
    ledger.pay(&book(), &disputed("p", 2_000)).unwrap();
    assert_eq!(ledger.account.sequence, sequence);
    ledger.pay(&book(), &won("p", 2_000)).unwrap();
    assert_eq!(lot(&ledger, LotKind::Pack), pack_before);
    assert_eq!(ledger.balances().0, "2050");
    send(&mut ledger).unwrap();
    // Decided is decided: told again, or that it is open.
    let sequence = ledger.account.sequence;
    ledger.pay(&book(), &won("p", 2_000)).unwrap();
    ledger.pay(&book(), &disputed("p", 2_000)).unwrap();
    assert_eq!(ledger.account.sequence, sequence);
    assert_eq!(refusal(&mut ledger, &lost("p", 2_000)), DenialCode::PaymentConflict);
    assert_eq!(refusal(&mut ledger, &won("p", 1_000)), DenialCode::PaymentConflict);
}

/// A dispute that is won gives back what is left, not the time that passed: a period that ended
/// meanwhile has ended (R17, R18), frozen or not.
#[test]
fn r39_a_dispute_won_restores_a_lot_and_not_its_time() {
    for (decided, left) in [("2026-03-31T09:59:59Z", "2200"), ("2026-03-31T10:00:00Z", "0")] {
        let mut ledger = Ledger::default();
        ledger.pay(&book(), &pro("p", 1, "2026-02-28T10:00:00Z")).unwrap();
        ledger.pay(&book(), &disputed("p", 2_000)).unwrap();
        ledger.now = time(decided);
        ledger.pay(&book(), &won("p", 2_000)).unwrap();
        assert_eq!(ledger.balances().0, left, "{decided}");
        assert_eq!(ledger.account.totals.debt, credits("0"));
    }
}

#[test]
fn r39_a_dispute_lost_takes_what_a_refund_would_and_denies_while_something_is_owed() {
    for told_open_first in [true, false] {
        let mut ledger = Ledger::default();
        ledger.grant("promo", LotKind::Promo, "50");
        ledger.pay(&book(), &pack("p", 2_000)).unwrap();
        let promo = lot(&ledger, LotKind::Promo);
        let held = priced("60");
        // 50 of the promotion and 10 of the pack.
        ledger.authorize(&held, "a", &request(Task::Direct, &["top"], 10)).unwrap();
        if told_open_first {
            ledger.pay(&book(), &disputed("p", 2_000)).unwrap();
        }
        ledger.pay(&book(), &lost("p", 2_000)).unwrap();
        ledger.pay(&book(), &disputed("p", 2_000)).unwrap();
        assert_eq!(lot(&ledger, LotKind::Pack).debt, credits("10"));
        assert_eq!(send(&mut ledger).unwrap_err().code, DenialCode::PaymentDisputed);
        ledger.void(&held, ("a", 0)).unwrap();
        assert_eq!(ledger.account.lots, [promo], "what came back paid for the debt");
        send(&mut ledger).unwrap();
    }
    // A part: what is left of the lot can be used again.
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pack("p", 2_000)).unwrap();
    ledger.pay(&book(), &disputed("p", 500)).unwrap();
    ledger.pay(&book(), &lost("p", 500)).unwrap();
    assert_eq!(ledger.balances().0, "1500");
    send(&mut ledger).unwrap();
    // Refunds and lost disputes of one payment add up, to all of it at most.
    ledger.void(&book(), ("send", 0)).unwrap();
    ledger.pay(&book(), &refunded("p", 500)).unwrap();
    assert_eq!(ledger.balances().0, "1000");
    ledger.pay(&book(), &refunded("p", 2_000)).unwrap();
    assert_eq!((ledger.balances().0.as_str(), ledger.account.totals.debt), ("0", credits("0")));
}

#[test]
fn r39_a_lot_is_frozen_while_any_dispute_of_its_payment_is_open() {
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pack("p", 2_000)).unwrap();
    let second = Payment::Disputed { payment: action("p"), dispute: action("d2"), usd_cents: 100 };
    ledger.pay(&book(), &disputed("p", 100)).unwrap();
    ledger.pay(&book(), &second).unwrap();
    ledger.pay(&book(), &won("p", 100)).unwrap();
    assert_eq!(send(&mut ledger).unwrap_err().code, DenialCode::PaymentDisputed);
    let decided =
        Payment::DisputeWon { payment: action("p"), dispute: action("d2"), usd_cents: 100 };
    ledger.pay(&book(), &decided).unwrap();
    send(&mut ledger).unwrap();
    for number in 3..=16 {
        let dispute = action(&format!("d{number}"));
        ledger
            .pay(&book(), &Payment::DisputeWon { payment: action("p"), dispute, usd_cents: 1 })
            .unwrap();
    }
    let more = Payment::Disputed { payment: action("p"), dispute: action("d17"), usd_cents: 1 };
    assert_eq!(refusal(&mut ledger, &more), DenialCode::RequestInvalid);
}

#[test]
fn r29_a_revocation_names_the_entry_that_it_corrects_and_takes_what_comes_back() {
    let mut ledger = Ledger::default();
    ledger.grant("promo", LotKind::Promo, "50");
    ledger.pay(&book(), &pack("p", 2_000)).unwrap();
    let promo = lot(&ledger, LotKind::Promo);
    let held = priced("60");
    ledger.authorize(&held, "a", &request(Task::Direct, &["top"], 10)).unwrap();
    let bought = lot(&ledger, LotKind::Pack).id;
    let Ok(Answer::Revoked(made)) = ledger.revoke("r", bought, "stolen card") else { panic!() };
    let entry = ledger.entries.last().unwrap();
    assert_eq!((made.amount, entry.corrects), (credits("1990"), Some(bought.0)));
    assert_eq!(ledger.balances(), ("0".into(), "60".into(), "60".into()));
    let again = ledger.revoke("r", bought, "stolen card").unwrap();
    assert_eq!(again, Answer::Revoked(made), "the first answer");
    for (id, lot, reason, code) in [
        ("r", bought, "another", DenialCode::ActionIdReused),
        ("r2", bought, "twice", DenialCode::RequestInvalid),
        ("r2", LotId(99), "nowhere", DenialCode::RequestInvalid),
        ("r2", promo.id, "", DenialCode::RequestInvalid),
    ] {
        assert_eq!(ledger.revoke(id, lot, reason).unwrap_err().code, code, "{reason}");
    }
    ledger.void(&held, ("a", 0)).unwrap();
    assert_eq!(ledger.account.lots, [promo], "what came back is taken, and nothing of another lot");
    assert_eq!(ledger.account.totals.issued, credits("50"));
    assert_eq!(ledger.entries.last().unwrap().corrects, Some(bought.0));
    // What was revoked was not spent: a refund of it all owes nothing.
    ledger.pay(&book(), &refunded("p", 2_000)).unwrap();
    assert_eq!(ledger.account.totals.debt, credits("0"));
    assert_eq!(ledger.account.totals.issued, credits("50"));
}
