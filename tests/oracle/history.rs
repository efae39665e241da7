//! Random histories in the format of `kumari-credits simulate`.
//!
//! They look for trouble: ids are used again, commands are repeated and come late or too early,
//! several things happen at one instant, and the clock likes to stand on deadlines and ends, or a
//! millisecond beside them. Each command is made after the engine has answered those before it, so
//! that it can name real holds, lots and payments.

use anyhow::{Result, anyhow};
use fastrand::Rng;
use kumari_engine::RULES_VERSION;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Request;
use kumari_engine::time::Timestamp;
use kumari_server::simulate::Simulation;
use kumari_server::simulate_command::Step;
use kumari_tests::books::{small_book, text_model};
use serde_json::{Value, json};

const MODELS: [&str; 3] = ["top", "lite", "mid"];
/// Anchors of periods: the last days of months, a leap day, and days that every month has.
const BEGINS: [&str; 7] = [
    "2026-01-31T10:00:00Z",
    "2027-12-31T23:59:59.999Z",
    "2028-02-29T00:00:00Z",
    "2026-03-30T00:00:00Z",
    "2026-03-15T12:00:00.001Z",
    "2026-11-01T00:00:00Z",
    "2028-01-29T08:30:00Z",
];

/// What happened to one account.
pub(crate) struct History {
    pub(crate) lines: Vec<Line>,
}

/// One line of it.
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) text: String,
    pub(crate) step: Step,
    /// What the engine answers, as JSON.
    pub(crate) outcome: Value,
    /// The same line, with a lot named by its place among the lots: the second ledger does not
    /// number entries.
    pub(crate) for_the_second_ledger: String,
}

/// The book that prices every history: three text models, tiny packs, short holds.
pub(crate) fn book() -> PublishedBook {
    small_book(|book| {
        let mid = text_model("mid", "frontier", "100", "300");
        book["models"].as_array_mut().unwrap().push(mid);
        book["tasks"][0]["hold_seconds_max"] = json!(75);
        book["tasks"][0]["offers"][0]["minimum"] = json!("0.07");
        book["tasks"][0]["offers"][1]["multiplier"] = json!("1.3725");
        book["plans"][1]["credits"] = json!("6.123457");
        book["packs"]["brackets"][0]["credits_per_usd"] = json!("0.333333");
        book["packs"]["brackets"][1]["credits_per_usd"] = json!("0.4");
    })
}

/// The `number`th history.
pub(crate) fn random(rng: &mut Rng, book: &PublishedBook, number: u32) -> Result<History> {
    let begin = BEGINS[rng.usize(..BEGINS.len())].parse().map_err(|fault| anyhow!("{fault}"))?;
    let mut maker = Maker {
        rng,
        book,
        account: format!("history-{number}"),
        simulation: Simulation::new(book.clone()),
        now: begin,
        edges: vec![begin],
        made: Vec::new(),
        actions: Vec::new(),
        open: Vec::new(),
        payments: Vec::new(),
        subscriptions: Vec::new(),
        lots: Vec::new(),
        ids: 0,
    };
    let mut lines = Vec::new();
    for number in 1..=maker.rng.u64(6..45) {
        maker.pass_time();
        let command = maker.command();
        lines.push(maker.line(number, command)?);
    }
    Ok(History { lines })
}

struct Maker<'make> {
    rng: &'make mut Rng,
    book: &'make PublishedBook,
    account: String,
    simulation: Simulation,
    now: Timestamp,
    /// Times at which something begins or ends.
    edges: Vec<Timestamp>,
    /// Every command so far.
    made: Vec<Value>,
    /// Actions that were admitted or asked for, with their requests.
    actions: Vec<(String, Value)>,
    /// Actions that were admitted and may be open still.
    open: Vec<String>,
    /// Payments with what was paid.
    payments: Vec<(String, u32)>,
    /// Subscriptions with their anchors.
    subscriptions: Vec<(String, Timestamp)>,
    /// The lots' own numbers, in the order in which they were made.
    lots: Vec<u64>,
    ids: u32,
}

