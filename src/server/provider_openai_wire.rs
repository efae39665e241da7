//! The shape of OpenAI's chat-completions messages, as far as it is used, and what they add up to.
//!
//! Unknown fields are passed over: endpoints add their own, and new ones come.

use crate::provider::{ProviderEvent, ProviderFault, ProviderRequest, ProviderRole};
use crate::provider_openai::{OpenAiSettings, failed};
use crate::provider_openai_files::content;
use kumari_engine::settle::Finish;
use serde::Deserialize;
use serde_json::{Value, json};

/// The field that bounds an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitField {
    MaxCompletionTokens,
    MaxTokens,
}

impl LimitField {
    pub(crate) const ALL: [Self; 2] = [Self::MaxCompletionTokens, Self::MaxTokens];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::MaxTokens => "max_tokens",
        }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::MaxCompletionTokens => Self::MaxTokens,
            Self::MaxTokens => Self::MaxCompletionTokens,
        }
    }
}

/// The body of a request.
pub(crate) fn body(
    settings: &OpenAiSettings,
    request: &ProviderRequest,
    limit_field: LimitField,
) -> Value {
    let role = |role| match role {
        ProviderRole::System => "system",
        ProviderRole::User => "user",
        ProviderRole::Assistant => "assistant",
    };
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|message| json!({ "role": role(message.role), "content": content(message) }))
        .collect();
    let own_name = settings.model_names.get(&request.model).map(String::as_str);
    let mut body = json!({
        "model": own_name.unwrap_or(request.model.as_str()),
        "messages": messages,
        "stream": true,
        limit_field.name(): request.output_tokens_max,
    });
    if settings.ask_for_usage
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("stream_options".to_owned(), json!({ "include_usage": true }));
    }
    body
}

/// One message of an answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Chunk {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    /// Read apart: nonsense in it makes the usage missing, not the answer broken.
    #[serde(default)]
    usage: Option<Value>,
    /// What went wrong after the endpoint had accepted.
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    /// A refusal in the model's own words is what the person sees.
    #[serde(default)]
    refusal: Option<String>,
    /// Two names for one thing; some endpoints send both.
    #[serde(default)]
    reasoning_content: Option<String>,
    #[serde(default)]
    reasoning: Option<String>,
}

impl Chunk {
    /// Reads one message; the error says what is wrong with it, without its content.
    pub(crate) fn read(data: &str) -> Result<Self, String> {
        serde_json::from_str(data).map_err(|fault| {
            format!("a message of the answer is not of this protocol (column {})", fault.column())
        })
    }
}

/// What the messages of an answer add up to.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// How the answer ended, once that was said.
    pub(crate) finish: Option<Finish>,
    /// Whether the endpoint said that nothing more comes.
    pub(crate) done: bool,
    /// The last usage, as it came.
    pub(crate) usage: Option<Value>,
    /// Whether there was any text or reasoning.
    pub(crate) output: bool,
}

impl Seen {
    /// Takes a message in and gives what it says.
    ///
    /// # Errors
    /// What the endpoint said went wrong.
    pub(crate) fn add(&mut self, chunk: Chunk) -> Result<Vec<ProviderEvent>, String> {
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(message_in(&error).unwrap_or_else(|| "it did not say why".to_owned()));
        }
        // Some repeat a growing usage in every message: the last one is the whole.
        if let Some(usage) = chunk.usage.filter(|usage| !usage.is_null()) {
            self.usage = Some(usage);
        }
        let mut said = Vec::new();
        let choices = chunk.choices.into_iter().flatten();
        for choice in choices.filter(|choice| choice.index == 0) {
            let delta = choice.delta.unwrap_or_default();
            let present = |text: Option<String>| text.filter(|text| !text.is_empty());
            let thought = present(delta.reasoning_content).or_else(|| present(delta.reasoning));
            if let Some(text) = thought {
                said.push(ProviderEvent::Reasoning { text });
            }
            for text in [present(delta.content), present(delta.refusal)].into_iter().flatten() {
                said.push(ProviderEvent::Delta { text });
            }
            match choice.finish_reason.as_deref() {
                None | Some("") => {}
                Some("length") => self.finish = Some(Finish::Length),
                Some("content_filter") => self.finish = Some(Finish::ContentFilter),
                Some("error") => return Err("the model broke off".to_owned()),
                // `stop`, and what other endpoints call it.
                Some(_) => self.finish = Some(Finish::Completed),
            }
        }
        self.output |= !said.is_empty();
        Ok(said)
    }

    /// How the answer ended, once the stream is over.
    ///
    /// # Errors
    /// Where it just stopped: neither a reason nor the final mark came.
    pub(crate) fn finish(&self) -> Result<Finish, ProviderFault> {
        match (self.finish, self.done) {
            (Some(finish), _) => Ok(finish),
            (None, true) => Ok(Finish::Completed),
            (None, false) => Err(failed("the answer broke off before its end".to_owned())),
        }
    }
}

/// The message of a refusal: that of OpenAI's error object, of its kin, or the text itself.
pub(crate) fn message_of(body: &[u8]) -> String {
    let parsed = serde_json::from_slice::<Value>(body).ok();
    parsed
        .as_ref()
        .and_then(message_in)
        .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}

fn message_in(value: &Value) -> Option<String> {
    let found = match value {
        Value::String(text) => return Some(text.clone()),
        Value::Object(fields) => {
            ["error", "message", "detail"].iter().find_map(|name| fields.get(*name))?
        }
        Value::Array(values) => values.first()?,
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    message_in(found)
}
