//! Cases about what lies in a store, and that an audit beside writers takes none of their work for
//! a difference.

use crate::audit::audit;
use crate::chat::{ChatWrite, Conversation};
use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, conversation, credits, request,
};
use crate::limits::{ACCOUNTS_MAX, ACTIONS_MAX};
use crate::store::Store;
use kumari_engine::account::Answer;
use kumari_engine::id::ActionId;
use std::sync::Arc;

/// Accounts are listed in the order of their ids, in pages; one that only chats is none.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn accounts_are_listed_in_pages(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    assert_eq!(desk.store().accounts(None, ACCOUNTS_MAX).await?, []);
    for number in [3, 1, 10, 2] {
        desk.run(&account(number)?, Command::grant(action(1)?, credits(1), None)).await?;
    }
    let chat = Conversation { id: conversation(1), title: String::new(), updated_at: at(0) };
    let chat = ChatWrite::Append { conversation: chat, messages: Vec::new() };
    desk.store().write_chat(&account(4)?, Vec::from([chat])).await?;

    let in_order = [account(1)?, account(10)?, account(2)?, account(3)?];
    assert_eq!(desk.store().accounts(None, ACCOUNTS_MAX).await?, in_order);
    let page = desk.store().accounts(Some(&account(1)?), 2).await?;
    assert_eq!(page, [account(10)?, account(2)?]);
    assert_eq!(desk.store().accounts(Some(&account(3)?), 2).await?, []);
    assert!(desk.store().accounts(None, ACCOUNTS_MAX.saturating_add(1)).await.is_err());
    Ok(())
}

/// What lies in the store is what was written, and actions come in pages.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn what_is_stored_is_what_was_written(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    let nothing = desk.store().stored(&id, None, ACTIONS_MAX).await?;
    assert!(nothing.state.is_none() && nothing.actions.is_empty() && nothing.entry_last == 0);

    let end = at(500);
    desk.run(&id, Command::grant(action(3)?, credits(9), Some(end))).await?;
    desk.run(&id, Command::authorize(action(2)?, request(&["lite"], 50)?)?).await?;
    let ended = desk.run(&id, Command::authorize(action(1)?, request(&["lite"], 50)?)?).await?;
    desk.run(&id, Command::void(action(1)?, 0)).await?;

    let stored = desk.store().stored(&id, None, ACTIONS_MAX).await?;
    let (expected, entries) = desk.stored(&id).await?;
    assert_eq!(stored.entry_last, 4);
    assert_eq!(entries.len(), 4);
    let state = stored.state.ok_or("an account's row")?;
    assert_eq!((state.sequence, state.lot_ends_at), (4, Some(end.as_millis())));
    let actions = expected.actions.clone();
    assert_eq!(
        state.account?,
        kumari_engine::account::Account { actions: std::collections::BTreeMap::new(), ..expected }
    );
    let Answer::Authorized(hold) = ended.answer else { return Err("no hold".into()) };
    let deadline = hold.deadline.as_millis();
    let open = [(action(1)?, None), (action(2)?, Some(deadline)), (action(3)?, None)];
    let ids: Vec<(ActionId, Option<i64>)> =
        stored.actions.iter().map(|one| (one.action_id.clone(), one.open_until)).collect();
    assert_eq!(ids, open);
    for one in stored.actions {
        assert_eq!(Some(&one.action?), actions.get(&one.action_id));
    }

    let page = desk.store().stored(&id, Some(&action(1)?), 1).await?;
    assert_eq!(page.actions.iter().map(|one| &one.action_id).collect::<Vec<_>>(), [&action(2)?]);
    assert!(desk.store().stored(&id, None, ACTIONS_MAX.saturating_add(1)).await.is_err());
    Ok(())
}

/// An audit beside a crowd of writers finds nothing, on an account that never rests too.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn an_audit_beside_writers_finds_nothing(store: Arc<dyn Store>) -> Outcome {
    const WRITERS: u64 = 4;
    const COMMANDS: u64 = 60;
    let desk = Desk::new(store)?;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let desk = desk.clone();
            tokio::spawn(async move { write(&desk, writer, COMMANDS).await })
        })
        .collect();
    let mut rounds = 0_u32;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        clean(&desk).await?;
        rounds = rounds.saturating_add(1);
    }
    assert!(rounds > 0, "the audit ran beside no writer");
    for writer in writers {
        writer.await??;
    }
    // Each grant makes an entry and an action, and so does each hold; each hold is void.
    let audited = clean(&desk).await?;
    assert_eq!(audited.accounts, WRITERS + 1);
    assert_eq!(audited.actions, WRITERS * COMMANDS * 2);
    assert_eq!(audited.entries, WRITERS * COMMANDS * 3);
    Ok(())
}

async fn clean(desk: &Desk) -> Result<crate::audit::Audit, Failure> {
    let mut told = Vec::new();
    let audited = audit(desk.store(), None, |_, found| told.extend(found.iter().cloned())).await?;
    assert_eq!((told, audited.differences), (Vec::new(), 0));
    Ok(audited)
}

/// Grants, holds and voids, every second one on an account that all writers share.
async fn write(desk: &Desk, writer: u64, commands: u64) -> Outcome {
    for number in 0..commands {
        let id = if number % 2 == 0 { account(99)? } else { account(writer)? };
        let (first, second) = (writer * 1_000 + number * 2, writer * 1_000 + number * 2 + 1);
        let admitted = Command::authorize(action(second)?, request(&["lite"], 9)?)?;
        for command in [
            Command::grant(action(first)?, credits(5), None),
            admitted,
            Command::void(action(second)?, 0),
        ] {
            desk.run(&id, command).await?;
        }
    }
    Ok(())
}
