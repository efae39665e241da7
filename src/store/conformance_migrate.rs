//! Cases: a store copied into another, and what a copy reads of it.

use crate::chat::{Author, ChatWrite, Conversation, Message, MessageStatus};
use crate::conformance::random_command;
use crate::conformance_files::{document, picture};
use crate::conformance_people::{free_claim, identity};
use crate::conformance_purchases::renewal;
use crate::files::{FileRoom, StoredFile};
use crate::fixtures::{BOOK, Random};
use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, conversation, credits, request,
};
use crate::lookup::{
    KeyScope, PaymentClaim, ServiceKey, Session, StoredBook, StoredCalibration, TokenHash,
};
use crate::memory::MemoryStore;
use crate::migrate::{MigrateFault, append, migrate};
use crate::people::IdentityKey;
use crate::store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All sessions and all messages are listed in pages, in their order.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn what_a_copy_reads_is_listed_in_pages(store: Arc<dyn Store>) -> Outcome {
    for byte in [3, 1, 2] {
        store.open_session(session(byte, byte.into())?).await?;
    }
    let all = store.sessions(None, 10).await?;
    assert_eq!(all, [session(1, 1)?, session(2, 2)?, session(3, 3)?]);
    let page = store.sessions(Some(&TokenHash([1; 32])), 1).await?;
    assert_eq!(page, [session(2, 2)?]);
    assert_eq!(store.sessions(Some(&TokenHash([3; 32])), 10).await?, []);

    for number in [3, 1, 2] {
        store.claim_payment(claim(number, number)?).await?;
    }
    let all = store.payment_claims(None, 10).await?;
    assert_eq!(all, [claim(1, 1)?, claim(2, 2)?, claim(3, 3)?]);
    assert_eq!(store.payment_claims(Some(&action(1)?), 1).await?, [claim(2, 2)?]);
    assert_eq!(store.payment_claims(Some(&action(3)?), 10).await?, []);

    let id = account(1)?;
    let message = |number: u64, leg: Option<u32>| -> Result<Message, Failure> {
        Ok(Message {
            action_id: action(number)?,
            author: match leg {
                Some(leg) => Author::Assistant { leg, model: "lite".parse()? },
                None => Author::User,
            },
            text: "\u{0}\u{1f980}".to_owned(),
            status: MessageStatus::Sent,
            charge: None,
            tokens: BTreeMap::new(),
            created_at: at(9),
            files: Vec::new(),
            steps: Vec::new(),
        })
    };
    let appended = |number: u128, messages: Vec<Message>| ChatWrite::Append {
        conversation: Conversation {
            id: conversation(number),
            title: "\u{0}".to_owned(),
            updated_at: at(0),
        },
        messages,
    };
    let second = vec![message(2, Some(1))?, message(2, None)?, message(2, Some(0))?];
    let writes = vec![appended(1, second), appended(2, vec![message(1, None)?])];
    store.write_chat(&id, writes).await?;
    let all = [
        (conversation(2), message(1, None)?),
        (conversation(1), message(2, None)?),
        (conversation(1), message(2, Some(0))?),
        (conversation(1), message(2, Some(1))?),
    ];
    assert_eq!(store.all_messages(&id, None, 10).await?, all);
    assert_eq!(store.all_messages(&account(2)?, None, 10).await?, []);
    let after = (action(2)?, None);
    let page = store.all_messages(&id, Some(&after), 1).await?;
    assert_eq!(Some(page.as_slice()), all.get(2..3));
    let after = (action(1)?, Some(7));
    let page = store.all_messages(&id, Some(&after), 10).await?;
    assert_eq!(Some(page.as_slice()), all.get(1..));
    Ok(())
}

/// A copy that is resumed follows what was deleted, restored and renamed in the meantime.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_resumed_copy_follows_whole_conversations(store: Arc<dyn Store>) -> Outcome {
    let source = Desk::new(Arc::new(MemoryStore::new()))?;
    let (from, id) = (source.store(), account(1)?);
    source.run(&id, Command::grant(action(9)?, credits(1), None)).await?;
    for number in 1..=3 {
        let message = Message {
            action_id: action(number)?,
            author: Author::User,
            text: "said".to_owned(),
            status: MessageStatus::Sent,
            charge: None,
            tokens: BTreeMap::new(),
            created_at: at(1),
            files: Vec::new(),
            steps: Vec::new(),
        };
        let talk = Conversation {
            id: conversation(number.into()),
            title: format!("title {number}"),
            updated_at: at(1),
        };
        let write = ChatWrite::Append { conversation: talk, messages: vec![message] };
        from.write_chat(&id, vec![write]).await?;
    }
    migrate(from, store.as_ref(), false, |_| {}).await?;

    for number in [1, 2] {
        from.put_renewal(renewal(number, 5)?).await?;
    }
    migrate(from, store.as_ref(), true, |_| {}).await?;
    from.forget_renewal(&action(1)?).await?;
    from.put_renewal(renewal(2, 6)?).await?;
    from.delete_conversation(&id, conversation(1), at(2)).await?;
    from.rename_conversation(&id, conversation(2), "new".to_owned()).await?;
    migrate(from, store.as_ref(), true, |_| {}).await?;
    assert_eq!(store.renewals(None, 10).await?, [renewal(2, 6)?]);
    assert!(store.is_deleted(&id, conversation(1)).await?);
    let listed = from.conversations(&id, None, 10).await?;
    assert_eq!(listed.len(), 2);
    assert_eq!(store.conversations(&id, None, 10).await?, listed);

    // Taken back after the target has begun to forget it.
    assert!(store.forget_conversations(at(0), 1).await? > 0);
    from.restore_conversation(&id, conversation(1), at(0)).await?;
    migrate(from, store.as_ref(), true, |_| {}).await?;
    assert_eq!(store.conversations(&id, None, 10).await?, from.conversations(&id, None, 10).await?);
    let whole = from.messages(&id, conversation(1), 10).await?;
    assert_eq!(store.messages(&id, conversation(1), 10).await?, whole);
    Ok(())
}

