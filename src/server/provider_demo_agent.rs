//! The demo's agent. Its tools are simple and honest: a calculator, the attached documents, the
//! conversation so far, and a check of its own draft. Nothing that it says it did was not done.

use crate::provider::{ProviderContent, ProviderRequest, ProviderRole};
use crate::provider_demo_calculator::calculations;
use crate::provider_demo_phrases::STOP_WORDS;
use crate::provider_demo_reading::bearing_on;
use crate::provider_demo_words::{parts, sentences, words};
use crate::provider_demo_work::{Done, Work, at_most};
use kumari_store::StepKind;

/// How much of each kind is done.
const CALCULATIONS_MAX: usize = 3;
const DOCUMENTS_MAX: usize = 3;
const SENTENCES_MAX: usize = 3;
/// The longest part of a message that is looked at, in characters.
const LOOKED_AT_MAX: usize = 4_000;

/// What the agent does for the last message, and what it says then. `answer` is its draft.
pub(crate) fn agent(request: &ProviderRequest, answer: &str) -> Work {
    let last = request.messages.iter().rfind(|message| message.role == ProviderRole::User);
    let asked: String =
        last.map(|message| message.text.chars().take(LOOKED_AT_MAX).collect()).unwrap_or_default();

    let calculated = calculations(&asked, CALCULATIONS_MAX);
    let documents = last.map_or(&[][..], |message| &message.files[..]);
    let mut tools: Vec<Done> = Vec::new();
    for (expression, result) in &calculated {
        tools.push(step(format!("Calculate {expression}"), format!("{expression} = {result}")));
    }
    let mut read = Vec::new();
    for file in documents.iter().take(DOCUMENTS_MAX) {
        let ProviderContent::Document { text, .. } = &file.content else { continue };
        let name = words(&file.name).collect::<Vec<_>>().join(" ");
        let mut found = bearing_on(text, &asked, SENTENCES_MAX);
        if found.is_empty() {
            found = sentences(text).into_iter().take(1).collect();
        }
        let quoted: Vec<String> = found.iter().map(|sentence| format!("“{sentence}”")).collect();
        let found = match quoted.is_empty() {
            true => "It has no text that could be read.".to_owned(),
            false => quoted.join(" "),
        };
        tools.push(step(format!("Read {name}"), found));
        read.extend(quoted.into_iter().map(|quote| format!("- {name}: {quote}")));
    }
    let earlier = request.messages.len().saturating_sub(1);
    if earlier > 0 {
        let said =
            request.messages.iter().take(earlier).map(|message| words(&message.text).count());
        let found = format!("{earlier} earlier messages with {} words.", said.sum::<usize>());
        tools.push(step("Look through the conversation so far".to_owned(), found));
    }
    let parts = parts(&asked);
    if parts.len() > 1 {
        let listed: Vec<String> =
            (1..).zip(&parts).take(6).map(|(number, part)| format!("{number}. {part}")).collect();
        tools.push(step("Take the task apart".to_owned(), listed.join(" ")));
    }

    let draft = draft(&calculated, &read, answer);
    let plan: Vec<String> = tools.iter().map(|one| lowered(&one.title)).collect();
    let plan = match plan.is_empty() {
        true => "No tool is needed: write a draft, and check it.".to_owned(),
        false => format!("{}; then write a draft, and check it.", sentence(&plan.join(", "))),
    };
    let mut done = vec![step("Plan the work".to_owned(), plan)];
    done.extend(tools);
    let written = words(&draft).count();
    done.push(step("Write a draft".to_owned(), format!("A draft of {written} words.")));
    done.push(step("Check the draft".to_owned(), checked(&asked, &draft)));
    done.truncate(at_most(request.steps_max).max(1));
    Work { done, text: draft }
}

fn step(title: String, found: String) -> Done {
    Done { kind: StepKind::Step, title, found }
}

/// Results first, then the answer.
fn draft(calculated: &[(String, String)], read: &[String], answer: &str) -> String {
    let mut parts = Vec::new();
    if !calculated.is_empty() {
        let lines = calculated.iter().map(|(asked, result)| format!("- {asked} = **{result}**"));
        parts.push(format!("Calculated:\n\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    if !read.is_empty() {
        parts.push(format!("From what is attached:\n\n{}", read.join("\n")));
    }
    parts.push(answer.to_owned());
    parts.join("\n\n")
}

/// Which words of the task the draft has.
fn checked(asked: &str, draft: &str) -> String {
    let draft: Vec<String> = words(draft).map(str::to_lowercase).collect();
    let mut wanted: Vec<String> = words(asked)
        .map(str::to_lowercase)
        .filter(|word| !STOP_WORDS.contains(&word.as_str()))
        .collect();
    wanted.sort();
    wanted.dedup();
    let missing: Vec<&str> =
        wanted.iter().filter(|word| !draft.contains(word)).map(String::as_str).take(8).collect();
    match missing.is_empty() {
        true => "It has every word of the task that says something.".to_owned(),
        false => format!("It does not mention: {}.", missing.join(", ")),
    }
}

fn lowered(title: &str) -> String {
    let mut signs = title.chars();
    signs.next().into_iter().flat_map(char::to_lowercase).chain(signs).collect()
}

fn sentence(text: &str) -> String {
    let mut signs = text.chars();
    signs.next().into_iter().flat_map(char::to_uppercase).chain(signs).collect()
}
