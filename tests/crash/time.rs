//! What time does, with a clock that a test sets.

use crate::place::{Place, runtime};
use crate::witness::{Witness, audit};
use kumari_engine::authorize::HOLD_TTL_SECONDS;
use kumari_engine::id::AccountId;
use kumari_store::{ACCOUNTS_DUE_MAX, Clock as _, Ledger, SettableClock, Store, SystemClock};
use std::sync::Arc;

/// Nobody runs the answers any more whose holds are open. At their deadlines, and no earlier than
/// that, their credits are available again; two sweepers at once write it down once.
pub(crate) fn holds_come_back(place: &impl Place, witness: &Witness) {
    let runtime = runtime();
    let clock = Arc::new(SettableClock::new(SystemClock.now()));
    let stores = [place.open(&runtime), place.open(&runtime)];
    runtime.block_on(async {
        let ledgers = stores.map(|store: Arc<dyn Store>| Ledger::new(store, clock.clone()));
        clock.advance_seconds(HOLD_TTL_SECONDS);
        let (one, other) = tokio::join!(sweep(&ledgers[0]), sweep(&ledgers[1]));
        assert!(one + other > 0, "no hold was open");
        for (account, settled) in witness.settled() {
            let id: AccountId = account.parse().expect("an id");
            let account = ledgers[0].read(&id, &[]).await.expect("an account");
            let standing = account.standing(clock.now()).expect("sums that hold");
            assert_eq!((standing.open_holds, standing.available), (0, settled), "{id}");
        }
    });
    audit(place.database());
}

/// Everything that is due, and how many accounts it brought to now.
async fn sweep(ledger: &Ledger) -> usize {
    let (mut after, mut count) = (None, 0);
    loop {
        let swept = ledger.sweep(after.as_ref(), ACCOUNTS_DUE_MAX, |_| Vec::new()).await;
        let swept = swept.expect("a sweep");
        assert!(swept.failed.is_empty(), "{:?}", swept.failed);
        count += swept.advanced.len();
        after = match swept.next {
            Some(next) => Some(next),
            None => return count,
        };
    }
}
