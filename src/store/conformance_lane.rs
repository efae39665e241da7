//! Cases: the lanes that commands are committed in, in groups.

use crate::chat::{ChatWrite, MessageUpdate};
use crate::conformance::random_command;
use crate::error::StoreError;
use crate::fixtures::{
    Command, Desk, Failure, Outcome, Random, account, action, at, chat_rows, credits, request,
};
use crate::ledger::{Done, Ledger, LedgerCommand, LedgerError};
use crate::memory::MemoryStore;
use crate::store::Store;
use kumari_engine::account::{Account, Change, LedgerFault, Refused};
use kumari_engine::denial::Denial;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, block_in_place};

type Batch = Result<Vec<Result<Done, LedgerError>>, StoreError>;

/// What waits behind a command is committed together with one transaction, whatever accounts it is
/// about, and each command sees what those before it did.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn what_has_queued_is_one_commit(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::with_lanes(store, 1)?;
    let gate = Gate::close(&desk, account(0)?)?;
    gate.reached().await;
    let mut commands = Vec::new();
    for number in 1..=50 {
        let id = account(number % 5)?;
        commands.push(desk.command(&id, Command::grant(action(number)?, credits(3), None)));
        let send = Command::authorize(action(100 + number)?, request(&["lite"], 100)?)?;
        commands.push(desk.command(&id, send));
        commands.push(desk.command(&id, Command::settle(action(100 + number)?, 0, "lite", 9)?));
    }
    let batch = queued(desk.ledger.run_all(commands)).await?;
    gate.open().await?;
    for outcome in batch.await? {
        assert_eq!(outcome?.entries.len(), 1);
    }
    let counts = desk.ledger.counts();
    assert_eq!((counts.commands, counts.commits, counts.losses), (151, 2, 0));
    for number in 0..5 {
        let (stored, entries) = desk.stored(&account(number)?).await?;
        let issued = credits(if number == 0 { 31 } else { 30 });
        assert_eq!((stored.open_holds, stored.totals.issued), (0, issued));
        assert!(entries.iter().map(|entry| entry.sequence).eq(1..=stored.sequence));
    }
    Ok(())
}

/// Random commands in batches get the answers that they get one at a time, and leave the same.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_batch_answers_like_one_at_a_time(store: Arc<dyn Store>) -> Outcome {
    let batched = Desk::new(store)?;
    let single = Desk::new(Arc::new(MemoryStore::new()))?;
    let mut random = Random(3);
    for round in 0..60 {
        let mut commands = Vec::new();
        for _ in 0..random.below(40) {
            commands.push(random_command(&single, &mut random)?);
        }
        // All of a batch are decided at one time.
        batched.clock.set(single.ledger.now());
        let batch = commands.iter().map(|(id, command)| batched.command(id, command.clone()));
        let batch = batched.ledger.run_all(batch.collect()).await?;
        assert_eq!(batch.len(), commands.len());
        for ((id, command), outcome) in commands.into_iter().zip(batch) {
            let shown = format!("round {round}: {command:?}");
            let one = single.run(&id, command).await;
            assert_eq!(told(outcome)?, told(one)?, "{shown}");
        }
    }
    for number in 0..5 {
        let id = account(number)?;
        let stored = batched.stored(&id).await?;
        assert!(stored.1.len() > 20, "{id} has a history of {}", stored.1.len());
        assert_eq!(stored, single.stored(&id).await?, "{id}");
        let chat = batched.store().conversations(&id, None, 100).await?;
        assert_eq!(chat, single.store().conversations(&id, None, 100).await?, "{id}");
    }
    Ok(())
}

