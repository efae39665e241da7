//! What a demo answer says: an answer of the right kind, about the person's topic, in the voice
//! of the model's family, and longer where the model is a frontier one.
//!
//! It understands nothing: it looks for a few words. Phrases are data in `provider_demo_phrases`;
//! pace, tokens and failures are those of `provider_demo`.

use crate::provider::{ProviderRequest, ProviderRole};
use crate::provider_demo_code::code;
use crate::provider_demo_files::seen;
use crate::provider_demo_phrases::{
    ANGLES, CRITERIA, DEPTHS, NOTE, STEPS, STOP_WORDS, THOUGHTS, VOICES, Voice,
};
use crate::provider_demo_reading::read;
use crate::provider_demo_words::{sentences, sides, topic, words};
use fastrand::Rng;
use kumari_engine::price_book::ModelTier;
use kumari_engine::request::Task;

/// The longest part of a message that is looked at, in characters.
const LOOKED_AT_MAX: usize = 4_000;

/// What kind of answer a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Greeting,
    Code,
    Compare,
    Summary,
    Steps,
    Explanation,
}

/// A demo answer, and what it lets be seen of how it was thought of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Markdown.
    pub(crate) text: String,
    /// A sentence or two; none for lightweight models.
    pub(crate) thoughts: Vec<String>,
}

/// The answer to the last message of the request; the same dice give the same answer.
pub(crate) fn answer(request: &ProviderRequest, dice: &mut Rng) -> Answer {
    let last = request.messages.iter().rfind(|message| message.role == ProviderRole::User);
    let asked: String =
        last.map(|message| message.text.chars().take(LOOKED_AT_MAX).collect()).unwrap_or_default();
    let frontier = request.facts.tier == ModelTier::Frontier;
    let voice = voice(request.model.as_str());
    let topic = topic(&asked, STOP_WORDS);
    let fill = |phrase: &str| {
        if phrase.starts_with("**{}") {
            phrase.replace("{}", &capitalised(&topic))
        } else {
            phrase.replace("{}", &topic)
        }
    };

    let files = last.map_or(&[][..], |message| &message.files[..]);
    let mut parts = Vec::new();
    if request.task == Task::FileProcessing {
        parts.extend(read(files, &asked, voice.bullet, if frontier { 6 } else { 4 }));
        parts.push(pick(voice.closings, dice).to_owned());
    } else if kind(&asked) == Kind::Greeting {
        parts.extend(seen(files));
        parts.push("Hello! What would you like to work on?".to_owned());
        parts.push("I can explain something, compare two things, or write some code.".to_owned());
    } else {
        parts.extend(seen(files));
        parts.push(fill(pick(voice.openings, dice)));
        if !voice.heading.is_empty() {
            parts.push(voice.heading.to_owned());
        }
        match kind(&asked) {
            Kind::Code => parts.extend(code(&asked, &topic, frontier)),
            Kind::Compare => parts.extend(comparison(&asked, &topic, frontier, dice)),
            Kind::Summary => parts.push(summary(&asked, voice, frontier)),
            Kind::Steps => parts.push(steps(frontier, &fill)),
            Kind::Greeting | Kind::Explanation => {
                parts.push(explanation(voice, frontier, dice, &fill));
            }
        }
        if frontier {
            let mut depths: Vec<&str> = DEPTHS.to_vec();
            dice.shuffle(&mut depths);
            parts.extend(depths.iter().take(2).map(|depth| fill(depth)));
        }
        parts.push(fill(pick(voice.closings, dice)));
    }
    // Said once in a conversation, so that nobody takes a demo's word for a model's.
    if !request.messages.iter().any(|message| message.role == ProviderRole::Assistant) {
        parts.push(NOTE.to_owned());
    }
    let thoughts = if frontier {
        let first = dice.usize(..THOUGHTS.len() - 1);
        THOUGHTS.iter().skip(first).take(2).map(|thought| fill(thought)).collect()
    } else {
        Vec::new()
    };
    Answer { text: parts.join("\n\n"), thoughts }
}

