use super::{Effect, Event, Model};
use crate::client_types::{Balance, ClientError, PendingAction, PendingKind, Session, Status};
use kumari_engine::calibration::Calibration;
use kumari_engine::denial::DenialCode;
use kumari_engine::eligibility::Eligibility;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Request;
use serde_json::{Value, json};
use std::rc::Rc;

const BOOK: &str = include_str!("../../pkg/tests/book.json");

/// The small book of the package's tests, with another charge step where asked.
fn book(charge_step: &str) -> Rc<PublishedBook> {
    let mut book: Value = serde_json::from_str(BOOK).unwrap();
    book["charge_step"] = json!(charge_step);
    Rc::new(kumari_wire::read_published(&book.to_string()).unwrap())
}

fn balance(version: u64, second: u32, available: &str) -> Balance {
    serde_json::from_value(json!({
        "version": version, "as_of": format!("2026-11-23T10:00:{second:02}Z"), "lots": [],
        "standing": {
            "settled": available, "held": "0", "available": available, "open_holds": 0,
            "plan": "free", "closed": false, "disputed": false,
        },
    }))
    .unwrap()
}

fn session(account: &str) -> Session {
    Session {
        account_id: account.parse().unwrap(),
        guest: true,
        name: None,
        demo_payments: true,
        tasks: Vec::new(),
    }
}

fn request(output_tokens_max: Option<u64>) -> Request {
    let mut request = json!({
        "task": "direct", "models": ["quill"], "input_tokens": { "o200k_base": 1_234 }, "messages": 1,
    });
    if let Some(max) = output_tokens_max {
        request["output_tokens_max"] = json!(max);
    }
    serde_json::from_value(request).unwrap()
}

fn pending(id: &str) -> PendingAction {
    PendingAction { action_id: id.parse().unwrap(), kind: PendingKind::Send }
}

fn restored(book: Option<Rc<PublishedBook>>, balance: Option<Balance>) -> Event {
    Event::Restored { session: None, book, balance, pending: Vec::new() }
}

fn after(events: impl IntoIterator<Item = Event>) -> Model {
    let mut model = Model::default();
    for event in events {
        model.apply(event);
    }
    model
}

#[test]
fn the_status_says_how_fresh_the_state_is() {
    let live = || {
        vec![
            Event::SessionOpened(session("a")),
            Event::BookRead(book("0.01")),
            Event::BalanceRead(balance(1, 0, "5")),
            Event::Connected,
        ]
    };
    let with = |mut events: Vec<Event>, last: Event| {
        events.push(last);
        events
    };
    let cached = || restored(Some(book("0.01")), Some(balance(1, 0, "5")));
    let cases = [
        ("at first", vec![], Status::Loading, None),
        ("nothing kept", vec![restored(None, None)], Status::Loading, None),
        ("kept", vec![cached()], Status::Cached, Some("2026-11-23T10:00:00Z")),
        ("all there", live(), Status::Live, None),
        (
            "kept, no network",
            vec![cached(), Event::Disconnected],
            Status::Offline,
            Some("2026-11-23T10:00:00Z"),
        ),
        (
            "network lost",
            with(live(), Event::Disconnected),
            Status::Offline,
            Some("2026-11-23T10:00:00Z"),
        ),
        (
            "network back",
            with(with(live(), Event::Disconnected), Event::Connected),
            Status::Live,
            None,
        ),
        (
            "kept, connected, but no balance from the server",
            vec![cached(), Event::BookRead(book("0.01")), Event::Connected],
            Status::Cached,
            Some("2026-11-23T10:00:00Z"),
        ),
        ("no network and nothing kept", vec![Event::Disconnected], Status::Offline, None),
    ];
    for (what, events, status, as_of) in cases {
        let state = after(events).state();
        assert_eq!(state.status, status, "{what}");
        assert_eq!(state.as_of.map(|at| at.to_string()).as_deref(), as_of, "{what}");
    }
}

