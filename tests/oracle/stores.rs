//! A history through a store: the same commands, loaded, decided and committed by the ledger.

use crate::history::Line;
use anyhow::{Result, bail};
use kumari_engine::account::{Account, Refused};
use kumari_engine::price_book::PublishedBook;
use kumari_server::simulate::{Found, Outcome};
use kumari_store::{Ledger, LedgerError, SettableClock, Store};
use serde_json::Value;
use std::sync::Arc;

/// A ledger over one store.
pub(crate) struct Desk {
    pub(crate) name: &'static str,
    /// Every how many-th history it sees.
    pub(crate) every: u32,
    ledger: Ledger,
    clock: Arc<SettableClock>,
}

impl Desk {
    pub(crate) fn new(name: &'static str, store: Arc<dyn Store>, every: u32) -> Self {
        let clock = Arc::new(SettableClock::new(kumari_engine::time::Timestamp::default()));
        let port: Arc<SettableClock> = Arc::clone(&clock);
        Self { name, every, ledger: Ledger::new(store, port), clock }
    }

    /// What a line comes to, in the words of the simulation.
    pub(crate) async fn run(&self, line: &Line, book: &PublishedBook) -> Result<Value> {
        let step = &line.step;
        self.clock.set(step.at);
        let mut actions = step.actions();
        if let Some(lot) = step.lot() {
            let account = self.ledger.read(&step.account, &[]).await?;
            let named = account.lots.into_iter().find(|one| one.id == lot);
            actions.extend(named.and_then(|lot| lot.payment));
        }
        let (mut answer, mut found, mut denied, mut entries) = (None, None, None, Vec::new());
        if let Some(query) = step.query() {
            let account = self.ledger.read(&step.account, &actions).await?;
            let action = query.action_id.as_ref().and_then(|id| account.actions.get(id)).cloned();
            found = Some(Found { lots: account.lots, action });
        } else {
            let (step, book) = (step.clone(), book.clone());
            let decide =
                move |account: &Account, _| -> Result<_, Refused> { step.decide(&book, account) };
            match self.ledger.run(&line.step.account, &actions, |_| Vec::new(), decide).await {
                Ok(change) => {
                    answer = Some(change.answer);
                    entries = change.entries;
                }
                Err(LedgerError::Denied(denial)) => denied = Some(*denial),
                Err(fault) => bail!("{}: {fault}", self.name),
            }
        }
        let account = self.ledger.read(&line.step.account, &[]).await?;
        let balance = account.standing(line.step.at.max(account.updated_at))?;
        let (line, entries) = (line.number, Some(entries));
        Ok(serde_json::to_value(Outcome { line, answer, found, denied, entries, balance })?)
    }

    /// What is stored is what the journal says.
    pub(crate) async fn audit(&self) -> Result<()> {
        let mut first = None;
        let store = self.ledger.store().as_ref();
        kumari_store::audit(store, None, |_, found| {
            first = first.take().or_else(|| found.first().cloned());
        })
        .await?;
        match first {
            Some(difference) => bail!("{}: {difference}", self.name),
            None => Ok(()),
        }
    }
}
