//! Cases: commits, the fence, and races for it (R21, R27).

use crate::conformance::rebuilt;
use crate::error::StoreError;
use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, chat_rows, credits, request,
};
use crate::ledger::{Done, LOSSES_MAX, LedgerError};
use crate::store::{Commit, CommitOutcome, Decide, Decided, Store, Wanted};
use kumari_engine::account::{Account, Answer, Change};
use kumari_engine::denial::DenialCode;
use kumari_engine::id::AccountId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Barrier;
use tokio::task::{JoinSet, block_in_place};

/// How many race in a crowd.
const CROWD: u64 = 64;

/// An account that nobody has written to is there, and empty; loads keep their order.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_fresh_account_is_empty(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let (fresh, used) = (account(1)?, account(2)?);
    let grant = Command::grant(action(1)?, credits(5), None);
    let done = desk.run(&used, grant).await?;
    let wanted = [wanted(&fresh), wanted(&used), wanted(&fresh)];
    let mut without_actions = rebuilt(&used, &done.entries)?;
    without_actions.actions.clear();
    assert_eq!(
        store.load(&wanted, at(0)).await?,
        [Account::new(fresh.clone()), without_actions, Account::new(fresh.clone())]
    );
    assert_eq!(store.load(&[], at(0)).await?, []);
    assert_eq!(store.entries(&fresh, 0, 10).await?, []);
    assert_eq!(store.entries(&used, 1, 10).await?, []);
    assert_eq!(store.entries(&used, u64::MAX, 10).await?, []);
    store.ping().await?;
    Ok(())
}

/// Of two commits that were decided on the same sequence one wins; the other leaves nothing.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_commit_wins_or_loses_by_its_fence(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    // The first entry of an account, and one on top of others, pass different fences.
    for round in 0..3 {
        let loaded = load(&*store, &id).await?;
        let first = commit(&desk, &loaded, Command::grant(action(10 + round)?, credits(1), None))?;
        let second = commit(&desk, &loaded, Command::grant(action(20 + round)?, credits(9), None))?;
        assert_eq!(store.commit(vec![first.clone()]).await?, [CommitOutcome::Won]);
        assert_eq!(store.commit(vec![second]).await?, [CommitOutcome::Lost], "round {round}");
        assert_eq!(store.commit(vec![first]).await?, [CommitOutcome::Lost], "round {round}");
    }
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!(stored.standing(at(0))?.available, credits(3));
    assert_eq!((stored.sequence, entries.len(), stored.actions.len()), (3, 3, 3));

    // Decided on entries that are not there yet.
    let mut ahead = stored;
    ahead.sequence = 7;
    let ahead = commit(&desk, &ahead, Command::grant(action(30)?, credits(1), None))?;
    assert_eq!(store.commit(vec![ahead.clone()]).await?, [CommitOutcome::Lost]);
    let mut nobody = Change::clone(&ahead.change);
    nobody.account.id = account(2)?;
    let nobody = Commit { change: Arc::new(nobody), ..ahead };
    assert_eq!(store.commit(vec![nobody]).await?, [CommitOutcome::Lost]);
    assert_eq!(load(&*store, &account(2)?).await?, Account::new(account(2)?));
    Ok(())
}

/// Commits of many accounts go in together; who loses does not disturb the others.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn many_commits_at_once_do_not_disturb_each_other(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let mut commits = Vec::new();
    let mut expected = Vec::new();
    for number in 0..50 {
        let id = account(number)?;
        let fresh = load(&*store, &id).await?;
        commits.push(commit(&desk, &fresh, Command::grant(action(1)?, credits(1), None))?);
        if number % 3 == 0 {
            desk.run(&id, Command::grant(action(2)?, credits(7), None)).await?;
            expected.push((CommitOutcome::Lost, credits(7)));
        } else {
            expected.push((CommitOutcome::Won, credits(1)));
        }
    }
    let outcomes = store.commit(commits).await?;
    assert_eq!(outcomes.len(), expected.len());
    for ((number, outcome), (expected, available)) in (0..).zip(outcomes).zip(expected) {
        let (stored, entries) = desk.stored(&account(number)?).await?;
        assert_eq!(outcome, expected, "account {number}");
        assert_eq!(stored.standing(at(0))?.available, available, "account {number}");
        assert_eq!((stored.sequence, entries.len()), (1, 1), "account {number}");
    }
    Ok(())
}

