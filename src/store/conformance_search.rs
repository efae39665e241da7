//! Cases: what is looked for in conversations.

use crate::chat::{Author, ChatWrite, Conversation, Message, MessageStatus};
use crate::fixtures::{Failure, Outcome, account, action, at, conversation};
use crate::limits::{CONVERSATIONS_MAX, MESSAGES_MAX};
use crate::search::{FoundIn, Needle, SearchPlace, Searched, search, search_by_bytes};
use crate::store::Store;
use kumari_engine::id::AccountId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Titles and messages are searched without case, and every sign stands for itself.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn words_are_found_in_titles_and_messages(store: Arc<dyn Store>) -> Outcome {
    let (id, other) = (account(1)?, account(2)?);
    let writes = vec![
        talk(1, "Ärger mit C:\\temp", &["it cost 100% of a_b"])?,
        talk(2, "Second", &["Is ÄRGER good?", "no"])?,
        talk(3, "third", &["1000 of axb", "nothing\n here \u{0}."])?,
        talk(4, "fourth", &["the end"])?,
    ];
    store.write_chat(&id, writes).await?;
    store.write_chat(&other, vec![talk(1, "Ärger", &["100%"])?]).await?;
    for (words, expected) in [
        ("ärger", &[2, 1][..]),
        ("ÄRGER", &[2, 1]),
        ("arger", &[]),
        ("100%", &[1]),
        ("%", &[1]),
        ("_", &[1]),
        ("a_b", &[1]),
        ("\\", &[1]),
        ("c:\\TEMP", &[1]),
        ("nothing here", &[3]),
        ("'", &[]),
        ("th", &[4, 3]),
    ] {
        let found = all(&store, &id, words).await?;
        assert_eq!(found, expected, "`{words}`");
    }

    // In the title first, else in the last message that has it.
    let hit = find(&store, &id, "second", None, 10).await?.hits;
    assert_eq!(hit.first().map(|hit| hit.found.place), Some(FoundIn::Title));
    let hit = find(&store, &id, "o", None, 2).await?;
    let found: Vec<(FoundIn, &str)> =
        hit.hits.iter().map(|hit| (hit.found.place, hit.found.before.as_str())).collect();
    assert_eq!(found, [(FoundIn::Title, "f"), (FoundIn::Assistant, "n")]);
    let listed = store.conversations(&id, None, 2).await?;
    assert!(hit.hits.iter().map(|hit| &hit.conversation).eq(&listed), "as it is listed");

    store.delete_conversation(&id, conversation(2), at(9)).await?;
    assert_eq!(all(&store, &id, "ärger").await?, [1]);
    Ok(())
}

/// A search is paged like the list, and one that finds little stops all the same.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_search_does_so_much_at_a_time(store: Arc<dyn Store>) -> Outcome {
    let id = account(1)?;
    let many = CONVERSATIONS_MAX.saturating_add(30);
    for number in 0..many {
        let text = if number < 25 { "needle" } else { "hay" };
        store.write_chat(&id, vec![talk(number.into(), "title", &[text])?]).await?;
    }
    let first = find(&store, &id, "needle", None, 10).await?;
    assert_eq!((first.hits.len(), first.next.is_some()), (0, true), "it gave up for now");
    let second = find(&store, &id, "needle", first.next, 10).await?;
    assert_eq!((second.hits.len(), second.next.is_some()), (10, true));
    let pages = all(&store, &id, "needle").await?;
    assert_eq!(pages, (0..25).rev().collect::<Vec<_>>(), "each once, in the order of the list");
    let exact = find(&store, &id, "needle", second.next, 15).await?;
    assert_eq!((exact.hits.len(), exact.next), (15, None));

    // Of a long conversation as much as can be opened is looked at.
    let long = account(2)?;
    let hay = vec!["hay"; usize::try_from(MESSAGES_MAX)?.saturating_sub(1)];
    store.write_chat(&long, vec![talk(1, "long", &["needle"])?]).await?;
    store.write_chat(&long, vec![talk_from(1, "long", 1, &hay)?]).await?;
    store.write_chat(&long, vec![talk(0, "short", &["needle"])?]).await?;
    let page = find(&store, &long, "needle", None, 10).await?;
    assert_eq!((page.hits.len(), page.next.is_some()), (1, true), "enough for once");
    assert_eq!(all(&store, &long, "needle").await?, [1, 0]);
    store.write_chat(&long, vec![talk_from(1, "long", 5_000, &["hay"])?]).await?;
    assert_eq!(all(&store, &long, "needle").await?, [0]);
    Ok(())
}

