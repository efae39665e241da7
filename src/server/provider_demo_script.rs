//! One demo answer as a list of cues, written before the first one is played.
//!
//! Pure: the same settings, counter and request give the same script. Nothing waits here.

use crate::attached;
use crate::provider::{
    ProviderContent, ProviderEvent, ProviderFault, ProviderMessage, ProviderRequest,
};
use crate::provider_demo::{CountTokens, DemoSettings, Triggers, failure, refusal};
use crate::provider_demo_text::{Answer, answer};
use crate::provider_demo_work::{Done, Work, work};
use fastrand::Rng;
use kumari_documents::as_sent;
use kumari_engine::encoding::Counted;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::ModelTier;
use kumari_engine::settle::Finish;
use kumari_store::{MessageStep, StepKind};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::time::Duration;

/// Between two pieces of a slow answer.
const SLOW_PIECE: Duration = Duration::from_millis(250);
/// The most words in one piece.
const PIECE_WORDS_MAX: usize = 3;
/// The longest piece of a text without spaces, in bytes.
const PIECE_BYTES_MAX: usize = 48;
/// A slow step.
const SLOW_STEP: Duration = Duration::from_secs(1);
/// After so many pieces of an answer with steps it says what was used so far.
const USAGE_EVERY: usize = 8;
/// Caches keep whole blocks of this many tokens.
const CACHE_BLOCK_TOKENS: u64 = 64;

/// Something that is said, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cue {
    /// After the one before.
    pub(crate) wait: Duration,
    /// What is said.
    pub(crate) said: Result<ProviderEvent, ProviderFault>,
    /// What has been used once it was said; nothing where that is as before.
    pub(crate) used: Option<Usage>,
}

/// Everything that is said to a request.
pub(crate) fn script(
    settings: &DemoSettings,
    count: &CountTokens,
    request: &ProviderRequest,
) -> Vec<Cue> {
    let mut dice = dice(settings.seed, request);
    let mut triggers = Triggers::of(request);
    let unlucky = dice.u32(..10_000) < settings.failures_per_10_000;
    let kind_of_failure = dice.u8(..3);
    if unlucky && !triggers.any {
        match kind_of_failure {
            0 => triggers.refuse = true,
            1 => triggers.fail_before_output = true,
            _ => triggers.fail_after_output = true,
        }
    }
    let mut writer =
        Writer { settings, request, triggers, count, dice, cues: Vec::new(), tells_usage: false };
    writer.write();
    writer.cues
}

/// What chance decides, from everything that the answer may depend on.
fn dice(seed: u64, request: &ProviderRequest) -> Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    let message_texts = request.messages.iter().map(|message| message.text.as_str());
    for text in std::iter::once(request.model.as_str()).chain(message_texts) {
        hash.update(text);
        // No UTF-8 text holds this byte, so texts do not run into each other.
        hash.update([0xff]);
    }
    let start: [u8; 8] = hash.finalize().first_chunk().copied().unwrap_or_default();
    Rng::with_seed(u64::from_le_bytes(start))
}

struct Writer<'request> {
    settings: &'request DemoSettings,
    request: &'request ProviderRequest,
    triggers: Triggers,
    count: &'request CountTokens,
    dice: Rng,
    cues: Vec<Cue>,
    /// Whether it says now and then what was used so far: where an answer has steps.
    tells_usage: bool,
}

/// What an answer has used so far.
#[derive(Clone, Copy, Debug)]
struct Used {
    input: u64,
    cached: u64,
    output: u64,
    reasoning: u64,
    steps: u64,
    searches: u64,
    /// Of images and of sound.
    beside: [(Meter, u64); 2],
}

/// A message's texts as a model is shown them: its documents, then its own.
fn texts(message: &ProviderMessage) -> impl Iterator<Item = Cow<'_, str>> {
    let documents = message.files.iter().filter_map(|file| match &file.content {
        ProviderContent::Document { text, .. } => Some(Cow::Owned(as_sent(&file.name, text))),
        ProviderContent::Media { .. } => None,
    });
    documents.chain(std::iter::once(Cow::Borrowed(message.text.as_str())))
}