/// What no engine decides is refused, and nothing of the call is written.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn malformed_commits_are_refused_whole(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let fresh = Account::new(account(1)?);
    let good = commit(&desk, &fresh, Command::grant(action(1)?, credits(1), None))?;
    let neighbour = Account::new(account(2)?);
    let neighbour = commit(&desk, &neighbour, Command::grant(action(1)?, credits(1), None))?;
    let broken = |break_it: fn(&mut Change)| {
        let mut change = Change::clone(&good.change);
        break_it(&mut change);
        Commit { change: Arc::new(change), ..good.clone() }
    };
    let table = [
        ("twice", good.clone()),
        ("no entries", broken(|change| change.entries.clear())),
        ("a gap", broken(|change| change.entries.iter_mut().for_each(|entry| entry.sequence = 2))),
        ("the same entry twice", broken(|change| change.entries.extend(change.entries.clone()))),
        ("another account's sequence", broken(|change| change.account.sequence = 2)),
        ("an action that is not there", broken(|change| change.account.actions.clear())),
        ("another fence", Commit { before: 1, ..good.clone() }),
    ];
    for (what, commit) in table {
        let mut commits = vec![neighbour.clone(), commit];
        if what == "twice" {
            commits.push(good.clone());
        }
        let refused = store.commit(commits).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{what}: {refused:?}");
        assert_eq!(store.entries(&account(1)?, 0, 10).await?, [], "{what}");
        assert_eq!(store.entries(&account(2)?, 0, 10).await?, [], "{what}");
    }
    Ok(())
}

/// Entries are read as they were appended, to the last byte.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn entries_come_back_byte_for_byte(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    let mut appended = Vec::new();
    let commands = [
        Command::grant(action(1)?, credits(3), Some(at(500))),
        Command::grant(action(2)?, credits(9), None),
        Command::authorize(action(3)?, request(&["lite", "top"], 200)?)?,
        Command::settle(action(3)?, 0, "lite", 17)?,
        Command::void(action(3)?, 1),
        Command::authorize(action(4)?, request(&["top"], 50)?)?,
    ];
    for command in commands {
        appended.extend(desk.run(&id, command).await?.entries);
    }
    desk.clock.set(at(5_000));
    appended.extend(desk.run(&id, Command::settle(action(4)?, 0, "top", 9)?).await?.entries);
    assert!(appended.len() >= 8, "{}", appended.len());
    let (_, read) = desk.stored(&id).await?;
    assert_eq!(serde_json::to_string(&read)?, serde_json::to_string(&appended)?);
    let third = desk.store().entries(&id, 2, 1).await?;
    assert_eq!(third.first(), appended.get(2));
    Ok(())
}

/// E8: a denial binds nothing, an admission binds its id, a repeat gets the first answer.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn repeats_get_the_first_answer(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    let send = Command::authorize(action(1)?, request(&["lite"], 100)?)?;
    let denied = desk.run(&id, send.clone()).await;
    assert_eq!(code(denied), Some(DenialCode::CreditsExhausted));
    assert_eq!(load(desk.store(), &id).await?, Account::new(id.clone()));

    let top_up = Command::grant(action(2)?, credits(10), None);
    let granted = desk.run(&id, top_up.clone()).await?;
    let admitted = desk.run(&id, send.clone()).await?;
    let before = desk.stored(&id).await?;
    desk.clock.advance_seconds(30);
    let again = desk.run(&id, send).await?;
    assert_eq!((again.answer, again.entries.len()), (admitted.answer, 0));
    let again = desk.run(&id, top_up).await?;
    assert_eq!((again.answer, again.entries.len()), (granted.answer, 0));
    let other = Command::authorize(action(1)?, request(&["top"], 100)?)?;
    assert_eq!(code(desk.run(&id, other).await), Some(DenialCode::ActionIdReused));
    assert_eq!(desk.stored(&id).await?, before, "a repeat wrote something");
    Ok(())
}

