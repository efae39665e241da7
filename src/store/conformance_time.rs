//! Cases: what time does to accounts, swept or not (R26, R32).

use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, chat_rows, credits, request,
};
use crate::store::{Store, Wanted};
use kumari_engine::account::{Account, Action, Answer};
use kumari_engine::authorize::HOLD_TTL_SECONDS;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::renew::Renew;
use kumari_engine::settle::LegEnd;
use kumari_engine::time::Timestamp;
use std::sync::Arc;

/// How long a hold stays open that nobody renews, in seconds.
const HOLD_SECONDS: u32 = HOLD_TTL_SECONDS;

/// A load brings the actions that it names, and the holds whose time has come, and no others.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn actions_are_loaded_by_name_and_due_holds_by_time(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    let send = |number| -> Result<Command, Failure> {
        Ok(Command::authorize(action(number)?, request(&["lite"], 100)?)?)
    };
    desk.run(&id, Command::grant(action(1)?, credits(20), None)).await?;
    desk.run(&id, send(2)?).await?;
    desk.clock.set(at(10));
    desk.run(&id, send(3)?).await?;
    desk.run(&id, send(4)?).await?;
    desk.run(&id, Command::settle(action(4)?, 0, "lite", 10)?).await?;
    // Another account with the same action ids.
    desk.run(&account(2)?, Command::grant(action(3)?, credits(20), None)).await?;

    let table: [(&[u64], u32, &[u64]); 7] = [
        (&[], 0, &[]),
        (&[1, 4], 0, &[1, 4]),
        (&[1, 1, 99], 0, &[1]),
        (&[], HOLD_SECONDS - 1, &[]),
        (&[], HOLD_SECONDS, &[2]),
        (&[3], HOLD_SECONDS, &[2, 3]),
        (&[2], HOLD_SECONDS + 10, &[2, 3]),
    ];
    for (named, seconds, expected) in table {
        let loaded = load(&*store, &id, named, at(seconds)).await?;
        let expected: Result<Vec<ActionId>, _> = expected.iter().copied().map(action).collect();
        let found: Vec<ActionId> = loaded.actions.into_keys().collect();
        assert_eq!(found, expected?, "{named:?} at {seconds}");
    }
    let ended = load(&*store, &id, &[1, 4], at(10)).await?;
    assert!(matches!(ended.actions.get(&action(1)?), Some(Action::Grant(_))));
    assert!(ended.hold(&action(4)?).is_some_and(|hold| !hold.is_open()));
    let other = load(&*store, &account(2)?, &[3, 2], at(0)).await?;
    assert!(matches!(other.actions.get(&action(3)?), Some(Action::Grant(_))));
    assert_eq!(other.actions.len(), 1);
    Ok(())
}

/// At its deadline a hold is over for every reader; the sweep writes it down, once, with its chat.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn holds_expire_by_read_and_by_sweep(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    desk.run(&id, Command::grant(action(1)?, credits(20), None)).await?;
    desk.run(&id, Command::authorize(action(2)?, request(&["lite", "top"], 100)?)?).await?;

    desk.clock.set(at(HOLD_SECONDS - 1));
    let open = desk.ledger.read(&id, &[]).await?;
    assert_eq!((open.open_holds, open.sequence), (1, 2));
    assert_eq!(store.accounts_due(desk.ledger.now(), None, 10).await?, []);

    desk.clock.set(at(HOLD_SECONDS));
    let now = desk.ledger.now();
    let read = desk.ledger.read(&id, &[action(2)?]).await?;
    assert_eq!(read.standing(now)?.available, credits(20), "R32");
    assert!(read.hold(&action(2)?).is_some_and(|hold| !hold.is_open()));
    assert_eq!(store.entries(&id, 0, 10).await?.len(), 2, "a read wrote something");
    assert_eq!(statuses(&desk, &id).await?, ["sent", "running", "running"]);

    assert_eq!(store.accounts_due(now, None, 10).await?, std::slice::from_ref(&id));
    let swept = desk.ledger.sweep(None, 10, chat_rows).await?;
    assert_eq!((swept.advanced.as_slice(), swept.next), ([id.clone()].as_slice(), None));
    assert!(swept.failed.is_empty(), "{:?}", swept.failed);
    assert_eq!(statuses(&desk, &id).await?, ["sent", "expired", "expired"]);
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!((stored.open_holds, entries.len()), (0, 4));
    assert_eq!(stored.standing(now)?.available, credits(20));

    assert_eq!(store.accounts_due(now, None, 10).await?, []);
    assert_eq!(desk.ledger.sweep(None, 10, chat_rows).await?.advanced, []);
    assert_eq!(desk.stored(&id).await?.1.len(), 4, "swept twice");
    Ok(())
}

/// R26: a hold that is renewed is due at its new deadline, and at no other.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_renewed_hold_is_due_later(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    desk.run(&id, Command::grant(action(1)?, credits(20), None)).await?;
    desk.run(&id, Command::authorize(action(2)?, request(&["lite"], 100)?)?).await?;
    desk.clock.set(at(HOLD_SECONDS - 1));
    desk.run(&id, Command::Renew(Renew { action_id: action(2)? })).await?;
    let later = HOLD_SECONDS - 1 + HOLD_SECONDS;
    for (seconds, is_due) in [(HOLD_SECONDS, false), (later - 1, false), (later, true)] {
        let due = store.accounts_due(at(seconds), None, 10).await?;
        let held = load(&*store, &id, &[], at(seconds)).await?;
        assert_eq!((due.len(), held.actions.len()), (is_due.into(), is_due.into()), "at {seconds}");
    }
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!(entries.len(), 3);
    assert_eq!(stored.hold(&action(2)?).map(|hold| hold.deadline), Some(at(later)));
    Ok(())
}

