//! The modules of a room are listed in reading order: the story's words come in the story's order.

use syn::Item;

use crate::tree::{Tree, assert_found, assert_none};

/// The reading order. Not every word needs a module in every room.
const ORDER: [&str; 19] = [
    "amount",
    "rate",
    "time",
    "meter",
    "price_book",
    "estimate",
    "routing",
    "lot",
    "account",
    "eligibility",
    "authorize",
    "settle",
    "void",
    "grant",
    "period",
    "entry",
    "receipt",
    "statement",
    "denial",
];

/// What the engine has besides, each the helper of a neighbour.
const ENGINE_HELPERS: [&str; 31] = [
    "encoding",
    "attachment",
    "prepared",
    "written",
    "tree",
    "read",
    "checked",
    "decimal",
    "ordered",
    "id",
    "routing_policy",
    "price_book_check",
    "check_models",
    "check_tasks",
    "check_routing",
    "rating",
    "request",
    "request_check",
    "bounds",
    "calibration",
    "fit",
    "apply",
    "renew",
    "extend",
    "revoke",
    "spending",
    "limits",
    "learn",
    "payment",
    "pay",
    "typescript_test",
];

const ENGINE: &str = "src/engine/lib.rs";

fn check(tree: &Tree) -> Vec<String> {
    let rooms = tree.under("src/", &["/lib.rs"]).filter(|(path, _)| path.matches('/').count() == 2);
    rooms.flat_map(|(path, text)| faults_of(path, text)).collect()
}

fn faults_of(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut last: Option<(usize, String)> = None;
    for module in modules(path, text) {
        match ORDER.iter().position(|word| *word == module) {
            None if path == ENGINE && !ENGINE_HELPERS.contains(&module.as_str()) => {
                faults.push(format!("{path}: `{module}` is neither in the order nor a helper"));
            }
            None => {}
            Some(place) => {
                if let Some((before, name)) = &last
                    && *before > place
                {
                    faults.push(format!("{path}: `{module}` comes before `{name}`"));
                }
                last = Some((place, module));
            }
        }
    }
    faults
}

fn modules(path: &str, text: &str) -> Vec<String> {
    let file = syn::parse_file(text).unwrap_or_else(|fault| panic!("`{path}`: {fault}"));
    file.items
        .iter()
        .filter_map(|item| if let Item::Mod(module) = item { Some(module) } else { None })
        .filter(|module| module.content.is_none())
        .map(|module| module.ident.to_string())
        .collect()
}

#[test]
fn modules_are_listed_in_reading_order() {
    assert_none(check(&Tree::of_the_repository()));
}

#[test]
fn a_module_out_of_order_is_found() {
    let engine = |text: &str| check(&Tree::of(&[("src/engine/lib.rs", text)]));
    assert_found(engine("mod rate;\nmod amount;"), "`amount` comes before `rate`");
    assert_found(engine("mod amount;\nmod magic;"), "`magic` is neither");
    assert_none(engine("mod amount;\nmod decimal;\nmod meter;\nmod denial;"));
    let server = |text: &str| check(&Tree::of(&[("src/server/lib.rs", text)]));
    assert_found(server("mod settle;\nmod router;\nmod authorize;"), "`authorize` comes before");
    assert_none(server("mod router;\nmod authorize;\nmod settle;"));
}