/// R21: with 64 racing sends and credits for one, one is admitted, and nothing goes below zero.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_crowd_for_one_hold(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    let send = request(&["lite"], 100)?;
    let price = kumari_engine::estimate::estimate(&desk.book, &send).map_err(Box::new)?.high;
    desk.run(&id, Command::grant(action(1_000)?, price, None)).await?;

    let sends = (0..CROWD).map(|number| Ok(Command::authorize(action(number)?, send.clone())?));
    let answers = race(&desk, &id, sends.collect::<Result<_, Failure>>()?).await?;
    let admitted = answers.iter().filter(|answer| answer.is_ok()).count();
    let denied = answers.into_iter().filter_map(code);
    let denied: Vec<DenialCode> = denied.collect();
    assert_eq!((admitted, denied.len()), (1, 63));
    assert!(denied.iter().all(|code| *code == DenialCode::CreditsHeld), "{denied:?}");

    let (stored, entries) = desk.stored(&id).await?;
    let standing = stored.standing(at(0))?;
    assert_eq!((standing.available, standing.held), (credits(0), price));
    assert_eq!((standing.open_holds, entries.len()), (1, 2));
    Ok(())
}

/// R27: 64 copies of one send are one hold, and all get its answer.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn one_action_sent_by_a_crowd_is_one_hold(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    desk.run(&id, Command::grant(action(1_000)?, credits(100), None)).await?;
    let send = Command::authorize(action(1)?, request(&["lite"], 100)?)?;
    let count = usize::try_from(CROWD)?;
    let answers = race(&desk, &id, vec![send; count]).await?;
    let answers: Result<Vec<Done>, LedgerError> = answers.into_iter().collect();
    let answers = answers?;
    assert_eq!(answers.len(), count);
    let holds: Vec<&Answer> = answers.iter().map(|change| &change.answer).collect();
    assert!(holds.windows(2).all(|pair| pair.first() == pair.last()), "different answers");
    assert_eq!(answers.iter().filter(|change| !change.entries.is_empty()).count(), 1);
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!((stored.open_holds, entries.len()), (1, 2));
    Ok(())
}

/// 64 different commands that race for one account all take effect, however often they lose.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn racing_grants_all_arrive(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    let grants = (0..CROWD).map(|number| Ok(Command::grant(action(number)?, credits(1), None)));
    let answers = race(&desk, &id, grants.collect::<Result<_, Failure>>()?).await?;
    for answer in answers {
        assert_eq!(answer?.entries.len(), 1);
    }
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!(stored.standing(at(0))?.available, credits(64));
    assert_eq!((stored.sequence, entries.len()), (64, 64));
    Ok(())
}

/// A command decided alone is durable, with its chat rows; a refusal and a repeat write nothing,
/// and neither does a change of another account than the one that was loaded.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_command_decided_alone_wins(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    let alone = |command: Command, on: Option<Account>| -> (Wanted, Decide) {
        let wanted = Wanted { account: id.clone(), actions: command.actions() };
        let book = Arc::clone(&desk.book);
        let decide = move |loaded: &Account| {
            let change = command.decide(&book, on.as_ref().unwrap_or(loaded), at(0))?;
            Ok(Decided { chat: chat_rows(&change), change })
        };
        (wanted, Arc::new(decide))
    };
    let send = Command::authorize(action(2)?, request(&["lite"], 100)?)?;
    let (wanted, decide) = alone(send.clone(), None);
    let refused = store.decide_alone(&wanted, at(0), decide).await?;
    assert!(refused.is_err(), "{refused:?}");

    let (grant, decide) = alone(Command::grant(action(1)?, credits(1), None), None);
    let granted = store.decide_alone(&grant, at(0), decide).await??;
    let (wanted, decide) = alone(send, None);
    let admitted = store.decide_alone(&wanted, at(0), Arc::clone(&decide)).await??;
    assert_eq!((granted.entries.len(), admitted.entries.len()), (1, 1));
    let repeated = store.decide_alone(&wanted, at(0), decide).await??;
    assert_eq!((repeated.answer, repeated.entries.len()), (admitted.answer, 0));
    let (mut stored, entries) = desk.stored(&id).await?;
    assert_eq!(stored.actions.len(), 2);
    stored.actions.clone_from(&admitted.account.actions);
    assert_eq!((stored, entries.len()), (admitted.account, 2));
    let chat = store.action_chat(&id, &action(2)?).await?;
    assert_eq!(chat.map(|chat| chat.messages.len()), Some(2));

    let other = Some(Account { sequence: 2, ..Account::new(account(2)?) });
    let (_, decide) = alone(Command::grant(action(1)?, credits(1), None), other);
    let refused = store.decide_alone(&grant, at(0), decide).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert_eq!(store.entries(&account(2)?, 0, 10).await?, []);
    Ok(())
}

