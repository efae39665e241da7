//! Accounts with lots, and the commands of a test in one line each.

use kumari_engine::account::{Account, Answer, Change, Refused, apply};
use kumari_engine::amount::Credits;
use kumari_engine::authorize::{Authorize, HOLD_TTL_SECONDS, authorize};
use kumari_engine::denial::Denial;
use kumari_engine::eligibility::Quote;
use kumari_engine::estimate::Caps;
use kumari_engine::extend::{Extend, extend};
use kumari_engine::grant::{Grant, grant};
use kumari_engine::id::ActionId;
use kumari_engine::limits::{Limits, set_limits};
use kumari_engine::lot::{LotId, LotKind};
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::pay::pay;
use kumari_engine::payment::{Payment, Product};
use kumari_engine::period::Periods;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::renew::{Renew, renew};
use kumari_engine::request::Request;
use kumari_engine::revoke::{Revoke, revoke};
use kumari_engine::settle::{Finish, Settle, UsageSource, settle};
use kumari_engine::time::Timestamp;
use kumari_engine::void::{Void, VoidReason, void};
use std::sync::LazyLock;

use crate::books::small_book;

/// One account, its journal, and the time.
pub struct Ledger {
    /// The account after all entries.
    pub account: Account,
    /// Every entry so far.
    pub entries: Vec<kumari_engine::entry::Entry>,
    /// What the next command gets as `now`.
    pub now: Timestamp,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            account: Account::new(parse("acct-1")),
            entries: Vec::new(),
            now: time("2026-03-01T00:00:00Z"),
        }
    }
}

impl Ledger {
    /// Grants a lot that never ends.
    pub fn grant(&mut self, id: &str, kind: LotKind, amount: &str) {
        self.grant_until(id, kind, amount, None);
    }

    /// Grants a lot; a Pro period by a payment, and its book sells just that bundle.
    ///
    /// # Panics
    /// Where the grant is refused.
    pub fn grant_until(&mut self, id: &str, kind: LotKind, amount: &str, end: Option<&str>) {
        if kind == LotKind::Pro {
            let payment = pro_until(id, end.unwrap(), self.now);
            self.pay(&selling(amount), &payment).unwrap();
            return;
        }
        let command = Grant {
            action_id: parse(id),
            kind,
            amount: credits(amount),
            priority: 0,
            effective_at: None,
            expires_at: end.map(time),
            reason: None,
        };
        let change = grant(&self.account, &command, self.now);
        self.keep(change).unwrap();
    }

    /// Takes a fact about money into the account.
    ///
    /// # Errors
    /// The denial.
    pub fn pay(&mut self, book: &PublishedBook, payment: &Payment) -> Result<Answer, Denial> {
        let change = pay(&self.account, book, payment, self.now);
        self.keep(change)
    }

    /// Changes the person's own limits.
    ///
    /// # Errors
    /// The denial.
    pub fn limit(&mut self, limits: Limits) -> Result<Answer, Denial> {
        let change = set_limits(&self.account, &limits, self.now);
        self.keep(change)
    }

    /// Takes what is left of a lot.
    ///
    /// # Errors
    /// The denial.
    pub fn revoke(&mut self, id: &str, lot: LotId, reason: &str) -> Result<Answer, Denial> {
        let command = Revoke { action_id: parse(id), lot, reason: reason.into() };
        let change = revoke(&self.account, &command, self.now);
        self.keep(change)
    }

    /// Authorizes without a quote.
    ///
    /// # Errors
    /// The denial.
    pub fn authorize(
        &mut self,
        book: &PublishedBook,
        id: &str,
        request: &Request,
    ) -> Result<Answer, Denial> {
        self.authorize_quoted(book, id, request, None)
    }

    /// Authorizes what a person saw.
    ///
    /// # Errors
    /// The denial.
    ///
    /// # Panics
    /// Where the ledger finds itself at fault.
    pub fn authorize_quoted(
        &mut self,
        book: &PublishedBook,
        id: &str,
        request: &Request,
        quote: Option<Quote>,
    ) -> Result<Answer, Denial> {
        let fingerprint = kumari_wire::fingerprint(request).unwrap();
        let command =
            Authorize { action_id: parse(id), fingerprint, request: request.clone(), quote };
        let change = authorize(&self.account, book, &command, self.now);
        self.keep(change)
    }

    /// Says that a hold's work still runs.
    ///
    /// # Errors
    /// The denial.
    pub fn renew(&mut self, book: &PublishedBook, id: &str) -> Result<Answer, Denial> {
        let change = renew(&self.account, book, &Renew { action_id: parse(id) }, self.now);
        self.keep(change)
    }

