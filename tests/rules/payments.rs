//! Money that comes in: packs, periods, subscriptions (R17, R35–R38).

use kumari_engine::account::{Action, Answer, Refused};
use kumari_engine::denial::{DenialCode, Remedy};
use kumari_engine::grant::{Grant, grant};
use kumari_engine::lot::{Lot, LotId, LotKind};
use kumari_engine::payment::{AHEAD_SECONDS_MAX, Payment, Product, SubscriptionStatus};
use kumari_engine::period::Periods;
use kumari_engine::price_book::PlanId;
use kumari_engine::request::Task;
use kumari_tests::accounts::{Ledger, action, credits, time};
use kumari_tests::books::request;
use kumari_tests::payments::{book, monthly, pack, priced, pro, purchase, refusal, send, spend};

fn status(status: SubscriptionStatus, at: &str) -> Payment {
    Payment::SubscriptionChanged { subscription: action("sub"), at: time(at), status }
}

fn granting(id: &str, kind: LotKind, reason: Option<&str>) -> Grant {
    Grant {
        action_id: action(id),
        kind,
        amount: credits("100"),
        priority: 0,
        effective_at: None,
        expires_at: None,
        reason: reason.map(Into::into),
    }
}

#[test]
fn r17_a_pack_is_whole_dollars_from_ten_by_the_books_brackets() {
    for (usd_cents, granted) in [
        (1_000, Some("1000")),
        (4_900, Some("4900")),
        (5_000, Some("5750")),
        (100_000, Some("115000")),
        (999, None),
        (900, None),
        (1_050, None),
        (100_100, None),
        (0, None),
    ] {
        let mut ledger = Ledger::default();
        match granted {
            Some(granted) => {
                let Ok(Answer::Paid(bought)) = ledger.pay(&book(), &pack("p", usd_cents)) else {
                    panic!("{usd_cents}")
                };
                assert_eq!(bought.grant.amount, credits(granted), "{usd_cents}");
                assert_eq!((bought.grant.kind, bought.grant.expires_at), (LotKind::Pack, None));
                assert_eq!(ledger.balances().0, granted);
            }
            None => {
                assert_eq!(refusal(&mut ledger, &pack("p", usd_cents)), DenialCode::RequestInvalid);
            }
        }
    }
}

#[test]
fn r17_free_credits_come_once_and_an_adjustment_says_why() {
    let mut ledger = Ledger::default();
    let mut give = |kind, id: &str, reason: Option<&str>| {
        let change = grant(&ledger.account, &granting(id, kind, reason), ledger.now);
        ledger.keep(change).map_err(|denial| (denial.code, denial.path)).map(|_| ())
    };
    let invalid = |path: &str| Err((DenialCode::RequestInvalid, Some(path.to_owned())));
    assert_eq!(give(LotKind::Free, "free", None), Ok(()));
    assert_eq!(give(LotKind::Free, "free", None), Ok(()), "the first answer");
    let again = give(LotKind::Free, "free-2", None);
    assert_eq!(again, Err((DenialCode::AlreadyGranted, None)));
    assert_eq!(give(LotKind::Adjustment, "a1", None), invalid("reason"));
    assert_eq!(give(LotKind::Adjustment, "a1", Some(" ")), invalid("reason"));
    assert_eq!(give(LotKind::Adjustment, "a1", Some("two\nlines")), invalid("reason"));
    assert_eq!(give(LotKind::Adjustment, "a1", Some("sorry for Tuesday")), Ok(()));
    assert_eq!(
        give(LotKind::Adjustment, "a1", Some("sorry")),
        Err((DenialCode::ActionIdReused, None))
    );
    assert_eq!(give(LotKind::Promo, "p", Some("why not")), invalid("reason"));
    assert_eq!(give(LotKind::Pro, "pro", None), invalid("kind"), "R36: only a payment makes one");
    assert_eq!(ledger.balances().0, "200");
    // Spent to the last, they are not given again.
    spend(&mut ledger, "all", "200");
    assert_eq!(ledger.account.lots, []);
    let change = grant(&ledger.account, &granting("f3", LotKind::Free, None), ledger.now);
    assert!(
        matches!(change, Err(Refused::Denied(denial)) if denial.code == DenialCode::AlreadyGranted)
    );
}

