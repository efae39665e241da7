//! The body of a streamed answer: bytes in, events out, however the network cuts them.
//!
//! Waiting, time limits and connections are `provider_openai`'s.

use crate::provider::{ProviderEvent, ProviderFault};
use crate::provider_openai::{OpenAiLimits, failed};
use crate::provider_openai_events::Events;
use crate::provider_openai_wire::{Chunk, Seen};

/// What has come of a body, and what it said so far.
#[derive(Debug)]
pub struct Body {
    events: Events,
    pub(crate) seen: Seen,
}

/// What comes next out of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// What the next message says; perhaps nothing.
    Said(Vec<ProviderEvent>),
    /// The message is not whole yet: more bytes are wanted, or [`Body::end`].
    Wanting,
    /// The answer is over.
    Over,
}

impl Body {
    /// A body of which nothing has come.
    #[must_use]
    pub fn new(limits: OpenAiLimits) -> Self {
        Self { events: Events::new(limits), seen: Seen::default() }
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    /// [`ProviderFault::Failed`] where the body is longer than it may be.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), ProviderFault> {
        self.events.add(bytes)
    }

    /// Says that no more bytes come.
    pub const fn end(&mut self) {
        self.events.end();
    }

    /// What comes next.
    ///
    /// # Errors
    /// [`ProviderFault::Failed`] where the bytes are not of this protocol, a message is too long,
    /// or the endpoint says what went wrong, in its own words.
    pub fn read(&mut self) -> Result<Next, ProviderFault> {
        let Some(data) = self.events.next()? else {
            return Ok(if self.events.is_over() { Next::Over } else { Next::Wanting });
        };
        if data.trim() == "[DONE]" {
            self.seen.done = true;
            return Ok(Next::Over);
        }
        let chunk = Chunk::read(&data).map_err(failed)?;
        self.seen.add(chunk).map(Next::Said).map_err(failed)
    }
}
