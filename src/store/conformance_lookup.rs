//! Cases: sessions, service keys, price books, limits.

use crate::chat::{ChatWrite, Conversation, MessageUpdate};
use crate::error::StoreError;
use crate::fixtures::{BOOK, Failure, Outcome, account, action, at, book, conversation};
use crate::limits::{
    ACCOUNTS_DUE_MAX, BATCH_MAX, BOOK_BYTES_MAX, BOOKS_MAX, CALIBRATION_BYTES_MAX, CHAT_WRITES_MAX,
    CONVERSATIONS_MAX, ENTRIES_MAX, KEY_NAME_BYTES_MAX, KEYS_MAX, MESSAGES_MAX, SESSIONS_MAX,
    TEXT_BYTES_MAX, TITLE_BYTES_MAX, WANTED_ACTIONS_MAX,
};
use crate::lookup::{
    KeyScope, PaymentClaim, ServiceKey, Session, StoredBook, StoredCalibration, TokenHash,
};
use crate::store::{Store, Wanted};
use std::sync::Arc;

/// A session speaks for one account from its beginning to its end.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn sessions_begin_and_end(store: Arc<dyn Store>) -> Outcome {
    let session = |byte: u8, number: u64, ends_at: Option<u32>| -> Result<Session, Failure> {
        Ok(Session {
            token_hash: TokenHash([byte; 32]),
            account: account(number)?,
            created_at: at(0),
            expires_at: ends_at.map(at),
            is_guest: true,
            device: String::new(),
            seen_at: at(0),
        })
    };
    let (first, ending) = (session(1, 1, None)?, session(2, 2, Some(100))?);
    assert_eq!(store.session(&first.token_hash, at(0)).await?, None);
    assert_eq!(store.open_session(first.clone()).await?, first);
    assert_eq!(store.open_session(ending.clone()).await?, ending);
    assert_eq!(store.open_session(session(1, 9, Some(5))?).await?, first, "a token changed hands");

    assert_eq!(store.session(&first.token_hash, at(1_000_000)).await?, Some(first.clone()));
    assert_eq!(store.session(&ending.token_hash, at(99)).await?, Some(ending.clone()));
    assert_eq!(store.session(&ending.token_hash, at(100)).await?, None);
    assert_eq!(store.session(&TokenHash([3; 32]), at(0)).await?, None);

    assert_eq!(store.forget_sessions(at(99), 10).await?, 0);
    assert_eq!(store.forget_sessions(at(100), 0).await?, 0);
    assert_eq!(store.forget_sessions(at(100), 10).await?, 1);
    assert_eq!(store.session(&ending.token_hash, at(0)).await?, None);
    assert!(store.close_session(&first.token_hash).await?);
    assert!(!store.close_session(&first.token_hash).await?);
    assert_eq!(store.session(&first.token_hash, at(0)).await?, None);
    Ok(())
}

/// A payment object is claimed once: whoever claims it later learns whose it is.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_payment_object_has_one_account(store: Arc<dyn Store>) -> Outcome {
    let claim = |number: u64| -> Result<PaymentClaim, Failure> {
        Ok(PaymentClaim { object: action(1)?, account: account(number)? })
    };
    assert_eq!(store.payment_claim(&action(1)?).await?, None);
    let (one, other) = (store.claim_payment(claim(1)?), store.claim_payment(claim(2)?));
    let (one, other) = tokio::join!(one, other);
    let winner = one?;
    assert_eq!(winner, other?, "two accounts have it");
    assert_eq!(store.claim_payment(claim(3)?).await?, winner);
    assert_eq!(store.payment_claim(&action(1)?).await?, Some(winner));
    assert_eq!(store.payment_claim(&action(2)?).await?, None);
    Ok(())
}

