//! A history of commands, a line each: what was entered makes the account again, and an account
//! never has less than nothing.

#![no_main]

use kumari_engine::account::{Account, apply};
use kumari_engine::amount::Credits;
use kumari_engine::id::AccountId;
use kumari_engine::period::advance;
use kumari_engine::price_book::PublishedBook;
use kumari_server::simulate::Simulation;
use kumari_server::simulate_command::Step;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static BOOK: LazyLock<PublishedBook> = LazyLock::new(|| {
    let book = include_str!("../../src/store/fixtures/price-book.json");
    kumari_wire::publish(book).expect("the book of the examples")
});

fuzz_target!(|bytes: &[u8]| {
    let mut simulation = Simulation::new(BOOK.clone());
    let mut journals: BTreeMap<AccountId, Account> = BTreeMap::new();
    for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
        let Ok(step) = kumari_wire::from_slice::<Step>(line) else { continue };
        let Ok(outcome) = simulation.step(number, &step) else { continue };
        let (zero, balance) = (Credits::from_micros(0), &outcome.balance);
        assert!(balance.available >= zero && balance.held >= zero, "{balance:?}");
        let new = || Account::new(step.account.clone());
        let journal = journals.entry(step.account.clone()).or_insert_with(new);
        for entry in outcome.entries.iter().flatten() {
            apply(journal, entry).expect("an entry follows those before it");
        }
        let now = step.at.max(journal.updated_at);
        let advanced = advance(journal, now).expect("time goes on");
        let standing = advanced.account.standing(now).expect("an account can be summed");
        assert_eq!(&standing, balance);
    }
});
