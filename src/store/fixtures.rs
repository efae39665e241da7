//! What the suite's cases are made of: a small price book, ids, times, requests, and numbers that
//! look random and are the same every time.
//!
//! The book has one task and two text models: an answer of `top` costs 0.5 credits and another
//! 250 per million input tokens and 1 000 per million output tokens; `lite` a base of 0.5 too,
//! then 10 and 40.

use crate::chat::{
    Author, ChatWrite, Conversation, ConversationId, Message, MessageStatus, MessageStep,
    MessageUpdate, StepKind,
};
use crate::clock::{Clock, SettableClock};
use crate::error::StoreError;
use crate::ledger::{Done, LANE_WAITING_MAX, Ledger, LedgerCommand, LedgerError};
use crate::limits::WANTED_ACTIONS_MAX;
use crate::store::{Store, Wanted};
use kumari_engine::account::{Account, Change, Hold, Refused};
use kumari_engine::amount::Credits;
use kumari_engine::authorize::{Authorize, authorize};
use kumari_engine::encoding::TokenKind;
use kumari_engine::entry::{Entry, Event};
use kumari_engine::grant::{Grant, grant};
use kumari_engine::id::{AccountId, ActionId, IdFault, ModelId};
use kumari_engine::lot::LotKind;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::pay::pay;
use kumari_engine::payment::Payment;
use kumari_engine::period::advance;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::renew::{Renew, renew};
use kumari_engine::request::{Request, Task};
use kumari_engine::settle::{Finish, LegEnd, Settle, UsageSource, settle};
use kumari_engine::time::Timestamp;
use kumari_engine::void::{Void, VoidReason, void};
use kumari_wire::{BookFault, CanonicalFault};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// The small price book, as text.
pub const BOOK: &str = include_str!("fixtures/price-book.json");

/// The small price book, published.
///
/// # Errors
/// [`BookFault`] where it breaks a rule of today's engine.
pub fn book() -> Result<PublishedBook, BookFault> {
    kumari_wire::publish(BOOK)
}

/// Why a case could not run; an expectation that does not hold panics.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a case returns.
pub type Outcome = Result<(), Failure>;

/// Noon of 1 March 2026 and `seconds` later.
pub fn at(seconds: u32) -> Timestamp {
    Timestamp::from_millis(1_772_366_400_000).unwrap_or_default().plus_seconds(seconds)
}

/// An account by its number.
///
/// # Errors
/// [`IdFault`], never.
pub fn account(number: u64) -> Result<AccountId, IdFault> {
    format!("account-{number}").parse()
}

/// An action id by its number, in the form of a UUIDv7.
///
/// # Errors
/// [`IdFault`], never.
pub fn action(number: u64) -> Result<ActionId, IdFault> {
    format!("01950000-0000-7000-8000-{number:012x}").parse()
}

/// Whole credits.
pub fn credits(count: i64) -> Credits {
    Credits::from_micros(count.saturating_mul(1_000_000))
}

/// A request of one model, or a comparison of several, with 100 input tokens.
///
/// # Errors
/// [`IdFault`] for a model that cannot be one.
pub fn request(models: &[&str], output_tokens_max: u64) -> Result<Request, IdFault> {
    let task = match models {
        [] | [_] => Task::Direct,
        [_, ..] => Task::Compare,
    };
    let models: Result<Vec<ModelId>, IdFault> = models.iter().map(|model| model.parse()).collect();
    let mut request = Request::new(task, models?);
    request.input_tokens.insert(TokenKind::O200kBase, 100);
    request.messages = Some(1);
    request.output_tokens_max = Some(output_tokens_max);
    Ok(request)
}

/// A command, to be run on any account at any time, of the gateway's kind: without a quote.
#[derive(Clone, Debug)]
pub enum Command {
    /// Bring the account to now.
    Advance,
    /// Grant credits.
    Grant(Grant),
    /// Admit an action.
    Authorize(Box<Authorize>),
    /// Settle a leg.
    Settle(Settle),
    /// Void a leg.
    Void(Void),
    /// Say that a hold's work still runs.
    Renew(Renew),
    /// Take in a fact about money.
    Pay(Box<Payment>),
}

impl Command {
    /// Grants a pack, or credits that end at some time.
    pub fn grant(action_id: ActionId, amount: Credits, expires_at: Option<Timestamp>) -> Self {
        let kind = match expires_at {
            Some(_) => LotKind::Promo,
            None => LotKind::Pack,
        };
        Self::Grant(Grant {
            action_id,
            kind,
            amount,
            priority: 0,
            effective_at: None,
            expires_at,
            reason: None,
        })
    }

