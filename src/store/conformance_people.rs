//! Cases: identities, free credits that are given once, sign-ins under way, sessions of an account.

use crate::error::StoreError;
use crate::fixtures::{Failure, Outcome, account, at};
use crate::limits::{
    CEREMONY_BYTES_MAX, DEVICE_BYTES_MAX, IDENTITIES_MAX, IDENTITY_BYTES_MAX,
    PERSON_NAME_BYTES_MAX, SESSIONS_MAX,
};
use crate::lookup::{Session, TokenHash};
use crate::people::{Ceremony, FreeClaim, Identity, IdentityKey, IdentityKind};
use crate::store::Store;
use std::sync::Arc;

/// An identity opens one account, whoever claims it later, until that account forgets it.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn an_identity_opens_one_account(store: Arc<dyn Store>) -> Outcome {
    let (first, second) = (identity(1, 1)?, identity(2, 1)?);
    assert_eq!(store.identity(&first.key).await?, None);
    let (one, other) = (store.claim_identity(first.clone()), store.claim_identity(identity(1, 2)?));
    let (one, other) = tokio::join!(one, other);
    assert_eq!(one?, other?, "one identity for two accounts");
    let claimed = store.identity(&first.key).await?.ok_or("no identity")?;
    let owner = claimed.account.clone();
    assert_eq!(store.claim_identity(identity(1, 3)?).await?, claimed, "it changed hands");
    let late = Identity { account: owner.clone(), created_at: at(50), ..second };
    assert_eq!(store.claim_identity(late.clone()).await?, late);
    assert_eq!(store.identities_of(&owner, 10).await?, [claimed.clone(), late.clone()]);
    assert_eq!(store.identities_of(&owner, 1).await?.len(), 1);
    assert_eq!(store.identities(None, 10).await?, [claimed.clone(), late.clone()]);
    assert_eq!(store.identities(Some(&first.key), 10).await?, std::slice::from_ref(&late));

    let details = r#"{"counter":"\u0000 Köln"}"#.to_owned();
    assert!(store.use_identity(&first.key, details.clone(), at(60)).await?);
    assert!(!store.use_identity(&IdentityKey([9; 32]), details.clone(), at(60)).await?);
    let used = Identity { details, used_at: at(60), ..claimed };
    assert_eq!(store.identity(&first.key).await?, Some(used));

    assert_eq!(store.forget_identities(&account(7)?).await?, 0);
    assert_eq!(store.forget_identities(&owner).await?, 2);
    assert_eq!(store.identity(&first.key).await?, None);
    assert_eq!(store.claim_identity(identity(1, 3)?).await?, identity(1, 3)?, "it is new again");
    Ok(())
}

/// The free credits of an identity stay with the account that got them first.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn free_credits_are_claimed_once(store: Arc<dyn Store>) -> Outcome {
    let (one, other) =
        tokio::join!(store.claim_free(free_claim(1, 1)?), store.claim_free(free_claim(1, 2)?));
    let (one, other) = (one?, other?);
    assert_eq!(one, other, "given twice");
    store.forget_identities(&one.account).await?;
    assert_eq!(store.claim_free(free_claim(1, 3)?).await?, one, "they come back with a deletion");
    let second = store.claim_free(free_claim(2, 3)?).await?;
    assert_eq!(store.free_claims(None, 10).await?, [one.clone(), second.clone()]);
    assert_eq!(store.free_claims(Some(&one.key), 10).await?, [second]);
    Ok(())
}

/// What a sign-in waits for is taken once, by its own session, and in time.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_ceremony_is_taken_once(store: Arc<dyn Store>) -> Outcome {
    let hash = |byte: u8| TokenHash([byte; 32]);
    let ceremony = |byte: u8, state: &str| Ceremony {
        token_hash: hash(byte),
        state: state.to_owned(),
        expires_at: at(100),
    };
    assert_eq!(store.take_ceremony(&hash(1), at(0)).await?, None);
    store.open_ceremony(ceremony(1, "first")).await?;
    store.open_ceremony(ceremony(1, "second")).await?;
    store.open_ceremony(ceremony(2, "other")).await?;
    let first = hash(1);
    let (one, other) =
        tokio::join!(store.take_ceremony(&first, at(99)), store.take_ceremony(&first, at(99)));
    let taken = [one?, other?];
    assert!(taken.contains(&None) && taken.contains(&Some("second".to_owned())), "{taken:?}");
    assert_eq!(store.take_ceremony(&hash(2), at(100)).await?, None, "too late");
    assert_eq!(store.take_ceremony(&hash(2), at(0)).await?, None, "and gone");

    store.open_ceremony(ceremony(3, "over")).await?;
    assert_eq!(store.forget_ceremonies(at(99), 10).await?, 0);
    assert_eq!(store.forget_ceremonies(at(100), 0).await?, 0);
    assert_eq!(store.forget_ceremonies(at(100), 10).await?, 1);
    assert_eq!(store.take_ceremony(&hash(3), at(0)).await?, None);
    Ok(())
}

