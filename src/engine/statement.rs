//! Statements: what a period did to an account, in lines that add up (R34).
//!
//! A statement is about the settled balance, which is what all lots hold (R31, and
//! [`crate::account::Account::settled`]): a hold moves nothing, a charge does. Whoever has the balance before an entry can go on with it, so a long
//! history is written line by line and in pages; [`statement`] is that for a whole one.

use crate::amount::{AmountOverflow, Credits};
use crate::entry::{Entry, Event, LedgerAccount, Side};
use crate::id::{ActionId, ModelId};
use crate::lot::LotKind;
use crate::payment::{DisputeStatus, SubscriptionStatus};
use crate::request::Task;
use crate::settle::{Finish, LegEnd, Settled};
use crate::time::Timestamp;
use crate::void::VoidReason;
use crate::written::format;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A period of an account's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What was settled before its first entry.
    pub opening: Credits,
    /// One line for each entry.
    pub lines: Vec<StatementLine>,
    /// What was settled after its last entry.
    pub closing: Credits,
}

/// One entry, for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct StatementLine {
    /// The entry's number.
    #[cfg_attr(test, ts(type = "number"))]
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// What happened, in words.
    pub text: String,
    /// The action that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_id: Option<ActionId>,
    /// The task of that action, where it is a hold's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// What it added to the settled balance; below zero where it took.
    pub change: Credits,
    /// What it added to what open holds reserve; below zero where it gave back.
    pub held: Credits,
    /// What was settled after it.
    pub balance: Credits,
}

/// The tasks of holds, by their action.
pub type Tasks = BTreeMap<ActionId, Task>;

/// Adds the tasks of the holds that `entries` make.
pub fn learn_tasks<'entry>(tasks: &mut Tasks, entries: impl IntoIterator<Item = &'entry Entry>) {
    for entry in entries {
        if let Event::Authorized { hold } = &entry.event {
            tasks.insert(hold.action_id.clone(), hold.request.task);
        }
    }
}

impl StatementLine {
    /// The line of an entry, after `before` was settled. `tasks` has the task of every hold that
    /// entries like this one are about.
    ///
    /// # Errors
    /// [`AmountOverflow`] where a sum leaves the range.
    pub fn new(entry: &Entry, before: Credits, tasks: &Tasks) -> Result<Self, AmountOverflow> {
        let change = settled_change(entry)?;
        Ok(Self {
            entry: entry.sequence,
            at: entry.at,
            text: text(&entry.event),
            action_id: entry.event.action_id().cloned(),
            task: entry.event.hold().and_then(|hold| tasks.get(hold)).copied(),
            model: answered_by(&entry.event).cloned(),
            change,
            held: moved(entry, |account| matches!(account, LedgerAccount::Held(_)))?,
            balance: before.add(change)?,
        })
    }
}

/// The statement of a period that begins with `from` and ends before `to`, out of an account's
/// entries from the first one on.
///
/// # Errors
/// [`AmountOverflow`] where a sum leaves the range.
pub fn statement<'entry>(
    entries: impl IntoIterator<Item = &'entry Entry>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Statement, AmountOverflow> {
    let (mut opening, mut lines) = (Credits::ZERO, Vec::new());
    let (mut closing, mut tasks) = (opening, Tasks::new());
    for entry in entries.into_iter().take_while(|entry| entry.at < to) {
        learn_tasks(&mut tasks, [entry]);
        if entry.at < from {
            opening = opening.add(settled_change(entry)?)?;
            closing = opening;
        } else {
            let line = StatementLine::new(entry, closing, &tasks)?;
            closing = line.balance;
            lines.push(line);
        }
    }
    Ok(Statement { from, to, opening, lines, closing })
}

/// What an entry adds to the settled balance; below zero where it takes.
///
/// # Errors
/// [`AmountOverflow`] where the sum leaves the range.
pub fn settled_change(entry: &Entry) -> Result<Credits, AmountOverflow> {
    moved(entry, |account| matches!(account, LedgerAccount::Lots(_) | LedgerAccount::Held(_)))
}

/// What came to some accounts, less what went.
fn moved(entry: &Entry, which: fn(LedgerAccount) -> bool) -> Result<Credits, AmountOverflow> {
    let mut sum = Credits::ZERO;
    for posting in entry.postings.iter().filter(|posting| which(posting.account)) {
        sum = match posting.side {
            Side::Credit => sum.add(posting.amount)?,
            Side::Debit => sum.sub(posting.amount)?,
        };
    }
    Ok(sum)
}