    /// Admits an action whose content is its request.
    ///
    /// # Errors
    /// [`kumari_wire::CanonicalFault`] where the request has no canonical form.
    pub fn authorize(action_id: ActionId, request: Request) -> Result<Self, CanonicalFault> {
        Ok(Self::Authorize(Box::new(Authorize {
            action_id,
            fingerprint: kumari_wire::fingerprint(&request)?,
            request,
            quote: None,
        })))
    }

    /// Settles a leg at some tokens of output.
    ///
    /// # Errors
    /// [`Failure`] for a model that cannot be one, or a quantity beyond its range.
    pub fn settle(
        action_id: ActionId,
        leg: u32,
        model: &str,
        output: u64,
    ) -> Result<Self, Failure> {
        Ok(Self::Settle(Settle {
            action_id,
            leg,
            model: model.parse()?,
            usage: Usage::new([(Meter::InputTokens, 100), (Meter::OutputTokens, output)])
                .map_err(|fault| fault.to_string())?,
            usage_source: UsageSource::Reported,
            finish: Finish::Completed,
        }))
    }

    /// Voids a leg.
    pub fn void(action_id: ActionId, leg: u32) -> Self {
        Self::Void(Void { action_id, leg, reason: VoidReason::Failed, used: None })
    }

    /// The actions that it names.
    pub fn actions(&self) -> Vec<ActionId> {
        let action_id = match self {
            Self::Pay(payment) => return payment.actions(),
            Self::Advance => None,
            Self::Renew(command) => Some(&command.action_id),
            Self::Grant(command) => Some(&command.action_id),
            Self::Authorize(command) => Some(&command.action_id),
            Self::Settle(command) => Some(&command.action_id),
            Self::Void(command) => Some(&command.action_id),
        };
        action_id.into_iter().cloned().collect()
    }

    /// What the engine decides.
    ///
    /// # Errors
    /// [`Refused`] as the engine says.
    pub fn decide(
        &self,
        book: &PublishedBook,
        account: &Account,
        now: Timestamp,
    ) -> Result<Change, Refused> {
        match self {
            Self::Advance => Ok(advance(account, now)?),
            Self::Grant(command) => grant(account, command, now),
            Self::Authorize(command) => authorize(account, book, command, now),
            Self::Settle(command) => settle(account, book, command, now),
            Self::Void(command) => void(account, book, command, now),
            Self::Renew(command) => renew(account, book, command, now),
            Self::Pay(payment) => pay(account, book, payment, now),
        }
    }
}

/// A ledger over a store under test, with its clock at noon.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The ledger.
    pub ledger: Ledger,
    /// Its clock.
    pub clock: Arc<SettableClock>,
    /// The book that prices everything.
    pub book: Arc<PublishedBook>,
}

impl Desk {
    /// A desk over `store`.
    ///
    /// # Errors
    /// [`BookFault`], as of [`book`].
    pub fn new(store: Arc<dyn Store>) -> Result<Self, BookFault> {
        let lanes = store.lanes_max();
        Self::with_lanes(store, lanes)
    }

    /// A desk whose ledger has so many lanes.
    ///
    /// # Errors
    /// [`BookFault`], as of [`book`].
    pub fn with_lanes(store: Arc<dyn Store>, lanes: usize) -> Result<Self, BookFault> {
        let clock = Arc::new(SettableClock::new(at(0)));
        let port: Arc<dyn Clock> = clock.clone();
        let ledger = Ledger::with_lanes(store, port, lanes, LANE_WAITING_MAX);
        Ok(Self { ledger, clock, book: Arc::new(book()?) })
    }

    /// The store under test.
    pub fn store(&self) -> &dyn Store {
        self.ledger.store().as_ref()
    }

    /// Runs a command, with the chat rows that belong to it.
    ///
    /// # Errors
    /// [`LedgerError`] as of [`Ledger::run`].
    pub async fn run(&self, account: &AccountId, command: Command) -> Result<Done, LedgerError> {
        let outcomes = self.ledger.run_all(vec![self.command(account, command)]).await?;
        outcomes.into_iter().next().unwrap_or(Err(StoreError::Closed.into()))
    }

    /// A command as the ledger takes it, with the chat rows that belong to it.
    pub fn command(&self, account: &AccountId, command: Command) -> LedgerCommand {
        let book = Arc::clone(&self.book);
        let actions = command.actions();
        let decide = move |account: &Account, now: Timestamp| command.decide(&book, account, now);
        LedgerCommand::new(account.clone(), actions, chat_rows, decide)
    }

