//! The demo provider's jobs: pictures, clips and 3D models, made offline.
//!
//! A job's name holds all there is to know of it: what was asked, when, and how it ends. So nothing is
//! kept, a restart loses nothing, and another process answers the same. It is drawn when it is due, and
//! anew each time that it is asked for; the same name gives the same files.
//!
//! Triggers (`demo:…`) as for text: `demo:refuse`, `demo:fail-before-output`, `demo:slow` (four times as
//! long, at least three seconds); `demo:fail-after-output` makes the first half of what was asked for and
//! nothing of a single one; `demo:lost` is a job that the provider forgot; `demo:keep-going` one that
//! cannot be cancelled.

use crate::provider::ProviderFault;
use crate::provider_demo::{DemoSettings, Triggers, refusal};
use crate::provider_demo_clip::{CLIP_BYTES_MAX, clip};
use crate::provider_demo_image::{IMAGE_BYTES_MAX, image};
use crate::provider_demo_model::{MODEL_BYTES_MAX, model};
use crate::provider_demo_scene::dice;
use crate::provider_media::{
    MadeFile, MediaCancel, MediaOrder, MediaProvider, MediaState, MediaWhat,
};
use async_trait::async_trait;
use kumari_engine::price_book::KindName;
use kumari_store::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How much of a prompt a job remembers, in characters.
const PROMPT_CHARS_MAX: usize = 400;
/// The shortest slow job.
const SLOW_MIN: Duration = Duration::from_secs(3);

/// Makes files by the demo provider's settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DemoMedia(pub(crate) DemoSettings);