#[test]
fn r36_a_paid_period_begins_at_the_later_of_start_and_payment_and_ends_at_the_next() {
    for (n, reported, paid, now, from, to) in [
        // In advance, in time, late, with a start that is reported a little off.
        (
            1,
            "2026-02-28T10:00:00Z",
            "2026-02-27T00:00:00Z",
            "2026-02-27T00:00:05Z",
            "2026-02-28T10:00:00Z",
            "2026-03-31T10:00:00Z",
        ),
        (
            1,
            "2026-02-28T10:00:00Z",
            "2026-02-28T10:00:00Z",
            "2026-02-28T10:00:00Z",
            "2026-02-28T10:00:00Z",
            "2026-03-31T10:00:00Z",
        ),
        (
            1,
            "2026-03-01T09:00:00Z",
            "2026-03-02T12:00:00Z",
            "2026-03-02T13:00:00Z",
            "2026-03-02T12:00:00Z",
            "2026-03-31T10:00:00Z",
        ),
        (
            0,
            "2026-01-31T09:59:58Z",
            "2026-01-31T10:00:03Z",
            "2026-01-31T10:00:04Z",
            "2026-01-31T10:00:03Z",
            "2026-02-28T10:00:00Z",
        ),
        // A provider whose clock is ahead of ours does not keep credits back.
        (
            1,
            "2026-02-28T10:00:00Z",
            "2026-03-01T00:00:09Z",
            "2026-03-01T00:00:00Z",
            "2026-03-01T00:00:00Z",
            "2026-03-31T10:00:00Z",
        ),
    ] {
        let mut ledger = Ledger { now: time(now), ..Ledger::default() };
        let periods = monthly();
        let product =
            Product::Pro { subscription: action("sub"), periods, period_start: time(reported) };
        let payment =
            Payment::Paid { payment: action("p"), at: time(paid), usd_cents: 2_000, product };
        let Ok(Answer::Paid(bought)) = ledger.pay(&book(), &payment) else { panic!("{paid}") };
        let made = (bought.grant.effective_at, bought.grant.expires_at);
        assert_eq!(made, (time(from), Some(time(to))), "{paid}");
        let Action::Subscription(known) = &ledger.account.actions[&action("sub")] else { panic!() };
        assert_eq!(known.paid, [n], "{reported}");
    }
}

#[test]
fn r36_a_period_is_one_lot_whoever_pays_how_often() {
    let mut ledger = Ledger::default();
    let first = ledger.pay(&book(), &pro("p1", 1, "2026-02-28T10:00:00Z")).unwrap();
    let sequence = ledger.account.sequence;
    // Told again, at another time and with a start that belongs to the same period.
    let mut again = pro("p1", 1, "2026-02-28T10:00:07Z");
    if let Payment::Paid { product: Product::Pro { period_start, .. }, .. } = &mut again {
        *period_start = time("2026-03-02T00:00:00Z");
    }
    assert_eq!(ledger.pay(&book(), &again).unwrap(), first);
    assert_eq!(ledger.account.sequence, sequence);

    let conflict = DenialCode::PaymentConflict;
    assert_eq!(refusal(&mut ledger, &pro("p2", 1, "2026-02-28T10:00:00Z")), conflict);
    let reused = DenialCode::ActionIdReused;
    assert_eq!(refusal(&mut ledger, &pro("p1", 2, "2026-03-31T10:00:00Z")), reused);
    assert_eq!(refusal(&mut ledger, &pack("p1", 2_000)), reused);
    assert_eq!(refusal(&mut ledger, &pack("sub", 2_000)), reused);
    let moved = |periods: Periods| {
        let (subscription, period_start) = (action("sub"), periods.start(5));
        let product = Product::Pro { subscription, periods, period_start };
        Payment::Paid {
            payment: action("p3"),
            at: time("2026-03-01T00:00:00Z"),
            usd_cents: 2_000,
            product,
        }
    };
    let later = Periods { anchor: time("2026-01-30T10:00:00Z"), ..monthly() };
    assert_eq!(refusal(&mut ledger, &moved(later)), conflict);
    let odd = Periods { months: 3, ..monthly() };
    assert_eq!(refusal(&mut ledger, &moved(odd)), DenialCode::RequestInvalid);
    let mut other = Ledger::default();
    let yearly = Periods { months: 12, ..monthly() };
    assert_eq!(refusal(&mut other, &moved(yearly)), DenialCode::NotOffered);
    // The periods before and after are others.
    ledger.pay(&book(), &pro("p2", 2, "2026-02-28T10:00:00Z")).unwrap();
    ledger.pay(&book(), &pro("p0", 0, "2026-02-28T10:00:00Z")).unwrap();
    let Action::Subscription(known) = &ledger.account.actions[&action("sub")] else { panic!() };
    assert_eq!(known.paid, [0, 1, 2]);
    assert_eq!(ledger.balances().0, "2200", "only the running one counts");
}