/// A command that loses the fence three times is decided alone, and then wins.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_loser_runs_alone_after_three_losses(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    let calls = Arc::new(AtomicU32::new(0));
    let (rival, counted) = (desk.clone(), Arc::clone(&calls));
    let grant = Command::grant(action(1)?, credits(1), None);
    let runtime = Handle::current();
    // Between this command's load and its commit a rival tries to write. It can three times; then
    // the command is alone, and the rival is still waiting when the command has decided.
    let decide = move |loaded: &Account, now| {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        let (done, is_done) = channel();
        let (desk, account) = (rival.clone(), loaded.clone());
        runtime.spawn(async move {
            // Nobody listens any more to a rival that came too late.
            drop(done.send(rival_grant(&desk, &account, call).await));
        });
        let wait = if call < LOSSES_MAX { 10_000 } else { 200 };
        let outcome = block_in_place(|| is_done.recv_timeout(Duration::from_millis(wait)).ok());
        let is_alone = call >= LOSSES_MAX;
        assert_eq!(outcome.is_none(), is_alone, "call {call}: {outcome:?}");
        grant.decide(&rival.book, loaded, now)
    };
    let change = desk.ledger.run(&id, &[action(1)?], chat_rows, decide).await?;
    assert_eq!(calls.load(Ordering::SeqCst), LOSSES_MAX + 1);
    assert_eq!(change.sequence, 4);
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!(stored.standing(at(0))?.available, credits(31));
    assert_eq!(entries.len(), 4);
    Ok(())
}

async fn rival_grant(desk: &Desk, loaded: &Account, call: u32) -> Result<CommitOutcome, Failure> {
    let grant = Command::grant(action(u64::from(100 + call))?, credits(10), None);
    let outcomes = desk.store().commit(vec![commit(desk, loaded, grant)?]).await?;
    outcomes.into_iter().next().ok_or_else(|| "no outcome".into())
}

/// Runs all commands at once, each in a task of its own.
async fn race(
    desk: &Desk,
    account: &AccountId,
    commands: Vec<Command>,
) -> Result<Vec<Result<Done, LedgerError>>, Failure> {
    let start = Arc::new(Barrier::new(commands.len()));
    let mut tasks = JoinSet::new();
    for command in commands {
        let (desk, account, start) = (desk.clone(), account.clone(), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            desk.run(&account, command).await
        });
    }
    Ok(tasks.join_all().await)
}

fn commit(desk: &Desk, loaded: &Account, command: Command) -> Result<Commit, Failure> {
    let change = Arc::new(command.decide(&desk.book, loaded, at(0))?);
    Ok(Commit::new(loaded, change, Vec::new()))
}

fn wanted(account: &AccountId) -> Wanted {
    Wanted { account: account.clone(), actions: Vec::new() }
}

async fn load(store: &dyn Store, account: &AccountId) -> Result<Account, Failure> {
    let loaded = store.load(&[wanted(account)], at(0)).await?;
    loaded.into_iter().next().ok_or_else(|| "no account".into())
}

/// Why a command was denied, where it was.
pub(crate) fn code(answer: Result<Done, LedgerError>) -> Option<DenialCode> {
    match answer {
        Err(LedgerError::Denied(denial)) => Some(denial.code),
        Ok(_) | Err(LedgerError::Fault(_) | LedgerError::Store(_)) => None,
    }
}