impl Maker<'_> {
    fn pass_time(&mut self) {
        let (now, rng) = (self.now.as_millis(), &mut *self.rng);
        let later = match rng.u8(..20) {
            0..=6 => now,
            7..=11 => now + rng.i64(..20_000),
            12..=15 => self.edges[rng.usize(..self.edges.len())].as_millis() + rng.i64(-1..=1),
            16 => now - rng.i64(..5_000),
            17 => now + rng.i64(..130_000),
            18 => now + rng.i64(..3 * 86_400_000),
            _ => now + rng.i64(..40 * 86_400_000),
        };
        // Back to an edge that is long over would only stand still.
        if later >= now - 5_000 {
            self.now = Timestamp::from_millis(later).unwrap_or(self.now);
        }
    }

    fn line(&mut self, number: u64, command: Value) -> Result<Line> {
        let at = self.now.to_string();
        let whole = |command: &Value| json!({"at": at, "account": self.account, "do": command});
        let text = whole(&command).to_string();
        let step: Step =
            kumari_wire::from_str(&text).map_err(|fault| anyhow!("{fault}: {text}"))?;
        let mut numbered = command.clone();
        if let Some(lot) = numbered.pointer_mut("/revoke/lot") {
            let place = self.lots.iter().position(|known| Some(*known) == lot.as_u64());
            *lot = json!(place);
        }
        let for_the_second_ledger = whole(&numbered).to_string();
        let outcome = self.simulation.step(number, &step);
        let outcome = outcome.map_err(|fault| anyhow!("{fault}: {text}"))?;
        let outcome = serde_json::to_value(outcome)?;
        self.made.push(command);
        self.look_at(&outcome);
        Ok(Line { number, text, step, outcome, for_the_second_ledger })
    }

    /// Remembers what later commands can be about.
    fn look_at(&mut self, outcome: &Value) {
        for lot in ["/answer/granted/lot", "/answer/paid/grant/lot"] {
            if let Some(lot) = outcome.pointer(lot).and_then(Value::as_u64)
                && !self.lots.contains(&lot)
            {
                self.lots.push(lot);
            }
        }
        if let Some(hold) = outcome.pointer("/answer/authorized")
            && let Some(id) = hold["action_id"].as_str()
            && !self.actions.iter().any(|(known, _)| known == id)
        {
            self.actions.push((id.to_owned(), hold["request"].clone()));
            self.open.push(id.to_owned());
        }
        if let Some(payment) = outcome.pointer("/answer/paid")
            && let Some(id) = payment["payment"].as_str()
            && !self.payments.iter().any(|(known, _)| known == id)
        {
            let cents = payment["usd_cents"].as_u64().and_then(|cents| u32::try_from(cents).ok());
            self.payments.push((id.to_owned(), cents.unwrap_or(1_000)));
        }
        if outcome["balance"]["open_holds"] == 0 {
            self.open.clear();
        }
        let mut times = Vec::new();
        collect_times(outcome, &mut times);
        for time in times {
            if time > self.now && !self.edges.contains(&time) {
                self.edges.push(time);
            }
        }
    }

    fn command(&mut self) -> Value {
        // An account with nothing on it is only denied.
        if self.lots.is_empty() && self.rng.u8(..3) > 0 {
            return self.grant();
        }
        let about = self.rng.u8(..100);
        match about {
            0..=24 => self.authorize(),
            25..=47 | 85..=90 if self.open.is_empty() && self.rng.u8(..4) > 0 => self.authorize(),
            68..=77 if self.payments.is_empty() => self.pay(),
            64..=67 | 80..=81 if self.subscriptions.is_empty() => self.subscribe(),
            25..=41 => self.settle(),
            42..=47 => self.void(),
            48..=54 => self.grant(),
            55..=60 => self.pay(),
            61..=63 => self.subscribe(),
            64..=67 => self.renew_subscription(),
            68..=72 => self.refund(),
            73..=77 => self.dispute(),
            78..=79 => self.fail(),
            80..=81 => self.cancel(),
            82..=84 => self.revoke(),
            85..=87 => json!({"renew": {"action_id": self.known_action()}}),
            88..=90 => self.extend(),
            91..=93 => self.query(),
            _ => self.again(),
        }
    }

    /// A command that was told before, told again.
    fn again(&mut self) -> Value {
        match self.made.len() {
            0 => self.grant(),
            count => self.made[self.rng.usize(..count)].clone(),
        }
    }

    /// A new id; now and then one that something else has.
    fn id(&mut self, prefix: &str) -> String {
        if self.rng.u8(..25) == 0 && !self.actions.is_empty() {
            return self.known_action();
        }
        self.ids += 1;
        format!("{prefix}-{}", self.ids)
    }

    fn known_action(&mut self) -> String {
        let count = self.actions.len();
        if count == 0 || self.rng.u8(..40) == 0 {
            return "nobody".to_owned();
        }
        if !self.open.is_empty() && self.rng.u8(..5) > 0 {
            return self.open[self.rng.usize(..self.open.len())].clone();
        }
        let place = self.rng.usize(..count);
        self.actions.get(place).map_or_else(String::new, |(id, _)| id.clone())
    }

    fn known_payment(&mut self) -> (String, u32) {
        if self.payments.is_empty() || self.rng.u8(..30) == 0 {
            return ("nowhere".to_owned(), 1_000);
        }
        let place = self.rng.usize(..self.payments.len());
        self.payments[place].clone()
    }

    fn known_subscription(&mut self) -> (String, Timestamp) {
        if self.subscriptions.is_empty() || self.rng.u8(..30) == 0 {
            return ("none".to_owned(), self.now);
        }
        let place = self.rng.usize(..self.subscriptions.len());
        self.subscriptions[place].clone()
    }

    fn grant(&mut self) -> Value {
        let kind = ["free", "promo", "promo", "promo", "adjustment", "pack", "pro"];
        let kind = kind[self.rng.usize(..kind.len())];
        let micros = self.rng.i64(1..6_000_000);
        let mut grant = json!({
            "action_id": self.id("g"), "kind": kind,
            "amount": kumari_engine::amount::Credits::from_micros(micros),
        });
        if (kind == "adjustment") != (self.rng.u8(..12) == 0) {
            grant["reason"] = json!("goodwill");
        }
        if self.rng.bool() {
            grant["expires_at"] = json!(self.now.plus_seconds(self.rng.u32(..200)));
        }
        if self.rng.u8(..4) == 0 {
            grant["effective_at"] = json!(self.now.plus_seconds(self.rng.u32(..100)));
        }
        if self.rng.u8(..4) == 0 {
            grant["priority"] = json!(self.rng.i32(-1..=1));
        }
        json!({"grant": grant})
    }

    fn pay(&mut self) -> Value {
        let payment = self.id("p");
        let cents = [1_000, 1_000, 1_700, 5_000, 900, 1_050][self.rng.usize(..6)];
        let mut pay = json!({"payment": payment, "usd_cents": cents, "product": "pack"});
        if self.rng.u8(..4) == 0 {
            pay["at"] = json!(self.around_now());
        }
        json!({"pay": pay})
    }

    fn subscribe(&mut self) -> Value {
        let (subscription, payment) = (self.id("s"), self.id("p"));
        self.subscriptions.push((subscription.clone(), self.now));
        let months = [1, 1, 1, 1, 12, 3][self.rng.usize(..6)];
        json!({"subscribe": {
            "subscription": subscription, "payment": payment, "usd_cents": 2_000, "months": months,
        }})
    }

    /// A payment for some period of a subscription, whose start is reported a little off.
    fn renew_subscription(&mut self) -> Value {
        let (subscription, anchor) = self.known_subscription();
        let payment = self.id("p");
        let n = self.rng.u32(..4);
        let start = anchor.plus_months(n).as_millis();
        let half = (anchor.plus_months(n + 1).as_millis() - start) / 2;
        let off = [0, 0, 1, -1, 3_600_000, -86_400_000, half][self.rng.usize(..7)];
        let start = Timestamp::from_millis(start + off).unwrap_or(anchor);
        let months = if self.rng.u8(..10) == 0 { 12 } else { 1 };
        let mut pay = json!({"payment": payment, "usd_cents": 2_000, "product": {"pro": {
            "subscription": subscription, "periods": {"anchor": anchor, "months": months},
            "period_start": start,
        }}});
        if self.rng.u8(..3) == 0 {
            pay["at"] = json!(self.around_now());
        }
        json!({"pay": pay})
    }

    fn refund(&mut self) -> Value {
        let (payment, paid) = self.known_payment();
        let cents = self.part_of(paid);
        json!({"refund": {"payment": payment, "usd_cents": cents}})
    }

    fn dispute(&mut self) -> Value {
        let (payment, paid) = self.known_payment();
        let status = ["open", "open", "won", "lost"][self.rng.usize(..4)];
        // Mostly the whole payment, so that what is told next is about the same dispute.
        let cents = if self.rng.u8(..3) == 0 { self.part_of(paid) } else { paid };
        let dispute = format!("d-{}", self.rng.u8(..2));
        json!({"dispute": {
            "payment": payment, "dispute": dispute, "usd_cents": cents, "status": status,
        }})
    }

    fn fail(&mut self) -> Value {
        let mut fail = json!({"payment": self.id("p")});
        if self.rng.u8(..5) > 0 {
            fail["subscription"] = json!(self.known_subscription().0);
        }
        if self.rng.u8(..3) == 0 {
            fail["at"] = json!(self.around_now());
        }
        json!({"fail": fail})
    }

    fn cancel(&mut self) -> Value {
        let mut cancel = json!({"subscription": self.known_subscription().0});
        if self.rng.u8(..3) == 0 {
            cancel["at"] = json!(self.around_now());
        }
        json!({"cancel": cancel})
    }

    fn revoke(&mut self) -> Value {
        let place = self.rng.usize(..=self.lots.len());
        let lot = self.lots.get(place).copied().unwrap_or(9_999);
        json!({"revoke": {"action_id": self.id("r"), "lot": lot, "reason": "a mistake"}})
    }

    fn authorize(&mut self) -> Value {
        let id = self.id("a");
        let request = self.request();
        let mut send = json!({"action_id": id, "request": request});
        if self.rng.u8(..4) == 0 {
            send["quote"] = self.quote(&request);
        }
        json!({"authorize": send})
    }

    fn request(&mut self) -> Value {
        let first = self.rng.usize(..MODELS.len());
        let count = [1, 1, 1, 2, 2, 3, 4][self.rng.usize(..7)];
        let models: Vec<&str> =
            (0..count).map(|place| MODELS[(first + place) % MODELS.len()]).collect();
        let task = if count == 1 && self.rng.u8(..30) > 0 { "direct" } else { "compare" };
        let mut request = json!({
            "task": task, "models": models, "input_tokens": {"o200k_base": self.rng.u64(..5_000)},
        });
        if self.rng.u8(..3) > 0 {
            request["output_tokens_max"] = json!(self.rng.u64(1..3_000));
        }
        if self.rng.u8(..40) == 0 {
            request["models"][0] = json!("gone");
        }
        request
    }

    /// What the person saw: mostly what it costs, sometimes another book, an older price or a cap.
    fn quote(&mut self, request: &Value) -> Value {
        let read: Option<Request> = serde_json::from_value(request.clone()).ok();
        let price = read.and_then(|one| kumari_engine::estimate::estimate(self.book, &one).ok());
        let high = price.map_or_else(|| "1".to_owned(), |price| price.high.to_string());
        let version = self.book.version.to_string();
        let mut quote = json!({"price_book": version, "rules": RULES_VERSION, "high": high});
        match self.rng.u8(..6) {
            0 => quote["high"] = json!("0.31"),
            1 => quote["price_book"] = json!("another"),
            2 | 3 => quote["caps"] = json!({"output_tokens": self.rng.u64(..2_000)}),
            _ => {}
        }
        quote
    }

    fn extend(&mut self) -> Value {
        let caps = match self.rng.u8(..4) {
            0 => json!({}),
            _ => json!({"output_tokens": self.rng.u64(1..4_000)}),
        };
        json!({"extend": {"action_id": self.known_action(), "caps": caps}})
    }

    fn settle(&mut self) -> Value {
        let action_id = self.known_action();
        let (leg, model) = self.leg_of(&action_id);
        let finish = ["completed", "stopped", "length", "content_filter"][self.rng.usize(..4)];
        let source = if self.rng.u8(..5) == 0 { "counted" } else { "reported" };
        json!({"settle": {
            "action_id": action_id, "leg": leg, "model": model, "usage": self.usage(),
            "usage_source": source, "finish": finish,
        }})
    }

    fn void(&mut self) -> Value {
        let action_id = self.known_action();
        let (leg, model) = self.leg_of(&action_id);
        let reason = ["refused", "failed", "stopped", "lost"][self.rng.usize(..4)];
        let mut void = json!({"action_id": action_id, "leg": leg, "reason": reason});
        if self.rng.u8(..3) == 0 {
            void["used"] = json!({"model": model, "usage": self.usage()});
        }
        json!({"void": void})
    }

    /// A leg of an action with its model; now and then another leg, or another model.
    fn leg_of(&mut self, action_id: &str) -> (usize, String) {
        let found = self.actions.iter().find(|(id, _)| id == action_id);
        let models = found.and_then(|(_, request)| request["models"].as_array());
        let names: Vec<String> = models
            .into_iter()
            .flatten()
            .filter_map(|model| model.as_str().map(str::to_owned))
            .collect();
        let one_more = usize::from(names.is_empty() || self.rng.u8(..12) == 0);
        let leg = self.rng.usize(..names.len() + one_more);
        let other = MODELS[self.rng.usize(..MODELS.len())].to_owned();
        let model = if self.rng.u8(..15) == 0 { None } else { names.get(leg).cloned() };
        (leg, model.unwrap_or(other))
    }

    fn usage(&mut self) -> Value {
        let mut usage = json!({"input_tokens": self.rng.u64(..6_000)});
        usage["output_tokens"] = json!(match self.rng.u8(..4) {
            0 => self.rng.u64(..9_000),
            _ => self.rng.u64(..900),
        });
        if self.rng.u8(..40) == 0 {
            usage["images"] = json!(1);
        }
        usage
    }

    fn query(&mut self) -> Value {
        let id = match self.rng.u8(..4) {
            0 => return json!({"query": {}}),
            1 => self.known_payment().0,
            2 => self.known_subscription().0,
            _ => self.known_action(),
        };
        json!({"query": {"action_id": id}})
    }

    fn part_of(&mut self, cents: u32) -> u32 {
        match self.rng.u8(..6) {
            0 => cents,
            1 => cents + 1,
            _ => self.rng.u32(1..=cents),
        }
    }

    fn around_now(&mut self) -> Timestamp {
        // Sometimes a little ahead, and sometimes more than is believed.
        let range = if self.rng.u8(..6) == 0 { 0..600_000 } else { -100_000_000..1_000 };
        let millis = self.now.as_millis() + self.rng.i64(range);
        Timestamp::from_millis(millis).unwrap_or(self.now)
    }
}

/// Every time that a document says something ends or begins at.
fn collect_times(value: &Value, times: &mut Vec<Timestamp>) {
    match value {
        Value::Object(map) => map.values().for_each(|one| collect_times(one, times)),
        Value::Array(list) => list.iter().for_each(|one| collect_times(one, times)),
        Value::String(text) => times.extend(text.parse::<Timestamp>().ok()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