    /// Everything that is stored of an account: it, with all of its actions, and its entries.
    ///
    /// # Errors
    /// [`StoreError`] as of [`Store::entries`] and [`Store::load`].
    pub async fn stored(&self, account: &AccountId) -> Result<(Account, Vec<Entry>), StoreError> {
        let mut entries: Vec<Entry> = Vec::new();
        // Pages of a size that no history here is a multiple of.
        loop {
            let after = entries.last().map_or(0, |entry| entry.sequence);
            let page = self.store().entries(account, after, 7).await?;
            if page.is_empty() {
                break;
            }
            entries.extend(page);
        }
        let actions: BTreeSet<&ActionId> =
            entries.iter().flat_map(|entry| entry.event.actions()).collect();
        let actions: Vec<&ActionId> = actions.into_iter().collect();
        let mut loaded = Account::new(account.clone());
        let mut all = BTreeMap::new();
        for actions in actions.chunks(WANTED_ACTIONS_MAX).chain([[].as_slice()]) {
            let wanted = Wanted {
                account: account.clone(),
                actions: actions.iter().copied().cloned().collect(),
            };
            for one in self.store().load(&[wanted], Timestamp::default()).await? {
                loaded = one;
                all.append(&mut loaded.actions);
            }
        }
        loaded.actions = all;
        Ok((loaded, entries))
    }
}

/// The chat rows of a change: a question and a running answer for each leg of what was admitted,
/// the end of each leg that ended.
pub fn chat_rows(change: &Change) -> Vec<ChatWrite> {
    change.entries.iter().filter_map(rows_of).collect()
}

fn rows_of(entry: &Entry) -> Option<ChatWrite> {
    match &entry.event {
        Event::Authorized { hold } => Some(question(hold, entry.at)),
        Event::LegEnded { action_id, leg, end } => {
            let mut update = MessageUpdate::new(action_id.clone(), *leg);
            let (status, charge) = match end {
                LegEnd::Settled(settled) => (MessageStatus::Completed, settled.charge),
                LegEnd::Voided(_) => (MessageStatus::Failed, Credits::ZERO),
                LegEnd::Expired { .. } => (MessageStatus::Expired, Credits::ZERO),
            };
            update.status = Some(status);
            update.charge = Some(charge);
            Some(ChatWrite::Update(update))
        }
        Event::SettledLate { action_id, leg, .. } => {
            let mut update = MessageUpdate::new(action_id.clone(), *leg);
            update.text = Some("too late".to_owned());
            Some(ChatWrite::Update(update))
        }
        Event::Granted { .. }
        | Event::Paid { .. }
        | Event::Refunded { .. }
        | Event::Disputed { .. }
        | Event::SubscriptionChanged { .. }
        | Event::LotExpired { .. }
        | Event::LotRevoked { .. }
        | Event::DebtCollected { .. }
        | Event::LimitsChanged { .. }
        | Event::Renewed { .. }
        | Event::Extended { .. } => None,
    }
}

fn question(hold: &Hold, at: Timestamp) -> ChatWrite {
    let message = |author, text: &str, status| Message {
        action_id: hold.action_id.clone(),
        author,
        text: text.to_owned(),
        status,
        charge: None,
        tokens: BTreeMap::from([(TokenKind::O200kBase, 3)]),
        created_at: at,
        files: Vec::new(),
        steps: Vec::new(),
    };
    let answers = hold.legs.iter().zip(0_u32..).filter_map(|(leg, index)| {
        let model = leg.models.first()?.clone();
        let mut answer =
            message(Author::Assistant { leg: index, model }, "", MessageStatus::Running);
        let title = format!("step {index}");
        answer.steps = Vec::from([MessageStep { kind: StepKind::Step, title, found: None }]);
        Some(answer)
    });
    ChatWrite::Append {
        conversation: Conversation {
            id: conversation(u128::from(at.as_millis().unsigned_abs() % 5)),
            title: format!("begun by {}", hold.action_id),
            updated_at: at,
        },
        messages: std::iter::once(message(Author::User, "what is it", MessageStatus::Sent))
            .chain(answers)
            .collect(),
    }
}

/// A conversation id by its number.
pub fn conversation(number: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0000 | number))
}

/// Numbers that look random and are the same for the same seed.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014),
/// SplitMix64 with its published constants.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number below `end`, which is above zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(end).unwrap_or(0)
    }
}
