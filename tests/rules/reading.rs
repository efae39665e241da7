//! Documents are read by one reader, which says where a fault is (R2, R5). serde reads what the
//! server keeps, of the same declarations: the two take the same documents for the same values.

use kumari_engine::grant::Grant;
use kumari_engine::id::ActionId;
use kumari_engine::payment::Payment;
use kumari_engine::price_book::PriceBook;
use kumari_engine::read::Read;
use kumari_engine::receipt::Receipt;
use kumari_engine::request::Request;
use kumari_tests::books::small_json;
use kumari_wire::{Tree, canonical_tree, from_str, from_tree};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

/// What is done to one place of a sound document.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// A number with a fraction, which no field of any document takes.
    Fraction,
    /// A field that nobody knows.
    Unknown,
    /// The place is taken away.
    Removed,
    /// The place is there twice.
    Twice,
}

#[test]
fn r05_a_fault_is_found_at_its_place() {
    check::<PriceBook>(&small_json());
    check::<Request>(&json!({
        "task": "compare", "models": ["a", "b"], "input_tokens": {"o200k_base": 5}, "messages": 3,
        "output_tokens_max": 5, "steps_max": 1, "searches_max": 2, "pages": 1, "images": 1,
        "clips": 1, "clip_seconds": 4, "three_d_models": 1, "cache_write": "1h", "flags": ["code"],
    }));
    check::<Receipt>(&receipt());
    let at = "2026-03-01T00:00:00Z";
    let period = json!({
        "subscription": "s", "periods": {"anchor": at, "months": 1}, "period_start": at,
    });
    for payment in [
        json!({"paid": {"payment": "p", "at": at, "usd_cents": 5, "product": "pack"}}),
        json!({"paid": {"payment": "p", "at": at, "usd_cents": 5, "product": {"pro": period}}}),
        json!({"failed": {"payment": "p", "at": at, "subscription": "s"}}),
        json!({"subscription_changed": {"subscription": "s", "at": at, "status": "active"}}),
    ] {
        check::<Payment>(&payment);
    }
}

#[test]
fn r05_whole_numbers_have_their_limits() {
    let money = |usd_cents: i64| {
        let at = "2026-03-01T00:00:00Z";
        json!({"paid": {"payment": "p", "at": at, "usd_cents": usd_cents, "product": "pack"}})
    };
    let pages = |pages: i64| json!({"task": "file_processing", "pages": pages});
    let grant = |priority: i64| json!({"action_id": "g", "kind": "promo", "amount": "1", "priority": priority});
    // The largest number that JavaScript has without a gap beside it.
    const SAFE: i64 = (1 << 53) - 1;
    check_limits::<Payment>(money, 0, u32::MAX.into(), "paid.usd_cents");
    check_limits::<Request>(pages, 0, SAFE, "pages");
    check_limits::<Grant>(grant, i32::MIN.into(), i32::MAX.into(), "priority");
    let Grant { priority, .. } = from_str(&grant(-3).to_string()).unwrap();
    assert_eq!(priority, -3);
}

#[test]
fn r27_an_id_is_short_and_of_plain_characters() {
    let longest = "a".repeat(128);
    for right in ["a", "0198b2c4-7d1e-7a3f", "us.anthropic/model:1@v+2_x", &longest] {
        assert_eq!(right.parse::<ActionId>().unwrap().as_str(), right);
    }
    for wrong in ["", "a b", "ä", "a\n", "a'", "{}", &format!("{longest}a")] {
        assert!(wrong.parse::<ActionId>().is_err(), "{wrong:?}");
        let grant = json!({"action_id": wrong, "kind": "promo", "amount": "1"}).to_string();
        assert_eq!(from_str::<Grant>(&grant).unwrap_err().path, "action_id");
    }
}

/// Both readers take the least and the most, and nothing beyond.
fn check_limits<T: Read + DeserializeOwned + Debug + PartialEq>(
    document: impl Fn(i64) -> Value,
    least: i64,
    most: i64,
    path: &str,
) {
    for number in [least, most] {
        let document = document(number);
        let read: T = from_str(&document.to_string()).unwrap();
        assert_eq!(read, by_serde(&document).unwrap());
    }
    for number in [least - 1, most + 1] {
        let fault = from_str::<T>(&document(number).to_string()).unwrap_err();
        assert_eq!(fault.path, path, "{number}: {fault}");
    }
}

/// A document of which only a part is wanted.
#[derive(Debug, PartialEq)]
struct Part {
    version: u32,
}

kumari_engine::fields! {
    Part { version, .. }
}

#[test]
fn what_is_not_wanted_is_let_be_where_a_type_says_so() {
    let whole = json!({"version": 7, "later": {"version": 8}});
    assert_eq!(from_str::<Part>(&whole.to_string()).unwrap(), Part { version: 7 });
    assert_eq!(by_serde::<Part>(&whole).unwrap(), Part { version: 7 });
    assert!(by_serde::<Part>(&json!({"later": 1})).is_err());
}

