//! What the demo provider does on its way to an answer: steps, searches, documents that it works through.

use super::{
    BOOK, FRONTIER, LIGHT, QUIET, Said, all, coarse, document, request, text, usage, with_files,
};
use crate::provider::{ProviderEvent, ProviderRequest};
use kumari_engine::encoding::Encoding;
use kumari_engine::estimate::{Caps, Estimate, estimate_capped};
use kumari_engine::meter::Meter;
use kumari_engine::rating;
use kumari_engine::request::{Request, Task};
use kumari_store::StepKind;

#[tokio::test]
async fn it_works_through_documents_for_what_was_asked() {
    let lease = "The lease begins on 1 March 2027. The rent is 1450 euros a month. The rent rises \
        by 2 percent a year. Pets need the landlord's consent.";
    let read = async |asked: &str, content: &str| {
        let files = vec![document("lease.pdf", content, 2)];
        let task = Task::FileProcessing;
        text(&all(QUIET, ProviderRequest { task, ..with_files(LIGHT, asked, files) }).await)
    };
    let rent = read("How high is the rent?", lease).await;
    assert!(rent.contains("I read 2 pages, 27 words."), "{rent}");
    assert!(rent.contains("“The rent is 1450 euros a month”"), "{rent}");
    assert!(!rent.contains("“Pets need"), "{rent}");
    let pets = read("May I keep pets?", lease).await;
    assert!(pets.contains("“Pets need the landlord's consent”"), "{pets}");
    let other = read("How high is the rent?", "The rent is not said anywhere.").await;
    assert!(
        other.contains("“The rent is not said anywhere”") && !other.contains("1450"),
        "{other}"
    );
}

fn steps(said: &Said) -> Vec<(StepKind, &str, &str)> {
    let done = said.iter().filter_map(|said| match said {
        Ok(ProviderEvent::Step { step, .. }) => {
            Some((step.kind, step.title.as_str(), step.found.as_deref()?))
        }
        _ => None,
    });
    done.collect()
}

/// The request that a leg of that work is asked, with its price.
fn bounded(task: Task, model: &str, text: &str, caps: Caps) -> (ProviderRequest, Estimate) {
    let counted = coarse()(Encoding::O200kBase, text);
    let mut asked = Request::new(task, vec![model.parse().unwrap()]);
    asked.input_tokens =
        [(Encoding::O200kBase.all(), counted.all), (Encoding::O200kBase.latin(), counted.latin)]
            .into_iter()
            .collect();
    asked.messages = Some(1);
    let estimate = estimate_capped(&BOOK, &asked, &caps).unwrap();
    let bounds = estimate.legs[0].candidates[0].bounds;
    let price = BOOK.book.price(task, &model.parse().unwrap()).unwrap();
    let request = ProviderRequest {
        task,
        output_tokens_max: bounds.output_tokens_max.unwrap(),
        steps_max: bounds.steps_max.unwrap_or(0),
        searches_max: bounds.searches_max.unwrap_or(0),
        round_input_tokens_max: price.offer.bounds.round_input_tokens.map_or(0, |bound| bound.max),
        ..request(model, text)
    };
    (request, estimate)
}

#[tokio::test]
async fn r10_work_in_steps_stays_inside_what_was_estimated() {
    let long = "Compare 12 * 4 with 7 * 9. Plan a garden! What grows fast? ".repeat(40);
    let tight = Caps { steps: Some(2), searches: Some(1), ..Caps::default() };
    for task in [Task::Agent, Task::DeepResearch, Task::FinanceSearch, Task::SocialSearch] {
        for model in [LIGHT, FRONTIER, "gemini-4-argon", "gpt-6-luna"] {
            for (text, caps) in
                [("tides", Caps::default()), (&long, Caps::default()), (&long, tight.clone())]
            {
                let (request, estimate) = bounded(task, model, text, caps);
                let most = (request.steps_max, request.searches_max);
                let said = all(QUIET, request).await;
                let price = BOOK.book.price(task, &model.parse().unwrap()).unwrap();
                let usage = usage(&said).unwrap();
                let charge = rating::charge(&price, usage).unwrap();
                let what = format!("{task} {model} {usage:?}");
                assert!(estimate.low <= charge && charge <= estimate.high, "{what}: {estimate:?}");
                let done = u64::try_from(steps(&said).len()).unwrap();
                let counted = (usage.quantity(Meter::Steps), usage.quantity(Meter::Searches));
                assert_eq!(counted.0 + counted.1, done, "{what}");
                assert!(counted.0 <= most.0 && counted.1 <= most.1 && done > 0, "{what}");
                let so_far: Vec<_> = said
                    .iter()
                    .filter_map(|said| match said {
                        Ok(ProviderEvent::UsedSoFar(usage)) => rating::charge(&price, usage).ok(),
                        _ => None,
                    })
                    .collect();
                assert!(so_far.is_sorted() && so_far.last().is_some_and(|last| *last <= charge));
            }
        }
    }
}

#[tokio::test]
async fn its_agent_calculates_reads_and_checks() {
    let asked = "Work out 12 * 4.5, and tell me what the lease says of the rent.";
    let files = vec![document("lease.txt", "The rent is 1450 euros. Pets need consent.", 1)];
    let (mut request, _) = bounded(Task::Agent, LIGHT, asked, Caps::default());
    request.messages[0].files = files;
    let said = all(QUIET, request).await;
    let steps = steps(&said);
    let found = |title: &str| steps.iter().find(|(_, one, _)| *one == title).map(|step| step.2);
    assert_eq!(found("Calculate 12 * 4.5"), Some("12 * 4.5 = 54"), "{steps:?}");
    assert_eq!(found("Read lease.txt"), Some("“The rent is 1450 euros”"), "{steps:?}");
    assert!(steps[0].1 == "Plan the work" && steps.last().unwrap().1 == "Check the draft");
    let answer = text(&said);
    assert!(answer.contains("12 * 4.5 = **54**") && answer.contains("1450 euros"), "{answer}");
}

#[tokio::test]
async fn its_searches_depend_on_the_question_and_say_that_they_are_made_up() {
    for (task, about) in [
        (Task::DeepResearch, "tides"),
        (Task::FinanceSearch, "shipping companies"),
        (Task::SocialSearch, "electric bicycles"),
    ] {
        let said = all(QUIET, bounded(task, FRONTIER, about, Caps::default()).0).await;
        let searches = steps(&said);
        assert!(searches.iter().all(|(kind, title, found)| {
            *kind == StepKind::Search && title.contains(about) && found.contains("(made up)")
        }));
        let answer = text(&said);
        assert!(answer.contains("made up: nothing was looked up"), "{answer}");
        assert!(answer.contains(about) && answer.contains("[1]"), "{answer}");
        let other = all(QUIET, bounded(task, FRONTIER, "volcanoes", Caps::default()).0).await;
        assert_ne!(searches, steps(&other));
    }
}