impl Writer<'_> {
    fn write(&mut self) {
        let pace = self.settings.pace;
        let wait = self.about(pace.accept);
        if self.triggers.refuse {
            return self.say(wait, Err(refusal()), None);
        }
        let mut used = self.input();
        self.say(wait, Ok(ProviderEvent::Accepted), Some(used));

        let Answer { text, thoughts } = answer(self.request, &mut self.dice);
        let work = work(self.request, &text, &mut self.dice);
        if self.triggers.fail_before_output {
            let wait = self.about(pace.think);
            return self.say(wait, Err(failure()), None);
        }
        let reasoning = self.reasoning_tokens();
        for (index, thought) in (1..).zip(&thoughts) {
            let wait = self.about(pace.think);
            // Thinking is used up evenly, and all of it by the last thought.
            used.reasoning = if index == thoughts.len() { reasoning } else { reasoning / 2 };
            let event = ProviderEvent::Reasoning { text: format!("{thought}\n") };
            self.say(wait, Ok(event), Some(used));
        }
        let text = match work {
            Some(Work { done, text }) => {
                self.tells_usage = true;
                self.do_all(&done, &mut used);
                text
            }
            None => text,
        };
        let cut_short = self.speak(&text, &mut used);
        let finish = match cut_short {
            Some(Err(fault)) => return self.say(Duration::ZERO, Err(fault), None),
            Some(Ok(finish)) => finish,
            None => Finish::Completed,
        };
        if !self.triggers.no_usage {
            let event = ProviderEvent::Usage(used.usage());
            self.say(Duration::ZERO, Ok(event), Some(used));
        }
        self.say(Duration::ZERO, Ok(ProviderEvent::Finished { finish }), None);
    }

    /// Does one thing after another. Each sends the prompt again, with what came of those before and
    /// of itself; what it is told to do counts as thought.
    fn do_all(&mut self, all: &[Done], used: &mut Used) {
        let prompt = *used;
        let reasoning_max = self.request.output_tokens_max / 2;
        let mut found_tokens = 0_u64;
        for (place, Done { kind, title, found }) in all.iter().enumerate() {
            let begun = MessageStep { kind: *kind, title: title.clone(), found: None };
            let told = ProviderEvent::Step { place, step: begun.clone() };
            self.say(Duration::ZERO, Ok(told), Some(*used));
            if place > 0 {
                used.add_round(&prompt);
            }
            found_tokens = found_tokens.saturating_add(self.own_tokens(found));
            used.input =
                used.input.saturating_add(found_tokens.min(self.request.round_input_tokens_max));
            let reasoning = used.reasoning.saturating_add(self.own_tokens(title));
            used.reasoning = reasoning.min(reasoning_max.max(used.reasoning));
            match kind {
                StepKind::Step => used.steps = used.steps.saturating_add(1),
                StepKind::Search => used.searches = used.searches.saturating_add(1),
            }
            let wait = match self.triggers.slow {
                true => SLOW_STEP,
                false => self.about(self.settings.pace.step),
            };
            let step = MessageStep { found: Some(found.clone()), ..begun };
            self.say(wait, Ok(ProviderEvent::Step { place, step }), Some(*used));
            self.say(Duration::ZERO, Ok(ProviderEvent::UsedSoFar(used.usage())), None);
        }
    }

    /// Says the text piece by piece, until its end or until something cuts it off.
    fn speak(&mut self, text: &str, used: &mut Used) -> Option<Result<Finish, ProviderFault>> {
        let output_max = self.request.output_tokens_max.saturating_sub(used.reasoning);
        let mut end = 0;
        for (index, piece) in (1_usize..).zip(pieces(text, &mut self.dice)) {
            let wait = match self.triggers.slow {
                true => SLOW_PIECE,
                false => self.about(self.settings.pace.piece),
            };
            let start = end;
            end += piece.len();
            let output = self.own_tokens(text.get(..end).unwrap_or(text));
            if output > output_max {
                self.speak_what_fits(wait, text, start, output_max, used);
                return Some(Ok(Finish::Length));
            }
            used.output = output;
            let event = ProviderEvent::Delta { text: piece.to_owned() };
            self.say(wait, Ok(event), Some(*used));
            if self.tells_usage && index.is_multiple_of(USAGE_EVERY) {
                self.say(Duration::ZERO, Ok(ProviderEvent::UsedSoFar(used.usage())), None);
            }
            if end * 2 >= text.len() {
                if self.triggers.fail_after_output {
                    return Some(Err(failure()));
                }
                if self.triggers.content_filter {
                    return Some(Ok(Finish::ContentFilter));
                }
            }
        }
        None
    }

    /// The part of the piece at `start` that still fits, if any does.
    fn speak_what_fits(
        &mut self,
        wait: Duration,
        text: &str,
        start: usize,
        output_max: u64,
        used: &mut Used,
    ) {
        let rest = text.get(start..).unwrap_or_default();
        let ends = rest.char_indices().take(PIECE_BYTES_MAX).map(|(at, sign)| at + sign.len_utf8());
        let fitting = ends
            .map(|length| start + length)
            .map(|end| (end, self.own_tokens(text.get(..end).unwrap_or(text))))
            .take_while(|(_, output)| *output <= output_max)
            .last();
        if let Some((end, output)) = fitting {
            used.output = output;
            let text = text.get(start..end).unwrap_or_default().to_owned();
            self.say(wait, Ok(ProviderEvent::Delta { text }), Some(*used));
        }
    }

    /// The input in the model's own tokens: its likely ratio, and what its format adds to each
    /// message. Longer conversations are often found in the cache, but for the last message.
    fn input(&mut self) -> Used {
        let encoding = &self.request.facts.encoding;
        let messages = &self.request.messages;
        let counted = |messages: &[ProviderMessage]| {
            let texts = messages.iter().flat_map(texts);
            let counts = texts.map(|text| (self.count)(encoding.name, &text));
            counts.fold(Counted::default(), Counted::and)
        };
        let framing = u64::from(self.dice.u32(..=encoding.message_tokens));
        let framing = framing.saturating_mul(u64::try_from(messages.len()).unwrap_or(u64::MAX));
        let total = encoding.expected(counted(messages)).saturating_add(framing);
        let before = messages.split_last().map(|(_, before)| counted(before)).unwrap_or_default();
        let blocks = encoding.expected(before) / CACHE_BLOCK_TOKENS;
        let cached = if self.dice.bool() { blocks * CACHE_BLOCK_TOKENS } else { 0 };
        let files = messages.iter().flat_map(|message| &message.files);
        let attachments = files.filter_map(|file| match file.content {
            ProviderContent::Media { size, .. } => Some(size),
            ProviderContent::Document { .. } => None,
        });
        let beside = attached::tokens(&self.request.facts, attachments, |range| range.expected);
        Used {
            input: total.saturating_sub(cached),
            cached,
            output: 0,
            reasoning: 0,
            steps: 0,
            searches: 0,
            beside,
        }
    }

    /// How long a frontier model thinks; at most a third of what the answer may have.
    fn reasoning_tokens(&mut self) -> u64 {
        match self.request.facts.tier {
            ModelTier::Frontier => self.dice.u64(60..400).min(self.request.output_tokens_max / 3),
            ModelTier::Lightweight => 0,
        }
    }

    fn own_tokens(&self, text: &str) -> u64 {
        let encoding = &self.request.facts.encoding;
        encoding.expected((self.count)(encoding.name, text))
    }

    /// A wait from a half to twice of `mean`.
    fn about(&mut self, mean: Duration) -> Duration {
        mean * self.dice.u32(50..=200) / 100
    }

    fn say(
        &mut self,
        wait: Duration,
        said: Result<ProviderEvent, ProviderFault>,
        used: Option<Used>,
    ) {
        self.cues.push(Cue { wait, said, used: used.map(Used::usage) });
    }
}

