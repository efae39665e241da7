//! Requests to the server. One function; whatever goes wrong on the way is an answer without a
//! status.

use crate::client_retry::Reply;
use crate::client_types::ClientError;
use gloo_net::http::Request;
use js_sys::{JSON, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{AbortSignal, RequestCredentials};

/// The longest wait for an answer. A send is answered at its admission, not at its end.
const TIMEOUT_MILLIS: u32 = 30_000;

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    status: Option<u16>,
    retry_after_seconds: Option<u32>,
    /// The body; undefined where it is not JSON.
    value: JsValue,
    code: Option<String>,
}

/// Asks for something.
pub(crate) async fn get(url: &str) -> Answer {
    ask(url, None).await.unwrap_or_default()
}

/// Sends JSON.
pub(crate) async fn post(url: &str, json: &str) -> Answer {
    ask(url, Some(json)).await.unwrap_or_default()
}

async fn ask(url: &str, json: Option<&str>) -> Result<Answer, gloo_net::Error> {
    let signal = AbortSignal::timeout_with_u32(TIMEOUT_MILLIS);
    let request = match json {
        None => Request::get(url),
        Some(_) => Request::post(url).header("content-type", "application/json"),
    };
    let request = request.credentials(RequestCredentials::Include).abort_signal(Some(&signal));
    let request = match json {
        None => request.build()?,
        Some(json) => request.body(json)?,
    };
    let response = request.send().await?;
    let retry_after = response.headers().get("retry-after");
    let body = response.text().await?;
    let value = JSON::parse(&body).unwrap_or(JsValue::UNDEFINED);
    Ok(Answer {
        status: Some(response.status()),
        retry_after_seconds: retry_after.and_then(|seconds| seconds.parse().ok()),
        code: text_of(&value, "code"),
        value,
    })
}

impl Answer {
    /// What the decision about another try needs.
    pub(crate) fn reply(&self) -> Reply<'_> {
        Reply {
            status: self.status,
            code: self.code.as_deref(),
            denied: self.denial().is_some(),
            retry_after_seconds: self.retry_after_seconds,
        }
    }

    /// Whether nothing came back.
    pub(crate) const fn is_silence(&self) -> bool {
        self.status.is_none()
    }

    /// The body of a success.
    ///
    /// # Errors
    /// The fault, as people are told.
    pub(crate) fn success(&self) -> Result<&JsValue, ClientError> {
        match self.status {
            Some(200..=299) => Ok(&self.value),
            Some(_) | None => Err(self.fault()),
        }
    }

    /// The body as a value.
    pub(crate) const fn value(&self) -> &JsValue {
        &self.value
    }

    /// The denial in the problem, if it is one.
    pub(crate) fn denial(&self) -> Option<JsValue> {
        Reflect::get(&self.value, &"denial".into()).ok().filter(JsValue::is_object)
    }

    /// The problem's code, or why there is none.
    pub(crate) fn fault(&self) -> ClientError {
        let Some(status) = self.status else {
            return ClientError {
                code: "unreachable".to_owned(),
                message: "the server cannot be reached; check the connection".to_owned(),
            };
        };
        let message = text_of(&self.value, "detail").or_else(|| text_of(&self.value, "title"));
        ClientError {
            code: self.code.clone().unwrap_or_else(|| "http_error".to_owned()),
            message: message.unwrap_or_else(|| format!("the server answered with status {status}")),
        }
    }
}

fn text_of(value: &JsValue, key: &str) -> Option<String> {
    Reflect::get(value, &key.into()).ok()?.as_string()
}