/// A copy has everything, into a store and out of it; it is refused where something is, and goes on
/// where it was broken off.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_copy_has_everything(store: Arc<dyn Store>) -> Outcome {
    let source = Desk::new(Arc::new(MemoryStore::new()))?;
    fill(&source).await?;
    let copied = migrate(source.store(), store.as_ref(), false, |_| {}).await?;
    assert_eq!((copied.accounts, copied.books, copied.sessions, copied.keys), (5, 2, 3, 2));
    assert!(copied.entries > 200 && copied.messages > 100 && copied.files == 3, "{copied:?}");
    same(source.store(), store.as_ref()).await?;
    // What was deleted stays behind, and its file has no message any more.
    let id = account(2)?;
    assert_eq!(store.messages(&id, conversation(71), 10).await?, []);
    assert_eq!(store.files_kept(&id).await?.unused, 2);

    let refused = migrate(source.store(), store.as_ref(), false, |_| {}).await;
    assert!(matches!(refused, Err(MigrateFault::NotEmpty)), "{refused:?}");
    assert_eq!(migrate(source.store(), store.as_ref(), true, |_| {}).await?, copied);

    // A key that was revoked since is revoked in the copy, too.
    let key = TokenHash([1; 32]);
    assert!(source.store().revoke_service_key(&key, at(10)).await?);
    assert_eq!(migrate(source.store(), store.as_ref(), true, |_| {}).await?, copied);
    same(source.store(), store.as_ref()).await?;

    // So is what people did: one signed in, another one signed out and deleted the account.
    let people = source.store();
    assert!(people.use_identity(&IdentityKey([1; 32]), "{}".to_owned(), at(9)).await?);
    assert!(people.close_session(&TokenHash([2; 32])).await?);
    assert_eq!(people.forget_identities(&account(2)?).await?, 1);
    let copied = migrate(people, store.as_ref(), true, |_| {}).await?;
    assert_eq!((copied.sessions, copied.identities), (2, 1));
    same(people, store.as_ref()).await?;

    // And out of it, on top of a copy that was broken off in the middle of an account.
    let half = Desk::new(Arc::new(MemoryStore::new()))?;
    let (id, entries) = (account(2)?, store.entries(&account(2)?, 0, 3).await?);
    append(half.store(), &id, entries).await?;
    assert_eq!(migrate(store.as_ref(), half.store(), true, |_| {}).await?, copied);
    same(source.store(), half.store()).await
}

/// What a target has and the source has not is told, with the entry.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_copy_on_top_of_something_else_is_refused(store: Arc<dyn Store>) -> Outcome {
    let (source, target) = (Desk::new(Arc::new(MemoryStore::new()))?, Desk::new(store)?);
    let id = account(1)?;
    let grant = |amount| Ok::<_, Failure>(Command::grant(action(1)?, credits(amount), None));
    source.run(&id, grant(1)?).await?;
    target.run(&id, grant(2)?).await?;
    let refused = migrate(source.store(), target.store(), true, |_| {}).await;
    let told = matches!(&refused, Err(MigrateFault::Differs { entry: 1, .. }));
    assert!(told, "{refused:?}");
    target.run(&id, Command::grant(action(2)?, credits(2), None)).await?;
    source.run(&id, Command::authorize(action(3)?, request(&["lite"], 1)?)?).await?;
    let refused = migrate(source.store(), target.store(), true, |_| {}).await;
    assert!(matches!(refused, Err(MigrateFault::Differs { .. })), "{refused:?}");
    Ok(())
}

