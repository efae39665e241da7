//! Who wants to hear that an account has changed.
//!
//! It carries no balance: a listener reads the account itself, so what it shows is what is
//! committed. Changes of another process are not heard; listeners look again on their own.

use kumari_engine::id::AccountId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// The listeners of this process.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    accounts: Mutex<HashMap<AccountId, watch::Sender<()>>>,
}

impl Hub {
    /// Hears of every change from now on; several changes at once are heard as one.
    pub(crate) fn listen(&self, account: &AccountId) -> watch::Receiver<()> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody listens to any more are dropped here, so the map follows its use.
        accounts.retain(|_, sender| sender.receiver_count() > 0);
        accounts.entry(account.clone()).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    /// Tells that an account has changed.
    pub(crate) fn tell(&self, account: &AccountId) {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = accounts.get(account) {
            sender.send_replace(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hub;

    #[tokio::test]
    async fn only_the_account_that_changed_is_told() {
        let hub = Hub::default();
        let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut of_a = hub.listen(&a);
        let of_b = hub.listen(&b);
        hub.tell(&a);
        hub.tell(&a);
        of_a.changed().await.unwrap();
        assert!(!of_a.has_changed().unwrap(), "two changes are heard as one");
        assert!(!of_b.has_changed().unwrap());
    }
}
