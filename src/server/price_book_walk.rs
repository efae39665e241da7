//! Every place where two JSON documents differ, with the percent where both sides are numbers.
//!
//! Lists are compared by what names their elements, so that a model in another place is still the
//! same model. It knows nothing of prices but what a rate looks like.

use kumari_engine::amount::Credits;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// What names an element of a list, the first that it has, and how that is said.
const NAMES: [(&str, &str); 7] = [
    ("id", ""),
    ("task", ""),
    ("row", ""),
    ("level", ""),
    ("above_input_tokens", "above "),
    ("from_usd", "from $"),
    ("models", "for "),
];
/// What one element of a list is called.
const ELEMENTS: [(&str, &str); 9] = [
    ("models", "model"),
    ("tasks", "task"),
    ("offers", "offer"),
    ("tiers", "tier"),
    ("levels", "level"),
    ("plans", "plan"),
    ("references", "reference"),
    ("brackets", "bracket"),
    ("rules", "rule"),
];
/// How much of a value is shown in words, in characters.
const SHOWN_MAX: usize = 160;

/// One place that differs. A side that is absent has nothing there.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// From the document down, elements of lists by name.
    pub(crate) place: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Value>,
    /// By how much, as `+20 %`; where both are numbers or rates, and the first is not zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<String>,
}

/// Every place where they differ.
pub(crate) fn walk(from: &Value, to: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    step(&mut Vec::new(), Some(from), Some(to), &mut changes);
    changes
}

/// The change from one number to another, as `+20 %` or `-0.5 %`, rounded to a tenth.
pub(crate) fn percent(from: i128, to: i128) -> Option<String> {
    let share = share(to.checked_sub(from)?, from)?;
    Some(if share.starts_with('-') { share } else { format!("+{share}") })
}

/// How much one number is of another, as `20 %` or `-0.5 %`, rounded to a tenth.
pub(crate) fn share(part: i128, whole: i128) -> Option<String> {
    let thousandths = part.checked_mul(10_000)?.checked_div(whole)?;
    let tenths = (thousandths + if thousandths < 0 { -5 } else { 5 }) / 10;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    Some(if rest == 0 { format!("{sign}{whole} %") } else { format!("{sign}{whole}.{rest} %") })
}

fn step(
    place: &mut Vec<String>,
    from: Option<&Value>,
    to: Option<&Value>,
    changes: &mut Vec<Change>,
) {
    if from == to {
        return;
    }
    match (from, to) {
        (Some(Value::Object(old)), Some(Value::Object(new))) if rate(old).is_none() => {
            let later = new.iter().filter(|(key, _)| !old.contains_key(*key));
            for (key, _) in old.iter().chain(later) {
                place.push(key.clone());
                step(place, old.get(key), new.get(key), changes);
                place.pop();
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => match (by_name(old), by_name(new)) {
            (Some(old), Some(new)) => lists(place, &old, &new, changes),
            _ => changes.push(Change::new(place, from, to)),
        },
        _ => changes.push(Change::new(place, from, to)),
    }
}

type Elements<'list> = Vec<(String, &'list Value)>;

fn lists(
    place: &mut Vec<String>,
    old: &Elements<'_>,
    new: &Elements<'_>,
    changes: &mut Vec<Change>,
) {
    fn find<'list>(list: &Elements<'list>, name: &str) -> Option<&'list Value> {
        list.iter().find(|(one, _)| one == name).map(|(_, value)| *value)
    }
    let later = new.iter().filter(|(name, _)| find(old, name).is_none());
    for (name, _) in old.iter().chain(later) {
        place.push(name.clone());
        step(place, find(old, name), find(new, name), changes);
        place.pop();
    }
    let in_both = |list: &Elements<'_>, other: &Elements<'_>| -> Vec<Value> {
        let kept = list.iter().filter(|(name, _)| find(other, name).is_some());
        kept.map(|(name, _)| Value::from(name.as_str())).collect()
    };
    let (before, after) = (in_both(old, new), in_both(new, old));
    if before != after {
        place.push("order".to_owned());
        changes.push(Change::new(place, Some(&before.into()), Some(&after.into())));
        place.pop();
    }
}

