//! From the overlapping sums that endpoints report to disjoint meters (R7).
//!
//! `prompt_tokens` includes audio and images, and what was read from and written to a cache, which
//! is of the same input and says not of which part: text, then images, then audio, the order in
//! which caches keep them. `completion_tokens` includes reasoning, audio and images. Endpoints differ in two ways that are
//! known and told apart by their own total: xAI's `completion_tokens` leaves reasoning out. What
//! adds up in no known way, or contradicts what was seen, counts as missing: the caller then
//! counts what is visible, and nobody pays for a guess.

use crate::provider_openai_wire::Seen;
use kumari_engine::meter::{Meter, Usage};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
struct Reported {
    prompt_tokens: u64,
    completion_tokens: u64,
    #[serde(default)]
    total_tokens: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(default)]
    completion_tokens_details: Option<CompletionDetails>,
    /// Anthropic's names, which proxies in front of it pass on.
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation: Option<CacheCreation>,
    /// DeepSeek's name.
    #[serde(default)]
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
    /// Two proxies, two names.
    #[serde(default)]
    cache_creation_tokens: Option<u64>,
    #[serde(default)]
    cache_write_tokens: Option<u64>,
    #[serde(default)]
    audio_tokens: Option<u64>,
    #[serde(default)]
    image_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct CompletionDetails {
    #[serde(default)]
    reasoning_tokens: Option<u64>,
    #[serde(default)]
    audio_tokens: Option<u64>,
    #[serde(default)]
    image_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct CacheCreation {
    #[serde(default)]
    ephemeral_1h_input_tokens: Option<u64>,
}

/// The usage of an answer; nothing where it is missing or contradicts itself.
pub(crate) fn usage(seen: &Seen) -> Option<Usage> {
    let reported = seen.usage.as_ref()?;
    let usage = Reported::deserialize(reported).ok().and_then(|reported| reported.disjoint());
    let usage = usage.filter(|usage| !contradicts(usage, seen));
    if usage.is_none() {
        tracing::warn!(reported = %shortened(reported), "a usage adds up in no known way, it counts as missing");
    }
    usage
}

impl Reported {
    fn disjoint(self) -> Option<Usage> {
        let prompt = self.prompt_tokens_details.unwrap_or_default();
        let completion = self.completion_tokens_details.unwrap_or_default();
        let cache_read = agreed([
            prompt.cached_tokens,
            self.cache_read_input_tokens,
            self.prompt_cache_hit_tokens,
        ])?;
        let cache_written = agreed([
            prompt.cache_creation_tokens,
            prompt.cache_write_tokens,
            self.cache_creation_input_tokens,
        ])?;
        let written_1h =
            self.cache_creation.and_then(|cache| cache.ephemeral_1h_input_tokens).unwrap_or(0);
        let written = cache_written.checked_sub(written_1h)?;
        let input_audio = prompt.audio_tokens.unwrap_or(0);
        let input_images = prompt.image_tokens.unwrap_or(0);
        let input_text = less(self.prompt_tokens, &[input_audio, input_images])?;
        let [input, input_images, input_audio] = beside_cache(
            [input_text, input_images, input_audio],
            cache_read.checked_add(cache_written)?,
        )?;

        let reasoning = completion.reasoning_tokens.unwrap_or(0);
        let output_audio = completion.audio_tokens.unwrap_or(0);
        let output_images = completion.image_tokens.unwrap_or(0);
        let visible = less(self.completion_tokens, &[output_audio, output_images])?;
        let both = self.prompt_tokens.checked_add(self.completion_tokens)?;
        let output = match self.total_tokens {
            Some(total) if total != both => {
                // Reasoning beside the answer instead of inside it is the one other known sum.
                (reasoning > 0 && both.checked_add(reasoning) == Some(total)).then_some(visible)?
            }
            Some(_) | None => visible.checked_sub(reasoning)?,
        };
        let counts = [
            (Meter::InputTokens, input),
            (Meter::CacheReadTokens, cache_read),
            (Meter::CacheWriteTokens, written),
            (Meter::CacheWrite1hTokens, written_1h),
            (Meter::AudioInputTokens, input_audio),
            (Meter::ImageInputTokens, input_images),
            (Meter::OutputTokens, output),
            (Meter::ReasoningTokens, reasoning),
            (Meter::AudioOutputTokens, output_audio),
            (Meter::ImageOutputTokens, output_images),
        ];
        // Few models tell audio and images apart: their meters appear where they are used.
        Usage::new(counts.into_iter().filter(|(_, count)| *count > 0)).ok()
    }
}

/// Whether the usage denies what was seen: nothing comes from no input, and text from no output.
fn contradicts(usage: &Usage, seen: &Seen) -> bool {
    let all = |meters: &[Meter]| meters.iter().all(|meter| usage.quantity(*meter) == 0);
    let no_input = usage.input_tokens_total() == 0;
    let no_output = all(&[
        Meter::OutputTokens,
        Meter::ReasoningTokens,
        Meter::ImageOutputTokens,
        Meter::AudioOutputTokens,
    ]);
    no_input || (no_output && seen.output)
}

/// One number under several names: absent is none, and those that are there must agree.
fn agreed(names: [Option<u64>; 3]) -> Option<u64> {
    let mut given = names.into_iter().flatten();
    let Some(first) = given.next() else { return Some(0) };
    // Zero under one name beside a count under another is a field that its proxy never fills.
    given.try_fold(first, |one, other| match (one, other) {
        (0, count) | (count, 0) => Some(count),
        (one, other) => (one == other).then_some(one),
    })
}

/// What of each part a cache did not know; nothing where it knew more than there is.
fn beside_cache(parts: [u64; 3], known: u64) -> Option<[u64; 3]> {
    let mut left = known;
    let parts = parts.map(|part| {
        let of_part = part.min(left);
        left -= of_part;
        part - of_part
    });
    (left == 0).then_some(parts)
}

fn less(sum: u64, parts: &[u64]) -> Option<u64> {
    parts.iter().try_fold(sum, |rest, part| rest.checked_sub(*part))
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(400).collect()
}