/// Commands that cannot be carried out are refused each by itself; their neighbours, of the same
/// account and of others, are carried out.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_bad_command_disturbs_no_neighbour(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let (one, other) = (account(1)?, account(2)?);
    let good = |id: &AccountId, number| -> Result<LedgerCommand, Failure> {
        Ok(desk.command(id, Command::grant(action(number)?, credits(1), None)))
    };
    let with = |spoil: fn(&mut Change) -> Result<(), Refused>| -> Result<LedgerCommand, Failure> {
        let (grant, book) =
            (Command::grant(action(900)?, credits(1), None), Arc::clone(&desk.book));
        let decide = move |account: &Account, now: Timestamp| {
            let mut change = grant.decide(&book, account, now)?;
            spoil(&mut change).map(|()| change)
        };
        Ok(LedgerCommand::new(account(1)?, vec![action(900)?], chat_rows, decide))
    };
    let rows = |_: &Change| {
        let update = action(900).map(|id| ChatWrite::Update(MessageUpdate::new(id, 0)));
        vec![update; 1_001].into_iter().flatten().collect()
    };
    let grant = Command::grant(action(900)?, credits(1), None);
    let book = Arc::clone(&desk.book);
    let too_long = LedgerCommand::new(one.clone(), vec![], rows, move |account, now| {
        grant.decide(&book, account, now)
    });
    let commands = vec![
        good(&one, 1)?,
        with(|_| Err(Denial::request_invalid("amount", "not today").into()))?,
        with(|_| Err(LedgerFault::Overflow.into()))?,
        with(|change| {
            change.entries.iter_mut().for_each(|entry| entry.sequence = 9);
            Ok(())
        })?,
        with(|change| {
            change.account.actions.clear();
            Ok(())
        })?,
        with(|change| {
            change.account.sequence = 7;
            Ok(())
        })?,
        with(|change| {
            change.account.id = account(2).unwrap_or_else(|_| change.account.id.clone());
            Ok(())
        })?,
        with(breaks)?,
        too_long,
        good(&other, 2)?,
        good(&one, 3)?,
    ];
    let outcomes = desk.ledger.run_all(commands).await?;
    let outcomes: Vec<&str> = outcomes.iter().map(kind).collect();
    let invalid = ["invalid"; 5];
    let expected = [&["done", "denied", "fault"][..], &invalid, &["over limit", "done", "done"]];
    assert_eq!(outcomes, expected.concat());
    assert_eq!(desk.stored(&one).await?.1.len(), 2);
    assert_eq!(desk.stored(&other).await?.1.len(), 1);
    Ok(())
}

/// What is too much for one commit of an account goes into the next, in its order.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_turn_that_is_too_long_is_split(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let gate = Gate::close(&desk, account(0)?)?;
    gate.reached().await;
    let mut commands = Vec::new();
    for number in 0..6 {
        // The fourth has too many rows beside the second, the fifth too many actions, the sixth
        // again too many rows.
        let (actions, rows) = if number % 2 == 0 { (450, 0) } else { (1, 600) };
        let mut named = vec![action(number)?];
        (1_000..1_000 + actions).try_for_each(|other| action(other).map(|id| named.push(id)))?;
        let write = ChatWrite::Update(MessageUpdate::new(action(number)?, 0));
        let (grant, book) =
            (Command::grant(action(number)?, credits(1), None), Arc::clone(&desk.book));
        commands.push(LedgerCommand::new(
            account(1)?,
            named,
            move |_| vec![write.clone(); rows],
            move |account, now| grant.decide(&book, account, now),
        ));
    }
    let batch = queued(desk.ledger.run_all(commands)).await?;
    gate.open().await?;
    let outcomes = batch.await?;
    let sequences: Result<Vec<u64>, LedgerError> =
        outcomes.into_iter().map(|outcome| Ok(outcome?.sequence)).collect();
    assert_eq!(sequences?, [1, 2, 3, 4, 5, 6]);
    // The gate; then three, two and one of them.
    assert_eq!(desk.ledger.counts().commits, 4);
    Ok(())
}