/// The elements with their names; absent where one has none, or two have the same.
fn by_name(list: &[Value]) -> Option<Elements<'_>> {
    let named: Elements<'_> =
        list.iter().map(|element| Some((name(element)?, element))).collect::<Option<_>>()?;
    let names: BTreeSet<&String> = named.iter().map(|(name, _)| name).collect();
    (names.len() == named.len()).then_some(named)
}

fn name(element: &Value) -> Option<String> {
    if let Value::String(text) = element {
        return Some(text.clone());
    }
    let fields = element.as_object()?;
    if let Some(when) = fields.get("when") {
        return Some(condition(when));
    }
    let (value, said) = NAMES.iter().find_map(|(field, said)| Some((fields.get(*field)?, said)))?;
    Some(format!("{said}{}", words(value)))
}

impl Change {
    fn new(place: &[String], from: Option<&Value>, to: Option<&Value>) -> Self {
        let numbers = from.and_then(number).zip(to.and_then(number));
        // Both for the same count, so that a price for a thousand compares with one for a million.
        let percent = numbers.and_then(|((from, of), (to, for_count))| {
            percent(from.checked_mul(for_count)?, to.checked_mul(of)?)
        });
        Self { place: place.to_vec(), from: from.cloned(), to: to.cloned(), percent }
    }
}

