//! What every store must do, as cases that each back end's tests run: see
//! [`store_conformance!`](crate::store_conformance).
//!
//! A case gets an empty store. It fails by a panic where an expectation does not hold, or with an
//! error where the store failed.

pub use crate::conformance_audit::{
    accounts_are_listed_in_pages, an_audit_beside_writers_finds_nothing,
    what_is_stored_is_what_was_written,
};
pub use crate::conformance_cache::{
    a_commit_that_did_not_look_loses_to_what_is_there, a_hold_at_hand_runs_out,
    a_repeat_is_answered_as_it_is_now, a_repeat_of_what_is_forgotten_gets_the_first_answer,
    what_another_process_did_counts, what_is_at_hand_is_proved_by_all_of_it,
};
pub use crate::conformance_chat::{
    chat_is_listed_in_order, chat_is_written_with_its_change_or_not_at_all,
    chat_writes_meet_what_is_there,
};
pub use crate::conformance_conversations::{
    a_conversation_is_renamed, a_deleted_conversation_is_away_until_it_is_restored,
    a_deleted_conversation_is_forgotten_part_by_part,
};
pub use crate::conformance_edges::{
    chat_writes_of_one_call_take_effect_in_order, ids_sort_by_their_bytes,
    the_ends_of_ranges_come_back, what_not_all_can_keep_none_takes,
};
pub use crate::conformance_fence::{
    a_command_decided_alone_wins, a_commit_wins_or_loses_by_its_fence, a_crowd_for_one_hold,
    a_fresh_account_is_empty, a_loser_runs_alone_after_three_losses,
    entries_come_back_byte_for_byte, malformed_commits_are_refused_whole,
    many_commits_at_once_do_not_disturb_each_other, one_action_sent_by_a_crowd_is_one_hold,
    racing_grants_all_arrive, repeats_get_the_first_answer,
};
pub use crate::conformance_files::{
    a_change_whose_file_is_gone_is_refused_alone, a_file_comes_back_as_it_was_put_there,
    a_message_keeps_its_files, files_are_added_while_there_is_room, files_have_limits,
};
pub use crate::conformance_lane::{
    a_bad_command_disturbs_no_neighbour, a_batch_answers_like_one_at_a_time,
    a_closing_ledger_finishes_what_is_queued, a_full_lane_is_busy,
    a_turn_that_is_too_long_is_split, only_who_lost_is_decided_again,
    two_ledgers_share_one_account, what_has_queued_is_one_commit,
};
pub use crate::conformance_lookup::{
    a_payment_object_has_one_account, a_published_book_never_changes, limits_are_enforced,
    service_keys_are_made_and_revoked, sessions_begin_and_end,
    the_calibration_put_last_is_in_force,
};
pub use crate::conformance_media_jobs::{
    a_copy_has_jobs_and_what_they_made, a_job_is_there_until_it_ends,
    a_job_that_nobody_has_is_taken_once, jobs_have_limits, what_was_made_belongs_to_its_answer,
    what_was_made_is_listed_and_removed,
};
pub use crate::conformance_migrate::{
    a_copy_has_everything, a_copy_on_top_of_something_else_is_refused,
    a_resumed_copy_follows_whole_conversations, what_a_copy_reads_is_listed_in_pages,
};
pub use crate::conformance_money::{
    a_payment_learns_what_expired_of_its_lot, e11_two_webhooks_and_a_reader_make_one_lot,
};
pub use crate::conformance_people::{
    a_ceremony_is_taken_once, an_identity_opens_one_account, free_credits_are_claimed_once,
    people_have_limits, sessions_of_an_account_end_together,
};
pub use crate::conformance_purchases::{
    purchases_are_listed_in_pages, renewals_are_kept_until_they_are_forgotten,
};
pub use crate::conformance_search::{
    a_search_does_so_much_at_a_time, a_search_looks_at_so_many_bytes_at_a_time,
    words_are_found_in_titles_and_messages,
};
pub use crate::conformance_time::{
    a_late_settlement_captures_nothing, a_renewed_hold_is_due_later,
    accounts_due_are_listed_in_pages, actions_are_loaded_by_name_and_due_holds_by_time,
    holds_expire_by_read_and_by_sweep, lots_end_before_any_sweep,
};
pub use crate::fixtures::{Failure, Outcome};

use crate::fixtures::{Command, Desk, Random, account, action, credits, request};
use crate::ledger::{Done, LedgerError};
use crate::store::Store;
use kumari_engine::account::{Account, Refused, apply};
use kumari_engine::entry::Entry;
use kumari_engine::id::AccountId;
use std::sync::Arc;

