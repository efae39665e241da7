//! The engine's commands as a backend sends them, and the book that prices each.
//!
//! Nothing here waits or commits: see `carry_out`.

use crate::books::Books;
use crate::payments;
use crate::problem::{Answer, Problem};
use kumari_engine::account::{Account, Change, LedgerFault, Refused};
use kumari_engine::authorize::{Authorize, authorize};
use kumari_engine::eligibility::Quote;
use kumari_engine::extend::{Extend, extend};
use kumari_engine::fields;
use kumari_engine::grant::{Grant, grant};
use kumari_engine::id::ActionId;
use kumari_engine::pay::pay;
use kumari_engine::payment::Payment;
use kumari_engine::renew::{Renew, renew};
use kumari_engine::request::Request;
use kumari_engine::settle::{Settle, settle};
use kumari_engine::time::Timestamp;
use kumari_engine::void::{Void, void};

/// What a backend asks of an account.
#[derive(Debug)]
pub(crate) enum Command {
    /// Admit an action.
    Authorize(Box<Authorize>),
    /// Hold more for an action.
    Extend(Extend),
    /// Keep an action's hold open.
    Renew(Renew),
    /// Settle a leg.
    Settle(Settle),
    /// Void a leg.
    Void(Void),
    /// Grant credits.
    Grant(Grant),
    /// Take a fact about money.
    Payment(Payment),
}

/// An action to admit. A backend counts by itself, and is believed.
#[derive(Debug)]
pub(crate) struct Admission {
    action_id: ActionId,
    request: Request,
    /// What the person saw; without one, caps are lowered to what the balance allows.
    quote: Option<Quote>,
}

fields! {
    Admission { action_id, request, quote or default }
}

/// A document that is a command.
pub(crate) trait Body: kumari_engine::read::Read {
    /// The command.
    fn command(self) -> Answer<Command>;
}

impl Body for Admission {
    fn command(self) -> Answer<Command> {
        let fingerprint = kumari_wire::fingerprint(&self.request)
            .map_err(|fault| Problem::internal("fingerprint", &fault))?;
        let Self { action_id, request, quote } = self;
        let command = Authorize { action_id, fingerprint, request, quote };
        Ok(Command::Authorize(Box::new(command)))
    }
}

impl Body for Extend {
    fn command(self) -> Answer<Command> {
        Ok(Command::Extend(self))
    }
}

impl Body for Renew {
    fn command(self) -> Answer<Command> {
        Ok(Command::Renew(self))
    }
}

impl Body for Settle {
    fn command(self) -> Answer<Command> {
        Ok(Command::Settle(self))
    }
}

impl Body for Void {
    fn command(self) -> Answer<Command> {
        Ok(Command::Void(self))
    }
}

impl Body for Grant {
    fn command(self) -> Answer<Command> {
        Ok(Command::Grant(self))
    }
}

impl Body for Payment {
    fn command(self) -> Answer<Command> {
        Ok(Command::Payment(self))
    }
}

impl Command {
    /// The action whose hold it is about, and which says what book prices it.
    pub(crate) const fn hold(&self) -> Option<&ActionId> {
        match self {
            Self::Extend(Extend { action_id, .. })
            | Self::Renew(Renew { action_id })
            | Self::Settle(Settle { action_id, .. })
            | Self::Void(Void { action_id, .. }) => Some(action_id),
            Self::Authorize(_) | Self::Grant(_) | Self::Payment(_) => None,
        }
    }

    /// The actions that it looks at.
    pub(crate) fn actions(&self) -> Vec<ActionId> {
        let action_id = match self {
            Self::Authorize(command) => &command.action_id,
            Self::Extend(Extend { action_id, .. })
            | Self::Renew(Renew { action_id })
            | Self::Settle(Settle { action_id, .. })
            | Self::Void(Void { action_id, .. })
            | Self::Grant(Grant { action_id, .. }) => action_id,
            Self::Payment(payment) => return payment.actions(),
        };
        Vec::from([action_id.clone()])
    }

    /// What the engine decides, with the book that the command is priced by.
    ///
    /// # Errors
    /// As the engine says; [`LedgerFault::WrongBook`] where a hold's book is not among `books`.
    pub(crate) fn decide(
        &self,
        books: &Books,
        account: &Account,
        now: Timestamp,
    ) -> Result<Change, Refused> {
        let of_hold = |action_id| match account.hold(action_id) {
            Some(hold) => books.get(&hold.price_book).ok_or(LedgerFault::WrongBook),
            // There is nothing to price; the engine says so.
            None => Ok(books.in_force(now)),
        };
        match self {
            Self::Authorize(command) => {
                authorize(account, &books.in_force(now).published, command, now)
            }
            Self::Extend(command) => {
                extend(account, &of_hold(&command.action_id)?.published, command, now)
            }
            Self::Renew(command) => {
                renew(account, &of_hold(&command.action_id)?.published, command, now)
            }
            Self::Settle(command) => {
                settle(account, &of_hold(&command.action_id)?.published, command, now)
            }
            Self::Void(command) => {
                void(account, &of_hold(&command.action_id)?.published, command, now)
            }
            Self::Grant(command) => grant(account, command, now),
            Self::Payment(payment) => {
                let book = payments::book_of(books, payment, now);
                pay(account, &book.published, payment, now)
            }
        }
    }
}