#[test]
fn an_older_balance_never_replaces_a_newer_one() {
    let version_after = |events: Vec<Event>| {
        let state = after(events).state();
        state.balance.map(|balance| (balance.version, balance.as_of.to_string()))
    };
    let at = |second: u32| format!("2026-11-23T10:00:{second:02}Z");
    let read = |version, second| Event::BalanceRead(balance(version, second, "5"));
    let cases = [
        ("newer", vec![read(1, 0), read(2, 1)], (2, at(1))),
        ("overtaken", vec![read(2, 1), read(1, 5)], (2, at(1))),
        ("same version, later", vec![read(2, 1), read(2, 9)], (2, at(9))),
        ("same version, overtaken", vec![read(2, 9), read(2, 1)], (2, at(9))),
        (
            "cache comes late",
            vec![read(2, 1), restored(None, Some(balance(9, 9, "1")))],
            (2, at(1)),
        ),
        ("another tab", vec![read(1, 0), Event::BalanceShared(balance(3, 2, "5"))], (3, at(2))),
    ];
    for (what, events, expected) in cases {
        assert_eq!(version_after(events), Some(expected), "{what}");
    }
}

#[test]
fn another_account_starts_from_nothing() {
    let mut model =
        after([Event::SessionOpened(session("a")), Event::BalanceRead(balance(9, 0, "5"))]);
    assert_eq!(
        model.apply(Event::SessionOpened(session("a"))),
        [Effect::KeepSession, Effect::Tell]
    );
    assert!(model.state().balance.is_some());

    let effects = model.apply(Event::SessionOpened(session("b")));
    assert_eq!(effects, [Effect::KeepSession, Effect::ForgetBalance, Effect::Tell]);
    assert_eq!(model.state().balance, None);
    // The other account's sequence is smaller, and taken all the same.
    model.apply(Event::BalanceRead(balance(1, 0, "7")));
    assert_eq!(model.state().balance.map(|balance| balance.version), Some(1));
}

#[test]
fn the_draft_is_priced_with_whatever_is_known() {
    let mut model = after([Event::Drafted(Some(request(None)), Vec::new())]);
    let draft = |model: &Model| model.state().draft.unwrap();
    assert_eq!((draft(&model).estimate, draft(&model).eligibility), (None, None));

    model.apply(Event::BookRead(book("0.01")));
    let price = draft(&model).estimate.unwrap();
    assert_eq!(price.low.to_string(), "0.81");
    assert_eq!(draft(&model).eligibility, None);

    model.apply(Event::BalanceRead(balance(1, 0, "100")));
    assert!(matches!(draft(&model).eligibility, Some(Eligibility::Allowed(_))));

    model.apply(Event::BookRead(book("0.5")));
    assert_eq!(draft(&model).estimate.unwrap().low.to_string(), "1", "the price follows the book");

    model.apply(Event::BalanceRead(balance(2, 1, "0")));
    let Some(Eligibility::Denied(denial)) = draft(&model).eligibility else { panic!("not denied") };
    assert_eq!(denial.code, DenialCode::CreditsExhausted);
    assert!(model.quote().is_err());

    model.apply(Event::Drafted(None, Vec::new()));
    assert_eq!(model.state().draft, None);
}

#[test]
fn what_is_shown_is_what_is_quoted_caps_included() {
    // 4 096 output tokens would cost more than there is: the balance caps them.
    let mut model = after([
        Event::BookRead(book("0.01")),
        Event::BalanceRead(balance(1, 0, "2")),
        Event::Drafted(Some(request(None)), Vec::new()),
    ]);
    let price = model.state().draft.unwrap().estimate.unwrap();
    let (_, quote) = model.quote().unwrap();
    assert!(quote.caps.output_tokens.is_some(), "{quote:?}");
    assert_eq!((quote.high, &quote.caps), (price.high, &price.caps));
    assert_eq!(quote.price_book, price.price_book);
    assert_eq!(quote.rules, kumari_engine::RULES_VERSION);

    model.apply(Event::BalanceRead(balance(2, 1, "100")));
    let (_, quote) = model.quote().unwrap();
    assert!(quote.caps.is_none());
    assert_eq!(quote.high, model.state().draft.unwrap().estimate.unwrap().high);
}

