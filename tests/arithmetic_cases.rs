//! Random prices and usages for the proof that a charge is exact (R6, R8), in the texts of a price
//! book: whoever computes the charge too begins from these, and not from numbers of the engine.

use fastrand::Rng;
use kumari_engine::amount::Credits;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::ordered::OrderedMap;
use kumari_engine::price_book::{
    Bounds, KindName, Model, ModelKind, Offer, OfferedModels, Price, Source, Tier,
};
use kumari_engine::rate::{Per, Rate};
use kumari_engine::rating::{RatingFault, charge};
use serde_json::{Value, json};

/// A meter, what so many of it cost, and how many that are.
pub type RateText = (Meter, String, u64);

/// One leg and its price.
#[derive(Clone, Debug)]
pub struct Case {
    /// The book's step.
    pub charge_step: String,
    /// The base.
    pub per_request: Option<String>,
    /// The markup.
    pub multiplier: String,
    /// The least that a leg costs.
    pub minimum: Option<String>,
    /// The model's rates.
    pub rates: Vec<RateText>,
    /// The rates above some total input, for the same meters.
    pub tier: Option<(u64, Vec<RateText>)>,
    /// What was used.
    pub usage: Vec<(Meter, u64)>,
}

/// The next case: amounts of every size up to the limits of R6, and often the limits themselves.
pub fn case(rng: &mut Rng) -> Case {
    let step = match rng.u32(..4) {
        0 => 10_000,
        1 => 1,
        _ => sized(rng, 1_000_000_000).max(1),
    };
    let mut meters: Vec<Meter> = Meter::ALL.to_vec();
    rng.shuffle(&mut meters);
    meters.truncate(rng.usize(1..=meters.len()));
    let rates = |rng: &mut Rng| -> Vec<RateText> {
        let rate = |meter: &Meter| {
            let per = [1, 1_000, 1_000_000][rng.usize(..3)];
            (*meter, decimal(sized(rng, 1_000_000_000_000), 6), per)
        };
        meters.iter().map(rate).collect()
    };
    let (own, above) = (rates(rng), rates(rng));
    let usage: Vec<_> = meters.iter().map(|meter| (*meter, sized(rng, 10_000_000_000))).collect();
    let input = Meter::INPUT;
    let total: u64 = usage.iter().filter(|(meter, _)| input.contains(meter)).map(|one| one.1).sum();
    // At the threshold, one beside it, or anywhere.
    let threshold = match rng.u32(..3) {
        0 => total,
        1 => total.saturating_sub(1),
        _ => sized(rng, 40_000_000_000),
    };
    Case {
        charge_step: decimal(step, 6),
        per_request: rng.bool().then(|| decimal(sized(rng, 1_000_000_000_000), 6)),
        multiplier: decimal(sized(rng, 10_000_000), 4),
        minimum: rng.bool().then(|| decimal(step * sized(rng, 1_000), 6)),
        rates: own,
        tier: rng.bool().then_some((threshold, above)),
        usage,
    }
}

/// A number up to `most` with any number of digits; sometimes nothing, one, or `most`.
fn sized(rng: &mut Rng, most: u64) -> u64 {
    match rng.u32(..12) {
        0 => 0,
        1 => 1,
        2 => most,
        _ => {
            let shorter = rng.u32(..most.ilog2());
            rng.u64(..=most >> shorter)
        }
    }
}

/// `units` of 10^-`decimals` as a canonical decimal.
fn decimal(units: u64, decimals: u32) -> String {
    let one = 10_u64.pow(decimals);
    let width = decimals as usize;
    let text = format!("{}.{:0width$}", units / one, units % one);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Case {
    /// What the engine charges.
    ///
    /// # Errors
    /// [`RatingFault`] of the engine.
    ///
    /// # Panics
    /// Where the engine refuses a text: a mistake of this generator.
    pub fn charge(&self) -> Result<Credits, RatingFault> {
        let credits = |text: &String| text.parse::<Credits>().expect("credits");
        let rates = |texts: &[RateText]| -> OrderedMap<Meter, Rate> {
            let rate = |(meter, text, per): &RateText| {
                let per = Per::try_from(*per).expect("one of three");
                (*meter, Rate { credits: credits(text), per, free: text == "0" })
            };
            texts.iter().map(rate).collect()
        };
        let tier = self
            .tier
            .iter()
            .map(|(above, texts)| Tier { above_input_tokens: *above, rates: rates(texts) });
        let source = Source {
            package: "own price".to_owned(),
            page: None,
            read_on: "2026-11-30".to_owned(),
            note: None,
        };
        let model = Model {
            id: "m".parse().expect("an id"),
            name: "m".to_owned(),
            provider: "test".to_owned(),
            kind: ModelKind::Image,
            rates: rates(&self.rates),
            tiers: tier.collect(),
            source,
        };
        let offer = Offer {
            models: OfferedModels::Kind(KindName::Image),
            per_request: self.per_request.as_ref().map(credits),
            multiplier: self.multiplier.parse().expect("a factor"),
            minimum: self.minimum.as_ref().map(credits),
            rates: OrderedMap::default(),
            bounds: Bounds::default(),
        };
        let usage = Usage::new(self.usage.iter().copied()).expect("quantities in range");
        let charge_step = credits(&self.charge_step);
        charge(&Price { model: &model, offer: &offer, charge_step }, &usage)
    }

    /// The rates that price it: those of the tier strictly above its threshold (R8).
    pub fn rates_that_hold(&self) -> &[RateText] {
        let input = self.usage.iter().filter(|(meter, _)| Meter::INPUT.contains(meter));
        let total: u64 = input.map(|(_, count)| count).sum();
        match &self.tier {
            Some((above, rates)) if total > *above => rates,
            _ => &self.rates,
        }
    }

    /// The case for another language.
    pub fn json(&self) -> Value {
        let rates = |rates: &[RateText]| -> Value {
            rates.iter().map(|(meter, text, per)| (meter.name(), json!([text, per]))).collect()
        };
        let tier = self.tier.as_ref().map(|(above, texts)| json!([above, rates(texts)]));
        let usage: Value =
            self.usage.iter().map(|(meter, count)| (meter.name(), json!(count))).collect();
        json!({
            "charge_step": self.charge_step, "per_request": self.per_request,
            "multiplier": self.multiplier, "minimum": self.minimum,
            "rates": rates(&self.rates), "tier": tier, "usage": usage,
        })
    }
}