/// The model whose answer an entry ends.
const fn answered_by(event: &Event) -> Option<&ModelId> {
    match event {
        Event::LegEnded { end: LegEnd::Settled(settled), .. } => Some(&settled.model),
        Event::SettledLate { late, .. } => Some(&late.model),
        Event::LegEnded { end: LegEnd::Voided(_) | LegEnd::Expired { .. }, .. }
        | Event::Granted { .. }
        | Event::Paid { .. }
        | Event::Refunded { .. }
        | Event::Disputed { .. }
        | Event::SubscriptionChanged { .. }
        | Event::LotExpired { .. }
        | Event::LotRevoked { .. }
        | Event::DebtCollected { .. }
        | Event::LimitsChanged { .. }
        | Event::Authorized { .. }
        | Event::Renewed { .. }
        | Event::Extended { .. } => None,
    }
}

fn text(event: &Event) -> String {
    match event {
        Event::Granted { grant, .. } => match &grant.reason {
            Some(reason) => format!("{}: {reason}", granted(grant.kind)),
            None => granted(grant.kind).to_string(),
        },
        Event::Paid { purchase } => granted(purchase.grant.kind).to_string(),
        Event::Refunded { .. } => "payment refunded".to_string(),
        Event::Disputed { dispute, .. } => disputed(dispute.status).to_string(),
        Event::SubscriptionChanged { status, .. } => subscription(*status).to_string(),
        Event::LotExpired { .. } => "unused credits expired".to_string(),
        Event::LotRevoked { revocation: Some(made), .. } => {
            format!("credits revoked: {}", made.reason)
        }
        Event::LotRevoked { revocation: None, .. } => "what came back was revoked".to_string(),
        Event::LimitsChanged { .. } => "own limits changed".to_string(),
        Event::DebtCollected { .. } => "what came back pays for a returned payment".to_string(),
        Event::Authorized { hold } => {
            let task = hold.request.task.name().replace('_', " ");
            let models = hold.legs.iter().filter_map(|leg| leg.models.first());
            let models: Vec<&str> = models.map(ModelId::as_str).collect();
            format!("held for {task}: {}", models.join(", "))
        }
        Event::Renewed { .. } => "still running".to_string(),
        Event::Extended { .. } => "held more for a longer answer".to_string(),
        Event::LegEnded { end, .. } => ended(end),
        Event::SettledLate { late, .. } => {
            format!("{} answered too late, not charged", late.model)
        }
    }
}

const fn granted(kind: LotKind) -> &'static str {
    match kind {
        LotKind::Free => "free credits",
        LotKind::Promo => "promotional credits",
        LotKind::Adjustment => "adjustment",
        LotKind::Pro => "Pro credits of a period",
        LotKind::Pack => "Custom Pack",
    }
}

const fn disputed(status: DisputeStatus) -> &'static str {
    match status {
        DisputeStatus::Open => "payment disputed, its credits are frozen",
        DisputeStatus::Won => "dispute decided, the payment stays",
        DisputeStatus::Lost => "dispute decided, the payment was returned",
    }
}

const fn subscription(status: SubscriptionStatus) -> &'static str {
    match status {
        SubscriptionStatus::PastDue => "subscription past due",
        SubscriptionStatus::Active => "subscription runs",
        SubscriptionStatus::Cancelled => "subscription cancelled",
    }
}

fn ended(end: &LegEnd) -> String {
    match end {
        LegEnd::Settled(Settled { model, finish, .. }) => {
            let cut = match finish {
                Finish::Completed => "",
                Finish::Stopped => ", stopped",
                Finish::Length => ", cut off at its greatest length",
                Finish::ContentFilter => ", cut off by the provider's filter",
            };
            format!("answer of {model}{cut}")
        }
        LegEnd::Voided(voided) => {
            let why = match voided.reason {
                VoidReason::Refused => "the provider refused",
                VoidReason::Failed => "the provider failed",
                VoidReason::Stopped => "stopped before any answer",
                VoidReason::Lost => "the job got lost",
            };
            format!("{why}, not charged")
        }
        LegEnd::Expired { .. } => "no answer in time, not charged".to_string(),
    }
}