#[test]
fn r36_a_period_that_is_over_when_its_payment_is_heard_of_leaves_nothing_but_its_record() {
    let mut ledger = Ledger { now: time("2026-04-01T00:00:00Z"), ..Ledger::default() };
    ledger.pay(&book(), &pro("p", 1, "2026-02-28T10:00:00Z")).unwrap();
    assert_eq!((ledger.balances().0.as_str(), ledger.account.lots.len()), ("0", 0));
    let bought = purchase(&ledger, "p");
    assert_eq!(bought.expired, bought.grant.amount);
}

#[test]
fn r36_e11_two_webhooks_and_a_reader_race_and_one_lot_is_made() {
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pro("p1", 1, "2026-02-28T10:00:00Z")).unwrap();
    ledger.now = time("2026-03-31T10:00:00Z");
    // Whoever comes first: the renewal is told twice, and somebody looks.
    assert_eq!(ledger.balances().0, "0", "a reader closes and opens nothing");
    let renewal = pro("p2", 2, "2026-03-31T10:00:00Z");
    let first = ledger.pay(&book(), &renewal).unwrap();
    assert_eq!(ledger.balances().0, "2200");
    assert_eq!(ledger.pay(&book(), &renewal).unwrap(), first);
    assert_eq!(ledger.balances().0, "2200");
    assert_eq!(ledger.account.lots.len(), 1);
}

#[test]
fn r36_past_due_says_payment_problem_and_leaves_the_rest_usable() {
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pro("p1", 1, "2026-02-28T10:00:00Z")).unwrap();
    ledger.now = time("2026-03-31T10:00:00Z");
    let failed = Payment::Failed {
        payment: action("p2"),
        at: ledger.now,
        subscription: Some(action("sub")),
    };
    ledger.pay(&book(), &failed).unwrap();
    assert_eq!(ledger.account.lots, [], "no new lot");
    let denial = send(&mut ledger).unwrap_err();
    assert_eq!(denial.code, DenialCode::CreditsExhausted);
    assert!(denial.message.contains("payment for Pro did not go through"), "{}", denial.message);
    assert_eq!(denial.remedies, [Remedy::MendPayment, Remedy::BuyPack { usd_min: 10 }]);
    // So it is where something is left, and too little.
    ledger.grant("little", LotKind::Promo, "0.01");
    let denial = send(&mut ledger).unwrap_err();
    assert_eq!(denial.code, DenialCode::CreditsInsufficient);
    assert!(denial.message.contains("payment for Pro did not go through"), "{}", denial.message);
    assert!(denial.remedies.contains(&Remedy::MendPayment), "{:?}", denial.remedies);

    ledger.pay(&book(), &pack("pack", 1_000)).unwrap();
    send(&mut ledger).unwrap();
    assert!(ledger.account.standing(ledger.now).unwrap().past_due);
    // The next attempt works.
    ledger.now = time("2026-04-02T00:00:00Z");
    ledger.pay(&book(), &pro("p2", 2, "2026-04-01T12:00:00Z")).unwrap();
    let standing = ledger.account.standing(ledger.now).unwrap();
    assert_eq!((standing.past_due, standing.plan), (false, PlanId::Pro));
    // What failed before it was paid is told late.
    ledger.pay(&book(), &failed).unwrap();
    assert!(!ledger.account.standing(ledger.now).unwrap().past_due);
    // A pack that was not paid changes nothing at all.
    let sequence = ledger.account.sequence;
    let failed = Payment::Failed { payment: action("p9"), at: ledger.now, subscription: None };
    ledger.pay(&book(), &failed).unwrap();
    assert_eq!(ledger.account.sequence, sequence);
}

