//! What an answer said so far, for everybody who looks at it: now, later, or again.
//!
//! A transcript lives in the memory of the process that runs the answer and holds each text once;
//! an event names a stretch of it. It is as long as the answers may be, which their bounds limit.
//! What outlives the process is in the database.

use kumari_engine::amount::Credits;
use kumari_engine::id::ModelId;
use kumari_store::{FileFacts, MESSAGE_STEPS_MAX, MessageStep};
use serde::Serialize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

use crate::action::{ActionView, LegStatus, LegView};

/// One event of an answer, as it is sent.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Said {
    /// More text of a leg.
    Delta { leg: u32, text: String },
    /// A leg began, went to another model, or ended.
    Leg {
        leg: u32,
        model: ModelId,
        status: LegStatus,
        #[serde(skip_serializing_if = "Option::is_none")]
        charge: Option<Credits>,
    },
    /// A step of a leg was begun or done.
    Step { leg: u32, place: usize, step: MessageStep },
    /// What a leg that runs would cost if it ended now, and the most that it may.
    Cost { leg: u32, so_far: Credits, at_most: Credits },
    /// How far a leg's job has come.
    Progress { leg: u32, percent: u8 },
    /// All legs ended.
    Done(Box<ActionView>),
}

impl Said {
    /// The name of its server-sent event.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Delta { .. } => "delta",
            Self::Leg { .. } => "leg",
            Self::Step { .. } => "step",
            Self::Cost { .. } => "cost",
            Self::Progress { .. } => "progress",
            Self::Done(_) => "done",
        }
    }
}

/// Everything said in one action so far.
#[derive(Debug)]
pub(crate) struct Transcript {
    inner: Mutex<Inner>,
    length: watch::Sender<usize>,
}

#[derive(Debug)]
struct Inner {
    legs: Vec<LegView>,
    marks: Vec<Mark>,
    closed: bool,
}

/// What happened, without the text itself.
#[derive(Debug)]
enum Mark {
    Delta { leg: usize, from: usize, to: usize },
    Said(Said),
}

impl Transcript {
    /// A transcript of legs that have said nothing.
    pub(crate) fn new(legs: Vec<LegView>) -> Self {
        Self {
            inner: Mutex::new(Inner { legs, marks: Vec::new(), closed: false }),
            length: watch::channel(0).0,
        }
    }

    /// The legs as they are now.
    pub(crate) fn legs(&self) -> Vec<LegView> {
        self.lock().legs.clone()
    }

    /// How many bytes of text a leg has.
    pub(crate) fn text_bytes(&self, leg: u32) -> usize {
        let legs = &self.lock().legs;
        index(leg).and_then(|leg| legs.get(leg)).map_or(0, |leg| leg.text.len())
    }

    /// What a leg said so far.
    pub(crate) fn text(&self, leg: u32) -> String {
        let legs = &self.lock().legs;
        let leg = index(leg).and_then(|leg| legs.get(leg));
        leg.map(|leg| leg.text.clone()).unwrap_or_default()
    }

    /// Adds to a leg's text.
    pub(crate) fn add_text(&self, leg: u32, text: &str) {
        let mut inner = self.lock();
        let Some(leg) = index(leg) else { return };
        let Some(view) = inner.legs.get_mut(leg) else {
            return;
        };
        let from = view.text.len();
        view.text.push_str(text);
        let to = view.text.len();
        inner.marks.push(Mark::Delta { leg, from, to });
        self.grown(&inner);
    }

    /// What a leg did so far.
    pub(crate) fn steps(&self, leg: u32) -> Vec<MessageStep> {
        let legs = &self.lock().legs;
        let leg = index(leg).and_then(|leg| legs.get(leg));
        leg.map(|leg| leg.steps.clone()).unwrap_or_default()
    }