#[test]
fn a_book_is_fetched_when_it_is_another_one() {
    let mut model = after([restored(Some(book("0.01")), None)]);
    let named = |charge_step| Event::BookNamed(book(charge_step).version.clone());
    assert_eq!(model.apply(named("0.01")), [Effect::FetchBook], "what was kept is not confirmed");
    assert_eq!(model.apply(Event::BookRead(book("0.01"))), [Effect::Tell], "nothing new to keep");
    assert_eq!(model.apply(named("0.01")), []);
    assert_eq!(model.apply(named("0.05")), [Effect::FetchBook]);
    assert_eq!(model.apply(Event::BookRead(book("0.05"))), [Effect::KeepBook, Effect::Tell]);
}

/// One model's answers, always so long.
fn calibration(tokens: u64) -> Calibration {
    let output = json!({"p10": tokens, "p50": tokens, "p90": tokens});
    let band = json!({"above_input_tokens": 0, "settlements": 30, "output_tokens": output});
    let row = json!({"task": "direct", "model": "quill", "bands": [band]});
    let text = json!({"schema": 1, "rows": [row]}).to_string();
    kumari_wire::read_calibration(&text).unwrap()
}

#[test]
fn the_likely_price_follows_the_calibration() {
    let mut model = after([
        Event::BookRead(book("0.01")),
        Event::BalanceRead(balance(1, 0, "100")),
        Event::Drafted(Some(request(None)), Vec::new()),
    ]);
    let price = |model: &Model| {
        let price = model.state().draft.unwrap().estimate.unwrap();
        let likely = price.likely.map(|likely| likely.low.to_string());
        (price.expected.to_string(), likely)
    };
    let (plain, quote) = (price(&model), model.quote().unwrap().1);
    assert_eq!(plain, ("1.38".to_owned(), None));
    assert_eq!(model.apply(Event::CalibrationRead(calibration(200))), [Effect::Tell]);
    assert_eq!(price(&model), ("1.01".to_owned(), Some("1.01".to_owned())));
    assert_eq!(model.quote().unwrap().1, quote, "nobody is asked for more or less");
    // Under the caps of a balance, too, which takes fewer than 100 tokens here.
    model.apply(Event::BalanceRead(balance(2, 1, "0.9")));
    let capped = model.state().draft.unwrap().estimate.unwrap();
    assert_eq!((capped.expected, capped.likely.unwrap().high), (capped.high, capped.high));
    assert_eq!(capped.caps.output_tokens, model.quote().unwrap().1.caps.output_tokens);
    // A denial is the one that admission would give, which knows of no calibration.
    model.apply(Event::BalanceRead(balance(3, 2, "0.01")));
    let draft = model.state().draft.unwrap();
    assert!(draft.estimate.unwrap().likely.is_some());
    let Some(Eligibility::Denied(denial)) = draft.eligibility else { panic!("not denied") };
    assert_eq!(denial.estimate.unwrap().likely, None);
    model.apply(Event::BalanceRead(balance(4, 3, "100")));
    model.apply(Event::CalibrationRead(Calibration::default()));
    assert_eq!(price(&model), plain);
}

#[test]
fn pending_commands_are_shown_until_they_end_and_have_a_limit() {
    let mut model = after((0..super::PENDING_MAX).map(|n| Event::Began(pending(&format!("a{n}")))));
    assert!(!model.has_room());
    model.apply(Event::Ended("a3".parse().unwrap()));
    assert!(model.has_room());
    let ids: Vec<_> = model.state().pending.into_iter().map(|it| it.action_id).collect();
    assert_eq!(ids.len(), super::PENDING_MAX - 1);
    assert!(!ids.contains(&"a3".parse().unwrap()));
}

#[test]
fn an_error_is_shown_until_something_goes_right() {
    let error = ClientError { code: "engine_outdated".to_owned(), message: "x".to_owned() };
    let mut model = after([Event::Faulted(error.clone())]);
    model.apply(Event::Drafted(Some(request(None)), Vec::new()));
    assert_eq!(model.state().error, Some(error));
    model.apply(Event::Connected);
    assert_eq!(model.state().error, None);
}
