//! Cases: what was bought is listed, and what demo payments have to renew is kept.

use crate::conformance_money::{pay, period};
use crate::error::StoreError;
use crate::fixtures::{Command, Desk, Failure, Outcome, account, action, at, credits};
use crate::limits::{PURCHASES_MAX, RENEWALS_MAX};
use crate::purchases::{Bought, Renewal};
use crate::store::Store;
use kumari_engine::payment::{Payment, Product};
use std::sync::Arc;

/// Purchases are listed with what became of them, the last first and in pages; what is no purchase
/// is not among them, and neither is another account's.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn purchases_are_listed_in_pages(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let (id, other) = (account(1)?, account(2)?);
    desk.run(&id, Command::grant(action(100)?, credits(5), None)).await?;
    // The ids are not in the order of what they name.
    for number in [7, 3, 12] {
        let pack = Payment::Paid {
            payment: format!("pack-{number}").parse()?,
            at: at(0),
            usd_cents: 1_000,
            product: Product::Pack,
        };
        desk.run(&id, pay(&pack)).await?;
        if number == 3 {
            desk.run(&id, pay(&period(1, 0)?)).await?;
        }
    }
    desk.run(&other, pay(&period(2, 0)?)).await?;
    let refunded = Payment::Refunded { payment: "pack-7".parse()?, usd_cents: 500 };
    desk.run(&id, pay(&refunded)).await?;

    let store = desk.store();
    let all = store.purchases(&id, Bought::Anything, None, 10).await?;
    let ids: Vec<&str> = all.iter().map(|one| one.payment.as_str()).collect();
    assert_eq!(ids, ["pack-12", "payment-1", "pack-3", "pack-7"]);
    let returned: Vec<u32> = all.iter().map(|one| one.refunded_usd_cents).collect();
    assert_eq!(returned, [0, 0, 0, 500]);
    let [first, rest @ ..] = all.as_slice() else { return Err("nothing was bought".into()) };
    let before = Some(first.grant.lot);
    let page = store.purchases(&id, Bought::Anything, before, 2).await?;
    assert_eq!(Some(page.as_slice()), rest.get(..2));
    let pro = store.purchases(&id, Bought::Pro, None, 10).await?;
    assert_eq!(Some(pro.as_slice()), rest.get(..1));
    let pro = store.purchases(&id, Bought::Pro, pro.first().map(|one| one.grant.lot), 10).await?;
    assert_eq!(pro, []);
    assert_eq!(store.purchases(&account(3)?, Bought::Anything, None, 10).await?, []);
    let more = store.purchases(&id, Bought::Anything, None, PURCHASES_MAX.saturating_add(1)).await;
    assert!(matches!(more, Err(StoreError::OverLimit { .. })), "{more:?}");
    Ok(())
}

/// A renewal is found by its subscription and by its time, and of two who move it one wins.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn renewals_are_kept_until_they_are_forgotten(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(store.renewal(&action(1)?).await?, None);
    for (number, due) in [(3, 10), (1, 30), (2, 20)] {
        store.put_renewal(renewal(number, due)?).await?;
    }
    assert_eq!(store.renewal(&action(1)?).await?, Some(renewal(1, 30)?));
    assert_eq!(store.renewals_due(at(9), 10).await?, []);
    assert_eq!(store.renewals_due(at(20), 10).await?, [renewal(3, 10)?, renewal(2, 20)?]);
    assert_eq!(store.renewals_due(at(99), 1).await?, [renewal(3, 10)?]);
    let all = [renewal(1, 30)?, renewal(2, 20)?, renewal(3, 10)?];
    assert_eq!(store.renewals(None, 10).await?, all);
    assert_eq!(store.renewals(Some(&action(1)?), 1).await?, [renewal(2, 20)?]);

    let declined = Renewal { declines: true, ..renewal(1, 31)? };
    assert!(store.move_renewal(&renewal(1, 30)?, &declined).await?);
    assert!(!store.move_renewal(&renewal(1, 30)?, &renewal(1, 40)?).await?, "moved twice");
    assert!(!store.move_renewal(&renewal(1, 31)?, &renewal(1, 40)?).await?, "its card differs");
    assert_eq!(store.renewal(&action(1)?).await?, Some(declined));
    store.put_renewal(renewal(1, 50)?).await?;
    assert_eq!(store.renewal(&action(1)?).await?, Some(renewal(1, 50)?));

    assert!(store.forget_renewal(&action(1)?).await?);
    assert!(!store.forget_renewal(&action(1)?).await?);
    assert!(!store.move_renewal(&renewal(1, 50)?, &renewal(1, 60)?).await?, "it came back");
    assert_eq!(store.renewal(&action(1)?).await?, None);
    let more = RENEWALS_MAX.saturating_add(1);
    for refused in [store.renewals(None, more).await, store.renewals_due(at(0), more).await] {
        assert!(matches!(refused, Err(StoreError::OverLimit { .. })), "{refused:?}");
    }
    Ok(())
}

/// The renewal of the subscription of that number, which is due at that second.
pub(crate) fn renewal(number: u64, due: u32) -> Result<Renewal, Failure> {
    Ok(Renewal {
        subscription: action(number)?,
        account: account(number)?,
        due_at: at(due),
        declines: false,
    })
}
