//! `GET /api/actions/{id}/events`: an answer as it is written, from its beginning or from where the
//! listener was.

use crate::action::{self, ActionStatus, ActionView, LegView};
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::runs::Run;
use crate::segment::Segment;
use crate::session::Caller;
use crate::sse::{self, Events};
use crate::transcript::Said;
use async_stream::stream;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use kumari_engine::id::{AccountId, ActionId};
use std::sync::Arc;
use std::time::Duration;

/// How often an answer that this process does not run is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// `delta`, `leg`, `step`, `cost` and at last `done`.
pub(crate) async fn listen(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Answer<Response> {
    let id = action::action_id(&id)?;
    let after = sse::last_event_id(&headers);
    let seat = sse::seat(&app, &caller.account)?;
    let events = match app.runs.get(&caller.account, &id) {
        Some(run) => {
            // A number of another process may be beyond what this one counts.
            let heard = after.unwrap_or(0).min(run.transcript.length());
            live(Arc::clone(&app), run, heard)
        }
        None => {
            // Looked up before the stream begins: what is not there is a problem, not a stream.
            let view = action::view(&app, &caller.account, &id).await?;
            stored(Arc::clone(&app), caller.account, id, view, after)
        }
    };
    Ok(sse::respond(events, seat))
}

/// The events of a run of this process.
fn live(app: Arc<App>, run: Arc<Run>, mut heard: usize) -> Events {
    Box::pin(stream! {
        let mut grown = run.transcript.listen();
        loop {
            let is_closed = run.transcript.is_closed();
            for (number, said) in run.transcript.after(heard) {
                heard = number;
                yield sse::event(said.name(), number, &said);
            }
            if is_closed {
                return;
            }
            tokio::select! {
                changed = grown.changed() => if changed.is_err() { return },
                () = app.aborting.cancelled() => return,
            }
        }
    })
}

/// The events of an answer that has ended, or that another process runs or has left behind: what
/// is written down, and its end once that is there. Who was listening before already has the text
/// but for what `done` brings.
fn stored(
    app: Arc<App>,
    account: AccountId,
    id: ActionId,
    first: ActionView,
    after: Option<usize>,
) -> Events {
    Box::pin(stream! {
        let mut number = after.unwrap_or(0);
        let mut view = first;
        let mut told: Vec<LegView> = if after.is_some() { view.legs.clone() } else { Vec::new() };
        loop {
            for said in news(&view, &told) {
                number = number.saturating_add(1);
                yield sse::event(said.name(), number, &said);
            }
            told.clone_from(&view.legs);
            if view.status == ActionStatus::Ended {
                yield sse::event("done", number.saturating_add(1), &view);
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = app.stopping.cancelled() => return,
            }
            view = match action::view(&app, &account, &id).await {
                Ok(view) => view,
                Err(problem) => return tell(&problem),
            };
        }
    })
}

/// What is new of each leg since it was told.
fn news(view: &ActionView, told: &[LegView]) -> Vec<Said> {
    let mut news = Vec::new();
    for leg in &view.legs {
        let before = told.iter().find(|told| told.leg == leg.leg);
        let said = before.map_or("", |before| before.text.as_str());
        let more = leg.text.strip_prefix(said).unwrap_or_default();
        if !more.is_empty() {
            news.push(Said::Delta { leg: leg.leg, text: more.to_owned() });
        }
        let known = before.map_or(&[][..], |before| &before.steps[..]);
        for (place, step) in leg.steps.iter().enumerate() {
            if known.get(place) != Some(step) {
                news.push(Said::Step { leg: leg.leg, place, step: step.clone() });
            }
        }
        if before.is_none_or(|before| before.status != leg.status || before.model != leg.model) {
            news.push(Said::Leg {
                leg: leg.leg,
                model: leg.model.clone(),
                status: leg.status,
                charge: leg.charge,
            });
        }
    }
    news
}

fn tell(problem: &Problem) {
    tracing::warn!(code = problem.code(), "an answer's events broke off");
}