/// A queue has an end: what does not fit is busy, as a whole, and what was queued is carried out.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_full_lane_is_busy(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let small = Ledger::with_lanes(Arc::clone(desk.ledger.store()), desk.clock.clone(), 1, 3);
    let desk = Desk { ledger: small, ..desk };
    let id = account(1)?;
    let grant = |number| -> Result<LedgerCommand, Failure> {
        Ok(desk.command(&id, Command::grant(action(number)?, credits(1), None)))
    };
    let gate = Gate::close(&desk, id.clone())?;
    gate.reached().await;
    let waiting = queued(desk.ledger.run_all(vec![grant(1)?, grant(2)?])).await?;
    let refused = desk.ledger.run_all(vec![grant(3)?, grant(4)?]).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    let last = queued(desk.ledger.run_all(vec![grant(5)?])).await?;
    let refused = desk.run(&id, Command::grant(action(6)?, credits(1), None)).await;
    assert!(matches!(refused, Err(LedgerError::Store(StoreError::Busy))), "{refused:?}");
    // A read waits for nobody.
    assert_eq!(desk.ledger.read(&id, &[]).await?.sequence, 0);
    gate.open().await?;
    assert_eq!(waiting.await?.len() + last.await?.len(), 3);
    desk.run(&id, Command::grant(action(6)?, credits(1), None)).await?;
    assert_eq!(desk.ledger.read(&id, &[]).await?.standing(at(0))?.available, credits(5));
    let many = (0..=1_000).map(|_| grant(7)).collect::<Result<_, Failure>>()?;
    let refused = desk.ledger.run_all(many).await;
    assert!(matches!(refused, Err(StoreError::OverLimit { .. })), "{refused:?}");
    Ok(())
}

/// Another ledger on the same database takes the fence of one account between load and commit:
/// that account is decided again, and its neighbour in the group is not.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn only_who_lost_is_decided_again(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let rival = Desk::new(store)?;
    let (contested, neighbour) = (account(1)?, account(2)?);
    let gate = Gate::close(&desk, account(0)?)?;
    gate.reached().await;
    let calls = Arc::new(AtomicU32::new(0));
    let (counted, book) = (Arc::clone(&calls), Arc::clone(&desk.book));
    let grant = Command::grant(action(1)?, credits(1), None);
    let command = LedgerCommand::new(neighbour.clone(), vec![], chat_rows, move |account, now| {
        counted.fetch_add(1, Ordering::SeqCst);
        grant.decide(&book, account, now)
    });
    let (first, held) = Gate::command(&desk, contested.clone(), action(2)?);
    let batch = queued(desk.ledger.run_all(vec![command, first])).await?;
    gate.open().await?;
    held.reached().await;
    rival.run(&contested, Command::grant(action(3)?, credits(7), None)).await?;
    held.let_go()?;
    for outcome in batch.await? {
        outcome?;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(desk.ledger.counts().losses, 1);
    for (id, available, entries) in [(&contested, 8, 2), (&neighbour, 1, 1)] {
        let (stored, all) = desk.stored(id).await?;
        assert_eq!((stored.standing(at(0))?.available, all.len()), (credits(available), entries));
    }
    Ok(())
}

/// Two ledgers that both take one account's commands lose none and do none twice.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn two_ledgers_share_one_account(store: Arc<dyn Store>) -> Outcome {
    let desks = [Desk::new(Arc::clone(&store))?, Desk::new(store)?];
    let id = account(1)?;
    let mut tasks: Vec<JoinHandle<Result<(), Failure>>> = Vec::new();
    for (desk, first) in desks.iter().zip([0, 100]) {
        for lane in 0..5 {
            let (desk, id) = (desk.clone(), id.clone());
            tasks.push(tokio::spawn(async move {
                for number in 0..20 {
                    let own = action(first + lane * 20 + number)?;
                    desk.run(&id, Command::grant(own, credits(1), None)).await?;
                }
                Ok(())
            }));
        }
    }
    for task in tasks {
        task.await??;
    }
    let [desk, _] = desks;
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!((stored.sequence, entries.len(), stored.actions.len()), (200, 200, 200));
    assert_eq!(stored.standing(at(0))?.available, credits(200));
    Ok(())
}