    /// Says what a leg does: the step in its place, or the next one. Says whether that is news.
    pub(crate) fn set_step(&self, leg: u32, place: usize, step: MessageStep) -> bool {
        let mut inner = self.lock();
        let Some(view) = index(leg).and_then(|leg| inner.legs.get_mut(leg)) else {
            return false;
        };
        let is_next = place == view.steps.len() && place < MESSAGE_STEPS_MAX;
        match view.steps.get_mut(place) {
            Some(known) if *known == step => return false,
            Some(known) => known.clone_from(&step),
            None if is_next => view.steps.push(step.clone()),
            None => return false,
        }
        inner.marks.push(Mark::Said(Said::Step { leg, place, step }));
        self.grown(&inner);
        true
    }

    /// Says what a leg costs so far, where that is another amount than before.
    pub(crate) fn set_cost(&self, leg: u32, so_far: Credits, at_most: Credits) {
        let mut inner = self.lock();
        let Some(view) = index(leg).and_then(|leg| inner.legs.get_mut(leg)) else {
            return;
        };
        if view.so_far == Some(so_far) {
            return;
        }
        view.so_far = Some(so_far);
        inner.marks.push(Mark::Said(Said::Cost { leg, so_far, at_most }));
        self.grown(&inner);
    }

    /// Says which model a leg is on and how it stands.
    pub(crate) fn set_leg(
        &self,
        leg: u32,
        model: &ModelId,
        status: LegStatus,
        charge: Option<Credits>,
    ) {
        let mut inner = self.lock();
        let Some(view) = index(leg).and_then(|leg| inner.legs.get_mut(leg)) else {
            return;
        };
        view.model = model.clone();
        view.status = status;
        view.charge = charge;
        if charge.is_some() {
            view.so_far = None;
        }
        inner.marks.push(Mark::Said(Said::Leg { leg, model: model.clone(), status, charge }));
        self.grown(&inner);
    }

    /// Says how far a leg's job has come.
    pub(crate) fn set_progress(&self, leg: u32, percent: u8) {
        let mut inner = self.lock();
        let Some(view) = index(leg).and_then(|leg| inner.legs.get_mut(leg)) else {
            return;
        };
        if view.percent.replace(percent) != Some(percent) {
            inner.marks.push(Mark::Said(Said::Progress { leg, percent }));
            self.grown(&inner);
        }
    }

    /// Notes what a leg made; it is told with its end.
    pub(crate) fn set_files(&self, leg: u32, files: Vec<FileFacts>) {
        let mut inner = self.lock();
        if let Some(view) = index(leg).and_then(|leg| inner.legs.get_mut(leg)) {
            view.files = files;
        }
    }

    /// Says that all legs ended, where the whole can be shown; nothing comes after it.
    pub(crate) fn finish(&self, view: Option<ActionView>) {
        let mut inner = self.lock();
        if let Some(view) = view {
            inner.marks.push(Mark::Said(Said::Done(Box::new(view))));
        }
        inner.closed = true;
        self.grown(&inner);
    }

    /// Whether nothing comes any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The number of the last event.
    pub(crate) fn length(&self) -> usize {
        self.lock().marks.len()
    }

    /// Hears of everything that is said from now on.
    pub(crate) fn listen(&self) -> watch::Receiver<usize> {
        self.length.subscribe()
    }

    /// What was said after the event of that number, with the number of its last part. Text of a
    /// leg that came in many pieces is one event.
    pub(crate) fn after(&self, number: usize) -> Vec<(usize, Said)> {
        let inner = self.lock();
        let mut said: Vec<(usize, Said)> = Vec::new();
        for (mark, number) in inner.marks.iter().skip(number).zip(number.saturating_add(1)..) {
            match (mark, said.last_mut()) {
                (Mark::Delta { leg, from, to }, Some((last, Said::Delta { leg: same, text })))
                    if index(*same) == Some(*leg) =>
                {
                    text.push_str(inner.text(*leg, *from, *to));
                    *last = number;
                }
                (Mark::Delta { leg, from, to }, _) => {
                    let text = inner.text(*leg, *from, *to).to_owned();
                    let leg = u32::try_from(*leg).unwrap_or(u32::MAX);
                    said.push((number, Said::Delta { leg, text }));
                }
                (Mark::Said(one), _) => said.push((number, one.clone())),
            }
        }
        said
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grown(&self, inner: &Inner) {
        self.length.send_replace(inner.marks.len());
    }
}

impl Inner {
    fn text(&self, leg: usize, from: usize, to: usize) -> &str {
        self.legs.get(leg).and_then(|leg| leg.text.get(from..to)).unwrap_or_default()
    }
}

fn index(leg: u32) -> Option<usize> {
    usize::try_from(leg).ok()
}

#[cfg(test)]
mod tests {
    use super::{Said, Transcript};
    use crate::action::{LegStatus, LegView};
    use kumari_engine::amount::Credits;
    use kumari_store::{MESSAGE_STEPS_MAX, MessageStep, StepKind};