/// A search stops inside a conversation where its texts are long, and goes on there.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_search_looks_at_so_many_bytes_at_a_time(store: Arc<dyn Store>) -> Outcome {
    let id = account(1)?;
    let mut texts = vec!["0123456789"; 30];
    texts.splice(..2, ["needle one", "needle two"]);
    store.write_chat(&id, vec![talk(2, "long", &texts)?, talk(1, "short", &["needle"])?]).await?;
    let needle = Needle::new("needle").ok_or("nothing to look for")?;
    let (mut from, mut hits, mut calls) = (None, Vec::new(), 0_u32);
    loop {
        let sought = (&*store, &id, &needle);
        let page = search_by_bytes(100, sought, from, 10).await?;
        calls = calls.saturating_add(1);
        hits.extend(page.hits.into_iter().map(|hit| (hit.conversation.id, hit.found.after)));
        from = page.next;
        let Some(place) = &from else { break };
        let expected = match calls {
            1 => Some((at(20), 990)),
            2 => Some((at(10), 980)),
            _ => None,
        };
        let within = place.within.as_ref().map(|one| (one.before.created_at, one.left));
        assert_eq!(within, expected, "call {calls}");
    }
    let found = [(conversation(2), " two".to_owned()), (conversation(1), String::new())];
    assert_eq!(hits, found);
    assert_eq!(calls, 3);

    // What is deleted meanwhile is passed over, and one text above the most is looked at.
    let from = search_by_bytes(100, (&*store, &id, &needle), None, 10).await?.next;
    store.delete_conversation(&id, conversation(2), at(99)).await?;
    let page = search_by_bytes(1, (&*store, &id, &needle), from, 10).await?;
    assert_eq!(page.hits.len(), 1);
    Ok(())
}

/// The numbers of all conversations that have it, page by page.
async fn all(store: &Arc<dyn Store>, id: &AccountId, words: &str) -> Result<Vec<u128>, Failure> {
    let (mut before, mut numbers) = (None, Vec::new());
    loop {
        let page = find(store, id, words, before, 7).await?;
        let base = conversation(0).0.as_u128();
        numbers.extend(page.hits.iter().map(|hit| hit.conversation.id.0.as_u128() ^ base));
        before = page.next;
        if before.is_none() {
            return Ok(numbers);
        }
    }
}

async fn find(
    store: &Arc<dyn Store>,
    id: &AccountId,
    words: &str,
    before: Option<SearchPlace>,
    limit: u32,
) -> Result<Searched, Failure> {
    let needle = Needle::new(words).ok_or("nothing to look for")?;
    Ok(search(&**store, id, &needle, before, limit).await?)
}

/// A conversation with messages of the person and of a model in turns.
fn talk(number: u128, title: &str, texts: &[&str]) -> Result<ChatWrite, Failure> {
    talk_from(number, title, 0, texts)
}

fn talk_from(
    number: u128,
    title: &str,
    first: usize,
    texts: &[&str],
) -> Result<ChatWrite, Failure> {
    let mut messages = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let place = first.saturating_add(index);
        let author = match place % 2 {
            0 => Author::User,
            _ => Author::Assistant { leg: 0, model: "lite".parse()? },
        };
        let at_second = u32::try_from(place)?;
        let unique =
            u64::try_from(number)?.saturating_mul(10_000).saturating_add(place.try_into()?);
        messages.push(Message {
            action_id: action(unique)?,
            author,
            text: (*text).to_owned(),
            status: MessageStatus::Sent,
            charge: None,
            tokens: BTreeMap::new(),
            created_at: at(at_second),
            files: Vec::new(),
            steps: Vec::new(),
        });
    }
    let updated_at = at(u32::try_from(number)?);
    let conversation =
        Conversation { id: conversation(number), title: title.to_owned(), updated_at };
    Ok(ChatWrite::Append { conversation, messages })
}
