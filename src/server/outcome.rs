//! What an answer's end costs: the table of outcomes in the rules, for answers of text.
//!
//! A pure decision. It prices nothing (the engine does) and tells nobody.

use crate::attached;
use crate::counter::Tokens;
use crate::history::Prompt;
use crate::provider::ProviderFault;
use kumari_engine::encoding::Counted;
use kumari_engine::id::ModelId;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::TextModel;
use kumari_engine::settle::{Finish, UsageSource};
use kumari_engine::void::{Used, VoidReason};
use kumari_store::{MessageStep, StepKind};

/// What was heard of one model until its end.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The model.
    pub(crate) model: ModelId,
    /// Whether anything billable came: text, or that it thought.
    pub(crate) output: bool,
    /// What it reported to have used.
    pub(crate) usage: Option<Usage>,
    /// How it ended.
    pub(crate) end: Result<Finish, ProviderFault>,
}

/// What is to be done with the leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is charged the price of this usage.
    Settle { usage: Usage, usage_source: UsageSource, finish: Finish },
    /// It is not charged; what it used is borne by the platform.
    Void { reason: VoidReason, used: Option<Used> },
}

impl Heard {
    /// Whether another candidate may still answer: only where this one has shown nothing.
    pub(crate) const fn leaves_room(&self) -> bool {
        self.end.is_err() && !self.output
    }

    /// What the end costs. `counted` is what our tokenizer counts of what is visible.
    pub(crate) fn outcome(self, counted: Usage) -> Outcome {
        let known = self.output || self.usage.is_some();
        let (usage, usage_source) = match self.usage {
            Some(usage) => (usage, UsageSource::Reported),
            None => (counted, UsageSource::Counted),
        };
        let used = |usage| known.then(|| Used { model: self.model.clone(), usage });
        match self.end {
            Ok(Finish::Stopped) if !self.output => {
                Outcome::Void { reason: VoidReason::Stopped, used: used(usage) }
            }
            // An answer of nothing, of which nothing is known either, is no answer.
            Ok(_) if !known => Outcome::Void { reason: VoidReason::Failed, used: None },
            Ok(finish) => Outcome::Settle { usage, usage_source, finish },
            Err(fault) => Outcome::Void { reason: fault.void_reason(), used: used(usage) },
        }
    }
}

impl Outcome {
    /// The same with the pages that were read for the leg. No provider counts them: the server did,
    /// before it was asked.
    pub(crate) fn with_pages(mut self, pages: u64) -> Self {
        if pages > 0
            && let Self::Settle { usage, .. } | Self::Void { used: Some(Used { usage, .. }), .. } =
                &mut self
        {
            let counts = usage.iter().chain([(Meter::Pages, pages)]);
            // The request was priced with as many, so they are in range.
            if let Ok(all) = Usage::new(counts) {
                *usage = all;
            }
        }
        self
    }
}