    /// Renews a hold three times in each time to live, as a server does, until that time comes.
    ///
    /// # Panics
    /// Where a renewal is refused.
    pub fn keep_alive(&mut self, book: &PublishedBook, id: &str, until: &str) {
        let until = time(until);
        while self.now < until {
            self.renew(book, id).unwrap();
            self.now = self.now.plus_seconds(HOLD_TTL_SECONDS / 3).min(until);
        }
    }

    /// Gives a hold larger caps.
    ///
    /// # Errors
    /// The denial.
    pub fn extend(&mut self, book: &PublishedBook, id: &str, caps: Caps) -> Result<Answer, Denial> {
        let command = Extend { action_id: parse(id), caps };
        let change = extend(&self.account, book, &command, self.now);
        self.keep(change)
    }

    /// Settles a leg with reported usage.
    ///
    /// # Errors
    /// The denial.
    pub fn settle(
        &mut self,
        book: &PublishedBook,
        (id, leg): (&str, u32),
        model: &str,
        usage: &[(Meter, u64)],
    ) -> Result<Answer, Denial> {
        let command = settle_command((id, leg), model, usage);
        let change = settle(&self.account, book, &command, self.now);
        self.keep(change)
    }

    /// Voids a leg that failed without output.
    ///
    /// # Errors
    /// The denial.
    pub fn void(&mut self, book: &PublishedBook, (id, leg): (&str, u32)) -> Result<Answer, Denial> {
        let command = Void { action_id: parse(id), leg, reason: VoidReason::Failed, used: None };
        let change = void(&self.account, book, &command, self.now);
        self.keep(change)
    }

    /// What can be spent now, what is held, and what the header shows.
    ///
    /// # Panics
    /// Where the sums are out of range.
    pub fn balances(&self) -> (String, String, String) {
        let advanced = kumari_engine::period::advance(&self.account, self.now).unwrap().account;
        let standing = advanced.standing(self.now).unwrap();
        (standing.available.to_string(), standing.held.to_string(), standing.settled.to_string())
    }

    /// What is left of each lot, held parts included, in the order of their ids.
    ///
    /// # Panics
    /// Where a sum is out of range.
    pub fn lots(&self) -> Vec<(LotKind, String)> {
        let left = |lot: &kumari_engine::lot::Lot| lot.available.add(lot.held).unwrap();
        self.account.lots.iter().map(|lot| (lot.kind, left(lot).to_string())).collect()
    }

    /// Takes over a change, after checking that it is what its entries make of the account.
    ///
    /// # Errors
    /// The denial.
    ///
    /// # Panics
    /// Where the ledger finds itself at fault.
    pub fn keep(&mut self, change: Result<Change, Refused>) -> Result<Answer, Denial> {
        match change {
            Ok(change) => {
                let mut replayed = self.account.clone();
                for entry in &change.entries {
                    apply(&mut replayed, entry).unwrap();
                }
                assert_eq!(replayed, change.account, "R29: an account is its entries");
                self.account = change.account;
                self.entries.extend(change.entries);
                Ok(change.answer)
            }
            Err(Refused::Denied(denial)) => Err(denial),
            Err(Refused::Fault(fault)) => panic!("{fault}"),
        }
    }
}

/// The payment for the last month before `end`.
///
/// # Panics
/// Where `end` is no instant after 1971.
pub fn pro_until(id: &str, end: &str, now: Timestamp) -> Payment {
    let (year, rest) = end.split_once('-').unwrap();
    let anchor = time(&format!("{}-{rest}", year.parse::<u32>().unwrap() - 1));
    let periods = Periods { anchor, months: 1 };
    let (subscription, period_start) = (parse(&format!("subscription-of-{id}")), periods.start(11));
    Payment::Paid {
        payment: parse(id),
        at: now,
        usd_cents: 2_000,
        product: Product::Pro { subscription, periods, period_start },
    }
}

/// A book whose Pro bundle is that amount.
fn selling(amount: &str) -> PublishedBook {
    static BOOK: LazyLock<PublishedBook> = LazyLock::new(|| small_book(|_| {}));
    let mut book = BOOK.clone();
    book.book.plans[1].credits = credits(amount);
    book
}

/// The command to settle a leg with reported usage.
///
/// # Panics
/// Where a quantity is too large.
pub fn settle_command((id, leg): (&str, u32), model: &str, usage: &[(Meter, u64)]) -> Settle {
    Settle {
        action_id: parse(id),
        leg,
        model: parse(model),
        usage: Usage::new(usage.iter().copied()).unwrap(),
        usage_source: UsageSource::Reported,
        finish: Finish::Completed,
    }
}

/// An amount.
pub fn credits(text: &str) -> Credits {
    parse(text)
}

/// An instant.
pub fn time(text: &str) -> Timestamp {
    parse(text)
}

/// An action's id.
pub fn action(text: &str) -> ActionId {
    parse(text)
}

fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}