/// A number in millionths, and for how many of something it is.
fn number(value: &Value) -> Option<(i128, i128)> {
    match value {
        Value::Number(number) => Some((i128::from(number.as_i64()?).checked_mul(1_000_000)?, 1)),
        Value::String(text) => {
            text.parse::<Credits>().ok().map(|amount| (amount.as_micros().into(), 1))
        }
        Value::Object(fields) => rate(fields),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

/// Credits for so many of something.
fn rate(fields: &Map<String, Value>) -> Option<(i128, i128)> {
    let credits: Credits = fields.get("credits")?.as_str()?.parse().ok()?;
    let per = fields.get("per")?.as_i64()?;
    (fields.len() == 2).then(|| (credits.as_micros().into(), per.into()))
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = self.place.iter().peekable();
        let mut said = Vec::new();
        while let Some(step) = steps.next() {
            let element = ELEMENTS.iter().find(|(list, _)| list == step);
            match (element, steps.peek()) {
                (Some((_, one)), Some(name)) if *name != "order" => {
                    said.push(format!("{one} {name}"));
                    steps.next();
                }
                // Only prices have rates, and they are named by what they are for.
                _ if step == "rates" => {}
                _ => said.push(step.replace('_', " ")),
            }
        }
        write!(f, "{}: ", said.join(", "))?;
        match (&self.from, &self.to) {
            (None, Some(to)) => write!(f, "new, {}", words(to)),
            (Some(from), None) => write!(f, "gone, it was {}", words(from)),
            (from, to) => {
                let side = |value: &Option<Value>| value.as_ref().map(words).unwrap_or_default();
                write!(f, "{} -> {}", side(from), side(to))?;
                match &self.percent {
                    Some(percent) => write!(f, " ({percent})"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) if rate(fields).is_some() => {
            let field = |name: &str| fields.get(name).map(words).unwrap_or_default();
            format!("{} for {}", field("credits"), field("per"))
        }
        Value::Object(fields) if fields.contains_key("when") => rule(fields),
        // What an offer is for.
        Value::Object(fields) if fields.len() == 1 => fields.iter().map(field).collect(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => shortened(value),
    }
}

/// What a rule of routing does: "use a if flag code and messages above 3".
fn rule(fields: &Map<String, Value>) -> String {
    let then = fields.iter().filter(|(name, _)| *name != "when").map(field);
    let when = fields.get("when").map(condition).unwrap_or_default();
    format!("{} {when}", then.collect::<Vec<_>>().join(", "))
}

fn condition(when: &Value) -> String {
    let all: Vec<String> = when.as_object().into_iter().flatten().map(field).collect();
    if all.is_empty() { "always".to_owned() } else { format!("if {}", all.join(" and ")) }
}

fn field((name, value): (&String, &Value)) -> String {
    format!("{} {}", name.replace('_', " "), words(value))
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{percent, walk};
    use serde_json::{Value, json};

    #[test]
    fn a_change_is_said_in_tenths_of_a_percent() {
        for (from, to, expected) in [
            (100, 120, Some("+20 %")),
            (1_000, 995, Some("-0.5 %")),
            (3, 4, Some("+33.3 %")),
            (3, 5, Some("+66.7 %")),
            (3, 1, Some("-66.7 %")),
            (5, 0, Some("-100 %")),
            (1, 1, Some("+0 %")),
            (0, 5, None),
        ] {
            assert_eq!(percent(from, to).as_deref(), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn rules_of_routing_are_named_by_when_they_hold() {
        let long = json!({"when": {"input_tokens_above": 8000}, "use": "a"});
        let both = json!({"when": {"flag": "code", "cost_at_most": "20"}, "use": "b"});
        let always = json!({"when": {}, "use_cheapest_of": ["a", "b"]});
        let other = json!({"when": {"input_tokens_above": 8000}, "use": "b"});
        let said = |from: &[&Value], to: &[&Value]| -> Vec<String> {
            let [from, to] = [from, to].map(|rules| json!({"rules": rules}));
            walk(&from, &to).iter().map(ToString::to_string).collect()
        };
        let by_cost = "if cost at most 20 and flag code";
        assert_eq!(
            said(&[&long, &always], &[&both, &other]),
            [
                "rule if input tokens above 8000, use: a -> b".to_owned(),
                "rule always: gone, it was use cheapest of a, b always".to_owned(),
                format!("rule {by_cost}: new, use b {by_cost}"),
            ]
        );
        assert_eq!(
            said(&[&long, &both], &[&both, &long]),
            [format!(
                "rules, order: if input tokens above 8000, {by_cost} -> {by_cost}, if input tokens \
                 above 8000"
            )]
        );
        assert_eq!(
            said(&[&long], &[&long, &other]),
            ["rules: use a if input tokens above 8000 -> use a if input tokens above 8000, use b \
              if input tokens above 8000"],
            "two of one condition have no names"
        );
    }

    #[test]
    fn every_place_that_differs_is_said_once() {
        let rate = |credits: &str, per: u32| json!({"credits": credits, "per": per});
        let from = json!({
            "charge_step": "0.01",
            "models": [
                {"id": "a", "rates": {"input_tokens": rate("10", 1_000_000)}, "name": "A"},
                {"id": "b", "tiers": [{"above_input_tokens": 9, "rates": {"images": rate("2", 1)}}]},
                {"id": "c"},
            ],
            "tasks": [{"task": "direct", "offers": [
                {"models": {"tier": "frontier"}, "per_request": "1", "bounds": {"steps": 5}},
            ]}],
            "routing": {"candidates": ["a", "b"], "rules": [{"use": "a"}]},
        });
        let to = json!({
            "charge_step": "0.02",
            "models": [
                {"id": "b", "tiers": [{"above_input_tokens": 9, "rates": {"images": rate("1", 1)}}]},
                {"id": "a", "rates": {"input_tokens": rate("0.012", 1_000)}, "name": "A"},
                {"id": "d"},
            ],
            "tasks": [{"task": "direct", "offers": [
                {"models": {"tier": "frontier"}, "per_request": "1.5", "bounds": {"steps": 4}},
            ]}],
            "routing": {"candidates": ["a", "d"], "rules": [{"use": "b"}]},
        });
        let said: Vec<String> = walk(&from, &to).iter().map(ToString::to_string).collect();
        let expected = [
            "charge step: 0.01 -> 0.02 (+100 %)",
            "model a, input tokens: 10 for 1000000 -> 0.012 for 1000 (+20 %)",
            "model b, tier above 9, images: 2 for 1 -> 1 for 1 (-50 %)",
            "model c: gone, it was id c",
            "model d: new, id d",
            "models, order: a, b -> b, a",
            "routing, candidates, b: gone, it was b",
            "routing, candidates, d: new, d",
            "routing, rules: use a -> use b",
            "task direct, offer for tier frontier, bounds, steps: 5 -> 4 (-20 %)",
            "task direct, offer for tier frontier, per request: 1 -> 1.5 (+50 %)",
        ];
        assert_eq!(said, expected);
        assert_eq!(walk(&from, &from), []);
        assert_eq!(walk(&from, &to).len(), walk(&to, &from).len(), "what came is what went");
    }
}