/// A command that is queued is carried out, whether its caller waits or not; a ledger that closes
/// finishes what is queued and takes no more.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_closing_ledger_finishes_what_is_queued(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    let grant = |number| -> Result<LedgerCommand, Failure> {
        Ok(desk.command(&id, Command::grant(action(number)?, credits(1), None)))
    };
    let gate = Gate::close(&desk, id.clone())?;
    gate.reached().await;
    drop(queued(desk.ledger.run_all(vec![grant(1)?])).await?);
    let waiting = queued(desk.ledger.run_all(vec![grant(2)?, grant(3)?])).await?;
    let closing = {
        let ledger = desk.ledger.clone();
        queued(async move {
            ledger.close().await;
            Ok(Vec::new())
        })
        .await?
    };
    gate.open().await?;
    closing.await?;
    assert_eq!(waiting.await?.len(), 2);
    let refused = desk.ledger.run_all(vec![grant(4)?]).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    let (stored, entries) = desk.stored(&id).await?;
    assert_eq!((stored.standing(at(0))?.available, entries.len()), (credits(4), 4));
    Ok(())
}

/// A grant whose decision stops until it is let go.
pub(crate) struct Gate {
    reached: Arc<Notify>,
    open: Sender<()>,
    run: Option<JoinHandle<Batch>>,
}

impl Gate {
    /// A command that stops its lane.
    fn command(desk: &Desk, account: AccountId, action_id: ActionId) -> (LedgerCommand, Self) {
        let (open, wait): (Sender<()>, Receiver<()>) = channel();
        let (reached, wait) = (Arc::new(Notify::new()), Mutex::new(Some(wait)));
        let (here, book) = (Arc::clone(&reached), Arc::clone(&desk.book));
        let grant = Command::grant(action_id.clone(), credits(1), None);
        let command =
            LedgerCommand::new(account, vec![action_id], chat_rows, move |account, now| {
                // Decided again, it does not stop again.
                if let Some(wait) = wait.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    here.notify_one();
                    block_in_place(|| wait.recv()).unwrap_or_default();
                }
                grant.decide(&book, account, now)
            });
        (command, Self { reached, open, run: None })
    }

    /// Stops the lane of `account`.
    pub(crate) fn close(desk: &Desk, account: AccountId) -> Result<Self, Failure> {
        let (command, gate) = Self::command(desk, account, action(9_999)?);
        let ledger = desk.ledger.clone();
        let run = tokio::spawn(async move { ledger.run_all(vec![command]).await });
        Ok(Self { run: Some(run), ..gate })
    }

    /// Waits until the lane stands still.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    fn let_go(&self) -> Outcome {
        Ok(self.open.send(())?)
    }

    /// Lets the lane go on, and waits for the command's end.
    pub(crate) async fn open(self) -> Outcome {
        self.let_go()?;
        if let Some(run) = self.run {
            for outcome in run.await?? {
                outcome?;
            }
        }
        Ok(())
    }
}

type Waiting<'a> = Pin<Box<dyn Future<Output = Batch> + Send + 'a>>;

/// Begins something that cannot end yet, and gives it back to be waited for.
pub(crate) async fn queued<'a>(
    work: impl Future<Output = Batch> + Send + 'a,
) -> Result<Waiting<'a>, Failure> {
    let mut work: Waiting<'a> = Box::pin(work);
    tokio::select! {
        biased;
        early = &mut work => Err(format!("it did not wait: {early:?}").into()),
        () = std::future::ready(()) => Ok(work),
    }
}

#[expect(clippy::panic, reason = "this is what a lane must survive")]
fn breaks(_: &mut Change) -> Result<(), Refused> {
    panic!("a command breaks, as it should here")
}

/// An answer or a refusal as a text, without the faults of a store.
fn told(outcome: Result<Done, LedgerError>) -> Result<String, Failure> {
    match outcome {
        Ok(change) => Ok(format!("{change:?}")),
        Err(LedgerError::Denied(denial)) => Ok(format!("{denial:?}")),
        Err(error) => Err(error.into()),
    }
}

fn kind(outcome: &Result<Done, LedgerError>) -> &'static str {
    match outcome {
        Ok(_) => "done",
        Err(LedgerError::Denied(_)) => "denied",
        Err(LedgerError::Fault(_)) => "fault",
        Err(LedgerError::Store(StoreError::Invalid(_))) => "invalid",
        Err(LedgerError::Store(StoreError::OverLimit { .. })) => "over limit",
        Err(LedgerError::Store(_)) => "store",
    }
}