impl Used {
    /// The prompt is sent once more.
    fn add_round(&mut self, prompt: &Self) {
        let again = prompt.input.saturating_add(prompt.cached);
        self.input = self.input.saturating_add(again);
        for ((_, count), (_, more)) in self.beside.iter_mut().zip(prompt.beside) {
            *count = count.saturating_add(more);
        }
    }

    fn usage(self) -> Usage {
        let counts = [
            (Meter::InputTokens, self.input),
            (Meter::CacheReadTokens, self.cached),
            (Meter::OutputTokens, self.output),
            (Meter::ReasoningTokens, self.reasoning),
            (Meter::Steps, self.steps),
            (Meter::Searches, self.searches),
        ];
        let counts = counts.into_iter().chain(self.beside);
        // Texts that fit in memory stay far below what a usage can hold.
        Usage::new(counts.filter(|(_, count)| *count > 0)).unwrap_or_default()
    }
}

/// Cuts a text into pieces of one to a few words, none of them empty.
fn pieces<'text>(text: &'text str, dice: &mut Rng) -> Vec<&'text str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let words = dice.usize(1..=PIECE_WORDS_MAX);
        let ends = rest.match_indices([' ', '\n']).map(|(at, _)| at + 1);
        let end = ends.take(words).last().unwrap_or(rest.len()).min(PIECE_BYTES_MAX);
        let (piece, behind) = rest.split_at(rest.ceil_char_boundary(end));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}