fn kind(asked: &str) -> Kind {
    let lower = asked.to_lowercase();
    let words: Vec<&str> = words(&lower).collect();
    let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
    if asked.contains("```")
        || has(&["code", "function", "script", "program", "regex", "sql", "implement", "bug"])
    {
        Kind::Code
    } else if has(&["vs", "versus", "compare", "comparison", "difference", "differences"]) {
        Kind::Compare
    } else if has(&["summarise", "summarize", "summary", "tldr"]) {
        Kind::Summary
    } else if lower.contains("how to")
        || lower.contains("how do")
        || has(&["steps", "list", "ideas", "tips", "plan", "checklist", "guide"])
    {
        Kind::Steps
    } else if words.len() <= 3 && has(&["hello", "hi", "hey"]) {
        Kind::Greeting
    } else {
        Kind::Explanation
    }
}

fn voice(model: &str) -> &'static Voice {
    let family = VOICES.iter().find(|voice| model.starts_with(voice.family));
    let of_id = model.bytes().fold(0_usize, |sum, byte| sum.wrapping_add(usize::from(byte)));
    let [first, ..] = &VOICES;
    family.or_else(|| VOICES.get(of_id % VOICES.len())).unwrap_or(first)
}

fn explanation(
    voice: &Voice,
    frontier: bool,
    dice: &mut Rng,
    fill: &impl Fn(&str) -> String,
) -> String {
    let mut angles: Vec<usize> = (0..ANGLES.len()).collect();
    dice.shuffle(&mut angles);
    let chosen = angles.iter().filter_map(|index| ANGLES.get(*index));
    let lines = chosen.take(if frontier { 5 } else { 3 }).map(|(name, thought)| {
        let thought = fill(thought);
        format!("{} **{name}.** {thought}", voice.bullet)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn steps(frontier: bool, fill: &impl Fn(&str) -> String) -> String {
    let lines = STEPS.iter().take(if frontier { STEPS.len() } else { 4 });
    let numbered = (1..).zip(lines).map(|(number, step)| format!("{number}. {}", fill(step)));
    numbered.collect::<Vec<_>>().join("\n")
}

fn comparison(asked: &str, topic: &str, frontier: bool, dice: &mut Rng) -> Vec<String> {
    let (left, right) = sides(asked, STOP_WORDS)
        .unwrap_or_else(|| (topic.to_owned(), "the usual alternative".to_owned()));
    let mut rows = vec![format!("| | {left} | {right} |"), "|---|---|---|".to_owned()];
    let mut ahead = 0_usize;
    let criteria = if frontier { CRITERIA.len() } else { 3 };
    for (criterion, one, other) in CRITERIA.iter().take(criteria) {
        let swapped = dice.bool();
        ahead += usize::from(!swapped);
        let (one, other) = if swapped { (other, one) } else { (one, other) };
        rows.push(format!("| **{criterion}** | {one} | {other} |"));
    }
    let favoured = if ahead * 2 > criteria { &left } else { &right };
    vec![
        rows.join("\n"),
        format!(
            "On balance I would start with **{favoured}**, unless a row above weighs more for you."
        ),
    ]
}

/// What was given, in its own words: its first sentence, and its longest ones.
fn summary(asked: &str, voice: &Voice, frontier: bool) -> String {
    let mut given = sentences(asked);
    given.sort_by_key(|sentence| std::cmp::Reverse(sentence.chars().count()));
    let lines = given.iter().take(if frontier { 5 } else { 3 });
    lines.map(|line| format!("{} {line}", voice.bullet)).collect::<Vec<_>>().join("\n")
}

fn capitalised(text: &str) -> String {
    let mut signs = text.chars();
    let first = signs.next();
    first.into_iter().flat_map(char::to_uppercase).chain(signs).collect()
}

fn pick<'text>(from: &[&'text str], dice: &mut Rng) -> &'text str {
    from.get(dice.usize(..from.len().max(1))).copied().unwrap_or_default()
}
