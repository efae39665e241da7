use super::{BODY_BYTES_MAX, Cache, Kept, Memory, Place};
use crate::client_types::{PendingAction, PendingKind, Session};
use kumari_engine::time::Timestamp;
use std::rc::Rc;

const NOW: i64 = 1_795_000_000_000;

/// A place that can be looked into, and that can be full.
#[derive(Clone, Default)]
struct Shared {
    memory: Rc<Memory>,
    bytes_max: Option<usize>,
}

impl Place for Shared {
    fn get(&self, key: &str) -> Option<String> {
        self.memory.get(key)
    }

    fn set(&self, key: &str, text: &str) -> bool {
        self.bytes_max.is_none_or(|max| text.len() <= max) && self.memory.set(key, text)
    }

    fn remove(&self, key: &str) {
        self.memory.remove(key);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        self.memory.keys(prefix)
    }
}

fn cache(place: &Shared) -> Cache {
    Cache::new(Box::new(place.clone()), "k".to_owned())
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn kept(id: &str, millis: i64, body: &str) -> Kept {
    let action = PendingAction { action_id: id.parse().unwrap(), kind: PendingKind::Send };
    Kept { action, at: at(millis), body: Some(body.to_owned()) }
}

#[test]
fn a_command_is_kept_until_it_has_its_answer() {
    let place = Shared::default();
    let cache = cache(&place);
    let (first, second) = (kept("b", NOW - 2_000, "{\"a\":1}"), kept("a", NOW - 1_000, "{}"));
    cache.begin(&second);
    cache.begin(&first);
    // Oldest first, whatever their ids are; and another client on the same place sees them.
    let other = super::Cache::new(Box::new(place), "k".to_owned());
    assert_eq!(other.unanswered(at(NOW), 9), [first.clone(), second.clone()]);
    cache.end(&first.action.action_id);
    assert_eq!(other.unanswered(at(NOW), 9), [second]);
}

#[test]
fn a_command_that_is_too_old_or_unreadable_is_forgotten() {
    let place = Shared::default();
    let cache = cache(&place);
    cache.begin(&kept("old", NOW - 600_001, "{}"));
    cache.begin(&kept("future", NOW + 600_001, "{}"));
    cache.begin(&kept("recent", NOW - 600_000, "{}"));
    place.set("k.pending.torn", "{\"action\":");
    place.set("other.pending.x", "not ours");
    let ids = |found: Vec<Kept>| -> Vec<String> {
        found.iter().map(|kept| kept.action.action_id.to_string()).collect()
    };
    assert_eq!(ids(cache.unanswered(at(NOW), 9)), ["recent"]);
    assert_eq!(place.keys("k.pending."), ["k.pending.recent"]);
    assert_eq!(place.keys("other."), ["other.pending.x"]);
}

#[test]
fn no_more_commands_are_resumed_than_there_is_room_for() {
    let place = Shared::default();
    let cache = cache(&place);
    for n in 0..5 {
        cache.begin(&kept(&format!("a{n}"), NOW, "{}"));
    }
    assert_eq!(cache.unanswered(at(NOW), 3).len(), 3);
}

#[test]
fn of_a_command_that_is_too_long_the_id_is_kept() {
    let long = "x".repeat(BODY_BYTES_MAX);
    let full = Shared { bytes_max: Some(200), ..Shared::default() };
    for (what, place, body) in
        [("above the limit", Shared::default(), long.as_str()), ("no room", full, &long[..500])]
    {
        let cache = cache(&place);
        cache.begin(&kept("a", NOW, body));
        let found = cache.unanswered(at(NOW), 9);
        assert_eq!(found.len(), 1, "{what}");
        assert_eq!(found[0].body, None, "{what}");
    }
}

#[test]
fn what_does_not_read_back_is_not_there() {
    let place = Shared::default();
    let cache = cache(&place);
    let session = Session {
        account_id: "a1".parse().unwrap(),
        guest: true,
        name: None,
        demo_payments: false,
        tasks: Vec::from(["direct".to_owned(), "of a newer server".to_owned()]),
    };
    assert_eq!(cache.session(), None);
    cache.keep_session(&session);
    assert_eq!(cache.session(), Some(session));
    for text in ["", "{", "{}", "null", "{\"account_id\":5,\"guest\":true,\"demo_payments\":true}"]
    {
        place.set("k.session", text);
        assert_eq!(cache.session(), None, "{text}");
    }
    place.set("k.balance", "[]");
    assert_eq!(cache.balance(), None);
}

#[test]
fn a_text_that_is_too_long_is_neither_kept_nor_read() {
    let place = Shared::default();
    let cache = cache(&place);
    cache.keep_document("book", &"x".repeat(1_000_001));
    assert_eq!(cache.document("book"), None);
    place.set("k.book", &"x".repeat(1_000_001));
    assert_eq!(cache.document("book"), None);
    cache.keep_document("book", "{}");
    assert_eq!(cache.document("book").as_deref(), Some("{}"));
}