/// Runs every case against a store, one `#[tokio::test]` each.
///
/// The argument is evaluated for each case: an empty `Arc<dyn Store>` and something that is kept
/// until the case is over, such as its directory.
///
/// ```
/// use kumari_store::{MemoryStore, Store};
/// use std::sync::Arc;
///
/// fn memory() -> (Arc<dyn Store>, ()) {
///     (Arc::new(MemoryStore::new()), ())
/// }
///
/// kumari_store::store_conformance!(memory());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! store_conformance {
    ($store:expr $(, ignore = $why:literal)?) => {
        $crate::store_conformance! {
            $store $(, ignore = $why)? =>
            a_bad_command_disturbs_no_neighbour,
            a_batch_answers_like_one_at_a_time,
            a_closing_ledger_finishes_what_is_queued,
            a_command_decided_alone_wins,
            a_conversation_is_renamed,
            a_copy_has_everything,
            a_copy_has_jobs_and_what_they_made,
            a_resumed_copy_follows_whole_conversations,
            a_copy_on_top_of_something_else_is_refused,
            a_commit_that_did_not_look_loses_to_what_is_there,
            a_commit_wins_or_loses_by_its_fence,
            a_crowd_for_one_hold,
            a_deleted_conversation_is_away_until_it_is_restored,
            a_deleted_conversation_is_forgotten_part_by_part,
            a_file_comes_back_as_it_was_put_there,
            a_fresh_account_is_empty,
            a_full_lane_is_busy,
            a_hold_at_hand_runs_out,
            a_late_settlement_captures_nothing,
            a_job_is_there_until_it_ends,
            a_job_that_nobody_has_is_taken_once,
            a_loser_runs_alone_after_three_losses,
            a_message_keeps_its_files,
            a_change_whose_file_is_gone_is_refused_alone,
            a_ceremony_is_taken_once,
            an_identity_opens_one_account,
            free_credits_are_claimed_once,
            people_have_limits,
            sessions_of_an_account_end_together,
            a_payment_learns_what_expired_of_its_lot,
            a_payment_object_has_one_account,
            a_published_book_never_changes,
            a_renewed_hold_is_due_later,
            a_repeat_is_answered_as_it_is_now,
            a_repeat_of_what_is_forgotten_gets_the_first_answer,
            a_search_does_so_much_at_a_time,
            a_search_looks_at_so_many_bytes_at_a_time,
            a_turn_that_is_too_long_is_split,
            accounts_are_listed_in_pages,
            accounts_due_are_listed_in_pages,
            actions_are_loaded_by_name_and_due_holds_by_time,
            an_account_is_what_its_entries_make,
            an_audit_beside_writers_finds_nothing,
            chat_is_listed_in_order,
            chat_is_written_with_its_change_or_not_at_all,
            chat_writes_meet_what_is_there,
            chat_writes_of_one_call_take_effect_in_order,
            e11_two_webhooks_and_a_reader_make_one_lot,
            entries_come_back_byte_for_byte,
            files_are_added_while_there_is_room,
            files_have_limits,
            holds_expire_by_read_and_by_sweep,
            ids_sort_by_their_bytes,
            jobs_have_limits,
            limits_are_enforced,
            lots_end_before_any_sweep,
            malformed_commits_are_refused_whole,
            many_commits_at_once_do_not_disturb_each_other,
            one_action_sent_by_a_crowd_is_one_hold,
            only_who_lost_is_decided_again,
            purchases_are_listed_in_pages,
            racing_grants_all_arrive,
            renewals_are_kept_until_they_are_forgotten,
            repeats_get_the_first_answer,
            service_keys_are_made_and_revoked,
            sessions_begin_and_end,
            the_calibration_put_last_is_in_force,
            the_ends_of_ranges_come_back,
            two_ledgers_share_one_account,
            what_another_process_did_counts,
            what_is_at_hand_is_proved_by_all_of_it,
            what_a_copy_reads_is_listed_in_pages,
            what_has_queued_is_one_commit,
            what_is_stored_is_what_was_written,
            what_not_all_can_keep_none_takes,
            what_was_made_belongs_to_its_answer,
            what_was_made_is_listed_and_removed,
            words_are_found_in_titles_and_messages,
        }
    };
    // The reason stands once and is repeated for each case, so it goes along as one token tree.
    ($store:expr $(, ignore = $why:literal)? => $($case:ident),+ $(,)?) => {
        $crate::store_conformance! { @cases $store, [$(#[ignore = $why])?] => $($case),+ }
    };
    (@cases $store:expr, $attributes:tt => $($case:ident),+) => {
        $( $crate::store_conformance! { @case $store, $attributes, $case } )+
    };
    (@case $store:expr, [$($attribute:tt)*], $case:ident) => {
            $($attribute)*
            #[tokio::test(flavor = "multi_thread")]
            async fn $case() -> $crate::conformance::Outcome {
                let (store, _kept) = $store;
                $crate::conformance::$case(store).await
            }
    };
}

/// An account that random commands changed is what [`apply`] makes of its entries (R29).
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn an_account_is_what_its_entries_make(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let mut random = Random(29);
    for _ in 0..400 {
        let (account, command) = random_command(&desk, &mut random)?;
        drop(answer_of(desk.run(&account, command).await)?);
    }
    for number in 0..ACCOUNTS {
        let id = account(number)?;
        let (stored, entries) = desk.stored(&id).await?;
        assert!(entries.len() > 20, "{id} has a history of {}", entries.len());
        assert_eq!(rebuilt(&id, &entries)?, stored, "R29");
        assert!(!stored.standing(stored.updated_at)?.available.is_negative(), "R21");
    }
    Ok(())
}

/// The same random commands get the same answers from both stores, and leave the same behind.
/// Returns how many commands were admitted or granted, so that a caller can see that they were.
///
/// # Errors
/// [`Failure`] where a store failed.
pub async fn answers_are_the_same(
    left: Arc<dyn Store>,
    right: Arc<dyn Store>,
    seed: u64,
    commands: u32,
) -> Result<u32, Failure> {
    let (left, right) = (Desk::new(left)?, Desk::new(right)?);
    let mut random = Random(seed);
    let mut changed = 0_u32;
    for step in 0..commands {
        let (account, command) = random_command(&left, &mut random)?;
        right.clock.set(left.ledger.now());
        let one = answer_of(left.run(&account, command.clone()).await)?;
        let other = answer_of(right.run(&account, command.clone()).await)?;
        assert_eq!(one, other, "seed {seed}, step {step}: {command:?}");
        if one.is_ok_and(|done| !done.entries.is_empty()) {
            changed = changed.saturating_add(1);
        }
        if step % 64 == 0 {
            same_lists(&left, &right).await?;
        }
        if step % 256 == 255 {
            let one = left.ledger.sweep(None, 3, crate::fixtures::chat_rows).await?;
            let other = right.ledger.sweep(None, 3, crate::fixtures::chat_rows).await?;
            assert_eq!((one.advanced, one.next), (other.advanced, other.next), "step {step}");
        }
    }
    for number in 0..ACCOUNTS {
        let id = account(number)?;
        let (one, other) = (left.stored(&id).await?, right.stored(&id).await?);
        assert_eq!(one, other, "{id}");
        assert_eq!(rebuilt(&id, &one.1)?, one.0, "{id}: R29");
    }
    same_lists(&left, &right).await?;
    Ok(changed)
}

/// Everything that can be listed is the same.
async fn same_lists(left: &Desk, right: &Desk) -> Outcome {
    let now = left.ledger.now();
    let due = left.store().accounts_due(now, None, 100).await?;
    assert_eq!(due, right.store().accounts_due(now, None, 100).await?);
    for number in 0..ACCOUNTS {
        let id = account(number)?;
        assert_eq!(left.ledger.read(&id, &[]).await?, right.ledger.read(&id, &[]).await?);
        let conversations = left.store().conversations(&id, None, 100).await?;
        assert_eq!(conversations, right.store().conversations(&id, None, 100).await?);
        for conversation in conversations {
            let messages = left.store().messages(&id, conversation.id, 50).await?;
            let others = right.store().messages(&id, conversation.id, 50).await?;
            assert_eq!(messages, others, "{id}, {}", conversation.id);
        }
    }
    Ok(())
}

const ACCOUNTS: u64 = 5;

/// A command on one of a few accounts, with ids that were often used before; sometimes time
/// passes first, and now and then it goes back a little.
pub(crate) fn random_command(
    desk: &Desk,
    random: &mut Random,
) -> Result<(AccountId, Command), Failure> {
    let seconds = |random: &mut Random, end| u32::try_from(random.below(end)).unwrap_or(0);
    match random.below(20) {
        0 => desk.clock.advance_seconds(seconds(random, 1_000)),
        1 => {
            let earlier = desk.ledger.now().as_millis().saturating_sub(5_000);
            desk.clock
                .set(kumari_engine::time::Timestamp::from_millis(earlier).unwrap_or_default());
        }
        _ => desk.clock.advance_seconds(seconds(random, 8)),
    }
    let id = account(random.below(ACCOUNTS))?;
    let action_id = action(random.below(400))?;
    let models: &[&str] = match random.below(4) {
        0 => &["top"],
        1 => &["lite", "top"],
        _ => &["lite"],
    };
    let leg = u32::try_from(random.below(2))?;
    let command = match random.below(10) {
        0 => Command::Advance,
        1 => {
            let expires_at = desk.ledger.now().plus_seconds(seconds(random, 2_000));
            Command::grant(action_id, credits(3), Some(expires_at))
        }
        2 => Command::grant(action_id, credits(2), None),
        3..=5 => Command::authorize(action_id, request(models, 100 + random.below(100))?)?,
        6 | 7 => {
            let model = if random.below(3) == 0 { "top" } else { "lite" };
            Command::settle(action_id, leg, model, random.below(400))?
        }
        _ => Command::void(action_id, leg),
    };
    Ok((id, command))
}

/// An answer or a refusal, without the faults of a store.
fn answer_of(result: Result<Done, LedgerError>) -> Result<Result<Done, Refused>, Failure> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(LedgerError::Denied(denial)) => Ok(Err(Refused::Denied(*denial))),
        Err(error) => Err(error.into()),
    }
}

/// The account that entries make.
pub(crate) fn rebuilt(id: &AccountId, entries: &[Entry]) -> Result<Account, Failure> {
    let mut account = Account::new(id.clone());
    for entry in entries {
        apply(&mut account, entry)?;
    }
    Ok(account)
}
