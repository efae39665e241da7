//! What happens to a conversation after it was written: another title, its deletion, and what is
//! looked for in it.
//!
//! A conversation that is deleted is at once away from every list and every read of conversations.
//! Its rows stay for a while, so that the deletion can be taken back; then they are forgotten part
//! by part, with the files that no other conversation has. The journal knows nothing of it.

use crate::chat::ConversationId;
use crate::error::StoreError;
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;

/// Where a message stands among those of its conversation, in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessagePlace {
    /// When its action began.
    pub created_at: Timestamp,
    /// Its action.
    pub action_id: ActionId,
    /// The leg, where a model wrote it.
    pub leg: Option<u32>,
}

/// Changes of whole conversations, and their texts alone.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Gives a conversation another title, and says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::TITLE_BYTES_MAX`].
    async fn rename_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        title: String,
    ) -> Result<bool, StoreError>;

    /// Deletes a conversation, and says since when it is deleted; nothing where there is none. What
    /// was deleted before stays deleted since then.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn delete_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Takes the deletion of a conversation back where it came after `after`, and says whether the
    /// conversation is there now.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn restore_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        after: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Whether a conversation is deleted and not yet forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn is_deleted(&self, account: &AccountId, id: ConversationId)
    -> Result<bool, StoreError>;

    /// Forgets a part of the conversation that was deleted first, of all accounts, where that was at
    /// `before` or earlier: so many of its files and so many of its messages at most, and the
    /// conversation itself where nothing is left of it. Says how many rows that were, so that it is
    /// called again until there are none. A file that another conversation has stays.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::FORGET_MAX`].
    async fn forget_conversations(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// What the messages of a conversation say, the last first; those before `before`. None where it
    /// is deleted.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::TEXTS_MAX`].
    async fn texts(
        &self,
        account: &AccountId,
        id: ConversationId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<(MessagePlace, String)>, StoreError>;
}
