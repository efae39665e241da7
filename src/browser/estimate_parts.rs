//! An estimate on its way to JavaScript: its texts one after the other in one text, and in one list
//! its numbers, the length of each text, and the place of what is one of a few names among these;
//! both in the order of the canonical form. `pkg/src/estimate-parts.ts` makes plain objects of them,
//! in a tenth of the time that it takes to parse JSON.
//!
//! That both mean the same as the canonical form is held by `tests/parity`.

use kumari_engine::bounds::LegBounds;
use kumari_engine::decimal::DecimalText;
use kumari_engine::estimate::{
    CandidateEstimate, Caps, Estimate, LegEstimate, Level, LevelCount, LevelShown, LikelyRange,
};
use kumari_engine::meter::Meter;
use kumari_engine::rate::Rate;
use kumari_engine::rating::Line;

/// The parts of a value, in their order.
#[derive(Debug)]
pub(crate) struct Parts {
    /// In ASCII, as all texts of an estimate are: amounts and ids.
    pub(crate) texts: Vec<u8>,
    /// Whole numbers, each exact up to 2^53 as those in JSON are to JavaScript; -1 for none.
    pub(crate) numbers: Vec<f64>,
}

/// Room for a comparison of four models, so that it is made at once.
const TEXTS_BYTES: usize = 1_024;
const NUMBERS: usize = 256;

/// The parts of `estimate`.
pub(crate) fn parts_of(estimate: &Estimate) -> Parts {
    let mut parts =
        Parts { texts: Vec::with_capacity(TEXTS_BYTES), numbers: Vec::with_capacity(NUMBERS) };
    parts.caps(&estimate.caps);
    parts.text(estimate.expected);
    parts.text(estimate.high);
    parts.list(&estimate.legs, Parts::leg);
    parts.level_shown(&estimate.level);
    parts.likely(estimate.likely);
    parts.text(estimate.low);
    parts.name(estimate.price_book.as_str());
    parts
}

impl Parts {
    fn caps(&mut self, caps: &Caps) {
        match &caps.candidates {
            Some(candidates) => self.list(candidates, |parts, model| parts.name(model.as_str())),
            None => self.maybe(None),
        }
        self.maybe(caps.output_tokens);
        self.maybe(caps.searches);
        self.maybe(caps.steps);
    }

    fn leg(&mut self, leg: &LegEstimate) {
        self.list(&leg.candidates, Self::candidate);
        let is_its_only_one = is_its_only_one(leg);
        self.number(is_its_only_one.into());
        if !is_its_only_one {
            self.text(leg.expected);
            self.text(leg.high);
            self.likely(leg.likely);
            self.text(leg.low);
            self.name(leg.model.as_str());
        }
        self.maybe(leg.rule.map(u64::from));
    }

    fn candidate(&mut self, candidate: &CandidateEstimate) {
        self.bounds(&candidate.bounds);
        self.text(candidate.expected);
        self.text(candidate.high);
        self.place(&Level::ALL, candidate.level);
        self.likely(candidate.likely);
        self.list(&candidate.lines, Self::line);
        self.text(candidate.low);
        self.name(candidate.model.as_str());
        self.number(candidate.units.into());
    }

    fn likely(&mut self, likely: Option<LikelyRange>) {
        self.maybe(likely.map(|_| 1));
        if let Some(LikelyRange { low, high }) = likely {
            self.text(high);
            self.text(low);
        }
    }

    fn bounds(&mut self, bounds: &LegBounds) {
        self.number(bounds.input_tokens.expected);
        self.number(bounds.input_tokens.high);
        self.number(bounds.input_tokens.low);
        self.maybe(bounds.output_tokens_floor);
        self.maybe(bounds.output_tokens_max);
        self.maybe(bounds.searches_floor);
        self.maybe(bounds.searches_max);
        self.maybe(bounds.steps_floor);
        self.maybe(bounds.steps_max);
    }

    fn line(&mut self, line: &Line) {
        self.text(line.amount());
        match line {
            Line::Base { .. } => self.number(0),
            Line::Meter { meter, quantity, rate, .. } => {
                self.number(1);
                self.place(&Meter::ALL, *meter);
                self.number((*quantity).into());
                self.rate(rate);
            }
            Line::Multiplier { multiplier, .. } => {
                self.number(2);
                self.text(*multiplier);
            }
            Line::Rounding { .. } => self.number(3),
            Line::Minimum { .. } => self.number(4),
        }
    }

    fn rate(&mut self, rate: &Rate) {
        self.text(rate.credits);
        self.number(rate.free.into());
        self.number(u32::from(rate.per).into());
    }

    fn level_shown(&mut self, level: &LevelShown) {
        match level {
            LevelShown::Units { units } => self.list(units, |parts, unit: &LevelCount| {
                parts.number(unit.count.into());
                parts.place(&Level::ALL, unit.level);
            }),
            LevelShown::Range { low, high } => {
                self.maybe(None);
                self.place(&Level::ALL, *high);
                self.place(&Level::ALL, *low);
            }
        }
    }

    fn text(&mut self, decimal: impl DecimalText) {
        let before = self.texts.len();
        decimal.put_to(&mut self.texts);
        self.size(self.texts.len().saturating_sub(before));
    }

    fn name(&mut self, name: &str) {
        self.texts.extend_from_slice(name.as_bytes());
        self.size(name.len());
    }

    /// Which of all that there are it is.
    fn place<T: PartialEq>(&mut self, all: &[T], one: T) {
        self.size(all.iter().position(|other| *other == one).unwrap_or(0));
    }

    fn list<T>(&mut self, list: &[T], of: impl Fn(&mut Self, &T)) {
        self.size(list.len());
        for one in list {
            of(self, one);
        }
    }

    fn size(&mut self, size: usize) {
        self.number(u64::try_from(size).unwrap_or(u64::MAX));
    }

    fn maybe(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.number(number),
            None => self.numbers.push(-1.0),
        }
    }

    #[expect(clippy::as_conversions, reason = "JavaScript's numbers are floats, as in JSON")]
    #[expect(clippy::cast_precision_loss, reason = "a count is below 2^53")]
    fn number(&mut self, number: u64) {
        self.numbers.push(number as f64);
    }
}

/// The leg is what its only candidate is, as in all tasks but routing; JavaScript has it from there.
fn is_its_only_one(leg: &LegEstimate) -> bool {
    let [only] = leg.candidates.as_slice() else { return false };
    let (of_leg, of_only) =
        ([leg.low, leg.expected, leg.high], [only.low, only.expected, only.high]);
    of_leg == of_only && leg.likely == only.likely && leg.model == only.model
}

#[cfg(test)]
mod tests {
    use kumari_engine::estimate::Level;
    use kumari_engine::meter::Meter;

    /// A name goes out as its place, so both sides must list all of them in one order.
    #[test]
    fn names_have_the_same_places_on_both_sides() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pkg/src/estimate-parts.ts");
        let script = std::fs::read_to_string(file).unwrap();
        let listed = |constant: &str| {
            let (_, after) = script.split_once(&format!("const {constant}")).unwrap();
            let (_, list) = after.split_once("= [").unwrap();
            let (list, _) = list.split_once(']').unwrap();
            let names = list.split(',').map(|name| name.trim().trim_matches('\'').to_owned());
            names.filter(|name| !name.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(listed("LEVELS"), Level::ALL.map(Level::name));
        assert_eq!(listed("METERS"), Meter::ALL.map(Meter::name));
    }
}
