//! The chat rows that belong to what an account's entries say.
//!
//! What was due may come with any command, so every command writes these: a message never says that
//! it runs when its hold has ended.

use crate::action::{LegStatus, charge_of};
use kumari_engine::account::Change;
use kumari_engine::entry::Event;
use kumari_engine::id::{ActionId, ModelId};
use kumari_engine::settle::LegEnd;
use kumari_store::{ChatWrite, MessageUpdate};

/// How each leg that the entries end now stands.
pub(crate) fn of_entries(change: &Change) -> Vec<ChatWrite> {
    let ended = change.entries.iter().filter_map(|entry| match &entry.event {
        Event::LegEnded { action_id, leg, end } => Some(ended(action_id, *leg, end)),
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
        | Event::Extended { .. }
        | Event::Authorized { .. }
        | Event::SettledLate { .. } => None,
    });
    ended.map(ChatWrite::Update).collect()
}

/// What a leg said, with the model that said it.
pub(crate) fn said(action_id: &ActionId, leg: u32, model: &ModelId, text: String) -> MessageUpdate {
    let mut update = MessageUpdate::new(action_id.clone(), leg);
    update.model = Some(model.clone());
    update.text = Some(text);
    update
}

fn ended(action_id: &ActionId, leg: u32, end: &LegEnd) -> MessageUpdate {
    let mut update = MessageUpdate::new(action_id.clone(), leg);
    update.status = Some(LegStatus::of(Some(end)).into());
    update.charge = Some(charge_of(end));
    update
}
