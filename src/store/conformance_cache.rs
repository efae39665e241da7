//! Cases: what a lane keeps at hand, and what it must not believe of it.

use crate::conformance::rebuilt;
use crate::conformance_fence::code;
use crate::fixtures::{Command, Desk, Failure, Outcome, account, action, at, credits, request};
use crate::store::{Commit, CommitOutcome, Store};
use crate::values::to_json;
use kumari_engine::account::{Account, Answer};
use kumari_engine::denial::DenialCode;
use std::sync::Arc;

/// Another process spends what a lane has at hand: the lane admits nothing on it. And what another
/// one grants is there for the next command, although there was nothing a moment ago.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn what_another_process_did_counts(store: Arc<dyn Store>) -> Outcome {
    let (desk, rival) = (Desk::new(Arc::clone(&store))?, Desk::new(store)?);
    let id = account(1)?;
    let send = request(&["lite"], 100)?;
    let price = kumari_engine::estimate::estimate(&desk.book, &send).map_err(Box::new)?.high;
    let authorize = |number| -> Result<Command, Failure> {
        Ok(Command::authorize(action(number)?, send.clone())?)
    };
    for round in 0..5_u64 {
        let first = 100 * round;
        let grant = Command::grant(action(first)?, price, None);
        assert_eq!(desk.run(&id, grant).await?.entries.len(), 1, "round {round}");
        assert_eq!(rival.run(&id, authorize(first + 1)?).await?.entries.len(), 1);
        let denied = desk.run(&id, authorize(first + 2)?).await;
        assert_eq!(code(denied), Some(DenialCode::CreditsHeld), "round {round}");
        // The same hold is known here too, which this lane has never seen.
        let repeat = desk.run(&id, authorize(first + 1)?).await?;
        assert_eq!(repeat.entries, [], "round {round}");
        let settle = Command::settle(action(first + 1)?, 0, "lite", 57)?;
        let ended = desk.run(&id, settle.clone()).await?;
        let again = rival.run(&id, settle).await?;
        assert_eq!((&again.answer, again.entries.len()), (&ended.answer, 0));
        let topped_up = rival.run(&id, Command::grant(action(first + 3)?, price, None)).await?;
        assert_eq!(topped_up.entries.len(), 1);
        let admitted = desk.run(&id, authorize(first + 4)?).await?;
        assert_eq!(admitted.entries.len(), 1, "round {round}");
        desk.run(&id, Command::void(action(first + 4)?, 0)).await?;
        // What is left is spent, so that the next round begins with nothing usable.
        let rest = desk.ledger.read(&id, &[]).await?.standing(at(0))?.available;
        assert!(rest >= price, "round {round}: {rest}");
        for number in first + 10..first + 90 {
            if code(rival.run(&id, authorize(number)?).await).is_some() {
                break;
            }
            rival.run(&id, Command::settle(action(number)?, 0, "lite", 100)?).await?;
        }
    }
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!(rebuilt(&id, &entries)?, stored, "R29");
    Ok(())
}

/// A hold that is open at hand and was ended by another process is answered as it is now.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_repeat_is_answered_as_it_is_now(store: Arc<dyn Store>) -> Outcome {
    let (desk, rival) = (Desk::new(Arc::clone(&store))?, Desk::new(store)?);
    let id = account(1)?;
    desk.run(&id, Command::grant(action(1)?, credits(100), None)).await?;
    let send = Command::authorize(action(2)?, request(&["lite"], 100)?)?;
    desk.run(&id, send.clone()).await?;
    rival.run(&id, Command::settle(action(2)?, 0, "lite", 57)?).await?;
    let repeat = desk.run(&id, send).await?;
    let Answer::Authorized(hold) = repeat.answer else {
        return Err("no hold".into());
    };
    assert!(!hold.is_open(), "{hold:?}");
    assert_eq!((repeat.sequence, repeat.standing.open_holds), (3, 0));
    Ok(())
}

/// A repeat of what was done long ago, of which a lane has forgotten, gets the first answer; the
/// same id with other content is denied.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_repeat_of_what_is_forgotten_gets_the_first_answer(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let (id, neighbour) = (account(1)?, account(2)?);
    let top_up = Command::grant(action(1)?, credits(100), None);
    let send = Command::authorize(action(2)?, request(&["lite"], 100)?)?;
    let settle = Command::settle(action(2)?, 0, "lite", 57)?;
    let commands = [top_up, send, settle];
    let mut first = Vec::new();
    for command in &commands {
        first.push(desk.run(&id, command.clone()).await?);
    }
    for number in 10..40 {
        desk.run(&id, Command::grant(action(number)?, credits(1), None)).await?;
    }
    let before = desk.stored(&id).await?;
    for (command, first) in commands.iter().zip(&first) {
        let batch = vec![
            desk.command(&neighbour, Command::grant(action(before.0.sequence)?, credits(1), None)),
            desk.command(&id, command.clone()),
        ];
        let mut outcomes = desk.ledger.run_all(batch).await?.into_iter();
        let (beside, again) = (outcomes.next(), outcomes.next().ok_or("no answer")??);
        assert!(beside.is_some_and(|outcome| outcome.is_ok()), "{command:?}");
        if let Command::Authorize(_) = command {
            assert_eq!(again.entries, [], "{command:?}");
        } else {
            assert_eq!((&again.answer, again.entries.len()), (&first.answer, 0), "{command:?}");
        }
        // An account that was just written is at hand again, and this id is not.
        let grant = Command::grant(action(1)?, credits(1), None);
        assert_eq!(code(desk.run(&id, grant).await), Some(DenialCode::ActionIdReused));
        let other = Command::authorize(action(2)?, request(&["top"], 100)?)?;
        assert_eq!(code(desk.run(&id, other).await), Some(DenialCode::ActionIdReused));
    }
    assert_eq!(desk.stored(&id).await?, before, "a repeat wrote something");
    Ok(())
}

