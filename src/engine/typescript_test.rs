//! The engine's types in TypeScript: `pkg/src/types/engine.ts` is written from them, and is stale
//! where it is not what they say. `UPDATE_TYPES=1 cargo test -p kumari-engine types` writes it.

use crate::bounds::LegBounds;
use crate::calibration::Calibration;
use crate::denial::Denial;
use crate::eligibility::{Eligibility, Quote, Standing};
use crate::encoding::{Encoding, TokenKind};
use crate::entry::Entry;
use crate::estimate::{Caps, Estimate};
use crate::grant::{Grant, Granted};
use crate::id::AccountId;
use crate::lot::Lot;
use crate::meter::{Meter, Usage};
use crate::price_book::PriceBook;
use crate::rate::Rate;
use crate::receipt::{Receipt, Replay};
use crate::request::Request;
use crate::spending::{Forecast, Spending};
use crate::statement::Statement;
use std::collections::BTreeMap;
use ts_rs::{Config, TS, TypeVisitor};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pkg/src/types/engine.ts");
const HEAD: &str = "// Generated from the types of src/engine, and checked by its test `types_are_current`.\n\
    // Amounts are decimal strings of credits, times are RFC 3339 in UTC.\n";

/// Collects a declaration of each type that is reached.
struct Declarations<'config> {
    config: &'config Config,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_some() {
            let name = T::ident(self.config);
            if self.by_name.contains_key(&name) {
                return;
            }
            let docs = T::docs().unwrap_or_default();
            let declared = format!("{docs}export {}\n", T::decl(self.config));
            self.by_name.insert(name, declared.replace(" \n", "\n"));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

#[test]
fn types_are_current() {
    // JSON numbers: every 64-bit count of the engine stays far below 2^53.
    let config = Config::new().with_large_int("number");
    let mut found = Declarations { config: &config, by_name: BTreeMap::new() };
    found.visit::<PriceBook>();
    found.visit::<Request>();
    found.visit::<Calibration>();
    found.visit::<Estimate>();
    found.visit::<Eligibility>();
    found.visit::<Receipt>();
    found.visit::<Replay>();
    found.visit::<Entry>();
    found.visit::<Statement>();
    // Those that no other names, or that are named only in a type written by hand.
    found.visit::<TokenKind>();
    found.visit::<(Caps, Denial, Encoding, Grant, Granted, LegBounds, Lot, Meter, Quote)>();
    found.visit::<(AccountId, Forecast, Rate, Spending, Standing, Usage)>();

    let text = found.by_name.into_values().fold(HEAD.to_owned(), |text, one| text + "\n" + &one);
    assert!(!text.contains("bigint"), "a 64-bit number is not a JSON number");
    if std::env::var_os("UPDATE_TYPES").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == text,
        "pkg/src/types/engine.ts is stale: run UPDATE_TYPES=1 cargo test -p kumari-engine types"
    );
}