/// An account's sessions are listed, the last seen first, and ended together but for one.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn sessions_of_an_account_end_together(store: Arc<dyn Store>) -> Outcome {
    let session = |byte: u8, number: u64, is_guest: bool| -> Result<Session, Failure> {
        Ok(Session {
            token_hash: TokenHash([byte; 32]),
            account: account(number)?,
            created_at: at(byte.into()),
            expires_at: (byte == 3).then(|| at(100)),
            is_guest,
            device: "Firefox on Linux".to_owned(),
            seen_at: at(byte.into()),
        })
    };
    let (one, two, three) = (session(1, 1, true)?, session(2, 1, false)?, session(3, 1, false)?);
    let other = session(4, 2, false)?;
    for session in [&one, &two, &three, &other] {
        assert_eq!(store.open_session(session.clone()).await?, *session);
    }
    let id = account(1)?;
    let listed = store.sessions_of(&id, at(99), 10).await?;
    assert_eq!(listed, [three.clone(), two.clone(), one.clone()]);
    assert_eq!(store.sessions_of(&id, at(99), 1).await?, [three]);
    assert_eq!(store.sessions_of(&id, at(100), 10).await?, [two.clone(), one.clone()]);

    store.see_session(&one.token_hash, at(50)).await?;
    store.see_session(&TokenHash([9; 32]), at(50)).await?;
    let seen = Session { seen_at: at(50), ..one };
    assert_eq!(store.sessions_of(&id, at(100), 10).await?, [seen.clone(), two]);
    assert_eq!(store.sessions(None, 10).await?.len(), 4, "one came out of nothing");

    assert_eq!(store.close_sessions(&id, Some(&seen.token_hash)).await?, 2);
    assert_eq!(store.sessions_of(&id, at(0), 10).await?, [seen]);
    assert_eq!(store.close_sessions(&id, None).await?, 1);
    assert_eq!(store.sessions_of(&id, at(0), 10).await?, []);
    assert_eq!(store.session(&other.token_hash, at(0)).await?, Some(other));
    Ok(())
}

/// What is too long of people is refused, and so is what not every database keeps.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn people_have_limits(store: Arc<dyn Store>) -> Outcome {
    let long = |bytes: usize| "x".repeat(bytes.saturating_add(1));
    let refused = [
        Identity { name: long(PERSON_NAME_BYTES_MAX), ..identity(1, 1)? },
        Identity { details: long(IDENTITY_BYTES_MAX), ..identity(1, 1)? },
        Identity { name: "a\u{0}b".to_owned(), ..identity(1, 1)? },
    ];
    for identity in refused {
        let error = store.claim_identity(identity).await;
        assert!(
            matches!(error, Err(StoreError::OverLimit { .. } | StoreError::Invalid(_))),
            "{error:?}"
        );
    }
    let state = long(CEREMONY_BYTES_MAX);
    let ceremony = Ceremony { token_hash: TokenHash([1; 32]), state, expires_at: at(9) };
    let over = |error: Result<(), StoreError>| matches!(error, Err(StoreError::OverLimit { .. }));
    assert!(over(store.open_ceremony(ceremony).await));
    let session = Session {
        token_hash: TokenHash([1; 32]),
        account: account(1)?,
        created_at: at(0),
        expires_at: None,
        is_guest: true,
        device: long(DEVICE_BYTES_MAX),
        seen_at: at(0),
    };
    assert!(over(store.open_session(session).await.map(drop)));
    let id = account(1)?;
    assert!(over(store.identities(None, IDENTITIES_MAX.saturating_add(1)).await.map(drop)));
    assert!(over(store.identities_of(&id, IDENTITIES_MAX.saturating_add(1)).await.map(drop)));
    assert!(over(store.free_claims(None, IDENTITIES_MAX.saturating_add(1)).await.map(drop)));
    assert!(over(store.forget_ceremonies(at(0), SESSIONS_MAX.saturating_add(1)).await.map(drop)));
    assert!(over(store.sessions_of(&id, at(0), SESSIONS_MAX.saturating_add(1)).await.map(drop)));
    assert_eq!(store.identities(None, 10).await?, []);
    Ok(())
}

/// A passkey that was claimed at that time.
pub(crate) fn identity(byte: u8, number: u64) -> Result<Identity, Failure> {
    Ok(Identity {
        key: IdentityKey([byte; 32]),
        account: account(number)?,
        kind: IdentityKind::Passkey,
        name: "Åsa 🦀".to_owned(),
        details: "{}".to_owned(),
        created_at: at(1),
        used_at: at(2),
    })
}

/// A claim of free credits.
pub(crate) fn free_claim(byte: u8, number: u64) -> Result<FreeClaim, Failure> {
    Ok(FreeClaim { key: IdentityKey([byte; 32]), account: account(number)? })
}