/// A service key is found by its secret's hash, listed in the order of making, and revoked once.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn service_keys_are_made_and_revoked(store: Arc<dyn Store>) -> Outcome {
    let key = |byte: u8, scope| ServiceKey {
        secret_hash: TokenHash([byte; 32]),
        name: format!("backend {byte}"),
        scope,
        created_at: at(100 - u32::from(byte)),
        revoked_at: None,
    };
    let (ledger, read) = (key(1, KeyScope::Ledger), key(2, KeyScope::Read));
    assert_eq!(store.service_key(&ledger.secret_hash).await?, None);
    store.add_service_key(ledger.clone()).await?;
    store.add_service_key(read.clone()).await?;
    let other = ServiceKey { secret_hash: ledger.secret_hash, ..read.clone() };
    store.add_service_key(other).await?;
    assert_eq!(store.service_key(&ledger.secret_hash).await?, Some(ledger.clone()));
    assert_eq!(store.service_keys(None, 10).await?, [ledger.clone(), read.clone()]);
    assert_eq!(store.service_keys(None, 1).await?, std::slice::from_ref(&ledger));
    let after = Some(&ledger.secret_hash);
    assert_eq!(store.service_keys(after, 1).await?, std::slice::from_ref(&read));
    assert_eq!(store.service_keys(Some(&read.secret_hash), 1).await?, []);

    assert!(store.revoke_service_key(&read.secret_hash, at(7)).await?);
    assert!(!store.revoke_service_key(&read.secret_hash, at(9)).await?, "revoked twice");
    assert!(!store.revoke_service_key(&TokenHash([3; 32]), at(9)).await?);
    let revoked = ServiceKey { revoked_at: Some(at(7)), ..read };
    assert!(revoked.is_live(at(6)) && !revoked.is_live(at(7)));
    store.add_service_key(key(2, KeyScope::Ledger)).await?;
    assert_eq!(store.service_keys(None, 10).await?, [ledger, revoked], "a revoked key came back");
    Ok(())
}

/// R4: a published book never changes, stays readable, and comes into force at its time.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_published_book_never_changes(store: Arc<dyn Store>) -> Outcome {
    let stored = |version: &str, effective: u32, published: u32| -> Result<StoredBook, Failure> {
        Ok(StoredBook {
            version: version.parse()?,
            json: BOOK.to_owned(),
            effective_at: at(effective),
            published_at: at(published),
        })
    };
    assert_eq!(store.book_at(at(0)).await?, None);
    let first = stored(book()?.version.as_str(), 10, 0)?;
    let (second, third) = (stored("b2", 20, 5)?, stored("a3", 20, 7)?);
    for one in [&third, &first, &second] {
        store.publish_book(one.clone()).await?;
    }
    let again = StoredBook { published_at: at(99), ..first.clone() };
    store.publish_book(again).await?;
    assert_eq!(store.book(&first.version).await?, Some(first.clone()));
    for changed in [
        StoredBook { json: "{}".to_owned(), ..first.clone() },
        StoredBook { effective_at: at(11), ..first.clone() },
    ] {
        let refused = store.publish_book(changed).await;
        assert!(matches!(refused, Err(StoreError::BookChanged(_))), "{refused:?}");
    }
    assert_eq!(store.book(&first.version).await?, Some(first.clone()));
    assert_eq!(store.book(&"none".parse()?).await?, None);

    for (seconds, expected) in
        [(9, None), (10, Some(&first)), (19, Some(&first)), (20, Some(&third))]
    {
        assert_eq!(store.book_at(at(seconds)).await?.as_ref(), expected, "at {seconds}");
    }
    let listed = store.books(10).await?;
    let versions: Vec<&str> = listed.iter().map(|one| one.version.as_str()).collect();
    assert_eq!(versions, ["a3", "b2", first.version.as_str()]);
    assert_eq!(store.books(1).await?.len(), 1);
    Ok(())
}

/// One calibration is in force, the one that was put there last.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn the_calibration_put_last_is_in_force(store: Arc<dyn Store>) -> Outcome {
    let calibration = |version: &str, json: &str, published| -> Result<_, Failure> {
        let (version, json) = (version.parse()?, json.to_owned());
        Ok(StoredCalibration { version, json, published_at: at(published) })
    };
    assert_eq!(store.calibration(None).await?, None);
    // Also where the clock went back, and where an earlier one comes again.
    for (version, json, published) in [("c2", "{\"ü\":1}", 9), ("c1", "{}", 2), ("c2", "[]", 3)] {
        let put = calibration(version, json, published)?;
        store.put_calibration(put.clone()).await?;
        assert_eq!(store.calibration(None).await?.as_ref(), Some(&put));
        assert_eq!(store.calibration(Some(&"other".parse()?)).await?.as_ref(), Some(&put));
        assert_eq!(store.calibration(Some(&put.version)).await?, None, "it is known");
    }
    Ok(())
}

