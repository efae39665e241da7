//! What a fault of PostgreSQL means: over, worth another attempt, or nobody knows.

use crate::error::StoreError;
use deadpool_postgres::{HookError, PoolError, TimeoutType};
use std::error::Error;
use std::time::Duration;
use tokio::time::sleep;
use tokio_postgres::error::{Severity, SqlState};

/// How often something is attempted.
const ATTEMPTS_MAX: u32 = 6;
/// How long the first wait is at most; each further one may be twice as long.
const FIRST_WAIT_MILLIS: u64 = 16;

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Nothing was changed, and another attempt would fail too.
    Final(StoreError),
    /// Nothing was changed, and another attempt may succeed.
    Again(StoreError),
    /// An action is there that was taken for unused: nothing was changed.
    Used,
    /// The connection broke while a commit was under way: it may have happened.
    Unknown,
}

/// The attempts at one piece of work.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    made: u32,
    /// One of them may have committed.
    pub(crate) is_unknown: bool,
}

impl Attempts {
    /// Waits until the next attempt is due.
    ///
    /// Waits are random, so that those who were in each other's way do not meet again.
    ///
    /// # Errors
    /// Where there is no next attempt: the fault's own, or [`StoreError::Closed`] where an earlier
    /// attempt may have committed.
    pub(crate) async fn after(&mut self, fault: Fault) -> Result<(), StoreError> {
        self.made = self.made.saturating_add(1);
        let (error, is_over) = match fault {
            Fault::Final(error) => (error, true),
            Fault::Used => (StoreError::Invalid("an action is used that should not be"), true),
            Fault::Again(error) => (error, false),
            Fault::Unknown => {
                self.is_unknown = true;
                (StoreError::Closed, false)
            }
        };
        if is_over || self.made >= ATTEMPTS_MAX {
            return Err(if self.is_unknown { StoreError::Closed } else { error });
        }
        let longest =
            FIRST_WAIT_MILLIS.saturating_mul(2_u64.saturating_pow(self.made.saturating_sub(1)));
        sleep(Duration::from_millis(fastrand::u64(0..=longest))).await;
        Ok(())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        let said = words(&error);
        let Some(state) = error.code() else {
            return if is_line_broken(&error) {
                Self::Again(StoreError::Unavailable(said))
            } else {
                Self::Final(refused(said))
            };
        };
        let table = error.as_db_error().and_then(|said| said.table());
        match *state {
            // A distributed database numbers the parts of a table behind its name.
            SqlState::UNIQUE_VIOLATION
                if table.is_some_and(|table| table.starts_with("actions")) =>
            {
                Self::Used
            }
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
                Self::Again(StoreError::Busy)
            }
            SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => {
                Self::Final(StoreError::Busy)
            }
            // A connection that led to a standby, as after a change of the primary, is closed; the
            // next one may lead to the primary.
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
            | SqlState::READ_ONLY_SQL_TRANSACTION => Self::Again(StoreError::Unavailable(said)),
            _ => match state.code().get(..2) {
                // Connection exceptions, and too little of something: memory, disk, connections.
                Some("08" | "53") => Self::Again(StoreError::Unavailable(said)),
                _ => Self::Final(refused(said)),
            },
        }
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Self::Final(StoreError::Busy),
            PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => {
                Self::Again(StoreError::Unavailable("connecting took too long".to_owned()))
            }
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                error.into()
            }
            PoolError::PostCreateHook(HookError::Message(words)) => {
                Self::Final(refused(words.into_owned()))
            }
            PoolError::Closed | PoolError::NoRuntimeSpecified => Self::Final(StoreError::Closed),
        }
    }
}

/// What a fault during a commit means. Only where the database itself said no, and went on, did
/// the commit not happen.
pub(crate) fn during_commit(error: tokio_postgres::Error) -> Fault {
    let refused = error.as_db_error().and_then(|said| said.parsed_severity());
    match refused {
        Some(Severity::Error) => error.into(),
        _ => Fault::Unknown,
    }
}

/// The database said no, in these words.
pub(crate) fn refused(words: String) -> StoreError {
    StoreError::Database(Box::<dyn Error + Send + Sync>::from(words).into())
}

/// An error with its causes, as one line.
pub(crate) fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

fn is_line_broken(error: &tokio_postgres::Error) -> bool {
    let cause = error.source();
    error.is_closed() || cause.is_some_and(|cause| cause.is::<std::io::Error>())
}