/// What is told of a time to come would be the last word until then: a little ahead is another's
/// clock, more is a mistake.
#[test]
fn r36_what_is_told_of_a_time_to_come_is_not_believed() {
    let ahead = |ledger: &Ledger, seconds| {
        let subscription = action("sub");
        let at = ledger.now.plus_seconds(AHEAD_SECONDS_MAX + seconds);
        let changed = SubscriptionStatus::PastDue;
        [
            Payment::SubscriptionChanged {
                subscription: subscription.clone(),
                at,
                status: changed,
            },
            Payment::Failed { payment: action("f"), at, subscription: Some(subscription) },
        ]
    };
    let mut ledger = Ledger::default();
    for fact in ahead(&ledger, 1) {
        let denial = ledger.pay(&book(), &fact).unwrap_err();
        let told = (denial.code, denial.path.as_deref(), denial.transient);
        assert_eq!(told, (DenialCode::RequestInvalid, Some("at"), true));
    }
    assert_eq!(ledger.account.sequence, 0);
    let told = ahead(&ledger, 0);
    for fact in told.iter().chain(&told) {
        ledger.pay(&book(), fact).unwrap();
    }
    assert_eq!(ledger.account.sequence, 1, "told again it is known");
    // Paid is paid, whatever the clock said: it counts from now.
    ledger.pay(&book(), &pro("p", 1, "2027-01-01T00:00:00Z")).unwrap();
    assert_eq!(purchase(&ledger, "p").paid_at, ledger.now);
    ledger.now = ledger.now.plus_seconds(AHEAD_SECONDS_MAX + 1);
    ledger.pay(&book(), &status(SubscriptionStatus::Active, &ledger.now.to_string())).unwrap();
    assert!(!ledger.account.standing(ledger.now).unwrap().past_due);
}

/// R27: a payment that failed with the id of its subscription could never be paid.
#[test]
fn r27_a_failed_payment_and_its_subscription_cannot_have_one_id() {
    let mut ledger = Ledger::default();
    let subscription = Some(action("sub"));
    let failed = Payment::Failed { payment: action("sub"), at: ledger.now, subscription };
    assert_eq!(refusal(&mut ledger, &failed), DenialCode::ActionIdReused);
    ledger.pay(&book(), &pack("sub", 1_000)).unwrap();
}

#[test]
fn r36_of_two_changes_the_later_stands_in_whatever_order_they_come() {
    use SubscriptionStatus::{Active, Cancelled, PastDue};
    let changes = [
        (PastDue, "2026-03-31T10:00:00Z"),
        (Active, "2026-04-01T10:00:00Z"),
        (PastDue, "2026-04-30T10:00:00Z"),
        (Cancelled, "2026-05-02T10:00:00Z"),
        // At the same instant the more final one stands.
        (PastDue, "2026-05-02T10:00:00Z"),
    ];
    for (first, other) in
        (0..changes.len()).flat_map(|one| (0..changes.len()).map(move |two| (one, two)))
    {
        let mut ledger = Ledger { now: time("2026-05-03T00:00:00Z"), ..Ledger::default() };
        for index in [first, other].into_iter().chain(0..changes.len()).chain([other, first]) {
            let (what, at) = changes[index];
            ledger.pay(&book(), &status(what, at)).unwrap();
        }
        let Action::Subscription(known) = &ledger.account.actions[&action("sub")] else { panic!() };
        assert_eq!((known.status, known.status_at), (Cancelled, time("2026-05-02T10:00:00Z")));
        assert!(!ledger.account.standing(ledger.now).unwrap().past_due);
    }
    let mut ledger = Ledger::default();
    for id in ["sub-1", "sub-2"] {
        let (subscription, at) = (action(id), ledger.now);
        let change = Payment::SubscriptionChanged { subscription, at, status: PastDue };
        ledger.pay(&book(), &change).unwrap();
    }
    let (subscription, at) = (action("sub-1"), ledger.now);
    let change = Payment::SubscriptionChanged { subscription, at, status: Active };
    ledger.pay(&book(), &change).unwrap();
    assert!(ledger.account.standing(ledger.now).unwrap().past_due, "the other still is");
}

