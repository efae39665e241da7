//! What is stored of an account, as it lies there: for the audit, which trusts none of it.

use crate::error::StoreError;
use kumari_engine::account::{Account, Action};
use kumari_engine::id::ActionId;

/// What is stored of an account as of one instant, with one page of its actions.
#[derive(Debug, Default)]
pub struct Stored {
    /// The number of the journal's last entry; 0 where there is none.
    pub entry_last: u64,
    /// The account's own row, where there is one.
    pub state: Option<StoredState>,
    /// Actions, in the order of their ids.
    pub actions: Vec<StoredAction>,
}

/// The row of an account.
#[derive(Debug)]
pub struct StoredState {
    /// The fence.
    pub sequence: u64,
    /// The account without its actions, or why it cannot be read.
    pub account: Result<Account, StoreError>,
    /// When the next lot with something left in it ends, in milliseconds since 1970.
    pub lot_ends_at: Option<i64>,
}

/// The row of an action.
#[derive(Debug)]
pub struct StoredAction {
    /// Its id.
    pub action_id: ActionId,
    /// What it was used for, or why that cannot be read.
    pub action: Result<Action, StoreError>,
    /// The deadline of an open hold, in milliseconds since 1970.
    pub open_until: Option<i64>,
}
