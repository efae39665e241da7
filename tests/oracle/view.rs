//! What the second ledger is compared by: of each answer what the rules decide, with lots numbered
//! in the order in which they were made. Texts, remedies and the numbers of entries are left out.

use serde_json::{Map, Value, json};

/// Every kind of answer that must occur.
pub(crate) const KINDS: [&str; 20] = [
    "granted",
    "authorized",
    "settled",
    "voided",
    "expired",
    "paid",
    "subscription",
    "revoked",
    "advanced",
    "found",
    "action_id_reused",
    "action_unknown",
    "already_granted",
    "credits_exhausted",
    "credits_held",
    "credits_insufficient",
    "leg_already_ended",
    "payment_conflict",
    "payment_disputed",
    "price_changed",
];

/// Which kind of answer it is.
pub(crate) fn kind(outcome: &Value) -> String {
    if let Some(code) = outcome["denied"]["code"].as_str() {
        return code.to_owned();
    }
    if outcome.get("found").is_some() {
        return "found".to_owned();
    }
    match variant(&outcome["answer"]) {
        ("ended", end) => text(&end["kind"]).to_owned(),
        (name, _) => name.to_owned(),
    }
}

/// The lots of one account, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Viewer {
    lots: Vec<u64>,
}

impl Viewer {
    /// An outcome of the simulation as the second ledger says it.
    pub(crate) fn view(&mut self, outcome: &Value) -> Value {
        let answer = if let Some(code) = outcome["denied"].get("code") {
            json!({"denied": code})
        } else if let Some(found) = outcome.get("found") {
            let action = found.get("action").map_or(Value::Null, |action| self.made(action));
            let lots: Vec<Value> = list(&found["lots"]).iter().map(|lot| self.lot(lot)).collect();
            json!({"found": {"lots": lots, "action": action}})
        } else {
            self.made(&outcome["answer"])
        };
        let of = &outcome["balance"];
        let balance = json!({
            "settled": of["settled"], "held": of["held"], "available": of["available"],
            "open_holds": of["open_holds"], "plan": of["plan"], "resets_at": of["resets_at"],
            "disputed": of["disputed"], "past_due": of.get("past_due").unwrap_or(&json!(false)),
        });
        json!({"answer": answer, "balance": balance})
    }

    /// The place of a lot in the order; a lot that was not seen before is the next.
    fn number(&mut self, lot: &Value) -> usize {
        let id = lot.as_u64().unwrap_or(u64::MAX);
        self.lots.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.lots.push(id);
            self.lots.len() - 1
        })
    }

    fn made(&mut self, made: &Value) -> Value {
        match variant(made) {
            ("granted" | "grant", grant) => json!({"granted": self.grant(grant)}),
            ("authorized" | "hold", hold) => json!({"hold": self.hold(hold)}),
            ("ended", end) => json!({"ended": self.end(end)}),
            ("paid" | "purchase", purchase) => json!({"paid": self.purchase(purchase)}),
            ("subscription", one) => json!({"subscription": {
                "status": one["status"], "at": one["status_at"], "paid": one["paid"],
            }}),
            ("revoked" | "revocation", one) => json!({"revoked": {
                "lot": self.number(&one["lot"]), "amount": one["amount"],
            }}),
            _ => json!({"nothing": null}),
        }
    }

    fn grant(&mut self, grant: &Value) -> Value {
        json!({
            "lot": self.number(&grant["lot"]), "kind": grant["kind"], "amount": grant["amount"],
            "effective_at": grant["effective_at"], "expires_at": grant["expires_at"],
        })
    }

    fn hold(&mut self, hold: &Value) -> Value {
        let legs: Vec<Value> = list(&hold["legs"])
            .iter()
            .map(|leg| {
                json!([leg["part"], leg.get("end").map_or(Value::Null, |end| self.end(end))])
            })
            .collect();
        json!({
            "amount": hold["amount"], "cap": hold["caps"]["output_tokens"],
            "deadline": hold["deadline"], "lots": self.parts(&hold["lots"]),
            "pool": self.parts(&hold["pool"]), "legs": legs,
        })
    }

    fn purchase(&mut self, purchase: &Value) -> Value {
        let mut view = self.grant(&purchase["grant"]);
        let disputes: Map<String, Value> = list(&purchase["disputes"])
            .iter()
            .map(|one| (text(&one["dispute"]).to_owned(), json!([one["usd_cents"], one["status"]])))
            .collect();
        view["refunded"] = purchase["refunded_usd_cents"].clone();
        view["disputes"] = disputes.into();
        view["claimed"] = purchase["claimed"].clone();
        view["expired"] = purchase["expired"].clone();
        view
    }

    fn end(&mut self, end: &Value) -> Value {
        let mut view = json!({"form": end["kind"], "at": end["at"]});
        match text(&end["kind"]) {
            "expired" => {
                let late = end.get("late").map(|late| json!([late["at"], late["absorbed"]]));
                view["late"] = late.unwrap_or_default();
            }
            "settled" => {
                view["charge"] = end["charge"].clone();
                view["drawn"] = self.parts(&end["drawn"]);
                view["absorbed"] = end["absorbed"].clone();
            }
            _ => view["absorbed"] = end["absorbed"].clone(),
        }
        view
    }

    fn lot(&mut self, lot: &Value) -> Value {
        json!({
            "lot": self.number(&lot["id"]), "kind": lot["kind"], "available": lot["available"],
            "held": lot["held"], "debt": lot.get("debt").unwrap_or(&json!("0")),
            "dispute": lot["dispute"], "revoked": lot.get("revoked").unwrap_or(&json!(false)),
        })
    }

    fn parts(&mut self, parts: &Value) -> Value {
        list(parts).iter().map(|part| json!([self.number(&part["lot"]), part["amount"]])).collect()
    }
}

/// The name of an enum's member, and what it holds.
fn variant(value: &Value) -> (&str, &Value) {
    match value {
        Value::Object(map) => map.iter().next().map_or(("", value), |(name, of)| (name, of)),
        _ => (text(value), value),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