/// What is visible of a leg, in the model's own tokens: for models of other encodings at the lower
/// ratio, so that an estimate never makes anybody pay for what may not have been there.
pub(crate) fn count_visible(
    facts: &TextModel,
    input: &Prompt,
    answer: &Tokens,
    reasoning: &Tokens,
    steps: &[MessageStep],
) -> Usage {
    let own = |tokens: &Tokens| {
        let (name, count) = (facts.encoding.name, |kind| tokens.get(&kind).copied());
        let counted = Counted::of(count(name.all()), count(name.latin()));
        facts.encoding.low(counted.unwrap_or_default())
    };
    let counts = [
        (Meter::InputTokens, own(&input.tokens)),
        (Meter::OutputTokens, own(answer)),
        (Meter::ReasoningTokens, own(reasoning)),
    ];
    let done = |kind| {
        let done = steps.iter().filter(|step| step.kind == kind && step.found.is_some()).count();
        u64::try_from(done).unwrap_or(u64::MAX)
    };
    // How often a step sent the prompt again cannot be seen: it counts once.
    let done = [(Meter::Steps, done(StepKind::Step)), (Meter::Searches, done(StepKind::Search))];
    let beside = attached::tokens(facts, input.attachments(), |range| range.low);
    let beside = beside.into_iter().chain(done).filter(|(_, count)| *count > 0);
    Usage::new(counts.into_iter().chain(beside)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Heard, Outcome};
    use crate::provider::ProviderFault;
    use kumari_engine::meter::{Meter, Usage};
    use kumari_engine::settle::{Finish, UsageSource};
    use kumari_engine::void::{Used, VoidReason};

    fn usage(tokens: u64) -> Usage {
        Usage::new([(Meter::OutputTokens, tokens)]).unwrap()
    }

    fn failed() -> ProviderFault {
        ProviderFault::Failed { message: "broke off".to_owned() }
    }

    fn refused() -> ProviderFault {
        ProviderFault::Refused { status: Some(503), message: "busy".to_owned(), retry_after: None }
    }

    fn settled(tokens: u64, usage_source: UsageSource, finish: Finish) -> Outcome {
        Outcome::Settle { usage: usage(tokens), usage_source, finish }
    }

    /// What is heard, and for a void whether the platform bears something.
    fn check(end: Result<Finish, ProviderFault>, output: bool, reported: Option<u64>) -> Outcome {
        let heard = Heard { model: "m".parse().unwrap(), output, usage: reported.map(usage), end };
        heard.outcome(usage(7))
    }

    fn void(outcome: &Outcome) -> (VoidReason, Option<u64>) {
        match outcome {
            Outcome::Void { reason, used } => {
                (*reason, used.as_ref().map(|used| used.usage.quantity(Meter::OutputTokens)))
            }
            Outcome::Settle { .. } => panic!("{outcome:?} is charged"),
        }
    }

    #[test]
    fn an_answer_is_charged_what_was_used() {
        for finish in [Finish::Completed, Finish::Length, Finish::ContentFilter] {
            assert_eq!(check(Ok(finish), true, Some(5)), settled(5, UsageSource::Reported, finish));
        }
        // A filter may cut off before the first word, and the provider bills for it.
        assert_eq!(
            check(Ok(Finish::ContentFilter), false, Some(0)),
            settled(0, UsageSource::Reported, Finish::ContentFilter)
        );
    }

    #[test]
    fn missing_usage_is_counted_and_never_zero() {
        assert_eq!(
            check(Ok(Finish::Completed), true, None),
            settled(7, UsageSource::Counted, Finish::Completed)
        );
    }

    #[test]
    fn stop_costs_what_was_produced_and_nothing_without_output() {
        assert_eq!(
            check(Ok(Finish::Stopped), true, None),
            settled(7, UsageSource::Counted, Finish::Stopped)
        );
        assert_eq!(void(&check(Ok(Finish::Stopped), false, None)), (VoidReason::Stopped, None));
        assert_eq!(
            void(&check(Ok(Finish::Stopped), false, Some(3))),
            (VoidReason::Stopped, Some(3))
        );
    }

    #[test]
    fn a_fault_costs_nothing_whatever_came_before() {
        assert_eq!(void(&check(Err(refused()), false, None)), (VoidReason::Refused, None));
        assert_eq!(void(&check(Err(failed()), false, None)), (VoidReason::Failed, None));
        assert_eq!(void(&check(Err(failed()), true, None)), (VoidReason::Failed, Some(7)));
        assert_eq!(void(&check(Err(failed()), true, Some(5))), (VoidReason::Failed, Some(5)));
    }

    #[test]
    fn pages_that_were_read_are_part_of_what_was_used() {
        let pages = |outcome: Outcome| match outcome.with_pages(3) {
            Outcome::Settle { usage, .. }
            | Outcome::Void { used: Some(Used { usage, .. }), .. } => {
                (usage.quantity(Meter::Pages), usage.quantity(Meter::OutputTokens))
            }
            Outcome::Void { used: None, .. } => (0, 0),
        };
        assert_eq!(pages(check(Ok(Finish::Completed), true, Some(5))), (3, 5));
        assert_eq!(pages(check(Ok(Finish::Stopped), true, None)), (3, 7), "counted");
        assert_eq!(pages(check(Err(failed()), true, Some(5))), (3, 5), "borne by the platform");
        assert_eq!(pages(check(Err(refused()), false, None)), (0, 0), "nothing was read");
    }

    #[test]
    fn an_empty_answer_of_which_nothing_is_known_is_a_failure() {
        assert_eq!(void(&check(Ok(Finish::Completed), false, None)), (VoidReason::Failed, None));
    }
}
