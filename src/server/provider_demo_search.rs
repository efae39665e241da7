//! The demo's searches: in sources of its own, made up, and said to be so wherever they are shown.
//!
//! It reaches no network. What a source says depends on the question and on chance.

use crate::provider::{ProviderRequest, ProviderRole};
use crate::provider_demo_phrases::{ANGLES, NOTE, STOP_WORDS};
use crate::provider_demo_words::topic;
use crate::provider_demo_work::{Done, Work, at_most};
use fastrand::Rng;
use kumari_engine::price_book::ModelTier;
use kumari_engine::request::Task;
use kumari_store::StepKind;

/// What is said below every report.
const MADE_UP: &str = "The sources are the demo's own and made up: nothing was looked up anywhere.";
/// The longest part of a message that is looked at, in characters.
const LOOKED_AT_MAX: usize = 4_000;

/// One field that can be searched.
#[derive(Debug)]
struct Field {
    /// What is looked for; `{}` is the topic.
    queries: &'static [&'static str],
    /// The kinds of sources that it has.
    sources: &'static [&'static str],
    /// How many searches a lightweight and a frontier model make.
    searches: [usize; 2],
    heading: &'static str,
    /// What is said besides that the sources are made up.
    warning: &'static str,
}

const RESEARCH: Field = Field {
    queries: &[
        "{}: overview",
        "{}: how it began",
        "{}: figures",
        "{}: criticism",
        "{}: examples from practice",
        "{}: open questions",
        "{}: what changed lately",
        "{}: alternatives",
    ],
    sources: &["handbook", "review", "field report", "survey", "lecture notes", "case study"],
    searches: [4, 6],
    heading: "Report",
    warning: "",
};
const FINANCE: Field = Field {
    queries: &[
        "{}: price over a year",
        "{}: last annual report",
        "{}: what analysts expect",
        "{}: debts and cash",
    ],
    sources: &["price list", "annual report", "analyst's note", "balance sheet"],
    searches: [2, 3],
    heading: "What the financial sources say",
    warning: " It is no advice.",
};
const SOCIAL: Field = Field {
    queries: &[
        "{}: posts of this week",
        "{}: replies that disagree",
        "{}: questions that are asked",
        "{}: posts that were shared most",
    ],
    sources: &["post", "thread", "poll", "comment"],
    searches: [2, 3],
    heading: "What people write",
    warning: " Nobody wrote this.",
};

/// The searches for the last message, and the report that rests on them.
pub(crate) fn search(request: &ProviderRequest, dice: &mut Rng) -> Work {
    let last = request.messages.iter().rfind(|message| message.role == ProviderRole::User);
    let asked: String =
        last.map(|message| message.text.chars().take(LOOKED_AT_MAX).collect()).unwrap_or_default();
    let about = topic(&asked, STOP_WORDS);
    let field = match request.task {
        Task::FinanceSearch => &FINANCE,
        Task::SocialSearch => &SOCIAL,
        Task::DeepResearch
        | Task::Direct
        | Task::Compare
        | Task::Routing
        | Task::Agent
        | Task::FileProcessing
        | Task::Image
        | Task::Video
        | Task::ThreeD => &RESEARCH,
    };
    let [few, many] = field.searches;
    let count = if request.facts.tier == ModelTier::Frontier { many } else { few };
    let count = count.min(at_most(request.searches_max));
    let mut found = Vec::new();
    for (number, query) in (1..).zip(field.queries).take(count) {
        let query = query.replace("{}", &about);
        found.push(Finding::of(number, query, field, &about, dice));
    }
    let done = found.iter().map(|finding| Done {
        kind: StepKind::Search,
        title: finding.query.clone(),
        found: format!("{} (made up): {}", finding.source, finding.says),
    });
    Work { done: done.collect(), text: report(&found, field, &about) }
}

/// What a search found.
struct Finding {
    number: usize,
    query: String,
    source: String,
    says: String,
}

impl Finding {
    fn of(number: usize, query: String, field: &Field, about: &str, dice: &mut Rng) -> Self {
        let kind = field.sources.get(dice.usize(..field.sources.len().max(1)));
        let source = format!("Demo {} {}", kind.copied().unwrap_or("source"), dice.u32(100..1_000));
        let (share, year) = (dice.u32(12..=88), dice.u32(2..=9));
        let angle = ANGLES.get(dice.usize(..ANGLES.len().max(1)));
        let (name, thought) = angle.copied().unwrap_or(("Basics", "{} has several sides."));
        let thought = thought.replace("{}", about);
        let figure = match dice.u8(..3) {
            0 => format!("{share} of 100 cases bear this out"),
            1 => format!("it grew by {year} percent in a year"),
            _ => format!("{share} percent of those asked agree"),
        };
        Self { number, query, source, says: format!("{name}. {thought} In it, {figure}.") }
    }
}

fn report(found: &[Finding], field: &Field, about: &str) -> String {
    let Field { heading, warning, .. } = field;
    if found.is_empty() {
        return format!("Without a search I can say nothing about **{about}**.\n\n{NOTE}");
    }
    let lines = found.iter().map(|finding| format!("- {} [{}]", finding.says, finding.number));
    let sources = found.iter().map(|finding| {
        format!("{}. {}, for “{}” (made up)", finding.number, finding.source, finding.query)
    });
    let count = found.len();
    let searches = if count == 1 { "one search".to_owned() } else { format!("{count} searches") };
    format!(
        "## {heading}: {about}\n\nThis rests on {searches}.\n\n{}\n\n### Sources\n\n{}\n\n\
         *{MADE_UP}{warning}*\n\n{NOTE}",
        lines.collect::<Vec<_>>().join("\n"),
        sources.collect::<Vec<_>>().join("\n"),
    )
}