/// R26: a settlement after the deadline captures nothing and is recorded, whoever expired the hold.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_late_settlement_captures_nothing(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    for (number, is_swept) in [(1, true), (2, false)] {
        let id = account(number)?;
        desk.clock.set(at(0));
        desk.run(&id, Command::grant(action(1)?, credits(20), None)).await?;
        desk.run(&id, Command::authorize(action(2)?, request(&["lite"], 100)?)?).await?;
        desk.clock.set(at(HOLD_SECONDS + 5));
        if is_swept {
            desk.ledger.sweep(None, 10, chat_rows).await?;
        }
        let late = Command::settle(action(2)?, 0, "lite", 10)?;
        let change = desk.run(&id, late).await?;
        let recorded = matches!(
            &change.answer,
            Answer::Ended(LegEnd::Expired { late: Some(late), .. }) if late.absorbed.is_positive()
        );
        assert!(recorded, "{:?}", change.answer);
        assert_eq!(change.standing.available, credits(20));
        let (_, entries) = desk.stored(&id).await?;
        assert_eq!(entries.len(), 4, "swept: {is_swept}");
    }
    Ok(())
}

/// E12: at its end a lot counts as nothing in every read, before any sweep; the sweep writes it
/// down.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn lots_end_before_any_sweep(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    desk.run(&id, Command::grant(action(1)?, credits(3), Some(at(100)))).await?;
    desk.run(&id, Command::grant(action(2)?, credits(4), Some(at(200)))).await?;
    desk.run(&id, Command::grant(action(3)?, credits(5), None)).await?;
    let table = [(99, 12, 0), (100, 9, 1), (101, 9, 1), (200, 5, 1)];
    for (seconds, available, due) in table {
        desk.clock.set(at(seconds));
        let read = desk.ledger.read(&id, &[]).await?;
        assert_eq!(read.standing(at(seconds))?.available, credits(available), "at {seconds}");
        assert_eq!(store.accounts_due(at(seconds), None, 10).await?.len(), due, "at {seconds}");
    }
    assert_eq!(store.entries(&id, 0, 10).await?.len(), 3);
    desk.clock.set(at(150));
    assert_eq!(desk.ledger.sweep(None, 10, chat_rows).await?.advanced, std::slice::from_ref(&id));
    assert_eq!(store.entries(&id, 0, 10).await?.len(), 4);
    assert_eq!(store.accounts_due(at(199), None, 10).await?, []);
    assert_eq!(store.accounts_due(at(200), None, 10).await?, [id]);
    Ok(())
}

/// What is due comes in pages that miss nobody and repeat nobody.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn accounts_due_are_listed_in_pages(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    for number in 0..7 {
        let id = account(number)?;
        // Those with an even number are due by a lot, every third by a hold too.
        let ends_at = (number % 2 == 0).then(|| at(50));
        desk.run(&id, Command::grant(action(1)?, credits(1), ends_at)).await?;
        if number % 3 == 0 {
            desk.run(&id, Command::authorize(action(2)?, request(&["lite"], 100)?)?).await?;
        }
    }
    desk.clock.set(at(HOLD_SECONDS));
    let all = store.accounts_due(at(HOLD_SECONDS), None, 100).await?;
    let expected: Result<Vec<AccountId>, _> = [0, 2, 3, 4, 6].into_iter().map(account).collect();
    assert_eq!(all, expected?);

    let (mut last, mut paged) = (None, Vec::new());
    for _ in 0..4 {
        let page = store.accounts_due(at(HOLD_SECONDS), last.as_ref(), 2).await?;
        last = page.last().cloned().or(last);
        paged.extend(page);
    }
    assert_eq!(paged, all);

    let (mut after, mut swept) = (None, Vec::new());
    for (advanced, is_last) in [(2, false), (2, false), (1, true)] {
        let page = desk.ledger.sweep(after.as_ref(), 2, chat_rows).await?;
        assert_eq!((page.advanced.len(), page.next.is_none()), (advanced, is_last));
        swept.extend(page.advanced);
        after = page.next;
    }
    assert_eq!(swept, all);
    assert_eq!(store.accounts_due(at(HOLD_SECONDS), None, 100).await?, []);
    Ok(())
}

async fn load(
    store: &dyn Store,
    account: &AccountId,
    named: &[u64],
    now: Timestamp,
) -> Result<Account, Failure> {
    let actions: Result<Vec<ActionId>, _> = named.iter().copied().map(action).collect();
    let wanted = Wanted { account: account.clone(), actions: actions? };
    let loaded = store.load(&[wanted], now).await?;
    loaded.into_iter().next().ok_or_else(|| "no account".into())
}

async fn statuses(desk: &Desk, account: &AccountId) -> Result<Vec<&'static str>, Failure> {
    let chat = desk.store().action_chat(account, &action(2)?).await?;
    let messages = chat.map(|chat| chat.messages).unwrap_or_default();
    Ok(messages.iter().map(|message| message.status.name()).collect())
}
