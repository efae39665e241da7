//! What is sent to a model: the conversation so far and the new message, with their files, counted
//! by us.

use crate::app::App;
use crate::books::Book;
use crate::conversations::as_they_stand;
use crate::counter::Tokens;
use crate::problem::Answer;
use crate::provider::ProviderRole;
use kumari_engine::attachment::Attachment;
use kumari_engine::encoding::Encoding;
use kumari_engine::id::{AccountId, ActionId};
use kumari_store::{
    Author, ConversationId, FileContent, FileFacts, MESSAGES_MAX, Message, MessageStatus,
};
use std::collections::HashMap;

/// The whole input of an action.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    /// Oldest first; the last one is the message to answer.
    pub(crate) messages: Vec<Said>,
    /// Tokens of all of them together, those of documents with them.
    pub(crate) tokens: Tokens,
    /// Tokens of the new text alone.
    pub(crate) new_tokens: Tokens,
}

/// One message, with what is known of its files.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) role: ProviderRole,
    pub(crate) text: String,
    pub(crate) files: Vec<FileFacts>,
}

impl Prompt {
    /// The text of the message to answer.
    pub(crate) fn text(&self) -> String {
        self.messages.last().map(|message| message.text.clone()).unwrap_or_default()
    }

    /// What goes along that is no text: of earlier messages first, of each in its order.
    pub(crate) fn attachments(&self) -> impl Iterator<Item = Attachment> + '_ {
        let files = self.messages.iter().flat_map(|message| &message.files);
        files.filter_map(|file| file.content.attachment())
    }
}

/// Puts the input together: every earlier message of the person with the answer of the first leg
/// that has ended with any text, then `text` with `files`.
pub(crate) async fn prompt(
    app: &App,
    book: &Book,
    account: &AccountId,
    conversation: ConversationId,
    text: &str,
    files: Vec<FileFacts>,
) -> Answer<Prompt> {
    let stored = app.store().messages(account, conversation, MESSAGES_MAX).await?;
    let stored = as_they_stand(app, account, stored).await?;
    let new_tokens = app.counter.count(&book.published.book, text).await;
    let mut tokens = new_tokens.clone();
    let mut messages = Vec::new();
    for (role, message) in exchange(&stored) {
        let counted = app.counter.complete(&book.published.book, message).await;
        add(&mut tokens, &counted);
        // What a model made is shown to people, and no model is given it again.
        let files = match role {
            ProviderRole::User => message.files.clone(),
            ProviderRole::Assistant | ProviderRole::System => Vec::new(),
        };
        messages.push(Said { role, text: message.text.clone(), files });
    }
    messages.push(Said { role: ProviderRole::User, text: text.to_owned(), files });
    for file in messages.iter().flat_map(|message| &message.files) {
        if let FileContent::Document { tokens: counted, characters, .. } = &file.content {
            add_document(&mut tokens, counted, *characters);
        }
    }
    Ok(Prompt { messages, tokens, new_tokens })
}

/// What is to be made is said in one message: nothing else goes along.
pub(crate) async fn alone(app: &App, book: &Book, text: &str) -> Prompt {
    let tokens = app.counter.count(&book.published.book, text).await;
    let said = Said { role: ProviderRole::User, text: text.to_owned(), files: Vec::new() };
    Prompt { messages: Vec::from([said]), new_tokens: tokens.clone(), tokens }
}

/// Adds counts in the encodings that are asked for.
fn add(tokens: &mut Tokens, counted: &Tokens) {
    for (encoding, sum) in tokens {
        *sum = sum.saturating_add(counted.get(encoding).copied().unwrap_or(0));
    }
}

/// Adds counts of a document. In an encoding that was not there when it was read it has a token for
/// each of its bytes: too many rather than none.
fn add_document(tokens: &mut Tokens, counted: &Tokens, characters: u64) {
    for (encoding, sum) in tokens {
        let bytes = characters.saturating_mul(4);
        let is_latin = Encoding::ALL.iter().any(|one| one.latin() == *encoding);
        let unknown = if is_latin { 0 } else { bytes };
        *sum = sum.saturating_add(counted.get(encoding).copied().unwrap_or(unknown));
    }
}

/// The messages of a conversation that a model is shown.
fn exchange(stored: &[Message]) -> Vec<(ProviderRole, &Message)> {
    let mut answers: HashMap<&ActionId, &Message> = HashMap::new();
    for message in stored {
        let ended = message.status != MessageStatus::Running && !message.text.is_empty();
        if message.author.leg().is_some() && ended {
            let first = answers.entry(&message.action_id).or_insert(message);
            if message.author.leg() < first.author.leg() {
                *first = message;
            }
        }
    }
    let mut shown = Vec::new();
    for message in stored.iter().filter(|message| message.author == Author::User) {
        shown.push((ProviderRole::User, message));
        if let Some(answer) = answers.get(&message.action_id) {
            shown.push((ProviderRole::Assistant, *answer));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::exchange;
    use crate::provider::ProviderRole;
    use kumari_store::{Author, Message, MessageStatus};

    fn message(action: &str, leg: Option<u32>, text: &str, status: MessageStatus) -> Message {
        let author =
            leg.map_or(Author::User, |leg| Author::Assistant { leg, model: "m".parse().unwrap() });
        Message {
            action_id: action.parse().unwrap(),
            author,
            text: text.to_owned(),
            status,
            charge: None,
            tokens: std::collections::BTreeMap::new(),
            created_at: "2026-11-23T10:00:00Z".parse().unwrap(),
            files: Vec::new(),
            steps: Vec::new(),
        }
    }

    #[test]
    fn a_model_is_shown_one_answer_to_each_message() {
        use MessageStatus::{Completed, Failed, Running, Sent};
        let stored = [
            message("a", None, "compare", Sent),
            message("a", Some(0), "", Failed),
            message("a", Some(1), "second", Completed),
            message("a", Some(2), "third", Completed),
            message("b", None, "again", Sent),
            message("b", Some(0), "half", Running),
        ];
        let shown: Vec<_> =
            exchange(&stored).into_iter().map(|(role, message)| (role, &*message.text)).collect();
        assert_eq!(
            shown,
            [
                (ProviderRole::User, "compare"),
                (ProviderRole::Assistant, "second"),
                (ProviderRole::User, "again"),
            ]
        );
    }
}
