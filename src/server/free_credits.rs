//! The free credits: once for each account, and once for each verified identity that claims one (R17).
//!
//! An OpenID provider vouches for a person. A passkey only says that somebody is back, and anybody can
//! make as many as they like: with passkeys, as for guests, the credits are given only where every
//! provider is `demo`, or a real bill would be due.

use crate::app::App;
use crate::problem::{Answer, Problem};
use kumari_engine::account::Account;
use kumari_engine::grant::{Grant, grant};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::LotKind;
use kumari_engine::period::advance;
use kumari_engine::price_book::PlanId;
use kumari_engine::time::Timestamp;
use kumari_store::{FreeClaim, Identity, IdentityKind};

/// The action that gives the free credits, one for each account.
const FREE_CREDITS: &str = "free-credits";

/// Asked at every beginning: a guest whose first request broke off is given them the next time.
pub(crate) async fn give_to_guest(app: &App, account: &AccountId) -> Answer<()> {
    if app.provider.is_demo() { give(app, account).await } else { Ok(()) }
}

/// Whether an identity brings the free credits.
pub(crate) fn is_verified(app: &App, identity: &Identity) -> bool {
    identity.kind == IdentityKind::Oidc || app.provider.is_demo()
}

/// The same for who has shown who they are, where the identity is verified. An identity that got them for an account before, which
/// may be deleted since, brings none to another one.
pub(crate) async fn give_to_person(app: &App, identity: &Identity) -> Answer<()> {
    if !is_verified(app, identity) {
        return Ok(());
    }
    let action_id = action_id()?;
    let account = app.read(&identity.account, std::slice::from_ref(&action_id)).await?;
    if account.actions.contains_key(&action_id) {
        // A guest's become the person's, and the identity has had them with that.
        claim(app, identity).await?;
        return Ok(());
    }
    let claimed = claim(app, identity).await?;
    if claimed.account == identity.account { give(app, &identity.account).await } else { Ok(()) }
}

async fn claim(app: &App, identity: &Identity) -> Answer<FreeClaim> {
    let claim = FreeClaim { key: identity.key, account: identity.account.clone() };
    Ok(app.store().claim_free(claim).await?)
}

async fn give(app: &App, account: &AccountId) -> Answer<()> {
    let book = app.book_in_force();
    let credits = book.published.book.plan(PlanId::Free).map(|plan| plan.credits);
    let Some(amount) = credits else {
        return Ok(());
    };
    let action_id = action_id()?;
    let action = action_id.clone();
    let decide = move |account: &Account, now: Timestamp| {
        // Given is given, whatever today's book would give.
        if account.actions.contains_key(&action_id) {
            return Ok(advance(account, now)?);
        }
        let free = Grant {
            action_id: action_id.clone(),
            kind: LotKind::Free,
            amount,
            priority: 0,
            effective_at: None,
            expires_at: None,
            reason: None,
        };
        grant(account, &free, now)
    };
    app.command(account, &action, |_| Vec::new(), decide).await?;
    Ok(())
}

fn action_id() -> Answer<ActionId> {
    FREE_CREDITS.parse().map_err(|fault| Problem::internal("action id", &fault))
}
