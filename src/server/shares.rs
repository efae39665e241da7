//! What all share, and of which each has no more than a share: who uses up theirs waits for
//! themselves alone, and keeps nobody else waiting.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

type Own<K> = Mutex<HashMap<K, Arc<Semaphore>>>;

/// What is shared, in pieces.
#[derive(Debug)]
pub(crate) struct Shares<K: Eq + Hash> {
    all: Arc<Semaphore>,
    /// What one may have at a time.
    own_max: u32,
    /// What each of those that have some, or wait, has left of its share.
    own: Arc<Own<K>>,
}

/// Some pieces, until dropped.
#[derive(Debug)]
pub(crate) struct Share<K: Eq + Hash> {
    // In this order: who is the last of its key is forgotten once all is given back.
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _key: Key<K>,
}

/// Somebody who has some, or waits.
#[derive(Debug)]
struct Key<K: Eq + Hash> {
    key: K,
    left: Option<Arc<Semaphore>>,
    own: Arc<Own<K>>,
}

impl<K: Clone + Eq + Hash> Shares<K> {
    /// `all` pieces, of which each may have `own_max` at a time.
    pub(crate) fn new(all: u32, own_max: u32) -> Self {
        let all = Arc::new(Semaphore::new(usize::try_from(all).unwrap_or(usize::MAX)));
        Self { all, own_max, own: Arc::default() }
    }

    /// Waits for so many pieces: first for those of one's own share, then for those of all, each in the
    /// order in which they were asked for. More than a share is taken for a whole one.
    ///
    /// # Errors
    /// None: they are never closed.
    pub(crate) async fn take(&self, key: &K, count: u32) -> Result<Share<K>, AcquireError> {
        let count = count.min(self.own_max);
        let (key, left) = self.key(key);
        let own = left.acquire_many_owned(count).await?;
        let all = Arc::clone(&self.all).acquire_many_owned(count).await?;
        Ok(Share { _all: all, _own: own, _key: key })
    }

    fn key(&self, key: &K) -> (Key<K>, Arc<Semaphore>) {
        let max = usize::try_from(self.own_max).unwrap_or(usize::MAX);
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let left = own.entry(key.clone()).or_insert_with(|| Arc::new(Semaphore::new(max)));
        let left = Arc::clone(left);
        let held = Some(Arc::clone(&left));
        (Key { key: key.clone(), left: held, own: Arc::clone(&self.own) }, left)
    }
}

impl<K: Eq + Hash> Drop for Key<K> {
    fn drop(&mut self) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.left.take());
        if own.get(&self.key).is_some_and(|left| Arc::strong_count(left) == 1) {
            own.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shares;
    use futures::FutureExt as _;
    use std::pin::pin;

    #[tokio::test]
    async fn who_has_its_share_keeps_nobody_else_waiting() {
        let shares = Shares::new(4, 2);
        let first = shares.take(&"a", 1).await.unwrap();
        // More than a share is a whole one, which waits until nothing is taken of it.
        let mut whole = pin!(shares.take(&"a", 9));
        assert!(whole.as_mut().now_or_never().is_none());
        let mut after = pin!(shares.take(&"a", 1));
        assert!(after.as_mut().now_or_never().is_none(), "in the order of asking");
        let other = shares.take(&"b", 2).now_or_never();
        assert!(other.is_some(), "it waits for nobody else's share");
        drop(first);
        let whole = whole.now_or_never().unwrap().unwrap();
        let mut third = pin!(shares.take(&"c", 1));
        assert!(third.as_mut().now_or_never().is_none(), "all is taken");
        drop(whole);
        let third = third.now_or_never().unwrap();
        let after = after.now_or_never().unwrap();
        drop((other, after, third));
        assert!(shares.own.lock().unwrap().is_empty(), "memory follows use");
    }

    #[tokio::test]
    async fn who_stops_waiting_is_forgotten() {
        let shares = Shares::new(1, 1);
        let first = shares.take(&"a", 1).await.unwrap();
        assert!(shares.take(&"a", 1).now_or_never().is_none());
        assert!(shares.take(&"b", 1).now_or_never().is_none());
        assert_eq!(shares.own.lock().unwrap().len(), 1);
        drop(first);
        assert!(shares.own.lock().unwrap().is_empty());
    }
}