    fn transcript() -> Transcript {
        let leg = |leg| LegView::new(leg, "m".parse().unwrap(), LegStatus::Running);
        Transcript::new(vec![leg(0), leg(1)])
    }

    fn texts(said: &[(usize, Said)]) -> Vec<(usize, u32, &str)> {
        said.iter()
            .filter_map(|(number, said)| match said {
                Said::Delta { leg, text } => Some((*number, *leg, text.as_str())),
                Said::Leg { .. }
                | Said::Step { .. }
                | Said::Cost { .. }
                | Said::Progress { .. }
                | Said::Done(_) => None,
            })
            .collect()
    }

    #[test]
    fn what_was_said_can_be_heard_again_from_any_point() {
        let transcript = transcript();
        for (leg, text) in [(0, "one "), (0, "two "), (1, "uno "), (0, "three")] {
            transcript.add_text(leg, text);
        }
        let all = transcript.after(0);
        assert_eq!(texts(&all), [(2, 0, "one two "), (3, 1, "uno "), (4, 0, "three")]);
        assert_eq!(texts(&transcript.after(1)), [(2, 0, "two "), (3, 1, "uno "), (4, 0, "three")]);
        assert!(transcript.after(4).is_empty());
        assert!(transcript.after(99).is_empty());
        assert_eq!(transcript.length(), 4);
        assert_eq!(transcript.legs()[0].text, "one two three");
    }

    #[test]
    fn a_step_is_told_when_it_is_begun_and_when_it_is_done_and_no_more() {
        let transcript = transcript();
        let step = |title: &str, found: Option<&str>| MessageStep {
            kind: StepKind::Step,
            title: title.to_owned(),
            found: found.map(str::to_owned),
        };
        assert!(transcript.set_step(0, 0, step("plan", None)));
        assert!(!transcript.set_step(0, 0, step("plan", None)), "told twice");
        assert!(transcript.set_step(0, 0, step("plan", Some("a plan"))));
        assert!(!transcript.set_step(0, 2, step("out of turn", None)));
        for place in 1..MESSAGE_STEPS_MAX {
            assert!(transcript.set_step(0, place, step("next", None)));
        }
        assert!(!transcript.set_step(0, MESSAGE_STEPS_MAX, step("too many", None)));
        assert_eq!(transcript.steps(0).len(), MESSAGE_STEPS_MAX);
        assert_eq!(transcript.steps(0)[0], step("plan", Some("a plan")));
        assert_eq!(transcript.length(), MESSAGE_STEPS_MAX + 1);
    }

    #[test]
    fn a_cost_is_told_where_it_changed_and_is_over_with_the_charge() {
        let transcript = transcript();
        let [some, most] = [1, 2].map(Credits::from_micros);
        for cost in [some, some, most] {
            transcript.set_cost(0, cost, most);
        }
        assert_eq!(transcript.length(), 2);
        assert_eq!(transcript.legs()[0].so_far, Some(most));
        transcript.set_leg(0, &"m".parse().unwrap(), LegStatus::Completed, Some(most));
        assert_eq!(transcript.legs()[0].so_far, None);
    }

    #[tokio::test]
    async fn a_listener_is_woken_by_what_comes() {
        let transcript = transcript();
        let mut length = transcript.listen();
        transcript.set_leg(1, &"other".parse().unwrap(), LegStatus::Failed, None);
        length.changed().await.unwrap();
        assert_eq!(*length.borrow(), 1);
        assert_eq!(transcript.legs()[1].status, LegStatus::Failed);
    }
}