/// Every list, batch and text has a limit, which is met and not exceeded.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn limits_are_enforced(store: Arc<dyn Store>) -> Outcome {
    let id = account(1)?;
    let (now, chat) = (at(0), conversation(1));
    over(store.entries(&id, 0, ENTRIES_MAX + 1).await);
    over(store.accounts_due(now, None, ACCOUNTS_DUE_MAX + 1).await);
    over(store.conversations(&id, None, CONVERSATIONS_MAX + 1).await);
    over(store.messages(&id, chat, MESSAGES_MAX + 1).await);
    over(store.books(BOOKS_MAX + 1).await);
    over(store.service_keys(None, KEYS_MAX + 1).await);
    over(store.forget_sessions(now, SESSIONS_MAX + 1).await);
    store.entries(&id, 0, ENTRIES_MAX).await?;
    store.accounts_due(now, None, ACCOUNTS_DUE_MAX).await?;
    store.conversations(&id, None, CONVERSATIONS_MAX).await?;
    store.messages(&id, chat, MESSAGES_MAX).await?;
    store.books(BOOKS_MAX).await?;
    store.service_keys(None, KEYS_MAX).await?;
    store.forget_sessions(now, SESSIONS_MAX).await?;

    let wanted = |actions: usize| -> Result<Wanted, Failure> {
        Ok(Wanted { account: account(1)?, actions: vec![action(1)?; actions] })
    };
    over(store.load(&vec![wanted(0)?; BATCH_MAX + 1], now).await);
    over(store.load(&[wanted(WANTED_ACTIONS_MAX + 1)?], now).await);
    let loaded = store.load(&vec![wanted(0)?; BATCH_MAX], now).await?;
    assert_eq!(loaded.len(), BATCH_MAX);
    store.load(&[wanted(WANTED_ACTIONS_MAX)?], now).await?;

    let text = |bytes: usize| -> Result<ChatWrite, Failure> {
        let mut update = MessageUpdate::new(action(1)?, 0);
        update.text = Some("x".repeat(bytes));
        Ok(ChatWrite::Update(update))
    };
    let title = |bytes: usize| ChatWrite::Append {
        conversation: Conversation { id: chat, title: "x".repeat(bytes), updated_at: now },
        messages: Vec::new(),
    };
    over(store.write_chat(&id, vec![text(TEXT_BYTES_MAX + 1)?]).await);
    over(store.write_chat(&id, vec![title(TITLE_BYTES_MAX + 1)]).await);
    over(store.write_chat(&id, vec![text(0)?; CHAT_WRITES_MAX + 1]).await);
    assert_eq!(store.conversation(&id, chat).await?, None);
    store.write_chat(&id, vec![text(TEXT_BYTES_MAX)?, title(TITLE_BYTES_MAX)]).await?;
    store.write_chat(&id, vec![text(0)?; CHAT_WRITES_MAX]).await?;

    let mut key = ServiceKey {
        secret_hash: TokenHash([9; 32]),
        name: "x".repeat(KEY_NAME_BYTES_MAX + 1),
        scope: KeyScope::Read,
        created_at: now,
        revoked_at: None,
    };
    over(store.add_service_key(key.clone()).await);
    key.name.pop();
    store.add_service_key(key).await?;

    let mut long = StoredBook {
        version: "long".parse()?,
        json: "x".repeat(BOOK_BYTES_MAX + 1),
        effective_at: now,
        published_at: now,
    };
    over(store.publish_book(long.clone()).await);
    long.json.truncate(BOOK_BYTES_MAX);
    store.publish_book(long).await?;

    let mut long = StoredCalibration {
        version: "long".parse()?,
        json: "x".repeat(CALIBRATION_BYTES_MAX + 1),
        published_at: now,
    };
    over(store.put_calibration(long.clone()).await);
    long.json.truncate(CALIBRATION_BYTES_MAX);
    store.put_calibration(long).await?;
    Ok(())
}

fn over<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::OverLimit { .. })), "{result:?}");
}