#[test]
fn r37_at_one_instant_the_old_period_ends_before_the_new_one_is_used() {
    let boundary = "2026-03-31T10:00:00Z";
    let mut ledger = Ledger { now: time("2026-03-31T09:59:30Z"), ..Ledger::default() };
    ledger.pay(&book(), &pro("p1", 1, "2026-02-28T10:00:00Z")).unwrap();
    // Paid in advance; it begins at the boundary.
    ledger.pay(&book(), &pro("p2", 2, "2026-03-31T09:00:00Z")).unwrap();
    let [old, new] = [1, 2].map(LotId);
    let before = priced("5");
    ledger.authorize(&before, "before", &request(Task::Direct, &["top"], 10)).unwrap();
    ledger.now = time(boundary);
    let Ok(Answer::Authorized(hold)) = send(&mut ledger) else { panic!() };
    assert_eq!(hold.lots.iter().map(|part| part.lot).collect::<Vec<_>>(), [new]);
    let expired = ledger.account.totals.breakage;
    assert_eq!(expired, credits("2195"), "all of the old period but what was held");

    ledger.settle(&before, ("before", 0), "top", &[]).unwrap();
    let drawn = ledger.account.hold(&action("before")).unwrap().lots[0].lot;
    assert_eq!((drawn, ledger.account.totals.revenue), (old, credits("5")));
    // A revocation at the instant of a lot's end finds that it has ended.
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pro("p1", 1, "2026-02-28T10:00:00Z")).unwrap();
    ledger.now = time(boundary);
    let denial = ledger.revoke("r", LotId(1), "at its end").unwrap_err();
    assert_eq!(denial.code, DenialCode::RequestInvalid);
    let swept = kumari_engine::period::advance(&ledger.account, ledger.now);
    assert_eq!(swept.unwrap().account.totals.breakage, credits("2200"));
}

#[test]
fn r38_a_subscriptions_life_never_touches_packs_nor_gives_the_free_credits_again() {
    let mut ledger = Ledger::default();
    ledger.grant("free", LotKind::Free, "100");
    ledger.pay(&book(), &pack("pack", 1_000)).unwrap();
    let others: Vec<Lot> = ledger.account.lots.clone();
    let check = |ledger: &Ledger, plan, left: &str| {
        let advanced = kumari_engine::period::advance(&ledger.account, ledger.now).unwrap().account;
        let kept: Vec<Lot> =
            advanced.lots.iter().filter(|lot| lot.kind != LotKind::Pro).cloned().collect();
        assert_eq!(kept, others);
        let standing = advanced.standing(ledger.now).unwrap();
        assert_eq!((standing.plan, standing.available), (plan, credits(left)));
    };
    ledger.pay(&book(), &pro("p1", 1, "2026-03-01T00:00:00Z")).unwrap();
    check(&ledger, PlanId::Pro, "3300");
    // Cancelled: the lot lives to its period's end.
    ledger.now = time("2026-03-10T00:00:00Z");
    ledger.pay(&book(), &status(SubscriptionStatus::Cancelled, "2026-03-10T00:00:00Z")).unwrap();
    ledger.now = time("2026-03-31T09:59:59.999Z");
    check(&ledger, PlanId::Pro, "3300");
    ledger.now = time("2026-03-31T10:00:00Z");
    check(&ledger, PlanId::Free, "1100");
    // Subscribed again, under another id and with another anchor.
    ledger.now = time("2026-05-05T00:00:00Z");
    let periods = Periods { anchor: ledger.now, months: 1 };
    let (subscription, period_start) = (action("sub-2"), ledger.now);
    let product = Product::Pro { subscription, periods, period_start };
    let again = Payment::Paid { payment: action("p2"), at: ledger.now, usd_cents: 2_000, product };
    ledger.pay(&book(), &again).unwrap();
    check(&ledger, PlanId::Pro, "3300");
    let change = grant(&ledger.account, &granting("free-2", LotKind::Free, None), ledger.now);
    assert!(
        matches!(change, Err(Refused::Denied(denial)) if denial.code == DenialCode::AlreadyGranted)
    );
}

#[test]
fn r32_e12_one_second_after_its_end_a_pro_lot_counts_as_nothing() {
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pro("p", 1, "2026-02-28T10:00:00Z")).unwrap();
    ledger.now = time("2026-03-31T10:00:01Z");
    assert_eq!(ledger.balances().0, "0");
    assert_eq!(send(&mut ledger).unwrap_err().code, DenialCode::CreditsExhausted);
    let after = |ledger: &Ledger| ledger.account.standing(ledger.now).unwrap().available;
    ledger.pay(&book(), &pack("pack", 1_000)).unwrap();
    assert_eq!(after(&ledger), credits("1000"));
    assert_eq!(purchase(&ledger, "p").expired, credits("2200"));
}
