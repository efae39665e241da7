//! Limits of one account, and how little a normal life comes near them.

use kumari_engine::denial::DenialCode;
use kumari_engine::grant::{Grant, grant};
use kumari_engine::lot::{LOTS_FOR_PAYMENTS, LOTS_MAX, LotKind};
use kumari_tests::accounts::{Ledger, action, credits};
use kumari_tests::payments::{book, monthly, pack, pro, refunded, refusal, spend};

fn promo(id: &str, amount: &str) -> Grant {
    Grant {
        action_id: action(id),
        kind: LotKind::Promo,
        amount: credits(amount),
        priority: 0,
        effective_at: None,
        expires_at: None,
        reason: None,
    }
}

fn granted(ledger: &mut Ledger, command: &Grant) -> Result<(), DenialCode> {
    let change = grant(&ledger.account, command, ledger.now);
    ledger.keep(change).map(|_| ()).map_err(|denial| denial.code)
}

#[test]
fn r17_grants_leave_room_for_what_is_paid_for() {
    let mut ledger = Ledger::default();
    for number in 0..LOTS_MAX - LOTS_FOR_PAYMENTS {
        granted(&mut ledger, &promo(&format!("g{number}"), "1")).unwrap();
    }
    let full = Err(DenialCode::TooManyLots);
    assert_eq!(granted(&mut ledger, &promo("another", "1")), full);
    assert_eq!(granted(&mut ledger, &promo("g0", "1")), Ok(()), "a repeat gets its answer");
    for number in 0..LOTS_FOR_PAYMENTS {
        ledger.pay(&book(), &pack(&format!("p{number}"), 1_000)).unwrap();
    }
    assert_eq!(refusal(&mut ledger, &pack("more", 1_000)), DenialCode::TooManyLots);
    // Money that goes back is a fact.
    ledger.pay(&book(), &refunded("p0", 1_000)).unwrap();
    ledger.pay(&book(), &pack("more", 1_000)).unwrap();
    // What is used up makes room: the lots that were granted are used first.
    spend(&mut ledger, "a", &LOTS_FOR_PAYMENTS.to_string());
    assert_eq!(granted(&mut ledger, &promo("another", "1")), full);
    spend(&mut ledger, "b", "1");
    assert_eq!(granted(&mut ledger, &promo("last", "1")), Ok(()));
}

/// Ten years of Pro, with a pack and a gift in each month.
#[test]
fn r17_a_normal_life_has_few_lots() {
    let mut ledger = Ledger::default();
    let mut most = 0;
    for month in 0..120 {
        let start = monthly().start(month);
        ledger.now = start.plus_seconds(60);
        ledger.pay(&book(), &pro(&format!("m{month}"), month, &start.to_string())).unwrap();
        ledger.pay(&book(), &pack(&format!("p{month}"), 1_000)).unwrap();
        granted(&mut ledger, &promo(&format!("g{month}"), "1")).unwrap();
        // Most of what each month brings, some of it of the packs.
        spend(&mut ledger, &format!("s{month}"), "3150");
        most = most.max(ledger.account.lots.len());
    }
    assert!(most < 10, "{most} lots");
}

#[test]
fn r03_what_no_account_can_have_is_denied() {
    let mut ledger = Ledger::default();
    granted(&mut ledger, &promo("g", "9000000000000")).unwrap();
    let denial = grant(&ledger.account, &promo("h", "9000000000000"), ledger.now);
    let denial = ledger.keep(denial).unwrap_err();
    let told = (denial.code, denial.path.as_deref());
    assert_eq!(told, (DenialCode::RequestInvalid, Some("amount")));
    granted(&mut ledger, &promo("h", "1")).unwrap();
}
