//! Why it cost what it cost, and that anyone comes to the same number (R33).

use kumari_engine::account::Answer;
use kumari_engine::amount::Credits;
use kumari_engine::lot::LotKind;
use kumari_engine::meter::{Meter, Quantity};
use kumari_engine::receipt::{Receipt, ReceiptOutcome, ReplayLeg, receipt, replay};
use kumari_engine::request::Task;
use kumari_tests::accounts::{Ledger, action, credits};
use kumari_tests::books::{request, small_book};
use serde_json::json;

fn example() -> (kumari_engine::price_book::PublishedBook, Receipt) {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "10");
    let Ok(Answer::Authorized(_)) =
        ledger.authorize(&book, "a", &request(Task::Compare, &["top", "lite"], 1_234))
    else {
        panic!()
    };
    let usage = [(Meter::InputTokens, 1_234), (Meter::OutputTokens, 567)];
    ledger.settle(&book, ("a", 0), "top", &usage).unwrap();
    ledger.void(&book, ("a", 1)).unwrap();
    let receipt = receipt(&book, ledger.account.hold(&action("a")).unwrap()).unwrap();
    (book, receipt)
}

#[test]
fn r33_a_receipt_explains_the_charge_to_the_last_digit() {
    let (book, receipt) = example();
    assert_eq!(
        (receipt.charge, receipt.hold, receipt.released),
        (credits("1.38"), credits("5.04"), credits("3.66"))
    );
    let ReceiptOutcome::Settled { lines, drawn, .. } = &receipt.legs[0].outcome else { panic!() };
    assert_eq!(lines.len(), 4, "base, input, output, rounding");
    assert_eq!(drawn[0].amount, credits("1.38"));
    assert!(matches!(receipt.legs[1].outcome, ReceiptOutcome::Voided { .. }));
    let again = replay(&book, &receipt).unwrap();
    assert_eq!((again.matches, again.charge), (true, credits("1.38")), "{:?}", again.differences);
    assert_eq!(again.price_book, book.version);
    let charged =
        ReplayLeg { lines: lines.clone(), charge: credits("1.38"), absorbed: Credits::ZERO };
    assert_eq!(again.legs, [charged, ReplayLeg::default()], "a free leg comes to nothing");
    let json = kumari_wire::canonical(&receipt).unwrap();
    assert_eq!(
        kumari_wire::from_str::<Receipt>(&json).unwrap(),
        receipt,
        "a receipt can be kept as JSON"
    );
}

#[test]
fn r33_a_replay_says_what_differs() {
    let (book, good) = example();
    let check = |receipt: &Receipt, says: &str| {
        let replay = replay(&book, receipt).unwrap();
        assert!(!replay.matches);
        assert!(
            replay.differences.iter().any(|line| line.contains(says)),
            "{:?}",
            replay.differences
        );
    };
    let mut receipt = good.clone();
    receipt.charge = credits("1.37");
    check(&receipt, "the receipt says 1.37");
    let mut receipt = good.clone();
    if let ReceiptOutcome::Settled { charge, .. } = &mut receipt.legs[0].outcome {
        *charge = credits("1.4");
    }
    check(&receipt, "leg 0, top: the charge is 1.38 and the receipt says 1.4");
    let mut receipt = good.clone();
    if let ReceiptOutcome::Settled { usage, .. } = &mut receipt.legs[0].outcome {
        *usage = kumari_engine::meter::Usage::new([(
            Meter::OutputTokens,
            u64::from(Quantity::default()),
        )])
        .unwrap();
    }
    check(&receipt, "leg 0, top: the price lines differ");
    let mut receipt = good.clone();
    receipt.hold = credits("5.05");
    check(&receipt, "the legs hold 5.04 and the receipt says 5.05");
    let mut receipt = good.clone();
    receipt.released = credits("3.67");
    check(&receipt, "3.66 was not needed and the receipt says 3.67");
    let mut receipt = good.clone();
    receipt.rules = "0".into();
    check(&receipt, "made by rules 0");
    let other = small_book(|book| book["packs"]["usd_max"] = json!(900));
    let replay = replay(&other, &good).unwrap();
    assert!(replay.differences[0].contains("was priced with book"));
}

#[test]
fn an_outcome_has_the_fields_of_its_kind_and_no_others() {
    let read = |json: serde_json::Value| kumari_wire::from_str::<ReceiptOutcome>(&json.to_string());
    let at = "2026-03-01T00:00:00Z";
    assert!(read(json!({"kind": "open"})).is_ok());
    assert!(read(json!({"kind": "expired", "at": at})).is_ok());
    assert!(read(json!({"kind": "voided", "at": at, "reason": "failed"})).is_ok());
    for wrong in [
        json!({"kind": "open", "at": at}),
        json!({"kind": "open", "charge": "5"}),
        json!({"kind": "voided", "at": at}),
        json!({"kind": "voided", "at": at, "reason": "failed", "drawn": []}),
        json!({"kind": "expired", "at": at, "reason": "lost"}),
        json!({"kind": "settled", "at": at}),
    ] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
}