/// A hold that runs out while its account is at hand is expired by the account's next command,
/// whichever that is.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_hold_at_hand_runs_out(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    desk.run(&id, Command::grant(action(1)?, credits(100), None)).await?;
    for number in 2..5 {
        desk.run(&id, Command::authorize(action(number)?, request(&["lite"], 100)?)?).await?;
    }
    // A lane that begins now writes to the account, and has seen none of its holds.
    let later = Desk::new(Arc::clone(desk.ledger.store()))?;
    later.run(&id, Command::grant(action(8)?, credits(1), None)).await?;
    for clock in [&desk.clock, &later.clock] {
        clock.advance_seconds(61);
    }
    let done = later.run(&id, Command::grant(action(9)?, credits(1), None)).await?;
    assert_eq!(done.entries.len(), 4, "three ends and a grant");
    assert_eq!((done.standing.open_holds, done.standing.available), (0, credits(102)));

    // And one that has seen all of them.
    later.run(&id, Command::authorize(action(10)?, request(&["lite"], 100)?)?).await?;
    later.run(&id, Command::authorize(action(11)?, request(&["lite"], 100)?)?).await?;
    later.clock.advance_seconds(61);
    let done = later.run(&id, Command::grant(action(12)?, credits(1), None)).await?;
    assert_eq!((done.entries.len(), done.standing.available), (3, credits(103)));
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!(rebuilt(&id, &entries)?, stored, "R29");
    Ok(())
}

/// A commit that took an action for unused loses where it is used, and writes nothing; one that
/// looked is not held up by it.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_commit_that_did_not_look_loses_to_what_is_there(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let (id, neighbour) = (account(1)?, account(2)?);
    let done = desk.run(&id, Command::grant(action(1)?, credits(5), None)).await?;
    let mut unseen = rebuilt(&id, &done.entries)?;
    unseen.actions.clear();
    let blind = |on: &Account, number: u64| -> Result<Commit, Failure> {
        let grant = Command::grant(action(number)?, credits(7), None);
        let change = Arc::new(grant.decide(&desk.book, on, at(0))?);
        Ok(Commit { unread: vec![action(number)?], ..Commit::new(on, change, Vec::new()) })
    };
    let fresh = Account::new(neighbour.clone());
    let looked = Commit { unread: Vec::new(), ..blind(&fresh, 1)? };
    let outcomes = store.commit(vec![blind(&unseen, 1)?, looked]).await?;
    assert_eq!(outcomes, [CommitOutcome::Lost, CommitOutcome::Won]);
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!((stored.sequence, entries.len()), (1, 1));
    assert_eq!(stored.standing(at(0))?.available, credits(5));
    assert_eq!(store.commit(vec![blind(&unseen, 2)?]).await?, [CommitOutcome::Won]);
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!((stored.sequence, entries.len(), stored.actions.len()), (2, 2, 2));
    assert_eq!(desk.stored(&neighbour).await?.1.len(), 1);

    for disorder in [vec![action(9)?], vec![action(3)?, action(1)?]] {
        let refused = Commit { unread: disorder, ..blind(&Account::new(account(3)?), 1)? };
        let refused = store.commit(vec![refused]).await;
        assert!(matches!(refused, Err(crate::StoreError::Invalid(_))), "{refused:?}");
    }
    Ok(())
}

/// What was decided on an account at hand counts only where the stored one is the same in all, and
/// not in its sequence alone.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn what_is_at_hand_is_proved_by_all_of_it(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    let other = Command::grant(action(1)?, credits(9), None);
    let other = other.decide(&desk.book, &Account::new(id.clone()), at(0))?;
    let done = desk.run(&id, Command::grant(action(1)?, credits(5), None)).await?;
    let stored = rebuilt(&id, &done.entries)?;
    let commit = |on: &Account, at_hand: Option<&Account>| -> Result<Commit, Failure> {
        let grant = Command::grant(action(2)?, credits(1), None);
        let change = Arc::new(grant.decide(&desk.book, on, at(0))?);
        let at_hand = at_hand.map(|account| to_json("an account", account)).transpose()?;
        Ok(Commit { at_hand, ..Commit::new(on, change, Vec::new()) })
    };
    let lost = commit(&other.account, Some(&other.account))?;
    assert_eq!(store.commit(vec![lost]).await?, [CommitOutcome::Lost]);
    let nobody = Account::new(account(2)?);
    let refused = store.commit(vec![commit(&nobody, Some(&nobody))?]).await;
    assert!(matches!(refused, Err(crate::StoreError::Invalid(_))), "{refused:?}");
    assert_eq!(desk.stored(&id).await?.1.len(), 1);
    let won = commit(&stored, Some(&stored))?;
    assert_eq!(store.commit(vec![won]).await?, [CommitOutcome::Won]);
    assert_eq!(desk.stored(&id).await?.0.standing(at(0))?.available, credits(6));
    Ok(())
}
