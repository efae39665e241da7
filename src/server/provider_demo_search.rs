//! The demo's searches: in sources of its own, made up, and said to be so wherever they are shown.
//!
//! It reaches no network. What a source says depends on the question and on chance.

use crate::provider::{ProviderRequest, ProviderRole};
use crate::provider_demo_phrases::{NOTE, STOP_WORDS};
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
    /// What is looked for, and what is found; `{}` is the topic, `#` a number, `@` a year.
    queries: &'static [[&'static str; 2]],
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
        [
            "{}: overview",
            "Three things matter in {}: what drives it, what limits it, what it leaves behind",
        ],
        [
            "{}: how it began",
            "The first careful account of {} is of @; what it calls the main cause still stands",
        ],
        [
            "{}: figures",
            "Of # cases of {} that were compared, most follow one pattern, and a few none at all",
        ],
        [
            "{}: criticism",
            "What is said against {} is mostly that it is measured in too few places",
        ],
        [
            "{}: examples from practice",
            "A project of @ shows {} at work on a small scale, at # percent of the usual cost",
        ],
        ["{}: open questions", "Nobody knows yet what becomes of {} beyond # years"],
        [
            "{}: what changed lately",
            "Since @ {} is watched all year round, which made older estimates look too low",
        ],
        [
            "{}: alternatives",
            "Those who do without {} lose # percent in speed and gain in reliability",
        ],
    ],
    sources: &["handbook", "review", "field report", "survey", "lecture notes", "case study"],
    searches: [4, 6],
    heading: "Report",
    warning: "",
};
const FINANCE: Field = Field {
    queries: &[
        [
            "{}: price over a year",
            "The price of {} moved within # percent over the year, most of it in two weeks",
        ],
        ["{}: last annual report", "The report of @ names {} as # percent of the turnover"],
        [
            "{}: what analysts expect",
            "Of # analysts who follow {}, more than half expect little change",
        ],
        [
            "{}: debts and cash",
            "Debts in {} run until @ at the latest, and cash covers # percent of them",
        ],
    ],
    sources: &["price list", "annual report", "analyst's note", "balance sheet"],
    searches: [2, 3],
    heading: "What the financial sources say",
    warning: " It is no advice.",
};
const SOCIAL: Field = Field {
    queries: &[
        ["{}: posts of this week", "# posts speak of {}, and most of them show a picture"],
        [
            "{}: replies that disagree",
            "The longest argument about {} has # replies and is about the price",
        ],
        [
            "{}: questions that are asked",
            "Asked most about {}: where does one begin, and what does it cost",
        ],
        ["{}: posts that were shared most", "A list of # mistakes with {} was shared most"],
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
    for (number, [query, says]) in (1..).zip(field.queries).take(count) {
        found.push(Finding::of(number, query, says, field, &about, dice));
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
    fn of(
        number: usize,
        query: &str,
        says: &str,
        field: &Field,
        about: &str,
        dice: &mut Rng,
    ) -> Self {
        let kind = field.sources.get(dice.usize(..field.sources.len().max(1)));
        let source = format!("Demo {} {}", kind.copied().unwrap_or("source"), dice.u32(100..1_000));
        let (count, year) = (dice.u32(12..=88), dice.u32(1995..=2024));
        // The topic comes last: what stands for figures may be in it.
        let says = says.replace('#', &count.to_string()).replace('@', &year.to_string());
        Self {
            number,
            query: query.replace("{}", about),
            source,
            says: format!("{}.", says.replace("{}", &format!("“{about}”"))),
        }
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