#[derive(Debug, Serialize, Deserialize)]
struct Job {
    what: What,
    prompt: String,
    seed: u64,
    count: u32,
    /// In milliseconds of the clock.
    begun_at: i64,
    millis: i64,
    fate: Fate,
    keeps_going: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum What {
    Image,
    Clip { seconds: u32 },
    Model,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Fate {
    Made,
    Failed,
    Lost,
}

impl DemoMedia {
    fn job(&self, order: &MediaOrder) -> Result<Job, ProviderFault> {
        let triggers = Triggers::in_text(&order.prompt, &order.model);
        let mut dice = dice(&order.key, self.0.seed);
        let is_unlucky = dice.u32(..10_000) < self.0.failures_per_10_000 && !triggers.any;
        let is_refused = dice.bool();
        if triggers.refuse || (is_unlucky && is_refused) {
            return Err(refusal());
        }
        let (what, times) = match order.what {
            MediaWhat::Images => (What::Image, 1),
            MediaWhat::Clips { seconds } => (What::Clip { seconds }, 3),
            MediaWhat::Models => (What::Model, 2),
        };
        let mut length = self.0.pace.make.saturating_mul(times);
        if triggers.slow {
            length = length.saturating_mul(4).max(SLOW_MIN);
        }
        let count = if triggers.fail_after_output { order.count / 2 } else { order.count };
        let fate = if triggers.lost {
            Fate::Lost
        } else if triggers.fail_before_output || is_unlucky || count == 0 {
            Fate::Failed
        } else {
            Fate::Made
        };
        Ok(Job {
            what,
            prompt: order.prompt.chars().take(PROMPT_CHARS_MAX).collect(),
            seed: dice.u64(..),
            count,
            begun_at: SystemClock.now().as_millis(),
            millis: i64::try_from(length.as_millis()).unwrap_or(i64::MAX),
            fate,
            keeps_going: triggers.keep_going,
        })
    }
}

impl Job {
    /// A name of this provider.
    fn read(name: &str) -> Option<Self> {
        serde_json::from_str(name).ok()
    }

    /// How far it has come, in percent.
    fn percent(&self) -> u8 {
        let gone = SystemClock.now().as_millis().saturating_sub(self.begun_at).max(0);
        let percent = gone.saturating_mul(100).checked_div(self.millis).unwrap_or(100);
        u8::try_from(percent.min(100)).unwrap_or(100)
    }

    /// All of it. Where one cannot be drawn, none is.
    fn files(&self) -> Option<Vec<MadeFile>> {
        let one = |number: u32| {
            let seed = self.seed.wrapping_add(u64::from(number));
            match self.what {
                What::Image => image(&self.prompt, seed).ok(),
                What::Clip { seconds } => clip(&self.prompt, seed, seconds),
                What::Model => Some(model(&self.prompt, seed)),
            }
        };
        (0..self.count).map(one).collect()
    }
}

#[async_trait]
impl MediaProvider for DemoMedia {
    fn file_bytes_max(&self, kind: KindName) -> Option<u64> {
        match kind {
            KindName::Image => Some(IMAGE_BYTES_MAX),
            KindName::Video => Some(CLIP_BYTES_MAX),
            KindName::ThreeD => Some(MODEL_BYTES_MAX),
            KindName::Text => None,
        }
    }

    async fn start(&self, order: MediaOrder) -> Result<String, ProviderFault> {
        tokio::time::sleep(self.0.pace.accept).await;
        let job = self.job(&order)?;
        serde_json::to_string(&job)
            .map_err(|fault| ProviderFault::Failed { message: fault.to_string() })
    }

    async fn poll(&self, job: &str) -> Result<MediaState, ProviderFault> {
        let Some(job) = Job::read(job) else { return Ok(MediaState::Lost) };
        let percent = job.percent();
        if job.fate == Fate::Lost {
            return Ok(MediaState::Lost);
        }
        // Half of the time it looks as if it went well.
        if job.fate == Fate::Failed && percent >= 50 {
            let message = "the demo provider broke off on purpose".to_owned();
            return Ok(MediaState::Failed { message });
        }
        if percent < 100 {
            return Ok(MediaState::Running { percent });
        }
        let drawing = tokio::task::spawn_blocking(move || job.files());
        match drawing.await {
            Ok(Some(files)) => Ok(MediaState::Made { files }),
            Ok(None) => Ok(MediaState::Failed { message: "it cannot be drawn".to_owned() }),
            Err(fault) => Err(ProviderFault::Failed { message: fault.to_string() }),
        }
    }

    async fn cancel(&self, job: &str) -> Result<MediaCancel, ProviderFault> {
        let goes_on = Job::read(job).is_some_and(|job| job.keeps_going || job.percent() >= 100);
        Ok(if goes_on { MediaCancel::TooLate } else { MediaCancel::Cancelled })
    }
}

#[cfg(test)]
mod tests {
    use super::DemoMedia;
    use crate::provider_demo::{DemoPace, DemoSettings};
    use crate::provider_media::{
        MediaCancel, MediaOrder, MediaProvider as _, MediaState, MediaWhat,
    };
    use kumari_store::JOB_BYTES_MAX;
    use std::time::Duration;

    fn media(pace: DemoPace) -> DemoMedia {
        DemoMedia(DemoSettings { seed: 1, pace, failures_per_10_000: 0 })
    }

    fn order(prompt: &str, count: u32) -> MediaOrder {
        MediaOrder {
            key: "a-0".to_owned(),
            model: "m".parse().unwrap(),
            prompt: prompt.to_owned(),
            what: MediaWhat::Models,
            count,
        }
    }

    async fn made(prompt: &str, count: u32) -> MediaState {
        let media = media(DemoPace::NONE);
        let job = media.start(order(prompt, count)).await.unwrap();
        assert!(job.len() <= JOB_BYTES_MAX);
        media.poll(&job).await.unwrap()
    }

    fn count(state: &MediaState) -> usize {
        if let MediaState::Made { files } = state { files.len() } else { 0 }
    }

    #[tokio::test]
    async fn a_name_is_all_of_a_job() {
        let one = media(DemoPace::NONE);
        let job = one.start(order("a vase", 2)).await.unwrap();
        let state = one.poll(&job).await.unwrap();
        assert_eq!(count(&state), 2);
        assert_eq!(media(DemoPace::HUMAN).poll(&job).await.unwrap(), state, "in another process");
        let MediaState::Made { files } = state else { panic!() };
        assert_ne!(files[0].bytes, files[1].bytes);
        assert_eq!(one.poll("what is no name").await.unwrap(), MediaState::Lost);
        assert_eq!(count(&made(&"\u{1f98a}\"".repeat(2_000), 1).await), 1);
    }

    #[tokio::test]
    async fn triggers_decide_how_it_ends() {
        assert_eq!(count(&made("demo:fail-after-output", 3).await), 1);
        assert!(matches!(made("demo:fail-after-output", 1).await, MediaState::Failed { .. }));
        assert!(matches!(made("demo:fail-before-output", 3).await, MediaState::Failed { .. }));
        assert_eq!(made("demo:lost", 1).await, MediaState::Lost);
        assert_eq!(count(&made("demo:refuse@other", 1).await), 1);
        media(DemoPace::NONE).start(order("demo:refuse", 1)).await.unwrap_err();
    }

    #[tokio::test]
    async fn a_job_is_cancelled_while_it_runs() {
        let media = media(DemoPace { make: Duration::from_secs(3_600), ..DemoPace::NONE });
        let job = media.start(order("x", 1)).await.unwrap();
        assert_eq!(media.poll(&job).await.unwrap(), MediaState::Running { percent: 0 });
        assert_eq!(media.cancel(&job).await.unwrap(), MediaCancel::Cancelled);
        let job = media.start(order("demo:keep-going", 1)).await.unwrap();
        assert_eq!(media.cancel(&job).await.unwrap(), MediaCancel::TooLate);
    }
}