async fn fill(desk: &Desk) -> Outcome {
    let mut random = Random(7);
    for _ in 0..700 {
        let (account, command) = random_command(desk, &mut random)?;
        // A refusal writes nothing, and is not what this is about.
        drop(desk.run(&account, command).await);
    }
    for byte in [1, 2, 3] {
        desk.store().open_session(session(byte, byte.into())?).await?;
    }
    for byte in [1, 2] {
        desk.store().claim_identity(identity(byte, byte.into())?).await?;
        desk.store().claim_free(free_claim(byte, byte.into())?).await?;
    }
    for number in [1, 2, 3] {
        desk.store().claim_payment(claim(number, number)?).await?;
    }
    for number in [1, 2] {
        desk.store().put_renewal(renewal(number, 9)?).await?;
    }
    for (byte, revoked_at) in [(1, None), (2, Some(at(9)))] {
        let key = ServiceKey {
            secret_hash: TokenHash([byte; 32]),
            name: "backend".to_owned(),
            scope: KeyScope::Ledger,
            created_at: at(1),
            revoked_at,
        };
        desk.store().add_service_key(key).await?;
    }
    let files = [document(1, "one"), picture(2, b"two"), picture(3, b"three")];
    let id = account(2)?;
    for file in &files {
        desk.store().add_file(&id, file.clone(), FileRoom::ANY).await?;
    }
    let [sent, _, gone] = &files;
    for (number, file) in [(70, sent), (71, gone)] {
        desk.store().write_chat(&id, vec![sending(number, file)?]).await?;
    }
    desk.store().delete_conversation(&id, conversation(71), at(9)).await?;
    for (version, published) in [("b1", 1), ("b2", 2)] {
        let book = StoredBook {
            version: version.parse()?,
            json: BOOK.to_owned(),
            effective_at: at(5),
            published_at: at(published),
        };
        desk.store().publish_book(book).await?;
    }
    let (version, json) = ("c1".parse()?, "{}".to_owned());
    let calibration = StoredCalibration { version, json, published_at: at(3) };
    Ok(desk.store().put_calibration(calibration).await?)
}

/// A conversation with one message, which has the file.
fn sending(number: u64, file: &StoredFile) -> Result<ChatWrite, Failure> {
    let message = Message {
        action_id: action(number.saturating_add(1_000))?,
        author: Author::User,
        text: String::new(),
        status: MessageStatus::Sent,
        charge: None,
        tokens: BTreeMap::new(),
        created_at: at(9),
        files: vec![file.facts.clone()],
        steps: Vec::new(),
    };
    let (id, updated_at) = (conversation(number.into()), at(9));
    let conversation = Conversation { id, title: String::new(), updated_at };
    Ok(ChatWrite::Append { conversation, messages: vec![message] })
}

/// Both stores have the same.
async fn same(left: &dyn Store, right: &dyn Store) -> Outcome {
    assert_eq!(left.accounts(None, 100).await?, right.accounts(None, 100).await?);
    assert_eq!(left.sessions(None, 100).await?, right.sessions(None, 100).await?);
    assert_eq!(left.identities(None, 100).await?, right.identities(None, 100).await?);
    assert_eq!(left.free_claims(None, 100).await?, right.free_claims(None, 100).await?);
    let claims = left.payment_claims(None, 100).await?;
    assert_eq!(claims, right.payment_claims(None, 100).await?);
    assert_eq!(left.renewals(None, 100).await?, right.renewals(None, 100).await?);
    assert_eq!(left.books(100).await?, right.books(100).await?);
    assert_eq!(left.calibration(None).await?, right.calibration(None).await?);
    assert_eq!(left.service_keys(None, 100).await?, right.service_keys(None, 100).await?);
    for id in left.accounts(None, 100).await? {
        assert_eq!(left.entries(&id, 0, 1_000).await?, right.entries(&id, 0, 1_000).await?);
        let (one, other) = (left.stored(&id, None, 1_000), right.stored(&id, None, 1_000));
        let (one, other) = (one.await?, other.await?);
        assert_eq!(format!("{one:?}"), format!("{other:?}"), "{id}");
        let one = left.conversations(&id, None, 100).await?;
        assert_eq!(one, right.conversations(&id, None, 100).await?);
        let one = left.all_messages(&id, None, 1_000).await?;
        assert_eq!(one, right.all_messages(&id, None, 1_000).await?);
        let files = left.files(&id, None, 100).await?;
        assert_eq!(files, right.files(&id, None, 100).await?);
        for file in files {
            let (one, other) = (left.file(&id, file).await?, right.file(&id, file).await?);
            let bytes = |file: Option<StoredFile>| file.map(|file| (file.facts, file.content));
            assert_eq!(bytes(one), bytes(other));
        }
    }
    Ok(())
}

fn claim(object: u64, number: u64) -> Result<PaymentClaim, Failure> {
    Ok(PaymentClaim { object: action(object)?, account: account(number)? })
}

fn session(byte: u8, number: u64) -> Result<Session, Failure> {
    Ok(Session {
        token_hash: TokenHash([byte; 32]),
        account: account(number)?,
        created_at: at(0),
        expires_at: (byte != 2).then(|| at(9)),
        is_guest: true,
        device: String::new(),
        seen_at: at(0),
    })
}
