//! What the demo models do on their way to an answer: the steps of an agent, searches.
//!
//! Which tools there are is in `provider_demo_agent`, what is searched in `provider_demo_search`; how
//! it is told and counted in `provider_demo_script`.

use crate::provider::ProviderRequest;
use crate::provider_demo_agent::agent;
use crate::provider_demo_search::search;
use fastrand::Rng;
use kumari_engine::request::Task;
use kumari_store::StepKind;

/// Work that ends in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// What is done, in its order.
    pub(crate) done: Vec<Done>,
    /// Markdown; what it says rests on what was done.
    pub(crate) text: String,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) kind: StepKind,
    /// In a few words.
    pub(crate) title: String,
    /// What came of it.
    pub(crate) found: String,
}

/// The work that a request asks for; nothing where it only asks for an answer. `answer` is what a model
/// that does nothing else would say.
pub(crate) fn work(request: &ProviderRequest, answer: &str, dice: &mut Rng) -> Option<Work> {
    match request.task {
        Task::Agent => Some(agent(request, answer)),
        Task::DeepResearch | Task::FinanceSearch | Task::SocialSearch => {
            Some(search(request, dice))
        }
        Task::Direct
        | Task::Compare
        | Task::Routing
        | Task::FileProcessing
        | Task::Image
        | Task::Video
        | Task::ThreeD => None,
    }
}

/// How many of the things that could be done are done: no more than the request allows.
pub(crate) fn at_most(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
