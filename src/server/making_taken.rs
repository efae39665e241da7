//! Taking jobs that nobody works on: their process has gone, or gave them away as it stopped.

use crate::action::{LegStatus, LegView};
use crate::app::App;
use crate::making::{self, JOB_TTL_SECONDS, Making};
use crate::problem::Answer;
use crate::runs::Run;
use kumari_engine::account::Hold;
use kumari_store::{Author, MediaJob};
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

/// How many are taken at a time.
const JOBS_AT_A_TIME: u32 = 16;
/// A send that was not admitted by then never will be: its job is nobody's.
const UNADMITTED_SECONDS: u32 = 120;

/// Looks for them until the process stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut ticks = interval(app.config.jobs_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.stopping.cancelled() => return,
        }
        let now = app.now();
        let until = now.plus_seconds(JOB_TTL_SECONDS);
        let taken = match app.store().take_jobs(now, until, JOBS_AT_A_TIME).await {
            Ok(taken) => taken,
            Err(fault) => {
                tracing::warn!(%fault, "jobs that nobody works on could not be looked for");
                continue;
            }
        };
        for job in taken {
            if let Err(problem) = take(&app, job).await {
                tracing::warn!(code = problem.code(), "a job is taken later");
            }
        }
    }
}

/// Goes on with a job, or forgets it where nothing is to be done.
async fn take(app: &Arc<App>, job: MediaJob) -> Answer<()> {
    let key = job.key.clone();
    if app.runs.get(&key.account, &key.action_id).is_some_and(|run| run.has_started()) {
        // It is worked on here, and was not kept in time.
        return Ok(());
    }
    let ids = std::slice::from_ref(&key.action_id);
    let Some(hold) = app.read(&key.account, ids).await?.hold(&key.action_id).cloned() else {
        if job.created_at <= app.seconds_ago(UNADMITTED_SECONDS) {
            app.store().end_job(&key).await?;
        }
        return Ok(());
    };
    let chat = app.store().action_chat(&key.account, &key.action_id).await?;
    let chat = chat.filter(|_| !making::has_ended(&hold, key.leg));
    let Some(chat) = chat else {
        app.store().end_job(&key).await?;
        return Ok(());
    };
    let book = app.book_of_hold(&hold.price_book).await?;
    let asked = chat.messages.iter().find(|message| message.author == Author::User);
    let prompt = asked.map(|asked| asked.text.clone()).unwrap_or_default();
    let run =
        Run::new(key.account.clone(), key.action_id.clone(), chat.conversation_id, legs(&hold));
    // Where there is no place for it, another process may have one.
    let Ok(run) = app.runs.claim(run, app.config.limits.answers_max) else { return Ok(()) };
    if job.is_stopped {
        run.stop();
    }
    tracing::info!(action = %key.action_id, "a job goes on");
    making::start(app, Making { run: Arc::clone(&run), hold, book, prompt, job });
    app.runs.give_back(&run);
    Ok(())
}

fn legs(hold: &Hold) -> Vec<LegView> {
    let legs = hold.legs.iter().zip(0_u32..).filter_map(|(leg, index)| {
        let model = leg.models.first()?.clone();
        Some(LegView::new(index, model, LegStatus::Running))
    });
    legs.collect()
}