fn receipt() -> Value {
    let at = "2026-03-01T00:00:00Z";
    let rate = json!({"credits": "1", "per": 1_000});
    let lines = json!([
        {"kind": "base", "amount": "1.5"},
        {"kind": "meter", "meter": "steps", "quantity": 5, "rate": rate, "amount": "2"},
        {"kind": "multiplier", "multiplier": "1.4", "amount": "0.0000000001"},
        {"kind": "rounding", "amount": "0.1"},
    ]);
    let settled = json!({
        "kind": "settled", "at": at, "model": "m", "usage": {"steps": 5}, "usage_source": "counted",
        "finish": "completed", "lines": lines, "charge": "1", "absorbed": "0",
        "drawn": [{"lot": 1, "kind": "free", "amount": "1"}],
    });
    json!({
        "action_id": "a", "task": "direct", "price_book": "b", "rules": "1", "authorized_at": at,
        "hold": "12", "caps": {"output_tokens": 5, "candidates": ["m"]}, "charge": "1",
        "legs": [
            {"hold": "6", "outcome": settled},
            {"hold": "6", "outcome": {"kind": "voided", "at": at, "reason": "failed"}},
        ],
        "released": "11",
    })
}

/// Harms each place of a sound document in each way.
fn check<T: Read + DeserializeOwned + Debug + PartialEq>(sound: &Value) {
    assert_eq!(from_str::<T>(&sound.to_string()).unwrap(), by_serde::<T>(sound).unwrap());
    let tree = kumari_wire::parse(&sound.to_string()).unwrap();
    for place in places(&tree) {
        for harm in [Harm::Fraction, Harm::Unknown, Harm::Removed, Harm::Twice] {
            let mut harmed = tree.clone();
            if do_harm(&mut harmed, &place, harm) {
                check_harmed::<T>(&tree, &harmed, &place, harm);
            }
        }
    }
}

fn check_harmed<T: Read + DeserializeOwned + Debug + PartialEq>(
    sound: &Tree<'_>,
    harmed: &Tree<'_>,
    place: &[usize],
    harm: Harm,
) {
    let read = from_tree::<T>(harmed);
    let text = canonical_tree(harmed);
    // Canonical JSON has no fractions, and `null` in their place can be an absent option.
    if !matches!(harm, Harm::Fraction) {
        assert_eq!(read.as_ref().ok(), serde_json::from_str(&text).ok().as_ref(), "{text}");
    }
    let above = place.split_last().map_or_else(String::new, |(_, above)| path(sound, above));
    let here = path(sound, place);
    match (harm, read) {
        (Harm::Fraction, Err(fault)) => assert_eq!(fault.path, here, "{fault}"),
        // What an enum's member holds is named by its only key, so an object with a second one is
        // itself at fault.
        (Harm::Unknown, Err(fault)) => {
            let colour = if here.is_empty() { "colour".into() } else { format!("{here}.colour") };
            assert!(fault.path == colour || fault.path == here, "{here} {fault}");
        }
        // Some may be absent, and some only together with others.
        (Harm::Removed, Ok(_)) => {}
        (Harm::Removed, Err(fault)) => {
            assert!(fault.path == here || fault.path == above, "{here} {fault}");
        }
        (Harm::Twice, Err(fault)) => {
            assert!(fault.path == here || fault.path == above, "{here} {fault}");
        }
        (Harm::Fraction | Harm::Unknown | Harm::Twice, Ok(_)) => panic!("{harm:?} {here}: {text}"),
    }
}

fn by_serde<T: DeserializeOwned>(json: &Value) -> Result<T, serde_json::Error> {
    serde_json::from_str(&json.to_string())
}

/// Every place, as the indices that lead to it.
fn places(tree: &Tree<'_>) -> Vec<Vec<usize>> {
    let below: Vec<&Tree<'_>> = match tree {
        Tree::List(list) => list.iter().collect(),
        Tree::Map(map) => map.iter().map(|(_, tree)| tree).collect(),
        Tree::Null | Tree::Bool(_) | Tree::Integer(_) | Tree::Number | Tree::Text(_) => Vec::new(),
    };
    let mut places = vec![Vec::new()];
    for (index, tree) in below.into_iter().enumerate() {
        places.extend(places_below(index, tree));
    }
    places
}

fn places_below(index: usize, tree: &Tree<'_>) -> impl Iterator<Item = Vec<usize>> {
    places(tree).into_iter().map(move |mut place| {
        place.insert(0, index);
        place
    })
}

/// The path of a place, as faults write it.
fn path(tree: &Tree<'_>, place: &[usize]) -> String {
    let mut tree = tree;
    let mut path = String::new();
    for index in place {
        tree = match tree {
            Tree::Map(map) => {
                let (name, below) = &map[*index];
                path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                below
            }
            Tree::List(list) => {
                path = format!("{path}[{index}]");
                &list[*index]
            }
            other => other,
        };
    }
    path
}

/// Whether there was something to harm.
fn do_harm(tree: &mut Tree<'_>, place: &[usize], harm: Harm) -> bool {
    match (place, tree, harm) {
        ([], tree, Harm::Fraction) => {
            *tree = Tree::Number;
            true
        }
        ([], Tree::Map(map), Harm::Unknown) => {
            map.push(("colour".into(), Tree::Integer(1)));
            true
        }
        ([index], Tree::Map(map), Harm::Removed) => {
            map.remove(*index);
            true
        }
        ([index], Tree::Map(map), Harm::Twice) => {
            map.push(map[*index].clone());
            true
        }
        ([index, rest @ ..], Tree::Map(map), _) => do_harm(&mut map[*index].1, rest, harm),
        ([index, rest @ ..], Tree::List(list), _) => do_harm(&mut list[*index], rest, harm),
        _ => false,
    }
}
